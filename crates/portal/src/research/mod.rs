//! The pages of research inside the organisation: counting, asking for a dataset, and the decision
//! of the privacy officer. What patients see of it is among their own pages.

mod ask;
mod cohort;
mod count;
mod list;
mod one;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::{get, post};
use hospital::Role;

use crate::Portal;
use crate::trouble::Trouble;
use crate::visit::Visit;

/// The page that all others lead back to.
const HOME: &str = "/portal/research";

/// The routes below `/portal` that are about research.
pub(crate) fn routes() -> Router<Portal> {
    Router::new()
        .route(HOME, get(list::show))
        .route("/portal/research/counts", get(count::show))
        .route("/portal/research/new", get(ask::show).post(ask::send))
        .route(
            "/portal/research/requests/{id}",
            get(one::show).post(one::decide),
        )
        .route(
            "/portal/research/requests/{id}/dataset",
            post(one::download),
        )
}

fn researcher(visit: &Visit) -> Result<(), Trouble> {
    match visit.role() {
        Role::Researcher => Ok(()),
        _ => Err(visit.refused(StatusCode::FORBIDDEN, "denied")),
    }
}

/// Who asks, and who decides.
fn looks(visit: &Visit) -> Result<(), Trouble> {
    match visit.role() {
        Role::Auditor => Ok(()),
        _ => researcher(visit),
    }
}
