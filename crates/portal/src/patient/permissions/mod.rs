//! Permissions in plain words: what I allow whom, a new one in two clicks, and its end in two.

mod ask;
mod one;
mod preview;
mod requests;
pub(super) mod sign;
mod wish;
mod words;

use axum::Router;
use axum::response::Response;
use axum::routing::{get, post};
use maud::{Markup, html};
use serde_json::{Value, json};

use crate::Portal;
use crate::record::{records, text};
use crate::trouble::Trouble;
use crate::visit::Visit;

/// The routes of permissions.
pub(super) fn routes() -> Router<Portal> {
    Router::new()
        .route("/portal/permissions", get(list))
        .route("/portal/permissions/new", get(ask::ask))
        .route("/portal/permissions/check", get(ask::check))
        .route("/portal/permissions/give", post(ask::give))
        .route("/portal/permissions/{id}", get(one::show))
        .route("/portal/permissions/{id}/withdraw", post(one::withdraw))
        .route("/portal/requests/{id}/decline", post(requests::decline))
}

/// `GET /portal/permissions`
async fn list(visit: Visit) -> Result<Response, Trouble> {
    let patient = visit.patient()?;
    let path = format!("/fhir/Consent?patient={patient}&_sort=-date&_count=100");
    let bundle = visit.get(&path).await?;
    let (active, ended): (Vec<&Value>, Vec<&Value>) =
        records(&bundle).partition(|consent| consent["status"] == "active");
    let open = requests::open(&visit).await?;
    let title = visit.say("way-permissions");
    let shown = html! {
        h1 { (title) }
        p.lead { (visit.say("permissions-lead")) }
        (open)
        p { a.button href="/portal/permissions/new" { (visit.say("permissions-new")) } }
        h2 { (visit.say("permissions-active")) }
        @if active.is_empty() { p { (visit.say("permissions-none")) } }
        @else { (cards(&visit, &active)) }
        @if !ended.is_empty() {
            h2 { (visit.say("permissions-ended")) }
            (cards(&visit, &ended))
        }
    };
    Ok(visit.page(&title, &shown))
}

fn cards(visit: &Visit, consents: &[&Value]) -> Markup {
    html! {
        ul.cards {
            @for consent in consents {
                @let id = text(consent, "/id");
                li {
                    h3 { a href={ "/portal/permissions/" (id) } {
                        (words::heading(visit, consent)) } }
                    (words::words(visit, consent))
                }
            }
        }
    }
}

/// Another member of the ledger.
pub(super) struct Member {
    pub(super) id: String,
    /// It knows this patient: without that a permission is for nobody.
    pub(super) linked: bool,
}

/// The other members of the ledger.
pub(super) async fn members(visit: &Visit) -> Result<Vec<Member>, Trouble> {
    let patient = visit.patient()?;
    let links = visit
        .get(&format!("/sharing/links?patient={patient}"))
        .await?;
    let links = links["organisations"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let found = visit.get("/ledger/organisations").await?;
    let all = found["organisations"].as_array().into_iter().flatten();
    let others = all.map(|one| text(one, "/id").to_owned());
    let others = others.filter(|id| id != visit.organisation());
    let member = |id: String| Member {
        linked: links.iter().any(|linked| linked == id.as_str()),
        id,
    };
    Ok(others.map(member).collect())
}

/// Whether the patient's keys are on a device: then only that device signs.
pub(super) async fn on_device(visit: &Visit) -> Result<bool, Trouble> {
    let keys = visit.find("/identity/keys").await?;
    Ok(keys.is_some_and(|keys| keys["current"]["mode"] == "device"))
}

/// Makes a key at the organisation for a patient who has none; each permission says so then.
pub(super) async fn ensure_key(visit: &Visit) -> Result<(), Trouble> {
    if visit.find("/identity/keys").await?.is_none() {
        let custodial = json!({ "mode": "custodial" });
        visit.post("/identity/keys", &custodial).await?;
    }
    Ok(())
}
