//! Bundles posted to the base: batch and transaction. FHIR R4 3.1.0.11.

use std::sync::Arc;

use axum::body::Body;
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response as HttpResponse;
use hospital::access_log::{self, AccessDeed};
use hospital::bundle::{BundleKind, BundleLimits, Plan, Planned};
use hospital::request::Method;
use hospital::{Caller, HospitalError, Made, Response, instant};
use serde_json::{Map, Value, json};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::elsewhere;
use super::logged::{About, Shows};
use super::page;
use super::reply::version_path;
use crate::access;
use crate::error::ApiError;
use crate::negotiate::{self, Media, Prefer, Return};
use crate::outcome::{FHIR_JSON, outcome, respond, warnings};
use crate::state::Door;

/// Entries of a batch that are worked on at the same time: they share commits.
const AT_ONCE: usize = 64;

type Answer = Result<Response, ApiError>;

/// Answers a bundle.
pub(super) async fn bundle(
    door: &Door,
    caller: &Caller,
    about: &mut About,
    parts: &Parts,
    body: Body,
) -> Result<HttpResponse, ApiError> {
    negotiate::media(&parts.headers, Media::Fhir)?;
    let prefer = Prefer::read(&parts.headers);
    let bytes_max = door.0.config.body_bytes_max;
    let (bytes, _room) = door.body(&parts.headers, body, bytes_max).await?;
    let limits = BundleLimits {
        entries_max: door.0.config.entries_max,
        bytes_max,
    };
    let plan = door.hospital().plan(bytes, limits).await?;
    let mut stored = false;
    let (kind, answers) = match plan.kind {
        BundleKind::Batch => {
            let caller = caller.clone();
            ("batch-response", batch(door, caller, plan).await)
        }
        BundleKind::Transaction => {
            about.access.deed = AccessDeed::Transaction;
            let work = transaction(door, caller, plan);
            let (answers, written) = access_log::logged(about.access.clone(), work).await;
            stored = written;
            ("transaction-response", answers?)
        }
    };
    let shows = shows(&answers, stored);
    let wrote = answers.iter().filter(|answer| is_write(answer)).count();
    door.0.metrics.wrote(wrote as u64);
    let body = rendered(door, kind, answers, prefer);
    let mut response = respond(StatusCode::OK, FHIR_JSON, body);
    response.extensions_mut().insert(shows);
    Ok(response)
}

/// What the entries show, and which were refused. What a transaction wrote is logged with it, so
/// that only its reads are left.
fn shows(answers: &[Answer], written: bool) -> Shows {
    let mut seen = Vec::new();
    let mut refused = Vec::new();
    for answer in answers {
        match answer {
            Ok(_) if written && is_write(answer) => {}
            Ok(one) => seen.extend(one.seen()),
            Err(error) => refused.push(error.describe().name.to_owned()),
        }
    }
    let nothing_left = written && seen.is_empty() && refused.is_empty();
    Shows::of(seen, nothing_left).with_refusals(refused)
}

fn is_write(answer: &Answer) -> bool {
    match answer {
        Ok(Response::Written(admitted)) => admitted.made != Made::Found,
        Ok(Response::Retired(retired)) => retired.version.is_some(),
        _ => false,
    }
}

async fn transaction(door: &Door, caller: &Caller, plan: Plan) -> Result<Vec<Answer>, ApiError> {
    let mut entries = Vec::with_capacity(plan.entries.len());
    for (index, entry) in plan.entries.into_iter().enumerate() {
        let entry = entry.map_err(|error| error.at_entry(index))?;
        access::allow_request(caller, &entry.request)?;
        elsewhere::only_alone(&entry.request.query)?;
        entries.push(entry);
    }
    let answers = door.hospital().transact(caller, entries).await?;
    Ok(answers
        .into_iter()
        .map(|answer| answer.map_err(ApiError::from))
        .collect())
}

/// Every entry on its own, in the order of verbs that a transaction has.
async fn batch(door: &Door, caller: Caller, plan: Plan) -> Vec<Answer> {
    let count = plan.entries.len();
    let mut answers: Vec<Option<Answer>> = (0..count).map(|_| None).collect();
    let caller = Arc::new(caller);
    let room = Arc::new(Semaphore::new(AT_ONCE));
    let mut entries: Vec<Planned> = Vec::with_capacity(count);
    for (index, entry) in plan.entries.into_iter().enumerate() {
        match entry {
            Ok(entry) => entries.push(entry),
            Err(error) => answers[index] = Some(Err(error.into())),
        }
    }
    for verbs in [
        &[Method::Delete][..],
        &[Method::Post],
        &[Method::Put, Method::Patch],
        &[Method::Get],
    ] {
        let mut running = JoinSet::new();
        let (now, later) = entries
            .into_iter()
            .partition(|entry: &Planned| verbs.contains(&entry.request.method));
        entries = later;
        let now: Vec<Planned> = now;
        for entry in now {
            let (door, caller) = (door.clone(), Arc::clone(&caller));
            let room = Arc::clone(&room);
            running.spawn(async move {
                let _place = room.acquire_owned().await;
                let request = entry.request;
                let allowed = access::allow_request(&caller, &request)
                    .and_then(|()| elsewhere::only_alone(&request.query));
                let answer = match allowed {
                    Ok(()) => door
                        .hospital()
                        .perform(&caller, request)
                        .await
                        .map_err(ApiError::from),
                    Err(error) => Err(error),
                };
                (entry.index, answer)
            });
        }
        while let Some(done) = running.join_next().await {
            if let Ok((index, answer)) = done {
                answers[index] = Some(answer);
            }
        }
    }
    let lost = || Err(HospitalError::Internal("an entry was not answered".into()).into());
    answers
        .into_iter()
        .map(|answer| answer.unwrap_or_else(lost))
        .collect()
}

/// The response Bundle; resources are copied in as they are stored.
fn rendered(door: &Door, kind: &str, answers: Vec<Answer>, prefer: Prefer) -> Vec<u8> {
    let mut out = format!(
        "{{\"resourceType\":\"Bundle\",\"id\":\"{}\",\"type\":\"{kind}\"",
        hospital::new_id().unwrap_or_default()
    )
    .into_bytes();
    let none = answers.is_empty();
    for (at, answer) in answers.into_iter().enumerate() {
        out.extend_from_slice(if at == 0 { b",\"entry\":[{" } else { b",{" });
        entry(door, &mut out, answer, prefer);
        out.push(b'}');
    }
    out.extend_from_slice(if none { b"}" } else { b"]}" });
    out
}

fn entry(door: &Door, out: &mut Vec<u8>, answer: Answer, prefer: Prefer) {
    let base = door.hospital().fhir_base();
    let now_us = door.hospital().now_us();
    let mut response = Map::new();
    let mut resource: Option<Vec<u8>> = None;
    match answer {
        Ok(Response::Read(record)) => {
            status(&mut response, "200 OK");
            tag(&mut response, record.version, record.updated_us);
            resource = Some(record.body.to_vec());
        }
        Ok(Response::NotModified {
            version,
            updated_us,
            ..
        }) => {
            status(&mut response, "304 Not Modified");
            tag(&mut response, version, updated_us);
        }
        Ok(Response::Written(admitted)) => {
            let created = admitted.made == Made::Created;
            status(
                &mut response,
                if created { "201 Created" } else { "200 OK" },
            );
            response.insert("location".into(), version_path(&admitted.record).into());
            tag(
                &mut response,
                admitted.record.version,
                admitted.record.updated_us,
            );
            match prefer.wanted {
                Some(Return::Representation) => resource = Some(admitted.record.body.to_vec()),
                Some(Return::Outcome) => {
                    response.insert("outcome".into(), warnings(&admitted.warnings));
                }
                // Thousands of resources the client has already are not sent back unasked.
                Some(Return::Minimal) | None => {}
            }
        }
        Ok(Response::Retired(retired)) => {
            status(&mut response, "204 No Content");
            if let Some(version) = retired.version {
                tag(&mut response, version, retired.updated_us);
            }
        }
        Ok(Response::Found(found)) => {
            status(&mut response, "200 OK");
            resource = Some(page::search(&found, base, now_us));
        }
        Ok(Response::History(found)) => {
            status(&mut response, "200 OK");
            resource = Some(page::history(&found, base, now_us));
        }
        Err(error) => {
            let described = error.describe();
            status(&mut response, &described.status.to_string());
            response.insert("outcome".into(), outcome(&described));
        }
    }
    if let Some(resource) = resource {
        out.extend_from_slice(b"\"resource\":");
        out.extend_from_slice(&resource);
        out.push(b',');
    }
    out.extend_from_slice(b"\"response\":");
    out.extend_from_slice(Value::Object(response).to_string().as_bytes());
}

fn status(response: &mut Map<String, Value>, text: &str) {
    response.insert("status".into(), json!(text));
}

fn tag(response: &mut Map<String, Value>, version: u64, updated_us: i64) {
    response.insert("etag".into(), json!(format!("W/\"{version}\"")));
    response.insert("lastModified".into(), json!(instant::fhir(updated_us)));
}
