//! The public history, for whoever looks through it: newest blocks, proofs between two sizes,
//! receipts of transactions.

use axum::extract::{Path, Query, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chain::Outcome;
use hospital::{HospitalError, ReceiptState};
use proof::Canonical as _;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::error::ApiError;
use crate::ledger::header_json;
use crate::outcome::{problem, respond};
use crate::state::Door;

const JSON: &str = "application/json";
/// Blocks of a page.
const COUNT: u64 = 20;
/// Blocks of a page at most.
const COUNT_MAX: u64 = 500;

/// `?before=&count=`
#[derive(Deserialize)]
pub(crate) struct Page {
    before: Option<u64>,
    count: Option<u64>,
}

/// `?from=&to=`, sizes of the history.
#[derive(Deserialize)]
pub(crate) struct Sizes {
    from: u64,
    to: u64,
}

/// `GET /ledger/blocks?before=HEIGHT&count=N`: final blocks below a height, the newest first.
pub(crate) async fn list(State(door): State<Door>, Query(page): Query<Page>) -> Response {
    let chain = door.hospital().chain();
    let before = page.before.unwrap_or(u64::MAX);
    let before = before.min(chain.status().height.saturating_add(1));
    let count = page.count.unwrap_or(COUNT).clamp(1, COUNT_MAX);
    let mut blocks: Vec<Value> = Vec::new();
    for height in (1..before).rev().take(usize::try_from(count).unwrap_or(0)) {
        // A node that joined later or was restored has no earlier ones.
        let Some(block) = chain.block(height).await else {
            break;
        };
        let refused = |one: &&chain::TransactionView| matches!(one.outcome, Outcome::Refused(_));
        blocks.push(json!({
            "digest": block.digest.to_string(),
            "header": header_json(&block.header),
            "header_bytes": STANDARD.encode(block.header.to_bytes()),
            "transactions": block.transactions.len(),
            "refused": block.transactions.iter().filter(refused).count(),
        }));
    }
    respond(
        StatusCode::OK,
        JSON,
        json!({ "blocks": blocks }).to_string(),
    )
}

/// `GET /ledger/consistency?from=SIZE&to=SIZE`: that the history of `to` entries continues that of
/// `from`. RFC 9162 2.1.4.
pub(crate) async fn consistency(State(door): State<Door>, Query(sizes): Query<Sizes>) -> Response {
    let path = door.hospital().chain().consistency(sizes.from, sizes.to);
    let Some(path) = path.await else {
        return absent("a history of these sizes");
    };
    let path: Vec<String> = path.iter().map(ToString::to_string).collect();
    let body = json!({ "from": sizes.from, "to": sizes.to, "path": path });
    respond(StatusCode::OK, JSON, body.to_string())
}

/// `GET /ledger/entries/{index}/receipt`: that a transaction is in the history, offline.
pub(crate) async fn receipt(State(door): State<Door>, Path(index): Path<String>) -> Response {
    let size = door.hospital().chain().status().history_size;
    let index = index.parse::<u64>().ok().filter(|index| *index < size);
    let Some(index) = index else {
        return absent("an entry of this index");
    };
    match door.hospital().transaction_receipt(index).await {
        Ok(ReceiptState::Ready(text)) => {
            let mut answer = respond(StatusCode::OK, "application/vnd.c2sp.tlog-proof", text);
            let name = format!("attachment; filename=\"entry-{index}.tlog-proof\"");
            if let Ok(name) = HeaderValue::from_str(&name) {
                let headers = answer.headers_mut();
                headers.insert(header::CONTENT_DISPOSITION, name);
            }
            answer
        }
        Ok(ReceiptState::Pending { retry_ms }) => {
            let body = json!({ "detail": "no checkpoint covers this entry yet: ask again" });
            let mut answer = respond(StatusCode::ACCEPTED, JSON, body.to_string());
            let seconds = HeaderValue::from(retry_ms.div_ceil(1_000).max(1));
            answer.headers_mut().insert(header::RETRY_AFTER, seconds);
            answer
        }
        Err(error) => problem(&error.into()),
    }
}

fn absent(what: &str) -> Response {
    problem(&ApiError::from(HospitalError::Absent(what.into())))
}
