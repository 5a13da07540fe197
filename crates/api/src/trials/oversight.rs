//! What those see who oversee a trial: the sites compared, and at the end the lists laid open.

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;
use axum::routing::get;
use hospital::trials::{Foreseen, OpenedArm, OpenedList};
use serde_json::{Value, json};

use super::looked;
use crate::outcome::answered;
use crate::state::Door;

pub(super) fn routes() -> Router<Door> {
    Router::new()
        .route("/trials/{id}/monitoring", get(monitoring))
        .route("/trials/{id}/allocation", get(allocation))
}

/// `GET /trials/{id}/monitoring`
async fn monitoring(State(door): State<Door>, Path(id): Path<String>, parts: Parts) -> Response {
    let seen = async {
        let (caller, agent, id) = looked(&door, &id, &parts)?;
        let seen = door.hospital().monitor_trial(&caller, agent, &id).await?;
        let visits = seen.visits.iter();
        let visits = visits.map(|(code, day)| json!({ "visit": code, "day": day }));
        Ok(json!({
            "sites": seen.report.sites,
            "items": seen.items,
            "visits": visits.collect::<Vec<_>>(),
            "rows": seen.rows,
            "participants": seen.participants,
            "notes": seen.notes,
        }))
    };
    answered(StatusCode::OK, seen.await)
}

/// `GET /trials/{id}/allocation`
async fn allocation(State(door): State<Door>, Path(id): Path<String>, parts: Parts) -> Response {
    let seen = async {
        let (caller, agent, id) = looked(&door, &id, &parts)?;
        let hospital = door.hospital();
        let seen = hospital.check_allocation(&caller, agent, &id).await?;
        let runs = seen.runs.iter();
        let runs = runs.map(|(stratum, runs)| json!({ "stratum": stratum, "test": runs }));
        Ok(json!({
            "lists": seen.lists.iter().map(told_list).collect::<Vec<_>>(),
            "balance": seen.balance,
            "runs": runs.collect::<Vec<_>>(),
            "selection_bias": seen.bias.iter().map(told_bias).collect::<Vec<_>>(),
            "participants": seen.participants.iter().map(told_arm).collect::<Vec<_>>(),
            "notes": seen.notes,
        }))
    };
    answered(StatusCode::OK, seen.await)
}

fn told_list(list: &OpenedList) -> Value {
    json!({ "site": list.site, "is_as_sealed": list.is_as_sealed, "used": list.used,
        "deviations": list.deviations })
}

fn told_bias(it: &Foreseen) -> Value {
    json!({ "item": it.item, "arm": it.arm, "test": it.test })
}

fn told_arm(it: &OpenedArm) -> Value {
    json!({ "site": it.site, "subject": it.subject, "stratum": it.stratum, "slot": it.slot,
        "arm": it.arm })
}
