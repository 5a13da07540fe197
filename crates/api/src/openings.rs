//! `/packs/openings`: to whom one pack was handed, asked and answered by officers.

use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;
use hospital::packs::{
    AskOpening, AskedOpening, OpenerStands, OpeningDecision, OpeningOutcome, ReceivedOpening,
};
use hospital::{HospitalError, instant};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::error::ApiError;
use crate::fhir::agent;
use crate::outcome::answered;
use crate::state::Door;

/// Largest form.
const FORM_BYTES_MAX: usize = 16 << 10;
const HINT: &str = "docs/reference/packs.md shows each form";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AskForm {
    scan: Option<String>,
    pack: Option<String>,
    reason: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DecisionForm {
    decision: String,
    reason: Option<String>,
}

/// `GET /packs/openings`
pub(crate) async fn list(State(door): State<Door>, parts: Parts) -> Response {
    let listed = async {
        let caller = door.caller(&parts.headers)?;
        let here = door.hospital().openings_here(&caller).await?;
        let openers = here
            .openers
            .map(|(holders, threshold)| json!({ "holders": holders, "threshold": threshold }));
        let asked: Vec<Value> = here.asked.iter().map(told_asked).collect();
        let received: Vec<Value> = here.received.iter().map(told_received).collect();
        let secrets = here.secrets.iter().map(|it| {
            json!({
                "partner": it.partner, "epoch": it.epoch, "held": it.held, "problem": it.problem,
            })
        });
        let secrets: Vec<Value> = secrets.collect();
        Ok(json!({
            "may_ask": here.may_ask,
            "openers": openers,
            "asked": asked,
            "received": received,
            "secrets": secrets,
        }))
    };
    answered(StatusCode::OK, listed.await)
}

/// `POST /packs/openings`
pub(crate) async fn ask(State(door): State<Door>, request: Request) -> Response {
    let asked = async {
        let (parts, body) = request.into_parts();
        let caller = door.caller(&parts.headers)?;
        let expected = "the body takes scan or pack, and reason";
        let form: AskForm = door
            .form(&parts.headers, body, FORM_BYTES_MAX, expected, HINT)
            .await?;
        let asked = AskOpening {
            scan: form.scan,
            pack: form.pack,
            reason: form.reason,
        };
        let agent = agent(&caller, &parts);
        let told = door.hospital().ask_opening(&caller, agent, &asked).await?;
        Ok(told_asked(&told))
    };
    answered(StatusCode::CREATED, asked.await)
}

/// `POST /packs/openings/{id}`: an officer of an opener decides.
pub(crate) async fn decide(
    State(door): State<Door>,
    Path(id): Path<String>,
    request: Request,
) -> Response {
    let decided = async {
        let (parts, body) = request.into_parts();
        let caller = door.caller(&parts.headers)?;
        let id = id
            .parse()
            .map_err(|_| wrong("the id is 64 hexadecimal digits"))?;
        let expected = "the body takes decision, and reason to decline";
        let form: DecisionForm = door
            .form(&parts.headers, body, FORM_BYTES_MAX, expected, HINT)
            .await?;
        let decision = match (form.decision.as_str(), form.reason) {
            ("approve", None) => OpeningDecision::Approve,
            ("decline", Some(reason)) => OpeningDecision::Decline { reason },
            _ => {
                return Err(wrong("`decision` is approve, or decline with a `reason`"));
            }
        };
        let agent = agent(&caller, &parts);
        let hospital = door.hospital();
        hospital
            .decide_opening(&caller, agent, &id, &decision)
            .await?;
        Ok(json!({ "id": id.to_string(), "decision": form.decision }))
    };
    answered(StatusCode::OK, decided.await)
}

fn told_asked(asked: &AskedOpening) -> Value {
    let openers: Vec<Value> = asked.openers.iter().map(stands).collect();
    let place = asked.place.as_ref().map(
        |(sender, sequence, item)| json!({ "sender": sender, "sequence": sequence, "item": item }),
    );
    let mut told = json!({
        "id": asked.id,
        "pack": asked.pack,
        "code": asked.code,
        "reason": asked.reason,
        "by": asked.by,
        "asked": asked.at_us.map(instant::fhir),
        "partner": asked.partner,
        "place": place,
        "lock": asked.lock,
        "needed": asked.needed,
        "openers": openers,
    });
    let (state, more) = match &asked.outcome {
        OpeningOutcome::Known { organisation } => {
            ("known", json!({ "organisation": organisation }))
        }
        OpeningOutcome::Opened {
            organisation,
            opening,
            wrong,
        } => (
            "opened",
            json!({ "organisation": organisation, "opening": opening, "wrong": wrong }),
        ),
        OpeningOutcome::Waiting { missing, standing } => (
            "waiting",
            json!({ "missing": missing, "standing": standing }),
        ),
        OpeningOutcome::Ended { standing } => ("ended", json!({ "standing": standing })),
    };
    told["state"] = state.into();
    told["result"] = more;
    told
}

fn stands(opener: &OpenerStands) -> Value {
    json!({
        "organisation": opener.organisation,
        "state": opener.state,
        "officer": opener.officer,
        "reason": opener.reason,
        "shares": opener.shares,
    })
}

fn told_received(received: &ReceivedOpening) -> Value {
    json!({
        "id": received.id,
        "organisation": received.organisation,
        "officer": received.officer,
        "reason": received.reason,
        "unit": received.unit,
        "partner": received.partner,
        "received": instant::fhir(received.at_us),
        "state": received.state,
        "by": received.by,
    })
}

fn wrong(text: &str) -> ApiError {
    HospitalError::request("value", text, HINT).into()
}
