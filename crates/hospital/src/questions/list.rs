//! The questions with their answers: a patient's own, or all of them for the privacy officer.

use std::collections::BTreeMap;

use super::answer::officer;
use super::ask::pair;
use super::communication;
use super::{Question, QuestionAnswer, QuestionKind, QuestionPage, QuestionState};
use crate::access_log::{Access, AccessAgent, AccessDeed, Seen, events};
use crate::caller::{Caller, Role};
use crate::error::HospitalError;
use crate::own::QUESTION;
use crate::search::PAGE_TOKEN;
use crate::setup::Hospital;

/// Questions of a page, and most that may be asked for.
const DEFAULT: u32 = 50;
const MAX: u32 = 100;

impl Hospital {
    /// A page of questions. An auditor sees what has to be answered, of all patients, and nothing
    /// else of their records; a patient sees the own ones, acknowledgements included.
    pub async fn asked_questions(
        &self,
        caller: &Caller,
        agent: AccessAgent,
        state: QuestionState,
        count: Option<u32>,
        after: Option<String>,
    ) -> Result<QuestionPage, HospitalError> {
        let own = caller.role == Role::Patient;
        if !own {
            officer(caller)?;
        }
        let kinds = QuestionKind::ALL.into_iter();
        let kinds = kinds.filter(|kind| own || *kind != QuestionKind::Acknowledge);
        let kinds: Vec<String> = kinds
            .map(|it| format!("{QUESTION}|{}", it.name()))
            .collect();
        let count = count.unwrap_or(DEFAULT).clamp(1, MAX);
        let mut pairs = vec![
            pair("category", kinds.join(",")),
            pair("_revinclude", "Communication:part-of"),
            pair("_count", count.to_string()),
        ];
        match state {
            QuestionState::Open => pairs.push(pair("status", "in-progress")),
            QuestionState::Answered => pairs.push(pair("status", "completed")),
            QuestionState::All => {}
        }
        let order = match state {
            QuestionState::Open => "sent",
            _ => "-sent",
        };
        pairs.push(pair("_sort", order));
        if let Some(after) = after {
            pairs.push(pair(PAGE_TOKEN, after));
        }
        let organisation = Caller::organisation();
        let looks = if own { caller } else { &organisation };
        let found = self.search(looks, "Communication", pairs, true).await?;
        let answers = found.included.iter().filter_map(communication::answer);
        let mut answers: BTreeMap<String, QuestionAnswer> = answers.collect();
        let questions = found.matches.iter().filter_map(communication::question);
        let questions: Vec<Question> = questions
            .map(|it| Question {
                answer: answers.remove(&it.id),
                ..it
            })
            .collect();
        let shown = found.matches.iter().chain(&found.included);
        let seen: Vec<Seen> = shown.map(Seen::of).collect();
        let deed = AccessDeed::Operation("list-questions".into());
        let access = Access::new(agent, deed, self.now_us());
        let accesses = match (own, &caller.patient) {
            (true, Some(patient)) => vec![Access {
                patient: Some(patient.clone()),
                touched: seen.into_iter().map(|it| it.touched).collect(),
                ..access
            }],
            _ => events(&access, &seen, None),
        };
        self.record_accesses(accesses).await?;
        Ok(QuestionPage {
            questions,
            next: found.next,
        })
    }
}
