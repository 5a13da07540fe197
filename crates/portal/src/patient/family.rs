//! A family member: who may act for me, and for whom I may act. A delegation has an end.

use axum::Router;
use axum::extract::Path;
use axum::http::{HeaderValue, Method, header};
use axum::response::Response;
use axum::routing::{get, post};
use maud::{Markup, html};
use serde_json::{Value, json};

use crate::Portal;
use crate::date;
use crate::form::{self, Faults, Line};
use crate::record::text;
use crate::trouble::Trouble;
use crate::visit::{Filled, Visit, for_cookie};

/// The routes of delegations.
pub(super) fn routes() -> Router<Portal> {
    Router::new()
        .route("/portal/family", get(list))
        .route("/portal/family/new", post(allow))
        .route("/portal/family/act", post(act))
        .route("/portal/family/stop", post(stop))
        .route("/portal/family/{id}/end", post(end))
}

/// `GET /portal/family`
async fn list(visit: Visit) -> Result<Response, Trouble> {
    shown(&visit, ("", ""), &Faults::default()).await
}

async fn shown(visit: &Visit, typed: (&str, &str), faults: &Faults) -> Result<Response, Trouble> {
    let patient = visit.patient()?;
    let found = visit.get("/identity/delegations").await?;
    let all = found["delegations"]
        .as_array()
        .map_or(&[][..], Vec::as_slice);
    let in_force = |one: &&Value| one["in_force"] == true;
    let (own, others): (Vec<&Value>, Vec<&Value>) = all
        .iter()
        .filter(in_force)
        .partition(|one| one["patient"] == patient);
    let title = visit.say("more-family");
    let content = html! {
        p.back { a href="/portal/more" { (visit.say("more-back")) } }
        (faults.summary(visit))
        h1 { (title) }
        p.lead { (visit.say("family-lead")) }
        h2 { (visit.say("family-own")) }
        @if own.is_empty() { p { (visit.say("family-own-none")) } }
        @else { ul.cards { @for one in &own { li { (card(visit, one, true)) } } } }
        h2 { (visit.say("family-others")) }
        @if others.is_empty() { p { (visit.say("family-others-none")) } }
        @else { ul.cards { @for one in &others { li { (card(visit, one, false)) } } } }
        @if visit.acting_for.is_none() {
            h2 { (visit.say("family-new")) }
            p { (visit.say("family-new-hint")) }
            (form::form(visit, "/portal/family/new", &html! {
                (Line {
                    name: "delegate", kind: "text", label: visit.say("family-delegate"),
                    hint: visit.say("family-delegate-hint"), value: typed.0, autocomplete: "off",
                }.show(faults))
                (Line {
                    name: "until", kind: "date", label: visit.say("family-until"),
                    hint: String::new(), value: typed.1, autocomplete: "off",
                }.show(faults))
                button type="submit" { (visit.say("family-allow")) }
            }))
        }
    };
    Ok(visit.page(&title, &content))
}

fn card(visit: &Visit, one: &Value, own: bool) -> Markup {
    let id = text(one, "/id");
    let until = date::day(visit.language, text(one, "/until"));
    let kind = format!("family-kind-{}", text(one, "/kind"));
    html! {
        h3 {
            @if own { (text(one, "/delegate")) }
            @else { (visit.tell("family-patient", &[("patient", text(one, "/patient"))])) }
        }
        p { (visit.say(&kind)) ", " (visit.tell("family-ends", &[("when", &until)])) }
        @if own {
            (form::button(visit, &format!("/portal/family/{id}/end"), "second",
                &visit.say("family-end"), &[]))
        } @else {
            (form::button(visit, "/portal/family/act", "", &visit.say("family-act"),
                &[("patient", text(one, "/patient"))]))
        }
    }
}

/// `POST /portal/family/new`
async fn allow(filled: Filled) -> Result<Response, Trouble> {
    let visit = &filled.visit;
    let patient = visit.patient()?;
    let (delegate, until) = (filled.get("delegate"), filled.get("until"));
    let mut faults = Faults::default();
    if delegate.is_empty() {
        faults.add("delegate", visit.say("family-fault-delegate"));
    }
    if until.len() != 10 {
        faults.add("until", visit.say("family-fault-until"));
    }
    if !faults.is_empty() {
        return shown(visit, (delegate, until), &faults).await;
    }
    let body = json!({
        "patient": patient, "delegate": delegate, "kind": "proxy",
        "until": format!("{until}T23:59:59Z"),
    });
    match visit.post("/identity/delegations", &body).await {
        Ok(_) => Ok(Visit::go("/portal/family")),
        Err(trouble) if trouble.words().is_some() || trouble.has_status(404) => {
            faults.add("delegate", visit.say("family-fault"));
            shown(visit, (delegate, until), &faults).await
        }
        Err(trouble) => Err(trouble),
    }
}

/// `POST /portal/family/{id}/end`
async fn end(Path(id): Path<String>, filled: Filled) -> Result<Response, Trouble> {
    let visit = &filled.visit;
    if !hospital::request::is_id(&id) {
        return Err(visit.absent());
    }
    let path = format!("/identity/delegations/{id}");
    visit.send(Method::DELETE, &path, None).await?;
    Ok(Visit::go("/portal/family"))
}

/// `POST /portal/family/act`: from now on the pages are about that patient.
async fn act(filled: Filled) -> Result<Response, Trouble> {
    let visit = &filled.visit;
    let patient = filled.get("patient");
    if !hospital::request::is_id(patient) {
        return Err(visit.absent());
    }
    Ok(chosen(visit, patient, 8 * 3_600))
}

/// `POST /portal/family/stop`
async fn stop(filled: Filled) -> Result<Response, Trouble> {
    Ok(chosen(&filled.visit, "", 0))
}

/// The cookie says only whom the pages are about; whether that is allowed the door decides at each
/// request.
fn chosen(visit: &Visit, patient: &str, life_s: u32) -> Response {
    let name = for_cookie(&visit.portal);
    let secure = if visit.portal.inside.base().starts_with("https:") {
        "; Secure"
    } else {
        ""
    };
    let mut response = Visit::go("/portal");
    let text =
        format!("{name}={patient}; Path=/portal; Max-Age={life_s}; HttpOnly; SameSite=Lax{secure}");
    if let Ok(value) = HeaderValue::from_str(&text) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
    response
}
