//! Records that an act of this node writes, and nobody by the general interface: questions of
//! patients with their answers, requests for access, rows, signatures and queries of trials, and
//! requests and datasets of research.
//!
//! A page shows them as said by whom they name. Anybody who may write a Communication could
//! otherwise put words into the mouth of a patient, or of the privacy officer. They are known by
//! the system of a code. They stay between the patient and this organisation: no other one reads
//! them.

use consent::facts::Facts;
use fhir::search::IndexValue;
use serde_json::{Map, Value};
use store::{Method, Stored};

use crate::draft::{Draft, Stamp};
use crate::error::HospitalError;
use crate::setup::Hospital;

/// Questions of patients, and their answers.
pub(crate) const QUESTION: &str = "urn:salus:question";
/// Requests of other organisations for access, and those sent to others.
pub(crate) const ACCESS_REQUEST: &str = "urn:salus:access-request";
/// Rows, signatures and queries of trials. Each trial has a system of its own behind it.
pub(crate) const TRIAL_ROW: &str = "urn:salus:trial";
/// Requests for research, and the commitments to datasets.
pub(crate) const RESEARCH: &str = "urn:salus:research";
const SYSTEMS: [&str; 4] = [QUESTION, ACCESS_REQUEST, TRIAL_ROW, RESEARCH];

/// Refuses drafts that somebody else made.
pub(crate) fn refuse_drafts(drafts: &[Draft]) -> Result<(), HospitalError> {
    let own = |draft: &Draft| {
        draft.index.iter().any(|entry| match &entry.value {
            IndexValue::Token {
                system: Some(system),
                ..
            } => SYSTEMS.contains(&system.as_str()) || is_of_a_trial(system),
            _ => false,
        })
    };
    if drafts.iter().any(own) {
        return Err(refused());
    }
    Ok(())
}

/// Whether it is the system of one trial: what carries it is found among its rows, signatures and
/// queries.
fn is_of_a_trial(system: &str) -> bool {
    let rest = system.strip_prefix(TRIAL_ROW);
    rest.is_some_and(|it| it.starts_with(':'))
}

/// Refuses to change or delete one.
pub(crate) fn refuse_change(stored: &Stored) -> Result<(), HospitalError> {
    match Facts::from_bytes(&stored.facts) {
        Ok(facts) if is_own(&facts) => Err(refused()),
        _ => Ok(()),
    }
}

/// Whether a record is one of these. They have few codes: all of them are in their facts. A row has
/// none, and a label instead.
pub(crate) fn is_own(facts: &Facts) -> bool {
    SYSTEMS
        .iter()
        .any(|system| facts.holds_code_of(system) || facts.holds_label_of(system))
}

fn refused() -> HospitalError {
    HospitalError::request(
        "forbidden",
        "questions, answers, requests for access, rows, signatures and queries of trials, and what \
         is asked and released for research are written by their own acts alone",
        "use /questions, /sharing/requests, /trials and /research: docs/reference/http.md",
    )
}

impl Hospital {
    /// The next version of a record of these, changed.
    pub(crate) async fn changed_own(
        &self,
        type_: &'static str,
        stored: Stored,
        change: impl FnOnce(&mut Map<String, Value>),
    ) -> Result<Draft, HospitalError> {
        let stamp = Stamp::after(type_, &stored, self.now_us(), Method::Put);
        let record = self.opened(stored).await?.record;
        let mut value: Value = serde_json::from_slice(&record.body)
            .map_err(|_| HospitalError::Internal("a stored record is no JSON".into()))?;
        if let Value::Object(fields) = &mut value {
            change(fields);
        }
        Ok(self.redrafted(value, stamp).await?.1)
    }
}

/// A text that a person wrote, within its bound.
pub(crate) fn text(given: &str, letters_max: usize) -> Result<String, HospitalError> {
    let kept = given.trim();
    let plain = |letter: char| !letter.is_control() || matches!(letter, '\n' | '\r' | '\t');
    if !kept.is_empty() && kept.chars().count() <= letters_max && kept.chars().all(plain) {
        return Ok(kept.to_owned());
    }
    Err(HospitalError::request(
        "value",
        format!("`text` has 1 to {letters_max} letters, and no control characters"),
        "say it shorter",
    ))
}
