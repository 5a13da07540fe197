//! `/sharing/requests`: a clinician asks a patient of another organisation for consent.

use axum::extract::{Path, Query, Request, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;
use hospital::{AccessRequest, NewAccessRequest};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::fhir::agent;
use crate::outcome::answered;
use crate::state::Door;

/// Largest form: the longest text, each letter escaped.
const FORM_BYTES_MAX: usize = 32 << 10;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    source: String,
    patient: String,
    purpose: String,
    text: Option<String>,
}

/// `?after=`
#[derive(Deserialize)]
pub(crate) struct After {
    after: Option<String>,
}

/// `POST /sharing/requests`
pub(crate) async fn send(State(door): State<Door>, request: Request) -> Response {
    let sent = async {
        let (parts, body) = request.into_parts();
        let caller = door.person(&parts.headers)?;
        let expected = "the body takes source, patient, purpose and text";
        let hint = "docs/reference/sharing.md shows each form";
        let form: Form = door
            .form(&parts.headers, body, FORM_BYTES_MAX, expected, hint)
            .await?;
        let new = NewAccessRequest {
            source: form.source,
            patient: form.patient,
            purpose: form.purpose,
            text: form.text,
        };
        let agent = agent(&caller, &parts);
        let sent = door.hospital().request_access(&caller, agent, new).await?;
        Ok(told(&sent, true))
    };
    answered(StatusCode::CREATED, sent.await)
}

/// `GET /sharing/requests`: a patient's open ones, or those that a clinician sent.
pub(crate) async fn list(
    State(door): State<Door>,
    Query(asked): Query<After>,
    parts: Parts,
) -> Response {
    let listed = async {
        let caller = door.acting(&parts.headers).await?;
        crate::access::allow_person(&caller)?;
        let agent = agent(&caller, &parts);
        let page = door
            .hospital()
            .access_requests(&caller, agent, asked.after)
            .await?;
        let requests = page.requests.iter().map(|it| told(it, page.sent));
        let requests: Vec<Value> = requests.collect();
        Ok(json!({ "requests": requests, "next": page.next }))
    };
    answered(StatusCode::OK, listed.await)
}

/// `POST /sharing/requests/{id}/decline`
pub(crate) async fn decline(
    State(door): State<Door>,
    Path(id): Path<String>,
    parts: Parts,
) -> Response {
    let declined = async {
        let caller = door.acting(&parts.headers).await?;
        crate::access::allow_person(&caller)?;
        let agent = agent(&caller, &parts);
        let declined = door.hospital().decline_access(&caller, agent, &id).await?;
        Ok(json!({ "id": declined.id, "organisation": declined.organisation, "declined": true }))
    };
    answered(StatusCode::OK, declined.await)
}

fn told(it: &AccessRequest, sent: bool) -> Value {
    let mut told = json!({
        "id": it.id,
        "patient": it.patient,
        "practitioner": it.practitioner,
        "role": it.role,
        "purpose": it.purpose,
        "text": it.text,
        "asked": it.asked,
        "until": it.until,
        // What became of it is for the patient to say, by a grant.
        "state": if sent { "sent" } else { "open" },
    });
    let other = if sent { "source" } else { "organisation" };
    told[other] = it.organisation.clone().into();
    told
}
