//! Moves of packs: signed, sent to the ledger, and done here once it has accepted them.
//!
//! What is to be done afterwards is on disk before the ledger hears of the transaction: a node that
//! was killed finishes at its next start (`pursue_moves`).

use epcis::Event;
use ledger::Kind;
use proof::transaction::id_of;
use proof::{Canonical, Digest};
use serde::{Deserialize, Serialize};
use store::{Drawer, Sealed};
use supply::ids::PackId;

use super::case::{self, Case};
use super::held::Pack;
use super::message::{PACKS, PacksTold};
use super::order::{Made, PackAct, PackOrder};
use crate::error::HospitalError;
use crate::setup::Hospital;

/// Moves looked at in one round of the pursuit.
const PURSUED_MAX: u32 = 64;
/// After so long without an outcome a transaction has expired.
const EXPIRED_US: i64 = 3_600 * 1_000_000;

/// What is to be done once the ledger has accepted a transaction.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Afterwards {
    /// The EPCIS event, as it will be stored.
    pub(super) event: String,
    /// The rows of the packs: name and content.
    rows: Vec<(String, Pack)>,
    /// The rows of cases.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    cases: Vec<(String, Case)>,
    /// Who gets packs, and what is told there.
    told: Option<(String, PacksTold)>,
    /// Whether event and rows are stored.
    stored: bool,
}

impl Hospital {
    /// Does an order on the ledger and here: the event is stored when the ledger has accepted.
    /// Answers the index of the entry in the history.
    pub(super) async fn moved(
        &self,
        order: &PackOrder,
        event: &Event,
    ) -> Result<u64, HospitalError> {
        let event = event.to_json().to_string();
        let refused = match Box::pin(self.move_once(order, &event)).await {
            Err(error @ HospitalError::Request { .. }) => error,
            done => return done,
        };
        // Somebody else was faster: the ledger said which rule, and the state says now why.
        match Box::pin(self.move_once(order, &event)).await {
            Err(HospitalError::Busy(_)) => Err(refused),
            done => done,
        }
    }

    async fn move_once(&self, order: &PackOrder, event: &str) -> Result<u64, HospitalError> {
        let plan = self.planned_moves(order).await?;
        let locks = locks(order);
        if locks > 0 {
            self.announce_escrow().await?;
        }
        let write = |number| async move {
            let openings = self.openings_of(number, locks).await?;
            let made = move || {
                let made = plan.made(&|place| openings.at(place));
                (made.moves.to_bytes(), made)
            };
            self.0.cpu.run(made).await
        };
        let keep = |transaction: Vec<u8>, made: Made| async move {
            let afterwards = afterwards(order, made, event.to_owned());
            self.keep_afterwards(&id_of(&transaction), &afterwards)
                .await
        };
        let sent = self.number_and_submit(Kind::Moves as u8, write, keep).await;
        // What was kept for a transaction that was never sent is dropped by the pursuit.
        let id = sent?;
        let index = match self.enacted(&id).await {
            Ok(index) => index,
            Err(error @ HospitalError::Request { .. }) => {
                self.drop_afterwards(&id).await?;
                return Err(error);
            }
            Err(error) => return Err(error),
        };
        self.finish(&id).await?;
        Ok(index)
    }

    async fn keep_afterwards(
        &self,
        id: &Digest,
        afterwards: &Afterwards,
    ) -> Result<(), HospitalError> {
        let row = self.sealed_row(Drawer::Moves, (&id.0, self.now_us()), afterwards)?;
        Ok(self.0.store.put_sealed(Drawer::Moves, vec![row]).await?)
    }

    async fn drop_afterwards(&self, id: &Digest) -> Result<(), HospitalError> {
        let ids = vec![id.0.to_vec()];
        Ok(self.0.store.drop_sealed(Drawer::Moves, ids).await?)
    }

    /// What an accepted transaction asks for: done once, however often this is called.
    async fn finish(&self, id: &Digest) -> Result<(), HospitalError> {
        let ids = vec![id.0.to_vec()];
        let Some(row) = self.0.store.sealed(Drawer::Moves, ids).await?.pop() else {
            return Ok(());
        };
        let mut afterwards: Afterwards = self.opened_row(Drawer::Moves, &row)?;
        if !afterwards.stored {
            self.store_event_once(&afterwards.event).await?;
            let rows = afterwards.rows.iter().map(|(name, pack)| {
                let name = PackId(super::order::opening(name).0);
                self.pack_row(&name, pack)
            });
            let rows: Vec<Sealed> = rows.collect::<Result<_, _>>()?;
            self.0.store.put_sealed(Drawer::Packs, rows).await?;
            let cases = afterwards.cases.iter();
            let cases = cases.map(|(name, case)| self.case_row(&case::name(name), case));
            let cases: Vec<Sealed> = cases.collect::<Result<_, _>>()?;
            self.0.store.put_sealed(Drawer::Containers, cases).await?;
            afterwards.stored = true;
        }
        if let Some((to, told)) = &afterwards.told
            && let Err(error) = self.call(to, PACKS, told).await
        {
            tracing::info!(to, %error, "packs are on their way; the receiver is told later");
            return self.keep_afterwards(id, &afterwards).await;
        }
        self.drop_afterwards(id).await
    }

    /// Finishes moves whose outcome is known by now, and tells receivers that were away.
    pub async fn pursue_moves(&self) -> Result<(), HospitalError> {
        let rows = self
            .0
            .store
            .latest_sealed(Drawer::Moves, None, PURSUED_MAX)
            .await?;
        for row in rows {
            let Ok(id) = <[u8; 32]>::try_from(row.id.as_slice()).map(Digest) else {
                continue;
            };
            match self.0.chain.locate(&id).await.map(|it| it.index()) {
                Some(Some(_)) => self.finish(&id).await?,
                // Refused, or never sent and expired since.
                Some(None) => self.drop_afterwards(&id).await?,
                None if self.now_us() - row.at_us > EXPIRED_US => self.drop_afterwards(&id).await?,
                None => {}
            }
        }
        Ok(())
    }
}

/// How many items of the order set a lock of their own.
fn locks(order: &PackOrder) -> usize {
    match order.act {
        PackAct::Commission | PackAct::Hand { .. } => order.count(),
        // The case, where it is new.
        PackAct::Contain { .. } => 1,
        // These keep the lock that they open, or leave it alone.
        PackAct::Take
        | PackAct::TakeBack
        | PackAct::Dispense
        | PackAct::Decommission(_)
        | PackAct::Undo
        | PackAct::Mark(_)
        | PackAct::Recall
        | PackAct::Release { .. } => 0,
    }
}

fn afterwards(order: &PackOrder, made: Made, event: String) -> Afterwards {
    let told = match &order.act {
        PackAct::Hand { to } => Some((
            to.to_string(),
            PacksTold {
                event: event.clone(),
                ..made.told
            },
        )),
        _ => None,
    };
    let rows = made.rows.into_iter();
    let cases = made.cases.into_iter();
    Afterwards {
        event,
        cases: cases.map(|(name, it)| (name.to_string(), it)).collect(),
        rows: rows.map(|(name, pack)| (name.to_string(), pack)).collect(),
        told,
        stored: false,
    }
}
