//! Hashes of ranges of leaves, from leaves or from stored nodes.

use super::node_hash;
use crate::{Digest, sha256};

/// Where the hashes of complete subtrees are kept.
pub trait Nodes {
    /// The hash of the complete subtree of `2^level` leaves from leaf `index * 2^level` on.
    fn node(&self, level: u8, index: u64) -> Option<Digest>;
}

/// The root of a tree of leaf hashes. RFC 9162 2.1.1: of none, the hash of nothing.
pub fn root(leaves: &[Digest]) -> Digest {
    match leaves {
        [] => sha256(&[]),
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(1 << (leaves.len() - 1).ilog2());
            node_hash(&root(left), &root(right))
        }
    }
}

/// The largest power of two below `size`, which is at least 2.
pub(crate) fn split(size: u64) -> u64 {
    debug_assert!(size >= 2);
    1 << (size - 1).ilog2()
}

/// The hash of the leaves from `start` to before `end`, a subtree of the RFC 9162 tree.
pub(super) fn subtree(nodes: &dyn Nodes, start: u64, end: u64) -> Option<Digest> {
    let size = end - start;
    if size.is_power_of_two() {
        let level = size.trailing_zeros();
        return nodes.node(u8::try_from(level).ok()?, start >> level);
    }
    let middle = start + split(size);
    Some(node_hash(
        &subtree(nodes, start, middle)?,
        &subtree(nodes, middle, end)?,
    ))
}

/// Leaf hashes as a source of nodes; each asked node is hashed anew.
pub(super) struct Leaves<'a>(pub(super) &'a [Digest]);

impl Nodes for Leaves<'_> {
    fn node(&self, level: u8, index: u64) -> Option<Digest> {
        let start = usize::try_from(index.checked_shl(level.into())?).ok()?;
        let size = 1usize.checked_shl(level.into())?;
        Some(root(self.0.get(start..start.checked_add(size)?)?))
    }
}
