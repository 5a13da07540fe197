//! JWS in its compact form (RFC 7515 3.1) with `EdDSA` over Ed25519 (RFC 8037 3.1), and no other.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use fhir::json::{Limits, parse};
use proof::{PublicKey, SecretKey, Signature};
use serde_json::{Map, Value, json};

use super::CredentialError;

/// Largest header or payload.
const PART: Limits = Limits {
    bytes: 4 << 10,
    depth: 4,
};

/// A token that was taken apart and not yet verified.
pub(super) struct Token<'a> {
    signed: &'a str,
    signature: Signature,
    pub(super) claims: Map<String, Value>,
}

/// Signs a payload.
pub(super) fn sign(kind: &str, claims: &Value, key: &SecretKey) -> String {
    let header = json!({ "alg": "EdDSA", "typ": kind }).to_string();
    let mut token = encode(header.as_bytes());
    token.push('.');
    token.push_str(&encode(claims.to_string().as_bytes()));
    let signature = key.sign(token.as_bytes());
    token.push('.');
    token.push_str(&encode(&signature.0));
    token
}

/// Takes a token apart; the header must be exactly ours.
pub(super) fn open<'a>(text: &'a str, kind: &str) -> Result<Token<'a>, CredentialError> {
    let parts = text.rsplit_once('.').and_then(|(signed, signature)| {
        let (header, payload) = signed.split_once('.')?;
        (!payload.contains('.')).then_some((signed, header, payload, signature))
    });
    let (signed, header, payload, signature) =
        parts.ok_or(CredentialError::Form("a token has three parts"))?;
    let header = object(header)?;
    // Before anything else is looked at: the algorithm is ours to say, not the token's.
    if header.get("alg").and_then(Value::as_str) != Some("EdDSA") {
        return Err(CredentialError::Algorithm);
    }
    if header.get("typ").and_then(Value::as_str) != Some(kind) || header.len() != 2 {
        return Err(CredentialError::Kind);
    }
    let signature = decode(signature)?;
    let signature = signature
        .try_into()
        .map_err(|_| CredentialError::Form("a signature has 64 bytes"))?;
    Ok(Token {
        signed,
        signature: Signature(signature),
        claims: object(payload)?,
    })
}

impl Token<'_> {
    /// Whether the key signed it, by the rules of ZIP-215.
    pub(super) fn is_signed_by(&self, key: &PublicKey) -> bool {
        key.is_sound() && key.verify(self.signed.as_bytes(), &self.signature)
    }
}

pub(super) fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Strict: no padding, no bits left over (RFC 7515 2).
pub(super) fn decode(text: &str) -> Result<Vec<u8>, CredentialError> {
    URL_SAFE_NO_PAD
        .decode(text)
        .map_err(|_| CredentialError::Form("not base64url"))
}

pub(super) fn json(text: &str) -> Result<Value, CredentialError> {
    // Two equal keys are refused: two readers would see two different tokens.
    parse(&decode(text)?, PART).map_err(|_| CredentialError::Form("not JSON"))
}

fn object(text: &str) -> Result<Map<String, Value>, CredentialError> {
    match json(text)? {
        Value::Object(members) => Ok(members),
        _ => Err(CredentialError::Form("not a JSON object")),
    }
}
