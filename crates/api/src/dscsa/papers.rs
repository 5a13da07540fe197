//! `/packs/transactions` and `/packs/inspection`: papers of changes of hands.

use axum::extract::{Path, Query, Request, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;
use hospital::instant;
use hospital::packs::dscsa::{InspectionStep, KEPT_YEARS, Paper};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{After, form, printed, wrong};
use crate::error::ApiError;
use crate::fhir::agent;
use crate::outcome::{answered, problem, respond};
use crate::state::Door;

/// `?form=`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Form {
    form: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct InspectForm {
    scan: String,
    at: Option<String>,
}

/// `GET /packs/transactions`
pub(super) async fn list(
    State(door): State<Door>,
    Query(asked): Query<After>,
    parts: Parts,
) -> Response {
    let found = async {
        let caller = door.caller(&parts.headers)?;
        let page = door
            .hospital()
            .papers(&caller, asked.after.as_deref())
            .await?;
        let lines = page.papers.iter().map(|(paper, at_us)| {
            json!({
                "event": paper.information.transaction,
                "way": paper.way,
                "with": paper.with,
                "date": paper.information.date,
                "containers": paper.information.containers(),
                "affirmed": paper.statement.affirmed,
                "missing": paper.information.missing().len(),
                "kept": instant::fhir(*at_us),
            })
        });
        let wanted = page
            .wanted
            .iter()
            .map(|(event, from)| json!({ "event": event, "from": from }));
        Ok(json!({
            "transactions": lines.collect::<Vec<Value>>(),
            "wanted": wanted.collect::<Vec<Value>>(),
            "kept_years": KEPT_YEARS,
            "next": page.next,
        }))
    };
    answered(StatusCode::OK, found.await)
}

/// `GET /packs/transactions/{event}`: as JSON, as an EPCIS document, or as a page to print.
pub(super) async fn one(
    State(door): State<Door>,
    Path(event): Path<String>,
    Query(asked): Query<Form>,
    parts: Parts,
) -> Response {
    let found = async {
        let caller = door.caller(&parts.headers)?;
        let agent = agent(&caller, &parts);
        let paper = door.hospital().paper(&caller, agent, &event).await?;
        match asked.form.as_deref() {
            None | Some("json") => Ok(answered(StatusCode::OK, Ok(told(&paper)))),
            Some("epcis") => Ok(answered(StatusCode::OK, Ok(paper.document()?))),
            Some("page") => {
                let page = printed::page(&paper);
                Ok(respond(StatusCode::OK, "text/html; charset=utf-8", page))
            }
            Some(_) => Err(wrong("`form` is json, epcis or page")),
        }
    };
    let found: Result<Response, ApiError> = found.await;
    found.unwrap_or_else(|error| problem(&error))
}

/// `POST /packs/inspection`, for a regulator.
pub(super) async fn inspect(State(door): State<Door>, request: Request) -> Response {
    let inspected = async {
        let expected = "the body takes scan and at";
        let (caller, agent, form): (_, _, InspectForm) =
            form(&door, request.into_parts(), expected).await?;
        let about = (&*form.scan, form.at.as_deref());
        let found = door.hospital().inspect_pack(&caller, agent, about).await?;
        let silent = found.silent.iter().map(
            |(organisation, problem)| json!({ "organisation": organisation, "problem": problem }),
        );
        let marking = &found.marking;
        Ok(json!({
            "pack": {
                "gtin": marking.gtin, "serial": marking.serial, "lot": marking.lot,
                "expiry": marking.expiry, "code": marking.code(),
            },
            "whole": found.is_whole,
            "steps": found.steps.iter().map(step).collect::<Vec<Value>>(),
            "silent": silent.collect::<Vec<Value>>(),
        }))
    };
    answered(StatusCode::OK, inspected.await)
}

fn step(step: &InspectionStep) -> Value {
    let events = step.events.iter().map(|(event, receipt)| {
        let event: Value = serde_json::from_str(event).unwrap_or(Value::Null);
        json!({ "event": event, "receipt": receipt })
    });
    let papers = step.papers.iter().map(|(event, paper)| match paper {
        Ok(paper) => told(paper),
        Err(problem) => json!({ "event": event, "problem": problem }),
    });
    json!({
        "organisation": step.organisation,
        "roles": step.roles,
        "events": events.collect::<Vec<Value>>(),
        "papers": papers.collect::<Vec<Value>>(),
    })
}

/// Papers, with what they lack.
fn told(paper: &Paper) -> Value {
    let shipping: Value = serde_json::from_str(&paper.shipping).unwrap_or(Value::Null);
    json!({
        "event": paper.information.transaction,
        "way": paper.way,
        "with": paper.with,
        "information": paper.information,
        "statement": paper.statement,
        "legal_notice": paper.statement.legal_notice(),
        "direct_purchase_statement": paper.statement.direct_statement(),
        "missing": paper.information.missing(),
        "shipping": shipping,
        "receipt": paper.receipt,
    })
}
