//! What an authenticator and a browser say: client data, authenticator data, attestation, key.
//! Pure. WebAuthn 2 5.8.1, 6.1, 6.5.1; RFC 9052 7; RFC 9053 7; RFC 8949.

use ciborium::Value;
use serde::Deserialize;

use super::party::RelyingParty;

/// Longest credential id. WebAuthn 2 4, "Credential ID".
const ID_BYTES_MAX: usize = 1_023;
/// Nesting of CBOR: what is read here has three levels.
const DEPTH_MAX: usize = 8;

/// Why an answer of a passkey is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unfit {
    /// It is not in the form of WebAuthn.
    Form,
    /// It is an answer to another kind of request.
    Type,
    /// The challenge is not ours, was used, has expired, or was for another browser or user.
    Challenge,
    /// The page is not of this server.
    Origin,
    /// The page is in a frame of another site.
    Framed,
    /// The passkey is for another relying party.
    Party,
    /// Nobody was there.
    Presence,
    /// The authenticator did not check who was there.
    Verification,
    /// The flags contradict each other.
    Flags,
    /// The algorithm is not one that was asked for.
    Algorithm,
    /// The key cannot be used.
    Key,
    /// The attestation is of a kind that was not asked for, or does not fit.
    Attestation,
    /// The passkey is not known here, or not of this user.
    Unknown,
    /// The signature does not fit.
    Signature,
    /// The counter went back: there is a copy of the passkey.
    Copied,
}

impl Unfit {
    /// The code in events and errors.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Form => "passkey-form",
            Self::Type => "passkey-type",
            Self::Challenge => "passkey-challenge",
            Self::Origin => "passkey-origin",
            Self::Framed => "passkey-framed",
            Self::Party => "passkey-party",
            Self::Presence => "passkey-presence",
            Self::Verification => "passkey-verification",
            Self::Flags => "passkey-flags",
            Self::Algorithm => "passkey-algorithm",
            Self::Key => "passkey-key",
            Self::Attestation => "passkey-attestation",
            Self::Unknown => "passkey-unknown",
            Self::Signature => "passkey-signature",
            Self::Copied => "passkey-copied",
        }
    }
}

/// `CollectedClientData`.
#[derive(Deserialize)]
struct ClientData {
    #[serde(rename = "type")]
    type_: String,
    challenge: String,
    origin: String,
    #[serde(rename = "crossOrigin", default)]
    cross_origin: bool,
    #[serde(rename = "topOrigin")]
    top_origin: Option<String>,
}

/// The challenge that the browser signed over, if the rest is as it must be.
pub(super) fn challenge(json: &[u8], type_: &str, party: &RelyingParty) -> Result<String, Unfit> {
    let said: ClientData = serde_json::from_slice(json).map_err(|_| Unfit::Form)?;
    if said.type_ != type_ {
        return Err(Unfit::Type);
    }
    if said.origin != party.origin {
        return Err(Unfit::Origin);
    }
    if said.cross_origin || said.top_origin.is_some() {
        return Err(Unfit::Framed);
    }
    Ok(said.challenge)
}

/// `authenticatorData`.
#[derive(Debug)]
pub(super) struct Authenticator {
    pub(super) count: u32,
    /// The passkey can be copied to other devices of its user by its maker (synchronised).
    pub(super) synchronised: bool,
    pub(super) attested: Option<Attested>,
}

/// `attestedCredentialData`.
#[derive(Debug)]
pub(super) struct Attested {
    pub(super) made_by_nobody: bool,
    pub(super) credential: Vec<u8>,
    /// The COSE key as it was sent.
    pub(super) key: Vec<u8>,
}

fn take<'a>(bytes: &mut &'a [u8], count: usize) -> Result<&'a [u8], Unfit> {
    let (taken, rest) = bytes.split_at_checked(count).ok_or(Unfit::Form)?;
    *bytes = rest;
    Ok(taken)
}

/// Reads and checks the data. WebAuthn 2 7.1 steps 13 to 15, 7.2 steps 15 to 17.
pub(super) fn authenticator(
    mut bytes: &[u8],
    party: &RelyingParty,
) -> Result<Authenticator, Unfit> {
    let bytes = &mut bytes;
    let hash = take(bytes, 32)?;
    if hash != proof::sha256(party.id.as_bytes()).0 {
        return Err(Unfit::Party);
    }
    let flags = take(bytes, 1)?[0];
    let has = |bit: u8| flags & (1 << bit) != 0;
    let (present, verified, eligible, backed_up) = (has(0), has(2), has(3), has(4));
    let (has_key, has_extensions) = (has(6), has(7));
    if !present {
        return Err(Unfit::Presence);
    }
    if !verified {
        return Err(Unfit::Verification);
    }
    if backed_up && !eligible {
        return Err(Unfit::Flags);
    }
    let count = take(bytes, 4)?.try_into().map_err(|_| Unfit::Form)?;
    let attested = has_key.then(|| attested(bytes)).transpose()?;
    if has_extensions && !item(bytes)?.is_map() {
        return Err(Unfit::Form);
    }
    if !bytes.is_empty() {
        return Err(Unfit::Form);
    }
    Ok(Authenticator {
        count: u32::from_be_bytes(count),
        synchronised: eligible,
        attested,
    })
}

fn attested(bytes: &mut &[u8]) -> Result<Attested, Unfit> {
    let made_by_nobody = take(bytes, 16)?.iter().all(|byte| *byte == 0);
    let length = take(bytes, 2)?.try_into().map_err(|_| Unfit::Form)?;
    let length = usize::from(u16::from_be_bytes(length));
    if length == 0 || length > ID_BYTES_MAX {
        return Err(Unfit::Form);
    }
    let credential = take(bytes, length)?.to_vec();
    let before = *bytes;
    item(bytes)?;
    let key = before[..before.len() - bytes.len()].to_vec();
    Ok(Attested {
        made_by_nobody,
        credential,
        key,
    })
}

/// One item of CBOR; `bytes` is left at what follows it.
fn item(bytes: &mut &[u8]) -> Result<Value, Unfit> {
    ciborium::de::from_reader_with_recursion_limit(bytes, DEPTH_MAX).map_err(|_| Unfit::Form)
}

/// One item of CBOR and nothing else.
pub(super) fn whole(mut bytes: &[u8]) -> Result<Value, Unfit> {
    let value = item(&mut bytes)?;
    bytes.is_empty().then_some(value).ok_or(Unfit::Form)
}

/// The value of a key of a map; a key that is there twice means nothing.
pub(super) fn field<'a>(map: &'a Value, key: &Value) -> Result<&'a Value, Unfit> {
    let pairs = map.as_map().ok_or(Unfit::Form)?;
    let mut found = pairs.iter().filter(|(name, _)| name == key);
    match (found.next(), found.next()) {
        (Some((_, value)), None) => Ok(value),
        _ => Err(Unfit::Form),
    }
}
