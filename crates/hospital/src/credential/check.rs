//! Checking a presentation. RFC 9901 7.3; RFC 8725 for what every token must be held to.

use proof::{Digest, PublicKey};
use serde_json::{Map, Value};

use super::disclosure::{digest, read};
use super::jws::{Token, decode, open};
use super::{
    CLAIM_BYTES_MAX, CREDENTIAL_TYPE, CredentialError, DISCLOSED, LEEWAY_S, LIFE_S_MAX,
    PROOF_AGE_S_MAX, PROOF_TYPE, TEXT_BYTES_MAX,
};
use crate::caller::Role;

/// What a presentation must fit.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// The organisation that asks, as the link it came over proved.
    pub issuer: &'a str,
    /// Its credential key, as the ledger has it.
    pub issuer_key: &'a PublicKey,
    /// Its credential epoch on the ledger: older credentials are over.
    pub epoch_min: u64,
    /// The slug of this organisation.
    pub audience: &'a str,
    /// The nonce of this request.
    pub nonce: &'a str,
    /// Now, in seconds since 1970.
    pub now_s: i64,
}

/// Who asks, as far as it was shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Practitioner {
    /// The organisation that answers for the practitioner.
    pub organisation: String,
    /// The pseudonym there.
    pub subject: String,
    /// The role there.
    pub role: Role,
    /// The name, where it was disclosed.
    pub name: Option<String>,
    /// The identifier, where it was disclosed.
    pub identifier: Option<String>,
    /// The credential epoch.
    pub epoch: u64,
    /// The name of the credential.
    pub id: String,
    /// When it ends, in seconds since 1970.
    pub expires_s: i64,
    /// The key of the session.
    pub holder: PublicKey,
}

/// A presentation that is what it must be. Whoever accepts it remembers `once` until then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Presented {
    /// Who asks.
    pub practitioner: Practitioner,
    /// The same for every presentation of this credential with this nonce.
    pub once: Digest,
    /// The last second at which it could be accepted again, since 1970.
    pub until_s: i64,
}

/// Whether a presentation is what it must be, and who asks.
pub fn check(text: &str, expected: &Expected<'_>) -> Result<Presented, CredentialError> {
    if text.len() > TEXT_BYTES_MAX {
        return Err(CredentialError::TooLarge);
    }
    let (shown, proof) = text
        .rsplit_once('~')
        .ok_or(CredentialError::Form("no `~` after the token"))?;
    let (token, disclosures) = shown
        .split_once('~')
        .map_or((shown, None), |(token, rest)| (token, Some(rest)));
    let token = open(token, CREDENTIAL_TYPE)?;
    let (mut practitioner, digests) = credential(&token, expected)?;
    for disclosure in disclosures.iter().flat_map(|rest| rest.split('~')) {
        disclose(&mut practitioner, disclosure, &digests)?;
    }
    if proof.is_empty() {
        return Err(CredentialError::NoProof);
    }
    // RFC 9901 4.3.1: the hash covers the last `~` too.
    let shown = &text[..=shown.len()];
    proved(proof, &practitioner, shown, expected)?;
    let name = [expected.issuer, &practitioner.id, expected.nonce].map(str::as_bytes);
    Ok(Presented {
        once: proof::hash("salus/credential-seen/v1", &name),
        until_s: practitioner.expires_s.saturating_add(LEEWAY_S),
        practitioner,
    })
}

/// The token of the issuer, and the digests of what may be disclosed.
fn credential(
    token: &Token<'_>,
    expected: &Expected<'_>,
) -> Result<(Practitioner, Vec<String>), CredentialError> {
    let claims = Claims(&token.claims);
    let issuer = claims.text("iss")?;
    if issuer != expected.issuer {
        return Err(CredentialError::Issuer);
    }
    if !token.is_signed_by(expected.issuer_key) {
        return Err(CredentialError::IssuerSignature);
    }
    claims.only(&[
        "iss", "sub", "role", "epoch", "iat", "exp", "jti", "cnf", "_sd_alg", "_sd",
    ])?;
    let (issued_s, expires_s) = (claims.time("iat")?, claims.time("exp")?);
    if issued_s > expected.now_s.saturating_add(LEEWAY_S) {
        return Err(CredentialError::NotYetValid);
    }
    if expires_s.saturating_add(LEEWAY_S) < expected.now_s {
        return Err(CredentialError::Expired);
    }
    if expires_s <= issued_s || expires_s - issued_s > LIFE_S_MAX {
        return Err(CredentialError::LivesTooLong);
    }
    let epoch = claims.0.get("epoch").and_then(Value::as_u64);
    let epoch = epoch.ok_or(CredentialError::Claim("epoch"))?;
    if epoch < expected.epoch_min {
        return Err(CredentialError::Epoch);
    }
    if claims.text("_sd_alg")? != "sha-256" {
        return Err(CredentialError::Claim("_sd_alg"));
    }
    let role = claims.text("role")?.parse().ok();
    let practitioner = Practitioner {
        organisation: issuer.to_owned(),
        subject: claims.text("sub")?.to_owned(),
        role: role
            .filter(|role| *role != Role::Patient)
            .ok_or(CredentialError::Claim("role"))?,
        name: None,
        identifier: None,
        epoch,
        id: claims.text("jti")?.to_owned(),
        expires_s,
        holder: claims.holder()?,
    };
    Ok((practitioner, claims.digests()?))
}

/// Takes one disclosure in.
fn disclose(
    practitioner: &mut Practitioner,
    text: &str,
    digests: &[String],
) -> Result<(), CredentialError> {
    if !digests.contains(&digest(text)) {
        return Err(CredentialError::NotSigned);
    }
    let (name, value) = read(text)?;
    let place = match name {
        "name" => &mut practitioner.name,
        _ => &mut practitioner.identifier,
    };
    if place.replace(value).is_some() {
        return Err(CredentialError::Twice);
    }
    Ok(())
}

/// The holder's key made this presentation, for us, for this request, just now.
fn proved(
    proof: &str,
    practitioner: &Practitioner,
    shown: &str,
    expected: &Expected<'_>,
) -> Result<(), CredentialError> {
    let proof = open(proof, PROOF_TYPE)?;
    if !proof.is_signed_by(&practitioner.holder) {
        return Err(CredentialError::HolderSignature);
    }
    let claims = Claims(&proof.claims);
    claims.only(&["iat", "aud", "nonce", "sd_hash"])?;
    if claims.text("aud")? != expected.audience {
        return Err(CredentialError::Audience);
    }
    if claims.text("nonce")? != expected.nonce {
        return Err(CredentialError::Nonce);
    }
    if claims.text("sd_hash")? != digest(shown) {
        return Err(CredentialError::Hash);
    }
    let made_s = claims.time("iat")?;
    let oldest_s = expected.now_s.saturating_sub(PROOF_AGE_S_MAX);
    if made_s < oldest_s || made_s > expected.now_s.saturating_add(LEEWAY_S) {
        return Err(CredentialError::Stale);
    }
    Ok(())
}

/// The claims of a token, strictly.
struct Claims<'a>(&'a Map<String, Value>);

impl<'a> Claims<'a> {
    /// All of these and no other.
    fn only(&self, names: &[&'static str]) -> Result<(), CredentialError> {
        if let Some(missing) = names.iter().find(|name| !self.0.contains_key(**name)) {
            return Err(CredentialError::Claim(missing));
        }
        if self.0.len() != names.len() {
            return Err(CredentialError::Claim("unknown"));
        }
        Ok(())
    }

    fn text(&self, name: &'static str) -> Result<&'a str, CredentialError> {
        self.0
            .get(name)
            .and_then(Value::as_str)
            .filter(|text| !text.is_empty() && text.len() <= CLAIM_BYTES_MAX)
            .ok_or(CredentialError::Claim(name))
    }

    fn time(&self, name: &'static str) -> Result<i64, CredentialError> {
        self.0
            .get(name)
            .and_then(Value::as_i64)
            .filter(|time_s| *time_s >= 0)
            .ok_or(CredentialError::Claim(name))
    }

    /// RFC 7800 3.2: exactly the public key that we write.
    fn holder(&self) -> Result<PublicKey, CredentialError> {
        let wrong = CredentialError::Claim("cnf");
        let confirmed = self.0.get("cnf").and_then(Value::as_object).ok_or(wrong)?;
        let key = confirmed
            .get("jwk")
            .and_then(Value::as_object)
            .ok_or(wrong)?;
        let member = |name: &str| key.get(name).and_then(Value::as_str);
        let ours = member("kty") == Some("OKP") && member("crv") == Some("Ed25519");
        if !ours || key.len() != 3 || confirmed.len() != 1 {
            return Err(wrong);
        }
        let bytes = decode(member("x").ok_or(wrong)?)?;
        let key = PublicKey(bytes.try_into().map_err(|_| wrong)?);
        // Under a key of low order anybody could make a proof.
        if key.is_sound() { Ok(key) } else { Err(wrong) }
    }

    fn digests(&self) -> Result<Vec<String>, CredentialError> {
        let wrong = CredentialError::Claim("_sd");
        let list = self.0.get("_sd").and_then(Value::as_array).ok_or(wrong)?;
        if list.len() > DISCLOSED.len() {
            return Err(CredentialError::TooLarge);
        }
        let mut digests: Vec<String> = Vec::with_capacity(list.len());
        for digest in list {
            let digest = digest.as_str().ok_or(wrong)?;
            // RFC 9901 7.1 4: the same digest twice is refused.
            if digests.iter().any(|other| other == digest) {
                return Err(CredentialError::Twice);
            }
            digests.push(digest.to_owned());
        }
        Ok(digests)
    }
}
