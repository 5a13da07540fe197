//! Emergency openings and their reviews: who opened what, why, until when the verdict is due.

use axum::Router;
use axum::extract::Path;
use axum::response::Response;
use axum::routing::get;
use hospital::instant;
use maud::{Markup, html};
use serde_json::{Value, json};

use super::line::{self, list};
use crate::Portal;
use crate::date;
use crate::form::{self, Choice, Faults};
use crate::record::text;
use crate::trouble::Trouble;
use crate::visit::{Filled, Visit};

const VERDICTS: [&str; 3] = ["justified", "not-justified", "contested"];
const HOUR_US: i64 = 3_600_000_000;
/// Reviewed openings that are listed.
const PAST_MAX: usize = 100;

pub(super) fn routes() -> Router<Portal> {
    Router::new()
        .route("/portal/openings", get(show))
        .route("/portal/openings/{glass}", get(one).post(decide))
}

/// Openings that wait for a review: overdue ones first, then by when it is due; those that the
/// ledger does not have yet last.
pub(super) fn waiting(openings: &[Value]) -> Vec<&Value> {
    let open = openings.iter().filter(|it| it["reviewed"] != true);
    let mut open: Vec<&Value> = open.collect();
    open.sort_by_key(|it| instant::parse_fhir(text(it, "/due")).unwrap_or(i64::MAX));
    open
}

/// `GET /portal/openings`
async fn show(visit: Visit) -> Result<Response, Trouble> {
    super::officer(&visit)?;
    let found = visit.get("/sharing/break-glass").await?;
    let openings = list(&found, "openings");
    let waiting = waiting(openings);
    let mut past: Vec<&Value> = openings
        .iter()
        .filter(|it| it["reviewed"] == true)
        .collect();
    past.reverse();
    let title = visit.say("way-openings");
    let content = html! {
        h1 { (title) }
        p.lead { (visit.say("openings-lead")) }
        @if visit.query("done") == "1" {
            div.done role="status" { p { (visit.say("openings-done")) } }
        }
        h2 { (visit.say("openings-waiting")) }
        @if waiting.is_empty() { p { (visit.say("office-reviews-none")) } }
        @else { (lines(&visit, &waiting)) }
        @if !past.is_empty() {
            h2 { (visit.say("openings-past")) }
            (lines(&visit, &past[..past.len().min(PAST_MAX)]))
        }
    };
    Ok(visit.page(&title, &content))
}

fn lines(visit: &Visit, openings: &[&Value]) -> Markup {
    html! { ul.lines { @for opening in openings { li { (item(visit, opening)) } } } }
}

/// An opening in a list.
pub(super) fn item(visit: &Visit, opening: &Value) -> Markup {
    let who = visit.tell(
        "openings-who",
        &[
            ("who", short(text(opening, "/practitioner"))),
            ("organisation", text(opening, "/organisation")),
        ],
    );
    html! {
        div.item {
            p.kind { (date::stamp(visit.language, text(opening, "/opened"))) }
            p.title { a href={ "/portal/openings/" (text(opening, "/glass")) } { (who) } }
            p.value { (visit.say("openings-why")) ": " q { (text(opening, "/reason")) } }
            (due(visit, opening))
        }
    }
}

/// The first letters of what other organisations call a practitioner.
fn short(name: &str) -> &str {
    name.get(..8).unwrap_or(name)
}

/// What is left of the time for the review.
fn due(visit: &Visit, opening: &Value) -> Markup {
    if opening["reviewed"] == true {
        let verdict = text(opening, "/review/verdict");
        let said = line::coded(visit, "verdict", verdict);
        let said = if said.is_empty() {
            visit.say("openings-reviewed")
        } else {
            said
        };
        return html! { p.tag { (said) } };
    }
    let Some(due_us) = instant::parse_fhir(text(opening, "/due")) else {
        return html! { p.tag { (visit.say("openings-unanchored")) } };
    };
    let left_us = due_us - visit.portal.inside.hospital().now_us();
    if left_us < 0 {
        let hours = (-left_us / HOUR_US).to_string();
        return html! { p.tag.strong { (visit.tell("openings-overdue", &[("hours", &hours)])) } };
    }
    let hours = (left_us / HOUR_US).to_string();
    html! { p.tag { (visit.tell("openings-due", &[("hours", &hours)])) } }
}

async fn find(visit: &Visit, glass: &str) -> Result<Value, Trouble> {
    let found = visit.get("/sharing/break-glass").await?;
    let named = list(&found, "openings")
        .iter()
        .find(|it| it["glass"] == glass);
    named.cloned().ok_or_else(|| visit.absent())
}

/// `GET /portal/openings/{glass}`
async fn one(visit: Visit, Path(glass): Path<String>) -> Result<Response, Trouble> {
    super::officer(&visit)?;
    let opening = find(&visit, &glass).await?;
    Ok(page(&visit, &opening, ("", ""), &Faults::default()))
}

fn page(visit: &Visit, opening: &Value, given: (&str, &str), faults: &Faults) -> Response {
    let title = visit.say("openings-one");
    let content = html! {
        p.back { a href="/portal/openings" { (visit.say("openings-back")) } }
        (faults.summary(visit))
        h1 { (title) }
        (facts(visit, opening))
        @if opening["reviewed"] == true { (reviewed(visit, &opening["review"])) }
        @else if opening["anchored"] == true { (ask(visit, opening, given, faults)) }
        @else { div.note { p { (visit.say("openings-unanchored-hint")) } } }
    };
    visit.page(&title, &content)
}

fn facts(visit: &Visit, opening: &Value) -> Markup {
    let fact = |key: &str, value: Markup| {
        html! { div { dt { (visit.say(key)) } dd { (value) } } }
    };
    let plain = |path: &str| html! { (text(opening, path)) };
    let due_at = text(opening, "/due");
    html! {
        dl.facts {
            (fact("openings-practitioner", html! {
                (plain("/practitioner")) span.more { (visit.say("openings-practitioner-hint")) } }))
            (fact("openings-organisation", plain("/organisation")))
            (fact("openings-opened", date::stamp(visit.language, text(opening, "/opened"))))
            (fact("openings-why", html! { q { (text(opening, "/reason")) } }))
            (fact("openings-patient", line::patient(text(opening, "/patient"))))
            @if !due_at.is_empty() {
                (fact("openings-due-at", html! {
                    (date::stamp(visit.language, due_at)) " " (due(visit, opening))
                }))
            }
            @if opening["late"] == true {
                (fact("openings-late", html! { (visit.say("openings-late-hint")) }))
            }
            (fact("openings-id", html! { code { (text(opening, "/glass")) } }))
        }
    }
}

fn reviewed(visit: &Visit, review: &Value) -> Markup {
    html! {
        h2 { (visit.say("openings-verdict")) }
        @if review.is_object() {
            div.done {
                p { strong { (line::coded(visit, "verdict", text(review, "/verdict"))) } }
                p { q { (text(review, "/words")) } }
                p.soft {
                    (text(review, "/by"))
                    ", " (date::stamp(visit.language, text(review, "/at")))
                }
            }
        } @else { div.done { p { (visit.say("openings-reviewed")) } } }
    }
}

fn ask(visit: &Visit, opening: &Value, given: (&str, &str), faults: &Faults) -> Markup {
    let (verdict, words) = given;
    let choices: Vec<Choice> = VERDICTS
        .iter()
        .map(|code| {
            let words = visit.say(&format!("verdict-{code}"));
            (
                (*code).to_owned(),
                words,
                visit.say(&format!("verdict-{code}-more")),
            )
        })
        .collect();
    html! {
        h2 { (visit.say("openings-verdict")) }
        div.note { ul {
            li { (visit.say("openings-once")) }
            li { (visit.say("openings-free")) }
            li { (visit.say("openings-ledger")) }
        } }
        (form::form(visit, &format!("/portal/openings/{}", text(opening, "/glass")), &html! {
            (form::choices("verdict", "radio", &visit.say("openings-choose"), "", &choices,
                &[verdict], faults))
            (form::area("words", &visit.say("openings-words"), &visit.say("openings-words-hint"),
                words, faults))
            button type="submit" { (visit.say("openings-give")) }
        }))
    }
}

/// `POST /portal/openings/{glass}`
async fn decide(Path(glass): Path<String>, filled: Filled) -> Result<Response, Trouble> {
    let visit = &filled.visit;
    super::officer(visit)?;
    let opening = find(visit, &glass).await?;
    let (verdict, words) = (filled.get("verdict"), filled.get("words"));
    let mut faults = Faults::default();
    if !VERDICTS.contains(&verdict) {
        faults.add("verdict", visit.say("openings-fault-verdict"));
    }
    if words.is_empty() || words.len() > 2_000 {
        faults.add("words", visit.say("openings-fault-words"));
    }
    if faults.is_empty() {
        let body = json!({ "verdict": verdict, "words": words });
        let path = format!("/sharing/break-glass/{glass}/review");
        match visit.post(&path, &body).await {
            Ok(_) => return Ok(Visit::go("/portal/openings?done=1")),
            Err(trouble) => match trouble.words() {
                Some(said) => faults.add("", said.to_owned()),
                None => return Err(trouble),
            },
        }
    }
    Ok(page(visit, &opening, (verdict, words), &faults))
}
