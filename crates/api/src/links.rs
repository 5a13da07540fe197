//! `/links`: a patient's SMART Health Links. `/shl`: where whoever has one opens it.
//!
//! <https://hl7.org/fhir/uv/smart-health-cards-and-links/links-specification.html>

mod qr;

use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use hospital::links::{Asked, LinkFile, NewLink, OpenedLink, OwnLink, What};
use hospital::{HospitalError, Zeroizing, instant};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::error::ApiError;
use crate::fhir::{agent, origin};
use crate::outcome::{problem, respond};
use crate::state::Door;

const JSON: &str = "application/json";
/// RFC 7515 9.2.1: a JWE in compact form.
const JOSE: &str = "application/jose";
/// Largest form.
const FORM_BYTES_MAX: usize = 16 << 10;
const HINT: &str = "docs/reference/links.md shows the form";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LinkForm {
    label: String,
    what: WhatForm,
    expires: String,
    passcode: Option<String>,
    #[serde(default)]
    long_term: bool,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum WhatForm {
    Named(String),
    Types(Vec<String>),
}

/// The specification lets a recipient send more than this.
#[derive(Deserialize)]
struct ManifestForm {
    recipient: String,
    passcode: Option<String>,
    #[serde(rename = "embeddedLengthMax")]
    embedded_length_max: Option<u64>,
}

/// `POST /links`: a link to the own record; its text and QR code are told this once.
pub(crate) async fn make(State(door): State<Door>, request: Request) -> Response {
    let made = async {
        let (parts, body) = request.into_parts();
        let caller = door.acting(&parts.headers).await?;
        crate::access::allow_person(&caller)?;
        let expected = "the body takes label, what, expires, passcode and long_term";
        let form: LinkForm = door
            .form(&parts.headers, body, FORM_BYTES_MAX, expected, HINT)
            .await?;
        let agent = agent(&caller, &parts);
        let made = door.hospital().make_link(&caller, agent, wanted(form)?);
        // Boxed: it holds the whole act, and every request would be as large.
        let made = Box::pin(made).await?;
        let mut told = told(&made.link, door.hospital().now_us());
        told["link"] = made.text.as_str().into();
        told["qr"] = qr::svg(&made.text)?.into();
        Ok(told)
    };
    answered(StatusCode::CREATED, made.await)
}

/// `GET /links`: the links of the own record.
pub(crate) async fn list(State(door): State<Door>, headers: HeaderMap) -> Response {
    let listed = async {
        let caller = door.acting(&headers).await?;
        crate::access::allow_person(&caller)?;
        let links = door.hospital().own_links(&caller).await?;
        let now_us = door.hospital().now_us();
        let links: Vec<Value> = links.iter().map(|link| told(link, now_us)).collect();
        Ok(json!({ "links": links }))
    };
    answered(StatusCode::OK, listed.await)
}

/// `DELETE /links/{id}`: it answers nobody any more, and what it held is gone.
pub(crate) async fn end(
    State(door): State<Door>,
    Path(id): Path<String>,
    request: Request,
) -> Response {
    let ended = async {
        let parts = request.into_parts().0;
        let caller = door.acting(&parts.headers).await?;
        crate::access::allow_person(&caller)?;
        let agent = agent(&caller, &parts);
        door.hospital().end_link(&caller, agent, &id).await?;
        Ok(json!({ "id": id, "state": "removed" }))
    };
    answered(StatusCode::OK, ended.await)
}

/// `POST /shl/{secret}`: the manifest, for whoever has the link.
pub(crate) async fn manifest(
    State(door): State<Door>,
    Path(secret): Path<String>,
    request: Request,
) -> Response {
    let opened = async {
        let (parts, body) = request.into_parts();
        let expected = "the body takes recipient, passcode and embeddedLengthMax";
        let form: ManifestForm = door
            .form(&parts.headers, body, FORM_BYTES_MAX, expected, HINT)
            .await?;
        let longest = form.embedded_length_max;
        let asked = Asked {
            recipient: form.recipient,
            passcode: form.passcode.map(Zeroizing::new),
            embedded_max: longest.map(|it| usize::try_from(it).unwrap_or(usize::MAX)),
        };
        let opened = door
            .hospital()
            .open_link(&secret, origin(&parts, ""), asked);
        Ok::<_, ApiError>(Box::pin(opened).await?)
    };
    match opened.await {
        Ok(opened) => kept_by_nobody(shown(&opened)),
        Err(error) => problem(&error),
    }
}

/// `GET /shl/files/{secret}`: a file of a manifest, once.
pub(crate) async fn file(State(door): State<Door>, Path(secret): Path<String>) -> Response {
    match door.hospital().link_file(&secret).await {
        Ok(file) => kept_by_nobody(respond(StatusCode::OK, JOSE, file)),
        Err(error) => problem(&error.into()),
    }
}

fn shown(opened: &OpenedLink) -> Response {
    let refused = |status, body: Value| respond(status, JSON, body.to_string());
    match opened {
        OpenedLink::Manifest(manifest) => {
            let files = manifest.files.iter().map(|file| match file {
                LinkFile::Embedded(jwe) => {
                    json!({ "contentType": "application/fhir+json", "embedded": jwe })
                }
                LinkFile::Location(url) => {
                    json!({ "contentType": "application/fhir+json", "location": url })
                }
            });
            let status = if manifest.can_change {
                "can-change"
            } else {
                "finalized"
            };
            let files: Vec<Value> = files.collect();
            let body = json!({ "status": status, "files": files });
            respond(StatusCode::OK, JSON, body.to_string())
        }
        // The specification: 401 with the number of wrong passcodes that are left.
        OpenedLink::Passcode { left } => refused(
            StatusCode::UNAUTHORIZED,
            json!({ "remainingAttempts": left }),
        ),
        OpenedLink::TooMany { wait_s } => {
            let body = json!({ "detail": "the link was opened too often in this hour" });
            let mut response = refused(StatusCode::TOO_MANY_REQUESTS, body);
            let wait = HeaderValue::from(*wait_s);
            response.headers_mut().insert(header::RETRY_AFTER, wait);
            response
        }
    }
}

fn wanted(form: LinkForm) -> Result<NewLink, HospitalError> {
    let refused = |text: &str| HospitalError::request("value", text, HINT);
    let what = match form.what {
        WhatForm::Named(name) => match name.as_str() {
            "summary" => What::Summary,
            "all" => What::All,
            _ => return Err(refused("`what` is `summary`, `all` or a list of types")),
        },
        WhatForm::Types(types) => What::Types(types),
    };
    // A day means the whole of it.
    let day = || fhir::query::stretch(&form.expires).map(|(_, end)| end);
    let until_us = instant::parse_fhir(&form.expires).or_else(day);
    Ok(NewLink {
        label: form.label,
        what,
        until_us: until_us.ok_or_else(|| refused("`expires` is a day or an instant"))?,
        passcode: form.passcode.map(Zeroizing::new),
        long_term: form.long_term,
    })
}

fn told(link: &OwnLink, now_us: i64) -> Value {
    let state = if link.until_us <= now_us {
        "expired"
    } else if link.tries == 0 {
        "locked"
    } else {
        "active"
    };
    let what = match &link.what {
        What::Summary => json!("summary"),
        What::All => json!("all"),
        What::Types(types) => json!(types),
    };
    json!({
        "id": link.id,
        "label": link.label,
        "what": what,
        "made": instant::fhir(link.made_us),
        "expires": instant::fhir(link.until_us),
        "long_term": link.long_term,
        "passcode": link.passcode,
        "attempts_left": link.passcode.then_some(link.tries),
        "retrieved": link.retrieved,
        "state": state,
    })
}

fn answered(status: StatusCode, answer: Result<Value, ApiError>) -> Response {
    match answer {
        Ok(body) => kept_by_nobody(respond(status, JSON, body.to_string())),
        Err(error) => problem(&error),
    }
}

/// Every answer here is for one person once (RFC 9111 5.2.2.5).
fn kept_by_nobody(mut response: Response) -> Response {
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
