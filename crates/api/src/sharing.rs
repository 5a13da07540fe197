//! `/sharing`: the codes by which a patient links two organisations.

use axum::extract::{Path, Query, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use consent::acts::{Reason, Verdict};
use hospital::{HospitalError, Opening, instant};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::error::ApiError;
use crate::negotiate::{self, Media};
use crate::outcome::{problem, respond};
use crate::state::Door;

const JSON: &str = "application/json";
/// Largest form.
const FORM_BYTES_MAX: usize = 16 << 10;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CodeForm {
    patient: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LinkForm {
    patient: String,
    organisation: String,
    code: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GlassForm {
    patient: String,
    organisation: String,
    reason: String,
    words: String,
    hours: u8,
    /// The access token of a second officer, where the ledger has no quorum.
    second: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReviewForm {
    verdict: String,
    words: String,
}

/// `?patient=`
#[derive(Deserialize)]
pub(crate) struct OfPatient {
    patient: String,
}

/// `POST /sharing/codes`: a code that the patient carries to another organisation.
pub(crate) async fn make_code(State(door): State<Door>, request: Request) -> Response {
    let made = async {
        let (parts, body) = request.into_parts();
        let caller = door.person(&parts.headers)?;
        let form: CodeForm = form(&door, &parts.headers, body, "patient").await?;
        let code = door.hospital().link_code(&caller, &form.patient).await?;
        Ok(json!({
            "code": code.text,
            "organisation": door.hospital().organisation(),
            "until": instant::fhir(code.until_us),
        }))
    };
    answered(StatusCode::CREATED, made.await)
}

/// `POST /sharing/links`: takes a code that the patient brought.
pub(crate) async fn link(State(door): State<Door>, request: Request) -> Response {
    let linked = async {
        let (parts, body) = request.into_parts();
        let caller = door.person(&parts.headers)?;
        let fields = "patient, organisation and code";
        let form: LinkForm = form(&door, &parts.headers, body, fields).await?;
        let linked = door
            .hospital()
            .link_patient(&caller, &form.patient, &form.organisation, &form.code)
            .await?;
        Ok(json!({ "organisation": linked.organisation }))
    };
    answered(StatusCode::CREATED, linked.await)
}

/// `GET /sharing/links?patient=`: the organisations that know the patient too.
pub(crate) async fn links(
    State(door): State<Door>,
    headers: HeaderMap,
    Query(of): Query<OfPatient>,
) -> Response {
    let listed = async {
        let caller = door.person(&headers)?;
        let links = door.hospital().links(&caller, &of.patient).await?;
        let names: Vec<String> = links.into_iter().map(|it| it.organisation).collect();
        Ok(json!({ "organisations": names }))
    };
    answered(StatusCode::OK, listed.await)
}

/// `GET /sharing/locate?patient=`: the organisations that have records, for the patient who lets
/// them be located.
pub(crate) async fn locate(
    State(door): State<Door>,
    headers: HeaderMap,
    Query(of): Query<OfPatient>,
) -> Response {
    let located = async {
        let caller = door.person(&headers)?;
        let located = door.hospital().locate(&caller, &of.patient).await?;
        let found = located.found.iter();
        let found =
            found.map(|it| json!({ "organisation": it.organisation, "granted": it.granted }));
        let unanswered = located.unanswered.iter();
        let unanswered =
            unanswered.map(|(name, reason)| json!({ "organisation": name, "reason": reason }));
        Ok(json!({
            "organisations": found.collect::<Vec<Value>>(),
            "unanswered": unanswered.collect::<Vec<Value>>(),
        }))
    };
    answered(StatusCode::OK, located.await)
}

/// `POST /sharing/credentials/end`: ends all credentials of this organisation's practitioners.
pub(crate) async fn end_credentials(State(door): State<Door>, headers: HeaderMap) -> Response {
    let ended = async {
        crate::access::allow_admin(&door.person(&headers)?)?;
        let epoch = door.hospital().end_credentials().await?;
        Ok(json!({ "credential_epoch": epoch }))
    };
    answered(StatusCode::OK, ended.await)
}

/// `POST /sharing/break-glass`: an emergency, said before all.
pub(crate) async fn break_glass(State(door): State<Door>, request: Request) -> Response {
    let opened = async {
        let (parts, body) = request.into_parts();
        let caller = door.person(&parts.headers)?;
        let fields = "patient, organisation, reason, words, hours and second";
        let form: GlassForm = form(&door, &parts.headers, body, fields).await?;
        let second = form.second.as_deref().map(|token| door.bearer(token));
        let opening = Opening {
            patient: form.patient,
            organisation: form.organisation,
            reason: reason(&form.reason)?,
            words: form.words,
            hours: form.hours,
            second: second.transpose()?,
        };
        let opened = door.hospital().break_glass(&caller, opening).await?;
        Ok(json!({
            "glass": opened.glass.to_string(),
            "until": instant::fhir(opened.until_us),
            "anchored": opened.anchored,
        }))
    };
    answered(StatusCode::CREATED, opened.await)
}

/// `GET /sharing/break-glass`: the openings of records here, for the privacy officer.
pub(crate) async fn openings(State(door): State<Door>, headers: HeaderMap) -> Response {
    let listed = async {
        let caller = door.person(&headers)?;
        let openings = door.hospital().openings(&caller).await?;
        let openings: Vec<Value> = openings
            .iter()
            .map(|it| {
                json!({
                    "glass": it.glass.to_string(),
                    "organisation": it.organisation,
                    "practitioner": it.practitioner,
                    "patient": it.patient,
                    "reason": it.reason,
                    "opened": instant::fhir(it.opened_us),
                    "late": it.late,
                    "anchored": it.anchored,
                    "due": it.due_ms.map(|ms| {
                        instant::fhir(i64::try_from(ms * 1_000).unwrap_or(i64::MAX))
                    }),
                    "reviewed": it.reviewed,
                })
            })
            .collect();
        Ok(json!({ "openings": openings }))
    };
    answered(StatusCode::OK, listed.await)
}

/// `POST /sharing/break-glass/{id}/review`: the verdict of the privacy officer.
pub(crate) async fn review(
    State(door): State<Door>,
    Path(id): Path<String>,
    request: Request,
) -> Response {
    let reviewed = async {
        let (parts, body) = request.into_parts();
        let caller = door.person(&parts.headers)?;
        let form: ReviewForm = form(&door, &parts.headers, body, "verdict and words").await?;
        let glass = id
            .parse()
            .map_err(|_| HospitalError::Absent("an opening of this id".into()))?;
        let verdict = verdict(&form.verdict)?;
        door.hospital()
            .review_opening(&caller, &glass, verdict, &form.words)
            .await?;
        Ok(json!({ "glass": id, "verdict": verdict.as_str() }))
    };
    answered(StatusCode::CREATED, reviewed.await)
}

fn reason(text: &str) -> Result<Reason, HospitalError> {
    let found = Reason::ALL.into_iter().find(|it| it.as_str() == text);
    found.ok_or_else(|| {
        HospitalError::request(
            "value",
            "that is no reason to break the glass",
            "use emergency, incapable, public-danger or other",
        )
    })
}

fn verdict(text: &str) -> Result<Verdict, HospitalError> {
    let found = Verdict::ALL.into_iter().find(|it| it.as_str() == text);
    found.ok_or_else(|| {
        HospitalError::request(
            "value",
            "that is no verdict",
            "use justified, not-justified or contested",
        )
    })
}

async fn form<T: DeserializeOwned>(
    door: &Door,
    headers: &HeaderMap,
    body: axum::body::Body,
    fields: &str,
) -> Result<T, ApiError> {
    negotiate::media(headers, Media::Fhir)?;
    let (bytes, _room) = door.body(headers, body, FORM_BYTES_MAX).await?;
    Ok(serde_json::from_slice(&bytes).map_err(|error| {
        HospitalError::request(
            "structure",
            format!(
                "line {}, column {}: the body takes {fields}",
                error.line(),
                error.column()
            ),
            "docs/reference/sharing.md shows each form",
        )
    })?)
}

fn answered(status: StatusCode, answer: Result<Value, ApiError>) -> Response {
    match answer {
        Ok(body) => respond(status, JSON, body.to_string()),
        Err(error) => problem(&error),
    }
}
