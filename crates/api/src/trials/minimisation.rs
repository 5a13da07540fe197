//! `GET /trials/{id}/minimisation`: each allocation as the ledger has it, replayed at the end.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;
use serde_json::{Value, json};

use super::looked;
use super::told::{text, told_minimisation};
use crate::outcome::answered;
use crate::state::Door;

pub(super) async fn show(
    State(door): State<Door>,
    Path(id): Path<String>,
    parts: Parts,
) -> Response {
    let seen = async {
        let (caller, agent, id) = looked(&door, &id, &parts)?;
        let hospital = door.hospital();
        let seen = hospital.trial_minimisation(&caller, agent, &id).await?;
        let all = (0u32..).zip(&seen.told);
        let all = all.map(|(number, (participant, it))| {
            let share = it.shown.map(|it| it.share);
            json!({ "number": number, "participant": text(participant),
                "site": it.entered.site, "levels": it.entered.levels,
                "commitment": it.commitment.as_ref().map(text), "share": share,
                "arm": share.and_then(|share| seen.known.design.arm(share)) })
        });
        let all: Vec<Value> = all.collect();
        let deviations = seen.deviations.as_ref().map(|all| {
            let all = all.iter();
            all.map(|(number, why)| json!({ "number": number, "why": why.to_string() }))
                .collect::<Vec<_>>()
        });
        Ok(
            json!({ "minimisation": told_minimisation(&seen.known), "allocations": all,
            "deviations": deviations }),
        )
    };
    answered(StatusCode::OK, seen.await)
}
