//! `/auth/passkeys`: passkeys by JSON, for a person's own token. An app's token is not enough: an
//! app that could add one would come back as the user.

use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use hospital::HospitalError;
use hospital::smart::{Passkey, RelyingParty};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::error::ApiError;
use crate::fhir::origin;
use crate::negotiate::{self, Media};
use crate::outcome::{problem, respond};
use crate::state::Door;

const BYTES_MAX: usize = 16 << 10;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct New {
    name: String,
    /// What `navigator.credentials.create` answered.
    passkey: Value,
}

fn answered(answer: Result<(StatusCode, Value), ApiError>) -> Response {
    match answer {
        Ok((status, body)) => {
            let mut response = respond(status, "application/json", body.to_string());
            crate::auth::not_stored(&mut response);
            response
        }
        Err(error) => problem(&error),
    }
}

fn party(door: &Door) -> Result<&RelyingParty, ApiError> {
    let party = door.0.config.relying_party.as_ref();
    let none = || {
        let hint = "set access.passkeys in salus.toml: docs/reference/access.md";
        HospitalError::request("not-supported", "there are no passkeys here", hint)
    };
    Ok(party.ok_or_else(none)?)
}

/// `GET /auth/passkeys`
pub(crate) async fn list(State(door): State<Door>, headers: HeaderMap) -> Response {
    let listed = async {
        let caller = door.person(&headers)?;
        let passkeys = door.hospital().passkeys(&caller.username).await?;
        let told: Vec<Value> = passkeys.iter().map(Passkey::told).collect();
        Ok((StatusCode::OK, json!({ "passkeys": told })))
    };
    answered(listed.await)
}

/// `POST /auth/passkeys/options`: what to hand to `navigator.credentials.create`.
pub(crate) async fn options(State(door): State<Door>, headers: HeaderMap) -> Response {
    let made = async {
        let caller = door.person(&headers)?;
        let options = door.hospital().new_passkey(party(&door)?, &caller).await?;
        Ok((StatusCode::OK, json!({ "publicKey": options })))
    };
    answered(made.await)
}

/// `POST /auth/passkeys`: registers its answer.
pub(crate) async fn add(State(door): State<Door>, request: Request) -> Response {
    let added = async {
        let (parts, body) = request.into_parts();
        let caller = door.person(&parts.headers)?;
        negotiate::media(&parts.headers, Media::Fhir)?;
        let (bytes, _room) = door.body(&parts.headers, body, BYTES_MAX).await?;
        let new: New = serde_json::from_slice(&bytes).map_err(|_| {
            let hint = "send {\"name\": \"...\", \"passkey\": {id, type, response}}";
            HospitalError::request("structure", "the body is not a passkey", hint)
        })?;
        let from = origin(&parts, "");
        let (name, answer) = (&new.name, new.passkey.to_string());
        let passkey = door
            .hospital()
            .add_passkey(party(&door)?, &caller, name, &answer, &from)
            .await?;
        Ok((StatusCode::CREATED, passkey.told()))
    };
    answered(added.await)
}

/// `DELETE /auth/passkeys/{id}`
pub(crate) async fn remove(
    State(door): State<Door>,
    Path(id): Path<String>,
    request: Request,
) -> Response {
    let gone = async {
        let (parts, _) = request.into_parts();
        let caller = door.person(&parts.headers)?;
        let from = origin(&parts, "");
        if !door.hospital().remove_passkey(&caller, &id, &from).await? {
            return Err(HospitalError::Absent("the passkey".into()).into());
        }
        Ok((StatusCode::OK, json!({})))
    };
    answered(gone.await)
}
