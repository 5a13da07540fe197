//! Suspending the accounting of disclosures for an agency. 45 CFR 164.528(a)(2).
//!
//! An agency of health oversight or law enforcement says that an accounting would impede its work,
//! and for how long: in writing, or orally for thirty days at most. Until then the patient's
//! accounting, and whatever else the patient sees of the log, leaves out the disclosures that are
//! named. The suspension itself is an event in the organisation's own log, in no patient's.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::{PactKind, SieveRow};

use super::line;
use super::withheld::Standing;
use crate::access_log::{AUDIT_EVENT, Access, AccessAgent, AccessDeed};
use crate::caller::{Caller, Role};
use crate::error::HospitalError;
use crate::instant;
use crate::keyring::failed;
use crate::request::is_id;
use crate::setup::Hospital;
use crate::sharing::Kept;

/// 45 CFR 164.528(a)(2)(ii)(C): an oral statement holds for thirty days at most.
const ORAL_US_MAX: i64 = 30 * 86_400 * 1_000_000;
/// An accounting looks back six years: nothing is suspended for longer.
const WRITTEN_US_MAX: i64 = 6 * 366 * 86_400 * 1_000_000;
/// Disclosures that one suspension names.
const EVENTS_MAX: usize = 500;
/// Longest name of an agency or an official.
const NAME_BYTES_MAX: usize = 200;
/// Suspensions of one patient.
const SUSPENSIONS_MAX: usize = 100;

/// How the agency said it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Statement {
    /// In writing, with its end.
    Written,
    /// Orally, documented here.
    Oral,
}

/// What an officer enters.
#[derive(Debug, Clone)]
pub struct Suspending {
    /// Whose accounting.
    pub patient: String,
    /// The agency, exactly as the recipient of the disclosures is called.
    pub agency: String,
    /// The official who made the statement.
    pub official: String,
    /// How it was made.
    pub statement: Statement,
    /// Its end, a FHIR date or instant; an oral one without an end holds for thirty days.
    pub until: Option<String>,
    /// The disclosures: ids of AuditEvents.
    pub disclosures: Vec<String>,
}

/// A suspension, for the officer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suspension {
    /// Its id.
    pub id: String,
    /// Whose accounting.
    pub patient: String,
    /// The agency.
    pub agency: String,
    /// The official who made the statement.
    pub official: String,
    /// How it was made.
    pub statement: Statement,
    /// The officer who entered it.
    pub entered_by: String,
    /// When it was entered, microseconds since 1970.
    pub entered_us: i64,
    /// When it ends or ended.
    pub until_us: i64,
    /// The disclosures that it names.
    pub disclosures: Vec<String>,
}

/// A suspension as it is kept; the row has patient, agency and end.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct SuspensionPact {
    official: String,
    statement: Statement,
    entered_by: String,
    entered_us: i64,
    disclosures: BTreeSet<String>,
}

impl Hospital {
    /// Enters a suspension; it is in force when this returns.
    pub async fn suspend_accounting(
        &self,
        caller: &Caller,
        agent: AccessAgent,
        new: Suspending,
    ) -> Result<Suspension, HospitalError> {
        officer(caller)?;
        let now_us = self.now_us();
        for (name, value) in [("agency", &new.agency), ("official", &new.official)] {
            if value.trim().is_empty() || value.len() > NAME_BYTES_MAX {
                let text = format!("`{name}` has 1 to {NAME_BYTES_MAX} bytes");
                return Err(refused("value", text));
            }
        }
        let until_us = until_us(&new, now_us)?;
        let earlier = self.suspensions_kept(&new.patient).await?;
        if earlier.len() >= SUSPENSIONS_MAX {
            let text = format!("a patient has at most {SUSPENSIONS_MAX} suspensions");
            return Err(refused("too-costly", text));
        }
        let disclosures = self.named_disclosures(&new).await?;
        if new.statement == Statement::Oral {
            first_oral(&new.agency, &disclosures, &earlier)?;
        }
        let id: [u8; 32] = vault::random().map_err(failed)?;
        let pact = Kept {
            id: id.to_vec(),
            organisation: new.agency,
            patient: new.patient,
            until_us,
            value: SuspensionPact {
                official: new.official,
                statement: new.statement,
                entered_by: caller.username.clone(),
                entered_us: now_us,
                disclosures,
            },
        };
        self.log_suspension(agent, "suspend-accounting", &pact)
            .await?;
        self.keep_pact(PactKind::Suspension, &pact).await?;
        self.note_suspensions(&pact.patient).await?;
        Ok(told(pact))
    }

    /// The suspensions of a patient, ended ones too: the statements are kept.
    pub async fn suspensions(
        &self,
        caller: &Caller,
        agent: AccessAgent,
        patient: &str,
    ) -> Result<Vec<Suspension>, HospitalError> {
        officer(caller)?;
        if !is_id(patient) {
            return Err(refused("value", "`patient` is not an id".into()));
        }
        let access = Access::new(
            agent,
            AccessDeed::Operation("list-suspensions".into()),
            self.now_us(),
        );
        self.record_access(access).await?;
        let kept = self.suspensions_kept(patient).await?;
        let mut all: Vec<Suspension> = kept.into_iter().map(told).collect();
        all.sort_by_key(|it| it.entered_us);
        Ok(all)
    }

    /// Ends a suspension before its time: the agency no longer asks for it.
    pub async fn end_suspension(
        &self,
        caller: &Caller,
        agent: AccessAgent,
        id: &str,
    ) -> Result<Suspension, HospitalError> {
        officer(caller)?;
        let absent = || HospitalError::Absent("a suspension of this id that is in force".into());
        let id: proof::Digest = id.parse().map_err(|_| absent())?;
        let mut pact = self
            .pact::<SuspensionPact>(PactKind::Suspension, &id.0)
            .await?
            .ok_or_else(absent)?;
        self.log_suspension(agent, "end-suspension", &pact).await?;
        pact.until_us = self.now_us();
        self.keep_pact(PactKind::Suspension, &pact).await?;
        self.note_suspensions(&pact.patient).await?;
        Ok(told(pact))
    }

    /// A suspension in force under which a disclosure to this agency is recorded.
    pub(crate) async fn suspension_for(
        &self,
        id: &str,
        patient: &str,
        agency: &str,
    ) -> Result<String, HospitalError> {
        let pact = match id.parse::<proof::Digest>() {
            Ok(id) => {
                self.pact::<SuspensionPact>(PactKind::Suspension, &id.0)
                    .await?
            }
            Err(_) => None,
        };
        pact.filter(|it| it.patient == patient && it.organisation == agency)
            .map(|it| hex(&it.id))
            .ok_or_else(|| {
                let text = "no suspension of this id is in force for this patient and recipient";
                refused("business-rule", text.into())
            })
    }

    /// Reads the suspensions in force; call it once, before anybody is answered.
    pub(crate) async fn read_suspensions(&self) -> Result<(), HospitalError> {
        let all = self
            .all_pacts::<SuspensionPact>(PactKind::Suspension)
            .await?;
        let patients: BTreeSet<String> = all.into_iter().map(|it| it.patient).collect();
        for patient in patients {
            self.note_suspensions(&patient).await?;
        }
        Ok(())
    }

    /// Marks the lines that are left out of the patient's own accounting.
    pub(super) fn mark_suspended(&self, record: &crate::record::Record) -> Option<String> {
        let value: Value = serde_json::from_slice(&record.body).ok()?;
        let patients = fhir::compartment::patients(&value);
        let patients: Vec<&str> = patients.iter().map(String::as_str).collect();
        let row = SieveRow {
            type_: &record.type_,
            id: &record.id,
            version: record.version,
            patients: &patients,
            facts: &consent::facts::of(&value),
        };
        let until = self.0.withheld.until_us(&row, self.now_us())?;
        Some(instant::fhir(until))
    }

    async fn note_suspensions(&self, patient: &str) -> Result<(), HospitalError> {
        let pacts = self
            .pacts_of::<SuspensionPact>(PactKind::Suspension, patient)
            .await?;
        let standing = pacts.into_iter().map(|it| Standing {
            id: hex(&it.id),
            until_us: it.until_us,
            events: it.value.disclosures,
        });
        self.0.withheld.put(patient, standing.collect());
        Ok(())
    }

    async fn suspensions_kept(
        &self,
        patient: &str,
    ) -> Result<Vec<Kept<SuspensionPact>>, HospitalError> {
        let rows = self.0.store.pacts_of(PactKind::Suspension, patient).await?;
        rows.into_iter().map(|row| self.checked(row)).collect()
    }

    /// The disclosures that are named: each is one of this patient, and went to this agency.
    async fn named_disclosures(&self, new: &Suspending) -> Result<BTreeSet<String>, HospitalError> {
        if new.disclosures.is_empty() || new.disclosures.len() > EVENTS_MAX {
            let text = format!("a suspension names 1 to {EVENTS_MAX} disclosures");
            return Err(refused("value", text));
        }
        let absent = |id: &str| {
            let id = crate::request::clip(id);
            refused(
                "business-rule",
                format!("AuditEvent/{id} is no disclosure of this patient to this agency"),
            )
        };
        let mut named = BTreeSet::new();
        for id in &new.disclosures {
            let stored = self.0.store.current(AUDIT_EVENT, id).await?;
            let stored = stored.filter(|it| it.patients.contains(&new.patient));
            let record = self
                .current_record_of(AUDIT_EVENT, id, stored)
                .await
                .map_err(|_| absent(id))?;
            let line = line::read(&record).ok_or_else(|| absent(id))?;
            if line.recipient.as_deref() != Some(new.agency.as_str()) {
                return Err(absent(id));
            }
            named.insert(id.clone());
        }
        Ok(named)
    }

    /// In the organisation's own log, which no patient sees: it names the suspension only.
    async fn log_suspension(
        &self,
        agent: AccessAgent,
        act: &str,
        pact: &Kept<SuspensionPact>,
    ) -> Result<(), HospitalError> {
        let access = Access {
            basis: Some(hex(&pact.id)),
            ..Access::new(agent, AccessDeed::Operation(act.into()), self.now_us())
        };
        self.record_access(access).await.map(|_| ())
    }
}

fn officer(caller: &Caller) -> Result<(), HospitalError> {
    if caller.role == Role::Auditor {
        return Ok(());
    }
    Err(HospitalError::Forbidden(format!(
        "the role {} does not suspend an accounting: an auditor does",
        caller.role
    )))
}

fn until_us(new: &Suspending, now_us: i64) -> Result<i64, HospitalError> {
    let until = match &new.until {
        None => None,
        Some(text) => {
            let stretch = fhir::query::stretch(text);
            // A day is over at its end.
            let until = instant::parse_fhir(text).or(stretch.map(|(_, to)| to));
            let bad = || refused("value", "`until` is a date or an instant".into());
            Some(until.ok_or_else(bad)?)
        }
    };
    let (until, max_us, days) = match (new.statement, until) {
        (Statement::Written, None) => {
            let text = "a written statement says until when: give `until`";
            return Err(refused("required", text.into()));
        }
        (Statement::Written, Some(until)) => (until, WRITTEN_US_MAX, "six years"),
        (Statement::Oral, until) => {
            let until = until.unwrap_or(now_us + ORAL_US_MAX);
            (until, ORAL_US_MAX, "30 days")
        }
    };
    if until <= now_us || until - now_us > max_us {
        let text = format!("`until` is in the future, and at most {days} away");
        return Err(refused("value", text));
    }
    Ok(until)
}

/// Thirty days, not thirty days again and again: what was suspended orally before needs a written
/// statement.
fn first_oral(
    agency: &str,
    disclosures: &BTreeSet<String>,
    earlier: &[Kept<SuspensionPact>],
) -> Result<(), HospitalError> {
    let again = earlier.iter().any(|it| {
        it.organisation == agency
            && it.value.statement == Statement::Oral
            && !it.value.disclosures.is_disjoint(disclosures)
    });
    if again {
        let text = "an oral statement suspended one of these before: only a written one does now";
        return Err(refused("business-rule", text.into()));
    }
    Ok(())
}

fn told(pact: Kept<SuspensionPact>) -> Suspension {
    let SuspensionPact {
        official,
        statement,
        entered_by,
        entered_us,
        disclosures,
    } = pact.value;
    Suspension {
        id: hex(&pact.id),
        patient: pact.patient,
        agency: pact.organisation,
        official,
        statement,
        entered_by,
        entered_us,
        until_us: pact.until_us,
        disclosures: disclosures.into_iter().collect(),
    }
}

/// The name of a suspension.
fn hex(id: &[u8]) -> String {
    let id = <[u8; 32]>::try_from(id).unwrap_or_default();
    proof::Digest(id).to_string()
}

fn refused(code: &'static str, text: String) -> HospitalError {
    let hint = "docs/reference/reports.md says what a suspension takes";
    HospitalError::request(code, text, hint)
}
