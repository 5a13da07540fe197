//! A patient asks about an access, contests an opening, or acknowledges a notice.

use serde_json::Value;

use super::communication;
use super::{Asking, QUESTION_TEXT_MAX, QUESTIONS_OPEN_MAX, Question, QuestionKind};
use crate::access_log::{AUDIT_EVENT, Access, AccessAgent, AccessDeed, logged};
use crate::admit::new_id;
use crate::caller::{Caller, Role};
use crate::error::HospitalError;
use crate::instant;
use crate::own::{self, QUESTION};
use crate::pairs::Pairs;
use crate::record::Record;
use crate::request::{clip, is_id};
use crate::search::SearchPage;
use crate::setup::Hospital;

/// Questions and acknowledgements of one patient in a day.
const DAY_MAX: u64 = 200;
const DAY_US: i64 = 86_400 * 1_000_000;
/// DICOM: an emergency override started.
const OVERRIDE: &str = "110127";
const COMMUNICATION: &str = "Communication";

impl Hospital {
    /// Asks. Only the patient does, or who acts for the patient, and only about what the patient
    /// sees; anything else is absent. An acknowledgement that was given is answered again.
    pub async fn ask(
        &self,
        caller: &Caller,
        agent: AccessAgent,
        asking: Asking,
    ) -> Result<Question, HospitalError> {
        let patient = match (caller.role, &caller.patient) {
            (Role::Patient, Some(patient)) => patient.clone(),
            (role, _) => {
                let text = format!("the role {role} does not ask: a patient does");
                return Err(HospitalError::Forbidden(text));
            }
        };
        let text = asking.text.as_deref();
        let text = text.map(|text| own::text(text, QUESTION_TEXT_MAX));
        let text = text.transpose()?;
        let about = self
            .asked_about(caller, &patient, asking.kind, &asking.about)
            .await?;
        // Counted and stored by one at a time, or a bound would not be one.
        let _alone = self.0.asking.lock().await;
        if let Some(before) = self.asked_before(&patient, asking.kind, &about).await? {
            return Ok(before);
        }
        let now_us = self.now_us();
        self.within_bounds(&patient, asking.kind, now_us).await?;
        let question = Question {
            id: new_id()?,
            patient: patient.clone(),
            about,
            kind: asking.kind,
            text,
            asked: instant::fhir(instant::floor_ms(now_us)),
            by: caller.acting.as_ref().map(|_| caller.username.clone()),
            open: asking.kind != QuestionKind::Acknowledge,
            answer: None,
        };
        let record = communication::of_question(&question, &self.0.organisation);
        let draft = self.own_draft(COMMUNICATION, record).await?;
        let access = Access {
            patient: Some(patient),
            ..Access::new(agent, AccessDeed::Create, now_us)
        };
        let (stored, _) = logged(access, self.store_acted(vec![draft], &[])).await;
        stored??;
        Ok(question)
    }

    /// What a question is about, if the patient sees it.
    async fn asked_about(
        &self,
        caller: &Caller,
        patient: &str,
        kind: QuestionKind,
        about: &str,
    ) -> Result<String, HospitalError> {
        let absent = || HospitalError::Absent(clip(about));
        // Reports name the one version that an event has.
        let about = about.split("/_history/").next().unwrap_or(about);
        let (type_, id) = about.split_once('/').unwrap_or(("", about));
        let type_ = match type_ {
            AUDIT_EVENT => AUDIT_EVENT,
            COMMUNICATION if kind == QuestionKind::Acknowledge => COMMUNICATION,
            "" => {
                let glass = id.parse().map_err(|_| absent())?;
                let whose = self.opened_patient(&glass).await?;
                whose.filter(|it| it == patient).ok_or_else(absent)?;
                return Ok(id.to_owned());
            }
            _ => return Err(absent()),
        };
        if !is_id(id) {
            return Err(absent());
        }
        let record = self.read(caller, type_, id).await.map_err(|error| {
            let gone = matches!(error, HospitalError::Gone { .. });
            if gone { absent() } else { error }
        })?;
        if kind == QuestionKind::Contest && !is_opening(&record) {
            return Err(HospitalError::request(
                "business-rule",
                "only a break-glass opening is contested",
                "ask `why` about any other access",
            ));
        }
        Ok(about.to_owned())
    }

    /// The acknowledgement that was given, or the question that is open, about the same.
    async fn asked_before(
        &self,
        patient: &str,
        kind: QuestionKind,
        about: &str,
    ) -> Result<Option<Question>, HospitalError> {
        let named = communication::subject_of(kind, about);
        let mut pairs = vec![pair("identifier", format!("{QUESTION}|{named}"))];
        if kind != QuestionKind::Acknowledge {
            pairs.push(pair("status", "in-progress"));
        }
        pairs.push(pair("_count", "1"));
        let found = self.own_communications(patient, pairs).await?;
        let found = found.matches.iter().find_map(communication::question);
        match found {
            Some(_) if kind != QuestionKind::Acknowledge => Err(HospitalError::request(
                "conflict",
                "you asked this, and the answer is not there yet",
                "GET /questions lists what you asked",
            )),
            found => Ok(found),
        }
    }

    async fn within_bounds(
        &self,
        patient: &str,
        kind: QuestionKind,
        now_us: i64,
    ) -> Result<(), HospitalError> {
        let categories = QuestionKind::ALL.map(|kind| format!("{QUESTION}|{}", kind.name()));
        let since = format!("ge{}", instant::fhir(now_us - DAY_US));
        let counted = |name: &str, value: String| {
            let all = vec![
                pair("category", categories.join(",")),
                pair(name, value),
                pair("_count", "0"),
            ];
            self.own_communications(patient, all)
        };
        let today = counted("sent", since).await?.total;
        if today.unwrap_or(0) >= DAY_MAX {
            return Err(too_many(&format!("{DAY_MAX} in a day"), "go on tomorrow"));
        }
        let open = counted("status", "in-progress".into()).await?.total;
        if kind != QuestionKind::Acknowledge && open.unwrap_or(0) >= QUESTIONS_OPEN_MAX {
            let text = format!("{QUESTIONS_OPEN_MAX} that wait for an answer");
            return Err(too_many(&text, "wait until one is answered"));
        }
        Ok(())
    }

    async fn own_communications(
        &self,
        patient: &str,
        pairs: Pairs,
    ) -> Result<SearchPage, HospitalError> {
        let caller = Caller::new("", Role::System, Some(patient.to_owned()));
        self.search(&caller, COMMUNICATION, pairs, true).await
    }
}

pub(super) fn pair(name: &str, value: impl Into<String>) -> (String, String) {
    (name.to_owned(), value.into())
}

fn too_many(bound: &str, hint: &'static str) -> HospitalError {
    let text = format!("a patient has at most {bound} questions");
    HospitalError::request("too-costly", text, hint)
}

/// Whether an event is one of an opening.
fn is_opening(event: &Record) -> bool {
    let event: Value = serde_json::from_slice(&event.body).unwrap_or_default();
    let subtypes = event["subtype"].as_array().into_iter().flatten();
    subtypes.into_iter().any(|it| it["code"] == OVERRIDE)
}
