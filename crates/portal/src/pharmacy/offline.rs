//! Without a connection: a page that keeps scans in the browser, and the verdict as of the last
//! state where this node is cut off from the ledger.

use axum::response::Response;
use maud::{Markup, html};
use serde_json::json;

use super::{HOME, check, handles, reconciled, said, verdict};
use crate::date;
use crate::form::{self, Faults, Line};
use crate::record::text;
use crate::trouble::Trouble;
use crate::visit::{Filled, Visit};

pub(super) const PATH: &str = "/portal/packs/offline";
/// What can be done with a pack while nobody can be asked.
pub(super) const ACTS: [&str; 3] = ["dispense", "receive", "verify"];
/// The words of the script.
const WORDS: [&str; 12] = [
    "empty", "kept", "sent", "away", "session", "busy", "full", "no-shelf", "none", "count",
    "drop", "refused",
];

/// `GET /portal/packs/offline`: it holds nothing of the node, so that a browser may keep it.
pub(super) async fn show(visit: Visit) -> Result<Response, Trouble> {
    super::handler(&visit)?;
    let title = visit.say("packs-offline");
    let none = Faults::default();
    let content = html! {
        p.back { a href=(HOME) { (visit.say("packs-back")) } }
        h1 { (title) }
        p.lead { (visit.say("packs-offline-lead")) }
        p {
            a href=(reconciled::PATH) { (visit.say("packs-reconciled")) } " · "
            a href=(PATH) { (visit.say("packs-offline-again")) }
        }
        noscript { div.note { p { (visit.say("packs-offline-script")) } } }
        salus-offline data-user=(visit.caller().username) {
            form {
                div.field {
                    label for="act" { (visit.say("packs-offline-act")) }
                    select id="act" name="act" {
                        @for act in ACTS {
                            option value=(act) { (act_word(&visit, act)) }
                        }
                    }
                }
                (Line {
                    name: "scan",
                    kind: "text",
                    label: visit.say("packs-scan"),
                    hint: visit.say("packs-scan-hint"),
                    value: "",
                    autocomplete: "off",
                }.show(&none))
                button type="submit" { (visit.say("packs-offline-keep")) }
            }
            (check::camera(&visit))
            p data-part="message" role="status" {}
            h2 { (visit.say("packs-offline-here")) }
            p data-part="count" {}
            ul.lines data-part="waiting" {}
            @for word in WORDS {
                span hidden data-say=(word) { (visit.say(&format!("packs-offline-{word}"))) }
            }
            @for act in ACTS {
                span hidden data-say={ "act-" (act) } { (act_word(&visit, act)) }
            }
        }
    };
    Ok(visit.page(&title, &content))
}

/// An act in the past tense: it has happened already.
pub(super) fn act_word(visit: &Visit, act: &str) -> String {
    visit.language.coded("packs-offline-act", act)
}

/// Whether the ledger could not be asked.
pub(super) fn is_cut_off(trouble: &Trouble) -> bool {
    matches!(trouble, Trouble::Refused(refusal) if refusal.status.as_u16() == 503)
}

/// The verdict as of the last state that this node has, and what can be written down meanwhile.
pub(super) async fn cut_off(
    visit: &Visit,
    scan: &str,
    trouble: Trouble,
) -> Result<Response, Trouble> {
    let asked = json!({ "scan": scan, "offline": true });
    let Ok(found) = visit.post("/packs/verify", &asked).await else {
        return check::unread(visit, scan, trouble).await;
    };
    let title = visit.say("packs-verdict");
    let content = html! {
        p.back { a href=(HOME) { (visit.say("packs-back")) } }
        h1 { (title) }
        (said(visit, trouble.words().unwrap_or_default()))
        div.alarm {
            p { strong { (visit.say("packs-cut-off")) } }
            p {
                (visit.say("packs-cut-off-state")) " "
                (date::stamp(visit.language, text(&found, "/ledger/time"))) "."
            }
        }
        (verdict::show(visit, &found))
        @if handles(visit) { (to_be_done_later(visit, scan)) }
        (verdict::details(visit, &found))
        (verdict::suspicions(visit, &found))
        h2 { (visit.say("packs-next")) }
        (check::field(visit, "", &Faults::default()))
    };
    Ok(visit.page(&title, &content))
}

/// What was done with the pack all the same (Delegated Regulation (EU) 2016/161, article 29).
fn to_be_done_later(visit: &Visit, scan: &str) -> Markup {
    html! {
        h2 { (visit.say("packs-later")) }
        p { (visit.say("packs-later-lead")) }
        div.answers {
            @for act in ACTS {
                (form::button(visit, "/portal/packs/later", "second", &act_word(visit, act),
                    &[("scan", scan), ("act", act)]))
            }
        }
    }
}

/// `POST /portal/packs/later`
pub(super) async fn later(filled: Filled) -> Result<Response, Trouble> {
    let visit = &filled.visit;
    super::handler(visit)?;
    let scan = json!({ "scan": filled.get("scan"), "act": filled.get("act") });
    visit
        .post("/packs/offline", &json!({ "scans": [scan] }))
        .await?;
    Ok(Visit::go(&format!("{}?done=kept", reconciled::PATH)))
}
