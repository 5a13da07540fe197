//! `/erasures`: where an erasure stands, its certificate, what it would do, and legal holds.

use axum::extract::{Path, Query, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use hospital::{ErasureReader, Hold, HospitalError, ReceiptState, instant};
use proof::Digest;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::error::ApiError;
use crate::outcome::{problem, respond};
use crate::state::Door;

const JSON: &str = "application/json";
/// Largest form.
const FORM_BYTES_MAX: usize = 16 << 10;
/// How long to wait before asking for a certificate again, where a holder is missing.
const RETRY_S: u64 = 5;

/// `?key=`
#[derive(Deserialize)]
pub(crate) struct ByKey {
    key: Option<String>,
}

/// `?patient=`
#[derive(Deserialize)]
pub(crate) struct OfPatient {
    patient: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HoldForm {
    patient: String,
    words: String,
}

/// `GET /erasures/{id}`: who has attested, and who is missing.
pub(crate) async fn status(
    State(door): State<Door>,
    Path(id): Path<String>,
    Query(by): Query<ByKey>,
    headers: HeaderMap,
) -> Response {
    let told = async {
        let reader = reader(&door, &headers, by).await?;
        let status = door
            .hospital()
            .erasure_status(&reader, &digest(&id)?)
            .await?;
        let holders = status.holders.iter();
        let of = |attested: bool| -> Vec<&String> {
            let some = holders
                .clone()
                .filter(|(_, height)| height.is_some() == attested);
            some.map(|(name, _)| name).collect()
        };
        Ok(json!({
            "erasure": status.id.to_string(),
            "block": status.height,
            "done_here": status.done_here,
            "complete": status.complete(),
            "attested": of(true),
            "missing": of(false),
        }))
    };
    answered(StatusCode::OK, told.await)
}

/// `GET /erasures/{id}/certificate`: the file that shows it to anybody, without a server.
pub(crate) async fn certificate(
    State(door): State<Door>,
    Path(id): Path<String>,
    Query(by): Query<ByKey>,
    headers: HeaderMap,
) -> Response {
    let made = async {
        let reader = reader(&door, &headers, by).await?;
        let id = digest(&id)?;
        Ok::<_, ApiError>(door.hospital().erasure_certificate(&reader, &id).await?)
    };
    match made.await {
        Ok(ReceiptState::Ready(text)) => respond(StatusCode::OK, "text/plain; charset=utf-8", text),
        Ok(ReceiptState::Pending { retry_ms }) => {
            let body = json!({ "detail": "not every holder has attested yet: ask again" });
            let mut response = respond(StatusCode::ACCEPTED, JSON, body.to_string());
            let seconds = retry_ms.div_ceil(1_000).clamp(1, RETRY_S);
            let headers = response.headers_mut();
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
            response
        }
        Err(error) => problem(&error),
    }
}

/// `GET /erasures/preview?patient=...`: what an erasure would do, and what is to be decided before.
pub(crate) async fn preview(
    State(door): State<Door>,
    Query(of): Query<OfPatient>,
    headers: HeaderMap,
) -> Response {
    let told = async {
        let caller = door.person(&headers)?;
        let preview = door
            .hospital()
            .preview_erasure(&caller, &of.patient)
            .await?;
        let shared = preview.shared.iter().map(|it| {
            json!({
                "record": format!("{}/{}", it.type_, it.id),
                "version": it.version,
                "also": it.also,
            })
        });
        Ok(json!({
            "patient": of.patient,
            "held": preview.held,
            "holders": preview.holders,
            "shared": shared.collect::<Vec<Value>>(),
            "more": preview.more,
        }))
    };
    answered(StatusCode::OK, told.await)
}

/// `GET /erasures/holds`: the legal holds that stand.
pub(crate) async fn holds(State(door): State<Door>, headers: HeaderMap) -> Response {
    let listed = async {
        let caller = door.person(&headers)?;
        let holds = door.hospital().legal_holds(&caller).await?;
        let holds: Vec<Value> = holds.iter().map(shown).collect();
        Ok(json!({ "holds": holds }))
    };
    answered(StatusCode::OK, listed.await)
}

/// `POST /erasures/holds`: nothing of this patient is erased from now on.
pub(crate) async fn place_hold(State(door): State<Door>, request: Request) -> Response {
    let placed = async {
        let (parts, body) = request.into_parts();
        let caller = door.person(&parts.headers)?;
        let form = hold_form(&door, &parts.headers, body).await?;
        let held = door
            .hospital()
            .place_hold(&caller, &form.patient, &form.words)
            .await?;
        Ok(shown(&held))
    };
    answered(StatusCode::CREATED, placed.await)
}

/// `DELETE /erasures/holds`: the patient may be erased again.
pub(crate) async fn lift_hold(State(door): State<Door>, request: Request) -> Response {
    let lifted = async {
        let (parts, body) = request.into_parts();
        let caller = door.person(&parts.headers)?;
        let form = hold_form(&door, &parts.headers, body).await?;
        door.hospital()
            .lift_hold(&caller, &form.patient, &form.words)
            .await?;
        Ok(json!({ "patient": form.patient, "held": false }))
    };
    answered(StatusCode::OK, lifted.await)
}

fn shown(hold: &Hold) -> Value {
    json!({
        "patient": hold.patient,
        "held": true,
        "by": hold.by,
        "words": hold.words,
        "since": instant::fhir(hold.since_us),
    })
}

/// The key from the answer to `$erase`, or an access token.
async fn reader(door: &Door, headers: &HeaderMap, by: ByKey) -> Result<ErasureReader, ApiError> {
    if let Some(key) = by.key {
        return Ok(ErasureReader::Key(key));
    }
    let caller = door.acting(headers).await?;
    Ok(ErasureReader::Caller(Box::new(caller)))
}

fn digest(id: &str) -> Result<Digest, HospitalError> {
    id.parse()
        .map_err(|_| HospitalError::Absent("an erasure of this id".into()))
}

async fn hold_form(
    door: &Door,
    headers: &HeaderMap,
    body: axum::body::Body,
) -> Result<HoldForm, ApiError> {
    let expected = "the body takes patient and words";
    let hint = "docs/reference/erasure.md shows the form";
    door.form(headers, body, FORM_BYTES_MAX, expected, hint)
        .await
}

fn answered(status: StatusCode, answer: Result<Value, ApiError>) -> Response {
    match answer {
        Ok(body) => respond(status, JSON, body.to_string()),
        Err(error) => problem(&error),
    }
}
