//! `/epcis`: the REST interface of EPCIS 2.0 (section 12, GS1's OpenAPI).
//!
//! `capture.rs` takes documents and events in, `events.rs` answers queries, `resources.rs` lists
//! what can be asked for, `queries.rs` keeps queries under a name. Whoever wants to be told of what
//! they find subscribes (`subscriptions.rs`, `webhooks.rs`) or watches (`socket.rs`).

mod capture;
mod events;
mod failure;
mod queries;
mod resources;
mod socket;
mod subscriptions;
mod webhooks;

pub(crate) use socket::SOCKETS_MAX;
pub(crate) use webhooks::start as start_webhooks;

use axum::Router;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use axum::routing::get;
use serde_json::Value;

use crate::error::ApiError;
use crate::outcome::respond;
use crate::state::Door;

/// EPCIS and CBV versions that are understood.
const EPCIS_VERSION: &str = "2.0.0";
const CBV_VERSION: &str = "2.0.0";

pub(crate) fn routes() -> Router<Door> {
    let mut routes = Router::new()
        .route("/epcis", get(resources::root).options(discover))
        .route(
            "/epcis/capture",
            get(capture::jobs)
                .post(capture::document)
                .options(capture::discover),
        )
        .route("/epcis/capture/{id}", get(capture::job).options(discover))
        .route(
            "/epcis/events",
            get(events::all).post(capture::event).options(discover),
        )
        .route("/epcis/events/{id}", get(events::one).options(discover))
        .merge(standing());
    for resource in resources::ALL {
        let path = format!("/epcis/{}", resource.path);
        let list = move |door, query, parts| resources::list(resource, door, query, parts);
        let below = move |door, name, parts| resources::below(resource, door, name, parts);
        let found = move |door, name, parts| events::of(resource, door, name, parts);
        routes = routes
            .route(&path, get(list).options(discover))
            .route(&format!("{path}/{{name}}"), get(below).options(discover))
            .route(
                &format!("{path}/{{name}}/events"),
                get(found).options(discover),
            );
    }
    routes
}

/// Named queries and who is told of what they find.
fn standing() -> Router<Door> {
    Router::new()
        .route(
            "/epcis/queries",
            get(queries::list).post(queries::make).options(discover),
        )
        .route(
            "/epcis/queries/{name}",
            get(queries::one).delete(queries::remove).options(discover),
        )
        .route(
            "/epcis/queries/{name}/events",
            get(socket::events).options(discover),
        )
        .route(
            "/epcis/queries/{name}/subscriptions",
            get(subscriptions::list)
                .post(subscriptions::make)
                .options(discover),
        )
        .route(
            "/epcis/queries/{name}/subscriptions/{id}",
            get(subscriptions::one)
                .delete(subscriptions::remove)
                .options(discover),
        )
}

/// `OPTIONS`: which versions are understood. EPCIS 2.0, 12.4.
async fn discover() -> Response {
    let mut response = respond(StatusCode::NO_CONTENT, "application/json", "");
    let headers = response.headers_mut();
    headers.remove("content-type");
    versions(headers);
    for (name, value) in [
        ("gs1-epcis-min", EPCIS_VERSION),
        ("gs1-epcis-max", EPCIS_VERSION),
        ("gs1-cbv-min", CBV_VERSION),
        ("gs1-cbv-max", CBV_VERSION),
        ("gs1-vendor-version", env!("CARGO_PKG_VERSION")),
        ("gs1-epc-format", "Always_GS1_Digital_Link"),
        ("gs1-cbv-xml-format", "No_Preference"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

fn versions(headers: &mut HeaderMap) {
    headers.insert("gs1-epcis-version", HeaderValue::from_static(EPCIS_VERSION));
    headers.insert("gs1-cbv-version", HeaderValue::from_static(CBV_VERSION));
}

/// Something new, and where it is.
fn located(status: StatusCode, path: &str) -> Response {
    let mut response = respond(status, "application/json", "");
    let headers = response.headers_mut();
    headers.remove(header::CONTENT_TYPE);
    if let Ok(path) = path.parse() {
        headers.insert(header::LOCATION, path);
    }
    versions(headers);
    response
}

/// An answer, or the failure as EPCIS names it beside our own code.
fn answered(status: StatusCode, answer: Result<Value, ApiError>) -> Response {
    match answer {
        Ok(body) => {
            let mut response = respond(status, "application/json", body.to_string());
            versions(response.headers_mut());
            response
        }
        Err(error) => failure::capture(&error),
    }
}
