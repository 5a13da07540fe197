//! The pages of the privacy officer: what waits, reports, reviews, questions, holds, evidence.

mod disclosures;
mod evidence;
mod holds;
mod line;
mod openings;
pub(crate) mod overview;
mod questions;
mod suspensions;

use axum::Router;
use axum::http::StatusCode;
use hospital::Role;

use crate::Portal;
use crate::trouble::Trouble;
use crate::visit::Visit;

/// The routes below `/portal` that are the privacy officer's.
pub(crate) fn routes() -> Router<Portal> {
    Router::new()
        .merge(disclosures::routes())
        .merge(suspensions::routes())
        .merge(openings::routes())
        .merge(questions::routes())
        .merge(holds::routes())
        .merge(evidence::routes())
}

/// These pages are for nobody else: what is behind them the door refuses to others anyway.
fn officer(visit: &Visit) -> Result<(), Trouble> {
    if visit.role() == Role::Auditor {
        Ok(())
    } else {
        Err(visit.refused(StatusCode::FORBIDDEN, "denied"))
    }
}
