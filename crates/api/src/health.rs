//! Whether the node lives and is ready, and its figures.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::json;

use crate::outcome::respond;
use crate::state::Door;

const METRICS_TEXT: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// `GET /health/live`: the process answers.
pub(crate) async fn live() -> Response {
    respond(
        StatusCode::OK,
        "application/json",
        json!({ "live": true }).to_string(),
    )
}

/// `GET /health/ready`: the database answers and the ledger is not halted.
pub(crate) async fn ready(State(door): State<Door>) -> Response {
    let store = door.hospital().store().open_batch().await.is_ok();
    let status = door.hospital().chain().status();
    let ready = store && status.halted.is_none();
    let body = json!({
        "ready": ready,
        "store": store,
        "ledger": status.halted.is_none(),
        "ledger_caught_up": status.ready(),
        "height": status.height,
    });
    let code = if ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    respond(code, "application/json", body.to_string())
}

/// `GET /metrics`
pub(crate) async fn metrics(State(door): State<Door>) -> Response {
    let text = door.0.metrics.text(door.hospital());
    respond(StatusCode::OK, METRICS_TEXT, text)
}
