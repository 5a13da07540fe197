//! What a link holds: the patient's records as a Bundle, and what proves them as another.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::{Everything, HealthLink, Page};
use vault::LinkKey;

use super::{refused, touched};
use crate::access_log::{AUDIT_EVENT, Touched};
use crate::caller::Caller;
use crate::error::HospitalError;
use crate::instant;
use crate::keyring::failed;
use crate::receipt::ReceiptState;
use crate::record::Record;
use crate::request::known_type;
use crate::setup::Hospital;

/// Most records in a link.
const RECORDS_MAX: usize = 2_000;
/// Most bytes of them.
const BYTES_MAX: usize = 16 << 20;
/// Most types that a link may name.
const TYPES_MAX: usize = 32;
/// Between the patient and this organisation, or a proof of it: in no link.
const OWN: [&str; 3] = [AUDIT_EVENT, "Consent", "Provenance"];
/// What is asked for first by who does not know the patient.
const SUMMARY: [&str; 8] = [
    "Patient",
    "AllergyIntolerance",
    "Condition",
    "Immunization",
    "Medication",
    "MedicationRequest",
    "MedicationStatement",
    "Procedure",
];
/// `sigFormat` of a receipt; as in answers of other organisations.
const TLOG_PROOF: &str = "application/vnd.c2sp.tlog-proof";

/// What a link holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum What {
    /// The person, allergies, problems, immunizations, medication and procedures.
    Summary,
    /// Everything but the log and the consents.
    All,
    /// These types.
    Types(Vec<String>),
}

impl What {
    /// The types of records in it.
    fn types(&self) -> Result<Vec<&'static str>, HospitalError> {
        let shared = |name: &&'static str| !OWN.contains(name);
        match self {
            What::Summary => Ok(SUMMARY.to_vec()),
            What::All => {
                let all = fhir::resource_types().iter().copied();
                Ok(all.filter(shared).collect())
            }
            What::Types(names) => {
                if names.is_empty() || names.len() > TYPES_MAX {
                    let text = format!("`what` names 1 to {TYPES_MAX} types");
                    return Err(refused("value", text));
                }
                let mut types = Vec::with_capacity(names.len());
                for name in names {
                    let known = known_type(name)?;
                    if !shared(&known) {
                        let text = format!("{known} is in no link");
                        return Err(refused("value", text));
                    }
                    types.push(known);
                }
                Ok(types)
            }
        }
    }
}

/// The files of a link before they are encrypted, and what is in them.
pub(super) struct Content {
    records: Vec<(String, String, u64)>,
    files: Vec<Bytes>,
}

impl Content {
    pub(super) fn versions(&self) -> Vec<(String, String, u64)> {
        self.records.clone()
    }

    pub(super) fn touched(&self) -> Vec<Touched> {
        self.records.iter().map(touched).collect()
    }
}

impl Hospital {
    /// The patient's records as they are now, and their receipts.
    pub(super) async fn content(
        &self,
        caller: &Caller,
        patient: &str,
        what: &What,
    ) -> Result<Content, HospitalError> {
        let records = self.linked_records(caller, patient, what).await?;
        let now_us = self.now_us();
        let base = &self.0.fhir_base;
        let mut proofs = Vec::with_capacity(records.len());
        for record in &records {
            let type_ = known_type(&record.type_)?;
            let receipt = self
                .receipt(caller, type_, &record.id, record.version)
                .await?;
            if let ReceiptState::Ready(text) = receipt {
                proofs.push(self.proving(record, &text, now_us));
            }
        }
        let bundle = bundle(base, &records, now_us);
        let mut files = vec![bundle];
        // What is new has no receipt for some seconds.
        if !proofs.is_empty() {
            let entries: Vec<Value> = proofs
                .into_iter()
                .map(|resource| json!({ "resource": resource }))
                .collect();
            let proofs = json!({
                "resourceType": "Bundle", "type": "collection",
                "timestamp": instant::fhir(now_us), "entry": entries
            });
            files.push(proofs.to_string().into());
        }
        let named = |record: Record| (record.type_, record.id, record.version);
        Ok(Content {
            records: records.into_iter().map(named).collect(),
            files,
        })
    }

    async fn linked_records(
        &self,
        caller: &Caller,
        patient: &str,
        what: &What,
    ) -> Result<Vec<Record>, HospitalError> {
        let mut asked = Everything {
            patient: patient.to_owned(),
            types: what.types()?,
            since_us: None,
            between_us: None,
            scope: caller.scope(),
            page: Page::first(Page::LIMIT_MAX),
        };
        let mut records: Vec<Record> = Vec::new();
        loop {
            let found = self.0.store.everything(asked.clone()).await?;
            records.extend(self.opened_all(found.rows).await?);
            let bytes: usize = records.iter().map(|it| it.body.len()).sum();
            if records.len() > RECORDS_MAX || bytes > BYTES_MAX {
                let text = format!(
                    "a link holds at most {RECORDS_MAX} records and {BYTES_MAX} bytes: \
                     choose types"
                );
                return Err(refused("too-costly", text));
            }
            asked.page.after = found.next;
            if asked.page.after.is_none() {
                return Ok(records);
            }
        }
    }

    /// FHIR R4 6.3: the receipt of a version, as the signature of its custodian.
    fn proving(&self, record: &Record, receipt: &str, now_us: i64) -> Value {
        use base64::Engine;
        let organisation = &self.0.organisation;
        let who = json!({
            "reference": format!("Organization/{organisation}"), "display": organisation
        });
        let base = &self.0.fhir_base;
        let target = format!("{base}/{}/_history/{}", record.reference(), record.version);
        json!({
            "resourceType": "Provenance",
            "target": [{ "reference": target }],
            "recorded": instant::fhir(now_us),
            "agent": [{
                "type": { "coding": [{
                    "system": "http://terminology.hl7.org/CodeSystem/provenance-participant-type",
                    "code": "custodian"
                }]},
                "who": who
            }],
            "signature": [{
                // ISO/ASTM E1762: proof of origin.
                "type": [{
                    "system": "urn:iso-astm:E1762-95:2013", "code": "1.2.840.10065.1.12.1.8"
                }],
                "when": instant::fhir(record.updated_us),
                "who": who,
                "sigFormat": TLOG_PROOF,
                "data": base64::engine::general_purpose::STANDARD.encode(receipt)
            }]
        })
    }

    /// The files as they are kept: encrypted under the link's key, and sealed under the patient's.
    pub(super) async fn encrypted(
        &self,
        link: &HealthLink,
        key: &LinkKey,
        content: Content,
    ) -> Result<Vec<Vec<u8>>, HospitalError> {
        let vault_key = self.vault_key_of(link).await?;
        let key = LinkKey::from_bytes(key.reveal()).map_err(failed)?;
        let name = file_name(&link.id);
        let work = move || {
            let files = content.files.iter();
            files
                .map(|file| {
                    let jwe = key.encrypt("application/fhir+json", file)?;
                    vault::keep_beside(&vault_key, &name, jwe.as_bytes())
                })
                .collect::<Result<Vec<Vec<u8>>, vault::VaultError>>()
        };
        self.0.cpu.run(work).await?.map_err(failed)
    }

    /// The other way, as far as it goes without the link's key: files as they are handed out.
    pub(super) async fn handed_out(
        &self,
        link: &HealthLink,
        file: &[u8],
    ) -> Result<String, HospitalError> {
        let damaged = || HospitalError::Damaged {
            item: "a file of a health link".into(),
            reason: "it was changed outside Salus".into(),
        };
        let key = self.vault_key_of(link).await?;
        let opened = vault::kept_beside(&key, &file_name(&link.id), file);
        let opened = opened.map_err(|_| damaged())?;
        String::from_utf8(opened.to_vec()).map_err(|_| damaged())
    }
}

/// What each file of a link is sealed under.
pub(crate) fn file_name(id: &str) -> String {
    format!("health-link-file {id}")
}

/// The records, byte for byte: their receipts are about these.
fn bundle(base: &str, records: &[Record], now_us: i64) -> Bytes {
    let bytes: usize = records.iter().map(|it| it.body.len() + 128).sum();
    let mut out = Vec::with_capacity(bytes + 256);
    let head = format!(
        "{{\"resourceType\":\"Bundle\",\"type\":\"collection\",\"timestamp\":\"{}\"",
        instant::fhir(now_us)
    );
    out.extend_from_slice(head.as_bytes());
    for (at, record) in records.iter().enumerate() {
        let open = if at == 0 { ",\"entry\":[" } else { "," };
        let url = Value::from(format!("{base}/{}", record.reference()));
        out.extend_from_slice(format!("{open}{{\"fullUrl\":{url},\"resource\":").as_bytes());
        out.extend_from_slice(&record.body);
        out.push(b'}');
    }
    if !records.is_empty() {
        out.push(b']');
    }
    out.push(b'}');
    out.into()
}
