//! The pages of clinicians, and of pharmacists where their role allows it: the door decides at each
//! request, a page only leaves out what would be refused anyway.

mod accesses;
mod admit;
mod banner;
mod elsewhere;
mod entry;
mod glass;
mod item;
mod reach;
pub(crate) mod search;
mod sheet;
mod trends;
mod write;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::{get, post};
use hospital::Role;

use crate::Portal;
use crate::trouble::Trouble;
use crate::visit::Visit;

/// The routes below `/portal` that are a clinician's.
pub(crate) fn routes() -> Router<Portal> {
    Router::new()
        .route("/portal/patients", get(search::show).post(admit::admit))
        .route("/portal/patients/new", get(admit::ask))
        .route("/portal/patients/{id}", get(sheet::show))
        .route("/portal/patients/{id}/elsewhere", get(elsewhere::show))
        .route("/portal/patients/{id}/trends", get(trends::show))
        .route(
            "/portal/patients/{id}/records/{type}/{record}",
            get(item::show),
        )
        .route("/portal/patients/{id}/reach", get(reach::show))
        .route("/portal/patients/{id}/link", post(reach::link))
        .route("/portal/patients/{id}/locate", post(reach::locate))
        .route("/portal/patients/{id}/request", post(reach::request))
        .route(
            "/portal/patients/{id}/glass",
            get(glass::ask).post(glass::open),
        )
        .route(
            "/portal/patients/{id}/note",
            get(write::note::ask).post(write::note::save),
        )
        .route(
            "/portal/patients/{id}/measure",
            get(write::measure::ask).post(write::measure::save),
        )
        .route(
            "/portal/patients/{id}/prescribe",
            get(write::prescribe::ask).post(write::prescribe::save),
        )
        .route("/portal/my-accesses", get(accesses::show))
}

/// Lets those in whose pages these are.
fn reader(visit: &Visit) -> Result<(), Trouble> {
    match visit.role() {
        Role::Clinician | Role::Pharmacist => Ok(()),
        _ => Err(visit.refused(StatusCode::FORBIDDEN, "denied")),
    }
}

/// The same, for a page about a patient.
fn reader_of(visit: &Visit, patient: &str) -> Result<(), Trouble> {
    reader(visit)?;
    if hospital::request::is_id(patient) {
        Ok(())
    } else {
        Err(visit.absent())
    }
}

/// Whether this person writes records that are no medicines.
fn is_clinician(visit: &Visit) -> bool {
    visit.role() == Role::Clinician
}

/// Lets clinicians in.
fn clinician_of(visit: &Visit, patient: &str) -> Result<(), Trouble> {
    reader_of(visit, patient)?;
    if is_clinician(visit) {
        Ok(())
    } else {
        Err(visit.refused(StatusCode::FORBIDDEN, "denied"))
    }
}
