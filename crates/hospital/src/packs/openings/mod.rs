//! Openings by a threshold: to whom one pack was handed, and who holds it.
//!
//! A partner announces its secrets and draws the openings of its locks from them (`escrow`); each
//! opener has its part (`secrets`). Who may ask reads off the ledger where packs were handed over
//! (`handovers`, `place`). One officer asks (`ask`), officers of the openers approve at their own
//! nodes (`decide`), and the asker's node puts the answers together (`pursue`). How it is shared:
//! `supply::escrow`; why it is so: `docs/decisions/0031-opening-by-a-threshold.md`.
//!
//! Invariants:
//!
//! 1. A node answers only what an officer of its organisation approved of and the ledger has heard
//!    of (`crates/salus/tests/processes/openings.rs`,
//!    `as_many_openers_as_it_takes_open_one_hand_over_and_no_other`).
//! 2. No lock is set while it is not known which secrets are in force (`escrow.rs`).
//! 3. Every step is on disk before it is told, and done again after a kill.

mod ask;
mod decide;
mod escrow;
mod handovers;
mod place;
mod pursue;
mod rows;
mod secrets;
mod told;

pub use ask::AskOpening;
pub use decide::OpeningDecision;
pub use told::{
    AskedOpening, OpenerStands, OpeningOutcome, OpeningsHere, ReceivedOpening, SecretsStand,
};

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crate::caller::{Caller, Role};
use crate::error::HospitalError;
use crate::setup::Hospital;

/// Shortest and longest reason.
const REASON_BYTES: std::ops::RangeInclusive<usize> = 10..=500;
/// Longest name of an officer, as other organisations know them.
const OFFICER_BYTES_MAX: usize = 64;
/// Rows looked at in one round of the pursuit.
const PURSUED_MAX: u32 = 1_000;
/// Rows that are listed.
const LISTED_MAX: u32 = 200;
/// For so long the openers are asked again.
const ASKED_US: i64 = 30 * 86_400 * 1_000_000;

/// What openings share while the node runs.
#[derive(Debug, Default)]
pub(crate) struct Desk {
    /// Why the secrets of a partner are not here, by its name.
    problems: Mutex<BTreeMap<String, String>>,
    /// Held while hand-overs are read off the ledger.
    reading: tokio::sync::Mutex<()>,
    /// Held while an officer decides.
    deciding: tokio::sync::Mutex<()>,
    /// Told when there is something to pursue.
    wanted: tokio::sync::Notify,
}

impl Desk {
    /// Notes what is in the way of a partner's secrets; true if that is new.
    fn note(&self, partner: &str, problem: Option<String>) -> bool {
        let mut problems = self.problems.lock().unwrap_or_else(PoisonError::into_inner);
        match problem {
            Some(words) => problems.insert(partner.to_owned(), words.clone()) != Some(words),
            None => problems.remove(partner).is_some(),
        }
    }

    fn problems(&self) -> BTreeMap<String, String> {
        let problems = self.problems.lock().unwrap_or_else(PoisonError::into_inner);
        problems.clone()
    }
}

/// Openings are an officer's: whoever answers for what the organisation looks into.
fn officer(caller: &Caller) -> Result<(), HospitalError> {
    match caller.role {
        Role::Auditor => Ok(()),
        role => Err(HospitalError::Forbidden(format!(
            "the role {role} opens no locks: an auditor does"
        ))),
    }
}

/// Refuses a reason that says nothing, or too much.
fn reasoned(reason: &str) -> Result<String, HospitalError> {
    let reason = reason.trim();
    if REASON_BYTES.contains(&reason.len()) {
        return Ok(reason.to_owned());
    }
    let (least, most) = (REASON_BYTES.start(), REASON_BYTES.end());
    Err(HospitalError::request(
        "value",
        format!("say why, in {least} to {most} bytes: the openers decide by it"),
        "give the reason as `reason`",
    ))
}

impl Hospital {
    /// Waits until there is something to pursue, such as a question.
    pub async fn openings_wanted(&self) {
        self.0.openings.wanted.notified().await;
    }

    /// Whether this organisation may ask the openers: a regulator does, and each opener.
    fn may_ask(&self, state: &ledger::State) -> bool {
        let regulator = self.0.id.as_ref().is_some_and(|id| {
            let roles = state.partner(id);
            roles.has_any_of(supply::Roles::REGULATOR)
        });
        regulator || self.is_opener(state)
    }

    fn is_opener(&self, state: &ledger::State) -> bool {
        let openers = state.openers();
        openers.is_some_and(|it| it.holders().contains(&self.0.organisation))
    }
}
