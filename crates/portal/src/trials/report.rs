//! A sponsor reports: each endpoint as it is reported, with its result.

use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use hospital::Role;
use maud::html;
use serde_json::{Value, json};

use super::{HOME, digits, entries, in_force, is, lines, read, seal};
use crate::form::{self, Faults};
use crate::pharmacy::said;
use crate::record::text;
use crate::trouble::Trouble;
use crate::visit::{Filled, Visit};

/// Whether this person may report now.
pub(super) fn may(visit: &Visit, seen: &Value) -> bool {
    is(visit, seen, "sponsor", Role::Researcher) && seen["lock"].is_object()
}

/// `GET /portal/trials/{id}/report`
pub(super) async fn ask(visit: Visit, Path(id): Path<String>) -> Result<Response, Trouble> {
    let seen = read(&visit, &id).await?;
    let registered = entries(&in_force(&seen)["protocol"], "endpoints");
    let first = lines::written(registered, true);
    page(&visit, &seen, &first, &Faults::default(), "")
}

fn page(
    visit: &Visit,
    seen: &Value,
    given: &str,
    faults: &Faults,
    words: &str,
) -> Result<Response, Trouble> {
    if !may(visit, seen) {
        return Err(visit.refused(StatusCode::FORBIDDEN, "denied"));
    }
    let id = text(seen, "/id");
    let title = visit.say("trials-tell");
    let (label, hint) = (
        visit.say("trials-tell-endpoints"),
        visit.say("trials-tell-endpoints-hint"),
    );
    let content = html! {
        p.back { a href={ (HOME) "/" (id) } { (super::title(visit, seen)) } }
        (faults.summary(visit))
        h1 { (title) }
        (said(visit, words))
        p.lead { (visit.say("trials-tell-lead")) }
        (form::form(visit, &format!("{HOME}/{id}/report"), &html! {
            (form::area("endpoints", &label, &hint, given, faults))
            button type="submit" { (visit.say("trials-tell-go")) }
        }))
    };
    Ok(visit.page(&title, &content))
}

/// `POST /portal/trials/{id}/report`
pub(super) async fn report(Path(id): Path<String>, filled: Filled) -> Result<Response, Trouble> {
    let visit = &filled.visit;
    let seen = read(visit, &id).await?;
    let given = filled.get("endpoints");
    let mut faults = Faults::default();
    let found = lines::endpoints(given, true);
    let endpoints = seal::lined(visit, &mut faults, "endpoints", found);
    let mut words = String::new();
    if faults.is_empty() {
        let body = json!({ "endpoints": endpoints });
        let sent = (format!("/trials/{id}/reports"), &body);
        match form::sent(visit, sent, visit.say("trials-fault-act"), &mut faults).await? {
            Ok(told) => {
                let number = digits(&told["number"]);
                return Ok(Visit::go(&format!("{HOME}/{id}/reports/{number}")));
            }
            Err(said) => words = said,
        }
    }
    page(visit, &seen, given, &faults, &words)
}
