//! Moves of packs: signed, sent to the ledger, and done here once it has accepted them.
//!
//! What is to be done afterwards is on disk before the ledger hears of the transaction: a node that
//! was killed finishes at its next start (`pursue_moves`).

use std::collections::BTreeSet;

use epcis::Event;
use ledger::Kind;
use proof::transaction::id_of;
use proof::{Canonical, Digest};
use serde::{Deserialize, Serialize};
use store::{Drawer, Sealed};
use supply::ids::{Opening, PackId};

use super::case::{self, Case};
use super::event;
use super::held::Pack;
use super::message::{PACKS, PacksTold};
use super::order::{Made, PackAct, PackOrder};
use crate::error::HospitalError;
use crate::finality::{self, Came};
use crate::setup::Hospital;

/// Moves looked at in one round of the pursuit.
const PURSUED_MAX: u32 = 256;
/// How often an act is signed anew because another of this organisation was refused before it.
const OVERTAKEN_MAX: u32 = 100;
/// After so long without an outcome a transaction has expired.
const EXPIRED_US: i64 = 3_600 * 1_000_000;
/// One that was refused may be accepted in a block after: until it has expired there too.
const REFUSED_US: i64 = 120 * 1_000_000;

/// What is to be done once the ledger has accepted a transaction.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Afterwards {
    /// The EPCIS event, as it will be stored.
    pub(super) event: String,
    /// Further events of the same act, if several are done together.
    #[serde(default)]
    more: Vec<String>,
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

impl Afterwards {
    fn events(&self) -> impl Iterator<Item = &String> {
        std::iter::once(&self.event).chain(&self.more)
    }
}

impl Hospital {
    /// Does an order on the ledger and here: the event is stored when the ledger has accepted.
    /// Answers the index of the entry in the history.
    pub(super) async fn moved(
        &self,
        order: &PackOrder,
        event: &Event,
    ) -> Result<u64, HospitalError> {
        self.moved_together(order, &[event]).await
    }

    /// The same for an order that several events tell of, all in one transaction.
    pub(super) async fn moved_together(
        &self,
        order: &PackOrder,
        events: &[&Event],
    ) -> Result<u64, HospitalError> {
        let events = events.iter().map(|it| it.to_json().to_string());
        let events: Vec<String> = events.collect();
        let mut before: Vec<Digest> = Vec::new();
        for _ in 0..OVERTAKEN_MAX {
            let refused = match Box::pin(self.move_once(order, &events)).await {
                Ok((id, Came::Overtaken)) => {
                    before.push(id);
                    continue;
                }
                // The number was passed by before the transaction was handed over: one of before
                // came from another validator's pool. Nothing was sent.
                Err(HospitalError::Contended(_)) => continue,
                Ok((id, Came::Accepted(index))) => {
                    self.finish(&id).await?;
                    return Ok(index);
                }
                Ok((id, Came::Refused(code))) => {
                    self.drop_afterwards(&id).await?;
                    self.refusal_of(order, code).await
                }
                Err(error) => error,
            };
            // One that was overtaken may have been taken up after all. At most one of them is
            // accepted, since they do the same.
            for id in &before {
                if let Some(index) = self.0.chain.locate(id).await.and_then(|it| it.index()) {
                    self.finish(id).await?;
                    return Ok(index);
                }
            }
            return Err(refused);
        }
        Err(HospitalError::Busy(
            "too many acts of this organisation are refused just now".into(),
        ))
    }

    /// Why the ledger refuses an order: the block said which rule, and the state says now why.
    async fn refusal_of(&self, order: &PackOrder, code: u16) -> HospitalError {
        let plan = match self.planned_moves(order).await {
            Ok(plan) => plan,
            Err(error) => return error,
        };
        let made = plan.made(&|_| Opening::NONE);
        match self.judged(Kind::Moves as u8, made.moves.to_bytes()) {
            Err(error) => error,
            Ok(()) => finality::refused(code),
        }
    }

    /// Sends an order once; answers the id of the transaction and what came of it.
    async fn move_once(
        &self,
        order: &PackOrder,
        events: &[String],
    ) -> Result<(Digest, Came), HospitalError> {
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
            let afterwards = afterwards(order, made, events);
            self.keep_afterwards(&id_of(&transaction), &afterwards)
                .await
        };
        let sent = self.number_and_submit(Kind::Moves as u8, write, keep).await;
        // What was kept for a transaction that was never sent is dropped by the pursuit.
        let id = sent?;
        Ok((id, self.came_of(&id).await?))
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
            self.store_events_once(afterwards.events()).await?;
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

    /// The eventIDs of moves whose outcome is not known here yet.
    pub(super) async fn events_under_way(&self) -> Result<BTreeSet<String>, HospitalError> {
        let rows = self
            .0
            .store
            .latest_sealed(Drawer::Moves, None, PURSUED_MAX)
            .await?;
        let mut ids = BTreeSet::new();
        for row in rows {
            let afterwards: Afterwards = self.opened_row(Drawer::Moves, &row)?;
            ids.extend(afterwards.events().filter_map(|it| event::id_of(it)));
        }
        Ok(ids)
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
                Some(None) if self.now_us() - row.at_us > REFUSED_US => {
                    self.drop_afterwards(&id).await?;
                }
                None if self.now_us() - row.at_us > EXPIRED_US => self.drop_afterwards(&id).await?,
                Some(None) | None => {}
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

fn afterwards(order: &PackOrder, made: Made, events: &[String]) -> Afterwards {
    let (event, more) = match events.split_first() {
        Some((event, more)) => (event.clone(), more.to_vec()),
        None => Default::default(),
    };
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
        more,
        cases: cases.map(|(name, it)| (name.to_string(), it)).collect(),
        rows: rows.map(|(name, pack)| (name.to_string(), pack)).collect(),
        told,
        stored: false,
    }
}
