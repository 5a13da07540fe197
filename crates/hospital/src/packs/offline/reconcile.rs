//! The scans that wait, compared with the ledger and done on it: the earliest first, so that a pack
//! is received before it is dispensed.
//!
//! Consecutive scans of one act share a transaction. If the ledger refuses it each goes alone, so
//! that one that does not fit holds up no other. What was done bears the id of its scan as eventID:
//! a node that was killed in between sees that it is done.

use std::collections::BTreeSet;

use epcis::Event;
use ledger::State;

use super::super::order::PackOrder;
use super::super::scanned::{case_of, readings};
use super::super::verify::{Asked, Verification};
use super::judge::{self, Next};
use super::{Offline, OfflineOutcome, OfflineState};
use crate::access_log::{Access, AccessDeed, logged};
use crate::error::HospitalError;
use crate::setup::Hospital;

/// Scans that are looked at, and done in one transaction.
const STRETCH_MAX: usize = 500;

/// A scan that can be done, and what was seen of its pack.
struct Ready {
    scan: Offline,
    order: PackOrder,
    /// None: it is a case.
    found: Option<Verification>,
}

impl Hospital {
    /// Compares waiting scans with the ledger, if there is a connection to it.
    pub async fn pursue_offline(&self) -> Result<(), HospitalError> {
        let mut waiting = self.waiting_offline().await?.into_iter().peekable();
        if waiting.peek().is_none() {
            return Ok(());
        }
        while waiting.peek().is_some() {
            let Ok(state) = self.fresh_state().await else {
                return Ok(());
            };
            let under_way = self.events_under_way().await?;
            let mut stretch: Vec<Offline> = Vec::new();
            while let Some(scan) = waiting.next_if(|it| goes_with(&stretch, it)) {
                stretch.push(scan);
            }
            stretch.retain(|it| !under_way.contains(&it.event_id()));
            if !self.reconciled(stretch, &state).await? {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Compares scans of one act. `false`: the ledger cannot be asked any more.
    async fn reconciled(&self, scans: Vec<Offline>, state: &State) -> Result<bool, HospitalError> {
        let (mut ready, mut packs) = (Vec::new(), BTreeSet::new());
        for scan in scans {
            if let Some(settled) = self.settled_scan(&scan.id).await?
                && settled.tries >= scan.tries
            {
                // A node that was killed between the two drawers.
                self.keep_settled(&[settled]).await?;
                continue;
            }
            let Some(one) = self.ready(scan, state).await? else {
                continue;
            };
            // The same pack again: it is looked at when the first is through.
            let names = one.order.packs.iter();
            let names = names.map(|it| (it.gtin.clone(), it.serial.clone()));
            if names.into_iter().all(|name| packs.insert(name)) {
                ready.push(one);
            }
        }
        self.done_together(ready).await
    }

    /// Looks at the pack of a scan. `None`: nothing is to be done on the ledger, and it is settled.
    async fn ready(&self, scan: Offline, state: &State) -> Result<Option<Ready>, HospitalError> {
        let act = scan.to_do();
        let event_id = scan.event_id();
        let is_done = self.0.store.epcis_event(&event_id).await?.is_some();
        if let (Some(sscc), Some(act)) = (case_of(&scan.scan), &act) {
            if is_done {
                let outcome = OfflineOutcome {
                    event_id: Some(event_id),
                    ..ended(OfflineState::Fine)
                };
                self.settle_scan(scan, outcome).await?;
                return Ok(None);
            }
            let order = PackOrder {
                act: act.clone(),
                packs: Vec::new(),
                cases: vec![sscc],
            };
            return Ok(Some(Ready {
                scan,
                order,
                found: None,
            }));
        }
        let read = readings(&scan.scan);
        let asked = Asked {
            state,
            user: None,
            now_us: scan.taken_us,
            stale: false,
        };
        let found = match read {
            Ok(readings) => self.seen_pack(readings, asked).await,
            Err(error) => Err(error),
        };
        let found = match found {
            Ok(found) => found,
            Err(error) if is_passing(&error) => return Err(error),
            Err(error) => {
                let outcome = OfflineOutcome {
                    text: Some(error.to_string()),
                    ..ended(OfflineState::Conflict)
                };
                self.settle_scan(scan, outcome).await?;
                return Ok(None);
            }
        };
        if let (true, Some(act)) = (is_done, &act) {
            // This node was killed, or too slow, before it wrote that down.
            let state = judge::was_done(act, &found, scan.taken_us);
            let outcome = OfflineOutcome {
                event_id: Some(event_id),
                ..outcome(state, Some(&found))
            };
            self.settle_scan(scan, outcome).await?;
            return Ok(None);
        }
        match (judge::next(act.as_ref(), &found, scan.taken_us), act) {
            (Next::Act, Some(act)) => Ok(Some(Ready {
                order: PackOrder {
                    act,
                    packs: vec![found.marking.clone()],
                    cases: Vec::new(),
                },
                scan,
                found: Some(found),
            })),
            (Next::End(state), _) => {
                let is_unexplained = state == OfflineState::Conflict && found.because.is_empty();
                let why = is_unexplained.then(|| judge::elsewhere(found.place).to_owned());
                let outcome = OfflineOutcome {
                    text: why,
                    ..outcome(state, Some(&found))
                };
                self.settle_scan(scan, outcome).await?;
                Ok(None)
            }
            // Nothing is done for a mere look.
            (Next::Act, None) => Ok(None),
        }
    }

    /// Does what can be done, in one transaction; one after the other where that is refused.
    async fn done_together(&self, ready: Vec<Ready>) -> Result<bool, HospitalError> {
        if ready.is_empty() {
            return Ok(true);
        }
        let events = ready.iter().map(|it| {
            let scan = &it.scan;
            self.composed(&it.order, &scan.id, scan.taken_us)
        });
        let events: Vec<Event> = events.collect::<Result<_, _>>()?;
        let is_alone = ready.len() == 1;
        let order = PackOrder {
            act: ready[0].order.act.clone(),
            packs: ready.iter().flat_map(|it| it.order.packs.clone()).collect(),
            cases: ready.iter().flat_map(|it| it.order.cases.clone()).collect(),
        };
        let told: Vec<&Event> = events.iter().collect();
        let access = Access::new(ready[0].scan.agent(), AccessDeed::Create, self.now_us());
        let (moved, _) = logged(access, Box::pin(self.moved_together(&order, &told))).await;
        match moved {
            Ok(entry) => {
                for one in ready {
                    let outcome = accepted(&one, entry);
                    self.settle_scan(one.scan, outcome).await?;
                }
                Ok(true)
            }
            Err(error) if is_passing(&error) => {
                tracing::info!(%error, "scans made without a connection go on waiting");
                Ok(false)
            }
            Err(error) if is_alone => {
                for one in ready {
                    let outcome = OfflineOutcome {
                        text: Some(error.to_string()),
                        ..outcome(OfflineState::Conflict, one.found.as_ref())
                    };
                    self.settle_scan(one.scan, outcome).await?;
                }
                Ok(true)
            }
            Err(_) => {
                for one in ready {
                    if !Box::pin(self.done_together(vec![one])).await? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
        }
    }

    /// Writes down what came of a scan.
    async fn settle_scan(
        &self,
        scan: Offline,
        outcome: OfflineOutcome,
    ) -> Result<(), HospitalError> {
        let mut scan = scan;
        let outcome = OfflineOutcome {
            settled_us: self.now_us(),
            ..outcome
        };
        let deed = AccessDeed::Operation("reconcile-offline-scan".into());
        let access = Access {
            query: Some(scan.said(&outcome)),
            ..Access::new(scan.agent(), deed, outcome.settled_us)
        };
        self.record_access(access).await?;
        scan.outcome = Some(outcome);
        self.keep_settled(&[scan]).await
    }
}

/// Whether a scan goes into a stretch: of the same act, packs with packs, cases alone.
fn goes_with(stretch: &[Offline], scan: &Offline) -> bool {
    let Some(first) = stretch.first() else {
        return true;
    };
    let is_case = |it: &Offline| case_of(&it.scan).is_some();
    stretch.len() < STRETCH_MAX
        && (&first.act, &first.reason) == (&scan.act, &scan.reason)
        && !is_case(first)
        && !is_case(scan)
}

/// What may go better next time.
fn is_passing(error: &HospitalError) -> bool {
    matches!(
        error,
        HospitalError::Busy(_)
            | HospitalError::Contended(_)
            | HospitalError::DiskFull
            | HospitalError::Elsewhere { .. }
    )
}

fn accepted(one: &Ready, entry: u64) -> OfflineOutcome {
    let state = match &one.found {
        Some(found) => judge::done(&one.order.act, found),
        None => OfflineState::Fine,
    };
    OfflineOutcome {
        event_id: Some(one.scan.event_id()),
        entry: Some(entry),
        ..outcome(state, one.found.as_ref())
    }
}

fn outcome(state: OfflineState, found: Option<&Verification>) -> OfflineOutcome {
    OfflineOutcome {
        verdict: found.map(|it| it.verdict.word().to_owned()),
        because: found.map_or_else(Vec::new, |it| it.because.iter().map(Into::into).collect()),
        code: found.map(|it| it.marking.code()),
        ..ended(state)
    }
}

fn ended(state: OfflineState) -> OfflineOutcome {
    OfflineOutcome {
        settled_us: 0,
        state,
        verdict: None,
        because: Vec::new(),
        text: None,
        code: None,
        event_id: None,
        entry: None,
    }
}
