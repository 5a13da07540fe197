//! Answers of the hospital as HTTP responses.

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response as HttpResponse;
use bytes::Bytes;
use hospital::{Admitted, HospitalError, Made, Record, Response, View, instant};

use super::{page, view};
use crate::error::ApiError;
use crate::negotiate::{Prefer, Return};
use crate::outcome::{FHIR_JSON, information, respond, warnings};
use crate::state::Door;

/// Writes an answer.
pub(super) async fn http(
    door: &Door,
    answer: Response,
    prefer: Prefer,
    view: &View,
) -> Result<HttpResponse, ApiError> {
    let base = door.hospital().fhir_base();
    match answer {
        Response::Read(record) => {
            let body = view::shown(&record.body, view);
            let mut response = respond(StatusCode::OK, FHIR_JSON, body);
            tag(response.headers_mut(), record.version, record.updated_us);
            Ok(response)
        }
        Response::NotModified {
            version,
            updated_us,
            ..
        } => {
            let mut response = empty(StatusCode::NOT_MODIFIED);
            tag(response.headers_mut(), version, updated_us);
            Ok(response)
        }
        Response::Written(admitted) => Ok(written(admitted, prefer, base)),
        Response::Retired(retired) => {
            let mut response = match prefer.wanted {
                Some(Return::Outcome) => respond(
                    StatusCode::OK,
                    FHIR_JSON,
                    information("deleted").to_string(),
                ),
                _ => empty(StatusCode::NO_CONTENT),
            };
            if let Some(version) = retired.version {
                tag(response.headers_mut(), version, retired.updated_us);
            }
            Ok(response)
        }
        Response::Found(found) => {
            let (base, now_us) = (base.to_owned(), door.hospital().now_us());
            paged(move || page::search(&found, &base, now_us)).await
        }
        Response::History(found) => {
            let (base, now_us) = (base.to_owned(), door.hospital().now_us());
            paged(move || page::history(&found, &base, now_us)).await
        }
    }
}

/// A page can be megabytes, and parts of resources have to be cut: not on an async thread.
async fn paged(write: impl FnOnce() -> Vec<u8> + Send + 'static) -> Result<HttpResponse, ApiError> {
    let body = tokio::task::spawn_blocking(write)
        .await
        .map_err(|_| HospitalError::Internal("a worker thread is gone".into()))?;
    Ok(respond(StatusCode::OK, FHIR_JSON, body))
}

fn written(admitted: Admitted, prefer: Prefer, base: &str) -> HttpResponse {
    let Admitted {
        record,
        made,
        warnings: found,
    } = admitted;
    let status = match made {
        Made::Created => StatusCode::CREATED,
        Made::Updated | Made::Found => StatusCode::OK,
    };
    let mut response = match prefer.wanted.unwrap_or(Return::Representation) {
        Return::Minimal => empty(status),
        Return::Representation => respond(status, FHIR_JSON, Bytes::clone(&record.body)),
        Return::Outcome if found.is_empty() => {
            respond(status, FHIR_JSON, information("stored").to_string())
        }
        Return::Outcome => respond(status, FHIR_JSON, warnings(&found).to_string()),
    };
    let headers = response.headers_mut();
    tag(headers, record.version, record.updated_us);
    let location = format!("{base}/{}", version_path(&record));
    if let Ok(location) = HeaderValue::from_str(&location) {
        headers.insert(header::LOCATION, location.clone());
        // The body is that version. RFC 9110 8.7.
        headers.insert(header::CONTENT_LOCATION, location);
    }
    response
}

/// `Patient/123/_history/2`
pub(super) fn version_path(record: &Record) -> String {
    format!("{}/{}/_history/{}", record.type_, record.id, record.version)
}

fn empty(status: StatusCode) -> HttpResponse {
    let mut response = HttpResponse::default();
    *response.status_mut() = status;
    response
}

fn tag(headers: &mut HeaderMap, version: u64, updated_us: i64) {
    if let Ok(etag) = HeaderValue::from_str(&format!("W/\"{version}\"")) {
        headers.insert(header::ETAG, etag);
    }
    if let Ok(date) = HeaderValue::from_str(&instant::http(updated_us)) {
        headers.insert(header::LAST_MODIFIED, date);
    }
}
