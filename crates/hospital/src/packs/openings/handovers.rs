//! Where packs were handed over: read off this node's copy of the ledger, by those who may ask.
//!
//! What is kept is a list of places. Each is read again, and compared with the state, when it is
//! used.

use ledger::State;
use store::Handover;
use supply::acts::Custody;
use supply::escrow::Place;
use supply::ids::{Lock, PackId, UnitId};

use super::place::{HandedAt, Said, places, said};
use crate::error::HospitalError;
use crate::setup::Hospital;

/// The setting that says up to which block they were read.
const READ: &str = "handovers-read";
/// Blocks that are read at once, and how often before a question is sent away.
const BLOCKS_AT_ONCE: u64 = 2_000;
const ROUNDS_MAX: u32 = 8;
/// Places that one write takes.
const PLACES_AT_ONCE: usize = 50_000;
/// Hand-overs of one thing that are looked at, the latest.
const LOOKED_AT_MAX: u32 = 256;
/// Containers inside each other that are followed.
const NESTED_MAX: usize = 16;

/// Who has a thing, or where it is hidden.
#[derive(Debug, Clone)]
pub(super) enum Holder {
    /// The ledger says it.
    Known {
        /// Who.
        organisation: String,
    },
    /// It was handed over to somebody who has not shown it.
    Locked(UnitId, Handover, HandedAt),
}

/// How far the copy of the ledger is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ReadOn {
    /// To its end.
    Whole,
    /// There is more to read.
    More,
    /// The next block is not here yet.
    Stuck,
}

impl Hospital {
    /// Reads hand-overs on.
    pub(super) async fn follow_handovers(&self) -> Result<ReadOn, HospitalError> {
        let _alone = self.0.openings.reading.lock().await;
        let read = match self.0.store.setting(READ).await? {
            Some(setting) => {
                <[u8; 8]>::try_from(setting.value.as_slice()).map_or(0, u64::from_be_bytes)
            }
            None => 0,
        };
        let tip = self.0.chain.status().height;
        let last = tip.min(read.saturating_add(BLOCKS_AT_ONCE));
        let (mut done, mut found) = (read, Vec::new());
        for height in read + 1..=last {
            let Some(block) = self.0.chain.block(height).await else {
                break;
            };
            found.extend(places(&block));
            done = height;
            if found.len() >= PLACES_AT_ONCE {
                break;
            }
        }
        if done == read {
            return Ok(if done >= tip {
                ReadOn::Whole
            } else {
                ReadOn::Stuck
            });
        }
        while !found.is_empty() {
            let rest = found.split_off(found.len().min(PLACES_AT_ONCE));
            self.0.store.put_handovers(found).await?;
            found = rest;
        }
        self.keep_setting(READ.to_owned(), done.to_be_bytes().to_vec())
            .await?;
        Ok(if done >= tip {
            ReadOn::Whole
        } else {
            ReadOn::More
        })
    }

    /// Reads on until the copy of the ledger is read to its end.
    async fn handovers_read(&self) -> Result<(), HospitalError> {
        for _ in 0..ROUNDS_MAX {
            if self.follow_handovers().await? == ReadOn::Whole {
                return Ok(());
            }
        }
        Err(HospitalError::Busy(
            "this node still reads hand-overs off the ledger: ask again later".into(),
        ))
    }

    /// Who has a pack, or the hand-over whose lock says it.
    pub(super) async fn holder_of(&self, pack: &PackId) -> Result<Holder, HospitalError> {
        self.handovers_read().await?;
        let state = self.fresh_state().await?;
        let absent = || HospitalError::Absent("a pack of this name on the ledger".into());
        let mut custody = state.pack(pack).ok_or_else(absent)?.custody;
        let mut unit = UnitId::from(*pack);
        for _ in 0..NESTED_MAX {
            let Custody::Inside(container) = custody else {
                break;
            };
            unit = container.into();
            custody = state.container(&container).ok_or_else(absent)?.custody;
        }
        match custody {
            Custody::Transit { next, .. } => self.behind(unit, &next, &state).await,
            Custody::Held(lock) => self.behind(unit, &lock, &state).await,
            Custody::Inside(_) => Err(HospitalError::Internal(
                "the ledger has containers inside each other without an end".into(),
            )),
        }
    }

    /// The latest item that says whose a lock is.
    async fn behind(
        &self,
        unit: UnitId,
        lock: &Lock,
        state: &State,
    ) -> Result<Holder, HospitalError> {
        for at in self.0.store.handovers(unit.0, LOOKED_AT_MAX).await? {
            let block = self.0.chain.block(at.height).await;
            match block.and_then(|block| said(&block, &at, state)) {
                Some(Said::Held { by, lock: shown }) if shown == *lock => {
                    return Ok(Holder::Known { organisation: by });
                }
                Some(Said::Handed(handed)) if handed.lock == *lock => {
                    return Ok(Holder::Locked(unit, at, handed));
                }
                _ => {}
            }
        }
        Err(HospitalError::Damaged {
            item: "handovers".to_owned(),
            reason: "the hand-over of this lock is not among them".to_owned(),
        })
    }

    /// A hand-over that another node names, as this node's copy of the ledger has it.
    pub(super) async fn handed_at(
        &self,
        at: &Handover,
        state: &State,
    ) -> Result<HandedAt, HospitalError> {
        let absent = || HospitalError::Absent("a hand-over at this place of the ledger".into());
        if at.item == Place::BESIDE {
            return Err(absent());
        }
        let block = self.0.chain.block(at.height).await.ok_or_else(absent)?;
        match said(&block, at, state) {
            Some(Said::Handed(handed)) => Ok(handed),
            _ => Err(absent()),
        }
    }
}
