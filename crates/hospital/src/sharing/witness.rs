//! The record of a signed statement: a Provenance with the patient's signature and what it is over.
//!
//! Its receipt shows when the patient signed what, with which key, and whether this organisation
//! kept that key. It holds all that a stranger needs to check the signature (FHIR R4 6.3).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use consent::statement::{Act, Statement};
use proof::Canonical;
use serde_json::{Value, json};
use store::Method;

use super::signer::SignedStatement;
use crate::admit::new_id;
use crate::caller::Caller;
use crate::draft::{self, Draft, Stamp};
use crate::error::HospitalError;
use crate::identity::statement::hex;
use crate::identity::{ACTIVITY, PatientKeyChange};
use crate::instant;
use crate::setup::Hospital;

/// ASTM E1762: the signature of who consents, and of who wrote something. FHIR R4 2.1.28.5.
const SIGNATURES: &str = "urn:iso-astm:E1762-95:2013";
const CONSENT_SIGNATURE: &str = "1.2.840.10065.1.12.1.7";
const AUTHOR_SIGNATURE: &str = "1.2.840.10065.1.12.1.1";

impl Hospital {
    /// The Provenance of a statement that the patient signed.
    pub(super) fn witness(
        &self,
        caller: &Caller,
        statement: &Statement,
        signed: &SignedStatement,
        current: &PatientKeyChange,
    ) -> Result<Value, HospitalError> {
        let at = instant::fhir(self.now_us());
        let patient = json!({ "reference": format!("Patient/{}", statement.patient) });
        let (activity, kind, consent) = match &statement.act {
            Act::Consent(of) => ("consent-given", CONSENT_SIGNATURE, Some(&of.consent)),
            Act::Withdraw { consent, .. } => {
                ("consent-withdrawn", CONSENT_SIGNATURE, Some(consent))
            }
            Act::Link { .. } => ("link-code", AUTHOR_SIGNATURE, None),
            Act::Accept { .. } => ("delegation-accepted", AUTHOR_SIGNATURE, None),
        };
        let consent = consent.map(|id| json!({ "reference": format!("Consent/{id}") }));
        let target: Vec<Value> = [Some(patient.clone()), consent]
            .into_iter()
            .flatten()
            .collect();
        let identified = |system: &str, value: &str| {
            let identifier = json!({ "system": system, "value": value });
            json!({ "identifier": identifier })
        };
        Ok(json!({
            "resourceType": "Provenance",
            "id": new_id()?,
            "target": target,
            "recorded": at,
            "activity": { "coding": [{ "system": ACTIVITY, "code": activity }] },
            "agent": [{
                "who": identified("urn:salus:user", &caller.username),
                "onBehalfOf": identified("urn:salus:organisation", &self.0.organisation),
            }],
            "entity": entities(statement, signed, current),
            "signature": [{
                "type": [{ "system": SIGNATURES, "code": kind }],
                "when": at, "who": patient, "sigFormat": "application/octet-stream",
                "data": STANDARD.encode(signed.signature.0),
            }],
        }))
    }

    /// A version of a record of our own making, ready to be stored.
    pub(crate) async fn own_draft(
        &self,
        type_: &'static str,
        record: Value,
    ) -> Result<Draft, HospitalError> {
        let id = record.get("id").and_then(Value::as_str).unwrap_or_default();
        let stamp = Stamp::first(type_, id.to_owned(), self.now_us(), Method::Post);
        draft::validated(&record, type_)?;
        Ok(self.redrafted(record, stamp).await?.1)
    }

    /// Stores a Provenance alone.
    pub(super) async fn store_witness(&self, record: Value) -> Result<(), HospitalError> {
        let draft = self.own_draft("Provenance", record).await?;
        self.store_drafts(vec![draft], &[]).await??;
        Ok(())
    }
}

/// What a stranger needs to check the signature.
fn entities(
    statement: &Statement,
    signed: &SignedStatement,
    current: &PatientKeyChange,
) -> Vec<Value> {
    let entity = |system: &str, value: &str| {
        json!({ "role": "source",
            "what": { "identifier": { "system": system, "value": value } } })
    };
    let bytes = STANDARD.encode(statement.to_bytes());
    let mut entities = vec![
        entity("urn:salus:patient-statement", &bytes),
        entity("urn:salus:consent-key", &current.consent_key.to_string()),
        entity("urn:salus:key-mode", current.mode.name()),
    ];
    if let Some(delegation) = &statement.delegation {
        entities.push(entity(
            "urn:salus:ledger-delegation",
            &delegation.to_string(),
        ));
    }
    if let Some(derived) = &signed.derived {
        entities.push(entity("urn:salus:statement-value", &hex(derived)));
    }
    entities
}
