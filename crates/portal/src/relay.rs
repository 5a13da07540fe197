//! `/portal/api/...`: the JSON door for the scripts of our own pages. A request that changes
//! something brings the form token in a header, which no page of another origin can send.

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderName, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};

use crate::Portal;
use crate::visit::{ACTING_FOR, Visit};

/// The header that brings the form token.
const FORM: &str = "x-salus-form";
/// What scripts may ask for; pages for people and open routes are reached as they are.
const DOORS: [&str; 6] = [
    "/fhir/",
    "/identity/",
    "/sharing/",
    "/reports/",
    "/links",
    "/packs/offline",
];

/// Hands a request on.
pub(crate) async fn pass(State(_): State<Portal>, visit: Visit, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path_and_query().map_or("", |it| it.as_str());
    let path = path.strip_prefix("/portal/api").unwrap_or("");
    if !DOORS.iter().any(|door| path.starts_with(door)) || path.contains("..") {
        return StatusCode::NOT_FOUND.into_response();
    }
    let token = parts.headers.get(FORM);
    let token = token.and_then(|value| value.to_str().ok()).unwrap_or("");
    let changes = !matches!(parts.method, Method::GET | Method::HEAD);
    if changes && !visit.portal.inside.is_form(&visit.visitor, token) {
        return StatusCode::FORBIDDEN.into_response();
    }
    let Ok(uri) = path.parse::<Uri>() else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let mut inner = Request::new(body);
    *inner.method_mut() = parts.method.clone();
    *inner.uri_mut() = uri;
    let acting = HeaderName::from_static(ACTING_FOR);
    for name in [
        header::CONTENT_TYPE,
        header::CONTENT_LENGTH,
        header::ACCEPT,
        acting,
    ] {
        if let Some(value) = parts.headers.get(&name) {
            inner.headers_mut().insert(name, value.clone());
        }
    }
    visit.forward(inner.map(Body::new)).await
}
