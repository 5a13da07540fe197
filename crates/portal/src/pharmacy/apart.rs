//! What is kept apart: packs that are suspect or falsified, until when whom to tell, and what the
//! notice lacks (FD&C Act 582, Form FDA 3911).

use axum::response::Response;
use hospital::pairs;
use maud::{Markup, html};
use serde_json::{Value, json};

use super::{HOME, case, handles, list, said};
use crate::date;
use crate::form::{self, Faults};
use crate::record::text;
use crate::trouble::Trouble;
use crate::visit::{Filled, Visit};

/// The page.
const PATH: &str = "/portal/packs/apart";
/// Packs of one holding that are shown.
const SHOWN_MAX: usize = 20;

/// `GET /portal/packs/apart?after=&done=`
pub(super) async fn show(visit: Visit) -> Result<Response, Trouble> {
    super::looks(&visit)?;
    page(&visit, &Faults::default(), "").await
}

async fn page(visit: &Visit, faults: &Faults, words: &str) -> Result<Response, Trouble> {
    let query = match visit.query("after").as_str() {
        "" => String::new(),
        after => format!("?{}", pairs::encode(&[("after".into(), after.into())])),
    };
    let found = visit.get(&format!("/packs/notices{query}")).await?;
    let notices = list(&found, "notices");
    let title = visit.say("packs-apart");
    let content = html! {
        p.back { a href=(HOME) { (visit.say("packs-back")) } }
        (faults.summary(visit))
        h1 { (title) }
        (said(visit, words))
        @if !visit.query("done").is_empty() {
            div.done role="status" { p { (visit.say("packs-apart-done")) } }
        }
        p.lead { (visit.say("packs-apart-lead")) }
        @if notices.is_empty() { p { (visit.say("packs-apart-none")) } }
        @for notice in notices { (one(visit, notice)) }
        @if let Some(next) = found["next"].as_str() {
            @let query = pairs::encode(&[("after".into(), next.into())]);
            nav.pager aria-label=(visit.say("pager")) {
                a href={ (PATH) "?" (query) } rel="next" { (visit.say("pager-older")) }
            }
        }
    };
    Ok(visit.page(&title, &content))
}

/// One holding: its packs, its clock, what is missing, and what was sent.
fn one(visit: &Visit, notice: &Value) -> Markup {
    let (clock, due) = (text(notice, "/clock"), text(notice, "/due"));
    let grave = matches!(clock, "running" | "overdue");
    let packs = list(notice, "packs");
    html! {
        section {
            h2 {
                (visit.language.coded("packs-finding", text(notice, "/finding"))) ", "
                (date::stamp(visit.language, text(notice, "/since")))
            }
            div class=(if grave { "alarm" } else { "note" }) {
                p {
                    strong { (visit.language.coded("packs-clock", clock)) }
                    @if !due.is_empty() {
                        " " (visit.say("packs-apart-due")) " " (date::stamp(visit.language, due))
                    }
                }
            }
            ul.lines {
                @for code in packs.iter().filter_map(Value::as_str).take(SHOWN_MAX) {
                    li { (case::open(visit, code)) }
                }
            }
            (form_data(visit, notice))
            @if handles(visit) { (acts(visit, text(notice, "/event"), clock)) }
        }
    }
}

/// The data of the form, what it lacks, and who is told besides.
fn form_data(visit: &Visit, notice: &Value) -> Markup {
    let missing = list(notice, "missing");
    let partners = list(notice, "partners_to_tell");
    let partners: Vec<&str> = partners.iter().filter_map(Value::as_str).collect();
    let form = serde_json::to_string_pretty(&notice["form_fda_3911"]).unwrap_or_default();
    let label = visit.say("packs-apart-form");
    html! {
        @if !partners.is_empty() {
            p { (visit.tell("packs-apart-partners", &[("partners", &partners.join(", "))])) }
        }
        details {
            summary {
                (label) ": "
                (visit.tell("packs-apart-missing", &[("count", &missing.len().to_string())]))
            }
            @if !missing.is_empty() {
                ul lang="en" { @for it in missing {
                    li { code { (text(it, "/field")) } " " (text(it, "/remedy")) }
                } }
            }
            pre tabindex="0" aria-label=(label) { code { (form) } }
        }
    }
}

/// What was done about it outside of Salus is written down here.
fn acts(visit: &Visit, event: &str, clock: &str) -> Markup {
    let act = |report: &str, class: &str| {
        let word = visit.say(&format!("packs-filed-{report}"));
        form::button(
            visit,
            PATH,
            class,
            &word,
            &[("event", event), ("report", report)],
        )
    };
    html! {
        div.answers {
            @match clock {
                "running" | "overdue" => { (act("initial-notification", "")) }
                "notified" => {
                    (act("follow-up-notification", "second"))
                    (act("request-for-termination", "second"))
                }
                "end-asked" => { (act("ended", "second")) }
                _ => {}
            }
        }
    }
}

/// `POST /portal/packs/apart`
pub(super) async fn file(filled: Filled) -> Result<Response, Trouble> {
    let visit = &filled.visit;
    super::handler(visit)?;
    let body = match filled.get("report") {
        "ended" => json!({ "ended": true }),
        report => json!({ "filed": report }),
    };
    let event = pairs::encode_segment(filled.get("event"));
    match visit.post(&format!("/packs/notices/{event}"), &body).await {
        Ok(_) => Ok(Visit::go(&format!("{PATH}?done=1"))),
        Err(trouble) => {
            let Some(words) = trouble.words().map(str::to_owned) else {
                return Err(trouble);
            };
            let mut faults = Faults::default();
            faults.add("", visit.say("packs-fault-filed"));
            page(visit, &faults, &words).await
        }
    }
}
