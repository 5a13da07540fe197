//! What an erasure does here. Each step can be done again: a node that was killed between two of
//! them finishes at its next start.

use std::time::Duration;

use consent::acts::EraseAttest;
use ledger::Kind;
use proof::{Canonical, Digest};
use store::{Erasure, Setting};

use super::plan::{Plan, count_mark, count_name};
use crate::error::HospitalError;
use crate::keyring::patient_vault;
use crate::setup::Hospital;

/// How often a reader may be in the way of emptying the write-ahead log, and how long each time.
const FOLDS_MAX: usize = 500;
const FOLD_PAUSE: Duration = Duration::from_millis(20);

impl Hospital {
    /// Finishes what the ledger accepted before the node stopped; called before anybody is
    /// answered. What the ledger does not have yet waits for [`Hospital::pursue_erasures`].
    pub async fn finish_erasures(&self) -> Result<(), HospitalError> {
        let _one = self.0.erasing.one.lock().await;
        for (id, plan) in self.plans().await? {
            self.0.keyring.leave(&plan.patient);
            if self.0.chain.state().erasure(&id).is_some() {
                self.destroy(&id, &plan).await?;
            }
        }
        Ok(())
    }

    /// Destroys what is here of a patient whose erasure the ledger accepted.
    pub(super) async fn destroy(&self, id: &Digest, plan: &Plan) -> Result<(), HospitalError> {
        self.0.keyring.leave(&plan.patient);
        if self.0.store.erasure(id.0).await?.is_none() {
            self.tell_others(plan).await?;
            self.end_delegations_of_erased(&plan.patient).await?;
            let erased = self.0.store.erase(self.erasure_of(id, plan).await?).await?;
            tracing::info!(
                erasure = %id,
                versions = erased.versions,
                shared = erased.shared,
                "a patient was erased"
            );
        }
        let (keyring, patient) = (self.0.keyring.clone(), plan.patient.clone());
        self.0.cpu.run(move || keyring.erase(&patient)).await??;
        self.note_consents(&plan.patient).await?;
        self.count_erased(id).await?;
        self.fold().await?;
        self.drop_plan(id).await?;
        // The plan's row was sealed: that a reader keeps it a while in the log does no harm.
        self.0.store.fold().await?;
        Ok(())
    }

    /// What the patient signs in as.
    async fn users_of(&self, patient: &str) -> Result<Vec<String>, HospitalError> {
        let users = self.0.store.users().await?.into_iter();
        let own = users.filter(|user| user.patient.as_deref() == Some(patient));
        Ok(own.map(|user| user.username).collect())
    }

    /// Nobody acts for others any more who is not here: each end is a row and a Provenance in the
    /// record of whom it concerns.
    async fn end_delegations_of_erased(&self, patient: &str) -> Result<(), HospitalError> {
        for username in self.users_of(patient).await? {
            self.end_delegations_to(&username).await?;
        }
        Ok(())
    }

    async fn erasure_of(&self, id: &Digest, plan: &Plan) -> Result<Erasure, HospitalError> {
        let own = self.users_of(&plan.patient).await?;
        // Tickets are JSON: a name stands in them as a JSON string.
        let names = own.into_iter().chain([plan.patient.clone()]);
        let in_tickets = names
            .filter_map(|name| serde_json::to_vec(&name).ok())
            .collect();
        Ok(Erasure {
            id: id.0,
            patient: plan.patient.clone(),
            vault: patient_vault(&plan.patient),
            sealed: plan.seal(self.0.keyring.root(), id)?,
            in_tickets,
        })
    }

    /// Marks how many leaves it took: more than these may not be missing later.
    async fn count_erased(&self, id: &Digest) -> Result<(), HospitalError> {
        let kept = self.0.store.erasure(id.0).await?;
        let leaves = kept.map_or(0, |kept| kept.leaves);
        let setting = Setting {
            name: count_name(id),
            value: leaves.to_be_bytes().to_vec(),
            integrity: count_mark(self.0.keyring.root(), id, leaves).to_vec(),
        };
        Ok(self.0.store.put_setting(setting).await?)
    }

    /// Empties the write-ahead log, which holds what the database no longer does.
    pub(super) async fn fold(&self) -> Result<(), HospitalError> {
        for _ in 0..FOLDS_MAX {
            if self.0.store.fold().await? {
                return Ok(());
            }
            tokio::time::sleep(FOLD_PAUSE).await;
        }
        Err(HospitalError::Busy(
            "readers keep the write-ahead log of the database".into(),
        ))
    }

    /// Attests on the ledger that nothing of an erasure is here; once.
    pub(super) async fn attest(&self, id: &Digest) -> Result<(), HospitalError> {
        let missing = || HospitalError::Internal("this organisation has no name".into());
        let own = self.0.id.as_ref().ok_or_else(missing)?;
        let _attesting = self.0.erasing.attesting.lock().await;
        if self.0.chain.state().attested(id, own).is_some() {
            return Ok(());
        }
        let body = EraseAttest { id: *id }.to_bytes();
        let transaction = self
            .sign_and_submit(Kind::EraseAttest as u8, body, |_| async { Ok(()) })
            .await?;
        self.enacted(&transaction).await?;
        Ok(())
    }
}
