//! The privacy officer answers a question.

use super::communication;
use super::{QUESTION_TEXT_MAX, Question, QuestionAnswer, QuestionKind};
use crate::access_log::{Access, AccessAgent, AccessDeed, logged};
use crate::admit::new_id;
use crate::caller::{Caller, Role};
use crate::error::HospitalError;
use crate::instant;
use crate::own;
use crate::request::{clip, is_id};
use crate::setup::Hospital;

const COMMUNICATION: &str = "Communication";

impl Hospital {
    /// Answers a question once: the answer, and the question that waits no longer, in one commit.
    pub async fn answer_question(
        &self,
        caller: &Caller,
        agent: AccessAgent,
        id: &str,
        text: &str,
    ) -> Result<Question, HospitalError> {
        officer(caller)?;
        let text = own::text(text, QUESTION_TEXT_MAX)?;
        let absent = || HospitalError::Absent(format!("question {}", clip(id)));
        if !is_id(id) {
            return Err(absent());
        }
        let _alone = self.0.asking.lock().await;
        let stored = self.0.store.current(COMMUNICATION, id).await?;
        let stored = stored.filter(|it| !it.deleted()).ok_or_else(absent)?;
        let record = self.opened(stored.clone()).await?.record;
        let question = communication::question(&record)
            .filter(|it| it.kind != QuestionKind::Acknowledge)
            .ok_or_else(absent)?;
        if !question.open {
            return Err(HospitalError::request(
                "conflict",
                "the question was answered",
                "GET /questions has the answer",
            ));
        }
        let now_us = self.now_us();
        let answer = QuestionAnswer {
            id: new_id()?,
            text,
            answered: instant::fhir(instant::floor_ms(now_us)),
            by: caller.username.clone(),
        };
        let said = communication::of_answer(&question, &answer);
        let drafts = vec![
            self.changed_own(COMMUNICATION, stored, |fields| {
                fields.insert("status".into(), "completed".into());
            })
            .await?,
            self.own_draft(COMMUNICATION, said).await?,
        ];
        let deed = AccessDeed::Operation("answer-question".into());
        let access = Access::new(agent, deed, now_us);
        let (stored, _) = logged(access, self.store_acted(drafts, &[])).await;
        stored??;
        Ok(Question {
            open: false,
            answer: Some(answer),
            ..question
        })
    }
}

pub(super) fn officer(caller: &Caller) -> Result<(), HospitalError> {
    if caller.role == Role::Auditor {
        return Ok(());
    }
    Err(HospitalError::Forbidden(format!(
        "the role {} does not answer questions of patients: an auditor does",
        caller.role
    )))
}
