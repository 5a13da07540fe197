//! One permission, and its end.

use axum::extract::Path;
use axum::response::Response;
use maud::html;
use serde_json::json;

use super::{on_device, sign, words};
use crate::record::text;
use crate::trouble::Trouble;
use crate::visit::{Filled, Visit};
use crate::{date, form, seal};

/// `GET /portal/permissions/{id}`
pub(super) async fn show(visit: Visit, Path(id): Path<String>) -> Result<Response, Trouble> {
    visit.patient()?;
    if !hospital::request::is_id(&id) {
        return Err(visit.absent());
    }
    let consent = visit.get(&format!("/fhir/Consent/{id}")).await?;
    let title = words::heading(&visit, &consent);
    let active = consent["status"] == "active";
    let device = active && on_device(&visit).await?;
    let since = text(&consent, "/meta/lastUpdated");
    let shown = html! {
        p.back { a href="/portal/permissions" { (visit.say("permissions-back")) } }
        h1 { (title) }
        @if active {
            div.done role="status" { p { (visit.say("permissions-in-force")) } }
        } @else {
            div.note role="status" {
                p { (visit.tell("permissions-over", &[("when",
                    &date::moment(visit.language, since))])) }
            }
        }
        (words::words(&visit, &consent))
        (seal::seal(visit.language, "Consent", &id, text(&consent, "/meta/versionId")))
        @if active {
            h2 { (visit.say("permissions-end")) }
            p { (visit.say("permissions-end-hint")) }
            @if device { (sign::withdraw(&visit, &id)?) }
            @else {
                (form::button(&visit, &format!("/portal/permissions/{id}/withdraw"), "warn",
                    &visit.say("permissions-withdraw"), &[]))
            }
        }
    };
    Ok(visit.page(&title, &shown))
}

/// `POST /portal/permissions/{id}/withdraw`
pub(super) async fn withdraw(Path(id): Path<String>, filled: Filled) -> Result<Response, Trouble> {
    let visit = &filled.visit;
    visit.patient()?;
    if !hospital::request::is_id(&id) {
        return Err(visit.absent());
    }
    let body = json!({ "resourceType": "Parameters", "parameter": [
        { "name": "consent", "valueReference": { "reference": format!("Consent/{id}") } } ] });
    visit.post("/fhir/Consent/$revokeConsent", &body).await?;
    Ok(Visit::go(&format!("/portal/permissions/{id}")))
}
