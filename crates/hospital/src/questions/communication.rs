//! Questions and answers as FHIR R4 Communications.

use serde_json::{Value, json};

use super::{Question, QuestionAnswer, QuestionKind};
use crate::own::QUESTION;
use crate::record::Record;

/// The code of an answer, beside those of questions.
pub(super) const ANSWER: &str = "answer";
/// Names an opening, which is no record.
const OPENING: &str = "urn:salus:opening";
const USER: &str = "urn:salus:user";

fn identified(system: &str, value: &str) -> Value {
    json!({ "identifier": { "system": system, "value": value } })
}

fn categorised(code: &str) -> Value {
    json!([{ "coding": [{ "system": QUESTION, "code": code }] }])
}

/// What a question is known by: the same about the same is not asked twice at a time.
pub(super) fn subject_of(kind: QuestionKind, about: &str) -> String {
    format!("{}/{about}", kind.name())
}

/// The record of a question.
pub(super) fn of_question(question: &Question, organisation: &str) -> Value {
    let patient = json!({ "reference": format!("Patient/{}", question.patient) });
    let about = if question.about.contains('/') {
        json!({ "reference": question.about })
    } else {
        identified(OPENING, &question.about)
    };
    let sender = question
        .by
        .as_ref()
        .map_or_else(|| patient.clone(), |user| identified(USER, user));
    let mut record = json!({
        "resourceType": "Communication",
        "id": question.id,
        "identifier": [{
            "system": QUESTION, "value": subject_of(question.kind, &question.about)
        }],
        "status": if question.open { "in-progress" } else { "completed" },
        "category": categorised(question.kind.name()),
        "subject": patient,
        "about": [about],
        "sent": question.asked,
        "recipient": [identified("urn:salus:organisation", organisation)],
        "sender": sender,
    });
    if let Some(text) = &question.text {
        record["payload"] = json!([{ "contentString": text }]);
    }
    record
}

/// The record of an answer.
pub(super) fn of_answer(question: &Question, answer: &QuestionAnswer) -> Value {
    let patient = json!({ "reference": format!("Patient/{}", question.patient) });
    let asked = json!([{ "reference": format!("Communication/{}", question.id) }]);
    json!({
        "resourceType": "Communication",
        "id": answer.id,
        // `in-response-to` is no search parameter of R4, `part-of` is.
        "partOf": asked, "inResponseTo": asked,
        "status": "completed",
        "category": categorised(ANSWER),
        "subject": patient,
        "sent": answer.answered,
        "recipient": [patient],
        "sender": identified(USER, &answer.by),
        "payload": [{ "contentString": answer.text }],
    })
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

/// The code of ours that a Communication has.
fn category(value: &Value) -> Option<&str> {
    let coding = &value["category"][0]["coding"][0];
    coding["code"]
        .as_str()
        .filter(|_| coding["system"] == QUESTION)
}

/// Reads a question; `None`: it is none.
pub(super) fn question(record: &Record) -> Option<Question> {
    let value: Value = serde_json::from_slice(&record.body).ok()?;
    let kind = QuestionKind::parse(category(&value)?)?;
    let about = &value["about"][0];
    let patient = value["subject"]["reference"].as_str()?;
    Some(Question {
        id: record.id.clone(),
        patient: patient.strip_prefix("Patient/")?.to_owned(),
        about: text(&about["reference"]).or_else(|| text(&about["identifier"]["value"]))?,
        kind,
        text: text(&value["payload"][0]["contentString"]),
        asked: text(&value["sent"])?,
        by: text(&value["sender"]["identifier"]["value"]),
        open: value["status"] == "in-progress",
        answer: None,
    })
}

/// Reads an answer with the id of its question; `None`: it is none.
pub(super) fn answer(record: &Record) -> Option<(String, QuestionAnswer)> {
    let value: Value = serde_json::from_slice(&record.body).ok()?;
    category(&value).filter(|code| *code == ANSWER)?;
    let asked = value["inResponseTo"][0]["reference"].as_str()?;
    let answer = QuestionAnswer {
        id: record.id.clone(),
        text: text(&value["payload"][0]["contentString"])?,
        answered: text(&value["sent"])?,
        by: text(&value["sender"]["identifier"]["value"])?,
    };
    Some((asked.strip_prefix("Communication/")?.to_owned(), answer))
}
