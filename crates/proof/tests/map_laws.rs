//! Laws of the authenticated map, against an ordinary map.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;

use proof::codec::Canonical;
use proof::map::{Map, MapProof};
use proptest::collection::vec;
use proptest::prelude::*;

type Model = BTreeMap<Vec<u8>, Vec<u8>>;

/// Few different keys, so that they meet.
fn key() -> impl Strategy<Value = Vec<u8>> {
    vec(0u8..4, 0..3)
}

/// A change: insert or remove.
fn changes() -> impl Strategy<Value = Vec<(Vec<u8>, Option<Vec<u8>>)>> {
    vec(
        (key(), proptest::option::of(vec(any::<u8>(), 0..40))),
        0..80,
    )
}

fn apply(map: &mut Map, model: &mut Model, changes: &[(Vec<u8>, Option<Vec<u8>>)]) {
    for (key, value) in changes {
        if let Some(value) = value {
            let new = model.insert(key.clone(), value.clone()).is_none();
            assert_eq!(map.insert(key, value), new);
        } else {
            assert_eq!(map.remove(key), model.remove(key).is_some());
        }
    }
}

fn from_model<'a>(entries: impl Iterator<Item = (&'a Vec<u8>, &'a Vec<u8>)>) -> Map {
    let mut map = Map::new();
    for (key, value) in entries {
        map.insert(key, value);
    }
    map
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn a_map_is_an_ordinary_map(changes in changes()) {
        let (mut map, mut model) = (Map::new(), Model::new());
        apply(&mut map, &mut model, &changes);
        prop_assert_eq!(map.len(), model.len() as u64);
        let entries: Model = map.iter().map(|(key, value)| (key.into(), value.into())).collect();
        prop_assert_eq!(&entries, &model);
        for (key, value) in &model {
            prop_assert_eq!(map.get(key), Some(value.as_slice()));
        }
    }

    /// Changes together lead where they lead one by one, and leave the map before them as it was.
    #[test]
    fn changes_together_are_changes_one_by_one(before in changes(), then in changes()) {
        let (mut one_by_one, mut model) = (Map::new(), Model::new());
        apply(&mut one_by_one, &mut model, &before);
        let (older, mut together) = (one_by_one.root(), one_by_one.clone());
        // Each key once: the last change of it counts.
        let then: BTreeMap<_, _> = then.into_iter().collect();
        together.change(then.iter().map(|(key, value)| (key.as_slice(), value.as_deref())));
        prop_assert_eq!(one_by_one.root(), older);
        let then: Vec<_> = then.into_iter().collect();
        apply(&mut one_by_one, &mut model, &then);
        prop_assert_eq!((together.root(), together.len()), (one_by_one.root(), one_by_one.len()));
        prop_assert!(together.iter().eq(one_by_one.iter()));
    }

    #[test]
    fn the_root_depends_on_the_entries_only(changes in changes()) {
        let (mut map, mut model) = (Map::new(), Model::new());
        apply(&mut map, &mut model, &changes);
        prop_assert_eq!(map.root(), from_model(model.iter()).root());
        prop_assert_eq!(map.root(), from_model(model.iter().rev()).root());
    }

    #[test]
    fn roots_asked_for_on_the_way_change_nothing(changes in changes()) {
        let (mut asked, mut silent) = (Map::new(), Map::new());
        let mut model = Model::new();
        let mut earlier = Vec::new();
        for change in &changes {
            apply(&mut asked, &mut model, std::slice::from_ref(change));
            earlier.push((asked.clone(), asked.root()));
        }
        apply(&mut silent, &mut Model::new(), &changes);
        prop_assert_eq!(asked.root(), silent.root());
        for (clone, root) in earlier {
            prop_assert_eq!(clone.root(), root);
        }
    }

    #[test]
    fn different_entries_have_different_roots(one in changes(), other in changes()) {
        let (mut first, mut second) = (Map::new(), Map::new());
        let (mut model, mut other_model) = (Model::new(), Model::new());
        apply(&mut first, &mut model, &one);
        apply(&mut second, &mut other_model, &other);
        prop_assert_eq!(first.root() == second.root(), model == other_model);
    }

    #[test]
    fn a_proof_says_what_the_map_says(changes in changes(), asked in key()) {
        let (mut map, mut model) = (Map::new(), Model::new());
        apply(&mut map, &mut model, &changes);
        let proof = map.prove(&asked);
        prop_assert_eq!(proof.verify(&map.root(), &asked), Ok(model.get(&asked).cloned()));
        prop_assert_eq!(MapProof::from_bytes(&proof.to_bytes()), Ok(proof));
    }

    /// Whatever is done to a proof, it never proves what is not so.
    #[test]
    fn a_changed_proof_proves_nothing_false(
        changes in changes(),
        asked in key(),
        place in any::<prop::sample::Index>(),
        flip in 1u8..,
    ) {
        let (mut map, mut model) = (Map::new(), Model::new());
        apply(&mut map, &mut model, &changes);
        let mut bytes = map.prove(&asked).to_bytes();
        let place = place.index(bytes.len());
        bytes[place] ^= flip;
        if let Ok(Ok(value)) = MapProof::from_bytes(&bytes).map(|it| it.verify(&map.root(), &asked))
        {
            prop_assert_eq!(value.as_ref(), model.get(&asked));
        }
    }

    /// A proof made for one map never says something else about another map.
    #[test]
    fn a_proof_of_one_map_is_none_of_another(
        one in changes(), other in changes(), asked in key()
    ) {
        let (mut first, mut second) = (Map::new(), Map::new());
        let (mut model, mut other_model) = (Model::new(), Model::new());
        apply(&mut first, &mut model, &one);
        apply(&mut second, &mut other_model, &other);
        if let Ok(value) = first.prove(&asked).verify(&second.root(), &asked) {
            prop_assert_eq!(value.as_ref(), other_model.get(&asked));
        }
    }
}
