//! `Consent/$fileConsent` and `Consent/$revokeConsent` (HL7 FAST Scalable Consent Management).

mod device;

use axum::body::Body;
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;
use hospital::{Caller, HospitalError};
use serde_json::{Value, json};

use crate::error::ApiError;
use crate::negotiate::{self, Media};
use crate::outcome::{FHIR_JSON, respond};
use crate::state::Door;

/// Largest consent.
const BYTES_MAX: usize = 256 << 10;

/// Files a consent: the record, the grant on the ledger, the key to each recipient. With `prepare`
/// it answers what a patient's device has to sign, with `preparation` it takes what was signed.
pub(super) async fn file(
    door: &Door,
    caller: &Caller,
    parts: &Parts,
    body: Body,
) -> Result<Response, ApiError> {
    crate::access::allow_person(caller)?;
    let given = read(door, parts, body).await?;
    let consent = match given["resourceType"].as_str() {
        Some("Consent") => given.clone(),
        _ => parameter(&given, "consent")["resource"].clone(),
    };
    if consent.is_null() {
        return Err(refused("the parameter `consent` with a Consent is missing").into());
    }
    let hospital = door.hospital();
    let filed = match device::step(&given)? {
        device::Step::Prepare => {
            let prepared = hospital.prepare_consent(caller, consent).await?;
            return Ok(parameters_of(StatusCode::OK, &device::prepared(&prepared)));
        }
        device::Step::Complete(id) => {
            let signed = device::signed_consent(&given)?;
            Box::pin(hospital.file_prepared(caller, &id, consent, &signed)).await?
        }
        // Boxed: it holds the whole act, and every request would be as large.
        device::Step::Whole => Box::pin(hospital.file_consent(caller, consent)).await?,
    };
    let stored: Value = serde_json::from_slice(&filed.consent.record.body)
        .map_err(|_| HospitalError::Internal("a stored Consent is no JSON".into()))?;
    let mut parameters = vec![json!({ "name": "consent", "resource": stored })];
    if let Some(grant) = filed.grant {
        parameters.push(json!({ "name": "grant", "valueString": grant.to_string() }));
    }
    for (organisation, told) in &filed.recipients {
        parameters.push(json!({ "name": "recipient", "part": [
            { "name": "organization",
              "valueReference": { "reference": format!("Organization/{organisation}") } },
            { "name": "told", "valueBoolean": told },
        ]}));
    }
    Ok(parameters_of(StatusCode::CREATED, &parameters))
}

/// Withdraws a consent; answered once the ledger has it. In two steps like [`file`].
pub(super) async fn revoke(
    door: &Door,
    caller: &Caller,
    parts: &Parts,
    body: Body,
) -> Result<Response, ApiError> {
    crate::access::allow_person(caller)?;
    let given = read(door, parts, body).await?;
    let named = parameter(&given, "consent");
    let reference = named["valueReference"]["reference"].as_str();
    let id = reference.and_then(|it| it.strip_prefix("Consent/"));
    let id = id.ok_or_else(|| refused("the parameter `consent` with a reference is missing"))?;
    let hospital = door.hospital();
    let withdrawn = match device::step(&given)? {
        device::Step::Prepare => {
            let prepared = hospital.prepare_withdrawal(caller, id).await?;
            return Ok(parameters_of(StatusCode::OK, &device::prepared(&prepared)));
        }
        device::Step::Complete(preparation) => {
            let signed = device::signed_withdrawal(&given)?;
            hospital
                .withdraw_prepared(caller, &preparation, id, &signed)
                .await?
        }
        device::Step::Whole => hospital.withdraw_consent(caller, id).await?,
    };
    let parameters: Vec<Value> = withdrawn
        .iter()
        .map(|it| {
            json!({ "name": "grant", "part": [
                { "name": "id", "valueString": it.grant.to_string() },
                { "name": "entry", "valueDecimal": it.entry },
            ]})
        })
        .collect();
    Ok(parameters_of(StatusCode::OK, &parameters))
}

/// Reads a body of JSON within the bounds of FHIR.
pub(crate) async fn read(door: &Door, parts: &Parts, body: Body) -> Result<Value, ApiError> {
    negotiate::media(&parts.headers, Media::Fhir)?;
    let (bytes, _room) = door.body(&parts.headers, body, BYTES_MAX).await?;
    let limits = ::fhir::json::Limits {
        bytes: BYTES_MAX,
        ..::fhir::json::Limits::default()
    };
    Ok(::fhir::json::parse(&bytes, limits).map_err(HospitalError::from)?)
}

pub(super) fn parameter<'a>(given: &'a Value, name: &str) -> &'a Value {
    let parameters = given["parameter"].as_array();
    let found = parameters
        .into_iter()
        .flatten()
        .find(|it| it["name"] == name);
    found.unwrap_or(&Value::Null)
}

fn parameters_of(status: StatusCode, parameters: &[Value]) -> Response {
    let body = json!({ "resourceType": "Parameters", "parameter": parameters });
    respond(status, FHIR_JSON, body.to_string())
}

fn refused(text: &str) -> HospitalError {
    HospitalError::request(
        "required",
        text,
        "docs/reference/sharing.md shows the Parameters of both operations",
    )
}
