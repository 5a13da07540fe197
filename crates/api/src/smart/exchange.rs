//! `POST /auth/token` for registered clients: codes, refresh tokens, systems.

use axum::http::StatusCode;
use axum::http::request::Parts;
use hospital::access_log::{AccessDeed, TokenDeed};
use hospital::pairs::Pairs;
use hospital::scopes::Scopes;
use hospital::smart::{Client, SignIn};
use hospital::{Caller, Role};
use serde_json::{Value, json};

use super::client::{self, Credentials, field};
use super::{Refused, answer};
use crate::fhir::origin;
use crate::state::Door;
use crate::token::Granted;

/// RFC 7636 4.1.
const VERIFIER_BYTES: std::ops::RangeInclusive<usize> = 43..=128;

fn may_use(client: &Client, grant: &str) -> Result<(), Refused> {
    if client.may_use(grant) {
        return Ok(());
    }
    Err(Refused::new(
        StatusCode::BAD_REQUEST,
        "unauthorized_client",
        format!("the client is not registered for {grant}"),
    ))
}

/// `grant_type=authorization_code`. RFC 6749 4.1.3.
pub(crate) async fn code(door: &Door, parts: &Parts, form: &Pairs) -> Result<Value, Refused> {
    let client = client::needed(door, parts, form).await?;
    may_use(&client, "authorization_code")?;
    let needed = |name: &'static str| {
        field(form, name)?.ok_or_else(|| Refused::invalid(format!("{name} is missing")))
    };
    let (code, redirect) = (needed("code")?, needed("redirect_uri")?);
    let verifier = needed("code_verifier")?;
    if !VERIFIER_BYTES.contains(&verifier.len()) {
        return Err(Refused::invalid("code_verifier has 43 to 128 characters"));
    }
    let hospital = door.hospital();
    let grant = hospital
        .redeem_code(&client, code, redirect, verifier)
        .await?;
    let scopes: Scopes = grant
        .scope
        .parse()
        .map_err(|_| Refused::invalid("the granted scopes cannot be read"))?;
    let deed = AccessDeed::Token(TokenDeed::Issue);
    let from = origin(parts, &client.id);
    answer::granted(door, &client, &grant, scopes, (deed, &from)).await
}

/// `grant_type=refresh_token`. RFC 6749 6.
pub(crate) async fn refresh(door: &Door, parts: &Parts, form: &Pairs) -> Result<Value, Refused> {
    let token = field(form, "refresh_token")?
        .ok_or_else(|| Refused::invalid("refresh_token is missing"))?;
    let client = match client::credentials(parts, form)? {
        Some(shown) => client::client(door, shown).await?,
        None => public_holder(door, token).await?,
    };
    may_use(&client, "refresh_token")?;
    let hospital = door.hospital();
    let (grant, scopes) = hospital
        .redeem_refresh(&client, token, field(form, "scope")?)
        .await?;
    let deed = AccessDeed::Token(TokenDeed::Refresh);
    let from = origin(parts, &client.id);
    answer::granted(door, &client, &grant, scopes, (deed, &from)).await
}

/// The client that a refresh token was issued to, if it is public: RFC 6749 6 asks only clients
/// with credentials to show them, and public apps are found that name nobody.
async fn public_holder(door: &Door, token: &str) -> Result<Client, Refused> {
    let nobody = || Refused::client("the request names no client");
    let hospital = door.hospital();
    let (grant, _) = hospital.refresh_grant(token).await?.ok_or_else(nobody)?;
    let client = hospital.client(&grant.client).await?;
    client
        .filter(|client| client.sign_in == SignIn::None)
        .ok_or_else(nobody)
}

/// `grant_type=client_credentials` of a registered client: SMART Backend Services.
pub(crate) async fn system(
    door: &Door,
    parts: &Parts,
    shown: Credentials,
    form: &Pairs,
) -> Result<Value, Refused> {
    let client = client::client(door, shown).await?;
    may_use(&client, "client_credentials")?;
    let asked = field(form, "scope")?.ok_or_else(|| {
        Refused::new(StatusCode::BAD_REQUEST, "invalid_scope", "scope is missing")
    })?;
    let wrong = |text: String| Refused::new(StatusCode::BAD_REQUEST, "invalid_scope", text);
    let asked: Scopes = asked
        .parse()
        .map_err(|error: hospital::scopes::ScopeError| wrong(error.to_string()))?;
    let scopes = asked
        .meet(&client.scopes()?)
        .meet(&Scopes::of_role(Role::System));
    if scopes.is_empty() {
        return Err(wrong(
            "the client is registered for none of these system/ scopes".into(),
        ));
    }
    let caller = Caller::new(client.id.clone(), Role::System, None);
    let from = origin(parts, &client.id);
    let deed = AccessDeed::Token(TokenDeed::Issue);
    door.hospital().log_admitted(deed, &caller, &from).await?;
    let granted = Granted {
        client: client.id,
        scopes,
        patient: None,
        family: String::new(),
    };
    let mint = &door.0.mint;
    let token = mint.issue_system(&caller, &granted, door.hospital().now_us())?;
    Ok(json!({
        "access_token": token,
        "token_type": "Bearer",
        "expires_in": mint.system_life_s(),
        "scope": granted.scopes.to_string(),
    }))
}
