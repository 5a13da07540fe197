//! The pages of a patient, and of who acts for one.

mod accesses;
pub(crate) mod home;
mod more;
mod permissions;
mod timeline;

use axum::Router;
use axum::routing::get;

pub(crate) use timeline::pager;

use crate::Portal;

/// The routes below `/portal` that are a patient's.
pub(crate) fn routes() -> Router<Portal> {
    Router::new()
        .route("/portal/record", get(timeline::show))
        .route("/portal/record/{type}/{id}", get(timeline::one))
        .route("/portal/accesses", get(accesses::show))
        .route("/portal/more", get(more::show))
        .merge(permissions::routes())
}
