//! `/packs/offline`: what was scanned without a connection, kept and reconciled.

use axum::extract::{Path, Query, Request, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;
use hospital::instant;
use hospital::packs::{NewOffline, Offline, OfflineDecision, OfflineReason};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{After, FORM_BYTES_MAX, HINT, wrong};
use crate::error::ApiError;
use crate::fhir::agent;
use crate::outcome::answered;
use crate::state::Door;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    scans: Vec<ScanForm>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ScanForm {
    /// Whoever may have to send twice gives one.
    id: Option<String>,
    scan: String,
    act: String,
    reason: Option<String>,
    /// None: now.
    taken: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DecisionForm {
    decision: String,
    note: Option<String>,
}

/// `POST /packs/offline`
pub(super) async fn keep(State(door): State<Door>, request: Request) -> Response {
    let kept = async {
        let (parts, body) = request.into_parts();
        let caller = door.caller(&parts.headers)?;
        let expected = "the body takes scans: id, scan, act, reason and taken of each";
        let form: Form = door
            .form(&parts.headers, body, FORM_BYTES_MAX, expected, HINT)
            .await?;
        let now_us = door.hospital().now_us();
        let scans = form.scans.into_iter().enumerate();
        let scans = scans.map(|(place, it)| read(it, place + 1, now_us));
        let scans: Vec<NewOffline> = scans.collect::<Result<_, ApiError>>()?;
        let agent = agent(&caller, &parts);
        let kept = door.hospital().keep_offline(&caller, agent, scans).await?;
        let scans: Vec<Value> = kept.iter().map(told).collect();
        Ok(json!({ "scans": scans }))
    };
    answered(StatusCode::ACCEPTED, kept.await)
}

/// A scan of a form, by its place there.
fn read(form: ScanForm, place: usize, now_us: i64) -> Result<NewOffline, ApiError> {
    let no_time = || {
        wrong(&format!(
            "scan {place}: `taken` is a time with a zone (RFC 3339)"
        ))
    };
    let taken_us = match form.taken {
        Some(taken) => instant::parse_fhir(&taken).ok_or_else(no_time)?,
        None => now_us,
    };
    Ok(NewOffline {
        id: match form.id {
            Some(id) => id,
            None => hospital::new_id()?,
        },
        scan: form.scan,
        act: form.act,
        reason: form.reason,
        taken_us,
    })
}

/// `GET /packs/offline?after=`
pub(super) async fn list(
    State(door): State<Door>,
    Query(asked): Query<After>,
    parts: Parts,
) -> Response {
    let listed = async {
        let caller = door.caller(&parts.headers)?;
        let page = door
            .hospital()
            .offline_scans(&caller, asked.after.as_deref())
            .await?;
        let first: Vec<Value> = page.first.iter().map(told).collect();
        let settled: Vec<Value> = page.settled.iter().map(told).collect();
        Ok(json!({
            "waiting": { "count": page.waiting, "first": first },
            "settled": settled,
            "next": page.next,
        }))
    };
    answered(StatusCode::OK, listed.await)
}

/// `POST /packs/offline/{id}`
pub(super) async fn decide(
    State(door): State<Door>,
    Path(id): Path<String>,
    request: Request,
) -> Response {
    let decided = async {
        let (parts, body) = request.into_parts();
        let caller = door.caller(&parts.headers)?;
        let expected = "the body takes decision and note";
        let form: DecisionForm = door
            .form(&parts.headers, body, FORM_BYTES_MAX, expected, HINT)
            .await?;
        let decision = match (form.decision.as_str(), form.note) {
            ("again", None) => OfflineDecision::Again,
            ("handled", Some(note)) => OfflineDecision::Handled { note },
            ("handled", None) => return Err(wrong("`handled` needs a `note`: what was done")),
            _ => return Err(wrong("`decision` is again, or handled with a `note`")),
        };
        let agent = agent(&caller, &parts);
        let hospital = door.hospital();
        let decided = hospital
            .decide_offline(&caller, agent, &id, &decision)
            .await?;
        Ok(told(&decided))
    };
    answered(StatusCode::OK, decided.await)
}

fn told(scan: &Offline) -> Value {
    let mut told = json!({
        "id": scan.id, "scan": scan.scan, "act": scan.act,
        "taken": instant::fhir(scan.taken_us), "came": instant::fhir(scan.came_us),
        "by": scan.by(), "state": scan.state().word(),
    });
    if let Some(reason) = &scan.reason {
        told["reason"] = reason.clone().into();
    }
    if let Some(outcome) = &scan.outcome {
        let because = outcome.because.iter().map(|it| because(scan, it));
        let because: Vec<Value> = because.collect();
        told["outcome"] = json!({
            "settled": instant::fhir(outcome.settled_us), "verdict": outcome.verdict,
            "because": because, "text": outcome.text, "code": outcome.code,
            "event_id": outcome.event_id, "entry": outcome.entry,
        });
    }
    if let Some(handled) = &scan.handled {
        told["handled"] = json!({
            "by": handled.by, "at": instant::fhir(handled.at_us), "note": handled.note,
        });
    }
    told
}

/// A reason; `later`: it came to hold after the pack was scanned.
fn because(scan: &Offline, reason: &OfflineReason) -> Value {
    json!({
        "verdict": reason.verdict, "code": reason.code,
        "since": reason.since_us.map(instant::fhir), "later": scan.is_later(reason),
    })
}
