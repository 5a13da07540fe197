//! What proves the misconduct of other organisations: files that anybody checks.

use axum::Router;
use axum::extract::Path;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use maud::{Markup, html};
use serde_json::Value;

use super::line::list;
use crate::Portal;
use crate::record::text;
use crate::trouble::Trouble;
use crate::visit::Visit;

pub(super) fn routes() -> Router<Portal> {
    Router::new()
        .route("/portal/evidence", get(show))
        .route("/portal/evidence/{grant}", get(file))
}

/// What the overview says.
pub(super) fn summary(visit: &Visit, kept: &[Value]) -> Markup {
    html! {
        section aria-labelledby="office-evidence" {
            h2 id="office-evidence" { (visit.say("office-evidence")) }
            @if kept.is_empty() { p { (visit.say("office-evidence-none")) } }
            @else {
                div.alarm {
                    p {
                        (visit.tell("office-evidence-some", &[("count", &kept.len().to_string())]))
                    }
                    p { a href="/portal/evidence" { (visit.say("office-evidence-all")) } }
                }
            }
        }
    }
}

/// `GET /portal/evidence`
async fn show(visit: Visit) -> Result<Response, Trouble> {
    super::officer(&visit)?;
    let found = visit.get("/sharing/evidence").await?;
    let kept = list(&found, "evidence");
    let title = visit.say("way-evidence");
    let content = html! {
        h1 { (title) }
        p.lead { (visit.say("evidence-lead")) }
        @if kept.is_empty() {
            div.done { p { (visit.say("evidence-none")) } p { (visit.say("evidence-none-hint")) } }
        } @else {
            ul.cards { @for one in kept { li { (card(&visit, one)) } } }
        }
        h2 { (visit.say("evidence-check")) }
        p { (visit.say("evidence-check-hint")) }
        pre tabindex="0" { code { "salus verify FILE --trust trust.policy" } }
        p { a href="/ledger/trust" download="trust.policy" { (visit.say("evidence-trust")) } " "
            (visit.say("evidence-trust-hint")) }
        h2 { (visit.say("evidence-more")) }
        p { (visit.say("evidence-more-hint")) }
        pre tabindex="0" { code { "salus audit --dir DIR --peer ORGANISATION --out FOLDER" } }
    };
    Ok(visit.page(&title, &content))
}

fn card(visit: &Visit, one: &Value) -> Markup {
    let grant = text(one, "/grant");
    html! {
        h2 { (visit.tell("evidence-release", &[("organisation", text(one, "/organisation"))])) }
        p { (visit.say("evidence-release-proves")) }
        p { (visit.say("evidence-release-not")) }
        p.soft { (visit.say("evidence-grant")) ": " code { (grant) } }
        p {
            a.button.second href={ "/portal/evidence/" (grant) }
            download { (visit.say("evidence-file")) }
        }
    }
}

/// `GET /portal/evidence/{grant}`: the file.
async fn file(visit: Visit, Path(grant): Path<String>) -> Result<Response, Trouble> {
    super::officer(&visit)?;
    let found = visit.get("/sharing/evidence").await?;
    let named = list(&found, "evidence")
        .iter()
        .find(|it| it["grant"] == grant.as_str());
    let one = named.ok_or_else(|| visit.absent())?;
    let name = format!(
        "attachment; filename=\"evidence-{}.txt\"",
        text(one, "/grant")
    );
    let mut response = text(one, "/file").to_owned().into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/plain; charset=utf-8"),
    );
    if let Ok(name) = HeaderValue::from_str(&name) {
        headers.insert(header::CONTENT_DISPOSITION, name);
    }
    Ok(response)
}
