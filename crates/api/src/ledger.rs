//! The public view of the ledger, and this organisation's voice in the consortium.

use axum::extract::{Path, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chain::Outcome;
use hospital::HospitalError;
use ledger::{BlockHeader, Kind};
use proof::transaction::{Batch, KIND_BATCH, Transaction};
use proof::{Canonical as _, Digest};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::access;
use crate::error::ApiError;
use crate::negotiate::{self, Media};
use crate::outcome::{problem, respond};
use crate::proposal;
use crate::state::Door;

const JSON: &str = "application/json";
const TEXT: &str = "text/plain; charset=utf-8";
/// Largest proposal or vote.
const BODY_BYTES_MAX: usize = 64 << 10;

/// `GET /ledger/status`
pub(crate) async fn status(State(door): State<Door>) -> Response {
    let hospital = door.hospital();
    let status = hospital.chain().status();
    let batches = hospital.batch_status();
    let peers: Vec<Value> = status
        .peers
        .iter()
        .map(|peer| {
            json!({ "organisation": peer.organisation.as_str(), "connected": peer.connected,
                    "height": peer.height })
        })
        .collect();
    let validators: Vec<&str> = status
        .validators
        .iter()
        .map(::ledger::OrgId::as_str)
        .collect();
    let body = json!({
        "organisation": hospital.organisation(),
        "chain_id": hospital.chain_id().to_string(),
        "height": status.height,
        "time_ms": status.time_ms,
        "epoch": status.epoch,
        "root": status.state_root.to_string(),
        "state_root": status.state_root.to_string(),
        "history_size": status.history_size,
        "history_root": status.history_root.to_string(),
        "validators": validators,
        "validating": status.validating,
        "peers": peers,
        "tip": status.tip,
        "ready": status.ready(),
        "halted": status.halted,
        "transactions_pending": status.pending,
        "receipts_pending": batches.receipts_pending,
        "batch_anchored": batches.anchored_sequence,
    });
    respond(StatusCode::OK, JSON, body.to_string())
}

/// `GET /ledger/blocks/{height}`
pub(crate) async fn block(State(door): State<Door>, Path(height): Path<String>) -> Response {
    let height = height.parse::<u64>().ok();
    let found = match height {
        Some(height) => door.hospital().chain().block(height).await,
        None => None,
    };
    let Some(block) = found else {
        return problem(&HospitalError::Absent("a final block of this height".into()).into());
    };
    let state = door.hospital().chain().state();
    let transactions: Vec<Value> = block
        .transactions
        .iter()
        .map(|one| {
            let (index, refused) = match one.outcome {
                Outcome::Accepted(index) => (Some(index), None),
                Outcome::Refused(code) => (None, Some(code)),
            };
            let mut shown = json!({
                "id": one.digest.to_string(), "index": index, "refused": refused,
                "bytes": STANDARD.encode(&one.bytes)
            });
            if let Ok(read) = Transaction::from_bytes(&one.bytes) {
                tell(&mut shown, &read, &state);
            }
            shown
        })
        .collect();
    let body = json!({
        "digest": block.digest.to_string(),
        "header": header_json(&block.header),
        "transactions": transactions,
    });
    respond(StatusCode::OK, JSON, body.to_string())
}

/// What the header of a transaction says, and who sent it: a key has one owner for ever.
fn tell(shown: &mut Value, read: &Transaction, state: &::ledger::State) {
    let header = read.header;
    shown["kind"] = Kind::of(header.kind).map_or(Value::Null, |kind| format!("{kind:?}").into());
    shown["organisation"] = state
        .key_owner(&header.sender)
        .map_or(Value::Null, |owner| owner.organisation.as_str().into());
    shown["sequence"] = header.sequence.into();
    shown["expires"] = header.expires.into();
    if header.kind == KIND_BATCH
        && let Ok(batch) = Batch::from_bytes(&read.body)
    {
        shown["batch"] = json!({
            "sequence": batch.sequence,
            "previous": batch.previous.to_string(),
            "root": batch.root.to_string(),
        });
    }
}

pub(crate) fn header_json(header: &BlockHeader) -> Value {
    json!({
        "height": header.height,
        "epoch": header.epoch,
        "parent": header.parent.to_string(),
        "time_ms": header.time_ms,
        "state_root": header.state_root.to_string(),
        "history_size": header.history_size,
        "history_root": header.history_root.to_string(),
        "transactions_root": header.transactions_root.to_string(),
    })
}

/// `GET /ledger/checkpoint`: the latest cosigned checkpoint, C2SP `tlog-checkpoint`.
pub(crate) async fn checkpoint(State(door): State<Door>) -> Response {
    if let Some(note) = door.hospital().chain().checkpoint() {
        return respond(StatusCode::OK, TEXT, note);
    }
    let text = "no checkpoint has been cosigned yet";
    problem(&HospitalError::Busy(text.into()).into())
}

/// `GET /ledger/trust`: the trust file, C2SP `tlog-policy`.
pub(crate) async fn trust(State(door): State<Door>) -> Response {
    match door.hospital().trust() {
        Ok(text) => respond(StatusCode::OK, TEXT, text),
        Err(error) => problem(&error.into()),
    }
}

/// `GET /ledger/organisations`: the members as the ledger knows them.
pub(crate) async fn organisations(State(door): State<Door>) -> Response {
    let state = door.hospital().chain().state();
    let members: Vec<Value> = state
        .organisations()
        .iter()
        .map(|member| {
            let mut shown = proposal::organisation(member);
            let (sequence, root) = state.batch_head(&member.id);
            shown["batch"] = json!({ "sequence": sequence, "root": root.to_string() });
            shown["service"] = state.service(&member.id).map_or(Value::Null, |it| {
                json!({
                    "address": it.address,
                    "link_key": Digest(it.tls_key.0).to_string(),
                    "xwing_key": STANDARD.encode(it.xwing_key),
                    "credential_key": Digest(it.credential_key.0).to_string(),
                    "credential_epoch": it.credential_epoch,
                })
            });
            shown
        })
        .collect();
    let parameters = proposal::parameters(&state.parameters());
    let body = json!({ "organisations": members, "parameters": parameters });
    respond(StatusCode::OK, JSON, body.to_string())
}

/// `GET /ledger/proposals`
pub(crate) async fn proposals(State(door): State<Door>) -> Response {
    let state = door.hospital().chain().state();
    let open: Vec<Value> = state
        .proposals()
        .iter()
        .map(|(id, open)| {
            let votes: Vec<Value> = open
                .votes
                .iter()
                .map(|(voter, approve)| {
                    json!({ "organisation": voter.as_str(), "approve": approve })
                })
                .collect();
            json!({
                "id": id.to_string(),
                "proposal": proposal::written(&open.proposal),
                "proposer": open.proposer.as_str(),
                "expires": open.expires,
                "votes": votes,
                "needed": ledger::two_thirds(state.organisations().len()),
            })
        })
        .collect();
    respond(
        StatusCode::OK,
        JSON,
        json!({ "proposals": open }).to_string(),
    )
}

/// `POST /ledger/proposals`, for an administrator.
pub(crate) async fn propose(State(door): State<Door>, request: Request) -> Response {
    let proposed = async {
        let value = admin_body(&door, request).await?;
        let proposal = proposal::read(&value)?;
        Ok::<_, ApiError>(door.hospital().propose(proposal).await?)
    };
    accepted(proposed.await)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct VoteForm {
    approve: bool,
}

/// `POST /ledger/proposals/{id}/votes`, for an administrator.
pub(crate) async fn vote(
    State(door): State<Door>,
    Path(id): Path<String>,
    request: Request,
) -> Response {
    let voted = async {
        let value = admin_body(&door, request).await?;
        let form: VoteForm = serde_json::from_value(value).map_err(|_| {
            HospitalError::request(
                "structure",
                "this is not a vote",
                "send {\"approve\": true}",
            )
        })?;
        let absent = || HospitalError::Absent("a proposal of this id".into());
        let id: Digest = id.parse().map_err(|_| absent())?;
        let state = door.hospital().chain().state();
        if !state.proposals().iter().any(|(open, _)| *open == id) {
            return Err(absent().into());
        }
        Ok::<_, ApiError>(door.hospital().vote(id, form.approve).await?)
    };
    accepted(voted.await)
}

async fn admin_body(door: &Door, request: Request) -> Result<Value, ApiError> {
    let (parts, body) = request.into_parts();
    access::allow_admin(&door.caller(&parts.headers)?)?;
    negotiate::media(&parts.headers, Media::Fhir)?;
    let (bytes, _room) = door.body(&parts.headers, body, BODY_BYTES_MAX).await?;
    let limits = fhir::json::Limits::default();
    Ok(fhir::json::parse(&bytes, limits).map_err(HospitalError::from)?)
}

/// 202: it is on its way; the ledger decides.
fn accepted(sent: Result<Digest, ApiError>) -> Response {
    match sent {
        Ok(id) => {
            let body = json!({ "transaction": id.to_string() }).to_string();
            let mut response = respond(StatusCode::ACCEPTED, JSON, body);
            let place = HeaderValue::from_static("/ledger/proposals");
            response.headers_mut().insert(header::LOCATION, place);
            response
        }
        Err(error) => problem(&error),
    }
}
