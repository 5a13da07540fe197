//! Append-only Merkle trees of RFC 9162 section 2.1 over SHA-256.
//!
//! `docs/reference/merkle.md` says how the history and the batches use them. Slices serve
//! small trees, [`Frontier`] and [`Nodes`] serve a history of any length: the frontier takes
//! entries and hands out the nodes to be stored, and proofs are made from stored nodes alone.

mod consistency;
mod frontier;
mod inclusion;
mod range;

pub use consistency::{consistency_from, consistency_path, verify_consistency};
pub use frontier::{Frontier, StoredNode};
pub use inclusion::{inclusion_from, inclusion_path, root_from_path, verify_inclusion};
pub(crate) use range::split;
pub use range::{Nodes, root};

use sha2::{Digest as _, Sha256};
use thiserror::Error;

use crate::Digest;

/// The longest path in a tree whose size is a `u64`.
pub const PATH_MAX: usize = 64;

/// A path that does not prove what it should.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum TreeError {
    /// The leaf is not in a tree of that size, or the older tree is larger than the newer.
    #[error("the tree has no such leaf or no such older size")]
    OutOfRange,
    /// The path has more or fewer hashes than the sizes ask for.
    #[error("the path has the wrong length")]
    PathLength,
    /// The path leads to another root.
    #[error("the path leads to another root")]
    Root,
}

/// The hash of an entry. RFC 9162 2.1.1: prefix `0x00`.
pub fn leaf_hash(entry: &[u8]) -> Digest {
    Digest(
        Sha256::new()
            .chain_update([0])
            .chain_update(entry)
            .finalize()
            .into(),
    )
}

/// The hash of two subtrees. RFC 9162 2.1.1: prefix `0x01`.
pub fn node_hash(left: &Digest, right: &Digest) -> Digest {
    let mut input = [1; 65];
    input[1..33].copy_from_slice(&left.0);
    input[33..].copy_from_slice(&right.0);
    Digest(Sha256::digest(input).into())
}

#[cfg(test)]
mod tests;
