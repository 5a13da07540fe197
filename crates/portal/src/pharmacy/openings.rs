//! To whom one pack was handed: an officer asks, officers of the openers decide, each at their own
//! organisation (docs/reference/supply.md, opening).

use axum::response::Response;
use hospital::{Role, pairs};
use maud::{Markup, html};
use serde_json::{Value, json};

use super::{HOME, list, said};
use crate::date;
use crate::form::{self, Faults, Line};
use crate::record::text;
use crate::trouble::Trouble;
use crate::visit::{Filled, Visit};

const PATH: &str = "/portal/packs/openings";

/// `GET /portal/packs/openings?done=`
pub(super) async fn show(visit: Visit) -> Result<Response, Trouble> {
    officer(&visit)?;
    page(&visit, &Given::default(), &Faults::default(), "").await
}

/// What was filled in.
#[derive(Default)]
struct Given {
    scan: String,
    reason: String,
}

/// Lets officers in: they ask and decide.
fn officer(visit: &Visit) -> Result<(), Trouble> {
    if visit.role() == Role::Auditor {
        Ok(())
    } else {
        Err(visit.refused(axum::http::StatusCode::FORBIDDEN, "denied"))
    }
}

async fn page(
    visit: &Visit,
    given: &Given,
    faults: &Faults,
    words: &str,
) -> Result<Response, Trouble> {
    let here = visit.get("/packs/openings").await?;
    let (asked, received) = (list(&here, "asked"), list(&here, "received"));
    let title = visit.say("packs-openings");
    let content = html! {
        p.back { a href=(HOME) { (visit.say("packs-back")) } }
        (faults.summary(visit))
        h1 { (title) }
        (said(visit, words))
        @if !visit.query("done").is_empty() {
            div.done role="status" { p { (visit.say("packs-openings-done")) } }
        }
        p.lead { (visit.say("packs-openings-lead")) }
        (openers(visit, &here))
        @if !received.is_empty() {
            h2 { (visit.say("packs-openings-received")) }
            ul.lines { @for one in received { li { (to_decide(visit, one)) } } }
        }
        @if here["may_ask"] == true { (ask_form(visit, given, faults)) }
        h2 { (visit.say("packs-openings-asked")) }
        @if asked.is_empty() { p { (visit.say("packs-openings-none")) } }
        ul.lines { @for one in asked { li { (outcome(visit, one)) } } }
    };
    Ok(visit.page(&title, &content))
}

/// Who opens, and how many of them it takes.
fn openers(visit: &Visit, here: &Value) -> Markup {
    let holders = list(&here["openers"], "holders").iter();
    let holders: Vec<&str> = holders.filter_map(Value::as_str).collect();
    let needed = here["openers"]["threshold"].to_string();
    html! {
        @if holders.is_empty() { div.note { p { (visit.say("packs-openings-nobody")) } } }
        @else {
            p { (visit.tell("packs-openings-who",
                &[("holders", &holders.join(", ")), ("needed", &needed)])) }
        }
    }
}

/// A question that an officer here decides.
fn to_decide(visit: &Visit, one: &Value) -> Markup {
    let (id, state) = (text(one, "/id"), text(one, "/state"));
    let from = visit.tell(
        "packs-openings-from",
        &[
            ("officer", text(one, "/officer")),
            ("organisation", text(one, "/organisation")),
            ("partner", text(one, "/partner")),
        ],
    );
    html! {
        div.item {
            p.title { (from) }
            p { q { (text(one, "/reason")) } }
            p.soft {
                (date::stamp(visit.language, text(one, "/received"))) " "
                (visit.language.coded("packs-openings-state", state))
            }
            @if state == "open" {
                (form::button(visit, PATH, "", &visit.say("packs-openings-approve"),
                    &[("id", id), ("decision", "approve")]))
                (form::form(visit, PATH, &html! {
                    input type="hidden" name="id" value=(id);
                    input type="hidden" name="decision" value="decline";
                    (Line {
                        name: "why",
                        kind: "text",
                        label: visit.say("packs-openings-why"),
                        hint: String::new(),
                        value: "",
                        autocomplete: "off",
                    }.show(&Faults::default()))
                    button.second type="submit" { (visit.say("packs-openings-decline")) }
                }))
            }
        }
    }
}

fn ask_form(visit: &Visit, given: &Given, faults: &Faults) -> Markup {
    html! {
        h2 { (visit.say("packs-openings-ask")) }
        (form::form(visit, PATH, &html! {
            (Line {
                name: "scan",
                kind: "text",
                label: visit.say("packs-scan"),
                hint: visit.say("packs-openings-scan-about"),
                value: &given.scan,
                autocomplete: "off",
            }.show(faults))
            (Line {
                name: "reason",
                kind: "text",
                label: visit.say("packs-openings-reason"),
                hint: visit.say("packs-openings-reason-about"),
                value: &given.reason,
                autocomplete: "off",
            }.show(faults))
            button type="submit" { (visit.say("packs-openings-go")) }
        }))
    }
}

/// What became of a question from here.
fn outcome(visit: &Visit, one: &Value) -> Markup {
    let state = text(one, "/state");
    let organisation = text(one, "/result/organisation");
    let missing = one["result"]["missing"].to_string();
    let pack = match text(one, "/code") {
        "" => text(one, "/pack"),
        code => code,
    };
    html! {
        div.item {
            p.title { code { (pack) } }
            p {
                (visit.tell(&format!("packs-openings-is-{state}"),
                    &[("organisation", organisation), ("missing", &missing)]))
            }
            p.soft {
                (text(one, "/by")) ": " q { (text(one, "/reason")) } " "
                (date::stamp(visit.language, text(one, "/asked")))
            }
            ul.lines { @for opener in list(one, "openers") { li {
                (text(opener, "/organisation")) ": "
                (visit.language.coded("packs-openings-state", text(opener, "/state")))
            } } }
        }
    }
}

/// `POST /portal/packs/openings`: a question, or a decision about one.
pub(super) async fn act(filled: Filled) -> Result<Response, Trouble> {
    let visit = &filled.visit;
    officer(visit)?;
    let given = Given {
        scan: filled.get("scan").to_owned(),
        reason: filled.get("reason").to_owned(),
    };
    let mut faults = Faults::default();
    let (path, body) = match filled.get("decision") {
        "" => {
            if given.scan.is_empty() {
                faults.add("scan", visit.say("packs-fault-empty"));
            }
            if given.reason.len() < REASON_MIN {
                faults.add("reason", visit.say("packs-fault-why"));
            }
            let body = json!({ "scan": given.scan, "reason": given.reason });
            ("/packs/openings".to_owned(), body)
        }
        decision => {
            let id = pairs::encode_segment(filled.get("id"));
            let body = match filled.get("why") {
                "" => json!({ "decision": decision }),
                why => json!({ "decision": decision, "reason": why }),
            };
            (format!("/packs/openings/{id}"), body)
        }
    };
    let mut words = String::new();
    if faults.is_empty() {
        let sent = (path, &body);
        match form::sent(visit, sent, visit.say("packs-fault-opening"), &mut faults).await? {
            Ok(_) => return Ok(Visit::go(&format!("{PATH}?done=1"))),
            Err(said) => words = said,
        }
    }
    page(visit, &given, &faults, &words).await
}

/// Shortest reason of a question.
const REASON_MIN: usize = 10;
