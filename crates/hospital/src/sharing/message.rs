//! What two nodes say to each other about a patient. JSON over the link of `peers`; the link
//! authenticates the organisation, so no message names its sender.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use proof::Digest;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::error::HospitalError;
use crate::pairs::Pairs;

/// The paths of the calls.
pub(super) const LINK: &str = "/link";
pub(super) const GRANT: &str = "/grant";
pub(super) const WITHDRAWN: &str = "/withdrawn";
pub(super) const READ: &str = "/read";
pub(super) const GLASS: &str = "/glass";
pub(super) const ERASE: &str = "/erase";
pub(super) const LOCATE: &str = "/locate";
pub(super) const REQUEST: &str = "/request";

/// Largest message that is read.
pub(super) const BYTES_MAX: usize = 32 << 20;

/// A patient is here with the code that you gave.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LinkAsk {
    /// The code, without hyphens.
    pub(super) code: String,
}

/// The name under which the two of us speak of this patient.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LinkAnswer {
    /// 32 bytes in hexadecimal.
    pub(super) pseudonym: String,
}

/// Do you have records of a patient?
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LocateAsk {
    /// The patient, as the two of us say; 32 random bytes where we do not.
    pub(super) pseudonym: String,
    /// The practitioner who asks: an SD-JWT bound to this call. None: the patient asks.
    pub(super) credential: Option<String>,
    /// Never used before; the credential's key binding repeats it.
    pub(super) nonce: String,
}

/// 1: yes, and you may know. 0: anything else. A number, so that both have one size.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LocateAnswer {
    pub(super) known: u8,
}

/// A practitioner here asks a patient there for consent.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RequestAsk {
    /// The patient, as the two of us say; 32 random bytes where we do not.
    pub(super) pseudonym: String,
    /// Purpose of use: a code of v3-ActReason.
    pub(super) purpose: String,
    /// Why, in words; may be empty.
    pub(super) text: String,
    /// Who asks: an SD-JWT of the practitioner, bound to this call.
    pub(super) credential: String,
    /// Never used before; the credential's key binding repeats it.
    pub(super) nonce: String,
}

/// It came. The same whether there is such a patient or not.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RequestAnswer {
    /// Always 1.
    pub(super) received: u8,
}

/// A grant that a patient gave you.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GrantTold {
    /// Its id on the ledger.
    pub(super) grant: String,
    /// The patient, as the two of us say.
    pub(super) pseudonym: String,
    /// The grant key, sealed to you.
    pub(super) sealed: String,
    /// By the custodian's transaction key over the sealed key.
    pub(super) signature: String,
}

/// A grant that is no more.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Withdrawn {
    /// Its id on the ledger.
    pub(super) grant: String,
}

/// A practitioner here breaks the glass there.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GlassAsk {
    /// The opening on the ledger.
    pub(super) glass: String,
    /// The patient, as the two of us say.
    pub(super) pseudonym: String,
    /// Why, in words.
    pub(super) reason: String,
    /// Opens the commitment on the ledger.
    pub(super) key: String,
    /// For how many hours.
    pub(super) hours: u8,
    /// Who opens; without a quorum, two.
    pub(super) credentials: Vec<String>,
    /// Never used before; the credentials' key bindings repeat it.
    pub(super) nonce: String,
}

/// The key of an opening.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GlassAnswer {
    /// The key, sealed to you.
    pub(super) sealed: String,
    /// By the custodian's transaction key over the sealed key.
    pub(super) signature: String,
}

/// A practitioner here asks for records there.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReadAsk {
    /// The grant or the opening on the ledger.
    pub(super) grant: String,
    /// Whether it is an opening.
    pub(super) glass: bool,
    /// Purpose of use: a code of v3-ActReason.
    pub(super) purpose: String,
    /// Who asks: an SD-JWT of the practitioner, bound to this call.
    pub(super) credential: String,
    /// Never used before; the credential's key binding repeats it.
    pub(super) nonce: String,
    /// What is asked for.
    pub(super) wanted: Wanted,
}

/// What is asked for of a patient's records. Where an id is empty, the patient's own record is
/// meant, whose id there is not known here.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) enum Wanted {
    /// A search of one type, without the patient.
    Search { resource: String, query: Pairs },
    /// Everything of the patient.
    Everything { query: Pairs },
    /// One version.
    Version {
        resource: String,
        id: String,
        version: u64,
    },
    /// The versions of one record.
    History {
        resource: String,
        id: String,
        query: Pairs,
    },
}

/// What was released, after the disclosure was final.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReadAnswer {
    /// The FHIR base of the custodian.
    pub(super) base: String,
    /// The records.
    pub(super) records: Vec<Released>,
    /// The token of the next page, where more match than were released.
    pub(super) next: Option<String>,
    /// Some of what `_include` and `_revinclude` would add was left out.
    pub(super) cut: bool,
    /// How many match, where that was asked.
    pub(super) total: Option<u64>,
    /// The AuditEvent of this disclosure at the custodian: id and version.
    pub(super) disclosure: (String, u64),
    /// What the custodian decided on; absent only for an opening without a quorum.
    pub(super) stated: Option<Stated>,
    /// The notice that the record must not be disclosed again (42 CFR 2.32), where it holds.
    pub(super) notice: Option<String>,
}

/// What a custodian says about a release.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Stated {
    /// The signed statement (`docs/reference/evidence.md`), base64.
    pub(super) release: String,
    /// The receipt of the AuditEvent of the disclosure.
    pub(super) receipt: String,
}

/// One record version under the grant key.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Released {
    pub(super) resource: String,
    pub(super) id: String,
    pub(super) version: u64,
    pub(super) updated_us: i64,
    /// Base64: the envelope, or a copy from which something was left out.
    pub(super) content: String,
    /// Whether something was left out.
    pub(super) redacted: bool,
    /// Whether it came by `_include` or `_revinclude`.
    pub(super) included: bool,
    /// What proves the version, once the ledger vouches for it; never for a redacted one.
    pub(super) receipt: Option<String>,
}

pub(crate) fn write<T: Serialize>(message: &T) -> Result<bytes::Bytes, HospitalError> {
    serde_json::to_vec(message)
        .map(bytes::Bytes::from)
        .map_err(|error| HospitalError::Internal(format!("a message does not print: {error}")))
}

pub(crate) fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, HospitalError> {
    // serde's errors may quote the message: the place is enough.
    serde_json::from_slice(bytes).map_err(|error| HospitalError::Malformed {
        line: error.line(),
        column: error.column(),
        reason: "not the message that this path takes".into(),
        too_large: false,
    })
}

pub(crate) fn to_base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

pub(crate) fn from_base64(text: &str) -> Result<Vec<u8>, HospitalError> {
    STANDARD.decode(text).map_err(|_| unusable())
}

pub(super) fn digest(text: &str) -> Result<Digest, HospitalError> {
    text.parse().map_err(|_| unusable())
}

pub(crate) fn unusable() -> HospitalError {
    HospitalError::request(
        "value",
        "a field of the message is not usable",
        "docs/reference/sharing.md shows every message",
    )
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests;
