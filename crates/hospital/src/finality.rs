//! Waiting until the ledger vouches for something: a transaction, a version of a record.

use std::time::Duration;

use chain::Outcome;
use proof::Digest;
use store::LeafPlace;
use tokio::time::{Instant, timeout_at};

use crate::error::HospitalError;
use crate::pen::{SEQUENCE, out_of_order};
use crate::setup::Hospital;

/// How long an act waits for the ledger. A block takes a fraction of a second.
const FINAL_WAIT: Duration = Duration::from_secs(20);
/// How often the place of a leaf is looked up beside every new block.
const LOOK: Duration = Duration::from_millis(20);

/// How long a block that is final is waited for.
const APPLIED_WAIT: Duration = Duration::from_secs(1);

/// A state older than this decides nothing for other organisations (the house rule on freshness).
const STATE_AGE_MS_MAX: u64 = 10_000;

/// What came of a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Came {
    /// It has this index in the history.
    Accepted(u64),
    /// It was refused with this code.
    Refused(u16),
    /// One of this organisation's before it was refused, so its number does not come: it says
    /// nothing about the act, which is signed anew.
    Overtaken,
}

impl Hospital {
    /// Waits until it is known what came of a transaction that was submitted here.
    pub(crate) async fn came_of(&self, id: &Digest) -> Result<Came, HospitalError> {
        let until = Instant::now() + FINAL_WAIT;
        let mut blocks = self.0.chain.watch();
        loop {
            blocks.mark_unchanged();
            // In this order: what is in a block is known before it stops waiting.
            let waits = self.0.chain.awaits(id);
            match self.0.chain.locate(id).await.map(|it| it.outcome) {
                Some(Outcome::Accepted(index)) => return Ok(Came::Accepted(index)),
                Some(Outcome::Refused(code)) if code == SEQUENCE.code() => {
                    return Ok(Came::Overtaken);
                }
                Some(Outcome::Refused(code)) => return Ok(Came::Refused(code)),
                None if !waits => return Ok(Came::Overtaken),
                None => {}
            }
            match timeout_at(until, blocks.changed()).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) | Err(_) => return Err(not_final()),
            }
        }
    }

    /// Waits until a transaction is final; answers the index of its entry in the history.
    pub(crate) async fn enacted(&self, id: &Digest) -> Result<u64, HospitalError> {
        let until = Instant::now() + FINAL_WAIT;
        let mut blocks = self.0.chain.watch();
        loop {
            blocks.mark_unchanged();
            match self.0.chain.locate(id).await.map(|it| it.outcome) {
                Some(Outcome::Accepted(index)) => return Ok(index),
                Some(Outcome::Refused(code)) => return Err(refused(code)),
                None => {}
            }
            match timeout_at(until, blocks.changed()).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) | Err(_) => return Err(not_final()),
            }
        }
    }

    /// Waits until a version of a record is under a checkpoint of the ledger, and asks for the
    /// batch before its time where the consortium allows it.
    pub(crate) async fn anchored(
        &self,
        type_: &str,
        id: &str,
        version: u64,
    ) -> Result<(), HospitalError> {
        let until = Instant::now() + FINAL_WAIT;
        self.0.early.notify_one();
        loop {
            let place = self.0.store.batch_of(type_, id, version).await?;
            match place {
                Some(LeafPlace::Sealed { batch, .. }) if batch.anchor.is_some() => return Ok(()),
                Some(_) => {}
                None => return Err(HospitalError::Absent(format!("{type_}/{id}"))),
            }
            if Instant::now() >= until {
                return Err(not_final());
            }
            // The batcher says when it anchored one; the look bounds a signal that was missed.
            let _ = tokio::time::timeout(LOOK, self.0.anchored.notified()).await;
        }
    }

    /// The state of the ledger, if it is fresh. A block that is final and not applied yet is waited
    /// for: that takes milliseconds, and is no reason to send anybody away.
    pub(crate) async fn fresh_state(&self) -> Result<ledger::State, HospitalError> {
        let until = Instant::now() + APPLIED_WAIT;
        while self.0.chain.status().is_behind() && Instant::now() < until {
            tokio::time::sleep(LOOK).await;
        }
        self.state_if_fresh()
    }

    /// Refuses to decide on a state of the ledger that is not fresh.
    fn state_if_fresh(&self) -> Result<ledger::State, HospitalError> {
        let status = self.0.chain.status();
        let now_ms = u64::try_from(self.now_us() / 1_000).unwrap_or(0);
        let age_ms = now_ms.saturating_sub(status.time_ms);
        if status.ready() && status.in_touch && age_ms <= STATE_AGE_MS_MAX {
            return Ok(self.0.chain.state());
        }
        Err(HospitalError::Busy(format!(
            "this node's copy of the ledger is {} s old: nothing is disclosed on it",
            age_ms / 1_000
        )))
    }
}

/// The ledger has refused something.
pub(crate) fn refused(code: u16) -> HospitalError {
    if code == SEQUENCE.code() {
        return out_of_order();
    }
    HospitalError::by_ledger(
        code,
        format!("the ledger refuses it ({code})"),
        "docs/reference/ledger.md lists the codes",
    )
}

fn not_final() -> HospitalError {
    HospitalError::Busy(format!(
        "the ledger did not vouch for it within {} s",
        FINAL_WAIT.as_secs()
    ))
}
