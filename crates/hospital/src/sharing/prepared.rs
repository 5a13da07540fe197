//! The second step: what a device signed is checked against what was prepared, and done.
//!
//! Everything is checked before the preparation is taken; what is refused changes nothing.

use consent::statement::{Act, Statement, body_digest};
use proof::Digest;
use serde_json::Value;

use super::give::{Filed, consenting};
use super::keys::Hand;
use super::link::Code;
use super::signer::{self, SignedStatement, refused};
use super::withdraw::WithdrawnGrant;
use crate::caller::Caller;
use crate::error::HospitalError;
use crate::setup::Hospital;

impl Hospital {
    /// Files a consent that was prepared and signed by the patient's device.
    pub async fn file_prepared(
        &self,
        caller: &Caller,
        preparation: &Digest,
        consent: Value,
        signed: &SignedStatement,
    ) -> Result<Filed, HospitalError> {
        let patient = consenting(caller)?;
        let hand = self.hand(caller, &patient).await?;
        let statement = self.preparation(&patient, preparation).await?;
        for_hand(&statement, &hand)?;
        let Act::Consent(of) = &statement.act else {
            return Err(refused("another act was prepared than to give a consent"));
        };
        if body_digest(&consent, &of.consent) != Some(of.body) {
            return Err(refused("the Consent is not the one that was prepared"));
        }
        let witness = self.witness(caller, &statement, signed, &hand.current)?;
        let giving = self.giving(statement, consent, signed, &hand.current);
        let giving = giving.await?;
        self.take_preparation(preparation).await?;
        self.give(giving, witness).await
    }

    /// Withdraws a consent by what the patient's device signed.
    pub async fn withdraw_prepared(
        &self,
        caller: &Caller,
        preparation: &Digest,
        consent: &str,
        signed: &SignedStatement,
    ) -> Result<Vec<WithdrawnGrant>, HospitalError> {
        let patient = consenting(caller)?;
        let hand = self.hand(caller, &patient).await?;
        let statement = self.preparation(&patient, preparation).await?;
        for_hand(&statement, &hand)?;
        match &statement.act {
            Act::Withdraw { consent: of, .. } if of == consent => {}
            _ => return Err(refused("another act was prepared than this withdrawal")),
        }
        let given = self.given(&patient, consent).await?;
        let witness = self.witness(caller, &statement, signed, &hand.current)?;
        let ending = self.ending(&statement, given, signed, &hand.current);
        let ending = ending.await?;
        self.take_preparation(preparation).await?;
        self.withdraw(ending, witness).await
    }

    /// Makes the code that was prepared, for the pseudonym that the patient's device gives.
    pub async fn code_prepared(
        &self,
        caller: &Caller,
        preparation: &Digest,
        signed: &SignedStatement,
    ) -> Result<Code, HospitalError> {
        let patient = consenting(caller)?;
        let hand = self.hand(caller, &patient).await?;
        let statement = self.preparation(&patient, preparation).await?;
        for_hand(&statement, &hand)?;
        let Act::Link { organisation } = &statement.act else {
            return Err(refused("another act was prepared than to make a code"));
        };
        let whole = self
            .carried(&statement, &Value::Null, signed, &hand.current)
            .await?;
        let pseudonym = signer::linked(&whole)?;
        self.take_preparation(preparation).await?;
        let record = self.witness(caller, &statement, signed, &hand.current)?;
        self.store_witness(record).await?;
        self.log_own(caller, &patient, "link-code", None).await?;
        self.make_code(&patient, organisation, Some(&pseudonym))
            .await
    }
}

/// A statement that was prepared for the patient's device is not for a delegate's, nor the reverse.
fn for_hand(statement: &Statement, hand: &Hand) -> Result<(), HospitalError> {
    if statement.delegation == hand.delegation {
        return Ok(());
    }
    Err(refused("it was prepared for somebody else to sign"))
}
