//! `/sharing`: the codes by which a patient links two organisations, what a consent would show,
//! locating, emergencies, evidence.

mod line;
mod preview;

pub(crate) use preview::preview;

use axum::extract::{Path, Query, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use consent::acts::{Reason, Verdict};
use hospital::{HospitalError, Opening, Prepared, SignedStatement, instant};
use proof::{Digest, Signature};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::error::ApiError;
use crate::outcome::{problem, respond};
use crate::state::Door;

const JSON: &str = "application/json";
/// Largest form.
const FORM_BYTES_MAX: usize = 16 << 10;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CodeForm {
    patient: String,
    /// A patient with a device says for whom the code is, and asks for what is to be signed.
    organisation: Option<String>,
    prepare: Option<bool>,
    /// What the device signed.
    preparation: Option<String>,
    pseudonym: Option<String>,
    signature: Option<String>,
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
    let mut status = StatusCode::CREATED;
    let made = async {
        let (parts, body) = request.into_parts();
        let caller = door.acting(&parts.headers).await?;
        crate::access::allow_person(&caller)?;
        let fields = "patient, and for a device organisation and prepare, or what it signed";
        let form: CodeForm = form(&door, &parts.headers, body, fields).await?;
        let hospital = door.hospital();
        let code = match (&form.preparation, form.prepare.unwrap_or_default()) {
            (Some(preparation), false) => {
                let (id, signed) = signed_code(&form, preparation)?;
                hospital.code_prepared(&caller, &id, &signed).await?
            }
            (None, true) => {
                status = StatusCode::OK;
                let organisation = form.organisation.as_deref().unwrap_or_default();
                let prepared = hospital.prepare_code(&caller, &form.patient, organisation);
                return Ok(self::prepared(&prepared.await?));
            }
            (None, false) => hospital.link_code(&caller, &form.patient).await?,
            (Some(_), true) => {
                return Err(unusable("send `prepare` or a `preparation`, not both").into());
            }
        };
        Ok(json!({
            "code": code.text,
            "organisation": door.hospital().organisation(),
            "until": instant::fhir(code.until_us),
        }))
    };
    let made = made.await;
    answered(status, made)
}

/// What a device reads, checks and signs.
pub(crate) fn prepared(prepared: &Prepared) -> Value {
    json!({
        "preparation": prepared.id.to_string(),
        "until": instant::fhir(prepared.until_us),
        "statement": STANDARD.encode(&prepared.statement),
        "words": prepared.words,
    })
}

/// A signature: 64 bytes in base64.
pub(crate) fn signature(text: Option<&str>) -> Option<Signature> {
    STANDARD.decode(text?).ok()?.try_into().ok().map(Signature)
}

/// What a device signed for a code.
fn signed_code(
    form: &CodeForm,
    preparation: &str,
) -> Result<(Digest, SignedStatement), HospitalError> {
    let missing = || unusable("`pseudonym` has 64 hex digits, `signature` 64 bytes in base64");
    let id = preparation
        .parse()
        .map_err(|_| unusable("`preparation` is the id that was answered, 64 hex digits"))?;
    let derived = match &form.pseudonym {
        // A delegate has no pseudonym of the patient to give.
        None => None,
        Some(text) => Some(text.parse::<Digest>().map_err(|_| missing())?.0),
    };
    let signed = SignedStatement {
        signature: signature(form.signature.as_deref()).ok_or_else(missing)?,
        derived,
        ledger: Vec::new(),
    };
    Ok((id, signed))
}

fn unusable(text: &str) -> HospitalError {
    HospitalError::request("value", text, "docs/reference/sharing.md shows each form")
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

/// `GET /sharing/evidence`: what proves the misconduct of others, for the auditor.
pub(crate) async fn evidence(State(door): State<Door>, headers: HeaderMap) -> Response {
    let listed = async {
        let caller = door.person(&headers)?;
        let kept = door.hospital().kept_evidence(&caller).await?;
        let kept: Vec<Value> = kept
            .into_iter()
            .map(|it| {
                json!({
                    "organisation": it.organisation,
                    "grant": it.grant.to_string(),
                    "file": it.file,
                })
            })
            .collect();
        Ok(json!({ "evidence": kept }))
    };
    answered(StatusCode::OK, listed.await)
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
                    "review": it.review.as_ref().map(|review| json!({
                        "verdict": review.verdict,
                        "words": review.words,
                        "by": review.by,
                        "at": instant::fhir(review.at_us),
                    })),
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
    let expected = format!("the body takes {fields}");
    let hint = "docs/reference/sharing.md shows each form";
    door.form(headers, body, FORM_BYTES_MAX, &expected, hint)
        .await
}

fn answered(status: StatusCode, answer: Result<Value, ApiError>) -> Response {
    match answer {
        Ok(body) => respond(status, JSON, body.to_string()),
        Err(error) => problem(&error),
    }
}
