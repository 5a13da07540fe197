//! What an erasure needs of the pacts: who holds something, and what a holder lets go.

use proof::Digest;
use serde::{Deserialize, Serialize};
use store::{Pact, PactKind};

use super::glass::OpenedPact;
use super::message;
use super::pact::{GivenPact, HeldPact, LinkPact, link_id};
use crate::error::HospitalError;
use crate::setup::Hospital;

/// A patient of yours was erased here. JSON, as in `message`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EraseTold {
    /// The erasure on the ledger.
    pub(crate) erasure: String,
    /// The patient, as the two of us say.
    pub(crate) pseudonyms: Vec<String>,
    /// Grants that you hold.
    pub(crate) grants: Vec<String>,
}

impl Hospital {
    /// Organisation and pseudonym of every link of a patient.
    pub(crate) async fn links_kept(
        &self,
        patient: &str,
    ) -> Result<Vec<(String, String)>, HospitalError> {
        let links = self.pacts_of::<LinkPact>(PactKind::Link, patient).await?;
        let pairs = links
            .into_iter()
            .map(|it| (it.organisation, it.value.pseudonym));
        Ok(pairs.collect())
    }

    /// Whether something that a patient gave or refused rests on a Consent record.
    pub(crate) async fn rests_on(
        &self,
        patient: &str,
        consent: &str,
    ) -> Result<bool, HospitalError> {
        let given = self.pacts_of::<GivenPact>(PactKind::Given, patient).await?;
        Ok(given.iter().any(|it| it.value.consent == consent))
    }

    /// Who else got a grant.
    pub(crate) fn recipients_of(&self, grant: &Pact) -> Result<Vec<String>, HospitalError> {
        let mut recipients = self.checked::<GivenPact>(grant.clone())?.value.recipients;
        // A consent to research may name this organisation itself.
        recipients.retain(|it| *it != self.0.organisation);
        Ok(recipients)
    }

    /// Tells a holder of an erasure.
    pub(crate) async fn tell_erased(
        &self,
        holder: &str,
        told: &EraseTold,
    ) -> Result<(), HospitalError> {
        self.call(holder, message::ERASE, told).await?;
        Ok(())
    }

    /// Lets go what is held of a custodian's patient: grants, openings, the link itself. The own
    /// record of the person, under the own id, is this organisation's and stays.
    pub(crate) async fn forget_held(
        &self,
        from: &str,
        told: &EraseTold,
    ) -> Result<(), HospitalError> {
        for grant in &told.grants {
            let grant = message::digest(grant)?;
            let held = self.0.store.pact(PactKind::Held, &grant.0).await?;
            if held.is_some_and(|it| it.organisation == from) {
                self.0.store.take_pact(PactKind::Held, &grant.0).await?;
            }
        }
        for pseudonym in &told.pseudonyms {
            let pseudonym = message::digest(pseudonym)?;
            self.forget_link(from, &pseudonym).await?;
        }
        Ok(())
    }

    async fn forget_link(&self, from: &str, pseudonym: &Digest) -> Result<(), HospitalError> {
        let Some(patient) = self.linked_patient(from, pseudonym).await? else {
            return Ok(());
        };
        for kind in [PactKind::Held, PactKind::Glass] {
            for pact in self.0.store.pacts_of(kind, &patient).await? {
                // What another organisation opened here is reviewed here: it stays.
                let theirs = serde_json::from_slice::<HeldPact>(&pact.value).is_ok()
                    || serde_json::from_slice::<OpenedPact>(&pact.value).is_ok();
                if pact.organisation == from && theirs {
                    self.0.store.take_pact(kind, &pact.id).await?;
                }
            }
        }
        // The link goes last: what is interrupted before is found by it again.
        let id = link_id(from, &pseudonym.0);
        self.0.store.take_pact(PactKind::Link, &id).await?;
        Ok(())
    }
}
