//! Issuing a credential to a session, and presenting it. RFC 9901 5 and 6.

use std::fmt;

use proof::{PublicKey, SecretKey};
use serde_json::json;

use super::disclosure::{digest, write};
use super::jws::{encode, sign};
use super::{CLAIM_BYTES_MAX, CREDENTIAL_TYPE, CredentialError, LIFE_S_MAX, PROOF_TYPE};
use crate::caller::Role;

/// What a credential shall say.
#[derive(Clone, Debug)]
pub struct NewCredential<'a> {
    /// The slug of the organisation that issues it.
    pub issuer: &'a str,
    /// What the practitioner is called outside: a pseudonym, the same at each issue.
    pub subject: &'a str,
    /// What the practitioner is.
    pub role: Role,
    /// The name, shown only when it is disclosed.
    pub name: Option<&'a str>,
    /// A licence number or the like, shown only when it is disclosed.
    pub identifier: Option<&'a str>,
    /// The credential epoch that the organisation has announced on the ledger.
    pub epoch: u64,
    /// The key of the session; it signs each presentation.
    pub holder: PublicKey,
    /// Now, in seconds since 1970.
    pub now_s: i64,
    /// Seconds that it is good for; [`super::LIFE_S`] is the usual.
    pub life_s: i64,
}

/// The randomness of a credential.
#[derive(Clone, Copy)]
pub struct Dice {
    /// Names the credential.
    pub id: [u8; 16],
    /// One salt for each claim that can be disclosed.
    pub salts: [[u8; 16]; 2],
}

impl Dice {
    /// From the system.
    pub fn throw() -> Result<Self, crate::HospitalError> {
        let salt = || vault::random().map_err(crate::keyring::failed);
        Ok(Self {
            id: salt()?,
            salts: [salt()?, salt()?],
        })
    }
}

/// A credential with everything that its holder can disclose. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Credential {
    token: String,
    disclosures: Vec<(&'static str, String)>,
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credential(..)")
    }
}

/// Issues a credential, signed with the organisation's credential key.
pub fn issue(
    new: &NewCredential<'_>,
    dice: &Dice,
    key: &SecretKey,
) -> Result<Credential, CredentialError> {
    if !(1..=LIFE_S_MAX).contains(&new.life_s) {
        return Err(CredentialError::LivesTooLong);
    }
    if new.role == Role::Patient {
        return Err(CredentialError::Claim("role"));
    }
    let long = |text: &str| text.is_empty() || text.len() > CLAIM_BYTES_MAX;
    if long(new.subject) {
        return Err(CredentialError::Claim("sub"));
    }
    let mut disclosures = Vec::new();
    let mut digests = Vec::new();
    let claims = [("name", new.name), ("identifier", new.identifier)];
    for ((name, value), salt) in claims.into_iter().zip(&dice.salts) {
        match value {
            Some(value) if long(value) => return Err(CredentialError::Claim(name)),
            Some(value) => {
                let text = write(salt, name, value);
                digests.push(digest(&text));
                disclosures.push((name, text));
            }
            // RFC 9901 4.2.5: a decoy, so that nobody sees which claims there are.
            None => digests.push(digest(&encode(salt))),
        }
    }
    // RFC 9901 4.2.4.1: in an order that says nothing.
    digests.sort();
    let claims = json!({
        "iss": new.issuer,
        "sub": new.subject,
        "role": new.role.name(),
        "epoch": new.epoch,
        "iat": new.now_s,
        "exp": new.now_s.saturating_add(new.life_s),
        "jti": encode(&dice.id),
        "cnf": { "jwk": { "kty": "OKP", "crv": "Ed25519", "x": encode(&new.holder.0) } },
        "_sd_alg": "sha-256",
        "_sd": digests,
    });
    Ok(Credential {
        token: sign(CREDENTIAL_TYPE, &claims, key),
        disclosures,
    })
}

/// What a presentation is for.
#[derive(Clone, Copy, Debug)]
pub struct Presentation<'a> {
    /// The claims to disclose, of `name` and `identifier`.
    pub disclose: &'a [&'a str],
    /// The slug of the organisation that is asked.
    pub audience: &'a str,
    /// What ties the presentation to its request.
    pub nonce: &'a str,
    /// Now, in seconds since 1970.
    pub now_s: i64,
}

/// Presents a credential once: `<token>~<disclosure>~...~<proof>`.
pub fn present(
    credential: &Credential,
    to: &Presentation<'_>,
    holder: &SecretKey,
) -> Result<String, CredentialError> {
    let mut text = credential.token.clone();
    text.push('~');
    for name in to.disclose {
        let found = credential
            .disclosures
            .iter()
            .find(|(known, _)| known == name);
        let (_, disclosure) = found.ok_or(CredentialError::Claim("disclosure"))?;
        text.push_str(disclosure);
        text.push('~');
    }
    let claims = json!({
        "iat": to.now_s,
        "aud": to.audience,
        "nonce": to.nonce,
        "sd_hash": digest(&text),
    });
    text.push_str(&sign(PROOF_TYPE, &claims, holder));
    Ok(text)
}
