//! Failures as responses: OperationOutcome under `/fhir`, RFC 9457 problem details elsewhere.

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use fhir::validate::{Issue, Severity};
use serde_json::{Map, Value, json};

use crate::error::{ApiError, Described};

/// The media type of FHIR JSON.
pub(crate) const FHIR_JSON: &str = "application/fhir+json; charset=utf-8";
const PROBLEM_JSON: &str = "application/problem+json";
const REALM: &str = "Bearer realm=\"salus\"";
/// Most issues told at once.
const ISSUES_MAX: usize = 100;

/// The OperationOutcome of a failure.
pub(crate) fn outcome(described: &Described) -> Value {
    let issues: Vec<Value> = described
        .issues
        .iter()
        .take(ISSUES_MAX)
        .map(|issue| issue_json(issue, Some((described.name, &described.hint))))
        .collect();
    json!({ "resourceType": "OperationOutcome", "issue": issues })
}

/// An OperationOutcome that only tells something, beside a success.
pub(crate) fn information(text: &str) -> Value {
    json!({ "resourceType": "OperationOutcome", "issue": [
        { "severity": "information", "code": "informational", "diagnostics": text }
    ] })
}

/// An OperationOutcome of warnings, beside a success.
pub(crate) fn warnings(issues: &[Issue]) -> Value {
    let issues: Vec<Value> = issues
        .iter()
        .take(ISSUES_MAX)
        .map(|issue| issue_json(issue, None))
        .collect();
    json!({ "resourceType": "OperationOutcome", "issue": issues })
}

fn issue_json(issue: &Issue, failure: Option<(&str, &str)>) -> Value {
    let severity = match issue.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let mut entry = Map::new();
    entry.insert("severity".into(), severity.into());
    entry.insert("code".into(), issue.code.into());
    let mut details = Map::new();
    if let Some((name, _)) = failure {
        details.insert(
            "coding".into(),
            json!([{ "system": "urn:salus:error", "code": name }]),
        );
    }
    details.insert("text".into(), issue.text.clone().into());
    entry.insert("details".into(), details.into());
    let diagnostics = match failure {
        Some((_, hint)) => format!("{}; hint: {hint}", issue.text),
        None => issue.text.clone(),
    };
    entry.insert("diagnostics".into(), diagnostics.into());
    if !issue.expression.is_empty() {
        entry.insert("expression".into(), json!([issue.expression]));
    }
    entry.into()
}

/// A failure under `/fhir`.
pub(crate) fn fhir_failure(error: &ApiError) -> Response {
    let described = error.describe();
    let body = outcome(&described).to_string();
    decorate(
        respond(described.status, FHIR_JSON, body),
        error,
        &described,
    )
}

/// A failure elsewhere. RFC 9457 3.
pub(crate) fn problem(error: &ApiError) -> Response {
    let described = error.describe();
    let kind = format!("urn:salus:error:{}", described.name);
    problem_as(error, &described, &kind)
}

/// A failure whose type another specification names.
pub(crate) fn problem_as(error: &ApiError, described: &Described, kind: &str) -> Response {
    let body = json!({
        "type": kind,
        "title": described.status.canonical_reason().unwrap_or("failure"),
        "status": described.status.as_u16(),
        "detail": described.issues.first().map_or("", |issue| &issue.text),
        "code": described.name,
        "hint": described.hint,
    });
    let response = respond(described.status, PROBLEM_JSON, body.to_string());
    decorate(response, error, described)
}

/// A response with a body of one kind.
pub(crate) fn respond(status: StatusCode, kind: &'static str, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

/// An answer as JSON, or the failure as a problem.
pub(crate) fn answered(status: StatusCode, answer: Result<Value, ApiError>) -> Response {
    match answer {
        Ok(body) => respond(status, "application/json", body.to_string()),
        Err(error) => problem(&error),
    }
}

fn decorate(mut response: Response, error: &ApiError, described: &Described) -> Response {
    let headers = response.headers_mut();
    if let Some(seconds) = described.retry_after_s {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    if described.status == StatusCode::UNAUTHORIZED {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(REALM));
    }
    if let ApiError::Method { allow, .. } = error {
        headers.insert(header::ALLOW, HeaderValue::from_static(allow));
    }
    if matches!(error, ApiError::MediaType(_)) {
        let patch =
            HeaderValue::from_static("application/json-patch+json, application/merge-patch+json");
        headers.insert("accept-patch", patch);
    }
    response
}
