//! Tables of trials: an item group as Dataset-JSON or as a SAS transport file, in and out.

use axum::Router;
use axum::extract::{Path, Query, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use axum::routing::get;
use hospital::trials::{DatasetForm, Exchanged, Mapping};
use serde::Deserialize;
use serde_json::json;

use super::looked;
use crate::error::ApiError;
use crate::outcome::{answered, respond};
use crate::state::Door;

/// Largest dataset that comes in.
const BYTES_MAX: usize = 32 << 20;
/// Notes that go into a header.
const NOTES_MAX: usize = 20;
/// What the form does not keep, and what was written in another way: a JSON array of texts.
const NOTES: HeaderName = HeaderName::from_static("salus-notes");
const FORMS: [DatasetForm; 4] = [
    DatasetForm::Json,
    DatasetForm::Ndjson,
    DatasetForm::Compressed,
    DatasetForm::Transport,
];

pub(super) fn routes() -> Router<Door> {
    Router::new()
        .route("/trials/{id}/exchange", get(groups))
        .route("/trials/{id}/exchange/{group}", get(write).post(take))
}

/// `GET /trials/{id}/exchange`: the item groups.
async fn groups(State(door): State<Door>, Path(id): Path<String>, parts: Parts) -> Response {
    let listed = async {
        let (caller, _, id) = looked(&door, &id, &parts)?;
        let groups = door.hospital().exchange_groups(&caller, &id).await?;
        let groups = groups.iter();
        let groups = groups.map(|(oid, name)| json!({ "group": oid, "name": name }));
        Ok(json!({ "groups": groups.collect::<Vec<_>>() }))
    };
    answered(StatusCode::OK, listed.await)
}

/// `?_format=`, `?keys=`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OutQuery {
    #[serde(rename = "_format")]
    format: Option<String>,
    #[serde(default = "yes")]
    keys: bool,
}

fn yes() -> bool {
    true
}

/// `GET /trials/{id}/exchange/{group}`
async fn write(
    State(door): State<Door>,
    Path((id, group)): Path<(String, String)>,
    Query(query): Query<OutQuery>,
    parts: Parts,
) -> Response {
    let written = async {
        let (caller, agent, id) = looked(&door, &id, &parts)?;
        let form = form_asked(&parts.headers, query.format.as_deref())?;
        let hospital = door.hospital();
        let how = (form, query.keys);
        let file = hospital.exchange_out(&caller, agent, (&id, &group), how);
        Ok::<_, ApiError>(file.await?)
    };
    match written.await {
        Ok(file) => told(file),
        Err(error) => answered(StatusCode::OK, Err(error)),
    }
}

fn told(file: Exchanged) -> Response {
    let notes = json!(file.notes.iter().take(NOTES_MAX).collect::<Vec<_>>()).to_string();
    let name = format!("attachment; filename=\"{}\"", file.name);
    let mut response = respond(StatusCode::OK, file.form.media_type(), file.bytes);
    let headers = response.headers_mut();
    let mut put = |name: HeaderName, text: &str| {
        if let Ok(value) = HeaderValue::from_str(text) {
            headers.insert(name, value);
        }
    };
    put(header::CONTENT_DISPOSITION, &name);
    put(header::VARY, "accept");
    if !file.notes.is_empty() {
        put(NOTES, &notes);
    }
    response
}

/// The form that is asked for: `_format` wins over `Accept`; who asks for nothing gets JSON.
fn form_asked(headers: &HeaderMap, format: Option<&str>) -> Result<DatasetForm, ApiError> {
    const REFUSED: ApiError =
        ApiError::Form("a dataset is json, ndjson, dsjc or xpt, as `_format` or by its media type");
    if let Some(format) = format {
        let format = format.replace(' ', "+");
        let named = |it: &DatasetForm| it.extension() == format || it.media_type() == format;
        return FORMS.into_iter().find(named).ok_or(REFUSED);
    }
    let accept = headers.get(header::ACCEPT).and_then(|it| it.to_str().ok());
    let ranges = accept.unwrap_or("*/*").split(',');
    let mut ranges = ranges.map(|it| it.split(';').next().unwrap_or_default().trim());
    let found = ranges.find_map(|range| match range {
        "*/*" | "application/*" => Some(DatasetForm::Json),
        range => FORMS.into_iter().find(|it| it.media_type() == range),
    });
    found.ok_or(REFUSED)
}

/// What the columns of a dataset are, where they are not called as ours are.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct InQuery {
    subject: Option<String>,
    visit: Option<String>,
    event: Option<String>,
    repeat: Option<String>,
    reason: Option<String>,
}

/// `POST /trials/{id}/exchange/{group}`: the form is that of the media type, or else what the
/// first bytes say.
async fn take(
    State(door): State<Door>,
    Path((id, group)): Path<(String, String)>,
    Query(query): Query<InQuery>,
    request: Request,
) -> Response {
    let taken = async {
        let (parts, body) = request.into_parts();
        let (caller, agent, id) = looked(&door, &id, &parts)?;
        let media = parts.headers.get(header::CONTENT_TYPE);
        let media = media.and_then(|it| it.to_str().ok()).unwrap_or_default();
        let media = media.split(';').next().unwrap_or_default().trim();
        let form = FORMS.into_iter().find(|it| it.media_type() == media);
        let (bytes, _room) = door.body(&parts.headers, body, BYTES_MAX).await?;
        let mapping = Mapping {
            subject: query.subject,
            visit: query.visit,
            event: query.event,
            repeat: query.repeat,
            reason: query.reason,
        };
        let hospital = door.hospital();
        let done = hospital
            .exchange_in(&caller, agent, (&id, &group, mapping), (bytes, form))
            .await?;
        let rows = done.rows;
        Ok(
            json!({ "new": rows.new, "changed": rows.changed, "same": rows.same,
            "warnings": done.warnings }),
        )
    };
    answered(StatusCode::CREATED, taken.await)
}
