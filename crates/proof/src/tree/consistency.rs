//! Proofs that a tree continues an older one. RFC 9162 2.1.4.

use super::range::{Leaves, Nodes, split, subtree};
use super::{TreeError, node_hash};
use crate::{Digest, sha256};

/// The proof that the tree of these leaf hashes continues the one of the first `old`.
pub fn consistency_path(leaves: &[Digest], old: u64) -> Option<Vec<Digest>> {
    consistency_from(&Leaves(leaves), old, leaves.len() as u64)
}

/// The proof that the tree of `new` leaves continues the one of `old`, from stored nodes.
/// RFC 9162 2.1.4.1. Nothing needs no proof, nor does a tree that is the same.
pub fn consistency_from(nodes: &dyn Nodes, old: u64, new: u64) -> Option<Vec<Digest>> {
    if old > new {
        return None;
    }
    let mut path = Vec::new();
    if old == 0 || old == new {
        return Some(path);
    }
    let (mut start, mut end) = (0, new);
    // SUBPROOF of RFC 9162, from the root down; `old` lies in (start, end].
    while old != end {
        let middle = start + split(end - start);
        if old <= middle {
            path.push(subtree(nodes, middle, end)?);
            end = middle;
        } else {
            path.push(subtree(nodes, start, middle)?);
            start = middle;
        }
    }
    // The subtree that both trees share is known to the verifier when it is the whole old one.
    if start != 0 {
        path.push(subtree(nodes, start, end)?);
    }
    path.reverse();
    Some(path)
}

/// Checks that the tree `(new, new_root)` continues the tree `(old, old_root)`.
/// RFC 9162 2.1.4.2.
pub fn verify_consistency(
    old: u64,
    old_root: &Digest,
    new: u64,
    new_root: &Digest,
    path: &[Digest],
) -> Result<(), TreeError> {
    if old > new {
        return Err(TreeError::OutOfRange);
    }
    if old == 0 || old == new {
        let expected = if old == 0 { sha256(&[]) } else { *new_root };
        return match (path.is_empty(), expected == *old_root) {
            (false, _) => Err(TreeError::PathLength),
            (true, false) => Err(TreeError::Root),
            (true, true) => Ok(()),
        };
    }
    let whole = old.is_power_of_two().then_some(*old_root);
    let mut hashes = whole.into_iter().chain(path.iter().copied());
    let (first_of_both, mut first, mut second) = (
        hashes.next().ok_or(TreeError::PathLength)?,
        old - 1,
        new - 1,
    );
    let shift = first.trailing_ones();
    first >>= shift;
    second >>= shift;
    let (mut from_old, mut from_new) = (first_of_both, first_of_both);
    for hash in hashes {
        if second == 0 {
            return Err(TreeError::PathLength);
        }
        if first & 1 == 1 || first == second {
            from_old = node_hash(&hash, &from_old);
            from_new = node_hash(&hash, &from_new);
            while first & 1 == 0 && first != 0 {
                first >>= 1;
                second >>= 1;
            }
        } else {
            from_new = node_hash(&from_new, &hash);
        }
        first >>= 1;
        second >>= 1;
    }
    if second != 0 {
        return Err(TreeError::PathLength);
    }
    if from_old == *old_root && from_new == *new_root {
        Ok(())
    } else {
        Err(TreeError::Root)
    }
}
