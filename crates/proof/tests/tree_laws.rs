//! Laws of the Merkle trees, for all sizes up to a bound.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;

use proof::Digest;
use proof::tree::{
    Frontier, Nodes, consistency_from, consistency_path, inclusion_from, inclusion_path, leaf_hash,
    root, verify_consistency, verify_inclusion,
};

const SIZE_MAX: u64 = 70;

/// The nodes as a node of the ledger stores them: keyed by level and index.
#[derive(Default)]
struct Stored(BTreeMap<(u8, u64), Digest>);

impl Nodes for Stored {
    fn node(&self, level: u8, index: u64) -> Option<Digest> {
        self.0.get(&(level, index)).copied()
    }
}

fn grown(size: u64) -> (Vec<Digest>, Frontier, Stored) {
    let leaves: Vec<_> = (0..size).map(|it| leaf_hash(&it.to_be_bytes())).collect();
    let (mut frontier, mut stored) = (Frontier::new(), Stored::default());
    for leaf in &leaves {
        for (level, index, hash) in frontier.append(*leaf) {
            assert!(
                stored.0.insert((level, index), hash).is_none(),
                "a node is stored once"
            );
        }
    }
    (leaves, frontier, stored)
}

#[test]
fn a_frontier_has_the_root_of_its_leaves() {
    for size in 0..=SIZE_MAX {
        let (leaves, frontier, stored) = grown(size);
        assert_eq!((frontier.size(), frontier.root()), (size, root(&leaves)));
        // One node for each complete subtree: 2n minus the number of peaks.
        assert_eq!(
            stored.0.len() as u64,
            2 * size - u64::from(size.count_ones())
        );
    }
}

#[test]
fn every_leaf_is_in_every_later_tree_and_nowhere_else() {
    let (leaves, _, stored) = grown(SIZE_MAX);
    for size in 1..=SIZE_MAX {
        let tree = &leaves[..usize::try_from(size).unwrap()];
        let whole = root(tree);
        for index in 0..size {
            let leaf = &leaves[usize::try_from(index).unwrap()];
            let path = inclusion_from(&stored, index, size).unwrap();
            assert_eq!(inclusion_path(tree, index).as_ref(), Some(&path));
            assert_eq!(verify_inclusion(leaf, index, size, &path, &whole), Ok(()));
            for other in 0..size {
                let verdict = verify_inclusion(leaf, other, size, &path, &whole);
                assert_eq!(
                    verdict.is_ok(),
                    other == index,
                    "{index} as {other} of {size}"
                );
            }
            assert_false_paths(leaf, index, size, &path, &whole);
        }
    }
}

/// A path with a changed, a missing or an added hash proves nothing.
fn assert_false_paths(leaf: &Digest, index: u64, size: u64, path: &[Digest], root: &Digest) {
    for place in 0..path.len() {
        let mut changed = path.to_vec();
        changed[place].0[31] ^= 1;
        assert!(verify_inclusion(leaf, index, size, &changed, root).is_err());
        let mut shorter = path.to_vec();
        shorter.remove(place);
        assert!(verify_inclusion(leaf, index, size, &shorter, root).is_err());
    }
    let longer = [path, &[*leaf]].concat();
    assert!(verify_inclusion(leaf, index, size, &longer, root).is_err());
}

#[test]
fn every_tree_continues_every_older_one_and_no_other() {
    let (leaves, _, stored) = grown(SIZE_MAX);
    let roots: Vec<_> = (0..=leaves.len())
        .map(|size| root(&leaves[..size]))
        .collect();
    let root_at = |size: u64| &roots[usize::try_from(size).unwrap()];
    for new in 0..=SIZE_MAX {
        for old in 0..=new {
            let path = consistency_from(&stored, old, new).unwrap();
            let tree = &leaves[..usize::try_from(new).unwrap()];
            assert_eq!(consistency_path(tree, old).as_ref(), Some(&path));
            let verify = |old_root, path: &[Digest]| {
                verify_consistency(old, old_root, new, root_at(new), path)
            };
            assert_eq!(verify(root_at(old), &path), Ok(()), "{old} to {new}");
            assert!(verify(&Digest([7; 32]), &path).is_err(), "{old} to {new}");
            for place in 0..path.len() {
                let mut changed = path.clone();
                changed[place].0[0] ^= 1;
                assert!(verify(root_at(old), &changed).is_err(), "{old} to {new}");
                changed.remove(place);
                assert!(verify(root_at(old), &changed).is_err(), "{old} to {new}");
            }
            let longer = [path.as_slice(), &[Digest([7; 32])]].concat();
            assert!(verify(root_at(old), &longer).is_err(), "{old} to {new}");
        }
    }
}

#[test]
fn proofs_of_a_long_history_need_few_nodes() {
    let (leaves, frontier, stored) = grown(10_000);
    for index in [0, 1, 4_095, 4_096, 8_191, 8_192, 9_998, 9_999] {
        let path = inclusion_from(&stored, index, 10_000).unwrap();
        let leaf = &leaves[usize::try_from(index).unwrap()];
        assert!(path.len() <= 14);
        assert_eq!(
            verify_inclusion(leaf, index, 10_000, &path, &frontier.root()),
            Ok(())
        );
    }
    for old in [1, 4_096, 5_000, 9_999] {
        let path = consistency_from(&stored, old, 10_000).unwrap();
        let older = root(&leaves[..usize::try_from(old).unwrap()]);
        assert_eq!(
            verify_consistency(old, &older, 10_000, &frontier.root(), &path),
            Ok(())
        );
    }
}
