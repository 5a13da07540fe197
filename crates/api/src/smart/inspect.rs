//! Introspection (RFC 7662) and revocation (RFC 7009).

use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::response::Response;
use hospital::Role;
use hospital::access_log::{AccessDeed, TokenDeed};
use hospital::pairs::Pairs;
use hospital::smart::SignIn;
use serde_json::{Value, json};

use super::client::{self, field};
use super::{Refused, answer};
use crate::auth;
use crate::fhir::origin;
use crate::outcome::respond;
use crate::state::Door;

/// Who asks about a token.
enum Asker {
    /// Whoever runs the node or another system of the organisation: about every token.
    Organisation(String),
    /// A confidential client: about its own.
    Client(String),
}

impl Asker {
    fn may_know(&self, client: &str) -> bool {
        match self {
            Self::Organisation(_) => true,
            Self::Client(own) => own == client,
        }
    }

    fn name(&self) -> &str {
        match self {
            Self::Organisation(name) | Self::Client(name) => name,
        }
    }
}

async fn asker(door: &Door, parts: &Parts, form: &Pairs) -> Result<Asker, Refused> {
    let header = parts.headers.get(header::AUTHORIZATION);
    let bearer = header
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.len() > 7 && value[..7].eq_ignore_ascii_case("bearer "));
    if bearer {
        let caller = door.caller(&parts.headers);
        let fits = caller.ok().filter(|caller| {
            caller.role == Role::System
                || (caller.role == Role::Admin && caller.sight.reach.is_none())
        });
        return match fits {
            Some(caller) => Ok(Asker::Organisation(caller.username)),
            None => Err(Refused::client("this token does not allow introspection")),
        };
    }
    let client = client::needed(door, parts, form).await?;
    if client.sign_in == SignIn::None {
        return Err(Refused::client("a public client cannot introspect"));
    }
    Ok(Asker::Client(client.id))
}

/// `POST /auth/introspect`
pub(crate) async fn introspect(State(door): State<Door>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let answered = async {
        let form = auth::form(&door, &parts, body).await?;
        let asker = asker(&door, &parts, &form).await?;
        let token = field(&form, "token")?.ok_or_else(|| Refused::invalid("token is missing"))?;
        told(&door, &parts, &asker, token).await
    };
    auth::answered(answered.await)
}

async fn told(door: &Door, parts: &Parts, asker: &Asker, token: &str) -> Result<Value, Refused> {
    // RFC 7662 2.2: of a token that is not good, or not the asker's business, nothing is told.
    let nothing = json!({ "active": false });
    if let Ok(found) = door.checked(token) {
        if !asker.may_know(&found.client) {
            return Ok(nothing);
        }
        let deed = TokenDeed::Introspect;
        logged(door, parts, asker.name(), deed, &found.caller.username).await?;
        let mut told = json!({
            "active": true,
            "scope": found.scope,
            "username": found.caller.username,
            "sub": found.caller.username,
            "token_type": "Bearer",
            "iss": door.0.config.base,
            "aud": door.0.config.fhir_base(),
            "iat": found.issued_s,
            "exp": found.expires_s,
            "jti": found.id,
        });
        if !found.client.is_empty() {
            told["client_id"] = found.client.into();
        }
        if let Some(patient) = found.patient {
            told["patient"] = patient.into();
        }
        if let Some(url) = answer::fhir_user(door, &found.caller).await? {
            told["fhirUser"] = url.into();
        }
        return Ok(told);
    }
    match door.hospital().refresh_grant(token).await? {
        Some((grant, true)) if asker.may_know(&grant.client) => {
            let deed = TokenDeed::Introspect;
            logged(door, parts, asker.name(), deed, &grant.username).await?;
            Ok(json!({
                "active": true,
                "scope": grant.scope,
                "client_id": grant.client,
                "username": grant.username,
                "sub": grant.username,
                "exp": grant.until_us.div_euclid(1_000_000),
            }))
        }
        _ => Ok(nothing),
    }
}

/// Logs what was done with the token of a person. A system's token tells of nobody.
async fn logged(
    door: &Door,
    parts: &Parts,
    client: &str,
    deed: TokenDeed,
    username: &str,
) -> Result<(), Refused> {
    let hospital = door.hospital();
    let person = hospital.user(username).await?;
    if let Some(person) = person.filter(|user| user.role != Role::System) {
        let from = origin(parts, client);
        hospital
            .log_admitted(AccessDeed::Token(deed), &person, &from)
            .await?;
    }
    Ok(())
}

/// `POST /auth/revoke`
pub(crate) async fn revoke(State(door): State<Door>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let revoked = async {
        let form = auth::form(&door, &parts, body).await?;
        let shown = client::credentials(&parts, &form)?;
        let client = match shown {
            Some(shown) => Some(client::client(&door, shown).await?.id),
            None => None,
        };
        let token = field(&form, "token")?.ok_or_else(|| Refused::invalid("token is missing"))?;
        end(&door, &parts, client.as_deref().unwrap_or(""), token).await
    };
    match revoked.await {
        Ok(()) => respond(StatusCode::OK, "application/json", "{}"),
        Err(refused) => refused.response(),
    }
}

/// RFC 7009 2.1: a token of another client is refused; one that is not known is no error (2.2).
/// Whoever holds a token that no client was given may end it.
async fn end(door: &Door, parts: &Parts, client: &str, token: &str) -> Result<(), Refused> {
    let foreign = || {
        Refused::new(
            StatusCode::BAD_REQUEST,
            "invalid_grant",
            "the token was issued to another client",
        )
    };
    if let Ok(found) = door.checked(token) {
        if found.client != client {
            return Err(foreign());
        }
        let hospital = door.hospital();
        hospital.revoke_token(&found.id, found.expires_s).await?;
        return logged(
            door,
            parts,
            client,
            TokenDeed::Revoke,
            &found.caller.username,
        )
        .await;
    }
    if let Some((grant, _)) = door.hospital().refresh_grant(token).await? {
        if grant.client != client {
            return Err(foreign());
        }
        door.hospital().revoke_family(&grant.family).await?;
        logged(door, parts, client, TokenDeed::Revoke, &grant.username).await?;
    }
    Ok(())
}
