//! Delegations on the ledger, so that others can judge what a guardian or a proxy signed.
//!
//! The ledger has a random id, two one-time keys and an hour: nobody learns who acts for whom. The
//! patient's seed is kept here, or there is no delegation on the ledger; the delegate's may be here
//! or on a device, which then accepts in two steps.

use consent::acts::{Delegate, Revoke};
use consent::statement::{Act, Statement};
use ledger::Kind;
use proof::{Canonical, Digest, PublicKey, SecretKey, Signature};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::PactKind;
use vault::Seed;

use super::message;
use super::pact::Kept;
use super::prepare::Prepared;
use super::signer::{self, SignedStatement, refused, sign_statement};
use super::terms::hour_of;
use crate::caller::{Caller, Role};
use crate::error::HospitalError;
use crate::identity::{Delegation, KeyMode, PatientKeyChange};
use crate::setup::Hospital;

/// A delegation of this organisation on the ledger. The row's id is the ledger's.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct DelegationPact {
    /// The id here.
    delegation: String,
    /// Its end, signed ahead by the delegator's key, base64.
    end: String,
}

impl Hospital {
    /// The id on the ledger of a delegation, if it stands there and is not revoked.
    pub async fn delegation_entry(
        &self,
        delegation: &Delegation,
    ) -> Result<Option<Digest>, HospitalError> {
        let id = self.entry_of(&delegation.patient, &delegation.id).await?;
        let state = self.0.chain.state();
        let open = |id: &Digest| state.delegation(id).is_some_and(|it| it.revoked.is_none());
        Ok(id.filter(open))
    }

    /// Puts a fresh delegation on the ledger, if both seeds are kept here. A device accepts first
    /// ([`Hospital::prepare_acceptance`]); a patient with a device lets nobody sign.
    pub(crate) async fn enter_delegation(&self, made: &Delegation) -> Result<(), HospitalError> {
        let Some((patient_seed, _)) = self.kept_seed(&made.patient).await? else {
            return Ok(());
        };
        let own = self.own_patient(&made.delegate).await?;
        let Some((delegate_seed, current)) = self.kept_seed(&own).await? else {
            return Ok(());
        };
        let statement = self.state_acceptance(made, &patient_seed)?;
        let signed = sign_statement(&delegate_seed, &statement, &Value::Null);
        let caller = Caller::new(made.delegate.clone(), Role::Patient, Some(own));
        self.accept(
            &caller,
            made,
            &statement,
            &signed,
            (&patient_seed, &current),
        )
        .await
    }

    /// Prepares what the delegate's device signs to act for the patient of a delegation.
    pub async fn prepare_acceptance(
        &self,
        caller: &Caller,
        delegation: &str,
    ) -> Result<Prepared, HospitalError> {
        let (made, seed, _) = self.acceptable(caller, delegation).await?;
        let statement = self.state_acceptance(&made, &seed)?;
        self.prepared(statement, None).await
    }

    /// Puts a delegation on the ledger that the delegate's device accepted.
    pub async fn accept_prepared(
        &self,
        caller: &Caller,
        delegation: &str,
        preparation: &Digest,
        signed: &SignedStatement,
    ) -> Result<Delegation, HospitalError> {
        let (made, seed, current) = self.acceptable(caller, delegation).await?;
        let statement = self.preparation(&made.patient, preparation).await?;
        let delegator = SecretKey::from_seed(&seed.delegator(&statement.id.0));
        match statement.act {
            Act::Accept { delegator: key, .. } if key == delegator.public() => {}
            _ => return Err(refused("another act was prepared than this acceptance")),
        }
        signer::proven(&statement, signed, &current.consent_key)?;
        accepted(&statement, signed)?;
        self.take_preparation(preparation).await?;
        self.accept(caller, &made, &statement, signed, (&seed, &current))
            .await?;
        Ok(made)
    }

    /// Ends a delegation on the ledger, if it stands there.
    pub(crate) async fn end_entry(&self, ended: &Delegation) -> Result<(), HospitalError> {
        for (id, pact) in self.entries(&ended.patient, &ended.id).await? {
            let state = self.0.chain.state();
            if state.delegation(&id).is_some_and(|it| it.revoked.is_none()) {
                let end = message::from_base64(&pact.end)?;
                let end = end.try_into().map(Signature);
                let signature =
                    end.map_err(|_| HospitalError::Internal("no end is kept".into()))?;
                let body = Revoke { id, signature }.to_bytes();
                let transaction = self
                    .sign_and_submit(Kind::Revoke as u8, body, |_| async { Ok(()) })
                    .await?;
                self.enacted(&transaction).await?;
            }
            self.take_pact::<DelegationPact>(PactKind::Delegation, &id.0)
                .await?;
        }
        Ok(())
    }

    /// The delegation on the ledger under which a caller signs; none for the patient, and for a
    /// delegation that is not on the ledger.
    pub(super) async fn acting_entry(
        &self,
        caller: &Caller,
        patient: &str,
    ) -> Result<Option<Digest>, HospitalError> {
        let Some(acting) = &caller.acting else {
            return Ok(None);
        };
        let Some(id) = self.entry_of(patient, &acting.delegation).await? else {
            return Ok(None);
        };
        self.delegate_key(&id)?;
        Ok(Some(id))
    }

    /// The key of the delegate, while the delegation is in force on the ledger.
    pub(super) fn delegate_key(&self, id: &Digest) -> Result<PublicKey, HospitalError> {
        let now_ms = u64::try_from(self.now_us() / 1_000).unwrap_or(0);
        let known = self.0.chain.state().delegation(id);
        let known = known.filter(|it| it.home == self.0.organisation && it.is_valid_at(now_ms));
        known
            .map(|it| it.delegate)
            .ok_or_else(|| refused("the delegation has ended on the ledger"))
    }

    /// The patient record of a user who acts for others.
    pub(super) async fn own_patient(&self, username: &str) -> Result<String, HospitalError> {
        let user = self.0.store.user(username).await?;
        let patient = user.and_then(|user| user.patient);
        patient.ok_or_else(|| refused("the delegate has no patient record, so no keys"))
    }

    /// The seed that is kept here for a patient, made now if there is none; none on a device.
    pub(super) async fn kept_seed(
        &self,
        patient: &str,
    ) -> Result<Option<(Seed, PatientKeyChange)>, HospitalError> {
        let current = if let Some(keys) = self.patient_keys(patient).await? {
            keys.current
        } else {
            let by = self.0.organisation.clone();
            let own = Caller::new(by, Role::Patient, Some(patient.to_owned()));
            self.enrol_custodial_key(&own, patient).await?.current
        };
        if current.mode == KeyMode::Device {
            return Ok(None);
        }
        let seed = self.custodial_seed(patient, &current).await?;
        Ok(Some((seed, current)))
    }

    /// A delegation that this caller's device may accept, the patient's seed, the caller's key.
    async fn acceptable(
        &self,
        caller: &Caller,
        id: &str,
    ) -> Result<(Delegation, Seed, PatientKeyChange), HospitalError> {
        let all = self.delegations(caller).await?;
        let now_us = self.now_us();
        let mut mine = all
            .into_iter()
            .filter(|one| one.id == id && one.delegate == caller.username && one.in_force(now_us));
        let made = mine.next();
        let made = made.ok_or_else(|| HospitalError::Absent(format!("delegation {id}")))?;
        if self.entry_of(&made.patient, id).await?.is_some() {
            return Err(refused("the delegation was accepted before"));
        }
        let own = self.own_patient(&caller.username).await?;
        let keys = self.patient_keys(&own).await?.map(|keys| keys.current);
        let current = keys.filter(|it| it.mode == KeyMode::Device);
        let current = current.ok_or_else(|| {
            refused("no device holds the delegate's keys: there is nothing to accept with")
        })?;
        let (seed, _) = self.kept_seed(&made.patient).await?.ok_or_else(|| {
            refused("the patient's keys are on a device: nobody else signs for the patient")
        })?;
        Ok((made, seed, current))
    }

    fn state_acceptance(
        &self,
        made: &Delegation,
        patient_seed: &Seed,
    ) -> Result<Statement, HospitalError> {
        let blank = Act::Accept {
            delegator: PublicKey([0; 32]),
            until: hour_of(made.until_us).saturating_add(1),
        };
        let mut statement = self.stated(&made.patient, blank)?;
        let key = SecretKey::from_seed(&patient_seed.delegator(&statement.id.0));
        if let Act::Accept { delegator, .. } = &mut statement.act {
            *delegator = key.public();
        }
        Ok(statement)
    }

    async fn accept(
        &self,
        caller: &Caller,
        made: &Delegation,
        statement: &Statement,
        signed: &SignedStatement,
        (patient_seed, current): (&Seed, &PatientKeyChange),
    ) -> Result<(), HospitalError> {
        let unsigned = accepted(statement, signed)?;
        let key = SecretKey::from_seed(&patient_seed.delegator(&statement.id.0));
        let message = unsigned.message(&statement.chain, &statement.home);
        let body = Delegate {
            signature: key.sign(&message.0),
            ..unsigned
        };
        let end = Revoke::sign(&statement.chain, statement.id, &key);
        let pact = Kept {
            id: statement.id.0.to_vec(),
            organisation: String::new(),
            patient: made.patient.clone(),
            until_us: made.until_us,
            value: DelegationPact {
                delegation: made.id.clone(),
                end: message::to_base64(&end.signature.0),
            },
        };
        // Kept before it is handed over: what stands on the ledger can always be ended from here.
        let keep = |_| async { self.keep_pact(PactKind::Delegation, &pact).await };
        let transaction = self
            .sign_and_submit(Kind::Delegate as u8, body.to_bytes(), keep)
            .await?;
        self.enacted(&transaction).await?;
        let witness = self.witness(caller, statement, signed, current)?;
        self.store_witness(witness).await
    }

    /// The id under which a delegation stands on the ledger, revoked or not.
    async fn entry_of(
        &self,
        patient: &str,
        delegation: &str,
    ) -> Result<Option<Digest>, HospitalError> {
        let state = self.0.chain.state();
        let all = self.entries(patient, delegation).await?;
        let mut there = all.into_iter().map(|(id, _)| id);
        Ok(there.find(|id| state.delegation(id).is_some()))
    }

    /// What was handed to the ledger for a delegation: one, unless a first try was refused.
    async fn entries(
        &self,
        patient: &str,
        delegation: &str,
    ) -> Result<Vec<(Digest, DelegationPact)>, HospitalError> {
        let all = self
            .pacts_of::<DelegationPact>(PactKind::Delegation, patient)
            .await?;
        let of = all
            .into_iter()
            .filter(|it| it.value.delegation == delegation);
        Ok(of
            .filter_map(|it| Some((Digest(it.id.try_into().ok()?), it.value)))
            .collect())
    }
}

/// The delegation of a statement with the delegate's acceptance.
fn accepted(statement: &Statement, signed: &SignedStatement) -> Result<Delegate, HospitalError> {
    let key = PublicKey(signed.derived.unwrap_or_default());
    let body = statement.delegation(key);
    let body = body.ok_or_else(|| refused("the statement accepts nothing"))?;
    let [acceptance] = signed.ledger.as_slice() else {
        return Err(refused(
            "an acceptance takes one signature of the delegate's key",
        ));
    };
    let message = body.message(&statement.chain, &statement.home);
    if !key.is_sound() || !key.verify(&message.0, acceptance) {
        return Err(refused("the delegate's key did not sign the delegation"));
    }
    Ok(Delegate {
        acceptance: *acceptance,
        ..body
    })
}
