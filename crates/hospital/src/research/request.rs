//! What a request for a dataset is: a Task of the organisation, each step a version of it.

use fhir::json::Limits;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::cohort::Cohort;
use crate::error::HospitalError;
use crate::own::RESEARCH;
use crate::record::Record;

/// The type that a request is a record of.
pub(super) const TASK: &str = "Task";
const USER: &str = "urn:salus:user";
const REQUEST: &str = "request";
const APPROVAL: &str = "approval";
const COHORT: &str = "cohort";
const ELEMENT: &str = "element";

/// What of a record a dataset may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Element {
    /// Conditions.
    Condition,
    /// Observations.
    Observation,
    /// Prescriptions.
    Medication,
    /// Procedures.
    Procedure,
    /// Immunizations.
    Immunization,
}

impl Element {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Condition,
        Self::Observation,
        Self::Medication,
        Self::Procedure,
        Self::Immunization,
    ];

    /// The word in requests and rows.
    pub fn word(self) -> &'static str {
        match self {
            Self::Condition => "condition",
            Self::Observation => "observation",
            Self::Medication => "medication",
            Self::Procedure => "procedure",
            Self::Immunization => "immunization",
        }
    }

    /// The type of the records.
    pub(super) fn type_(self) -> &'static str {
        match self {
            Self::Condition => "Condition",
            Self::Observation => "Observation",
            Self::Medication => "MedicationRequest",
            Self::Procedure => "Procedure",
            Self::Immunization => "Immunization",
        }
    }

    fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.word() == word)
    }
}

/// A request to be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewStudy {
    /// What for, in words that patients will read.
    pub purpose: String,
    /// The protocol, and who approved it: the reference of an ethics committee.
    pub approval: String,
    /// Of whom.
    pub cohort: Cohort,
    /// What of them, beside sex and age.
    pub elements: Vec<Element>,
}

/// Where a request stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StudyState {
    /// A privacy officer is to decide.
    Asked,
    /// The dataset can be had.
    Approved,
    /// It cannot.
    Refused,
}

impl StudyState {
    const ALL: [Self; 3] = [Self::Asked, Self::Approved, Self::Refused];

    /// The word in answers.
    pub fn word(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Approved => "approved",
            Self::Refused => "refused",
        }
    }

    /// The status of the Task. FHIR R4 task-status.
    pub(super) fn status(self) -> &'static str {
        match self {
            Self::Asked => "requested",
            Self::Approved => "accepted",
            Self::Refused => "rejected",
        }
    }
}

/// What the privacy officer said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StudyDecided {
    /// Who.
    pub by: String,
    /// When, a FHIR instant.
    pub at: String,
    /// Why.
    pub text: String,
}

/// A request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Study {
    /// The id of its Task.
    pub id: String,
    /// The version of the Task.
    pub version: u64,
    /// The researcher.
    pub by: String,
    /// When it was asked, a FHIR instant.
    pub asked: String,
    /// What is asked.
    pub of: NewStudy,
    /// Where it stands.
    pub state: StudyState,
    /// The decision, if there is one.
    pub decided: Option<StudyDecided>,
}

/// Some requests, and where the next ones begin.
#[derive(Debug, Clone, Default)]
pub struct StudyPage {
    /// They, the newest first.
    pub requests: Vec<Study>,
    /// Where it goes on.
    pub next: Option<String>,
}

impl Study {
    /// The record of a request.
    pub(super) fn record(&self) -> Result<Value, HospitalError> {
        let input = |code: &str, text: &str| {
            json!({ "type": { "coding": [{ "system": RESEARCH, "code": code }] },
                "valueString": text })
        };
        let cohort = serde_json::to_string(&self.of.cohort)
            .map_err(|_| HospitalError::Internal("a cohort does not print".into()))?;
        let mut inputs = vec![input(APPROVAL, &self.of.approval), input(COHORT, &cohort)];
        inputs.extend(self.of.elements.iter().map(|it| input(ELEMENT, it.word())));
        Ok(json!({
            "resourceType": TASK,
            "id": self.id,
            "identifier": [{ "system": RESEARCH, "value": self.id }],
            "status": self.state.status(),
            "intent": "proposal",
            "code": { "coding": [{ "system": RESEARCH, "code": REQUEST }] },
            "description": self.of.purpose,
            "authoredOn": self.asked,
            "requester": { "identifier": { "system": USER, "value": self.by } },
            "input": inputs,
        }))
    }

    /// The request of a record; `None`: it is none.
    pub(super) fn read(record: &Record) -> Option<Self> {
        let value = fhir::json::parse(&record.body, Limits::default()).ok()?;
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let coding = &value["code"]["coding"][0];
        let is_own = coding["system"] == RESEARCH && coding["code"] == REQUEST;
        let inputs = value["input"].as_array().filter(|_| is_own)?;
        let of = |code: &str| {
            let named = inputs.iter();
            let named = named.filter(move |it| it["type"]["coding"][0]["code"] == *code);
            named.filter_map(|it| it["valueString"].as_str()).collect()
        };
        let (approval, cohort): (Vec<&str>, Vec<&str>) = (of(APPROVAL), of(COHORT));
        let elements: Vec<&str> = of(ELEMENT);
        let status = value["status"].as_str()?;
        let note = &value["note"][0];
        let decided = note.is_object().then(|| {
            Some(StudyDecided {
                by: text(&note["authorString"])?,
                at: text(&note["time"])?,
                text: text(&note["text"])?,
            })
        });
        Some(Self {
            id: record.id.clone(),
            version: record.version,
            by: text(&value["requester"]["identifier"]["value"])?,
            asked: text(&value["authoredOn"])?,
            of: NewStudy {
                purpose: text(&value["description"])?,
                approval: (*approval.first()?).to_owned(),
                cohort: serde_json::from_str(cohort.first()?).ok()?,
                elements: elements
                    .into_iter()
                    .map(Element::of_word)
                    .collect::<Option<_>>()?,
            },
            state: StudyState::ALL
                .into_iter()
                .find(|it| it.status() == status)?,
            decided: decided.flatten(),
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;
    use bytes::Bytes;
    use store::Method;

    #[test]
    fn a_request_is_valid_r4_and_reads_back_whole() {
        let study = Study {
            id: "a".into(),
            version: 1,
            by: "eve".into(),
            asked: "2026-11-02T09:00:00.000Z".into(),
            of: NewStudy {
                purpose: "Does it help?\nOr not?".into(),
                approval: "EK 2026/14".into(),
                cohort: serde_json::from_value(json!({ "sex": "female" })).unwrap(),
                elements: vec![Element::Condition, Element::Observation],
            },
            state: StudyState::Asked,
            decided: None,
        };
        let value = study.record().unwrap();
        crate::draft::validated(&value, TASK).unwrap();
        let record = |value: &Value| Record {
            type_: TASK.into(),
            id: "a".into(),
            version: 1,
            updated_us: 0,
            method: Method::Post,
            body: Bytes::from(value.to_string()),
            patients: Vec::new(),
        };
        assert_eq!(Study::read(&record(&value)).unwrap(), study);
        let mut other = value.clone();
        other["code"]["coding"][0]["system"] = "urn:else".into();
        assert_eq!(Study::read(&record(&other)), None);
        let facts = consent::facts::Facts::from_bytes(&consent::facts::of(&value)).unwrap();
        assert!(crate::own::is_own(&facts), "only its act writes it");
    }
}
