//! Which client asks, and whether it is itself. RFC 6749 2.3.

use axum::http::header;
use axum::http::request::Parts;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hospital::pairs::{self, Pairs};
use hospital::smart::{Client, SignIn};

use super::{Refused, assertion};
use crate::state::Door;

/// What a request shows of its client.
pub(crate) enum Credentials {
    /// Id and secret, in HTTP Basic.
    Basic(String, String),
    /// Id and secret, in the form.
    Posted(String, String),
    /// An assertion.
    Assertion(String),
    /// Only the id.
    Id(String),
}

/// A field of a form; RFC 6749 3.2: none may be there twice.
pub(super) fn field<'a>(form: &'a Pairs, name: &str) -> Result<Option<&'a str>, Refused> {
    let mut found = form.iter().filter(|(found, _)| found == name);
    let value = found.next().map(|(_, value)| value.as_str());
    if found.next().is_some() {
        return Err(Refused::invalid(format!("{name} is there twice")));
    }
    Ok(value.filter(|value| !value.is_empty()))
}

/// Reads the credentials; more than one kind at the same time is refused.
pub(crate) fn credentials(parts: &Parts, form: &Pairs) -> Result<Option<Credentials>, Refused> {
    let id = field(form, "client_id")?;
    let secret = field(form, "client_secret")?;
    let assertion = field(form, "client_assertion")?;
    let basic = basic(parts)?;
    let kinds = [secret.is_some(), assertion.is_some(), basic.is_some()];
    if kinds.iter().filter(|kind| **kind).count() > 1 {
        return Err(Refused::invalid(
            "a client shows itself in one way at a time",
        ));
    }
    if let Some(assertion) = assertion {
        if field(form, "client_assertion_type")? != Some(assertion::KIND) {
            return Err(Refused::invalid(format!(
                "client_assertion_type must be {}",
                assertion::KIND
            )));
        }
        return Ok(Some(Credentials::Assertion(assertion.to_owned())));
    }
    if let Some((name, secret)) = basic {
        if id.is_some_and(|id| id != name) {
            return Err(Refused::invalid("client_id is not the one of HTTP Basic"));
        }
        return Ok(Some(Credentials::Basic(name, secret)));
    }
    Ok(match (id, secret) {
        (Some(id), Some(secret)) => Some(Credentials::Posted(id.to_owned(), secret.to_owned())),
        (Some(id), None) => Some(Credentials::Id(id.to_owned())),
        (None, _) => None,
    })
}

/// RFC 6749 2.3.1: name and secret, each form-encoded, in HTTP Basic.
fn basic(parts: &Parts) -> Result<Option<(String, String)>, Refused> {
    let Some(value) = parts.headers.get(header::AUTHORIZATION) else {
        return Ok(None);
    };
    let read = || {
        let (scheme, encoded) = value.to_str().ok()?.split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("basic") {
            return None;
        }
        let text = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
        let (name, secret) = text.split_once(':')?;
        let decode = |part: &str| pairs::decode(part)?.pop().map(|(name, _)| name);
        Some((decode(name)?, decode(secret)?))
    };
    match read() {
        Some(pair) => Ok(Some(pair)),
        None => Err(Refused::client("the Authorization header is not usable")),
    }
}

/// The registered client, after it showed that it is itself.
pub(super) async fn client(door: &Door, shown: Credentials) -> Result<Client, Refused> {
    let (id, secret, sign_in) = match shown {
        Credentials::Assertion(text) => return assertion::client(door, &text).await,
        Credentials::Basic(id, secret) => (id, Some(secret), SignIn::ClientSecretBasic),
        Credentials::Posted(id, secret) => (id, Some(secret), SignIn::ClientSecretPost),
        Credentials::Id(id) => (id, None, SignIn::None),
    };
    let client = door.hospital().client(&id).await?;
    let client = client.ok_or_else(|| Refused::client("there is no client of this id"))?;
    if client.sign_in != sign_in {
        return Err(Refused::client(
            "the client is registered to show itself in another way",
        ));
    }
    if let Some(secret) = secret {
        door.hospital().check_client_secret(&client, &secret)?;
    }
    Ok(client)
}

/// The client of a request that must have one.
pub(super) async fn needed(door: &Door, parts: &Parts, form: &Pairs) -> Result<Client, Refused> {
    match credentials(parts, form)? {
        Some(shown) => client(door, shown).await,
        None => Err(Refused::client("the request names no client")),
    }
}
