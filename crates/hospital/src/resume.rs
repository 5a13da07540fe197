//! Going on after a restore: the database is from before, the ledger is of now.
//!
//! What this organisation did between the two is lost here, but the ledger knows that it did it:
//! its batches, whose order the next one must follow, and its erasures, which hold. Both are read
//! off the ledger before anybody is answered.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::time::Duration;

use consent::acts::Erase;
use ledger::Kind;
use proof::Canonical;
use proof::transaction::{Batch as BatchBody, Entry, KIND_BATCH};
use serde::{Deserialize, Serialize};
use store::{Batch, Setting, Store};
use vault::RootKey;

use crate::anchor::KeptAnchor;
use crate::error::HospitalError;
use crate::setup::Hospital;

/// The settings that name the batches that a restore lost.
const LOST: &str = "lost-batches/";
/// Batches of one commit.
const AT_ONCE: usize = 10_000;
/// How often it is said that the ledger is still behind.
const SAY_EVERY: Duration = Duration::from_secs(10);
/// Changes of the status wake the wait; this is for what changes without one.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// What a restored node knows of the backup that it comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Restored {
    /// The id of the backup.
    pub id: String,
    /// When it was made, milliseconds since 1970.
    pub made_ms: u64,
    /// The height of the ledger that it knows.
    pub height: u64,
    /// The entries of the history that it knows.
    pub entries: u64,
}

/// What was read off the ledger after a restore.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Resumed {
    /// Batches of which only the ledger has the contents.
    pub lost_batches: u64,
    /// Patients who were erased again.
    pub erased: u64,
}

/// What the ledger has of this organisation since a backup.
#[derive(Default)]
struct Since {
    /// By sequence, with the place in the history.
    batches: BTreeMap<u64, (BatchBody, u64)>,
    erasures: Vec<Erase>,
}

impl Hospital {
    /// Brings a restored database to where the ledger is. Called before anybody is answered and
    /// before the batcher starts; may be called again.
    pub async fn resume(&self, from: &Restored) -> Result<Resumed, HospitalError> {
        let size = self.caught_up(from).await?;
        let since = self.since(from.entries.min(size), size).await?;
        let lost_batches = self.take_batches(&since).await?;
        let erased = self.erase_again(&since.erasures).await?;
        Ok(Resumed {
            lost_batches,
            erased,
        })
    }

    /// Waits until this node has what a quorum has; answers the size of the history.
    async fn caught_up(&self, from: &Restored) -> Result<u64, HospitalError> {
        let mut status = self.0.chain.watch();
        let mut said = tokio::time::Instant::now();
        loop {
            let now = status.borrow_and_update().clone();
            if let Some(reason) = now.halted {
                return Err(HospitalError::Internal(format!(
                    "the ledger stopped: {reason}"
                )));
            }
            let there = now.height >= from.height && now.height >= now.tip;
            if now.in_touch && there && now.checkpoint_size >= now.history_size {
                return Ok(now.history_size);
            }
            if said.elapsed() >= SAY_EVERY {
                said = tokio::time::Instant::now();
                let (height, tip, of_backup) = (now.height, now.tip, from.height);
                let in_touch = now.in_touch;
                tracing::info!(
                    height,
                    tip,
                    of_backup,
                    in_touch,
                    "restored: nobody is answered before the ledger is here"
                );
            }
            let _ = tokio::time::timeout(LOOK_EVERY, status.changed()).await;
        }
    }

    /// Reads the entries from one place of the history up to another.
    async fn since(&self, first: u64, size: u64) -> Result<Since, HospitalError> {
        let mut since = Since::default();
        let unreadable = |what: &str| HospitalError::Internal(format!("the ledger's {what}"));
        for index in first..size {
            let anchor = self.0.chain.proof(index).await;
            let anchor = anchor.ok_or_else(|| unreadable("history has a gap"))?;
            let entry =
                Entry::from_bytes(&anchor.entry).map_err(|_| unreadable("entry cannot be read"))?;
            if entry.organisation != self.0.organisation {
                continue;
            }
            let transaction = entry.transaction;
            if transaction.header.kind == KIND_BATCH {
                let body = BatchBody::from_bytes(&transaction.body)
                    .map_err(|_| unreadable("batch cannot be read"))?;
                since.batches.insert(body.sequence, (body, index));
            } else if transaction.header.kind == Kind::Erase as u8 {
                let body = Erase::from_bytes(&transaction.body)
                    .map_err(|_| unreadable("erasure cannot be read"))?;
                since.erasures.push(body);
            }
        }
        Ok(since)
    }

    /// The batch that was open at the backup gets its place; those after it are taken in bare.
    async fn take_batches(&self, since: &Since) -> Result<u64, HospitalError> {
        let store = &self.0.store;
        if let Some(open) = store.open_batch().await? {
            let Some((body, index)) = since.batches.get(&open.sequence) else {
                // Never sent: the batcher goes on with it.
                return Ok(0);
            };
            if body.root.0 != open.root {
                return Err(HospitalError::Damaged {
                    item: format!("batch {}", open.sequence),
                    reason: "the ledger has another one in its place".into(),
                });
            }
            let anchor = self.0.chain.proof(*index).await;
            let anchor = anchor.ok_or_else(|| HospitalError::Busy("the ledger".into()))?;
            let anchor = KeptAnchor::from(anchor).to_bytes();
            store.anchor_batch(open.sequence, anchor).await?;
        }
        let last = store.last_batch().await?;
        let sequence = last.as_ref().map_or(0, |batch| batch.sequence);
        let first_leaf = last.map_or(1, |batch| batch.first_leaf + batch.leaves);
        let lost: Vec<Batch> = since
            .batches
            .range(sequence + 1..)
            .map(|(sequence, (body, _))| Batch {
                sequence: *sequence,
                first_leaf,
                leaves: 0,
                blinding: [0; 32],
                root: body.root.0,
                previous: body.previous.0,
                transaction: Vec::new(),
                anchor: Some(Vec::new()),
            })
            .collect();
        for some in lost.chunks(AT_ONCE) {
            let (Some(first), Some(last)) = (some.first(), some.last()) else {
                continue;
            };
            let mark = lost_mark(self.0.keyring.root(), first.sequence, last.sequence);
            store.take_lost_batches(some.to_vec(), mark).await?;
        }
        Ok(lost.len() as u64)
    }
}

/// Vouches for batches whose contents a restore lost: nobody hides a deletion behind them.
fn lost_mark(root: &RootKey, first: u64, last: u64) -> Setting {
    let name = format!("{LOST}{first}");
    let value = last.to_be_bytes().to_vec();
    let integrity = root.mark("settings", &[name.as_bytes(), &value]).to_vec();
    Setting {
        name,
        value,
        integrity,
    }
}

/// The batches whose contents a restore lost, as far as their marks are good.
pub(crate) async fn lost_batches(
    store: &Store,
    root: &RootKey,
) -> Result<Vec<RangeInclusive<u64>>, HospitalError> {
    let settings = store.settings().await?;
    let read = |row: &Setting| {
        let first: u64 = row.name.strip_prefix(LOST)?.parse().ok()?;
        let last = u64::from_be_bytes(row.value.as_slice().try_into().ok()?);
        let good = vault::keys::same(&lost_mark(root, first, last).integrity, &row.integrity);
        good.then_some(first..=last)
    };
    Ok(settings.iter().filter_map(read).collect())
}
