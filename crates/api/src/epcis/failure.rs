//! Failures as EPCIS names them: problem details (RFC 9457) whose `type` is an exception of
//! GS1's OpenAPI, with our own code and hint beside it.

use axum::http::StatusCode;
use axum::response::Response;

use crate::error::ApiError;
use crate::outcome::problem_as;

/// What was asked for: the same failure has several names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Area {
    Capture,
    Query,
    Subscription,
}

/// A capture failed.
pub(super) fn capture(error: &ApiError) -> Response {
    failed(error, Area::Capture)
}

/// A query failed.
pub(super) fn query(error: &ApiError) -> Response {
    failed(error, Area::Query)
}

/// Something about a subscription failed.
pub(super) fn subscription(error: &ApiError) -> Response {
    failed(error, Area::Subscription)
}

fn failed(error: &ApiError, area: Area) -> Response {
    let mut described = error.describe();
    if described.status == StatusCode::UNPROCESSABLE_ENTITY {
        // The OpenAPI knows no 422.
        described.status = match described.issues.first().map(|issue| issue.code) {
            Some("too-costly") => StatusCode::PAYLOAD_TOO_LARGE,
            Some("duplicate") => StatusCode::CONFLICT,
            _ => StatusCode::BAD_REQUEST,
        };
    }
    if described.status == StatusCode::NOT_ACCEPTABLE {
        let hint = "docs/reference/epcis.md lists media types, versions and formats";
        hint.clone_into(&mut described.hint);
    }
    let kind = format!("epcisException:{}", exception(described.status, area));
    problem_as(error, &described, &kind)
}

/// The name of a failure in GS1's OpenAPI.
fn exception(status: StatusCode, area: Area) -> &'static str {
    match (status.as_u16(), area) {
        (400, Area::Capture) => "ValidationException",
        (400, Area::Query) => "QueryParameterException",
        (400, Area::Subscription) => "SubscriptionControlsException",
        (401 | 403, _) => "SecurityException",
        (404, Area::Capture) => "NoSuchResourceException",
        (404, _) => "NoSuchNameException",
        (406, _) => "NotAcceptableException",
        (409, _) => "ResourceAlreadyExistsException",
        (413, Area::Capture) => "CaptureLimitExceededException",
        (413, _) => "QueryTooLargeException",
        (414, _) => "URITooLongException",
        (415, _) => "UnsupportedMediaTypeException",
        _ => "ImplementationException",
    }
}
