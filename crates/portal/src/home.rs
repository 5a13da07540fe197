//! The first page of each kind of person.

use axum::response::Response;
use hospital::Role;
use maud::html;

use crate::trouble::Trouble;
use crate::visit::Visit;
use crate::{admin, clinician, officer, patient, trials};

/// `GET /portal`
pub(crate) async fn show(visit: Visit) -> Result<Response, Trouble> {
    match visit.role() {
        Role::Patient => patient::home::show(visit).await,
        Role::Clinician | Role::Pharmacist => clinician::search::show(visit).await,
        Role::Auditor => officer::overview::show(visit).await,
        Role::Researcher => trials::list::show(visit).await,
        Role::Admin => admin::overview::show(visit).await,
        Role::System => {
            let title = visit.say("home-nothing");
            let content = html! { h1 { (title) } p { (visit.say("home-nothing-hint")) } };
            Ok(visit.page(&title, &content))
        }
    }
}
