//! Proofs that an entry is in a tree. RFC 9162 2.1.3.

use super::range::{Leaves, Nodes, split, subtree};
use super::{TreeError, node_hash};
use crate::Digest;

/// The path of leaf `index` in the tree of these leaf hashes.
pub fn inclusion_path(leaves: &[Digest], index: u64) -> Option<Vec<Digest>> {
    inclusion_from(&Leaves(leaves), index, leaves.len() as u64)
}

/// The path of leaf `index` in the tree of the first `size` leaves, from stored nodes.
/// RFC 9162 2.1.3.1.
pub fn inclusion_from(nodes: &dyn Nodes, index: u64, size: u64) -> Option<Vec<Digest>> {
    if index >= size {
        return None;
    }
    let (mut start, mut end) = (0, size);
    let mut path = Vec::new();
    while end - start > 1 {
        let middle = start + split(end - start);
        if index < middle {
            path.push(subtree(nodes, middle, end)?);
            end = middle;
        } else {
            path.push(subtree(nodes, start, middle)?);
            start = middle;
        }
    }
    path.reverse();
    Some(path)
}

/// The root that a path leads to from a leaf hash. RFC 9162 2.1.3.2.
pub fn root_from_path(
    leaf: &Digest,
    index: u64,
    size: u64,
    path: &[Digest],
) -> Result<Digest, TreeError> {
    if index >= size {
        return Err(TreeError::OutOfRange);
    }
    let (mut first, mut second) = (index, size - 1);
    let mut hash = *leaf;
    for sibling in path {
        if second == 0 {
            return Err(TreeError::PathLength);
        }
        if first & 1 == 1 || first == second {
            hash = node_hash(sibling, &hash);
            while first & 1 == 0 && first != 0 {
                first >>= 1;
                second >>= 1;
            }
        } else {
            hash = node_hash(&hash, sibling);
        }
        first >>= 1;
        second >>= 1;
    }
    if second == 0 {
        Ok(hash)
    } else {
        Err(TreeError::PathLength)
    }
}

/// Checks that a leaf hash is leaf `index` of the tree with that size and root.
pub fn verify_inclusion(
    leaf: &Digest,
    index: u64,
    size: u64,
    path: &[Digest],
    root: &Digest,
) -> Result<(), TreeError> {
    if root_from_path(leaf, index, size, path)? == *root {
        Ok(())
    } else {
        Err(TreeError::Root)
    }
}
