//! Withdrawing a grant: as easy as giving it, and in force at its block.

use consent::acts::Revoke;
use ledger::Kind;
use proof::{Canonical, Digest};
use store::PactKind;

use super::give::consenting;
use super::message::{self, Withdrawn};
use super::pact::{GivenPact, Kept};
use crate::caller::Caller;
use crate::error::HospitalError;
use crate::setup::Hospital;

/// A grant that was withdrawn.
#[derive(Debug, Clone)]
pub struct WithdrawnGrant {
    /// The grant on the ledger.
    pub grant: Digest,
    /// The index of the withdrawal in the history.
    pub entry: u64,
}

impl Hospital {
    /// Withdraws every grant of a consent; answers once the ledger has it.
    pub async fn withdraw_consent(
        &self,
        caller: &Caller,
        consent: &str,
    ) -> Result<Vec<WithdrawnGrant>, HospitalError> {
        let patient = consenting(caller)?;
        if self.forget_locatable(&patient, consent).await? {
            self.set_consent_status(consent, "inactive").await?;
            return Ok(Vec::new());
        }
        let given = self
            .pacts_of::<GivenPact>(PactKind::Given, &patient)
            .await?;
        let given: Vec<_> = given
            .into_iter()
            .filter(|it| it.value.consent == consent)
            .collect();
        if given.is_empty() {
            // Somebody else's consent and none at all answer alike.
            return Err(HospitalError::Absent(format!("Consent/{consent}")));
        }
        let mut withdrawn = Vec::with_capacity(given.len());
        for pact in &given {
            if pact.value.recipients.is_empty() {
                // A refusal is on no ledger.
                self.take_pact::<GivenPact>(PactKind::Given, &pact.id)
                    .await?;
            } else {
                withdrawn.push(self.withdraw_grant(caller, &patient, pact).await?);
            }
        }
        self.set_consent_status(consent, "inactive").await?;
        self.note_consents(&patient).await?;
        for pact in &given {
            self.tell_withdrawn(pact).await;
        }
        Ok(withdrawn)
    }

    async fn withdraw_grant(
        &self,
        caller: &Caller,
        patient: &str,
        pact: &Kept<GivenPact>,
    ) -> Result<WithdrawnGrant, HospitalError> {
        let id: [u8; 32] = pact
            .id
            .as_slice()
            .try_into()
            .map_err(|_| HospitalError::Internal("a grant has another id".into()))?;
        let grant = Digest(id);
        let (authority, _) = self.grant_authority(caller, patient, &grant.0).await?;
        let body = Revoke::sign(&self.0.chain_id, grant, &authority);
        let transaction = self
            .sign_and_submit(Kind::Revoke as u8, body.to_bytes(), |_| async { Ok(()) })
            .await?;
        let entry = self.enacted(&transaction).await?;
        // The ledger refuses the grant from here on; without its key nobody could use it anyway.
        self.take_pact::<GivenPact>(PactKind::Given, &grant.0)
            .await?;
        Ok(WithdrawnGrant { grant, entry })
    }

    /// A courtesy: the recipients would be refused from the block on, told or not.
    async fn tell_withdrawn(&self, pact: &Kept<GivenPact>) {
        let Ok(id) = <[u8; 32]>::try_from(pact.id.as_slice()) else {
            return;
        };
        let told = Withdrawn {
            grant: Digest(id).to_string(),
        };
        for recipient in &pact.value.recipients {
            if let Err(error) = self.call(recipient, message::WITHDRAWN, &told).await {
                tracing::warn!(recipient, %error, "a recipient was not told of a withdrawal");
            }
        }
    }
}
