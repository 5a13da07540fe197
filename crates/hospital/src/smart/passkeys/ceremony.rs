//! The two ceremonies: a passkey is registered, a passkey signs in. Pure but for the challenge,
//! which the caller checks. WebAuthn 2 7.1 and 7.2.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ciborium::Value;
use serde::Deserialize;

use super::key::{ALGORITHMS, Key};
use super::party::RelyingParty;
use super::said::{Unfit, authenticator, challenge, field, whole};

/// Longest answer of a browser.
pub(super) const ANSWER_BYTES_MAX: usize = 12 << 10;

/// `PublicKeyCredential` as JSON, as browsers write it (`toJSON`, WebAuthn 3 5.1).
#[derive(Deserialize)]
struct Credential<R> {
    id: String,
    #[serde(rename = "type")]
    type_: String,
    response: R,
}

#[derive(Deserialize)]
struct Created {
    #[serde(rename = "clientDataJSON")]
    client_data: String,
    #[serde(rename = "attestationObject")]
    attestation: String,
}

#[derive(Deserialize)]
struct Asserted {
    #[serde(rename = "clientDataJSON")]
    client_data: String,
    #[serde(rename = "authenticatorData")]
    authenticator: String,
    signature: String,
    #[serde(rename = "userHandle")]
    handle: Option<String>,
}

/// A passkey that was made.
#[derive(Debug)]
pub(super) struct Made {
    pub(super) challenge: String,
    pub(super) credential: Vec<u8>,
    /// The COSE key.
    pub(super) key: Vec<u8>,
    pub(super) count: u32,
    pub(super) synchronised: bool,
}

/// A passkey that says whose it is. Nothing is proved before [`Shown::check`].
#[derive(Debug)]
pub(super) struct Shown {
    pub(super) challenge: String,
    pub(super) credential: Vec<u8>,
    pub(super) handle: Option<Vec<u8>>,
    pub(super) count: u32,
    message: Vec<u8>,
    signature: Vec<u8>,
}

fn decoded(text: &str) -> Result<Vec<u8>, Unfit> {
    URL_SAFE_NO_PAD.decode(text).map_err(|_| Unfit::Form)
}

fn read<'a, R: Deserialize<'a>>(json: &'a str) -> Result<(Vec<u8>, R), Unfit> {
    if json.len() > ANSWER_BYTES_MAX {
        return Err(Unfit::Form);
    }
    let read: Credential<R> = serde_json::from_str(json).map_err(|_| Unfit::Form)?;
    if read.type_ != "public-key" {
        return Err(Unfit::Form);
    }
    Ok((decoded(&read.id)?, read.response))
}

/// What an authenticator signs: its data and the digest of the browser's.
fn message(authenticator: &[u8], client_data: &[u8]) -> Vec<u8> {
    let digest = proof::sha256(client_data).0;
    [authenticator, &digest].concat()
}

/// Reads a registration. WebAuthn 2 7.1.
pub(super) fn made(json: &str, party: &RelyingParty) -> Result<Made, Unfit> {
    let (id, response) = read::<Created>(json)?;
    let client_data = decoded(&response.client_data)?;
    let challenge = challenge(&client_data, "webauthn.create", party)?;
    let object = whole(&decoded(&response.attestation)?)?;
    let text = |name: &str| Value::Text(name.to_owned());
    let data = field(&object, &text("authData"))?;
    let data = data.as_bytes().ok_or(Unfit::Form)?;
    let said = authenticator(data, party)?;
    let attested = said.attested.ok_or(Unfit::Form)?;
    if attested.credential != id {
        return Err(Unfit::Form);
    }
    let key = Key::read(&attested.key)?;
    let statement = field(&object, &text("attStmt"))?;
    match field(&object, &text("fmt"))?.as_text() {
        Some("none") if statement.as_map().is_some_and(Vec::is_empty) => {}
        // Asked for none, a browser leaves this one kind: the new key signs for itself
        // (WebAuthn 2 5.1.3 step 20, 8.2).
        Some("packed") if attested.made_by_nobody => {
            let algorithm = field(statement, &text("alg"))?.as_integer();
            let signature = field(statement, &text("sig"))?.as_bytes();
            let signature = signature.ok_or(Unfit::Attestation)?;
            let fits = statement.as_map().is_some_and(|pairs| pairs.len() == 2)
                && algorithm == Some(key.algorithm().into())
                && key.fits(&message(data, &client_data), signature);
            if !fits {
                return Err(Unfit::Attestation);
            }
        }
        _ => return Err(Unfit::Attestation),
    }
    debug_assert!(ALGORITHMS.contains(&key.algorithm()));
    Ok(Made {
        challenge,
        credential: id,
        key: attested.key,
        count: said.count,
        synchronised: said.synchronised,
    })
}

/// Reads an assertion. WebAuthn 2 7.2, up to the signature.
pub(super) fn shown(json: &str, party: &RelyingParty) -> Result<Shown, Unfit> {
    let (credential, response) = read::<Asserted>(json)?;
    let client_data = decoded(&response.client_data)?;
    let challenge = challenge(&client_data, "webauthn.get", party)?;
    let data = decoded(&response.authenticator)?;
    let said = authenticator(&data, party)?;
    let handle = response.handle.filter(|handle| !handle.is_empty());
    Ok(Shown {
        challenge,
        credential,
        handle: handle.map(|handle| decoded(&handle)).transpose()?,
        count: said.count,
        message: message(&data, &client_data),
        signature: decoded(&response.signature)?,
    })
}

impl Shown {
    /// Whether it is by this key, and not by a copy of it. WebAuthn 2 7.2 steps 20 and 21: a
    /// counter that is in use grows.
    pub(super) fn check(&self, key: &[u8], count: u32) -> Result<(), Unfit> {
        if !Key::read(key)?.fits(&self.message, &self.signature) {
            return Err(Unfit::Signature);
        }
        if (self.count, count) != (0, 0) && self.count <= count {
            return Err(Unfit::Copied);
        }
        Ok(())
    }
}
