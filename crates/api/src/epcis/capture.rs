//! Documents and single events in. EPCIS 2.0, 12.6.

use axum::extract::{Path, Query, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use hospital::HospitalError;
use hospital::packs::{Capture, Media, OnError};
use hospital::pairs::{self, Pairs};
use serde_json::{Value, json};

use super::{answered, failure, located};
use crate::error::ApiError;
use crate::fhir::agent;
use crate::state::Door;

/// Largest document, and the most events in one: `epcis::Limits`.
const DOCUMENT_BYTES_MAX: usize = 16 << 20;
const EVENTS_MAX: usize = 10_000;
const ON_ERROR: &str = "gs1-capture-error-behaviour";

/// `OPTIONS /epcis/capture`
pub(super) async fn discover() -> Response {
    let mut response = super::discovered("GET, POST, OPTIONS");
    let headers = response.headers_mut();
    headers.insert("gs1-epcis-capture-limit", EVENTS_MAX.into());
    headers.insert(
        "gs1-epcis-capture-file-size-limit",
        DOCUMENT_BYTES_MAX.into(),
    );
    headers.insert(ON_ERROR, HeaderValue::from_static("all"));
    response
}

/// `POST /epcis/capture`: the document is checked now, and captured after the answer.
pub(super) async fn document(State(door): State<Door>, request: Request) -> Response {
    let taken = async {
        let (parts, body) = request.into_parts();
        let caller = door.caller(&parts.headers)?;
        let media = media(&parts.headers)?;
        let on_error = on_error(&parts.headers)?;
        let (bytes, _room) = door.body(&parts.headers, body, DOCUMENT_BYTES_MAX).await?;
        let agent = agent(&caller, &parts);
        let hospital = door.hospital();
        Ok(hospital
            .capture(&caller, agent, (bytes, media), on_error)
            .await?)
    };
    let taken: Result<Capture, ApiError> = taken.await;
    match taken {
        Ok(job) => located(StatusCode::ACCEPTED, &format!("/epcis/capture/{}", job.id)),
        Err(error) => failure::capture(&error),
    }
}

/// `POST /epcis/events`: one event, stored when this is answered.
pub(super) async fn event(State(door): State<Door>, request: Request) -> Response {
    let taken = async {
        let (parts, body) = request.into_parts();
        let caller = door.caller(&parts.headers)?;
        let media = media(&parts.headers)?;
        let (bytes, _room) = door.body(&parts.headers, body, DOCUMENT_BYTES_MAX).await?;
        let agent = agent(&caller, &parts);
        let hospital = door.hospital().clone();
        // Carried out whole even if the client hangs up: the ledger may have accepted.
        let task =
            tokio::spawn(
                async move { hospital.capture_event(&caller, agent, (bytes, media)).await },
            );
        let broke = |_| HospitalError::Internal("a capture broke off".into());
        Ok(task.await.map_err(broke)??)
    };
    let taken: Result<String, ApiError> = taken.await;
    match taken {
        Ok(id) => located(
            StatusCode::CREATED,
            &format!("/epcis/events/{}", pairs::encode_segment(&id)),
        ),
        Err(error) => failure::capture(&error),
    }
}

/// `GET /epcis/capture/{id}`
pub(super) async fn job(
    State(door): State<Door>,
    Path(id): Path<String>,
    parts: Parts,
) -> Response {
    let found = async {
        let caller = door.caller(&parts.headers)?;
        Ok(told(&door.hospital().capture_job(&caller, &id).await?))
    };
    answered(StatusCode::OK, found.await)
}

/// `GET /epcis/capture`: the last ones.
pub(super) async fn jobs(
    State(door): State<Door>,
    Query(asked): Query<Pairs>,
    parts: Parts,
) -> Response {
    let found = async {
        let caller = door.caller(&parts.headers)?;
        Ok(door.hospital().capture_jobs(&caller, &asked).await?)
    };
    let found: Result<(Vec<Capture>, Option<String>), ApiError> = found.await;
    match found {
        Ok((jobs, next)) => {
            let mut response = answered(StatusCode::OK, Ok(jobs.iter().map(told).collect()));
            super::events::link(&mut response, &parts, next.as_deref());
            response
        }
        Err(error) => failure::capture(&error),
    }
}

fn told(job: &Capture) -> Value {
    let errors = job.errors.iter().map(|text| {
        json!({ "type": "epcisException:ValidationException", "title": "not captured",
                "status": 400, "detail": text })
    });
    let errors: Vec<Value> = errors.collect();
    let mut told = json!({
        "captureID": job.id,
        "createdAt": job.created,
        "running": job.running,
        "success": job.success,
        "captureErrorBehaviour": job.on_error,
        "errors": errors,
    });
    if let Some(finished) = &job.finished {
        told["finishedAt"] = finished.clone().into();
    }
    told
}

fn media(headers: &HeaderMap) -> Result<Media, ApiError> {
    let given = headers.get(header::CONTENT_TYPE);
    let given = given.and_then(|value| value.to_str().ok()).unwrap_or("");
    match given.split(';').next().unwrap_or("").trim() {
        "application/json" | "application/ld+json" => Ok(Media::Json),
        "application/xml" | "text/xml" => Ok(Media::Xml),
        _ => Err(ApiError::MediaType(
            "application/json, application/ld+json or application/xml",
        )),
    }
}

fn on_error(headers: &HeaderMap) -> Result<OnError, ApiError> {
    let given = headers.get(ON_ERROR).map(HeaderValue::as_bytes);
    match given {
        None | Some(b"rollback") => Ok(OnError::Rollback),
        Some(b"proceed") => Ok(OnError::Proceed),
        Some(_) => Err(HospitalError::request(
            "value",
            "GS1-Capture-Error-Behaviour is rollback or proceed",
            "leave it out: then nothing is captured where one event is refused",
        )
        .into()),
    }
}
