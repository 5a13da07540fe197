//! A row of the identity tables and the record that tells of it.

use proof::Signature;
use serde_json::{Value, json};
use store::{DelegationStep, HoldStep, Identity, Method, PatientKey, SeedChange, StoreError};
use vault::RootKey;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::draft::{self, Stamp};
use crate::error::HospitalError;
use crate::instant;
use crate::setup::Hospital;

const KEYS: &str = "patient_keys";
const DELEGATIONS: &str = "delegations";
const HOLDS: &str = "holds";
/// The mark of a mark: what a record of somebody else cannot carry.
const STATEMENT: &str = "identity-statement";
/// The system of the identifier that ties a record to its row.
pub(crate) const SYSTEM: &str = "urn:salus:identity-statement";

/// The system of the codes by which a record says what it tells of a patient's keys and decisions.
pub(crate) const ACTIVITY: &str = "urn:salus:identity";

/// The keyed mark over a change of key.
pub(crate) fn key_mark(root: &RootKey, key: &PatientKey) -> [u8; 32] {
    let (x_wing, approval) = (key.x_wing_key.as_deref(), key.approval.as_deref());
    root.mark(
        KEYS,
        &[
            key.patient.as_bytes(),
            &key.number.to_be_bytes(),
            key.mode.as_bytes(),
            key.reason.as_bytes(),
            &key.consent_key,
            &[u8::from(x_wing.is_some())],
            x_wing.unwrap_or_default(),
            &key.since_us.to_be_bytes(),
            &key.possession,
            &[u8::from(approval.is_some())],
            approval.unwrap_or_default(),
            key.record.as_bytes(),
        ],
    )
}

/// The keyed mark over a step of a delegation.
pub(crate) fn step_mark(root: &RootKey, step: &DelegationStep) -> [u8; 32] {
    root.mark(
        DELEGATIONS,
        &[
            step.id.as_bytes(),
            &step.number.to_be_bytes(),
            step.patient.as_bytes(),
            step.delegate.as_bytes(),
            step.kind.as_bytes(),
            &step.since_us.to_be_bytes(),
            &step.until_us.to_be_bytes(),
            step.by.as_bytes(),
            step.record.as_bytes(),
        ],
    )
}

/// The keyed mark over a step of the legal holds on a patient.
pub(crate) fn hold_mark(root: &RootKey, step: &HoldStep) -> [u8; 32] {
    root.mark(
        HOLDS,
        &[
            step.patient.as_bytes(),
            &step.number.to_be_bytes(),
            &step.sealed,
            step.record.as_bytes(),
        ],
    )
}

/// What a record says of its row: the row's mark, and a mark over it and the record's id.
fn told(root: &RootKey, mark: &[u8; 32], record: &str) -> String {
    let over = root.mark(STATEMENT, &[mark, record.as_bytes()]);
    format!("{}.{}", hex(mark), hex(&over))
}

/// The mark of the row that a record tells of. Anybody who writes records can write something
/// like one; only what this organisation made counts.
pub(crate) fn told_by(root: &RootKey, record: &Value) -> Option<String> {
    let entities = record.get("entity").and_then(Value::as_array)?;
    let identifiers = entities
        .iter()
        .filter_map(|entity| entity.get("what")?.get("identifier"));
    let text = identifiers
        .filter(|found| found.get("system").and_then(Value::as_str) == Some(SYSTEM))
        .find_map(|found| found.get("value")?.as_str())?;
    let (mark, _) = text.split_once('.')?;
    let bytes: proof::Digest = mark.parse().ok()?;
    let id = record.get("id").and_then(Value::as_str)?;
    (told(root, &bytes.0, id) == text).then(|| mark.to_owned())
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// What a record tells, beside the mark.
struct Telling<'a> {
    patient: &'a str,
    record: &'a str,
    /// Code system and code.
    activity: (&'static str, String),
    by: &'a str,
    at_us: i64,
    mark: [u8; 32],
    /// Further identifiers: system, value.
    facts: Vec<(&'static str, String)>,
    signature: Option<&'a [u8]>,
    /// Why, in words.
    words: Option<&'a str>,
}

impl Hospital {
    /// Stores a step of the legal holds on a patient with its record. The caller filled in
    /// everything but the mark.
    pub(crate) async fn store_hold(
        &self,
        mut step: HoldStep,
        (by, words, at_us): (&str, &str, i64),
    ) -> Result<(), HospitalError> {
        let mark = hold_mark(self.0.keyring.root(), &step);
        step.integrity = mark.to_vec();
        let verb = if step.holds() { "placed" } else { "lifted" };
        let record = self.telling(&Telling {
            patient: &step.patient,
            record: &step.record,
            activity: ("urn:salus:erasure", format!("legal-hold-{verb}")),
            by,
            at_us,
            mark,
            facts: Vec::new(),
            signature: None,
            words: Some(words),
        });
        self.store_told(record, Identity::Hold(step)).await
    }

    /// Stores a change of key with its record. The caller filled in everything but the mark.
    pub(super) async fn store_key(
        &self,
        mut key: PatientKey,
        seed: SeedChange,
        by: &str,
    ) -> Result<(), HospitalError> {
        let mark = key_mark(self.0.keyring.root(), &key);
        key.integrity = mark.to_vec();
        let facts = vec![
            ("urn:salus:consent-key", hex(&key.consent_key)),
            ("urn:salus:key-mode", key.mode.clone()),
        ];
        let telling = Telling {
            patient: &key.patient,
            record: &key.record,
            activity: (ACTIVITY, format!("patient-key-{}", key.reason)),
            by,
            at_us: key.since_us,
            mark,
            facts,
            signature: Some(&key.possession),
            words: None,
        };
        let record = self.telling(&telling);
        self.store_told(record, Identity::Key(key.clone(), seed))
            .await
    }

    /// Stores a step of a delegation with its record.
    pub(super) async fn store_step(&self, mut step: DelegationStep) -> Result<(), HospitalError> {
        let mark = step_mark(self.0.keyring.root(), &step);
        step.integrity = mark.to_vec();
        let verb = if step.number == 1 { "granted" } else { "ended" };
        let facts = vec![
            ("urn:salus:delegation", step.id.clone()),
            ("urn:salus:delegate", step.delegate.clone()),
            ("urn:salus:delegation-end", instant::fhir(step.until_us)),
        ];
        let telling = Telling {
            patient: &step.patient,
            record: &step.record,
            activity: (ACTIVITY, format!("{}-{verb}", step.kind)),
            by: &step.by,
            at_us: step.since_us,
            mark,
            facts,
            signature: None,
            words: None,
        };
        let record = self.telling(&telling);
        self.store_told(record, Identity::Delegation(step.clone()))
            .await
    }

    async fn store_told(&self, record: Value, change: Identity) -> Result<(), HospitalError> {
        let id = record.get("id").and_then(Value::as_str).unwrap_or_default();
        let stamp = Stamp::first("Provenance", id.to_owned(), self.now_us(), Method::Post);
        draft::validated(&record, "Provenance")?;
        let (_, draft) = self.redrafted(record, stamp).await?;
        match self.store_telling(draft, change).await? {
            Ok(()) => Ok(()),
            Err(StoreError::Conflict { type_, .. }) => Err(HospitalError::Contended(type_)),
            Err(error) => Err(error.into()),
        }
    }

    fn telling(&self, of: &Telling<'_>) -> Value {
        let at = instant::fhir(of.at_us);
        let entity = |system: &str, value: &str| {
            json!({ "role": "source",
                "what": { "identifier": { "system": system, "value": value } } })
        };
        let mut entities: Vec<Value> = of
            .facts
            .iter()
            .map(|(system, value)| entity(system, value))
            .collect();
        entities.push(entity(
            SYSTEM,
            &told(self.0.keyring.root(), &of.mark, of.record),
        ));
        let patient = json!({ "reference": format!("Patient/{}", of.patient) });
        let identified = |system: &str, value: &str| {
            let identifier = json!({ "system": system, "value": value });
            json!({ "identifier": identifier })
        };
        let mut record = json!({
            "resourceType": "Provenance",
            "id": of.record,
            "target": [patient],
            "recorded": at,
            "activity": { "coding": [{ "system": of.activity.0, "code": of.activity.1 }] },
            "agent": [{
                "who": identified("urn:salus:user", of.by),
                "onBehalfOf": identified("urn:salus:organisation", &self.0.organisation),
            }],
            "entity": entities,
        });
        if let Some(words) = of.words {
            record["reason"] = json!([{ "text": words }]);
        }
        if let Some(signature) = of.signature {
            // ASTM E1762: the author's signature; FHIR R4 2.1.28.5.
            record["signature"] = json!([{
                "type": [{ "system": "urn:iso-astm:E1762-95:2013",
                    "code": "1.2.840.10065.1.12.1.1" }],
                "when": at, "who": patient, "sigFormat": "application/octet-stream",
                "data": STANDARD.encode(signature),
            }]);
        }
        record
    }
}

/// A signature out of a row.
pub(super) fn signature(bytes: &[u8]) -> Option<Signature> {
    bytes.try_into().ok().map(Signature)
}
