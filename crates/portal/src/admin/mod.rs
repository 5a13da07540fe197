//! The pages of an administrator: the node, the consortium, people and apps.

mod apps;
mod erase;
mod fields;
mod logins;
mod operations;
mod organisations;
pub(crate) mod overview;
mod people;
mod proposals;
mod propose;

use axum::Router;
use axum::http::StatusCode;
use hospital::Role;

use crate::Portal;
use crate::trouble::Trouble;
use crate::visit::Visit;

/// The routes below `/portal` that are an administrator's.
pub(crate) fn routes() -> Router<Portal> {
    Router::new()
        .merge(organisations::routes())
        .merge(proposals::routes())
        .merge(propose::routes())
        .merge(people::routes())
        .merge(apps::routes())
        .merge(erase::routes())
        .merge(logins::routes())
        .merge(operations::routes())
}

/// These pages are for nobody else: what is behind them the door refuses to others anyway.
fn admin(visit: &Visit) -> Result<(), Trouble> {
    if visit.role() == Role::Admin {
        Ok(())
    } else {
        Err(visit.refused(StatusCode::FORBIDDEN, "denied"))
    }
}
