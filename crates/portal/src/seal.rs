//! What the browser needs to check a record by itself: the bytes, the receipt, the trust file.
//!
//! The server judges nothing here: the verifier runs in the browser (`web/src/seal.ts`), and a page
//! shows a record as proven only when that one said so.

use axum::Json;
use axum::extract::Path;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use maud::{Markup, html};
use serde_json::json;

use crate::trouble::Trouble;
use crate::visit::Visit;
use crate::words::Language;

/// `GET /portal/seal/{type}/{id}/{version}`
pub(crate) async fn show(
    visit: Visit,
    Path((type_, id, version)): Path<(String, String, String)>,
) -> Result<Response, Trouble> {
    let well = |text: &str| hospital::request::is_id(text);
    if !well(&type_) || !well(&id) || !well(&version) {
        return Err(visit.absent());
    }
    let path = format!("/fhir/{type_}/{id}/_history/{version}");
    let (status, receipt) = visit
        .ask(Method::GET, &format!("{path}/$receipt"), None)
        .await?;
    if status == StatusCode::ACCEPTED {
        return Ok(Json(json!({ "status": "pending", "retry_ms": 1_000 })).into_response());
    }
    let (_, record) = visit.ask(Method::GET, &path, None).await?;
    let (_, trust) = visit.ask(Method::GET, "/ledger/trust", None).await?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let body = json!({
        "status": "ready",
        "receipt": text(&receipt),
        "record": STANDARD.encode(&record),
        "trust": text(&trust),
    });
    Ok(Json(body).into_response())
}

/// The seal of one version; a page that has one gets its words ([`words`]) and its script.
pub(crate) fn seal(language: Language, type_: &str, id: &str, version: &str) -> Markup {
    let reference = format!("{type_}/{id}/_history/{version}");
    let source = format!("/portal/seal/{type_}/{id}/{version}");
    html! {
        salus-seal data-ref=(reference) data-src=(source) {
            span { (language.say("seal-waiting")) }
        }
    }
}

/// The seal of an event as reports name it: `AuditEvent/id/_history/1`.
pub(crate) fn of_event(language: Language, event: &str) -> Markup {
    let parts: Vec<&str> = event.split('/').collect();
    if let [type_, id, "_history", version] = parts.as_slice() {
        seal(language, type_, id, version)
    } else {
        html! {}
    }
}

/// A button that checks all seals of a page.
pub(crate) fn all(language: Language) -> Markup {
    html! {
        salus-seal-all {
            button.second type="button" data-act="all" hidden { (language.say("seal-all")) }
            p data-part="summary" {}
            span hidden data-say="summary" { (language.say("seal-all-summary")) }
            span hidden data-say="problem" { (language.say("seal-all-problem")) }
        }
    }
}

/// The words of all seals of a page, and what one shows when it is unfolded.
pub(crate) fn words(language: Language) -> Markup {
    let say = |key: &str| language.say(&format!("seal-{key}"));
    let place = |key: &str, name: &str| {
        html! { dt { (say(key)) } dd data-proven=(name) {} }
    };
    html! {
        template id="salus-seal" {
            @for state in STATES { span data-say=(state) { (say(state)) } }
            @for reason in REASONS {
                span data-say={ "reason-" (reason) } { (say(&format!("reason-{reason}"))) }
            }
            details data-part="proven" {
                summary { (say("details")) }
                dl {
                    (place("time", "time"))
                    (place("organisation", "organisation"))
                    (place("cosigners", "names"))
                    (place("height", "height"))
                    (place("size", "size"))
                    (place("root", "root"))
                    (place("record", "record-hash"))
                    (place("trust-digest", "trust-hash"))
                    (place("reason", "reason"))
                }
            }
            div data-part="trust" {
                p { (say("trust")) }
                dl { (place("trust-kept", "kept-hash")) (place("trust-digest", "trust-hash")) }
                button.second type="button" data-act="trust" { (say("trust-use")) }
            }
        }
        noscript { p.note { (say("no-script")) } }
    }
}

const STATES: [&str; 6] = [
    "waiting", "checking", "valid", "changed", "pending", "failed",
];
const REASONS: [&str; 4] = ["record", "name", "trust", "network"];
