//! Disclosures: a claim that its holder may show or not. RFC 9901 4.2.

use serde_json::{Value, json};

use super::jws;
use super::{CLAIM_BYTES_MAX, CredentialError, DISCLOSED};

/// The text of a disclosure: base64url of `[salt, name, value]`.
pub(super) fn write(salt: &[u8; 16], name: &str, value: &str) -> String {
    let content = json!([jws::encode(salt), name, value]).to_string();
    jws::encode(content.as_bytes())
}

/// What stands in the credential for a disclosure. RFC 9901 4.2.3.
pub(super) fn digest(text: &str) -> String {
    jws::encode(&proof::sha256(text.as_bytes()).0)
}

/// Reads a disclosure: which claim, and its value.
pub(super) fn read(text: &str) -> Result<(&'static str, String), CredentialError> {
    let form = CredentialError::Form("a disclosure is a salt, a name and a text");
    let Value::Array(content) = jws::json(text)? else {
        return Err(form);
    };
    let [
        Value::String(salt),
        Value::String(name),
        Value::String(value),
    ] = content.as_slice()
    else {
        return Err(form);
    };
    if jws::decode(salt)?.len() != 16 || value.is_empty() || value.len() > CLAIM_BYTES_MAX {
        return Err(form);
    }
    let known = DISCLOSED.iter().find(|known| *known == name);
    // RFC 9901 7.1 3.c: a disclosure must not stand in for a claim that is there.
    let name = known.ok_or(CredentialError::Claim("disclosure"))?;
    Ok((name, value.clone()))
}
