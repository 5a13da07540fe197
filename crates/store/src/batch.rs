//! Leaves and the batches they are sent to the ledger in.

/// A leaf that waits for its batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leaf {
    /// Its number: from 1, without gaps, in the order of commits.
    pub number: u64,
    /// The commitment.
    pub commitment: [u8; 32],
}

/// A sealed batch. At most one is open (not anchored) at a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// From 1, without gaps.
    pub sequence: u64,
    /// Number of the first leaf in it: one more than the last leaf of the batch before.
    pub first_leaf: u64,
    /// How many leaves; 0 is an empty batch.
    pub leaves: u64,
    /// The random leaf in front of them: leaf 0 of the tree.
    pub blinding: [u8; 32],
    /// Root of the tree.
    pub root: [u8; 32],
    /// Root of the batch before; zeros for the first.
    pub previous: [u8; 32],
    /// The signed transaction that carries the root.
    pub transaction: Vec<u8>,
    /// What the ledger answered; `None`: the batch is open.
    pub anchor: Option<Vec<u8>>,
}

/// Where the leaf of a record version is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LeafPlace {
    /// Waiting for its batch.
    Pending,
    /// In a batch, anchored or still open.
    Sealed {
        /// The batch.
        batch: Batch,
        /// Place among the commitments; the leaf of the tree is one further, after the blinding
        /// leaf.
        position: u64,
        /// All commitments of the batch, in order.
        commitments: Vec<[u8; 32]>,
    },
}
