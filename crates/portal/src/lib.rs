//! The pages of an organisation, for people: patients, clinicians, pharmacists, privacy officers,
//! administrators, and all who run trials and do research.
//!
//! What lives here: routes below `/portal`, HTML, words in two languages, how a record reads to a
//! person, the stylesheet, the scripts that a browser runs. What does not: who may see or do what,
//! the log of accesses (`api`, which each page asks as any client does), rules and acts
//! (`hospital`), SQL, cryptography.
//!
//! # Invariants
//!
//! 1. A page shows nothing that the JSON door would not have answered to the same person, and each
//!    access is in the log (`e2e/portal/patient.test.mjs`, `what a page shows is in the log`).
//! 2. Whatever a record holds, no script of it runs: everything is escaped, narratives are cleaned
//!    and shown in a frame without scripts, and the policy of each page forbids all scripts but our
//!    own (`e2e/portal/attacks.test.mjs`).
//! 3. Nothing is changed by a form that is not from a page of the same browser
//!    (`e2e/portal/attacks.test.mjs`).
//! 4. Every word is there in every language (`src/words.rs`,
//!    `every_word_is_there_in_every_language`).
//!
//! # Specifications
//!
//! WCAG 2.2 A and AA, Content Security Policy 3, Trusted Types. `docs/decisions/0021-pages.md`.

mod admin;
mod asset;
mod chart;
mod clinician;
mod date;
mod form;
mod guard;
mod home;
mod ledger;
mod live;
mod narrative;
mod officer;
mod page;
mod patient;
mod pharmacy;
mod record;
mod relay;
mod research;
mod seal;
mod shelf;
mod sign;
mod sign_in;
mod stretch;
mod trials;
mod trouble;
mod visit;
mod words;

use std::sync::Arc;

use api::Inside;
use axum::Router;
use axum::extract::Request;
use axum::middleware::{self, Next};
use axum::response::{Redirect, Response};
use axum::routing::{any, get, post};
use tower_http::compression::CompressionLayer;

use shelf::Shelf;
use trouble::Trouble;
use visit::Visit;

/// What every handler has.
#[derive(Clone)]
pub(crate) struct Portal {
    pub(crate) inside: Inside,
    pub(crate) shelf: Arc<Shelf>,
}

/// Every page. Merge it with the routes of the JSON door.
pub fn router(inside: Inside) -> Router {
    Router::new()
        .route("/", get(|| async { Redirect::to("/portal") }))
        .route("/portal", get(home::show))
        .route("/portal/", get(|| async { Redirect::to("/portal") }))
        .route("/portal/sign-in", get(sign_in::show).post(sign_in::decide))
        .route("/portal/sign-out", post(sign_in::leave))
        .route("/portal/language", get(words::choose))
        .route("/portal/live", get(live::changes))
        .route("/portal/seal/{type}/{id}/{version}", get(seal::show))
        .route("/portal/api/{*path}", any(relay::pass))
        .route("/portal/assets/{name}", get(asset::show))
        .route(
            "/portal/seal-elsewhere/{organisation}/{type}/{id}/{version}",
            get(shelf::show),
        )
        .route(
            "/portal/narrative/{type}/{id}/{version}",
            get(narrative::show),
        )
        .merge(patient::routes())
        .merge(clinician::routes())
        .merge(officer::routes())
        .merge(pharmacy::routes())
        .merge(trials::routes())
        .merge(research::routes())
        .merge(ledger::routes())
        .merge(admin::routes())
        .route("/portal/{*path}", any(nothing_here))
        .layer(middleware::from_fn(guarded))
        .layer(CompressionLayer::new().compress_when(live::is_whole()))
        .with_state(Portal {
            inside,
            shelf: Arc::default(),
        })
}

async fn guarded(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    guard::guard(&mut response);
    response
}

async fn nothing_here(visit: Visit) -> Result<Response, Trouble> {
    Err(visit.absent())
}
