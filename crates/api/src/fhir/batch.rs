//! Bundles posted to the base: batch and transaction. FHIR R4 3.1.0.11.

use std::sync::Arc;

use axum::body::Body;
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response as HttpResponse;
use hospital::access_log::{self, Access, AccessDeed, AccessOutcome};
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
    let (kind, answers, stored) = match plan.kind {
        BundleKind::Batch => {
            let caller = caller.clone();
            let answered = batch(door, caller, &about.access, plan).await;
            let (answers, stored) = answered.into_iter().unzip();
            ("batch-response", answers, stored)
        }
        BundleKind::Transaction => {
            about.access.deed = AccessDeed::Transaction;
            let work = transaction(door, caller, plan);
            let (answers, stored) = access_log::logged(about.access.clone(), work).await;
            let answers = answers?;
            let stored = vec![stored; answers.len()];
            ("transaction-response", answers, stored)
        }
    };
    let shows = shows(&answers, &stored);
    let wrote = answers.iter().filter(|answer| is_write(answer)).count();
    door.0.metrics.wrote(wrote as u64);
    let body = rendered(door, kind, answers, prefer);
    let mut response = respond(StatusCode::OK, FHIR_JSON, body);
    response.extensions_mut().insert(shows);
    Ok(response)
}

/// What the entries show, and which were refused. What was written is logged with it (`stored`), so
/// that only reads are left.
fn shows(answers: &[Answer], stored: &[bool]) -> Shows {
    let mut seen = Vec::new();
    let mut refused = Vec::new();
    let mut written = false;
    for (answer, stored) in answers.iter().zip(stored) {
        match answer {
            Ok(_) if *stored && is_write(answer) => written = true,
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

/// The access of one entry that writes: an interaction of its own, known by the batch's request.
fn entry_access(batch: &Access) -> Access {
    Access {
        // Any write: the log says create, update, patch or delete by what is stored.
        deed: AccessDeed::Update,
        query: None,
        outcome: AccessOutcome::Permitted,
        ..batch.clone()
    }
}

/// Every entry on its own, in the order of verbs that a transaction has; and whether its events are
/// stored. Those of a write are in its own commit: a batch can be broken off between two entries,
/// by its time or with the node, and still nothing is there that the log does not tell of.
async fn batch(door: &Door, caller: Caller, access: &Access, plan: Plan) -> Vec<(Answer, bool)> {
    let count = plan.entries.len();
    let mut answers: Vec<Option<(Answer, bool)>> = (0..count).map(|_| None).collect();
    let caller = Arc::new(caller);
    let access = entry_access(access);
    let room = Arc::new(Semaphore::new(AT_ONCE));
    let mut entries: Vec<Planned> = Vec::with_capacity(count);
    for (index, entry) in plan.entries.into_iter().enumerate() {
        match entry {
            Ok(entry) => entries.push(entry),
            Err(error) => answers[index] = Some((Err(error.into()), false)),
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
            let (room, access) = (Arc::clone(&room), access.clone());
            running.spawn(async move {
                let _place = room.acquire_owned().await;
                (entry.index, performed(&door, &caller, access, entry).await)
            });
        }
        while let Some(done) = running.join_next().await {
            if let Ok((index, answer)) = done {
                answers[index] = Some(answer);
            }
        }
    }
    let lost = || HospitalError::Internal("an entry was not answered".into());
    answers
        .into_iter()
        .map(|answer| answer.unwrap_or_else(|| (Err(lost().into()), false)))
        .collect()
}

/// One entry of a batch.
async fn performed(door: &Door, caller: &Caller, access: Access, entry: Planned) -> (Answer, bool) {
    let request = entry.request;
    let allowed = access::allow_request(caller, &request);
    if let Err(error) = allowed.and_then(|()| elsewhere::only_alone(&request.query)) {
        return (Err(error), false);
    }
    let writes = request.method != Method::Get;
    let work = door.hospital().perform(caller, request);
    let (answer, stored) = if writes {
        access_log::logged(access, work).await
    } else {
        (work.await, false)
    };
    (answer.map_err(ApiError::from), stored)
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
