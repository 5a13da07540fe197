//! `/epcis`: the REST interface of EPCIS 2.0 (section 12, GS1's OpenAPI).
//!
//! `capture.rs` takes documents and events in, `events.rs` answers queries, `resources.rs` lists
//! what can be asked for, `queries.rs` keeps queries under a name. Whoever wants to be told of what
//! they find subscribes (`subscriptions.rs`, `webhooks.rs`) or watches (`socket.rs`). Media types,
//! versions and formats are agreed on before any of them (`negotiation.rs`).

mod capture;
mod events;
mod failure;
mod negotiation;
mod queries;
mod resources;
mod socket;
mod subscriptions;
mod webhooks;

pub(crate) use socket::SOCKETS_MAX;
pub(crate) use webhooks::start as start_webhooks;

use axum::Router;
use axum::extract::State;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::from_fn;
use axum::response::Response;
use axum::routing::{delete, get};
use serde_json::Value;

use crate::error::ApiError;
use crate::outcome::respond;
use crate::state::Door;

/// EPCIS and CBV versions that are understood.
const EPCIS_VERSION: &str = "2.0.0";
const CBV_VERSION: &str = "2.0.0";

pub(crate) fn routes() -> Router<Door> {
    let mut routes = Router::new()
        .route("/epcis", get(resources::root).options(readable))
        .route("/epcis/", get(resources::root).options(readable))
        .route(
            "/epcis/capture",
            get(capture::jobs)
                .post(capture::document)
                .options(capture::discover),
        )
        .route("/epcis/capture/{id}", get(capture::job).options(readable))
        .route(
            "/epcis/events",
            get(events::all).post(capture::event).options(writable),
        )
        .route("/epcis/events/{id}", get(events::one).options(readable))
        .route("/epcis/nextPageToken/{token}", delete(give_back))
        .merge(standing());
    for resource in resources::ALL {
        let path = format!("/epcis/{}", resource.path);
        let list = move |door, query, parts| resources::list(resource, door, query, parts);
        let below = move |door, name, parts| resources::below(resource, door, name, parts);
        let found = move |door, name, parts| events::of(resource, door, name, parts);
        routes = routes
            .route(&path, get(list).options(readable))
            .route(&format!("{path}/{{name}}"), get(below).options(readable))
            .route(
                &format!("{path}/{{name}}/events"),
                get(found).options(readable),
            );
    }
    routes.layer(from_fn(negotiation::agreed))
}

/// Named queries and who is told of what they find.
fn standing() -> Router<Door> {
    Router::new()
        .route(
            "/epcis/queries",
            get(queries::list).post(queries::make).options(writable),
        )
        .route(
            "/epcis/queries/{name}",
            get(queries::one).delete(queries::remove).options(removable),
        )
        .route(
            "/epcis/queries/{name}/events",
            get(socket::events).options(readable),
        )
        .route(
            "/epcis/queries/{name}/subscriptions",
            get(subscriptions::list)
                .post(subscriptions::make)
                .options(writable),
        )
        .route(
            "/epcis/queries/{name}/subscriptions/{id}",
            get(subscriptions::one)
                .delete(subscriptions::remove)
                .options(removable),
        )
}

/// `DELETE /epcis/nextPageToken/{token}`: a token says all that there is to a page; nothing is
/// kept for it that could be given back.
async fn give_back(State(door): State<Door>, parts: Parts) -> Response {
    let caller = door.caller(&parts.headers);
    queries::nothing_more(caller.map(|_| ()), failure::query)
}

async fn readable() -> Response {
    discovered("GET, OPTIONS")
}

async fn writable() -> Response {
    discovered("GET, POST, OPTIONS")
}

async fn removable() -> Response {
    discovered("GET, DELETE, OPTIONS")
}

/// `OPTIONS`: which verbs there are and which versions are understood. EPCIS 2.0, 12.4.
fn discovered(allow: &'static str) -> Response {
    let mut response = respond(StatusCode::NO_CONTENT, "application/json", "");
    let headers = response.headers_mut();
    headers.remove(header::CONTENT_TYPE);
    headers.insert(header::ALLOW, HeaderValue::from_static(allow));
    versions(headers);
    for (name, value) in [
        ("gs1-epcis-min", EPCIS_VERSION),
        ("gs1-epcis-max", EPCIS_VERSION),
        ("gs1-cbv-min", CBV_VERSION),
        ("gs1-cbv-max", CBV_VERSION),
        ("gs1-vendor-version", env!("CARGO_PKG_VERSION")),
        ("gs1-epc-format", "Never_Translates"),
        ("gs1-cbv-xml-format", "Always_Web_URI"),
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
