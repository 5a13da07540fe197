//! Clinical trials: sealed, enrolled, captured, locked, reported.
//!
//! What is sealed stands on the ledger (`trial::acts`); what it commits to is kept here (`kept`)
//! and told to the parties. `draft` reads a protocol, `protocol` seals and amends it, `registry`
//! tells what a registry asks, `draw` moves this node's hand at the lists, `participants` enrols,
//! `rows` takes case-report values in as records of the spine, `odm` so too and out, `exchange` so
//! too as tables, `dataset` gives them out with their receipts, `signing` signs them, `querying`
//! asks about them, `lock` closes them, `report` tells the results and `comparison` compares them
//! with what was registered. `oversight` compares the sites while the trial runs, `laid_open`
//! checks the lists at its end.
//!
//! Invariants:
//!
//! 1. A value is a record like any other: version, envelope, leaf, receipt; a change is a new
//!    version with a reason (`crates/salus/tests/processes/trials.rs`).
//! 2. A site keeps its own rows: a sponsor gets copies with their receipts and can change none.
//! 3. No node holds both hands of a list before the data are locked.

mod comparison;
mod dataset;
mod draft;
mod draw;
mod exchange;
pub(crate) mod kept;
mod laid_open;
mod lock;
pub(crate) mod message;
mod odm;
mod oversight;
mod participants;
mod place;
mod protocol;
mod query;
mod querying;
mod registry;
mod report;
mod rows;
mod seen;
mod signature;
mod signing;

pub use cdisc::dataset::Form as DatasetForm;
pub use cdisc::odm::{Form as OdmForm, Odm};
pub use dataset::{DATASET_FORM, DatasetLine, DatasetPage};
pub use exchange::{Exchanged, Mapping};
pub use laid_open::{Allocation, Foreseen, OpenedArm, OpenedList};
pub use odm::CapturedOdm;
pub use oversight::Oversight;
pub use participants::{Enrolled, NewParticipant, ParticipantSeen};
pub use protocol::{Arm, Endpoint, Protocol};
pub use query::{NewQuery, Query, QueryPage, QueryReply, QueryState, Saying};
pub use registry::{Registration, RegistryElement};
pub use report::{Reported, Results};
pub use rows::{Captured, Item, Row, RowKey, Source};
pub use seen::{SiteSeen, TrialSeen, VersionSeen};
pub use signature::{LaterVersion, Meaning, RowVersion, Signature, SignaturePage, Signing};
pub use trial::acts::{Keep, Party, Role as Part};
pub use trial::compare::{Change, Line, Made, Match, What, When};

use ledger::{Kind, State};
use proof::{Canonical, Digest};
use trial::acts::{Act, Role, Trial, TrialBody};

use crate::access_log::{Access, AccessAgent, AccessDeed};
use crate::caller::{self, Caller};
use crate::error::HospitalError;
use crate::finality::Came;
use crate::setup::Hospital;

/// How often an act is signed anew because another of this organisation was refused before it.
const OVERTAKEN_MAX: u32 = 20;
/// Shortest and longest reason.
const REASON_BYTES: std::ops::RangeInclusive<usize> = 5..=1_000;

const HINT: &str = "docs/reference/trials.md shows each form";

impl Hospital {
    /// The trial of an id, as the ledger has it, and what this organisation is in it.
    async fn trial_here(&self, id: &Digest) -> Result<(State, Trial, Role), HospitalError> {
        let absent = || HospitalError::Absent("a trial of this id in which you take part".into());
        let state = self.fresh_state().await?;
        let trial = state.trial(id).ok_or_else(absent)?;
        let role = trial.role(&self.0.organisation).ok_or_else(absent)?;
        Ok((state, trial, role))
    }

    /// Lets another organisation ask that oversees a trial of which this one is a site; `words` are
    /// for anybody else. Answers the trial, and who asks, for the log of accesses.
    async fn overseen(
        &self,
        from: &str,
        trial: &str,
        words: &str,
    ) -> Result<(Digest, Trial, AccessAgent), HospitalError> {
        let id: Digest = trial.parse().map_err(|_| wrong("the id of a trial"))?;
        let (_, trial, role) = self.trial_here(&id).await?;
        let oversees = matches!(
            trial.role(from),
            Some(Role::Sponsor | Role::Monitor | Role::Regulator)
        );
        if !oversees || role != Role::Site {
            return Err(HospitalError::Forbidden(words.to_owned()));
        }
        let agent = AccessAgent {
            organisation: from.to_owned(),
            ..AccessAgent::default()
        };
        Ok((id, trial, agent))
    }

    /// Does an act on the ledger; answers the index of its entry in the history.
    async fn act_of_trial(&self, id: &Digest, act: Act) -> Result<u64, HospitalError> {
        let body = TrialBody { trial: *id, act }.to_bytes();
        self.judged(Kind::Trial as u8, body.clone())?;
        for _ in 0..OVERTAKEN_MAX {
            let keep = |_| async { Ok(()) };
            let sent = self.sign_and_submit(Kind::Trial as u8, body.clone(), keep);
            let id = match sent.await {
                Ok(id) => id,
                Err(HospitalError::Contended(_)) => continue,
                Err(error) => return Err(error),
            };
            match self.came_of(&id).await? {
                Came::Accepted(index) => return Ok(index),
                Came::Overtaken => {}
                Came::Refused(code) => {
                    self.judged(Kind::Trial as u8, body)?;
                    return Err(crate::finality::refused(code));
                }
            }
        }
        Err(HospitalError::Busy(
            "too many acts of this organisation are refused just now".into(),
        ))
    }

    /// Writes down who did what with a trial.
    async fn trial_access(&self, agent: AccessAgent, deed: &str) -> Result<(), HospitalError> {
        let deed = AccessDeed::Operation(format!("trial-{deed}"));
        let access = Access::new(agent, deed, self.now_us());
        self.record_access(access).await.map(|_| ())
    }
}

/// Acts for a sponsor: who plans and studies.
fn studies(caller: &Caller) -> Result<(), HospitalError> {
    use caller::Role::{Researcher, System};
    allow(
        caller,
        &[Researcher, System],
        "runs no trials: a researcher does",
    )
}

/// Acts for a site: an investigator.
fn investigates(caller: &Caller) -> Result<(), HospitalError> {
    use caller::Role::{Clinician, System};
    let words = "does nothing with participants: a clinician does";
    allow(caller, &[Clinician, System], words)
}

/// Looks at what is sealed.
fn looks(caller: &Caller) -> Result<(), HospitalError> {
    use caller::Role::{Auditor, Clinician, Pharmacist, Researcher, System};
    let all = [Auditor, Clinician, Pharmacist, Researcher, System];
    allow(caller, &all, "does not look at trials")
}

/// Knows arms: who hands the treatment out, and does not judge its effect.
fn dispenses(caller: &Caller) -> Result<(), HospitalError> {
    use caller::Role::Pharmacist;
    allow(caller, &[Pharmacist], "learns no arms: a pharmacist does")
}

fn allow(caller: &Caller, roles: &[caller::Role], words: &str) -> Result<(), HospitalError> {
    if roles.contains(&caller.role) {
        return Ok(());
    }
    Err(HospitalError::Forbidden(format!(
        "the role {} {words}",
        caller.role
    )))
}

fn wrong(text: impl Into<String>) -> HospitalError {
    HospitalError::request("value", text.into(), HINT)
}

/// Refuses a reason that says nothing, or too much.
fn reasoned(reason: &str) -> Result<String, HospitalError> {
    let reason = reason.trim();
    if REASON_BYTES.contains(&reason.len()) {
        return Ok(reason.to_owned());
    }
    let (least, most) = (REASON_BYTES.start(), REASON_BYTES.end());
    Err(wrong(format!(
        "`reason` says why, in {least} to {most} bytes"
    )))
}
