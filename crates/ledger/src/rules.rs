//! One rule for each kind of transaction, in its own file.
//!
//! A vertical adds its kinds (16 and up) with one line of `find` each.

mod announce;
mod batch;
mod change;
mod consent;
mod propose;
mod rotate;
mod supply;
mod trial;
mod vote;

use proof::PublicKey;
use proof::codec::Canonical;

use crate::state::draft::Draft;
use crate::{BlockContext, Checked, Kind, OrgId, Refusal};

/// Who sent the transaction.
pub(crate) struct Sender {
    /// A member.
    pub(crate) organisation: OrgId,
    /// Its transaction key.
    pub(crate) key: PublicKey,
}

/// A transaction that passed the rules for all kinds.
pub(crate) struct Act<'a> {
    pub(crate) block: &'a BlockContext,
    pub(crate) sender: Sender,
    pub(crate) checked: &'a Checked,
}

impl Act<'_> {
    /// The body as the value of its kind.
    fn body<T: Canonical>(&self) -> Result<T, Refusal> {
        T::from_bytes(&self.checked.transaction().body).map_err(Refusal::Body)
    }
}

/// A rule changes the draft or refuses. What it changed before it refuses is forgotten.
pub(crate) type Rule = fn(&mut Draft, &Act<'_>) -> Result<(), Refusal>;

/// The rule of a kind.
pub(crate) fn find(kind: u8) -> Option<Rule> {
    const BATCH: u8 = Kind::Batch as u8;
    const PROPOSE: u8 = Kind::Propose as u8;
    const VOTE: u8 = Kind::Vote as u8;
    const ROTATE_KEY: u8 = Kind::RotateKey as u8;
    const ANNOUNCE: u8 = Kind::Announce as u8;
    const GRANT: u8 = Kind::Grant as u8;
    const REVOKE: u8 = Kind::Revoke as u8;
    const BREAK_GLASS: u8 = Kind::BreakGlass as u8;
    const REVIEW: u8 = Kind::Review as u8;
    const ERASE: u8 = Kind::Erase as u8;
    const ERASE_ATTEST: u8 = Kind::EraseAttest as u8;
    const DELEGATE: u8 = Kind::Delegate as u8;
    const MOVES: u8 = Kind::Moves as u8;
    const TRADE_KEY: u8 = Kind::TradeKey as u8;
    const ESCROW: u8 = Kind::Escrow as u8;
    const INQUIRY: u8 = Kind::Inquiry as u8;
    const TRIAL: u8 = Kind::Trial as u8;
    Some(match kind {
        BATCH => batch::apply,
        PROPOSE => propose::apply,
        VOTE => vote::apply,
        ROTATE_KEY => rotate::apply,
        ANNOUNCE => announce::apply,
        GRANT => consent::grant,
        REVOKE => consent::revoke,
        BREAK_GLASS => consent::break_glass,
        REVIEW => consent::review,
        ERASE => consent::erase,
        ERASE_ATTEST => consent::attest,
        DELEGATE => consent::delegate,
        MOVES => supply::moves,
        TRADE_KEY => supply::trade_key,
        ESCROW => supply::escrow,
        INQUIRY => supply::inquiry,
        TRIAL => trial::apply,
        _ => return None,
    })
}
