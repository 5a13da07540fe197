//! Withdrawing a grant: as easy as giving it, and in force at its block.

use consent::acts::Revoke;
use consent::statement::{Act, Statement};
use ledger::Kind;
use proof::{Canonical, Digest, SecretKey, Signature};
use serde_json::Value;
use store::PactKind;
use vault::Seed;

use super::give::consenting;
use super::message::{self, Withdrawn};
use super::pact::{GivenPact, Kept};
use super::signer::{self, SignedStatement, refused};
use crate::caller::Caller;
use crate::error::HospitalError;
use crate::identity::PatientKeyChange;
use crate::setup::Hospital;

/// A grant that was withdrawn.
#[derive(Debug, Clone)]
pub struct WithdrawnGrant {
    /// The grant on the ledger.
    pub grant: Digest,
    /// The index of the withdrawal in the history.
    pub entry: u64,
}

/// A withdrawal that is checked and signed, about to be done.
pub(super) struct Ending {
    consent: String,
    given: Vec<Kept<GivenPact>>,
    revokes: Vec<Revoke>,
}

impl Hospital {
    /// Withdraws every grant of a consent; answers once the ledger has it.
    ///
    /// This organisation signs if it keeps the patient's seed; a device signs what
    /// [`Hospital::prepare_withdrawal`] answers.
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
        let given = self.given(&patient, consent).await?;
        let mut statement = self.state_withdrawal(&patient, consent, &given)?;
        statement.delegation = self.acting_entry(caller, &patient).await?;
        let (signed, current) = self.sign_here(caller, &statement, &Value::Null).await?;
        let witness = self.witness(caller, &statement, &signed, &current)?;
        let ending = self.ending(&statement, given, &signed, &current).await?;
        self.withdraw(ending, witness).await
    }

    /// The grants and refusals of a consent.
    pub(super) async fn given(
        &self,
        patient: &str,
        consent: &str,
    ) -> Result<Vec<Kept<GivenPact>>, HospitalError> {
        let mut given = self.pacts_of::<GivenPact>(PactKind::Given, patient).await?;
        given.retain(|it| it.value.consent == consent);
        if given.is_empty() {
            // Somebody else's consent and none at all answer alike.
            return Err(HospitalError::Absent(format!("Consent/{consent}")));
        }
        Ok(given)
    }

    /// What a patient signs to withdraw this consent.
    pub(super) fn state_withdrawal(
        &self,
        patient: &str,
        consent: &str,
        given: &[Kept<GivenPact>],
    ) -> Result<Statement, HospitalError> {
        // A refusal is on no ledger.
        let grants = given.iter().filter(|it| !it.value.recipients.is_empty());
        let act = Act::Withdraw {
            consent: consent.to_owned(),
            grants: grants.map(grant_id).collect::<Result<_, _>>()?,
        };
        self.stated(patient, act)
    }

    /// Checks a signed withdrawal; nothing is changed yet.
    pub(super) async fn ending(
        &self,
        statement: &Statement,
        given: Vec<Kept<GivenPact>>,
        signed: &SignedStatement,
        current: &PatientKeyChange,
    ) -> Result<Ending, HospitalError> {
        let whole = self
            .carried(statement, &Value::Null, signed, current)
            .await?;
        let Act::Withdraw { consent, .. } = &statement.act else {
            return Err(refused("the statement withdraws nothing"));
        };
        let expected = self.state_withdrawal(&statement.patient, consent, &given)?;
        if expected.act != statement.act {
            return Err(refused("the grants of the consent are others by now"));
        }
        let state = self.0.chain.state();
        let authority = |grant: &Digest| state.grant(grant).map(|it| it.authority);
        let ahead = |grant: &Digest| {
            let kept = given.iter().find(|it| it.id == grant.0)?;
            let bytes = message::from_base64(kept.value.withdrawal.as_deref()?).ok()?;
            bytes.try_into().ok().map(Signature)
        };
        Ok(Ending {
            consent: consent.clone(),
            revokes: signer::withdrawn(statement, &whole, authority, ahead)?,
            given,
        })
    }

    /// Withdraws: each grant on the ledger, then the record and its witness.
    pub(super) async fn withdraw(
        &self,
        ending: Ending,
        witness: Value,
    ) -> Result<Vec<WithdrawnGrant>, HospitalError> {
        let mut withdrawn = Vec::with_capacity(ending.revokes.len());
        for body in &ending.revokes {
            // A node that died before it forgot the grant comes here again.
            let state = self.0.chain.state();
            if state.grant(&body.id).is_some_and(|it| it.revoked.is_some()) {
                continue;
            }
            let transaction = self
                .sign_and_submit(Kind::Revoke as u8, body.to_bytes(), |_| async { Ok(()) })
                .await?;
            let entry = self.enacted(&transaction).await?;
            withdrawn.push(WithdrawnGrant {
                grant: body.id,
                entry,
            });
        }
        // The ledger refuses the grants from here on; without a key nobody could use one anyway.
        for pact in &ending.given {
            self.take_pact::<GivenPact>(PactKind::Given, &pact.id)
                .await?;
        }
        self.store_witness(witness).await?;
        self.set_consent_status(&ending.consent, "inactive").await?;
        if let Some(pact) = ending.given.first() {
            self.note_consents(&pact.patient).await?;
        }
        for pact in &ending.given {
            self.tell_withdrawn(pact).await;
        }
        Ok(withdrawn)
    }

    /// Signs the end of every grant of a patient with a seed that is about to be destroyed here, so
    /// that the patient can still withdraw them.
    pub(crate) async fn sign_withdrawals_ahead(
        &self,
        patient: &str,
        seed: &Seed,
    ) -> Result<(), HospitalError> {
        let state = self.0.chain.state();
        for mut pact in self.pacts_of::<GivenPact>(PactKind::Given, patient).await? {
            let grant = grant_id(&pact)?;
            let key = SecretKey::from_seed(&seed.grant_authority(&grant.0));
            if state.grant(&grant).map(|it| it.authority) != Some(key.public()) {
                continue;
            }
            let end = Revoke::sign(&self.0.chain_id, grant, &key);
            pact.value.withdrawal = Some(message::to_base64(&end.signature.0));
            self.keep_pact(PactKind::Given, &pact).await?;
        }
        Ok(())
    }

    /// A courtesy: the recipients would be refused from the block on, told or not.
    async fn tell_withdrawn(&self, pact: &Kept<GivenPact>) {
        let Ok(grant) = grant_id(pact) else {
            return;
        };
        let told = Withdrawn {
            grant: grant.to_string(),
        };
        let others = pact.value.recipients.iter();
        for recipient in others.filter(|it| **it != self.0.organisation) {
            if let Err(error) = self.call(recipient, message::WITHDRAWN, &told).await {
                tracing::warn!(recipient, %error, "a recipient was not told of a withdrawal");
            }
        }
    }
}

fn grant_id(pact: &Kept<GivenPact>) -> Result<Digest, HospitalError> {
    let id = pact.id.as_slice().try_into();
    id.map(Digest)
        .map_err(|_| HospitalError::Internal("a grant has another id".into()))
}
