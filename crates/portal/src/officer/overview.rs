//! What waits for the privacy officer, and whether the ledger is well.

use axum::response::Response;
use hospital::instant;
use maud::{Markup, html};
use serde_json::Value;

use super::line::list;
use super::{evidence, openings, questions};
use crate::ledger;
use crate::record::text;
use crate::trouble::Trouble;
use crate::visit::Visit;

/// Of each kind so many are shown here.
const SHOWN_MAX: usize = 5;

/// `GET /portal`, for an auditor.
pub(crate) async fn show(visit: Visit) -> Result<Response, Trouble> {
    super::officer(&visit)?;
    let found = visit.get("/sharing/break-glass").await?;
    let waiting = openings::waiting(list(&found, "openings"));
    let asked = visit.get("/questions?state=open&count=20").await?;
    let kept = visit.get("/sharing/evidence").await?;
    let status = visit.get("/ledger/status").await?;
    let title = visit.say("way-office");
    let content = html! {
        h1 { (title) }
        (reviews(&visit, &waiting))
        (open_questions(&visit, list(&asked, "questions"), !asked["next"].is_null()))
        (evidence::summary(&visit, list(&kept, "evidence")))
        section aria-labelledby="office-ledger" {
            h2 id="office-ledger" { (visit.say("office-ledger")) }
            (ledger::state(&visit, &status))
            p { a href="/portal/ledger" { (visit.say("office-ledger-all")) } }
        }
    };
    Ok(visit.page(&title, &content))
}

fn reviews(visit: &Visit, waiting: &[&Value]) -> Markup {
    let now_us = visit.portal.inside.hospital().now_us();
    let is_overdue =
        |it: &&&Value| instant::parse_fhir(text(it, "/due")).is_some_and(|due_us| due_us < now_us);
    let overdue = waiting.iter().filter(is_overdue).count();
    html! {
        section aria-labelledby="office-reviews" {
            h2 id="office-reviews" { (visit.say("office-reviews")) }
            @if overdue > 0 {
                div.alarm {
                    p { (visit.tell("office-overdue", &[("count", &overdue.to_string())])) }
                }
            }
            @if waiting.is_empty() { p { (visit.say("office-reviews-none")) } }
            @else {
                ul.lines {
                    @for opening in waiting.iter().take(SHOWN_MAX) {
                        li { (openings::item(visit, opening)) }
                    }
                }
            }
            p {
                a href="/portal/openings" {
                    @if waiting.len() > SHOWN_MAX {
                        (visit.tell("office-reviews-more",
                            &[("count", &waiting.len().to_string())]))
                    } @else { (visit.say("office-reviews-all")) }
                }
            }
        }
    }
}

fn open_questions(visit: &Visit, asked: &[Value], more: bool) -> Markup {
    html! {
        section aria-labelledby="office-questions" {
            h2 id="office-questions" { (visit.say("office-questions")) }
            @if asked.is_empty() { p { (visit.say("office-questions-none")) } }
            @else {
                ul.lines {
                    @for question in asked.iter().take(SHOWN_MAX) {
                        li { (questions::item(visit, question)) }
                    }
                }
            }
            p {
                a href="/portal/questions" {
                    @if more || asked.len() > SHOWN_MAX { (visit.say("office-questions-more")) }
                    @else { (visit.say("office-questions-all")) }
                }
            }
        }
    }
}
