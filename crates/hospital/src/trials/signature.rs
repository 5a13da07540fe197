//! What an electronic signature is: a Provenance over exactly the versions that it names.
//!
//! 21 CFR 11.50: printed name, time and meaning stand in the record. 11.70: the signed data name
//! each version, and the root over their digests, so that the signature fits no other values.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fhir::json::Limits;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::rows::ROW;
use crate::error::HospitalError;
use crate::own::TRIAL_ROW;
use crate::record::Record;

/// The type that a signature is a record of.
pub(super) const PROVENANCE: &str = "Provenance";
/// The code of the activity and of the tags.
pub(super) const SIGNATURE: &str = "signature";
/// The first word of what is signed.
pub(super) const SIGNATURE_FORM: &str = "salus-trial-signature/1";
/// ASTM E1762, the codes of meanings. FHIR R4 2.1.28.5.
const MEANINGS: &str = "urn:iso-astm:E1762-95:2013";
/// Versions that are targets too; the signed data have all of them.
const TARGETS_MAX: usize = 1_000;
/// Later versions that are named.
const LATER_SHOWN_MAX: usize = 20;

/// What a signature says. 21 CFR 11.50(a)(3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Meaning {
    /// The signer approves the values.
    Approval,
    /// The signer wrote them.
    Authorship,
    /// The signer looked through them.
    Review,
    /// The signer answers for them.
    Responsibility,
}

impl Meaning {
    /// The word in forms.
    pub fn word(self) -> &'static str {
        match self {
            Self::Approval => "approval",
            Self::Authorship => "authorship",
            Self::Review => "review",
            Self::Responsibility => "responsibility",
        }
    }

    /// The nearest of ASTM E1762: verification, author, review, validation.
    fn code(self) -> &'static str {
        match self {
            Self::Approval => "1.2.840.10065.1.12.1.5",
            Self::Authorship => "1.2.840.10065.1.12.1.1",
            Self::Review => "1.2.840.10065.1.12.1.13",
            Self::Responsibility => "1.2.840.10065.1.12.1.6",
        }
    }
}

/// A version of a row, as it was on the screen.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RowVersion {
    /// The logical id of the row.
    pub id: String,
    /// The version.
    pub version: u64,
}

/// What is signed, and by whom.
#[derive(Clone)]
pub struct Signing {
    /// The versions.
    pub rows: Vec<RowVersion>,
    /// What the signature says of them.
    pub meaning: Meaning,
    /// The printed name of the signer.
    pub name: String,
    /// The second component.
    pub password: String,
}

/// A row that has a later version than the one that was signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LaterVersion {
    /// The logical id of the row.
    pub id: String,
    /// The version that was signed.
    pub signed: u64,
    /// The one that stands now.
    pub current: u64,
}

/// A signature.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signature {
    /// The id of its Provenance.
    pub id: String,
    /// Where it is kept.
    pub site: String,
    /// The user who signed.
    pub user: String,
    /// The printed name.
    pub name: String,
    /// What it says.
    pub meaning: Meaning,
    /// When, a FHIR instant in UTC.
    pub signed: String,
    /// How many versions are under it.
    pub rows: usize,
    /// The RFC 9162 root over them.
    pub root: String,
    /// How many of its rows have a later version; none: it stands.
    pub later: usize,
    /// The first of these.
    pub later_shown: Vec<LaterVersion>,
}

/// Some signatures, and where the next ones begin.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignaturePage {
    /// They.
    pub signatures: Vec<Signature>,
    /// Where it goes on.
    pub next: Option<String>,
}

/// What the signature is over: canonical JSON (RFC 8785) of these.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Signed {
    pub(super) form: String,
    pub(super) trial: String,
    pub(super) site: String,
    pub(super) user: String,
    pub(super) name: String,
    pub(super) meaning: Meaning,
    pub(super) when: String,
    pub(super) rows: usize,
    pub(super) root: String,
    /// Id and version of each, in the order of the tree.
    pub(super) versions: Vec<(String, u64)>,
}

impl Signed {
    fn bytes(&self) -> Result<Vec<u8>, HospitalError> {
        let text = serde_json::to_vec(self).ok();
        let text = text.and_then(|text| proof::json::canonical(&text).ok());
        text.ok_or_else(|| HospitalError::Internal("a signature has no canonical form".into()))
    }

    /// The record. Each coding of this house's system says that only this act writes it.
    pub(super) fn record(&self, id: &str) -> Result<Value, HospitalError> {
        let coding = json!({ "system": TRIAL_ROW, "code": SIGNATURE });
        let trial = format!("urn:salus:trial:{}", self.trial);
        let who = json!({
            "identifier": {
                "system": "urn:salus:user", "value": format!("{}/{}", self.site, self.user),
            },
            "display": self.name,
        });
        let target = self.versions.iter().take(TARGETS_MAX);
        let target = target.map(|(id, version)| {
            let reference = format!("{ROW}/{id}/_history/{version}");
            json!({ "reference": reference })
        });
        Ok(json!({
            "resourceType": PROVENANCE,
            "id": id,
            "meta": { "tag": [coding, { "system": trial, "code": SIGNATURE }] },
            "target": target.collect::<Vec<_>>(),
            "recorded": self.when,
            "activity": { "coding": [coding] },
            "agent": [{ "who": who }],
            "signature": [{
                "type": [
                    { "system": MEANINGS, "code": self.meaning.code() },
                    { "system": TRIAL_ROW, "code": self.meaning.word() },
                ],
                "when": self.when,
                "who": who,
                "sigFormat": "application/json",
                "data": STANDARD.encode(self.bytes()?),
            }],
        }))
    }

    pub(super) fn read(record: &Record) -> Option<Self> {
        let value = fhir::json::parse(&record.body, Limits::default()).ok()?;
        let data = value["signature"][0]["data"].as_str()?;
        let signed: Self = serde_json::from_slice(&STANDARD.decode(data).ok()?).ok()?;
        (signed.form == SIGNATURE_FORM).then_some(signed)
    }

    /// The signature as it is shown, with the versions that came after.
    pub(super) fn shown(self, id: String, mut later: Vec<LaterVersion>) -> Signature {
        let count = later.len();
        later.truncate(LATER_SHOWN_MAX);
        Signature {
            id,
            site: self.site,
            user: self.user,
            name: self.name,
            meaning: self.meaning,
            signed: self.when,
            rows: self.rows,
            root: self.root,
            later: count,
            later_shown: later,
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;
    use bytes::Bytes;
    use store::Method;

    fn signed(versions: usize) -> Signed {
        let versions: Vec<_> = (0..versions)
            .map(|it| (format!("row-{it:05}"), 1))
            .collect();
        Signed {
            form: SIGNATURE_FORM.into(),
            trial: "0a".repeat(32),
            site: "north".into(),
            user: "clinician".into(),
            name: "Dr. Ada North".into(),
            meaning: Meaning::Responsibility,
            when: "2026-11-02T09:00:00.000Z".into(),
            rows: versions.len(),
            root: "0b".repeat(32),
            versions,
        }
    }

    #[test]
    fn what_is_signed_has_frozen_bytes() {
        let text = String::from_utf8(signed(2).bytes().unwrap()).unwrap();
        let (trial, root) = ("0a".repeat(32), "0b".repeat(32));
        let frozen = format!(
            "{{\"form\":\"salus-trial-signature/1\",\"meaning\":\"responsibility\",\
             \"name\":\"Dr. Ada North\",\"root\":\"{root}\",\"rows\":2,\"site\":\"north\",\
             \"trial\":\"{trial}\",\"user\":\"clinician\",\
             \"versions\":[[\"row-00000\",1],[\"row-00001\",1]],\
             \"when\":\"2026-11-02T09:00:00.000Z\"}}"
        );
        assert_eq!(text, frozen);
    }

    #[test]
    fn the_largest_signature_is_valid_r4_and_reads_back_whole() {
        let signed = signed(10_000);
        let value = signed.record("a").unwrap();
        crate::draft::validated(&value, PROVENANCE).unwrap();
        assert_eq!(value["target"].as_array().unwrap().len(), TARGETS_MAX);
        let record = Record {
            type_: PROVENANCE.into(),
            id: "a".into(),
            version: 1,
            updated_us: 0,
            method: Method::Post,
            body: Bytes::from(value.to_string()),
            patients: Vec::new(),
        };
        assert_eq!(Signed::read(&record).unwrap(), signed);
    }
}
