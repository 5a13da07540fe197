//! The token endpoint, the grants of the demonstration (password, secret of a system), and users.
//! RFC 6749 4.3, 4.4, 5. Registered clients: `smart`.

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use hospital::access_log::{AccessDeed, TokenDeed};
use hospital::pairs::{self, Pairs};
use hospital::{Caller, HospitalError, NewUser, Role};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::access;
use crate::error::ApiError;
use crate::fhir::origin;
use crate::negotiate::{self, Media};
use crate::outcome::{problem, respond};
use crate::smart::{self, Credentials, Refused};
use crate::state::Door;
use crate::token;

/// Largest form.
const FORM_BYTES_MAX: usize = 16 << 10;

fn refused(status: StatusCode, error: &'static str, text: &str) -> Refused {
    Refused::new(status, error, text)
}

/// `POST /auth/token`
pub(crate) async fn token(State(door): State<Door>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let answer = match form(&door, &parts, body).await {
        Ok(form) => match grant(&door, &parts, &form).await {
            Ok(answer) => Ok(answer),
            Err(refused) => Err(logged(&door, &parts, &form, refused).await),
        },
        Err(refused) => Err(refused),
    };
    answered(answer)
}

/// Logs that a token was refused to a client. A refused password has its event already, and a
/// request that cannot be read asks for nothing.
async fn logged(door: &Door, parts: &Parts, form: &Pairs, refused: Refused) -> Refused {
    let deed = match field(form, "grant_type") {
        Some("authorization_code" | "client_credentials") => TokenDeed::Issue,
        Some("refresh_token") => TokenDeed::Refresh,
        _ => return refused,
    };
    if refused.error == "invalid_request" || refused.status.is_server_error() {
        return refused;
    }
    let id = field(form, "client_id").filter(|id| hospital::request::is_id(id));
    let from = origin(parts, id.unwrap_or(""));
    let (deed, waits) = (AccessDeed::Token(deed), refused.wait_s > 0);
    let kept = door
        .hospital()
        .log_refused(deed, None, &from, refused.error, waits);
    match kept.await {
        Ok(()) => refused,
        Err(error) => error.into(),
    }
}

/// An answer of the authorization server. RFC 6749 5.1: nobody keeps it.
pub(crate) fn answered(answer: Result<Value, Refused>) -> Response {
    let mut response = match answer {
        Ok(body) => respond(StatusCode::OK, "application/json", body.to_string()),
        Err(refused) => refused.response(),
    };
    not_stored(&mut response);
    response
}

/// RFC 6749 5.1.
pub(crate) fn not_stored(response: &mut Response) {
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
}

/// Reads a form.
pub(crate) async fn form(door: &Door, parts: &Parts, body: Body) -> Result<Pairs, Refused> {
    negotiate::media(&parts.headers, Media::Form)
        .map_err(|_| Refused::invalid("send application/x-www-form-urlencoded"))?;
    let read = door.body(&parts.headers, body, FORM_BYTES_MAX).await;
    let (bytes, _room) = read.map_err(|error| Refused::invalid(error.to_string()))?;
    let form = std::str::from_utf8(&bytes).ok().and_then(pairs::decode);
    form.ok_or_else(|| Refused::invalid("the form is not usable"))
}

async fn grant(door: &Door, parts: &Parts, form: &Pairs) -> Result<Value, Refused> {
    match field(form, "grant_type") {
        Some("authorization_code") => smart::code(door, parts, form).await,
        Some("refresh_token") => smart::refresh(door, parts, form).await,
        Some("password") => match (field(form, "username"), field(form, "password")) {
            (Some(name), Some(secret)) => signed_in(door, parts, name, secret, false).await,
            _ => Err(Refused::invalid("the name or the secret is missing")),
        },
        Some("client_credentials") => system(door, parts, form).await,
        Some(_) => Err(refused(
            StatusCode::BAD_REQUEST,
            "unsupported_grant_type",
            "use authorization_code, refresh_token, client_credentials or password",
        )),
        None => Err(Refused::invalid("grant_type is missing")),
    }
}

/// A registered client, or a user whose role is `system`.
async fn system(door: &Door, parts: &Parts, form: &Pairs) -> Result<Value, Refused> {
    let Some(shown) = smart::credentials(parts, form)? else {
        return Err(Refused::invalid("the name or the secret is missing"));
    };
    match &shown {
        Credentials::Basic(name, secret) | Credentials::Posted(name, secret)
            if door.hospital().client(name).await?.is_none() =>
        {
            signed_in(door, parts, name, secret, true).await
        }
        _ => smart::system(door, parts, shown, form).await,
    }
}

async fn signed_in(
    door: &Door,
    parts: &Parts,
    name: &str,
    secret: &str,
    client: bool,
) -> Result<Value, Refused> {
    // RFC 6749 5.2: a client that fails to authenticate gets 401, a user's grant 400.
    let (status, error) = if client {
        (StatusCode::UNAUTHORIZED, "invalid_client")
    } else {
        (StatusCode::BAD_REQUEST, "invalid_grant")
    };
    let from = origin(parts, "");
    let caller =
        door.hospital()
            .sign_in(name, secret, &from)
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
    let deed = AccessDeed::Token(TokenDeed::Issue);
    door.hospital().log_admitted(deed, &caller, &from).await?;
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

fn field<'a>(form: &'a Pairs, name: &str) -> Option<&'a str> {
    form.iter()
        .find(|(found, _)| found == name)
        .map(|(_, value)| value.as_str())
        // RFC 6749 3.2: a parameter without a value is as good as none.
        .filter(|value| !value.is_empty())
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
        let hint = "send username, password, role and, for a patient, the patient id";
        let form: UserForm = door
            .form(&parts.headers, body, FORM_BYTES_MAX, "not a user", hint)
            .await?;
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
