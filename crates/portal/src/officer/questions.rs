//! What patients ask about accesses, and the answers.

use axum::Router;
use axum::extract::Path;
use axum::response::Response;
use axum::routing::get;
use hospital::pairs;
use maud::{Markup, html};
use serde_json::{Value, json};

use super::line::{self, list};
use crate::Portal;
use crate::form::{self, Faults};
use crate::record::text;
use crate::trouble::Trouble;
use crate::visit::{Filled, Visit};
use crate::{date, seal};

/// Pages of the list that are looked through for one question.
const LOOKS_MAX: usize = 10;
/// Longest answer, in letters.
const TEXT_MAX: usize = 2_000;

pub(super) fn routes() -> Router<Portal> {
    Router::new()
        .route("/portal/questions", get(show))
        .route("/portal/questions/{id}", get(one).post(answer))
}

/// `GET /portal/questions?state=&after=`
async fn show(visit: Visit) -> Result<Response, Trouble> {
    super::officer(&visit)?;
    let state = match visit.query("state").as_str() {
        "answered" => "answered",
        _ => "open",
    };
    let found = page_of(&visit, state, &visit.query("after"), 20).await?;
    let asked = list(&found, "questions");
    let title = visit.say("way-questions");
    let other = if state == "open" { "answered" } else { "open" };
    let content = html! {
        h1 { (title) }
        p.lead { (visit.say("asked-lead")) }
        @if visit.query("done") == "1" {
            div.done role="status" { p { (visit.say("asked-done")) } }
        }
        h2 { (visit.say(&format!("asked-{state}"))) }
        p {
            a href={ "/portal/questions?state=" (other) }
            { (visit.say(&format!("asked-see-{other}"))) }
        }
        @if asked.is_empty() { p { (visit.say(&format!("asked-{state}-none"))) } }
        @else { ul.lines { @for question in asked { li { (item(&visit, question)) } } } }
        @if let Some(next) = found["next"].as_str() {
            @let query = pairs::encode(&[("state".into(), state.into()),
                ("after".into(), next.into())]);
            nav.pager aria-label=(visit.say("pager")) {
                a href={ "/portal/questions?" (query) } rel="next" { (visit.say("asked-next")) }
            }
        }
        p { a href="/portal/holds" { (visit.say("holds-title")) } }
    };
    Ok(visit.page(&title, &content))
}

async fn page_of(visit: &Visit, state: &str, after: &str, count: usize) -> Result<Value, Trouble> {
    let mut query = vec![
        ("state".to_owned(), state.to_owned()),
        ("count".to_owned(), count.to_string()),
    ];
    if !after.is_empty() {
        query.push(("after".to_owned(), after.to_owned()));
    }
    visit
        .get(&format!("/questions?{}", pairs::encode(&query)))
        .await
}

/// A question in a list.
pub(super) fn item(visit: &Visit, question: &Value) -> Markup {
    html! {
        div.item {
            p.kind {
                (line::coded(visit, "asked-kind", text(question, "/kind"))) ", "
                (date::stamp(visit.language, text(question, "/asked")))
            }
            p.title {
                a href={ "/portal/questions/" (text(question, "/id")) } {
                    @match text(question, "/text") {
                        "" => { (visit.say("asked-no-words")) }
                        words => { (shortened(words)) }
                    }
                }
            }
            p.soft { (visit.say("openings-patient")) " " code { (text(question, "/patient")) } }
        }
    }
}

/// The first line of a text, at most 120 letters of it.
fn shortened(words: &str) -> String {
    let first = words.lines().next().unwrap_or("");
    let mut short: String = first.chars().take(120).collect();
    if short.len() < words.len() {
        short.push('…');
    }
    short
}

async fn find(visit: &Visit, id: &str) -> Result<Value, Trouble> {
    for state in ["open", "all"] {
        let mut after = String::new();
        for _ in 0..LOOKS_MAX {
            let found = page_of(visit, state, &after, 100).await?;
            let named = list(&found, "questions").iter().find(|it| it["id"] == id);
            if let Some(one) = named {
                return Ok(one.clone());
            }
            match found["next"].as_str() {
                Some(next) => next.clone_into(&mut after),
                None => break,
            }
        }
    }
    Err(visit.absent())
}

/// `GET /portal/questions/{id}`
async fn one(visit: Visit, Path(id): Path<String>) -> Result<Response, Trouble> {
    super::officer(&visit)?;
    let question = find(&visit, &id).await?;
    page(&visit, &question, "", &Faults::default()).await
}

async fn page(
    visit: &Visit,
    question: &Value,
    given: &str,
    faults: &Faults,
) -> Result<Response, Trouble> {
    let about = about(visit, text(question, "/about")).await?;
    let title = line::coded(visit, "asked-kind", text(question, "/kind"));
    let path = format!("/portal/questions/{}", text(question, "/id"));
    let content = html! {
        p.back { a href="/portal/questions" { (visit.say("asked-back")) } }
        (faults.summary(visit))
        h1 { (title) }
        div.card {
            p.soft { (date::stamp(visit.language, text(question, "/asked"))) }
            @if text(question, "/text").is_empty() { p { (visit.say("asked-no-words")) } }
            @else { p.said { (text(question, "/text")) } }
            p { (visit.say("openings-patient")) " " (line::patient(text(question, "/patient"))) }
            @if let Some(by) = question["by"].as_str() {
                p { (visit.tell("asked-by", &[("who", by)])) }
            }
        }
        h2 { (visit.say("asked-about")) }
        (about)
        h2 { (visit.say("asked-answer")) }
        @if question["answer"].is_object() {
            div.done {
                p.said { (text(question, "/answer/text")) }
                p.soft { (text(question, "/answer/by")) ", "
                    (date::stamp(visit.language, text(question, "/answer/answered"))) }
            }
        } @else if question["open"] == true {
            (form::form(visit, &path, &html! {
                (form::area("text", &visit.say("asked-words"), &visit.say("asked-words-hint"),
                    given, faults))
                button type="submit" { (visit.say("asked-send")) }
            }))
        } @else { p { (visit.say("asked-no-answer")) } }
    };
    Ok(visit.page(&title, &content))
}

/// What was asked about: an event of the log, or an opening.
async fn about(visit: &Visit, about: &str) -> Result<Markup, Trouble> {
    let Some(id) = about.strip_prefix("AuditEvent/") else {
        return Ok(html! {
            @if about.len() == 64 {
                p { a href={ "/portal/openings/" (about) } { (visit.say("asked-opening")) } }
            } @else { p { code { (about) } } }
        });
    };
    let id = id.split('/').next().unwrap_or("");
    if !hospital::request::is_id(id) {
        return Ok(html! { p { code { (about) } } });
    }
    let Some(event) = visit.find(&format!("/fhir/AuditEvent/{id}")).await? else {
        return Ok(html! { p { (visit.say("asked-event-gone")) } });
    };
    let agents = event["agent"].as_array().into_iter().flatten();
    let user = agents.clone().find(|agent| agent["requestor"] == true);
    let name = user.map_or("", |user| text(user, "/name"));
    let role = user.map_or("", |user| text(user, "/role/0/text"));
    let deed = line::coded(visit, "deed", text(&event, "/subtype/0/code"));
    let purpose = text(&event, "/purposeOfEvent/0/coding/0/code");
    Ok(html! {
        div.card {
            div.item {
                p.kind { (date::stamp(visit.language, text(&event, "/recorded"))) }
                p.title { (name) " (" (line::coded(visit, "role", role)) "): " (deed) }
                @if !purpose.is_empty() {
                    p.value {
                        (visit.say("accesses-purpose"))
                        ": " (line::coded(visit, "purpose", purpose))
                    }
                }
                (seal::seal(visit.language, "AuditEvent", id, text(&event, "/meta/versionId")))
            }
        }
    })
}

/// `POST /portal/questions/{id}`
async fn answer(Path(id): Path<String>, filled: Filled) -> Result<Response, Trouble> {
    let visit = &filled.visit;
    super::officer(visit)?;
    let question = find(visit, &id).await?;
    // A form sends lines with a carriage return, which the door takes for a control character.
    let words = filled.get("text").replace("\r\n", "\n");
    let mut faults = Faults::default();
    if words.is_empty() || words.chars().count() > TEXT_MAX {
        faults.add("text", visit.say("asked-fault-text"));
        return page(visit, &question, &words, &faults).await;
    }
    let path = format!("/questions/{}/answer", text(&question, "/id"));
    match visit.post(&path, &json!({ "text": words })).await {
        Ok(_) => Ok(Visit::go("/portal/questions?done=1")),
        Err(trouble) => match trouble.words() {
            Some(said) => {
                faults.add("", said.to_owned());
                page(visit, &question, &words, &faults).await
            }
            None => Err(trouble),
        },
    }
}
