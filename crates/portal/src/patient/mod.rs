//! The pages of a patient, and of who acts for one.

mod accesses;
mod erase;
mod family;
pub(crate) mod home;
mod keys;
mod links;
mod more;
mod notices;
mod participation;
mod permissions;
mod research;
mod take;
mod timeline;
mod trends;

use axum::Router;
use axum::routing::get;

pub(crate) use timeline::pager;

use crate::Portal;

/// The routes below `/portal` that are a patient's.
pub(crate) fn routes() -> Router<Portal> {
    Router::new()
        .route("/portal/record", get(timeline::show))
        .route("/portal/record/{type}/{id}", get(timeline::one))
        .route("/portal/trends", get(trends::show))
        .route("/portal/accesses", get(accesses::show))
        .route("/portal/more", get(more::show))
        .route("/portal/my-trials", get(participation::list))
        .route("/portal/my-trials/{trial}", get(participation::show))
        .merge(research::routes())
        .merge(take::routes())
        .merge(permissions::routes())
        .merge(notices::routes())
        .merge(links::routes())
        .merge(family::routes())
        .merge(keys::routes())
        .merge(erase::routes())
}
