//! What a node tells its own organisation about the ledger.

use ledger::{BlockHeader, OrgId};
use proof::Digest;

/// Where the ledger stands on this node. Everything in it is final.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// Height of the last block this node applied.
    pub height: u64,
    /// Time of that block, milliseconds since 1970.
    pub time_ms: u64,
    /// Epoch that the next block belongs to.
    pub epoch: u64,
    /// Root of the authenticated state after that block.
    pub state_root: Digest,
    /// Number of entries in the history tree.
    pub history_size: u64,
    /// RFC 9162 root of the history tree.
    pub history_root: Digest,
    /// Validators of the epoch, sorted.
    pub validators: Vec<OrgId>,
    /// The other member organisations, sorted by id.
    pub peers: Vec<Peer>,
    /// Highest height that this node knows to be final; above `height` while it catches up.
    pub tip: u64,
    /// Whether this node signs blocks in this epoch.
    pub validating: bool,
    /// Whether enough validators were heard in the last seconds for blocks to become final.
    pub in_touch: bool,
    /// Size of the history that the latest quorum-cosigned checkpoint covers.
    pub checkpoint_size: u64,
    /// Transactions waiting in this node's pool.
    pub pending: usize,
    /// Why the node stopped applying blocks; `None` while it is well.
    pub halted: Option<String>,
}

impl Status {
    /// Whether this node applied everything that it knows to be final, and runs.
    pub fn ready(&self) -> bool {
        self.halted.is_none() && !self.is_behind()
    }

    /// Whether a block that is known to be final is not applied yet.
    pub fn is_behind(&self) -> bool {
        self.height < self.tip
    }
}

/// Another member organisation as this node sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// The organisation.
    pub organisation: OrgId,
    /// Whether it was heard from in the last seconds.
    pub connected: bool,
    /// The height it last told.
    pub height: Option<u64>,
    /// When it was last heard, milliseconds since 1970; `None`: not since this node started.
    pub heard_ms: Option<u64>,
    /// The longest history of those that this node remembers that it cosigned.
    pub cosigned: Option<u64>,
}

impl Peer {
    /// Whether two views differ in more than when the peer was last heard.
    pub(crate) fn is_as(&self, other: &Self) -> bool {
        let heard_ms = self.heard_ms;
        *self
            == Self {
                heard_ms,
                ..other.clone()
            }
    }
}

/// A final block, as `/ledger/blocks/{height}` shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockView {
    /// The header.
    pub header: BlockHeader,
    /// The block's digest, which the next header names as its parent.
    pub digest: Digest,
    /// What it ordered.
    pub transactions: Vec<TransactionView>,
}

/// One transaction of a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransactionView {
    /// Its canonical bytes.
    pub bytes: Vec<u8>,
    /// Its id (`proof::transaction::id_of`), as `Handle::submit` returns it.
    pub digest: Digest,
    /// What the ledger made of it.
    pub outcome: Outcome,
}

/// What the ledger made of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Accepted, as the entry at this index of the history tree.
    Accepted(u64),
    /// Refused with this code (`ledger::Refusal`); nothing changed.
    Refused(u16),
}

/// Where a transaction became final.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Located {
    /// Height of its block.
    pub height: u64,
    /// Accepted (with the index in the history) or refused (with the code).
    pub outcome: Outcome,
}

impl Located {
    /// The index in the history tree, if it was accepted.
    pub fn index(&self) -> Option<u64> {
        match self.outcome {
            Outcome::Accepted(index) => Some(index),
            Outcome::Refused(_) => None,
        }
    }
}

/// Proof that an entry is in the history: what a receipt needs of the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anchor {
    /// Index in the history tree.
    pub index: u64,
    /// The canonical bytes of the `proof::Entry` (the leaf data).
    pub entry: Vec<u8>,
    /// RFC 9162 inclusion path to the checkpoint's root.
    pub path: Vec<Digest>,
    /// Signed note: checkpoint body and a quorum of `cosignature/v1` lines, no log line.
    pub checkpoint: String,
}
