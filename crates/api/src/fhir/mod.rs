//! The FHIR face: one handler for everything below `/fhir`.

mod batch;
mod capability;
mod consent;
mod disclosure;
mod elsewhere;
mod erase;
mod locate;
mod logged;
mod page;
mod reply;
mod route;
mod view;

use std::time::Instant;

use axum::body::Body;
use axum::extract::{Request as HttpRequest, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use hospital::access_log::{self, Access, Seen};
use hospital::pairs::{self, Pairs};
use hospital::request::{Body as RecordBody, Method, Request, Target};
use hospital::scopes::Verb;
use hospital::{Caller, HospitalError, ReceiptState};

use crate::access::{self, Deed};
use crate::error::ApiError;
use crate::negotiate::{self, Media, Prefer};
use crate::outcome::{FHIR_JSON, fhir_failure, information, respond, warnings};
use crate::smart::smart;
use crate::state::Door;
use logged::{About, Shows};
use route::{Asked, route};

pub(crate) use capability::capabilities;
pub(crate) use consent::read as read_json;
pub(crate) use logged::{agent, origin};

/// The media type of a receipt. C2SP `tlog-proof`.
const TLOG_PROOF: &str = "application/vnd.c2sp.tlog-proof";
/// Largest form of a search.
const FORM_BYTES_MAX: usize = 64 << 10;

/// Answers everything below `/fhir`.
pub(crate) async fn serve(State(door): State<Door>, request: HttpRequest) -> Response {
    let began = Instant::now();
    let (parts, body) = request.into_parts();
    let path = parts.uri.path().strip_prefix("/fhir").unwrap_or_default();
    let routed = route(&parts.method, path);
    let limit = door.0.config.request_time_max;
    let answer = match door.0.places.try_acquire() {
        Ok(_place) => tokio::time::timeout(limit, answer(&door, routed.asked, &parts, body))
            .await
            .unwrap_or(Err(ApiError::Slow(limit.as_secs()))),
        Err(_) => Err(ApiError::Crowded("too many requests at the same time")),
    };
    let response = answer.unwrap_or_else(|error| {
        if error.describe().status.is_server_error() {
            tracing::warn!(route = routed.template, %error, "a request failed");
        }
        fhir_failure(&error)
    });
    let method = Method::parse(parts.method.as_str()).map_or("OTHER", Method::name);
    let status = response.status().as_u16();
    door.0
        .metrics
        .answered(routed.template, method, status, began.elapsed());
    response
}

async fn answer(
    door: &Door,
    asked: Result<Asked, ApiError>,
    parts: &Parts,
    body: Body,
) -> Result<Response, ApiError> {
    match asked {
        Ok(Asked::Capabilities) => {
            let body = door.0.capabilities.clone();
            return Ok(respond(StatusCode::OK, FHIR_JSON, body));
        }
        Ok(Asked::Smart) => {
            let body = smart(&door.0.config).to_string();
            return Ok(respond(StatusCode::OK, "application/json", body));
        }
        _ => {}
    }
    let caller = door.acting(&parts.headers).await?;
    let query = decoded(parts.uri.query().unwrap_or(""))?;
    let asked = asked?;
    if !matches!(asked, Asked::Receipt(..)) {
        negotiate::acceptable(&parts.headers, format_of(&query))?;
    }
    let mut about = About::new(door, &caller, &asked, parts);
    if elsewhere::is_asked(&query) {
        about = about.elsewhere(parts);
    }
    if let Asked::Erase(patient) = &asked {
        let access = about.access.clone();
        return match erase::erase(door, &caller, patient, parts, body, access).await {
            Ok(response) => Ok(response),
            refused => logged::keep(door, &caller, about, refused).await,
        };
    }
    let answered = match asked {
        Asked::Bundle => batch::bundle(door, &caller, &mut about, parts, body).await,
        Asked::Interaction(method, target) => {
            let writes = about.access.clone();
            interact(door, &caller, method, target, query, parts, body, writes).await
        }
        Asked::FormSearch(type_) => {
            form_search(door, &caller, type_, query, parts, body, &mut about).await
        }
        Asked::Receipt(type_, id, version) => receipt(door, &caller, type_, &id, version).await,
        Asked::Validate(type_) => validate(door, &caller, type_, parts, body).await,
        Asked::FileConsent => Box::pin(consent::file(door, &caller, parts, body)).await,
        Asked::RevokeConsent => consent::revoke(door, &caller, parts, body).await,
        Asked::Locate(patient) => locate::locate(door, &caller, &patient).await,
        Asked::RecordDisclosure => disclosure::record(door, &caller, parts, body).await,
        Asked::Capabilities | Asked::Smart | Asked::Erase(_) => Err(ApiError::Path),
    };
    logged::keep(door, &caller, about, answered).await
}

#[expect(clippy::too_many_arguments, reason = "the parts of one request")]
async fn interact(
    door: &Door,
    caller: &Caller,
    method: Method,
    target: Target,
    query: Pairs,
    parts: &Parts,
    body: Body,
    access: Access,
) -> Result<Response, ApiError> {
    let prefer = Prefer::read(&parts.headers);
    let conditions = negotiate::conditions(&parts.headers)?;
    let view = view::of_read(&query);
    let mut request = Request {
        query,
        conditions,
        strict: prefer.strict,
        ..Request::new(method, target)
    };
    access::allow_request(caller, &request)?;
    if elsewhere::is_asked(&request.query) {
        elsewhere::only_reads(method)?;
        return elsewhere::search(door, caller, request.target, request.query).await;
    }
    let _room;
    if let Some(media) = media_of(method) {
        negotiate::media(&parts.headers, media)?;
        let bytes_max = hospital::RECORD_BYTES_MAX.min(door.0.config.body_bytes_max);
        let (bytes, room) = door.body(&parts.headers, body, bytes_max).await?;
        request.body = match media {
            Media::Patch => negotiate::patch(&parts.headers, bytes),
            Media::Fhir | Media::Form => RecordBody::Bytes(bytes),
        };
        _room = room;
    }
    let writes = method != Method::Get;
    let work = door.hospital().perform(caller, without_form(request));
    let (response, stored) = if writes {
        let (done, stored) = access_log::logged(access, work).await;
        let done = done?;
        door.0.metrics.wrote(1);
        (done, stored)
    } else {
        (work.await?, false)
    };
    let shows = Shows::of(response.seen(), stored);
    let mut response = reply::http(door, response, prefer, &view).await?;
    response.extensions_mut().insert(shows);
    Ok(response)
}

/// The kind of body that a verb takes.
fn media_of(method: Method) -> Option<Media> {
    match method {
        Method::Post | Method::Put => Some(Media::Fhir),
        Method::Patch => Some(Media::Patch),
        Method::Get | Method::Delete => None,
    }
}

/// What is about the form of the answer is no part of a condition.
fn without_form(mut request: Request) -> Request {
    if request.method == Method::Get {
        return request;
    }
    request
        .query
        .retain(|(name, _)| !matches!(name.as_str(), "_format" | "_pretty"));
    // A search in the url of a create is how some clients write If-None-Exist: never ignored.
    let conditions = &mut request.conditions;
    let searches = request.method == Method::Post && !request.query.is_empty();
    if searches && conditions.if_none_exist.is_none() {
        conditions.if_none_exist = Some(std::mem::take(&mut request.query));
    }
    request
}

async fn form_search(
    door: &Door,
    caller: &Caller,
    type_: &'static str,
    mut query: Pairs,
    parts: &Parts,
    body: Body,
    about: &mut About,
) -> Result<Response, ApiError> {
    let (bytes, _room) = door.body(&parts.headers, body, FORM_BYTES_MAX).await?;
    if !bytes.is_empty() {
        negotiate::media(&parts.headers, Media::Form)?;
        let form = std::str::from_utf8(&bytes).map_err(|_| ApiError::Body)?;
        about.add_form(form);
        // FHIR R4 3.1.1.3: both are heeded.
        query.extend(decoded(form)?);
        negotiate::acceptable(&parts.headers, format_of(&query))?;
    }
    let prefer = Prefer::read(&parts.headers);
    let request = Request {
        query,
        strict: prefer.strict,
        ..Request::new(Method::Get, Target::Type(type_))
    };
    access::allow_request(caller, &request)?;
    if elsewhere::is_asked(&request.query) {
        return elsewhere::search(door, caller, request.target, request.query).await;
    }
    let response = door.hospital().perform(caller, request).await?;
    let shows = Shows::of(response.seen(), false);
    let mut response = reply::http(door, response, prefer, &view::whole()).await?;
    response.extensions_mut().insert(shows);
    Ok(response)
}

async fn receipt(
    door: &Door,
    caller: &Caller,
    type_: &'static str,
    id: &str,
    version: u64,
) -> Result<Response, ApiError> {
    access::allow_type(caller, Deed::Read, Some(type_))?;
    access::allow_scope(caller, Verb::Read, Some(type_))?;
    let state = door.hospital().receipt(caller, type_, id, version).await?;
    let mut response = match state {
        ReceiptState::Ready(text) => respond(StatusCode::OK, TLOG_PROOF, text),
        ReceiptState::Pending { retry_ms } => {
            let text = "the ledger has not vouched for this version yet: ask again";
            let body = information(text).to_string();
            let mut response = respond(StatusCode::ACCEPTED, FHIR_JSON, body);
            let seconds = HeaderValue::from(retry_ms.div_ceil(1_000).max(1));
            response.headers_mut().insert(header::RETRY_AFTER, seconds);
            response
        }
    };
    let patients = match caller.compartment() {
        Some(own) => vec![own.to_owned()],
        None => door.hospital().patients_of(type_, id).await?,
    };
    let seen = vec![Seen::new(type_, id, version, patients)];
    response.extensions_mut().insert(Shows::of(seen, false));
    Ok(response)
}

/// `$validate`: the issues that a create would find. FHIR R4 operation Resource-validate.
async fn validate(
    door: &Door,
    caller: &Caller,
    type_: &'static str,
    parts: &Parts,
    body: Body,
) -> Result<Response, ApiError> {
    access::allow_type(caller, Deed::Read, Some(type_))?;
    negotiate::media(&parts.headers, Media::Fhir)?;
    let bytes_max = hospital::RECORD_BYTES_MAX.min(door.0.config.body_bytes_max);
    let (bytes, _room) = door.body(&parts.headers, body, bytes_max).await?;
    let issues = door.hospital().validate(type_, bytes).await?;
    let outcome = if issues.is_empty() {
        information("valid")
    } else {
        warnings(&issues)
    };
    Ok(respond(StatusCode::OK, FHIR_JSON, outcome.to_string()))
}

fn decoded(query: &str) -> Result<Pairs, ApiError> {
    pairs::decode(query).ok_or_else(|| {
        let hint = "percent-encode it as UTF-8, with at most 256 parameters";
        HospitalError::request("value", "the query is not usable", hint).into()
    })
}

fn format_of(query: &Pairs) -> Option<&str> {
    query
        .iter()
        .find(|(name, _)| name == "_format")
        .map(|(_, value)| value.as_str())
}
