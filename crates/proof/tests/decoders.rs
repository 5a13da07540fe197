//! Every decoder takes any bytes without harm, and has one form for each value.
//! The targets below `fuzz/` do the same for longer.
#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use std::fmt::Debug;

use proof::batch::Path;
use proof::checkpoint::Checkpoint;
use proof::codec::Canonical;
use proof::event::{Event, RecordVersion};
use proof::map::{Map, MapProof};
use proof::note::{Line, Note, Vkey};
use proof::policy::Policy;
use proof::receipt::{self, Opening};
use proof::transaction::{Batch, Entry, Header, Transaction};
use proof::tree::{Frontier, leaf_hash};
use proof::{CommitmentKey, Digest, PublicKey, SecretKey, Signature, json};
use proptest::collection::vec;
use proptest::prelude::*;

/// What decodes encodes to the same bytes: there is no second form.
fn one_form<T: Canonical>(bytes: &[u8]) -> bool {
    T::from_bytes(bytes).is_ok_and(|value| {
        assert_eq!(value.to_bytes(), bytes);
        true
    })
}

fn one_text<T: std::str::FromStr + ToString>(text: &str) -> bool {
    text.parse::<T>().is_ok_and(|value| {
        assert_eq!(value.to_string(), text);
        true
    })
}

/// Gives the bytes to every decoder and tells how many took them.
fn decode_all(bytes: &[u8]) -> usize {
    let canonical = [
        one_form::<Digest>,
        one_form::<CommitmentKey>,
        one_form::<PublicKey>,
        one_form::<Signature>,
        one_form::<Header>,
        one_form::<Transaction>,
        one_form::<Batch>,
        one_form::<Entry>,
        one_form::<Event>,
        one_form::<RecordVersion>,
        one_form::<Path>,
        one_form::<MapProof>,
        one_form::<Frontier>,
        one_form::<Opening>,
    ];
    let mut taken = canonical.iter().filter(|decode| decode(bytes)).count();
    taken += usize::from(json::canonical(bytes).is_ok_and(|form| {
        assert_eq!(json::canonical(&form).as_ref(), Ok(&form));
        true
    }));
    taken += usize::from(Policy::parse(bytes).is_ok());
    taken += usize::from(receipt::parse(bytes).is_ok_and(|it| {
        // The builder puts signature lines in order; parsing again gives the same otherwise.
        let built = receipt::build(&it);
        assert_eq!(
            receipt::build(&receipt::parse(built.as_bytes()).unwrap()),
            built
        );
        true
    }));
    taken += usize::from(receipt::parse_entry(bytes).is_ok_and(|it| {
        let built = receipt::build_entry(&it);
        assert_eq!(
            receipt::parse_entry(built.as_bytes()).map(|it| it.entry),
            Ok(it.entry)
        );
        true
    }));
    taken += usize::from(proof::state::parse(bytes).is_ok_and(|it| {
        let built = proof::state::build(&it);
        assert_eq!(
            proof::state::parse(built.as_bytes()).map(|it| it.proof),
            Ok(it.proof)
        );
        true
    }));
    if let Ok(text) = std::str::from_utf8(bytes) {
        let texts = [
            one_text::<Note>,
            one_text::<Line>,
            one_text::<Vkey>,
            one_text::<Checkpoint>,
            one_text::<Digest>,
            one_text::<PublicKey>,
        ];
        taken += texts.iter().filter(|decode| decode(text)).count();
    }
    taken
}

/// A good input for every decoder.
fn samples() -> Vec<Vec<u8>> {
    let world = support::world();
    let receipt = world.receipt(&[0, 1, 2]);
    let mut map = Map::new();
    (0..20u8).for_each(|it| assert!(map.insert(&[it], &[it; 9])));
    let mut frontier = Frontier::new();
    (0..13u8).for_each(|it| drop(frontier.append(leaf_hash(&[it]))));
    let Event::RecordVersion(version) = world.event.clone();
    let vkey = world.policy().witnesses()[0].to_string();
    vec![
        Digest([1; 32]).to_bytes(),
        world.entry.transaction.header.to_bytes(),
        world.entry.transaction.to_bytes(),
        world.entry.transaction.body.clone(),
        world.entry.to_bytes(),
        world.event.to_bytes(),
        version.to_bytes(),
        receipt.opening.path.to_bytes(),
        receipt.opening.to_bytes(),
        map.prove(&[3]).to_bytes(),
        map.prove(b"absent").to_bytes(),
        Map::new().prove(b"absent").to_bytes(),
        frontier.to_bytes(),
        SecretKey::from_seed(&[1; 32]).sign(b"").to_bytes(),
        world.text().into_bytes(),
        proof::state::build(&support::states::proof(&world, b"grant/7", &[0, 1])).into_bytes(),
        world.policy_text().into_bytes(),
        receipt.checkpoint.to_string().into_bytes(),
        receipt.checkpoint.lines[1].to_string().into_bytes(),
        receipt.checkpoint.text.into_bytes(),
        vkey.into_bytes(),
        Digest([1; 32]).to_string().into_bytes(),
        support::RECORD.to_vec(),
    ]
}

#[test]
fn every_sample_is_taken() {
    for (index, sample) in samples().iter().enumerate() {
        assert!(decode_all(sample) > 0, "sample {index}");
    }
}

/// Lengths, counts and numbers at their limits, put over every place of every sample.
#[test]
fn extreme_numbers_do_no_harm() {
    for sample in samples() {
        for place in 0..sample.len().saturating_sub(8) {
            for extreme in [0u64, 1, u64::MAX, u64::MAX >> 1, u64::MAX >> 32, 1 << 31] {
                let mut changed = sample.clone();
                changed[place..place + 8].copy_from_slice(&extreme.to_be_bytes());
                decode_all(&changed);
            }
        }
    }
}

fn assert_refused<T: Canonical + Debug>(value: &T) {
    let bytes = value.to_bytes();
    for length in 0..bytes.len() {
        assert!(T::from_bytes(&bytes[..length]).is_err(), "cut to {length}");
    }
    assert!(
        T::from_bytes(&[bytes.as_slice(), &[0]].concat()).is_err(),
        "one more byte"
    );
}

#[test]
fn shorter_and_longer_bytes_are_refused() {
    let world = support::world();
    let opening = world.receipt(&[]).opening;
    assert_refused(&world.entry);
    assert_refused(&world.entry.transaction);
    assert_refused(&world.entry.transaction.header);
    assert_refused(&world.event);
    assert_refused(&opening.path);
    assert_refused(&opening);
    let mut map = Map::new();
    (0..20u8).for_each(|it| assert!(map.insert(&[it], &[it; 9])));
    assert_refused(&map.prove(&[3]));
    assert_refused(&map.prove(b"absent"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn whatever_decodes_encodes_to_the_same_bytes(bytes in vec(any::<u8>(), 0..400)) {
        decode_all(&bytes);
    }

    #[test]
    fn any_text_does_no_harm(text in any::<String>()) {
        decode_all(text.as_bytes());
    }

    #[test]
    fn changed_samples_have_one_form_too(
        sample in any::<prop::sample::Index>(),
        edits in vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in proptest::option::of(any::<prop::sample::Index>()),
    ) {
        let samples = samples();
        let mut bytes = samples[sample.index(samples.len())].clone();
        for (place, byte) in edits {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len() + 1));
        }
        decode_all(&bytes);
    }

    #[test]
    fn spliced_samples_have_one_form_too(
        one in any::<prop::sample::Index>(),
        other in any::<prop::sample::Index>(),
        at in any::<prop::sample::Index>(),
        from in any::<prop::sample::Index>(),
    ) {
        let samples = samples();
        let (one, other) = (one.get(&samples), other.get(&samples));
        let head = &one[..at.index(one.len() + 1)];
        decode_all(&[head, &other[from.index(other.len() + 1)..]].concat());
    }
}
