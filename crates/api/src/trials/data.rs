//! Values of trials: rows and documents in, documents and datasets out.

use axum::extract::{Path, Query, Request, State};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::response::Response;
use hospital::trials::{DATASET_FORM, OdmForm, Row};
use serde::Deserialize;
use serde_json::json;

use super::told::text;
use super::{Asked, asked, looked, wrong};
use crate::error::ApiError;
use crate::outcome::{answered, respond};
use crate::state::Door;

/// Largest ODM document.
const ODM_BYTES_MAX: usize = 32 << 20;
const NDJSON: &str = "application/x-ndjson";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RowsForm {
    rows: Vec<Row>,
}

/// `?after=`
#[derive(Deserialize)]
pub(super) struct After {
    pub(super) after: Option<String>,
}

/// `POST /trials/{id}/rows`
pub(super) async fn capture(
    State(door): State<Door>,
    Path(id): Path<String>,
    request: Request,
) -> Response {
    let captured = async {
        let it: Asked<RowsForm> = asked(&door, &id, request, "the body takes rows").await?;
        let hospital = door.hospital();
        let done = hospital
            .capture_rows(&it.caller, it.agent, (&it.id, it.form.rows))
            .await?;
        Ok(json!({ "new": done.new, "changed": done.changed, "same": done.same }))
    };
    answered(StatusCode::CREATED, captured.await)
}

/// `POST /trials/{id}/odm`: XML of ODM 1.3.2 or 2.0, or JSON of 2.0.
pub(super) async fn capture_odm(
    State(door): State<Door>,
    Path(id): Path<String>,
    request: Request,
) -> Response {
    let captured = async {
        let (parts, body) = request.into_parts();
        let (caller, agent, id) = looked(&door, &id, &parts)?;
        let media = parts.headers.get(header::CONTENT_TYPE);
        let media = media.and_then(|it| it.to_str().ok()).unwrap_or_default();
        let form = match media.split(';').next().unwrap_or_default().trim() {
            "application/xml" | "text/xml" | "application/odm+xml" => OdmForm::Xml,
            "application/json" => OdmForm::Json,
            _ => return Err(wrong("send application/xml or application/json")),
        };
        let (bytes, _room) = door.body(&parts.headers, body, ODM_BYTES_MAX).await?;
        let hospital = door.hospital();
        let done = hospital
            .capture_odm(&caller, agent, (&id, bytes, form))
            .await?;
        let rows = done.rows;
        Ok(
            json!({ "new": rows.new, "changed": rows.changed, "same": rows.same,
            "warnings": done.warnings }),
        )
    };
    answered(StatusCode::CREATED, captured.await)
}

/// `?history=`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OdmQuery {
    #[serde(default)]
    history: bool,
}

/// `GET /trials/{id}/odm`: as XML, or as JSON where that is asked for.
pub(super) async fn write_odm(
    State(door): State<Door>,
    Path(id): Path<String>,
    Query(query): Query<OdmQuery>,
    parts: Parts,
) -> Response {
    let written = async {
        let (caller, agent, id) = looked(&door, &id, &parts)?;
        let hospital = door.hospital();
        let odm = hospital
            .trial_odm(&caller, agent, (&id, query.history))
            .await?;
        let accept = parts.headers.get(header::ACCEPT);
        let accept = accept.and_then(|it| it.to_str().ok()).unwrap_or_default();
        let is_json = accept.contains("application/json");
        let text = if is_json { odm.to_json() } else { odm.to_xml() };
        let text = text.map_err(|error| wrong(&error.to_string()))?;
        let media = if is_json {
            "application/json"
        } else {
            "application/xml"
        };
        Ok::<_, ApiError>((media, text))
    };
    match written.await {
        Ok((media, text)) => respond(StatusCode::OK, media, text),
        Err(error) => answered(StatusCode::OK, Err(error)),
    }
}

/// `GET /trials/{id}/dataset`: lines of JSON, the first of them a head.
pub(super) async fn dataset(
    State(door): State<Door>,
    Path(id): Path<String>,
    Query(query): Query<After>,
    parts: Parts,
) -> Response {
    let page = async {
        let (caller, agent, id) = looked(&door, &id, &parts)?;
        let after = query.after.as_deref();
        let hospital = door.hospital();
        let page = hospital.trial_dataset(&caller, agent, (&id, after)).await?;
        Ok::<_, ApiError>((id, page))
    };
    let (id, page) = match page.await {
        Ok(page) => page,
        Err(error) => return answered(StatusCode::OK, Err(error)),
    };
    let head = json!({ "form": DATASET_FORM, "trial": text(&id), "next": page.next });
    let mut lines = format!("{head}\n");
    for row in &page.rows {
        lines.push_str(&json!(row).to_string());
        lines.push('\n');
    }
    respond(StatusCode::OK, NDJSON, lines)
}
