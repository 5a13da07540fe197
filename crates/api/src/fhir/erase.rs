//! `Patient/{id}/$erase`: everything of a patient goes, here and at whoever holds something.

use axum::body::Body;
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use hospital::access_log::Access;
use hospital::{Caller, HospitalError, Role};
use serde::Deserialize;
use serde_json::json;

use crate::error::ApiError;
use crate::negotiate::{self, Media};
use crate::outcome::respond;
use crate::state::Door;

/// Largest form.
const FORM_BYTES_MAX: usize = 256 << 10;

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    #[serde(default)]
    words: String,
    /// Records that go too although they name others.
    #[serde(default)]
    shared: Vec<String>,
}

/// Erases; the answer says where the erasure stands from then on.
pub(super) async fn erase(
    door: &Door,
    caller: &Caller,
    patient: &str,
    parts: &Parts,
    body: Body,
    access: Access,
) -> Result<Response, ApiError> {
    crate::access::allow_person(caller)?;
    let (bytes, _room) = door.body(&parts.headers, body, FORM_BYTES_MAX).await?;
    let form = if bytes.is_empty() {
        Form::default()
    } else {
        negotiate::media(&parts.headers, Media::Fhir)?;
        serde_json::from_slice(&bytes).map_err(|error| {
            HospitalError::request(
                "structure",
                format!(
                    "line {}, column {}: the body takes words and shared",
                    error.line(),
                    error.column()
                ),
                "docs/reference/erasure.md shows the form",
            )
        })?
    };
    let begun = door
        .hospital()
        .erase(caller, patient, &form.words, &form.shared)
        .await?;
    if caller.role != Role::Patient {
        // Who erased, without whom. A patient's own act goes with the patient.
        let access = Access {
            query: None,
            ..access
        };
        if let Err(error) = door.hospital().record_access(access).await {
            // It happened, and only this answer has the key.
            tracing::error!(%error, "an erasure is not in the log of accesses");
        }
    }
    let place = format!("/erasures/{}?key={}", begun.id, begun.key);
    let body = json!({
        "erasure": begun.id.to_string(),
        "key": begun.key,
        "done_here": begun.done_here,
        "certificate": format!("/erasures/{}/certificate?key={}", begun.id, begun.key),
    });
    let mut response = respond(StatusCode::ACCEPTED, "application/json", body.to_string());
    let place = HeaderValue::from_str(&place)
        .map_err(|_| HospitalError::Internal("an erasure has no place".into()))?;
    response.headers_mut().insert(header::LOCATION, place);
    Ok(response)
}
