//! Who signs for a patient: this organisation with the seed that it keeps, the patient's device, or
//! a delegate.

use consent::statement::Statement;
use proof::{Digest, PublicKey};
use serde_json::Value;

use super::signer::{self, SignedStatement, ledger_part, refused, sign_statement};
use crate::caller::Caller;
use crate::error::HospitalError;
use crate::identity::{KeyMode, PatientKeyChange};
use crate::setup::Hospital;

/// Who signs a statement in two steps.
pub(super) struct Hand {
    /// The patient's key.
    pub(super) current: PatientKeyChange,
    /// The delegation under which a delegate's device signs for the patient.
    pub(super) delegation: Option<Digest>,
}

impl Hospital {
    /// Signs a statement with seeds that are kept here: the patient's, and that of who acts for the
    /// patient under a delegation on the ledger.
    pub(super) async fn sign_here(
        &self,
        caller: &Caller,
        statement: &Statement,
        consent: &Value,
    ) -> Result<(SignedStatement, PatientKeyChange), HospitalError> {
        let (seed, current) = self.signing_seed(caller, &statement.patient).await?;
        if statement.delegation.is_none() {
            return Ok((sign_statement(&seed, statement, consent), current));
        }
        let own = self.own_patient(&caller.username).await?;
        let delegate = self.kept_seed(&own).await?.ok_or_else(|| {
            HospitalError::request(
                "business-rule",
                "the delegate's keys are on a device: it must sign, nobody here can",
                "send `prepare`, and then what the device signed: docs/reference/sharing.md",
            )
        })?;
        Ok((sign_statement(&delegate.0, statement, consent), current))
    }

    /// Whose device signs for a patient. Whoever's seed is kept here has no use for two steps.
    pub(super) async fn hand(&self, caller: &Caller, patient: &str) -> Result<Hand, HospitalError> {
        let none = || {
            HospitalError::request(
                "business-rule",
                "no device holds the keys of who signs: there is nobody to prepare it for",
                "enrol a device with salus patient enrol, or send it in one step",
            )
        };
        let keys = self.patient_keys(patient).await?;
        let current = keys.map(|keys| keys.current).ok_or_else(none)?;
        if current.mode == KeyMode::Device {
            // A guardian holds the child's seed; a proxy does not hold the patient's.
            return Ok(Hand {
                current,
                delegation: None,
            });
        }
        let delegation = self.acting_entry(caller, patient).await?.ok_or_else(none)?;
        let own = self.own_patient(&caller.username).await?;
        let keys = self.patient_keys(&own).await?;
        let on_device = keys.is_some_and(|keys| keys.current.mode == KeyMode::Device);
        if !on_device {
            return Err(none());
        }
        Ok(Hand {
            current,
            delegation: Some(delegation),
        })
    }

    /// Checks who signed a statement, and adds what the patient's seed derives where a delegate
    /// signed.
    pub(super) async fn carried(
        &self,
        statement: &Statement,
        consent: &Value,
        signed: &SignedStatement,
        current: &PatientKeyChange,
    ) -> Result<SignedStatement, HospitalError> {
        let Some(delegation) = &statement.delegation else {
            signer::proven(statement, signed, &current.consent_key)?;
            return Ok(signed.clone());
        };
        let key: PublicKey = self.delegate_key(delegation)?;
        signer::proven(statement, signed, &key)?;
        if signed.derived.is_some() || !signed.ledger.is_empty() {
            return Err(refused("a delegate signs the statement and nothing else"));
        }
        let seed = self.custodial_seed(&statement.patient, current).await?;
        let (derived, ledger) = ledger_part(&seed, statement, consent);
        Ok(SignedStatement {
            signature: signed.signature,
            derived,
            ledger,
        })
    }

    /// What the patient is called between this organisation and another. The patient asked for it
    /// by making a code.
    pub(super) async fn linking_pseudonym(
        &self,
        patient: &str,
        organisation: &str,
    ) -> Result<[u8; 32], HospitalError> {
        let missing = || HospitalError::Absent(format!("the key of Patient/{patient}"));
        let keys = self.patient_keys(patient).await?.ok_or_else(missing)?;
        if keys.current.mode == KeyMode::Device {
            return Err(HospitalError::request(
                "not-supported",
                "the patient's keys are on a device, which alone knows the pseudonym",
                "link from the device",
            ));
        }
        let seed = self.custodial_seed(patient, &keys.current).await?;
        Ok(seed.pseudonym(organisation))
    }
}
