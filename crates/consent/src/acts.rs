//! The acts of consent on the ledger: bodies, state and rules of kinds 16 and up.
//!
//! One file for each act. A rule is a function of the state as it is, the block and the body; its
//! result is the new value or a refusal. Which key of the state a value stands under, and who may
//! send a transaction at all, is the ledger's (`docs/reference/ledger.md`).
//!
//! No field is about a person: ids are random, the rest are keys, keyed commitments, numbers and
//! hours. Every body of a kind has the same number of bytes, whatever it says.

pub mod break_glass;
pub mod certificate;
pub mod delegate;
pub mod erase;
pub mod grant;
mod organisation;
pub mod review;
pub mod revoke;

pub use break_glass::{BreakGlass, Glass, Reason};
pub use certificate::{Certificate, Certified, Uncertified};
pub use delegate::{Delegate, Delegation};
pub use erase::{Erase, EraseAttest, Erasure};
pub use grant::{Grant, Granted};
pub use review::{Review, Reviewed, Verdict};
pub use revoke::Revoke;

use proof::Digest;
use thiserror::Error;

/// Milliseconds of an hour.
pub const HOUR_MS: u64 = 3_600_000;

/// What a rule knows besides the state and the body.
#[derive(Clone, Copy, Debug)]
pub struct Scene<'a> {
    /// The ledger.
    pub chain: &'a Digest,
    /// The organisation whose key signed the transaction.
    pub sender: &'a str,
    /// The height of the block.
    pub height: u64,
    /// The time of the block, in milliseconds since 1970.
    pub time_ms: u64,
}

impl Scene<'_> {
    /// Whether an hour, counted since 1970, has begun by the time of the block.
    fn has_begun(&self, hour: u32) -> bool {
        u64::from(hour) * HOUR_MS <= self.time_ms
    }
}

/// Why an act of consent is refused. It is a value, not an error: all nodes refuse alike.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum Refused {
    /// The id was used before.
    #[error("the id is taken")]
    Taken,
    /// The validity has ended already.
    #[error("the validity has ended")]
    Past,
    /// The validity ends before it begins, or is too long.
    #[error("the validity is empty or longer than {0} hours")]
    Span(u32),
    /// Nobody can hold the secret of the authority key, or it is the same as the other.
    #[error("an authority key is not sound")]
    Key,
    /// An authority key did not sign.
    #[error("an authority key did not sign")]
    Unsigned,
    /// The act names a grant, delegation, opening or erasure that is not there.
    #[error("nothing has this id")]
    Unknown,
    /// It was revoked before.
    #[error("revoked at height {0}")]
    Revoked(u64),
    /// The custodian named is not a member.
    #[error("the custodian is not a member")]
    Custodian,
    /// The time of a late entry is after the block or too long before it.
    #[error("the time of a late entry is not within {0} hours before the block")]
    Late(u64),
    /// Somebody else reviews.
    #[error("only the custodian reviews, or the opener where there is none")]
    Reviewer,
    /// The review was given before, or this holder attested before.
    #[error("done at height {0}")]
    Done(u64),
}
