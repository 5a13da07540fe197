//! `client_assertion`: a client signs a short statement that it is itself. RFC 7523,
//! SMART App Launch 2.2, "Client Authentication: Asymmetric".

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hospital::smart::{Client, SignIn};
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::Deserialize;

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
    let claims = verified(door, &client, assertion)?;
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

fn verified(door: &Door, client: &Client, assertion: &str) -> Result<Claims, Refused> {
    let header = jsonwebtoken::decode_header(assertion)
        .map_err(|_| refused("its header cannot be read, or its algorithm is not known"))?;
    let kty = match header.alg {
        Algorithm::RS384 => "RSA",
        Algorithm::ES384 => "EC",
        _ => return Err(refused("its algorithm is neither RS384 nor ES384")),
    };
    if header.jku.is_some() {
        return Err(refused("jku is not followed: register the keys by value"));
    }
    let kid = header.kid.ok_or_else(|| refused("kid is missing"))?;
    let keys = client
        .jwks
        .as_ref()
        .and_then(|jwks| jwks["keys"].as_array());
    let key = keys
        .and_then(|keys| keys.iter().find(|key| key["kid"] == kid.as_str()))
        .ok_or_else(|| refused("the client has no key of this kid"))?;
    if key["kty"] != kty {
        return Err(refused(
            "the key is not of the kind that the algorithm needs",
        ));
    }
    let unusable = |_| refused("the registered key cannot be used");
    let key: Jwk = serde_json::from_value(key.clone())
        .map_err(|_| refused("the registered key cannot be used"))?;
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
