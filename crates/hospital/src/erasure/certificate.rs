//! Where an erasure stands, and its certificate: both follow from the ledger.

use chain::Outcome;
use consent::acts::certificate::{self, Certificate};
use consent::acts::{Erase, EraseAttest};
use ledger::{Kind, OrgId};
use proof::transaction::Entry;
use proof::{Canonical, Digest};

use super::plan::{Plan, key};
use crate::caller::{Caller, Role};
use crate::error::HospitalError;
use crate::receipt::ReceiptState;
use crate::setup::Hospital;

/// Who asks about an erasure.
#[derive(Debug, Clone)]
pub enum ErasureReader {
    /// A signed-in caller.
    Caller(Box<Caller>),
    /// Whoever has the key that the patient got: the patient's own sign-in is gone.
    Key(String),
}

/// Where an erasure stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErasureStatus {
    /// Its id on the ledger.
    pub id: Digest,
    /// The block that accepted it; none: the ledger has not yet.
    pub height: Option<u64>,
    /// Whether everything here is gone.
    pub done_here: bool,
    /// Every holder, with the block of its attestation.
    pub holders: Vec<(String, Option<u64>)>,
}

impl ErasureStatus {
    /// Whether every holder has attested.
    pub fn complete(&self) -> bool {
        self.height.is_some() && self.holders.iter().all(|(_, height)| height.is_some())
    }
}

impl Hospital {
    /// Where an erasure stands.
    pub async fn erasure_status(
        &self,
        reader: &ErasureReader,
        id: &Digest,
    ) -> Result<ErasureStatus, HospitalError> {
        let plan = self.readable(reader, id).await?;
        let state = self.0.chain.state();
        let height_of = |holder: &String| {
            let name: Option<OrgId> = holder.parse().ok();
            name.and_then(|name| state.attested(id, &name))
        };
        let holders = plan.holders.iter();
        Ok(ErasureStatus {
            id: *id,
            height: state.erasure(id).map(|it| it.height),
            done_here: self.0.store.erasure(id.0).await?.is_some(),
            holders: holders.map(|it| (it.clone(), height_of(it))).collect(),
        })
    }

    /// The certificate of an erasure, once every holder has attested.
    pub async fn erasure_certificate(
        &self,
        reader: &ErasureReader,
        id: &Digest,
    ) -> Result<ReceiptState, HospitalError> {
        let plan = self.readable(reader, id).await?;
        let status = self.erasure_status(reader, id).await?;
        let retry_ms = self.0.chain.state().parameters().batch_interval_ms;
        let pending = ReceiptState::Pending { retry_ms };
        let (Some(height), true) = (status.height, status.complete()) else {
            return Ok(pending);
        };
        let own = self.0.organisation.clone();
        let mut wanted = vec![(height, own, Kind::Erase as u8)];
        for (holder, height) in status.holders {
            wanted.push((height.unwrap_or_default(), holder, Kind::EraseAttest as u8));
        }
        let mut receipts = Vec::with_capacity(wanted.len());
        for (height, sender, kind) in wanted {
            let Some(index) = self.entry_at(height, &sender, kind, id).await else {
                return Ok(pending);
            };
            match self.transaction_receipt(index).await? {
                ReceiptState::Ready(text) => receipts.push(text),
                waits @ ReceiptState::Pending { .. } => return Ok(waits),
            }
        }
        Ok(ReceiptState::Ready(certificate::build(&Certificate {
            subject_key: key(&plan.subject_key)?,
            patient: plan.patient,
            holders_key: key(&plan.holders_key)?,
            holders: plan.holders,
            receipts,
        })))
    }

    /// The place in the history of a transaction about an erasure; `None`: not cosigned yet.
    async fn entry_at(&self, height: u64, sender: &str, kind: u8, id: &Digest) -> Option<u64> {
        let block = self.0.chain.block(height).await?;
        for transaction in block.transactions {
            let Outcome::Accepted(index) = transaction.outcome else {
                continue;
            };
            let anchor = self.0.chain.proof(index).await?;
            let entry = Entry::from_bytes(&anchor.entry).ok()?;
            let found = &entry.transaction;
            if entry.organisation == sender
                && found.header.kind == kind
                && is_about(kind, &found.body, id)
            {
                return Some(index);
            }
        }
        None
    }

    /// The plan, for those who may know of it; absent for everybody else.
    async fn readable(&self, reader: &ErasureReader, id: &Digest) -> Result<Plan, HospitalError> {
        let absent = || HospitalError::Absent(format!("erasure {id}"));
        let plan = self.erasure_plan(id).await?.ok_or_else(absent)?;
        let may = match reader {
            ErasureReader::Key(given) => {
                let given: Option<Digest> = given.parse().ok();
                let wanted = key(&plan.subject_key)?;
                given.is_some_and(|given| vault::keys::same(&given.0, &wanted.0))
            }
            ErasureReader::Caller(caller) => match caller.role {
                Role::Admin | Role::Auditor => caller.sight.reach.is_none(),
                Role::Patient => caller.compartment() == Some(plan.patient.as_str()),
                _ => false,
            },
        };
        may.then_some(plan).ok_or_else(absent)
    }
}

fn is_about(kind: u8, body: &[u8], id: &Digest) -> bool {
    if kind == Kind::Erase as u8 {
        Erase::from_bytes(body).is_ok_and(|body| body.id == *id)
    } else {
        EraseAttest::from_bytes(body).is_ok_and(|body| body.id == *id)
    }
}
