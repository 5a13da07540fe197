//! `GET /verify/gtin/{gtin}/lot/{lot}/ser/{ser}`: GS1 Lightweight Messaging, this node as
//! responder; `POST /packs/verification`: as requester.

use axum::extract::{Path, Query, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use hospital::packs::dscsa::Request as Asked;
use hospital::pairs::Pairs;
use hospital::{HospitalError, new_id};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{HINT, form, wrong};
use crate::error::ApiError;
use crate::fhir::agent;
use crate::outcome::answered;
use crate::state::Door;

/// The release of the guideline that is spoken here, and the header that names one.
const VERSION: &str = "1.3.0";
const VERSION_HEADER: &str = "gs1us-version";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AskForm {
    gtin: String,
    lot: String,
    serial: String,
    /// `YYMMDD`.
    expiry: String,
    context: Option<String>,
    in_hand: Option<bool>,
}

/// A request from a partner of the trade.
pub(super) async fn answer(
    State(door): State<Door>,
    Path((gtin, lot, serial)): Path<(String, String, String)>,
    Query(asked): Query<Pairs>,
    parts: Parts,
) -> Response {
    let verified = async {
        let caller = door.caller(&parts.headers)?;
        version(&parts.headers)?;
        let request = Asked::read((&gtin, &lot, &serial), &asked);
        let request = request.map_err(|error| wrong(&error.to_string()))?;
        let agent = agent(&caller, &parts);
        let answer = door.hospital().answer_lightweight(&caller, agent, &request);
        let answer = answer.await?;
        told(&answer)
    };
    versioned(answered(StatusCode::OK, verified.await))
}

/// `GET /checkConnectivity?gtin=...&reqGLN=...`
pub(super) async fn connectivity(
    State(door): State<Door>,
    Query(asked): Query<Pairs>,
    parts: Parts,
) -> Response {
    let answer = async {
        let caller = door.caller(&parts.headers)?;
        version(&parts.headers)?;
        let mut gln = None;
        for (name, value) in &asked {
            match name.as_str() {
                "reqGLN" => gln = Some(value.as_str()),
                "gtin" | "context" => {}
                _ => return Err(wrong("gtin, reqGLN and context are the parameters here")),
            }
        }
        let hospital = door.hospital();
        let responder = hospital.check_connectivity(&caller, gln).await?;
        Ok(json!({ "responderGLN": responder }))
    };
    versioned(answered(StatusCode::OK, answer.await))
}

/// `POST /packs/verification`: asks the node of the maker.
pub(super) async fn ask(State(door): State<Door>, request: Request) -> Response {
    let asked = async {
        let expected = "the body takes gtin, lot, serial, expiry, context and in_hand";
        let (caller, agent, form): (_, _, AskForm) =
            form(&door, request.into_parts(), expected).await?;
        let mut parameters = vec![
            ("exp".to_owned(), form.expiry),
            ("corrUUID".to_owned(), new_id()?),
        ];
        if let Some(context) = form.context {
            parameters.push(("context".to_owned(), context));
        }
        if let Some(in_hand) = form.in_hand {
            parameters.push(("ctrlPossessAtt".to_owned(), in_hand.to_string()));
        }
        let asked = Asked::read((&form.gtin, &form.lot, &form.serial), &parameters);
        let asked = asked.map_err(|error| wrong(&error.to_string()))?;
        let verified = door.hospital().ask_maker(&caller, agent, &asked).await?;
        Ok(json!({ "responder": verified.responder, "answer": told(&verified.answer)? }))
    };
    answered(StatusCode::OK, asked.await)
}

fn told(answer: &hospital::packs::dscsa::Answer) -> Result<Value, ApiError> {
    let unwritable = |_| HospitalError::Internal("an answer does not print".into());
    Ok(serde_json::to_value(answer).map_err(unwritable)?)
}

/// A requester may say which release it speaks.
fn version(headers: &HeaderMap) -> Result<(), ApiError> {
    let Some(told) = headers.get(VERSION_HEADER) else {
        return Ok(());
    };
    let known = told.to_str().is_ok_and(|it| it.trim().starts_with("1."));
    if known {
        return Ok(());
    }
    let text = "GS1US-Version: releases 1.x are spoken here";
    Err(HospitalError::request("not-supported", text, HINT).into())
}

fn versioned(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(VERSION_HEADER, HeaderValue::from_static(VERSION));
    response
}
