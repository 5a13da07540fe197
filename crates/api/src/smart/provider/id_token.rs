//! The id token of a provider. OpenID Connect Core 1.0, 3.1.3.7.

use hospital::smart::SUBJECT_BYTES_MAX;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::Deserialize;

use super::discovery::Found;
use super::{Failed, Provider};
use crate::state::Door;

/// How far the clocks may differ.
const LEEWAY_S: i64 = 5;
/// How old a token may be: it was asked for just now.
const AGE_MAX_S: i64 = 600;
const TEXT: &str = "The answer of the provider cannot be believed.";

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: Audience,
    azp: Option<String>,
    exp: i64,
    iat: i64,
    nonce: Option<String>,
}

/// Whom the token speaks of.
pub(super) async fn subject(
    door: &Door,
    provider: &Provider,
    found: &Found,
    token: &str,
    nonce: &str,
) -> Result<String, Failed> {
    let failed = |code: &'static str| Failed(code, TEXT);
    let header = jsonwebtoken::decode_header(token).map_err(|_| failed("login-token"))?;
    // The list is ours: what the token names is only looked up in it.
    let kty = match header.alg {
        Algorithm::RS256 | Algorithm::PS256 => "RSA",
        Algorithm::ES256 | Algorithm::ES384 => "EC",
        Algorithm::EdDSA => "OKP",
        _ => return Err(failed("login-algorithm")),
    };
    let kid = header.kid.ok_or_else(|| failed("login-key"))?;
    let now_us = door.hospital().now_us();
    let (sets, outgoing) = (&door.0.key_sets, &door.0.outgoing);
    let key = sets.key(outgoing, &found.jwks, (&kid, kty), now_us).await;
    let key = key.map_err(|why| {
        tracing::warn!(why, "the keys of the provider are not there");
        failed("login-key")
    })?;
    let key = key.and_then(|key| serde_json::from_value::<Jwk>(key).ok());
    let key = key.and_then(|key| DecodingKey::from_jwk(&key).ok());
    let key = key.ok_or_else(|| failed("login-key"))?;
    let mut rules = Validation::new(header.alg);
    // The rest is checked below, by the clock of this organisation.
    rules.validate_exp = false;
    rules.validate_aud = false;
    rules.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    let decoded = jsonwebtoken::decode::<Claims>(token, &key, &rules).map_err(|error| {
        use jsonwebtoken::errors::ErrorKind as E;
        match error.kind() {
            E::InvalidSignature => failed("login-signature"),
            _ => failed("login-token"),
        }
    })?;
    checked(decoded.claims, provider, nonce, door.hospital().now_s()).map_err(failed)
}

fn checked(
    claims: Claims,
    provider: &Provider,
    nonce: &str,
    now_s: i64,
) -> Result<String, &'static str> {
    if claims.iss != provider.issuer {
        return Err("login-issuer");
    }
    let own = &provider.client_id;
    let (ours, several) = match &claims.aud {
        Audience::One(one) => (one == own, false),
        Audience::Many(many) => (many.contains(own), many.len() > 1),
    };
    let party = claims.azp.as_ref();
    if !ours || (several && party.is_none()) || party.is_some_and(|party| party != own) {
        return Err("login-audience");
    }
    if claims.exp.saturating_add(LEEWAY_S) < now_s {
        return Err("login-expired");
    }
    let age_s = now_s.saturating_sub(claims.iat);
    if !(-LEEWAY_S..=AGE_MAX_S).contains(&age_s) {
        return Err("login-time");
    }
    if claims.nonce.as_deref() != Some(nonce) {
        return Err("login-nonce");
    }
    if !(1..=SUBJECT_BYTES_MAX).contains(&claims.sub.len()) {
        return Err("login-subject");
    }
    Ok(claims.sub)
}
