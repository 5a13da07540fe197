//! `/research`: counts, requests for datasets and the datasets, and what patients see of them and
//! of the trials in which they take part.

mod told;

use axum::Router;
use axum::extract::{Path, Query, Request, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;
use axum::routing::{get, post};
use hospital::HospitalError;
use hospital::research::{Cohort, NewStudy};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::error::ApiError;
use crate::fhir::agent;
use crate::outcome::{answered, respond};
use crate::state::Door;
use told::{lines, participation, told};

/// Largest form: the longest words, each letter escaped.
const FORM_BYTES_MAX: usize = 64 << 10;
const NDJSON: &str = "application/x-ndjson";
const HINT: &str = "docs/reference/research.md shows each form";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DecisionForm {
    decision: String,
    text: String,
}

/// `?after=`
#[derive(Deserialize)]
struct After {
    after: Option<String>,
}

pub(crate) fn routes() -> Router<Door> {
    Router::new()
        .route("/research/counts", post(count))
        .route("/research/requests", get(list).post(ask))
        .route("/research/requests/{id}", get(show))
        .route("/research/requests/{id}/decision", post(decide))
        .route("/research/requests/{id}/dataset", get(dataset))
        .route("/research/uses", get(uses))
        .route("/research/participations", get(participations))
}

/// `POST /research/counts`
async fn count(State(door): State<Door>, request: Request) -> Response {
    let counted = async {
        let (parts, body) = request.into_parts();
        let caller = door.person(&parts.headers)?;
        let expected = "the body takes condition, observation, sex and ages";
        let cohort: Cohort = door
            .form(&parts.headers, body, FORM_BYTES_MAX, expected, HINT)
            .await?;
        let agent = agent(&caller, &parts);
        let counts = door.hospital().count_cohort(&caller, agent, &cohort);
        Ok(json!(counts.await?))
    };
    answered(StatusCode::OK, counted.await)
}

/// `POST /research/requests`
async fn ask(State(door): State<Door>, request: Request) -> Response {
    let asked = async {
        let (parts, body) = request.into_parts();
        let caller = door.person(&parts.headers)?;
        let expected = "the body takes purpose, approval, cohort and elements";
        let new: NewStudy = door
            .form(&parts.headers, body, FORM_BYTES_MAX, expected, HINT)
            .await?;
        let agent = agent(&caller, &parts);
        Ok(told(
            &door.hospital().ask_for_study(&caller, agent, new).await?,
        ))
    };
    answered(StatusCode::CREATED, asked.await)
}

/// `GET /research/requests`
async fn list(State(door): State<Door>, Query(query): Query<After>, parts: Parts) -> Response {
    let listed = async {
        let caller = door.person(&parts.headers)?;
        let agent = agent(&caller, &parts);
        let after = query.after.as_deref();
        let page = door.hospital().studies(&caller, agent, after).await?;
        let requests: Vec<Value> = page.requests.iter().map(told).collect();
        Ok(json!({ "requests": requests, "next": page.next }))
    };
    answered(StatusCode::OK, listed.await)
}

/// `GET /research/requests/{id}`
async fn show(State(door): State<Door>, Path(id): Path<String>, parts: Parts) -> Response {
    let shown = async {
        let caller = door.person(&parts.headers)?;
        let agent = agent(&caller, &parts);
        Ok(told(&door.hospital().study_of(&caller, agent, &id).await?))
    };
    answered(StatusCode::OK, shown.await)
}

/// `POST /research/requests/{id}/decision`
async fn decide(State(door): State<Door>, Path(id): Path<String>, request: Request) -> Response {
    let decided = async {
        let (parts, body) = request.into_parts();
        let caller = door.person(&parts.headers)?;
        let expected = "the body takes decision and text";
        let form: DecisionForm = door
            .form(&parts.headers, body, FORM_BYTES_MAX, expected, HINT)
            .await?;
        let approves = match form.decision.as_str() {
            "approve" => true,
            "refuse" => false,
            _ => {
                let text = "`decision` is approve or refuse";
                return Err(HospitalError::request("value", text, HINT).into());
            }
        };
        let agent = agent(&caller, &parts);
        let what = (id.as_str(), approves, form.text.as_str());
        Ok(told(
            &door.hospital().decide_study(&caller, agent, what).await?,
        ))
    };
    answered(StatusCode::OK, decided.await)
}

/// `GET /research/requests/{id}/dataset`: lines of JSON, the first of them a head.
async fn dataset(State(door): State<Door>, Path(id): Path<String>, parts: Parts) -> Response {
    let made = async {
        let caller = door.person(&parts.headers)?;
        let agent = agent(&caller, &parts);
        let made = door.hospital().research_dataset(&caller, agent, &id);
        // Boxed: it holds the whole act, and every request would be as large.
        Ok::<_, ApiError>(Box::pin(made).await?)
    };
    match made.await {
        Ok(made) => respond(StatusCode::OK, NDJSON, lines(&made)),
        Err(error) => answered(StatusCode::OK, Err(error)),
    }
}

/// `GET /research/uses`
async fn uses(State(door): State<Door>, Query(query): Query<After>, parts: Parts) -> Response {
    let seen = async {
        let caller = door.acting(&parts.headers).await?;
        crate::access::allow_person(&caller)?;
        let agent = agent(&caller, &parts);
        let page = door
            .hospital()
            .research_uses(&caller, agent, query.after)
            .await?;
        let uses = page.uses.iter().map(|it| {
            json!({ "at": it.at, "request": it.request, "purpose": it.purpose,
                "approval": it.approval, "by": it.by, "consent": it.consent, "event": it.event })
        });
        Ok(json!({ "uses": uses.collect::<Vec<_>>(), "next": page.next }))
    };
    answered(StatusCode::OK, seen.await)
}

/// `GET /research/participations`
async fn participations(State(door): State<Door>, parts: Parts) -> Response {
    let seen = async {
        let caller = door.acting(&parts.headers).await?;
        crate::access::allow_person(&caller)?;
        let agent = agent(&caller, &parts);
        let seen = door.hospital().participations(&caller, agent).await?;
        let seen: Vec<Value> = seen.iter().map(participation).collect();
        Ok(json!({ "participations": seen }))
    };
    answered(StatusCode::OK, seen.await)
}
