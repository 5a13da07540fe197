//! The acts of the trade on the ledger: bodies, state and rules of kinds 32 to 35.
//!
//! One file for each act. A rule is a function of the state as it is, the scene and the item; its
//! result is the new value or a refusal. Which key of the state a value stands under is the
//! ledger's (`docs/reference/ledger.md`). No field is about a product or a person: ids are
//! pseudonyms ([`crate::ids`]), the rest are locks, their openings, roles and classes.

pub mod commission;
pub mod contain;
pub mod custody;
pub mod decommission;
pub mod dispense;
pub mod escrow;
pub mod finding;
pub mod hand;
pub mod inquiry;
pub mod keys;
pub mod moves;
pub mod pack;
pub mod recall;
pub mod roles;
pub mod undo;

pub use custody::{Container, Custody};
pub use decommission::Reason;
pub use escrow::{Escrow, Escrowed, Openers};
pub use finding::Finding;
pub use inquiry::{Asked, Inquiry};
pub use keys::{EPOCHS_MAX, TradeKeyBody, TradeKeyEpoch};
pub use moves::{
    Commissioned, Handed, ITEM_BYTES_MAX, ITEMS_MAX, MOVES_KIND, Moves, Presented, Units,
};
pub use pack::{Lot, Pack, Status};
pub use recall::recall;
pub use roles::Roles;
pub use undo::UNDO_HOURS;

use thiserror::Error;

/// Milliseconds of a minute.
pub const MINUTE_MS: u64 = 60_000;

/// What a rule knows besides the state and the body.
#[derive(Clone, Copy, Debug)]
pub struct Scene<'a> {
    /// The organisation whose key signed the transaction.
    pub sender: &'a str,
    /// What it may do in the trade.
    pub roles: Roles,
    /// The time of the block, in milliseconds since 1970.
    pub time_ms: u64,
}

impl Scene<'_> {
    /// The minute of the block, counted since 1970.
    pub fn minute(&self) -> u32 {
        u32::try_from(self.time_ms / MINUTE_MS).unwrap_or(u32::MAX)
    }

    /// Refuses a sender that has none of these roles.
    pub fn need(&self, roles: Roles) -> Result<(), Refused> {
        if self.roles.has_any_of(roles) {
            Ok(())
        } else {
            Err(Refused::Role(roles))
        }
    }
}

/// Why an act of the trade is refused. It is a value, not an error: all nodes refuse alike.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum Refused {
    /// The sender is no authorised partner for this.
    #[error("this needs the role of a {0}")]
    Role(Roles),
    /// A pack with this id was commissioned before.
    #[error("the pack was commissioned before")]
    Commissioned,
    /// The ledger knows no pack, lot or container with this id.
    #[error("nothing with this id was ever commissioned or packed")]
    Unknown,
    /// The sender is not the one in the lock, or the opening is not the lock's.
    #[error("it is not in your hands, or the opening is not that of its lock")]
    Holder,
    /// It was handed on and not yet taken, or is not on its way at all.
    #[error("it is {}on its way to another holder", if *(.on_its_way) { "" } else { "not " })]
    Transit {
        /// Whether it is on its way.
        on_its_way: bool,
    },
    /// It is inside a container, or not inside the one named.
    #[error("it is {} container", if *(.inside) { "inside a" } else { "not inside this" })]
    Inside {
        /// Whether it is inside one.
        inside: bool,
    },
    /// The pack is not active: it was dispensed or decommissioned.
    #[error("the pack is {status} since minute {minute}")]
    Ended {
        /// What it is.
        status: Status,
        /// Since which minute, counted since 1970.
        minute: u32,
    },
    /// The pack is suspected or known to be a falsified one.
    #[error("the pack is marked as {0}")]
    Marked(Finding),
    /// The lot was recalled.
    #[error("the lot is recalled since minute {0}")]
    Recalled(u32),
    /// The lot, or the pack, is of another maker.
    #[error("only the maker of the lot may do this, or a regulator where the act allows it")]
    Maker,
    /// There is nothing to undo, it is too late, or this reason stays.
    #[error("this cannot be undone: {0}")]
    Undo(undo::Obstacle),
    /// It is so already.
    #[error("it is so already")]
    Same,
    /// The epoch is not the next one, or there are too many.
    #[error("the next epoch is {next}, and the last possible one {last}")]
    Epoch {
        /// The next epoch.
        next: u8,
        /// The last that there can be.
        last: u8,
    },
    /// No openers were voted for, or the number of check values is not theirs.
    #[error("the openers in force need {0} check values")]
    Checks(usize),
    /// Only some may ask the openers.
    #[error("only a regulator or one of the openers in force asks the openers")]
    Asker,
    /// The id of an inquiry is taken, or unknown.
    #[error("{} inquiry has this id", if *(.known) { "another" } else { "no" })]
    Inquiry {
        /// Whether it is known.
        known: bool,
    },
    /// The sender has said before that it answers.
    #[error("this was answered at height {0}")]
    Answered(u64),
}
