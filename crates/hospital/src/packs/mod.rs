//! Medicines: packs, their acts, and the EPCIS events that tell of them.
//!
//! `capture` takes EPCIS documents in, `query` answers them; `act` is what a person does with packs
//! at a scanner. Both go one way: an `order` is planned on what is known here (`held`), sent to the
//! ledger (`moves`), and its event is stored once the ledger has accepted (`event`). `verify`
//! answers whether a pack is real, from the local copy of the ledger, and `suspicion` asks the
//! rules of detection. `named` keeps queries under a name; `watching` and `subscription` tell of
//! what they find from now on. `openings` asks the openers to whom a pack was handed. `offline`
//! keeps what was scanned without a connection, and compares it with the ledger once there is one.
//!
//! Invariants:
//!
//! 1. No event says of a pack what the ledger has refused
//!    (`crates/salus/tests/processes/packs.rs`, `of_two_who_claim_one_pack_one_succeeds`).
//! 2. What the ledger accepted is done here, also after a kill (`moves.rs`).
//! 3. A subscriber is told of each event that its query finds, also after a kill
//!    (`crates/salus/tests/processes/killed.rs`,
//!    `killed_ten_times_it_catches_up_and_nothing_acknowledged_is_lost`).
//! 4. A scan made without a connection is never lost, and done once (`crates/salus/tests/processes/
//!    offline.rs`, `what_was_scanned_without_a_connection_is_reconciled`).
//! 5. Names of packs leave this node only as keyed hashes, and to the next holder.

mod act;
mod capture;
mod case;
mod cases;
mod compose;
mod delivery;
pub mod dscsa;
mod event;
mod expiry;
mod feed;
mod form;
mod held;
pub(crate) mod message;
mod moves;
mod named;
mod offline;
pub(crate) mod openings;
mod order;
mod plan;
mod query;
mod questions;
mod receive;
mod scanned;
mod schedule;
mod subscription;
mod suspicion;
mod together;
mod trace;
mod trade_key;
mod verify;
mod watching;

pub use act::{ActOnPacks, PackActed, PackPage};
pub use capture::{Capture, Media, OnError};
pub use case::{Case, CaseSeen};
pub use compose::CONTEXT;
pub use delivery::{Delivery, Due};
pub use form::{write_links, write_xml};
pub use held::{Pack, Where};
pub use message::TraceStep;
pub use named::{NamedQuery, QUERIES_MAX, QueryPage};
pub use offline::{
    NewOffline, Offline, OfflineDecision, OfflineOutcome, OfflinePage, OfflineReason, OfflineState,
};
pub use openings::{
    AskOpening, AskedOpening, OpenerStands, OpeningDecision, OpeningOutcome, OpeningsHere,
    ReceivedOpening, SecretsStand,
};
pub use order::{Marking, PackAct};
pub use query::{EventPage, Resource};
pub use schedule::QuerySchedule;
pub use subscription::{NewSubscription, SUBSCRIPTIONS_MAX, Subscription, When};
pub use supply::acts::{Finding, Reason};
pub use supply::detect::Suspicion;
pub use trace::Trace;
pub use verify::{Because as PackBecause, Verdict, Verification};
pub use watching::{Watcher, Watching};

pub(crate) use event::row_of as event_row;
pub(crate) use questions::Questions;
pub(crate) use trade_key::Desk as TradeDesk;
pub(crate) use watching::Standing;

use crate::caller::{Caller, Role};
use crate::error::HospitalError;
use crate::setup::Hospital;
use crate::tally::Tally;

/// Packs that one user may look up in an hour although nobody ever made them: more is guessing.
const GUESSES_MAX: u32 = 200;
const HOUR_US: i64 = 3_600 * 1_000_000;

/// The counts of looked-up packs that do not exist.
pub(crate) fn guesses() -> Tally {
    Tally::new(GUESSES_MAX, HOUR_US)
}

impl Hospital {
    /// Refuses a user who looked up too many packs that nobody made.
    fn within_guesses(&self, caller: &Caller) -> Result<(), HospitalError> {
        if self.0.guesses.has_room(&caller.username, self.now_us()) {
            return Ok(());
        }
        Err(HospitalError::Busy(format!(
            "over {GUESSES_MAX} numbers that nobody made were looked up in an hour: wait, and look \
             at the scanner"
        )))
    }

    fn guessed(&self, caller: &Caller) {
        self.0.guesses.take(&caller.username, self.now_us());
    }
}

/// Lets those act on packs who handle medicines.
fn handles(caller: &Caller) -> Result<(), HospitalError> {
    match caller.role {
        Role::Pharmacist | Role::System => Ok(()),
        role => Err(HospitalError::Forbidden(format!(
            "the role {role} does not handle packs: a pharmacist does, or a system"
        ))),
    }
}

/// Lets those look at packs and events who have to do with medicines.
fn looks(caller: &Caller) -> Result<(), HospitalError> {
    match caller.role {
        Role::Pharmacist | Role::System | Role::Clinician | Role::Auditor => Ok(()),
        role => Err(HospitalError::Forbidden(format!(
            "the role {role} does not look at packs"
        ))),
    }
}
