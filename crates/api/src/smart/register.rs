//! Dynamic client registration (RFC 7591), for an administrator's token only.

use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use hospital::HospitalError;
use hospital::smart::NewClient;
use serde_json::{Value, json};

use super::Refused;
use crate::access;
use crate::error::ApiError;
use crate::negotiate::{self, Media};
use crate::outcome::{problem, respond};
use crate::state::Door;

const BYTES_MAX: usize = 64 << 10;

fn answered(answer: Result<(StatusCode, Value), ApiError>) -> Response {
    match answer {
        Ok((status, body)) => {
            let mut response = respond(status, "application/json", body.to_string());
            crate::auth::not_stored(&mut response);
            response
        }
        // RFC 7591 3.2.2.
        Err(ApiError::Hospital(error @ HospitalError::Refused { .. })) => {
            Refused::from(error).response()
        }
        Err(error) => problem(&error),
    }
}

/// `POST /auth/register`
pub(crate) async fn register(State(door): State<Door>, request: Request) -> Response {
    let made = async {
        let (parts, body) = request.into_parts();
        access::allow_admin(&door.caller(&parts.headers)?)?;
        negotiate::media(&parts.headers, Media::Fhir)?;
        let (bytes, _room) = door.body(&parts.headers, body, BYTES_MAX).await?;
        let asked: NewClient = serde_json::from_slice(&bytes).map_err(|_| {
            let text = "the body is not client metadata (RFC 7591 2)";
            HospitalError::refused("invalid_client_metadata", text)
        })?;
        if let Some(uri) = asked.jwks_uri() {
            door.0.outgoing.reach().check(uri).map_err(|why| {
                let text = format!("jwks_uri is not followed: {why}");
                HospitalError::refused("invalid_client_metadata", text)
            })?;
        }
        let (client, secret) = door.hospital().register_client(asked).await?;
        let mut told = client.told();
        if let Some(secret) = secret {
            told["client_secret"] = secret.into();
            told["client_secret_expires_at"] = 0.into();
        }
        Ok((StatusCode::CREATED, told))
    };
    answered(made.await)
}

/// `GET /auth/register`
pub(crate) async fn list(State(door): State<Door>, headers: HeaderMap) -> Response {
    let listed = async {
        access::allow_admin(&door.caller(&headers)?)?;
        let clients = door.hospital().clients().await?;
        let told: Vec<Value> = clients.iter().map(hospital::smart::Client::told).collect();
        Ok((StatusCode::OK, json!({ "clients": told })))
    };
    answered(listed.await)
}

/// `GET /auth/register/{id}`
pub(crate) async fn one(
    State(door): State<Door>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    let found = async {
        access::allow_admin(&door.caller(&headers)?)?;
        let client = door.hospital().client(&id).await?;
        Ok((StatusCode::OK, client.ok_or_else(absent)?.told()))
    };
    answered(found.await)
}

/// `DELETE /auth/register/{id}`: the client and all that was issued to it.
pub(crate) async fn delete(
    State(door): State<Door>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    let gone = async {
        access::allow_admin(&door.caller(&headers)?)?;
        if !door.hospital().delete_client(&id).await? {
            return Err(absent());
        }
        Ok((StatusCode::OK, json!({})))
    };
    answered(gone.await)
}

fn absent() -> ApiError {
    HospitalError::Absent("the client".into()).into()
}
