//! Erase my record: what goes, what proof stays, and the certificate.

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Request};
use axum::http::{Method, header};
use axum::response::Response;
use axum::routing::{get, post};
use maud::html;
use serde_json::json;

use crate::Portal;
use crate::form::{self, Faults};
use crate::page;
use crate::trouble::Trouble;
use crate::visit::{Filled, Visit};

/// The routes of erasure.
pub(super) fn routes() -> Router<Portal> {
    Router::new()
        .route("/portal/erase", get(ask))
        .route("/portal/erase/now", post(erase))
        .route("/portal/erase/{id}", get(status))
}

/// `GET /portal/erase`
async fn ask(visit: Visit) -> Result<Response, Trouble> {
    visit.patient()?;
    Ok(asked(&visit, &Faults::default()))
}

fn asked(visit: &Visit, faults: &Faults) -> Response {
    let title = visit.say("more-erase");
    let sure = [("yes".to_owned(), visit.say("erase-sure"), String::new())];
    let content = html! {
        p.back { a href="/portal/more" { (visit.say("more-back")) } }
        (faults.summary(visit))
        h1 { (title) }
        p.lead { (visit.say("erase-lead")) }
        div.columns {
            div.card {
                h2 { (visit.say("erase-goes")) }
                ul { @for key in ["erase-goes-record", "erase-goes-copies", "erase-goes-user",
                    "erase-goes-others"] {
                    li { (visit.say(key)) } } }
            }
            div.card {
                h2 { (visit.say("erase-stays")) }
                ul { @for key in ["erase-stays-digest", "erase-stays-certificate",
                    "erase-stays-seen"] {
                    li { (visit.say(key)) } } }
            }
        }
        p { (visit.say("erase-law")) }
        p { a href="/portal/take" { (visit.say("erase-take-first")) } }
        (form::form(visit, "/portal/erase/now", &html! {
            (form::choices("sure", "checkbox", &visit.say("erase-confirm"), "", &sure, &[], faults))
            button.warn type="submit" { (visit.say("erase-now")) }
        }))
    };
    visit.page(&title, &content)
}

/// `POST /portal/erase/now`
async fn erase(filled: Filled) -> Result<Response, Trouble> {
    let visit = &filled.visit;
    let patient = visit.patient()?.to_owned();
    let mut faults = Faults::default();
    if filled.get("sure") != "yes" {
        faults.add("sure", visit.say("erase-fault-sure"));
        return Ok(asked(visit, &faults));
    }
    let request = Request::builder()
        .method(Method::POST)
        .uri(format!("/fhir/Patient/{patient}/$erase"))
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(json!({}).to_string()))
        .map_err(|_| visit.absent())?;
    let response = visit.forward(request).await;
    let place = response
        .headers()
        .get(header::LOCATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|place| place.rsplit_once("/erasures/"))
        .map(|(_, rest)| rest.to_owned());
    match place {
        Some(place) if response.status().is_success() => {
            Ok(Visit::go(&format!("/portal/erase/{place}")))
        }
        _ => {
            let key = if response.status().as_u16() == 409 {
                "erase-fault-held"
            } else {
                "erase-fault"
            };
            faults.add("", visit.say(key));
            Ok(asked(visit, &faults))
        }
    }
}

/// `GET /portal/erase/{id}?key=`: anybody with the key; the patient is no user any more.
async fn status(
    axum::extract::State(portal): axum::extract::State<Portal>,
    Path(id): Path<String>,
    request: Request,
) -> Response {
    let (parts, _) = request.into_parts();
    let frame = page::Frame::outside(&portal, &parts);
    let language = frame.language;
    let title = language.say("erase-begun");
    let query = parts.uri.query().unwrap_or("").to_owned();
    let content = html! {
        h1 { (title) }
        div.done role="status" { p { (language.say("erase-begun-hint")) } }
        p { (language.say("erase-keep")) }
        @if hospital::request::is_id(&id) {
            p { a href={ "/erasures/" (id) "/certificate?" (query) } {
                (language.say("erase-certificate")) } }
        }
        p { a href="/portal/sign-in" { (language.say("erase-leave")) } }
    };
    page::response(axum::http::StatusCode::OK, &frame, &title, &content)
}
