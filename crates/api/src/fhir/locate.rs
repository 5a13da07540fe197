//! `Patient/{id}/$locate`: the organisations that have records of a patient, after IHE XCPD's
//! Patient Location Query (ITI-56).

use axum::http::StatusCode;
use axum::response::Response;
use fhir::validate::{Issue, Severity};
use hospital::Caller;
use hospital::scopes::Verb;
use serde_json::json;

use super::page::Writer;
use crate::access;
use crate::error::ApiError;
use crate::outcome::{FHIR_JSON, respond, warnings};
use crate::state::Door;

/// Answers a searchset of Organizations, and names those that did not answer.
pub(super) async fn locate(
    door: &Door,
    caller: &Caller,
    patient: &str,
) -> Result<Response, ApiError> {
    access::allow_scope(caller, Verb::Search, Some("Organization"))?;
    access::allow_scope(caller, Verb::Read, Some("Patient"))?;
    let located = door.hospital().locate(caller, patient).await?;
    let mut writer = Writer::new("searchset", door.hospital().now_us(), 4_096);
    for it in &located.found {
        let organisation = json!({
            "resourceType": "Organization",
            "id": it.organisation,
            "identifier": [{ "system": "urn:salus:organisation", "value": it.organisation }],
            "name": it.organisation,
        });
        writer.entry();
        writer.resource(organisation.to_string().as_bytes());
        writer.raw(",\"search\":{\"mode\":\"match\"}}");
    }
    let remarks = located.unanswered.iter().map(|(name, reason)| Issue {
        severity: Severity::Error,
        code: "incomplete",
        expression: String::new(),
        text: format!("{name} did not answer: {reason}"),
    });
    let remarks: Vec<Issue> = remarks.collect();
    if !remarks.is_empty() {
        writer.entry();
        writer.resource(warnings(&remarks).to_string().as_bytes());
        writer.raw(",\"search\":{\"mode\":\"outcome\"}}");
    }
    Ok(respond(StatusCode::OK, FHIR_JSON, writer.finish()))
}
