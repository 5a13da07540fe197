//! `/auth/logins`: an administrator says which account of the provider is which user.

use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use hospital::HospitalError;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::access;
use crate::error::ApiError;
use crate::fhir::origin;
use crate::negotiate::{self, Media};
use crate::outcome::{problem, respond};
use crate::state::Door;

const BYTES_MAX: usize = 4 << 10;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct New {
    username: String,
    subject: String,
}

fn answered(answer: Result<(StatusCode, Value), ApiError>) -> Response {
    match answer {
        Ok((status, body)) => respond(status, "application/json", body.to_string()),
        Err(error) => problem(&error),
    }
}

/// `GET /auth/logins`
pub(crate) async fn links(State(door): State<Door>, headers: HeaderMap) -> Response {
    let listed = async {
        access::allow_admin(&door.caller(&headers)?)?;
        let logins = door.hospital().logins().await?;
        let mut told = Vec::with_capacity(logins.len());
        for (issuer, subject, username) in logins {
            told.push(json!({ "issuer": issuer, "subject": subject, "username": username }));
        }
        Ok((StatusCode::OK, json!({ "logins": told })))
    };
    answered(listed.await)
}

/// `POST /auth/logins`
pub(crate) async fn link(State(door): State<Door>, request: Request) -> Response {
    let linked = async {
        let (parts, body) = request.into_parts();
        access::allow_admin(&door.caller(&parts.headers)?)?;
        negotiate::media(&parts.headers, Media::Fhir)?;
        let (bytes, _room) = door.body(&parts.headers, body, BYTES_MAX).await?;
        let new: New = serde_json::from_slice(&bytes).map_err(|_| {
            let hint = "send {\"username\": \"...\", \"subject\": \"...\"}";
            HospitalError::request("structure", "the body is not a link", hint)
        })?;
        let provider = door.0.config.provider.as_ref().ok_or_else(|| {
            let hint = "set access.provider in salus.toml: docs/reference/access.md";
            HospitalError::request("not-supported", "nobody signs in elsewhere here", hint)
        })?;
        let from = origin(&parts, "");
        let issuer = &provider.issuer;
        door.hospital()
            .link_login(issuer, &new.subject, &new.username, &from)
            .await?;
        let told = json!({ "issuer": issuer, "subject": new.subject, "username": new.username });
        Ok((StatusCode::CREATED, told))
    };
    answered(linked.await)
}

/// `DELETE /auth/logins/{username}`: all links of a user.
pub(crate) async fn unlink(
    State(door): State<Door>,
    Path(username): Path<String>,
    request: Request,
) -> Response {
    let gone = async {
        let (parts, _) = request.into_parts();
        access::allow_admin(&door.caller(&parts.headers)?)?;
        let from = origin(&parts, "");
        if !door.hospital().unlink_logins(&username, &from).await? {
            return Err(HospitalError::Absent("a link of this user".into()).into());
        }
        Ok((StatusCode::OK, json!({})))
    };
    answered(gone.await)
}
