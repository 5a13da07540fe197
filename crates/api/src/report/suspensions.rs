//! `/reports/suspensions`: accountings that an agency asked to suspend, for the privacy officer.

use axum::extract::{Path, Query, Request, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;
use hospital::instant;
use hospital::report::{Statement, Suspending, Suspension};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::fhir::agent;
use crate::outcome::answered;
use crate::state::Door;

/// Largest form.
const FORM_BYTES_MAX: usize = 64 << 10;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    patient: String,
    agency: String,
    official: String,
    statement: Statement,
    until: Option<String>,
    disclosures: Vec<String>,
}

/// `?patient=`
#[derive(Deserialize)]
pub(crate) struct OfPatient {
    patient: String,
}

/// `POST /reports/suspensions`
pub(crate) async fn enter(State(door): State<Door>, request: Request) -> Response {
    let entered = async {
        let (parts, body) = request.into_parts();
        let caller = door.person(&parts.headers)?;
        let expected = "the body takes patient, agency, official, statement, until and disclosures";
        let hint = "docs/reference/reports.md shows the form";
        let form: Form = door
            .form(&parts.headers, body, FORM_BYTES_MAX, expected, hint)
            .await?;
        let new = Suspending {
            patient: form.patient,
            agency: form.agency,
            official: form.official,
            statement: form.statement,
            until: form.until,
            disclosures: form.disclosures,
        };
        let agent = agent(&caller, &parts);
        let entered = door.hospital().suspend_accounting(&caller, agent, new);
        Ok(told(&entered.await?))
    };
    answered(StatusCode::CREATED, entered.await)
}

/// `GET /reports/suspensions?patient=`
pub(crate) async fn list(
    State(door): State<Door>,
    Query(of): Query<OfPatient>,
    parts: Parts,
) -> Response {
    let listed = async {
        let caller = door.person(&parts.headers)?;
        let agent = agent(&caller, &parts);
        let all = door.hospital().suspensions(&caller, agent, &of.patient);
        let all: Vec<Value> = all.await?.iter().map(told).collect();
        Ok(json!({ "suspensions": all }))
    };
    answered(StatusCode::OK, listed.await)
}

/// `POST /reports/suspensions/{id}/end`
pub(crate) async fn end(
    State(door): State<Door>,
    Path(id): Path<String>,
    parts: Parts,
) -> Response {
    let ended = async {
        let caller = door.person(&parts.headers)?;
        let agent = agent(&caller, &parts);
        let ended = door.hospital().end_suspension(&caller, agent, &id);
        Ok(told(&ended.await?))
    };
    answered(StatusCode::OK, ended.await)
}

fn told(it: &Suspension) -> Value {
    json!({
        "suspension": it.id,
        "patient": it.patient,
        "agency": it.agency,
        "official": it.official,
        "statement": it.statement,
        "entered_by": it.entered_by,
        "entered": instant::fhir(it.entered_us),
        "until": instant::fhir(it.until_us),
        "disclosures": it.disclosures,
    })
}
