//! `client_assertion`: a client signs a short statement that it is itself. RFC 7523,
//! SMART App Launch 2.2, "Client Authentication: Asymmetric".

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hospital::smart::{Client, SignIn, is_usable_key};
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::Deserialize;
use serde_json::Value;

use super::Refused;
use crate::state::Door;

/// The one value of `client_assertion_type`.
pub(super) const KIND: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// Longest life of an assertion: SMART allows five minutes.
const LIFE_S: i64 = 300;
/// How far the clocks of client and server may differ.
const LEEWAY_S: i64 = 5;
const BYTES_MAX: usize = 8 << 10;
const ID_BYTES_MAX: usize = 200;

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    exp: i64,
    jti: Option<String>,
    iat: Option<i64>,
    nbf: Option<i64>,
}

fn refused(text: &str) -> Refused {
    Refused::client(format!("the client assertion is refused: {text}"))
}

/// The client that signed.
pub(super) async fn client(door: &Door, assertion: &str) -> Result<Client, Refused> {
    if assertion.len() > BYTES_MAX {
        return Err(refused("it is too long"));
    }
    // Only to learn whose keys to use: nothing of it is believed before the signature fits.
    let told = unverified(assertion).ok_or_else(|| refused("it is no JWT"))?;
    let client = door.hospital().client(&told.iss).await?;
    let client = client
        .filter(|client| client.sign_in == SignIn::PrivateKeyJwt)
        .ok_or_else(|| refused("iss is no client with keys here"))?;
    let claims = verified(door, &client, assertion).await?;
    if claims.iss != client.id || claims.sub != client.id {
        return Err(refused("iss and sub must both be the client's id"));
    }
    in_time(&claims, door.hospital().now_us().div_euclid(1_000_000))?;
    let id = claims.jti.as_deref().unwrap_or("");
    if id.is_empty() || id.len() > ID_BYTES_MAX {
        return Err(refused("jti is missing or too long"));
    }
    let hospital = door.hospital();
    if !hospital
        .first_use_of_assertion(&client.id, id, claims.exp)
        .await?
    {
        return Err(refused("its jti was used before"));
    }
    Ok(client)
}

fn unverified(assertion: &str) -> Option<Claims> {
    let payload = assertion.split('.').nth(1)?;
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()
}

async fn verified(door: &Door, client: &Client, assertion: &str) -> Result<Claims, Refused> {
    let header = jsonwebtoken::decode_header(assertion)
        .map_err(|_| refused("its header cannot be read, or its algorithm is not known"))?;
    let kty = match header.alg {
        Algorithm::RS384 => "RSA",
        Algorithm::ES384 => "EC",
        _ => return Err(refused("its algorithm is neither RS384 nor ES384")),
    };
    // SMART App Launch 2.2: an address in the header is that of the registration.
    if header.jku.is_some() && header.jku != client.jwks_uri {
        return Err(refused("jku is not the registered jwks_uri"));
    }
    let kid = header.kid.ok_or_else(|| refused("kid is missing"))?;
    let key = key(door, client, &kid, kty).await?;
    let unusable = |_| refused("the registered key cannot be used");
    let key: Jwk =
        serde_json::from_value(key).map_err(|_| refused("the registered key cannot be used"))?;
    let key = DecodingKey::from_jwk(&key).map_err(unusable)?;
    let mut rules = Validation::new(header.alg);
    rules.set_audience(&[format!("{}/auth/token", door.0.config.base)]);
    rules.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    rules.validate_exp = false;
    let decoded = jsonwebtoken::decode::<Claims>(assertion, &key, &rules).map_err(|error| {
        use jsonwebtoken::errors::ErrorKind as E;
        match error.kind() {
            E::InvalidAudience => refused("aud is not the token endpoint"),
            E::InvalidSignature => refused("its signature does not fit"),
            _ => refused("it is not usable"),
        }
    })?;
    Ok(decoded.claims)
}

/// The client's key of this name, by value or from its address.
async fn key(door: &Door, client: &Client, kid: &str, kty: &str) -> Result<Value, Refused> {
    let unknown = || refused("the client has no key of this kid and kind");
    if let Some(uri) = &client.jwks_uri {
        let now_us = door.hospital().now_us();
        let (sets, outgoing) = (&door.0.key_sets, &door.0.outgoing);
        let found = sets.key(outgoing, uri, (kid, kty), now_us).await;
        let found = found.map_err(|why| {
            tracing::warn!(
                client = client.id,
                why,
                "the keys of a client are not there"
            );
            refused("the keys at jwks_uri could not be fetched: try again in a minute")
        })?;
        return found.filter(is_usable_key).ok_or_else(unknown);
    }
    let keys = client
        .jwks
        .as_ref()
        .and_then(|jwks| jwks["keys"].as_array());
    let fits = |key: &&Value| key["kid"] == kid && key["kty"] == kty;
    let key = keys.and_then(|keys| keys.iter().find(fits));
    key.cloned().ok_or_else(unknown)
}

fn in_time(claims: &Claims, now_s: i64) -> Result<(), Refused> {
    if now_s > claims.exp.saturating_add(LEEWAY_S) {
        return Err(refused("it has expired"));
    }
    if claims.exp > now_s.saturating_add(LIFE_S + LEEWAY_S) {
        return Err(refused("it lives longer than five minutes"));
    }
    let early = |time: Option<i64>| time.is_some_and(|time| time > now_s + LEEWAY_S);
    if early(claims.nbf) || early(claims.iat) {
        return Err(refused("it is from the future"));
    }
    Ok(())
}
