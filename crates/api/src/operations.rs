//! `/operations`: what an administrator sees of the node. The shapes: docs/reference/operations.md.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use hospital::backups::{Act, Entry, Log};
use hospital::instant;
use serde_json::{Value, json};

use crate::access;
use crate::error::ApiError;
use crate::outcome::{problem, respond};
use crate::state::Door;

/// Backups that are listed, the latest.
const LISTED_MAX: usize = 100;

/// `GET /operations/backups`
pub(crate) async fn backups(State(door): State<Door>, headers: HeaderMap) -> Response {
    let told = async {
        admin(&door, &headers)?;
        let (log, copies) = door.hospital().backups().await?;
        let shown = |entry: &Entry| backup(&log, entry);
        let made = log.entries.iter().rev().filter(|it| it.act == Act::Made);
        let copies: Vec<Value> = copies
            .iter()
            .map(|it| json!({ "file": it.file, "current": it.current }))
            .collect();
        Ok(json!({
            "backups": made.take(LISTED_MAX).map(shown).collect::<Vec<_>>(),
            "last_made": log.last(Act::Made).map(|it| instant_ms(it.time_ms)),
            "last_proven": log.last(Act::Proven).map(|it| instant_ms(it.time_ms)),
            "key_tree_copies": copies,
            "lines_damaged": log.damaged,
        }))
    };
    answered(told.await)
}

fn backup(log: &Log, entry: &Entry) -> Value {
    json!({
        "id": entry.id,
        "made": instant_ms(entry.made_ms),
        "file": entry.file,
        "bytes": entry.bytes,
        "height": entry.height,
        "versions": entry.versions,
        "took_ms": entry.took_ms,
        "key_tree": entry.tree,
        "proven": log.proven_ms(&entry.id).map(instant_ms),
    })
}

/// `GET /operations/storage`
pub(crate) async fn storage(State(door): State<Door>, headers: HeaderMap) -> Response {
    let told = async {
        admin(&door, &headers)?;
        let storage = door.hospital().storage().await?;
        let records = storage.records;
        Ok(json!({
            "records_bytes": records.database_bytes,
            "write_ahead_log_bytes": records.log_bytes,
            "ledger_bytes": storage.ledger_bytes,
            "key_tree_bytes": storage.key_tree_bytes,
            "free_bytes": records.free_bytes,
            "schema": records.schema,
            "versions": records.versions,
            "versions_erased": records.leaves - records.versions,
            "records_made": records.records,
            "batches": records.batches,
            "erasures": records.erasures,
        }))
    };
    answered(told.await)
}

/// `GET /operations/keys`
pub(crate) async fn keys(State(door): State<Door>, headers: HeaderMap) -> Response {
    let told = async {
        admin(&door, &headers)?;
        let now_ms = now_ms(&door);
        let keys = door.hospital().own_keys(door.0.mint.public());
        let keys: Vec<Value> = keys
            .into_iter()
            .map(|key| {
                json!({
                    "purpose": key.purpose,
                    "public": key.public,
                    "registered": key.registered,
                    "since_height": key.height,
                    "since": key.since_ms.map(instant_ms),
                    "age_s": key.since_ms.map(|since| now_ms.saturating_sub(since) / 1_000),
                })
            })
            .collect();
        Ok(json!({ "keys": keys }))
    };
    answered(told.await)
}

/// `GET /operations/peers`
pub(crate) async fn peers(State(door): State<Door>, headers: HeaderMap) -> Response {
    let told = async {
        admin(&door, &headers)?;
        let now_ms = now_ms(&door);
        let status = door.hospital().chain().status();
        let state = door.hospital().chain().state();
        let peers: Vec<Value> = status
            .peers
            .iter()
            .map(|peer| {
                let member = state.organisation(&peer.organisation);
                json!({
                    "organisation": peer.organisation.as_str(),
                    "kind": member.as_ref().map(|it| it.kind.as_str()),
                    "address": member.as_ref().map(|it| it.address.as_str()),
                    "validator": status.validators.contains(&peer.organisation),
                    "connected": peer.connected,
                    "heard": peer.heard_ms.map(instant_ms),
                    "silent_s": peer.heard_ms.map(|heard| now_ms.saturating_sub(heard) / 1_000),
                    "height": peer.height,
                    "behind_blocks": peer.height.map(|height| status.tip.saturating_sub(height)),
                    "cosigned": peer.cosigned,
                    "behind_entries":
                        peer.cosigned.map(|size| status.history_size.saturating_sub(size)),
                })
            })
            .collect();
        Ok(json!({
            "organisation": door.hospital().organisation(),
            "height": status.height,
            "tip": status.tip,
            "block_time": instant_ms(status.time_ms),
            "block_age_s": now_ms.saturating_sub(status.time_ms) / 1_000,
            "history_size": status.history_size,
            "checkpoint_size": status.checkpoint_size,
            "in_touch": status.in_touch,
            "peers": peers,
        }))
    };
    answered(told.await)
}

/// `GET /operations/figures`
pub(crate) async fn figures(State(door): State<Door>, headers: HeaderMap) -> Response {
    let told = async {
        admin(&door, &headers)?;
        Ok(crate::figures::arrays(&door).await)
    };
    answered(told.await)
}

fn admin(door: &Door, headers: &HeaderMap) -> Result<(), ApiError> {
    access::allow_admin(&door.caller(headers)?)
}

fn now_ms(door: &Door) -> u64 {
    u64::try_from(door.hospital().now_us() / 1_000).unwrap_or_default()
}

fn instant_ms(time_ms: u64) -> String {
    instant::fhir(
        i64::try_from(time_ms)
            .unwrap_or_default()
            .saturating_mul(1_000),
    )
}

fn answered(answer: Result<Value, ApiError>) -> Response {
    match answer {
        Ok(body) => respond(StatusCode::OK, "application/json", body.to_string()),
        Err(error) => problem(&error),
    }
}
