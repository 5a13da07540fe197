//! `AuditEvent/$recordDisclosure` (HL7 FAST Scalable Consent Management): a disclosure that was
//! made outside of Salus is reported, and counts in the accounting.

use axum::body::Body;
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use hospital::report::OutsideDisclosure;
use hospital::scopes::Verb;
use hospital::{Caller, HospitalError};

use super::consent::{parameter, read};
use super::logged::agent;
use crate::access;
use crate::error::ApiError;
use crate::outcome::{FHIR_JSON, information, respond};
use crate::state::Door;

/// Records a disclosure.
pub(super) async fn record(
    door: &Door,
    caller: &Caller,
    parts: &Parts,
    body: Body,
) -> Result<Response, ApiError> {
    access::allow_scope(caller, Verb::Create, Some("AuditEvent"))?;
    let given = read(door, parts, body).await?;
    let event = match given["resourceType"].as_str() {
        Some("AuditEvent") => given.clone(),
        _ => parameter(&given, "disclosure")["resource"].clone(),
    };
    if event.is_null() {
        return Err(HospitalError::request(
            "required",
            "the parameter `disclosure` with an AuditEvent is missing",
            "docs/reference/audit-log.md shows what $recordDisclosure takes",
        )
        .into());
    }
    let consent = parameter(&given, "consent")["valueReference"]["reference"].as_str();
    let suspension = parameter(&given, "suspension")["valueString"].as_str();
    let disclosure = OutsideDisclosure {
        event,
        consent: consent.map(str::to_owned),
        suspension: suspension.map(str::to_owned),
    };
    let agent = agent(caller, parts);
    let hospital = door.hospital();
    let kept = hospital
        .record_disclosure(caller, agent, disclosure)
        .await?;
    let place = format!(
        "{}/{}/{}/_history/{}",
        hospital.fhir_base(),
        kept.type_,
        kept.id,
        kept.version
    );
    let text = format!("recorded as {}/{}", kept.type_, kept.id);
    let mut response = respond(StatusCode::OK, FHIR_JSON, information(&text).to_string());
    if let Ok(place) = HeaderValue::from_str(&place) {
        response.headers_mut().insert(header::LOCATION, place);
    }
    Ok(response)
}
