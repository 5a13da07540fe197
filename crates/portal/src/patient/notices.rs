//! Emergency notices: who opened the record without asking, and what the patient says to it.

use axum::Router;
use axum::response::Response;
use axum::routing::get;
use maud::{Markup, html};
use serde_json::{Value, json};

use crate::Portal;
use crate::date;
use crate::form::{self, Faults};
use crate::record::{records, text};
use crate::seal;
use crate::trouble::Trouble;
use crate::visit::{Filled, Visit};

/// The routes of notices and questions.
pub(super) fn routes() -> Router<Portal> {
    Router::new()
        .route("/portal/notices", get(list))
        .route("/portal/ask", get(ask).post(send))
}

/// Codes of AuditEvent.subtype of an emergency opening (DICOM `110127`).
const OPENED: &str = "110127";

/// `GET /portal/notices`
async fn list(visit: Visit) -> Result<Response, Trouble> {
    let patient = visit.patient()?;
    let query = hospital::pairs::encode(&[
        ("patient".into(), patient.to_owned()),
        ("subtype".into(), OPENED.into()),
        ("_count".into(), "50".into()),
        ("_sort".into(), "-date".into()),
    ]);
    let found = visit.get(&format!("/fhir/AuditEvent?{query}")).await?;
    let said = visit.get("/questions?state=all&count=100").await?;
    let title = visit.say("more-notices");
    let events: Vec<&Value> = records(&found).collect();
    let content = html! {
        p.back { a href="/portal/more" { (visit.say("more-back")) } }
        h1 { (title) }
        p.lead { (visit.say("notices-lead")) }
        @if events.is_empty() { p { (visit.say("notices-none")) } }
        ul.cards {
            @for event in &events { li { (notice(&visit, event, &said)) } }
        }
        h2 { (visit.say("questions-own")) }
        (questions(&visit, &said))
    };
    Ok(visit.page(&title, &content))
}

fn notice(visit: &Visit, event: &Value, said: &Value) -> Markup {
    let id = text(event, "/id");
    let about = format!("AuditEvent/{id}");
    let all = said["questions"].as_array().map_or(&[][..], Vec::as_slice);
    let answered: Vec<&Value> = all
        .iter()
        .filter(|it| it["about"] == about.as_str())
        .collect();
    let agents = event["agent"].as_array().map_or(&[][..], Vec::as_slice);
    let who = agents
        .iter()
        .find(|agent| agent["type"]["coding"][0]["code"] == "110152")
        .map_or("", |agent| text(agent, "/who/identifier/value"));
    html! {
        h2 { (visit.tell("notices-opened", &[("who", who)])) }
        p { (date::stamp(visit.language, text(event, "/recorded"))) }
        p { (visit.say("notices-review")) }
        (seal::seal(visit.language, "AuditEvent", id, text(event, "/meta/versionId")))
        div.answers {
            // Oldest first, as it was said.
            @for one in answered.iter().rev() {
                p.tag { (visit.say(&format!("question-{}", text(one, "/kind")))) }
            }
            @if answered.is_empty() {
                (form::button(visit, "/portal/ask", "second", &visit.say("notices-acknowledge"),
                    &[("about", &about), ("kind", "acknowledge")]))
            }
            // Who has seen it may find later that it was not right.
            @if !answered.iter().any(|one| one["kind"] == "contest") {
                p { a.button.second href={ "/portal/ask?kind=contest&about=" (about) } {
                    (visit.say("notices-contest")) } }
            }
        }
    }
}

fn questions(visit: &Visit, said: &Value) -> Markup {
    let all = said["questions"].as_array().map_or(&[][..], Vec::as_slice);
    let asked: Vec<&Value> = all
        .iter()
        .filter(|it| it["kind"] != "acknowledge")
        .collect();
    html! {
        @if asked.is_empty() { p { (visit.say("questions-none")) } }
        @else {
            ul.lines {
                @for one in asked {
                    li { div.item {
                        p.kind { (visit.say(&format!("question-{}", text(one, "/kind")))) " · "
                            (date::stamp(visit.language, text(one, "/asked"))) }
                        p.title { (text(one, "/text")) }
                        @if one["answer"].is_object() {
                            p.value { strong { (visit.say("questions-answer")) ": " }
                                (text(one, "/answer/text")) }
                        } @else { p.tag { (visit.say("questions-open")) } }
                    } }
                }
            }
        }
    }
}

/// `GET /portal/ask?kind=why|contest&about=AuditEvent/...`
async fn ask(visit: Visit) -> Result<Response, Trouble> {
    visit.patient()?;
    let (kind, about) = (visit.query("kind"), visit.query("about"));
    if !well(&kind, &about) {
        return Err(visit.absent());
    }
    Ok(asked(&visit, &kind, &about, "", &Faults::default()))
}

/// Whether a form or an address names something that can be asked about.
fn well(kind: &str, about: &str) -> bool {
    let id = about.strip_prefix("AuditEvent/").unwrap_or("");
    matches!(kind, "why" | "contest" | "acknowledge") && hospital::request::is_id(id)
}

fn asked(visit: &Visit, kind: &str, about: &str, typed: &str, faults: &Faults) -> Response {
    let title = visit.say(&format!("ask-{kind}"));
    let (back, words) = if kind == "contest" {
        ("/portal/notices", "ask-back-notices")
    } else {
        ("/portal/accesses", "ask-back")
    };
    let content = html! {
        p.back { a href=(back) { (visit.say(words)) } }
        (faults.summary(visit))
        h1 { (title) }
        p.lead { (visit.say(&format!("ask-{kind}-hint"))) }
        (form::form(visit, "/portal/ask", &html! {
            input type="hidden" name="kind" value=(kind);
            input type="hidden" name="about" value=(about);
            (form::area("text", &visit.say("ask-text"), &visit.say("ask-text-hint"), typed, faults))
            button type="submit" { (visit.say("ask-send")) }
        }))
    };
    visit.page(&title, &content)
}

/// `POST /portal/ask`
async fn send(filled: Filled) -> Result<Response, Trouble> {
    let visit = &filled.visit;
    visit.patient()?;
    let (kind, about, typed) = (filled.get("kind"), filled.get("about"), filled.get("text"));
    if !well(kind, about) {
        return Err(visit.absent());
    }
    let mut faults = Faults::default();
    if kind != "acknowledge" && typed.is_empty() {
        faults.add("text", visit.say("ask-fault-text"));
    }
    if typed.len() > 2_000 {
        faults.add("text", visit.say("ask-fault-long"));
    }
    if !faults.is_empty() {
        return Ok(asked(visit, kind, about, typed, &faults));
    }
    let mut body = json!({ "about": about, "kind": kind });
    if !typed.is_empty() {
        body["text"] = typed.into();
    }
    match visit.post("/questions", &body).await {
        Ok(_) => Ok(Visit::go("/portal/notices")),
        Err(trouble) => match trouble.words() {
            Some(words) => {
                faults.add("text", words.to_owned());
                Ok(asked(visit, kind, about, typed, &faults))
            }
            None => Err(trouble),
        },
    }
}
