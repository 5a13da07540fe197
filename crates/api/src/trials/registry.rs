//! The sealed protocol as others read it: the study as USDM, and what a registry asks.

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;
use axum::routing::get;
use serde::Deserialize;
use serde_json::{Value, json};

use super::looked;
use crate::outcome::answered;
use crate::state::Door;

pub(super) fn routes() -> Router<Door> {
    Router::new()
        .route("/trials/{id}/protocol/usdm", get(usdm))
        .route("/trials/{id}/registration", get(registration))
}

/// `?version=`: the one in force unless another one is named.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Which {
    version: Option<u32>,
}

/// `GET /trials/{id}/protocol/usdm?version=`
async fn usdm(
    State(door): State<Door>,
    Path(id): Path<String>,
    Query(which): Query<Which>,
    parts: Parts,
) -> Response {
    let read = async {
        let (caller, agent, id) = looked(&door, &id, &parts)?;
        let hospital = door.hospital();
        let study = hospital.trial_usdm(&caller, agent, (&id, which.version));
        Ok(study.await?)
    };
    answered(StatusCode::OK, read.await)
}

/// `GET /trials/{id}/registration?version=`
async fn registration(
    State(door): State<Door>,
    Path(id): Path<String>,
    Query(which): Query<Which>,
    parts: Parts,
) -> Response {
    let made = async {
        let (caller, agent, id) = looked(&door, &id, &parts)?;
        let hospital = door.hospital();
        let made = hospital.trial_registration(&caller, agent, (&id, which.version));
        let made = made.await?;
        let elements: Vec<Value> = made
            .elements
            .iter()
            .map(|it| json!({ "part": it.part, "element": it.element, "value": it.value }))
            .collect();
        Ok(
            json!({ "registry": "ClinicalTrials.gov", "version": made.version,
            "elements": elements, "gaps": made.gaps }),
        )
    };
    answered(StatusCode::OK, made.await)
}
