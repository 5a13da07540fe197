//! The pages of whoever handles medicines: is this pack real, what is done with it, where has it
//! been. A pharmacist acts; clinicians and officers look. The door decides at each request.

mod act;
mod apart;
mod case;
mod check;
mod make;
mod map;
mod offline;
mod openings;
mod printed;
mod recall;
mod reconciled;
mod trace;
mod verdict;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use hospital::Role;
use maud::{Markup, html};
use serde_json::Value;

use crate::Portal;
use crate::asset;
use crate::trouble::Trouble;
use crate::visit::Visit;

/// The page that all others lead back to.
const HOME: &str = "/portal/packs";

/// The routes below `/portal` that are a pharmacist's.
pub(crate) fn routes() -> Router<Portal> {
    Router::new()
        .route(HOME, get(check::show))
        .route("/portal/packs/check", get(check::again).post(check::check))
        .route("/portal/packs/act", get(check::again).post(act::act))
        .route("/portal/packs/make", get(make::ask).post(make::make))
        .route(offline::PATH, get(offline::show))
        .route("/portal/packs/offline-worker.js", get(asset::worker))
        .route(
            "/portal/packs/later",
            get(check::again).post(offline::later),
        )
        .route(
            reconciled::PATH,
            get(reconciled::show).post(reconciled::decide),
        )
        .route("/portal/packs/apart", get(apart::show).post(apart::file))
        .route("/portal/packs/recall", get(check::again).post(recall::show))
        .route(
            "/portal/packs/inspection",
            get(check::again).post(recall::inspect),
        )
        .route(
            "/portal/packs/openings",
            get(openings::show).post(openings::act),
        )
        .route("/portal/packs/trace", get(check::again).post(trace::show))
}

/// Lets those in who look at packs.
fn looks(visit: &Visit) -> Result<(), Trouble> {
    match visit.role() {
        Role::Pharmacist | Role::Clinician | Role::Auditor => Ok(()),
        _ => Err(visit.refused(StatusCode::FORBIDDEN, "denied")),
    }
}

/// Whether this person does something with packs.
fn handles(visit: &Visit) -> bool {
    visit.role() == Role::Pharmacist
}

/// Lets those in who do something with packs.
fn handler(visit: &Visit) -> Result<(), Trouble> {
    if handles(visit) {
        Ok(())
    } else {
        Err(visit.refused(StatusCode::FORBIDDEN, "denied"))
    }
}

/// The list of an answer of the door.
pub(crate) fn list<'a>(answer: &'a Value, name: &str) -> &'a [Value] {
    answer[name].as_array().map_or(&[], Vec::as_slice)
}

/// Whether this organisation has this part in the trade.
fn has_role(known: &Value, role: &str) -> bool {
    list(known, "roles").iter().any(|it| it == role)
}

/// What the ledger and this organisation answer to a form that asks for what cannot be done: the
/// door's own words, in the language that it has.
pub(crate) fn said(visit: &Visit, words: &str) -> Markup {
    html! {
        @if !words.is_empty() {
            p { (visit.say("trouble-said")) " " q lang="en" { (words) } }
        }
    }
}
