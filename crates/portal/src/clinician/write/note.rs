//! A note: a DocumentReference (FHIR R4 10.9) that holds its text. A Composition would ask for
//! sections and a type of document; a note is words with an author and a time.

use axum::extract::Path;
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use maud::{Markup, html};
use serde_json::{Value, json};

use super::{now, page, store, subject, writer};
use crate::form::{self, Faults, Line};
use crate::trouble::Trouble;
use crate::visit::{Filled, Visit};

/// Longest note, in bytes: a form has 64 KiB, and signs of other alphabets travel as nine each.
const TEXT_BYTES_MAX: usize = 20_000;
/// LOINC codes of notes that people write.
const KINDS: [(&str, &str); 4] = [
    ("11506-3", "progress"),
    ("34117-2", "history"),
    ("18842-5", "discharge"),
    ("34109-9", "other"),
];

/// `GET /portal/patients/{id}/note`
pub(in crate::clinician) async fn ask(
    visit: Visit,
    Path(id): Path<String>,
) -> Result<Response, Trouble> {
    super::super::clinician_of(&visit, &id)?;
    let fields = fields(&visit, KINDS[0].0, "", "", &Faults::default());
    page(&visit, &id, "note", &Faults::default(), &fields).await
}

fn fields(visit: &Visit, kind: &str, title: &str, words: &str, faults: &Faults) -> Markup {
    let kinds: Vec<(String, String)> = KINDS
        .iter()
        .map(|(code, name)| ((*code).to_owned(), visit.say(&format!("note-kind-{name}"))))
        .collect();
    html! {
        (form::select("kind", &visit.say("note-kind"), &kinds, kind, faults))
        (Line {
            name: "title",
            kind: "text",
            label: visit.say("note-title"),
            hint: visit.say("note-title-hint"),
            value: title,
            autocomplete: "off",
        }.show(faults))
        (form::area("words", &visit.say("note-words"), &visit.say("note-words-hint"), words,
            faults))
    }
}

/// `POST /portal/patients/{id}/note`
pub(in crate::clinician) async fn save(
    Path(id): Path<String>,
    filled: Filled,
) -> Result<Response, Trouble> {
    let visit = &filled.visit;
    super::super::clinician_of(visit, &id)?;
    let (kind, title, words) = (filled.get("kind"), filled.get("title"), filled.get("words"));
    let mut faults = Faults::default();
    if !KINDS.iter().any(|(code, _)| *code == kind) {
        faults.add("kind", visit.say("note-fault-kind"));
    }
    if title.len() > 200 {
        faults.add("title", visit.say("note-fault-title"));
    }
    if words.is_empty() || words.len() > TEXT_BYTES_MAX {
        faults.add("words", visit.say("note-fault-words"));
    }
    if faults.is_empty() {
        let resource = document(visit, &id, kind, title, words);
        match store(visit, &id, &resource).await? {
            Ok(response) => return Ok(response),
            Err(refused) => faults.add("", refused),
        }
    }
    let fields = fields(visit, kind, title, words, &faults);
    page(visit, &id, "note", &faults, &fields).await
}

fn document(visit: &Visit, id: &str, kind: &str, title: &str, words: &str) -> Value {
    let name = KINDS
        .iter()
        .find(|(code, _)| *code == kind)
        .map_or("", |(_, name)| *name);
    let now = now(visit);
    let mut attachment = json!({
        "contentType": "text/plain; charset=utf-8",
        "language": visit.language.tag(),
        // A browser sends the ends of lines as two signs.
        "data": STANDARD.encode(words.replace("\r\n", "\n")),
        "creation": now,
    });
    let mut resource = json!({
        "resourceType": "DocumentReference",
        "status": "current",
        "docStatus": "final",
        "type": {
            "coding": [{ "system": "http://loinc.org", "code": kind }],
            "text": visit.say(&format!("note-kind-{name}")),
        },
        "category": [{ "coding": [{
            "system": "http://hl7.org/fhir/us/core/CodeSystem/us-core-documentreference-category",
            "code": "clinical-note" }] }],
        "subject": subject(id),
        "date": now,
        "author": [writer(visit)],
    });
    if !title.is_empty() {
        attachment["title"] = json!(title);
        resource["description"] = json!(title);
    }
    resource["content"] = json!([{ "attachment": attachment }]);
    resource
}
