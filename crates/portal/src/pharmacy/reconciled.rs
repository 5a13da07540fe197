//! What came of scans that were made without a connection, and what a person has to look at.

use axum::response::Response;
use hospital::pairs;
use maud::{Markup, html};
use serde_json::{Value, json};

use super::{HOME, case, handles, list, offline, said, verdict};
use crate::date;
use crate::form::{self, Faults};
use crate::record::text;
use crate::sign::Sign;
use crate::trouble::Trouble;
use crate::visit::{Filled, Visit};

pub(super) const PATH: &str = "/portal/packs/reconciled";
/// What a form has done, in the address of the page that follows.
const DONE: [&str; 3] = ["kept", "again", "handled"];

/// `GET /portal/packs/reconciled?after=&done=`
pub(super) async fn show(visit: Visit) -> Result<Response, Trouble> {
    super::looks(&visit)?;
    page(&visit, &Faults::default(), "").await
}

async fn page(visit: &Visit, faults: &Faults, words: &str) -> Result<Response, Trouble> {
    let after = visit.query("after");
    let query = match after.as_str() {
        "" => String::new(),
        after => format!("?{}", pairs::encode(&[("after".into(), after.into())])),
    };
    let found = visit.get(&format!("/packs/offline{query}")).await?;
    let (waiting, settled) = (list(&found["waiting"], "first"), list(&found, "settled"));
    let count = found["waiting"]["count"].to_string();
    let done = visit.query("done");
    let done = DONE.into_iter().find(|it| *it == done);
    let title = visit.say("packs-reconciled");
    let content = html! {
        p.back { a href=(HOME) { (visit.say("packs-back")) } }
        (faults.summary(visit))
        h1 { (title) }
        @if let Some(done) = done {
            div.done role="status" { p { (visit.say(&format!("packs-reconciled-done-{done}"))) } }
        }
        (said(visit, words))
        p.lead { (visit.say("packs-reconciled-lead")) }
        @if handles(visit) {
            p { a href=(offline::PATH) { (visit.say("packs-offline")) } }
        }
        @if !waiting.is_empty() {
            h2 { (visit.tell("packs-reconciled-waiting", &[("count", &count)])) }
            ul.lines { @for scan in waiting { li { (scanned(visit, scan)) } } }
        }
        h2 { (visit.say("packs-reconciled-settled")) }
        @if settled.is_empty() { p { (visit.say("packs-reconciled-none")) } }
        @for scan in settled { (one(visit, scan, faults)) }
        @if let Some(next) = found["next"].as_str() {
            @let query = pairs::encode(&[("after".into(), next.into())]);
            nav.pager aria-label=(visit.say("pager")) {
                a href={ (PATH) "?" (query) } rel="next" { (visit.say("pager-older")) }
            }
        }
    };
    Ok(visit.page(&title, &content))
}

/// What was scanned, when, by whom, and what was done with the pack.
fn scanned(visit: &Visit, scan: &Value) -> Markup {
    let code = match text(scan, "/outcome/code") {
        "" => text(scan, "/scan"),
        code => code,
    };
    html! {
        div.item.pack {
            (case::open(visit, code))
            p.soft {
                (offline::act_word(visit, text(scan, "/act"))) ", "
                (date::stamp(visit.language, text(scan, "/taken"))) ", " (text(scan, "/by"))
            }
        }
    }
}

fn class(state: &str) -> (&'static str, Sign) {
    match state {
        "fine" => ("done", Sign::Tick),
        "handled" => ("note", Sign::Tick),
        "repeated" => ("note", Sign::Triangle),
        _ => ("alarm", Sign::Cross),
    }
}

/// One scan: how it ended, why, and what can be done about it.
fn one(visit: &Visit, scan: &Value, faults: &Faults) -> Markup {
    let state = text(scan, "/state");
    let (class, sign) = class(state);
    let outcome = &scan["outcome"];
    let because = list(outcome, "because");
    let is_open = matches!(state, "conflict" | "repeated");
    html! {
        section {
            (scanned(visit, scan))
            div class={ "pack-verdict " (class) } data-state=(state) {
                (sign.show())
                div {
                    h3 { (visit.language.coded("packs-reconciled-state", state)) }
                    @if is_open && text(outcome, "/verdict") != "real" && !because.is_empty() {
                        p { strong {
                            (visit.language.coded("packs", &format!("verdict-{}",
                                text(outcome, "/verdict"))))
                        } }
                    }
                    @if is_open {
                        ul { @for reason in because {
                            li {
                                (verdict::why(visit, reason))
                                @if reason["later"] == true {
                                    " " (visit.say("packs-reconciled-after"))
                                }
                            }
                        } }
                    }
                    (said(visit, text(outcome, "/text")))
                    @if scan["handled"].is_object() {
                        p {
                            (text(scan, "/handled/by")) ", "
                            (date::stamp(visit.language, text(scan, "/handled/at"))) ": "
                            q { (text(scan, "/handled/note")) }
                        }
                    }
                }
            }
            @if is_open && handles(visit) { (decisions(visit, text(scan, "/id"), faults)) }
        }
    }
}

fn decisions(visit: &Visit, id: &str, faults: &Faults) -> Markup {
    let again = visit.say("packs-reconciled-again");
    html! {
        (form::button(visit, PATH, "second", &again, &[("id", id), ("decision", "again")]))
        details open[!faults.is_empty()] {
            summary { (visit.say("packs-reconciled-handle")) }
            (form::form(visit, PATH, &html! {
                input type="hidden" name="id" value=(id);
                input type="hidden" name="decision" value="handled";
                @let field = format!("note-{id}");
                div.field {
                    label for=(field) { (visit.say("packs-reconciled-note")) }
                    input id=(field) name="note" type="text" autocomplete="off";
                }
                button.second type="submit" { (visit.say("packs-reconciled-handled")) }
            }))
        }
    }
}

/// `POST /portal/packs/reconciled`
pub(super) async fn decide(filled: Filled) -> Result<Response, Trouble> {
    let visit = &filled.visit;
    super::handler(visit)?;
    let (done, body) = match filled.get("decision") {
        "again" => ("again", json!({ "decision": "again" })),
        _ => (
            "handled",
            json!({ "decision": "handled", "note": filled.get("note") }),
        ),
    };
    let id = pairs::encode_segment(filled.get("id"));
    match visit.post(&format!("/packs/offline/{id}"), &body).await {
        Ok(_) => Ok(Visit::go(&format!("{PATH}?done={done}"))),
        Err(trouble) => {
            let Some(words) = trouble.words().map(str::to_owned) else {
                return Err(trouble);
            };
            let mut faults = Faults::default();
            faults.add("", visit.say("packs-fault-reconciled"));
            page(visit, &faults, &words).await
        }
    }
}
