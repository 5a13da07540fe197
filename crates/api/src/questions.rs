//! `/questions`: what patients ask about accesses, and what the privacy officer answers.

use axum::extract::{Path, Query, Request, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;
use hospital::{Asking, HospitalError, Question, QuestionKind, QuestionState};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::error::ApiError;
use crate::fhir::agent;
use crate::outcome::{problem, respond};
use crate::state::Door;

/// Largest form: the longest text, each letter escaped.
const FORM_BYTES_MAX: usize = 32 << 10;
const HINT: &str = "docs/reference/questions.md shows each form";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AskForm {
    about: String,
    kind: String,
    text: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AnswerForm {
    text: String,
}

/// `?state=&count=&after=`
#[derive(Deserialize)]
pub(crate) struct Asked {
    state: Option<String>,
    count: Option<u32>,
    after: Option<String>,
}

/// `POST /questions`
pub(crate) async fn ask(State(door): State<Door>, request: Request) -> Response {
    let asked = async {
        let (parts, body) = request.into_parts();
        let caller = door.acting(&parts.headers).await?;
        crate::access::allow_person(&caller)?;
        let expected = "the body takes about, kind and text";
        let form: AskForm = door
            .form(&parts.headers, body, FORM_BYTES_MAX, expected, HINT)
            .await?;
        let kind = QuestionKind::parse(&form.kind);
        let asking = Asking {
            kind: kind.ok_or_else(|| unusable("`kind` is why, contest or acknowledge"))?,
            about: form.about,
            text: form.text,
        };
        let agent = agent(&caller, &parts);
        Ok(told(&door.hospital().ask(&caller, agent, asking).await?))
    };
    answered(StatusCode::CREATED, asked.await)
}

/// `GET /questions`
pub(crate) async fn list(
    State(door): State<Door>,
    Query(asked): Query<Asked>,
    parts: Parts,
) -> Response {
    let listed = async {
        let caller = door.acting(&parts.headers).await?;
        crate::access::allow_person(&caller)?;
        let state = match asked.state.as_deref() {
            None | Some("all") => QuestionState::All,
            Some("open") => QuestionState::Open,
            Some("answered") => QuestionState::Answered,
            Some(_) => return Err(unusable("`state` is open, answered or all").into()),
        };
        let agent = agent(&caller, &parts);
        let page = door
            .hospital()
            .asked_questions(&caller, agent, state, asked.count, asked.after)
            .await?;
        let questions: Vec<Value> = page.questions.iter().map(told).collect();
        Ok(json!({ "questions": questions, "next": page.next }))
    };
    answered(StatusCode::OK, listed.await)
}

/// `POST /questions/{id}/answer`
pub(crate) async fn answer(
    State(door): State<Door>,
    Path(id): Path<String>,
    request: Request,
) -> Response {
    let said = async {
        let (parts, body) = request.into_parts();
        let caller = door.person(&parts.headers)?;
        let expected = "the body takes text";
        let form: AnswerForm = door
            .form(&parts.headers, body, FORM_BYTES_MAX, expected, HINT)
            .await?;
        let agent = agent(&caller, &parts);
        let said = door
            .hospital()
            .answer_question(&caller, agent, &id, &form.text);
        Ok(told(&said.await?))
    };
    answered(StatusCode::CREATED, said.await)
}

fn told(it: &Question) -> Value {
    let answer = it.answer.as_ref().map(|answer| {
        json!({
            "id": answer.id, "text": answer.text, "answered": answer.answered, "by": answer.by,
        })
    });
    json!({
        "id": it.id,
        "patient": it.patient,
        "about": it.about,
        "kind": it.kind.name(),
        "text": it.text,
        "asked": it.asked,
        "by": it.by,
        "open": it.open,
        "answer": answer,
    })
}

fn unusable(text: &str) -> HospitalError {
    HospitalError::request("value", text, HINT)
}

fn answered(status: StatusCode, answer: Result<Value, ApiError>) -> Response {
    match answer {
        Ok(body) => respond(status, "application/json", body.to_string()),
        Err(error) => problem(&error),
    }
}
