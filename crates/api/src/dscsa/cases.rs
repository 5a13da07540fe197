//! `/packs/notices`, `/packs/exceptions`, `/packs/recalls`: what went wrong, and who was told.

use axum::extract::{Path, Query, Request, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;
use hospital::instant;
use hospital::packs::dscsa::{ExceptionCase, NewException, Quarantine, Report, ResponseItem, Told};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{After, form, whole, wrong};
use crate::error::ApiError;
use crate::outcome::answered;
use crate::state::Door;

/// `?report=`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Which {
    report: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NoticeForm {
    #[serde(default)]
    told: Told,
    filed: Option<String>,
    #[serde(default)]
    ended: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ExceptionForm {
    event: String,
    po_number: String,
    #[serde(default)]
    scans: Vec<String>,
    #[serde(default)]
    ordered: Vec<OrderedForm>,
    #[serde(default)]
    damaged: Vec<String>,
    #[serde(default)]
    notes: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OrderedForm {
    gtin: String,
    quantity: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ResponseForm {
    items: Vec<ResponseItem>,
    notes: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RecallForm {
    scan: String,
    #[serde(default)]
    tell: bool,
}

/// `GET /packs/notices`
pub(super) async fn quarantines(
    State(door): State<Door>,
    Query(asked): Query<After>,
    parts: Parts,
) -> Response {
    let found = async {
        let caller = door.caller(&parts.headers)?;
        let hospital = door.hospital();
        let page = hospital
            .quarantines(&caller, asked.after.as_deref())
            .await?;
        let lines: Vec<Value> = page.quarantines.iter().map(quarantined).collect();
        Ok(json!({ "notices": lines, "next": page.next }))
    };
    answered(StatusCode::OK, found.await)
}

/// `GET /packs/notices/{event}`: the data of the form.
pub(super) async fn quarantine(
    State(door): State<Door>,
    Path(event): Path<String>,
    Query(asked): Query<Which>,
    parts: Parts,
) -> Response {
    let found = async {
        let caller = door.caller(&parts.headers)?;
        let report = asked.report.as_deref().map(report_of).transpose()?;
        let found = door.hospital().quarantine(&caller, &event, report).await?;
        Ok(quarantined(&found))
    };
    answered(StatusCode::OK, found.await)
}

/// `POST /packs/notices/{event}`: what people add, and what was sent.
pub(super) async fn file_notice(
    State(door): State<Door>,
    Path(event): Path<String>,
    request: Request,
) -> Response {
    let filed = async {
        let expected = "the body takes told, filed and ended";
        let (caller, agent, form): (_, _, NoticeForm) =
            form(&door, request.into_parts(), expected).await?;
        let report = form.filed.as_deref().map(report_of).transpose()?;
        let about = (&*event, &form.told);
        let what = (report, form.ended);
        let hospital = door.hospital();
        let found = hospital.file_notice(&caller, agent, about, what).await?;
        Ok(quarantined(&found))
    };
    answered(StatusCode::OK, filed.await)
}

fn report_of(word: &str) -> Result<Report, ApiError> {
    match word {
        "initial-notification" => Ok(Report::InitialNotification),
        "follow-up-notification" => Ok(Report::FollowUpNotification),
        "request-for-termination" => Ok(Report::RequestForTermination),
        _ => Err(wrong(
            "a report is initial-notification, follow-up-notification or request-for-termination",
        )),
    }
}

fn quarantined(it: &Quarantine) -> Value {
    json!({
        "event": it.event,
        "since": instant::fhir(it.since_us),
        "packs": it.packs,
        "finding": it.finding.as_str(),
        "clock": it.clock,
        "due": it.due_us.map(instant::fhir),
        "partners_to_tell": it.partners,
        "form_fda_3911": it.notice,
        "missing": it.missing,
        "filed": it.filed,
    })
}

/// `GET /packs/exceptions`
pub(super) async fn exceptions(
    State(door): State<Door>,
    Query(asked): Query<After>,
    parts: Parts,
) -> Response {
    let found = async {
        let caller = door.caller(&parts.headers)?;
        let hospital = door.hospital();
        let page = hospital.exceptions(&caller, asked.after.as_deref()).await?;
        let cases: Vec<Value> = page.cases.iter().map(told).collect();
        Ok(json!({ "cases": cases, "next": page.next }))
    };
    answered(StatusCode::OK, found.await)
}

/// `POST /packs/exceptions`: compares a receiving with its papers.
pub(super) async fn report(State(door): State<Door>, request: Request) -> Response {
    let reported = async {
        let expected = "the body takes event, po_number, scans, ordered, damaged and notes";
        let (caller, agent, form): (_, _, ExceptionForm) =
            form(&door, request.into_parts(), expected).await?;
        let ordered = form.ordered.into_iter().map(|it| (it.gtin, it.quantity));
        let new = NewException {
            event: form.event,
            po_number: form.po_number,
            scans: form.scans,
            ordered: ordered.collect(),
            damaged: form.damaged,
            notes: form.notes,
        };
        let hospital = door.hospital().clone();
        let act = async move { hospital.report_exception(&caller, agent, &new).await };
        Ok(told(&whole(act).await?))
    };
    answered(StatusCode::CREATED, reported.await)
}

/// `POST /packs/exceptions/{case}/response`: the seller answers.
pub(super) async fn respond(
    State(door): State<Door>,
    Path(case): Path<String>,
    request: Request,
) -> Response {
    let responded = async {
        let expected = "the body takes items and notes";
        let (caller, agent, form): (_, _, ResponseForm) =
            form(&door, request.into_parts(), expected).await?;
        let hospital = door.hospital().clone();
        let act = async move {
            let answer = (&*case, form.items, form.notes);
            hospital.respond_to_exception(&caller, agent, answer).await
        };
        Ok(told(&whole(act).await?))
    };
    answered(StatusCode::OK, responded.await)
}

/// `POST /packs/exceptions/{case}/resolution`: the buyer closes the case.
pub(super) async fn resolve(
    State(door): State<Door>,
    Path(case): Path<String>,
    request: Request,
) -> Response {
    let resolved = async {
        let (caller, agent, Nothing {}) =
            form(&door, request.into_parts(), "the body is {}").await?;
        let hospital = door.hospital().clone();
        let act = async move { hospital.resolve_exception(&caller, agent, &case).await };
        Ok(told(&whole(act).await?))
    };
    answered(StatusCode::OK, resolved.await)
}

fn told(case: &ExceptionCase) -> Value {
    json!({
        "case": case.case,
        "event": case.event,
        "with": case.with,
        "way": case.way,
        "resolved": case.is_resolved(),
        "delivered": case.delivered,
        "reports": case.reports,
        "responses": case.responses,
    })
}

/// `GET /packs/recalls`
pub(super) async fn recalls(
    State(door): State<Door>,
    Query(asked): Query<After>,
    parts: Parts,
) -> Response {
    let found = async {
        let caller = door.caller(&parts.headers)?;
        let page = door
            .hospital()
            .recalls(&caller, asked.after.as_deref())
            .await?;
        Ok(json!({ "recalls": page.recalls, "next": page.next }))
    };
    answered(StatusCode::OK, found.await)
}

/// `POST /packs/recalls`: how far a recall has come; with `tell`, everybody is told anew.
pub(super) async fn reach(State(door): State<Door>, request: Request) -> Response {
    let reached = async {
        let expected = "the body takes scan and tell";
        let (caller, agent, form): (_, _, RecallForm) =
            form(&door, request.into_parts(), expected).await?;
        let hospital = door.hospital().clone();
        let act = async move {
            let about = (&*form.scan, form.tell);
            Box::pin(hospital.recall_reach(&caller, agent, about)).await
        };
        Ok(json!(whole(act).await?))
    };
    answered(StatusCode::OK, reached.await)
}
