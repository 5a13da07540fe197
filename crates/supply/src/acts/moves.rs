//! Kind 32: the body of moves. All items are of one act and of one size, and all are taken or none.

mod bytes;

use super::{Finding, Reason};
use crate::ids::{ContainerId, Facts, Lock, LotId, Opening, PackId, UnitId};

/// The kind of a transaction that carries [`Moves`].
pub const MOVES_KIND: u8 = 32;
/// The most items of one transaction.
pub const ITEMS_MAX: usize = 10_000;
/// The most bytes of an item.
pub const ITEM_BYTES_MAX: usize = 48;

// The largest body fits a transaction: act, the widest fields beside it, count, items.
const _: () =
    assert!(1 + 34 + 2 + ITEMS_MAX * ITEM_BYTES_MAX <= proof::transaction::BODY_BYTES_MAX);

/// Whether the items are packs or containers.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Units {
    /// Packs.
    Packs,
    /// Containers.
    Containers,
}

/// A pack that its maker commissions. The holder's lock follows from the opening.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Commissioned {
    /// The pack.
    pub pack: PackId,
    /// What is printed on it.
    pub facts: Facts,
    /// Opens the lock under which the maker holds it.
    pub opening: Opening,
}

/// A pack or a container, and what shows that it is the sender's.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Presented {
    /// The pack or container.
    pub unit: UnitId,
    /// Opens its lock.
    pub opening: Opening,
}

/// What is handed on, and to whom.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Handed {
    /// The pack or container.
    pub unit: UnitId,
    /// Opens its lock.
    pub opening: Opening,
    /// The lock of the one who may take it.
    pub next: Lock,
}

/// Moves of one act.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Moves {
    /// A maker puts packs of a lot into the trade.
    Commission {
        /// The lot of all.
        lot: LotId,
        /// The packs.
        items: Vec<Commissioned>,
    },
    /// Into a container, which is made with its first use.
    Contain {
        /// The container.
        container: ContainerId,
        /// Opens its lock, or makes it.
        opening: Opening,
        /// What the items are.
        units: Units,
        /// What goes in.
        items: Vec<Presented>,
    },
    /// Out of a container.
    Release {
        /// The container.
        container: ContainerId,
        /// Opens its lock.
        opening: Opening,
        /// What the items are.
        units: Units,
        /// What comes out.
        items: Vec<UnitId>,
    },
    /// On to somebody who has not signed yet.
    Hand {
        /// What the items are.
        units: Units,
        /// What is handed on.
        items: Vec<Handed>,
    },
    /// By the one it was handed to.
    Take {
        /// What the items are.
        units: Units,
        /// What is taken.
        items: Vec<Presented>,
    },
    /// By the one who handed it on.
    TakeBack {
        /// What the items are.
        units: Units,
        /// What is taken back.
        items: Vec<Presented>,
    },
    /// Supplied to the public.
    Dispense {
        /// The packs.
        items: Vec<Presented>,
    },
    /// Out of the trade.
    Decommission {
        /// Why, all of them.
        reason: Reason,
        /// The packs.
        items: Vec<Presented>,
    },
    /// Back into the trade.
    Undo {
        /// The packs.
        items: Vec<Presented>,
    },
    /// Marked as suspect, clear or illegitimate.
    Mark {
        /// What was found.
        finding: Finding,
        /// The packs.
        items: Vec<Presented>,
    },
    /// Lots that nobody dispenses any more.
    Recall {
        /// The lots.
        items: Vec<LotId>,
    },
}

impl Moves {
    /// The word of the act.
    pub fn act(&self) -> &'static str {
        match self {
            Self::Commission { .. } => "commission",
            Self::Contain { .. } => "contain",
            Self::Release { .. } => "release",
            Self::Hand { .. } => "hand",
            Self::Take { .. } => "take",
            Self::TakeBack { .. } => "take-back",
            Self::Dispense { .. } => "dispense",
            Self::Decommission { .. } => "decommission",
            Self::Undo { .. } => "undo",
            Self::Mark { .. } => "mark",
            Self::Recall { .. } => "recall",
        }
    }

    /// How many items there are.
    pub fn count(&self) -> usize {
        match self {
            Self::Commission { items, .. } => items.len(),
            Self::Release { items, .. } => items.len(),
            Self::Hand { items, .. } => items.len(),
            Self::Recall { items } => items.len(),
            Self::Contain { items, .. }
            | Self::Take { items, .. }
            | Self::TakeBack { items, .. }
            | Self::Dispense { items }
            | Self::Decommission { items, .. }
            | Self::Undo { items }
            | Self::Mark { items, .. } => items.len(),
        }
    }
}
