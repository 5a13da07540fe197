//! The authorization server of this organisation, first cut: password and client credentials.
//! RFC 6749 4.3, 4.4, 5; SMART completes it later.

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hospital::pairs::{self, Pairs};
use hospital::{Caller, HospitalError, NewUser, Role};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::access;
use crate::error::ApiError;
use crate::negotiate::{self, Media};
use crate::outcome::{problem, respond};
use crate::state::Door;
use crate::token;

/// Largest form.
const FORM_BYTES_MAX: usize = 16 << 10;

/// An error of RFC 6749 5.2.
struct Refused {
    status: StatusCode,
    error: &'static str,
    text: String,
    wait_s: u64,
}

fn refused(status: StatusCode, error: &'static str, text: &str) -> Refused {
    Refused {
        status,
        error,
        text: text.to_owned(),
        wait_s: 0,
    }
}

/// `POST /auth/token`
pub(crate) async fn token(State(door): State<Door>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let mut response = match grant(&door, &parts, body).await {
        Ok(body) => respond(StatusCode::OK, "application/json", body.to_string()),
        Err(refused) => {
            let body = json!({ "error": refused.error, "error_description": refused.text });
            let mut response = respond(refused.status, "application/json", body.to_string());
            if refused.status == StatusCode::UNAUTHORIZED {
                let realm = HeaderValue::from_static("Basic realm=\"salus\"");
                response
                    .headers_mut()
                    .insert(header::WWW_AUTHENTICATE, realm);
            }
            if refused.wait_s > 0 {
                let wait = HeaderValue::from(refused.wait_s);
                response.headers_mut().insert(header::RETRY_AFTER, wait);
            }
            response
        }
    };
    // RFC 6749 5.1.
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

async fn grant(door: &Door, parts: &Parts, body: Body) -> Result<Value, Refused> {
    let invalid = |text: &str| refused(StatusCode::BAD_REQUEST, "invalid_request", text);
    negotiate::media(&parts.headers, Media::Form)
        .map_err(|_| invalid("send application/x-www-form-urlencoded"))?;
    let read = door.body(&parts.headers, body, FORM_BYTES_MAX).await;
    let (bytes, _room) = read.map_err(|error| invalid(&error.to_string()))?;
    let form = std::str::from_utf8(&bytes).ok().and_then(pairs::decode);
    let form = form.ok_or_else(|| invalid("the form is not usable"))?;
    let field = |name: &str| field(&form, name);
    let (name, secret, client) = match field("grant_type") {
        Some("password") => (field("username"), field("password"), false),
        Some("client_credentials") => match basic(parts) {
            Some((name, secret)) => {
                return signed_in(door, &name, &secret, true).await;
            }
            None => (field("client_id"), field("client_secret"), true),
        },
        Some(_) => {
            return Err(refused(
                StatusCode::BAD_REQUEST,
                "unsupported_grant_type",
                "use password or client_credentials",
            ));
        }
        None => return Err(invalid("grant_type is missing")),
    };
    match (name, secret) {
        (Some(name), Some(secret)) => signed_in(door, name, secret, client).await,
        _ => Err(invalid("the name or the secret is missing")),
    }
}

async fn signed_in(door: &Door, name: &str, secret: &str, client: bool) -> Result<Value, Refused> {
    // RFC 6749 5.2: a client that fails to authenticate gets 401, a user's grant 400.
    let (status, error) = if client {
        (StatusCode::UNAUTHORIZED, "invalid_client")
    } else {
        (StatusCode::BAD_REQUEST, "invalid_grant")
    };
    let caller = door
        .hospital()
        .sign_in(name, secret)
        .await
        .map_err(|found| match found {
            HospitalError::SignIn { wait_s: 0 } => {
                refused(status, error, "the name and the password do not fit")
            }
            HospitalError::SignIn { wait_s } => Refused {
                status: StatusCode::TOO_MANY_REQUESTS,
                error,
                text: format!("too many tries failed: wait {wait_s} s"),
                wait_s,
            },
            other => {
                tracing::warn!(error = %other, "a sign-in failed");
                let text = "the sign-in could not be checked: try again";
                refused(
                    StatusCode::SERVICE_UNAVAILABLE,
                    "temporarily_unavailable",
                    text,
                )
            }
        })?;
    // A person's password is no client secret, nor the other way round.
    if client != (caller.role == Role::System) {
        return Err(refused(
            StatusCode::BAD_REQUEST,
            "unauthorized_client",
            "people use grant_type=password, systems client_credentials",
        ));
    }
    answer(door, &caller)
}

fn answer(door: &Door, caller: &Caller) -> Result<Value, Refused> {
    let token = door
        .0
        .mint
        .issue(caller, door.hospital().now_us())
        .map_err(|error| {
            refused(
                StatusCode::INTERNAL_SERVER_ERROR,
                "server_error",
                &error.to_string(),
            )
        })?;
    let mut body = json!({
        "access_token": token,
        "token_type": "Bearer",
        "expires_in": door.0.mint.life_s(),
        "scope": token::scope(caller.role),
    });
    if let Some(patient) = &caller.patient {
        body["patient"] = patient.clone().into();
    }
    Ok(body)
}

/// RFC 6749 2.3.1: name and secret, each form-encoded, in HTTP Basic.
fn basic(parts: &Parts) -> Option<(String, String)> {
    let value = parts.headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, encoded) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let text = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (name, secret) = text.split_once(':')?;
    let decode = |part: &str| pairs::decode(part)?.pop().map(|(name, _)| name);
    Some((decode(name)?, decode(secret)?))
}

fn field<'a>(form: &'a Pairs, name: &str) -> Option<&'a str> {
    form.iter()
        .find(|(found, _)| found == name)
        .map(|(_, value)| value.as_str())
}

/// `GET /auth/jwks`
pub(crate) async fn keys(State(door): State<Door>) -> Response {
    respond(
        StatusCode::OK,
        "application/json",
        door.0.mint.key_set().to_string(),
    )
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UserForm {
    username: String,
    password: String,
    role: String,
    patient: Option<String>,
}

/// `GET /auth/users`: names and roles, for an administrator.
pub(crate) async fn users(State(door): State<Door>, headers: HeaderMap) -> Response {
    let listed = async {
        access::allow_admin(&door.caller(&headers)?)?;
        Ok::<_, ApiError>(door.hospital().users().await?)
    };
    match listed.await {
        Ok(users) => {
            let users: Vec<Value> = users
                .into_iter()
                .map(|user| {
                    json!({ "username": user.username, "role": user.role.name(),
                            "patient": user.patient })
                })
                .collect();
            let body = json!({ "users": users }).to_string();
            respond(StatusCode::OK, "application/json", body)
        }
        Err(error) => problem(&error),
    }
}

/// `POST /auth/users`: adds a user or replaces one, for an administrator.
pub(crate) async fn add_user(State(door): State<Door>, request: Request) -> Response {
    let added = async {
        let (parts, body) = request.into_parts();
        access::allow_admin(&door.caller(&parts.headers)?)?;
        negotiate::media(&parts.headers, Media::Fhir)?;
        let (bytes, _room) = door.body(&parts.headers, body, FORM_BYTES_MAX).await?;
        let form: UserForm = serde_json::from_slice(&bytes).map_err(|error| {
            HospitalError::request(
                "structure",
                format!(
                    "line {}, column {}: not a user",
                    error.line(),
                    error.column()
                ),
                "send username, password, role and, for a patient, the patient id",
            )
        })?;
        let role = form.role.parse().map_err(|text: String| {
            HospitalError::request("value", text, "docs/reference/access.md lists the roles")
        })?;
        let UserForm {
            username,
            password,
            patient,
            ..
        } = form;
        door.hospital()
            .add_user(NewUser {
                username,
                password,
                role,
                patient,
            })
            .await?;
        Ok::<_, ApiError>(())
    };
    match added.await {
        Ok(()) => respond(StatusCode::CREATED, "application/json", "{}"),
        Err(error) => problem(&error),
    }
}
