//! Preparing what a patient's device signs: exactly these bytes, for ten minutes, once.
//!
//! The statement is kept here until it is answered, so that what was prepared is what is done.

use consent::statement::{Act, Statement};
use proof::{Canonical, Digest};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::PactKind;

use super::give::consenting;
use super::message;
use super::pact::Kept;
use super::words;
use crate::caller::Caller;
use crate::error::HospitalError;
use crate::keyring::failed;
use crate::setup::Hospital;

/// How long a preparation can be answered.
const LIFE_US: i64 = 10 * 60 * 1_000_000;
/// Preparations of one patient that wait at most.
const WAITING_MAX: usize = 16;

/// What a device reads, checks and signs.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// Names the preparation in the second step.
    pub id: Digest,
    /// When it ends, microseconds since 1970.
    pub until_us: i64,
    /// The canonical bytes of the statement.
    pub statement: Vec<u8>,
    /// The same in plain words.
    pub words: Vec<String>,
    /// The Consent as it is signed, where one is given.
    pub consent: Option<Value>,
}

#[derive(Serialize, Deserialize)]
struct PreparedPact {
    /// Base64.
    statement: String,
}

impl Hospital {
    /// Prepares a consent that a patient's device is going to sign.
    pub async fn prepare_consent(
        &self,
        caller: &Caller,
        consent: Value,
    ) -> Result<Prepared, HospitalError> {
        let patient = consenting(caller)?;
        let hand = self.hand(caller, &patient).await?;
        let statement = self.state_consent(&patient, &consent, &hand).await?;
        self.prepared(statement, Some(consent)).await
    }

    /// Prepares the withdrawal of a consent that a patient's device is going to sign.
    pub async fn prepare_withdrawal(
        &self,
        caller: &Caller,
        consent: &str,
    ) -> Result<Prepared, HospitalError> {
        let patient = consenting(caller)?;
        let hand = self.hand(caller, &patient).await?;
        let given = self.given(&patient, consent).await?;
        let mut statement = self.state_withdrawal(&patient, consent, &given)?;
        statement.delegation = hand.delegation;
        self.prepared(statement, None).await
    }

    /// Prepares a code by which the patient links another organisation: the device gives the
    /// pseudonym for it.
    pub async fn prepare_code(
        &self,
        caller: &Caller,
        patient: &str,
        organisation: &str,
    ) -> Result<Prepared, HospitalError> {
        let own = consenting(caller)?;
        if own != patient {
            return Err(HospitalError::Absent(format!("Patient/{patient}")));
        }
        let hand = self.hand(caller, &own).await?;
        let is_member = organisation
            .parse()
            .is_ok_and(|id| self.0.chain.state().organisation(&id).is_some());
        if organisation == self.0.organisation || !is_member {
            return Err(HospitalError::request(
                "value",
                "the code of a patient with a device is for one other member of the ledger",
                "GET /ledger/organisations lists the members",
            ));
        }
        let act = Act::Link {
            organisation: organisation.to_owned(),
        };
        let mut statement = self.stated(&own, act)?;
        statement.delegation = hand.delegation;
        self.prepared(statement, None).await
    }

    /// A statement of this organisation about a patient, with an id and an end of its own.
    pub(super) fn stated(&self, patient: &str, act: Act) -> Result<Statement, HospitalError> {
        let until_us = self.now_us() + LIFE_US;
        Ok(Statement {
            id: Digest(vault::random().map_err(failed)?),
            chain: self.0.chain_id,
            home: self.0.organisation.clone(),
            patient: patient.to_owned(),
            until_ms: u64::try_from(until_us / 1_000).unwrap_or_default(),
            delegation: None,
            act,
        })
    }

    pub(super) async fn prepared(
        &self,
        statement: Statement,
        consent: Option<Value>,
    ) -> Result<Prepared, HospitalError> {
        let consent = consent.map(|consent| match &statement.act {
            Act::Consent(of) => consent::statement::as_signed(&consent, &of.consent),
            _ => consent,
        });
        let bytes = statement.to_bytes();
        let until_us = i64::try_from(statement.until_ms).unwrap_or(0) * 1_000;
        self.0
            .store
            .forget_pacts(PactKind::Prepared, self.now_us())
            .await?;
        let waiting = self
            .pacts_of::<PreparedPact>(PactKind::Prepared, &statement.patient)
            .await?;
        if waiting.len() >= WAITING_MAX {
            return Err(HospitalError::Busy(format!(
                "{WAITING_MAX} preparations wait for the patient's device: they end by themselves"
            )));
        }
        let pact = Kept {
            id: statement.id.0.to_vec(),
            organisation: String::new(),
            patient: statement.patient.clone(),
            until_us,
            value: PreparedPact {
                statement: message::to_base64(&bytes),
            },
        };
        self.keep_pact(PactKind::Prepared, &pact).await?;
        Ok(Prepared {
            id: statement.id,
            until_us,
            words: words::plain(&statement, consent.as_ref()),
            statement: bytes,
            consent,
        })
    }

    /// What was prepared for a patient under this id. It stays, until it is taken.
    pub(super) async fn preparation(
        &self,
        patient: &str,
        id: &Digest,
    ) -> Result<Statement, HospitalError> {
        let found = self
            .pact::<PreparedPact>(PactKind::Prepared, &id.0)
            .await?
            // Another patient's and none at all answer alike.
            .filter(|it| it.patient == patient);
        let bytes = message::from_base64(&found.ok_or_else(ended)?.value.statement)?;
        Statement::from_bytes(&bytes)
            .map_err(|_| HospitalError::Internal("a kept statement cannot be read".into()))
    }

    /// Takes a preparation: of two who answer the same one, one gets it.
    pub(super) async fn take_preparation(&self, id: &Digest) -> Result<(), HospitalError> {
        let taken = self
            .take_pact::<PreparedPact>(PactKind::Prepared, &id.0)
            .await?;
        taken.map(|_| ()).ok_or_else(ended)
    }
}

fn ended() -> HospitalError {
    HospitalError::request(
        "conflict",
        "nothing of this id is prepared: it has ended, or was answered before",
        "prepare it again: a preparation is good once, for ten minutes",
    )
}
