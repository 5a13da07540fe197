//! From a JSON tree to a sealed version: validate, stamp, serialise, commit, seal.

use bytes::Bytes;
use fhir::search::Entry;
use fhir::validate::{Issue, Severity};
use proof::event::{Action, Event, RecordVersion};
use proof::{Canonical, CommitmentKey, Digest, commit};
use serde_json::{Map, Value};
use store::{Method, Put};
use vault::VaultKey;
use vault::envelope::{self, Context};

use crate::error::HospitalError;
use crate::instant;
use crate::keyring::{failed, vault_id};
use crate::record::{Record, body_digest};

/// Largest resource that is stored.
pub const RECORD_BYTES_MAX: usize = 16 << 20;

/// Where a new version goes.
#[derive(Debug, Clone)]
pub(crate) struct Stamp {
    pub(crate) type_: &'static str,
    pub(crate) id: String,
    pub(crate) version: u64,
    pub(crate) expect: Option<u64>,
    /// Whether the version before was a deletion.
    pub(crate) revives: bool,
    pub(crate) updated_us: i64,
    pub(crate) method: Method,
}

impl Stamp {
    /// The first version of a record.
    pub(crate) fn first(type_: &'static str, id: String, now_us: i64, method: Method) -> Self {
        let updated_us = instant::floor_ms(now_us);
        Self {
            type_,
            id,
            version: 1,
            expect: None,
            revives: false,
            updated_us,
            method,
        }
    }

    /// The version after a stored one. Its time is never before that one's.
    pub(crate) fn after(
        type_: &'static str,
        before: &store::Stored,
        now_us: i64,
        method: Method,
    ) -> Self {
        Self {
            type_,
            id: before.id.clone(),
            version: before.version + 1,
            expect: Some(before.version),
            revives: before.deleted(),
            updated_us: instant::floor_ms(now_us).max(before.updated_us),
            method,
        }
    }

    fn action(&self) -> Action {
        match self.method {
            Method::Delete => Action::Delete,
            _ if self.version == 1 || self.revives => Action::Create,
            _ => Action::Update,
        }
    }
}

/// A version that is ready but for its envelope.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    pub(crate) stamp: Stamp,
    pub(crate) body: Bytes,
    pub(crate) digest: Digest,
    pub(crate) compartments: Vec<String>,
    pub(crate) vault: String,
    pub(crate) index: Vec<Entry>,
    /// What a decision reads of it.
    pub(crate) facts: Vec<u8>,
    /// What an EPCIS event is found by.
    pub(crate) epcis: Option<store::EpcisRow>,
}

/// Checks a resource against R4 and against the type that the request names.
///
/// Answers the warnings; an error refuses the resource.
pub(crate) fn validated(value: &Value, type_: &str) -> Result<Vec<Issue>, HospitalError> {
    let found = value.get("resourceType").and_then(Value::as_str);
    if let Some(found) = found
        && found != type_
    {
        return Err(HospitalError::request(
            "invalid",
            format!(
                "the body is a {}, the url says {type_}",
                crate::request::clip(found)
            ),
            "post a resource to the url of its own type",
        ));
    }
    let issues = fhir::validate::resource(value);
    if issues.iter().any(|issue| issue.severity == Severity::Error) {
        return Err(HospitalError::Invalid(issues));
    }
    Ok(issues)
}

/// Makes a version of a validated resource. The tree is stamped and can be stamped again.
pub(crate) fn draft(value: &mut Value, stamp: Stamp) -> Result<Draft, HospitalError> {
    write_stamp(value, &stamp);
    let body = serde_json::to_vec(value)
        .map_err(|error| HospitalError::Internal(format!("a resource does not print: {error}")))?;
    if body.len() > RECORD_BYTES_MAX {
        return Err(HospitalError::request(
            "too-costly",
            format!("a resource may have {RECORD_BYTES_MAX} bytes"),
            "keep large content outside the resource",
        ));
    }
    let compartments = fhir::compartment::patients(value);
    Ok(Draft {
        digest: body_digest(&body)?,
        vault: vault_id(&fhir::compartment::named(value))?,
        index: fhir::search::values(value),
        facts: consent::facts::of(value),
        epcis: None,
        body: body.into(),
        compartments,
        stamp,
    })
}

/// A deletion. It is sealed under the key of the version that it follows, and is in the same
/// compartments.
pub(crate) fn tombstone(stamp: Stamp, vault: String, patients: Vec<String>) -> Draft {
    Draft {
        digest: proof::event::deleted_digest(),
        vault,
        index: Vec::new(),
        facts: Vec::new(),
        epcis: None,
        body: Bytes::new(),
        compartments: patients,
        stamp,
    }
}

impl Draft {
    /// Seals the envelope under a fresh commitment key.
    pub(crate) fn seal(self, key: &VaultKey, organisation: &str) -> Result<Put, HospitalError> {
        let stamp = self.stamp;
        let event = Event::RecordVersion(RecordVersion {
            organisation: organisation.to_owned(),
            record_type: stamp.type_.to_owned(),
            record_id: stamp.id.clone(),
            version: stamp.version,
            time_us: u64::try_from(stamp.updated_us).unwrap_or(0),
            action: stamp.action(),
            body: self.digest,
        });
        let commitment_key: [u8; 32] = vault::random().map_err(failed)?;
        let context = Context {
            custodian: organisation,
            record_type: stamp.type_,
            record_id: &stamp.id,
            version: stamp.version,
        };
        let bytes = event.to_bytes();
        let envelope =
            envelope::seal(key, &context, &commitment_key, &bytes, &self.body).map_err(failed)?;
        let commitment = commit(&CommitmentKey(commitment_key), &event.digest());
        Ok(Put {
            type_: stamp.type_.to_owned(),
            id: stamp.id,
            version: stamp.version,
            expect: stamp.expect,
            updated_us: stamp.updated_us,
            method: stamp.method,
            vault: self.vault,
            compartments: self.compartments,
            envelope,
            index: self.index,
            facts: self.facts,
            commitment: commitment.0,
        })
    }

    /// The record as it will be served once it is stored.
    pub(crate) fn record(&self) -> Record {
        Record {
            type_: self.stamp.type_.to_owned(),
            id: self.stamp.id.clone(),
            version: self.stamp.version,
            updated_us: self.stamp.updated_us,
            method: self.stamp.method,
            body: self.body.clone(),
            patients: self.compartments.clone(),
        }
    }
}

/// Sets id, meta.versionId and meta.lastUpdated; the rest of meta is the client's.
fn write_stamp(value: &mut Value, stamp: &Stamp) {
    let Value::Object(fields) = value else { return };
    let version = Value::from(stamp.version.to_string());
    let updated = Value::from(instant::fhir(stamp.updated_us));
    let mut old = std::mem::take(fields);
    let mut meta = Map::new();
    meta.insert("versionId".into(), version);
    meta.insert("lastUpdated".into(), updated);
    if let Some(Value::Object(given)) = old.shift_remove("meta") {
        for (name, field) in given {
            if !matches!(name.trim_start_matches('_'), "versionId" | "lastUpdated") {
                meta.insert(name, field);
            }
        }
    }
    fields.insert("resourceType".into(), stamp.type_.into());
    fields.insert("id".into(), stamp.id.clone().into());
    fields.insert("meta".into(), meta.into());
    for (name, field) in old {
        if !matches!(name.as_str(), "resourceType" | "id" | "_id") {
            fields.insert(name, field);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_server_s_stamp_replaces_the_client_s_and_nothing_else() {
        let mut value: Value = serde_json::from_str(
            r#"{"meta":{"tag":[{"code":"t"}],"versionId":"9"},"id":"mine","resourceType":"Patient",
                "active":true,"multipleBirthInteger":2}"#,
        )
        .unwrap();
        let stamp = Stamp::first("Patient", "abc".into(), 1_234_567, Method::Post);
        write_stamp(&mut value, &stamp);
        write_stamp(
            &mut value,
            &Stamp {
                version: 2,
                ..stamp
            },
        );
        assert_eq!(
            value,
            json!({
                "resourceType": "Patient", "id": "abc",
                "meta": { "versionId": "2", "lastUpdated": "1970-01-01T00:00:01.234Z",
                          "tag": [{ "code": "t" }] },
                "active": true, "multipleBirthInteger": 2
            })
        );
    }
}
