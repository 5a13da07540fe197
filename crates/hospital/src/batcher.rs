//! The batcher: every interval the waiting commitments become one batch on the ledger.
//!
//! One batch goes out per interval whether or not anything happened: the constant rate is a
//! privacy control. At most one is under way; it is stored with its signed transaction before it
//! is handed to the chain, so that a restart goes on where the process was killed.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use proof::batch::Tree;
use proof::transaction::{Batch as BatchBody, Entry, KIND_BATCH, Transaction, id_of};
use proof::{Canonical, Digest};
use store::Batch;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::anchor::KeptAnchor;
use crate::error::HospitalError;
use crate::setup::Hospital;

/// Most commitments in one batch.
const LEAVES_MAX: u32 = 65_536;
/// Waiting commitments are counted up to here.
const COUNTED_MAX: u32 = 10_000;
/// How often an open batch is looked after when no block comes.
const LOOK_MS: u64 = 100;
/// After this time without finality a transaction is handed over again.
const RESUBMIT: Duration = Duration::from_secs(2);
/// How far back the history is searched for a batch whose transaction was replaced.
const SEARCH_BACK: u64 = 100_000;

/// Where batching stands, for metrics.
#[derive(Debug, Default)]
pub(crate) struct Gauge {
    waiting: AtomicU64,
    anchored: AtomicU64,
}

/// Where batching stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BatchStatus {
    /// Versions without a receipt when the batcher last looked (counted up to a bound).
    pub receipts_pending: u64,
    /// The last batch with a proof.
    pub anchored_sequence: u64,
}

/// The running batcher.
#[derive(Debug)]
pub struct Batcher {
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Batcher {
    /// Stops it and waits until it has stopped.
    pub async fn stop(self) {
        let _ = self.stop.send(true);
        let _ = self.task.await;
    }
}

impl Hospital {
    /// Starts the batcher on the current runtime.
    pub fn start_batcher(&self) -> Batcher {
        let (stop, stopped) = watch::channel(false);
        let task = tokio::spawn(run(self.clone(), stopped));
        Batcher { stop, task }
    }

    /// Where batching stands.
    pub fn batch_status(&self) -> BatchStatus {
        BatchStatus {
            receipts_pending: self.0.batches.waiting.load(Ordering::Relaxed),
            anchored_sequence: self.0.batches.anchored.load(Ordering::Relaxed),
        }
    }

    /// Seals the waiting commitments into the next batch and submits it.
    async fn seal_next(&self) -> Result<(), HospitalError> {
        let leaves = self.0.store.pending_leaves(LEAVES_MAX).await?;
        let last = self.0.store.last_batch().await?;
        let blinding: [u8; 32] = vault::random().map_err(crate::keyring::failed)?;
        let first_leaf = match (&last, leaves.first()) {
            (_, Some(leaf)) => leaf.number,
            (Some(batch), None) => batch.first_leaf + batch.leaves,
            (None, None) => 1,
        };
        let count = leaves.len() as u64;
        self.0.batches.waiting.store(count, Ordering::Relaxed);
        let commitments = leaves
            .into_iter()
            .map(|leaf| Digest(leaf.commitment))
            .collect::<Vec<_>>();
        let root = self
            .0
            .cpu
            .run(move || Tree::new(&blinding, &commitments).root())
            .await?;
        let sequence = last.as_ref().map_or(1, |batch| batch.sequence + 1);
        let previous = last.map_or([0; 32], |batch| batch.root);
        let body = BatchBody {
            sequence,
            previous: Digest(previous),
            root,
        };
        let keep = |transaction| async move {
            let batch = Batch {
                sequence,
                first_leaf,
                leaves: count,
                blinding,
                root: root.0,
                previous,
                transaction,
                anchor: None,
            };
            Ok(self.0.store.seal_batch(batch).await?)
        };
        self.sign_and_submit(KIND_BATCH, body.to_bytes(), keep)
            .await?;
        Ok(())
    }

    /// Looks after the open batch; true when it is anchored.
    async fn look_after(
        &self,
        batch: &Batch,
        submitted: &mut Instant,
    ) -> Result<bool, HospitalError> {
        let id = id_of(&batch.transaction);
        let located = self.0.chain.locate(&id).await;
        if let Some(index) = located.and_then(|place| place.index()) {
            return self.anchor(batch, index).await;
        }
        let state = self.0.chain.state();
        let head = self.0.id.as_ref().map(|id| state.batch_head(id));
        if head == Some((batch.sequence, Digest(batch.root))) {
            // Accepted by a transaction that was replaced since.
            return match self.find_entry(batch).await {
                Some(index) => self.anchor(batch, index).await,
                None => Ok(false),
            };
        }
        let expired = Transaction::from_bytes(&batch.transaction).map_or(true, |transaction| {
            transaction.header.expires < state.height()
        });
        if located.is_some() || expired {
            self.sign_again(batch).await?;
            *submitted = Instant::now();
        } else if submitted.elapsed() >= RESUBMIT {
            *submitted = Instant::now();
            self.count_waiting(batch).await?;
            // Refused, or passed by: the number that it was signed with does not come any more.
            let refused = self.submit(batch.transaction.clone()).await;
            if let Err(HospitalError::Request { .. } | HospitalError::Contended(_)) = refused {
                self.sign_again(batch).await?;
            }
        }
        Ok(false)
    }

    /// While nothing becomes final, versions go on waiting.
    async fn count_waiting(&self, batch: &Batch) -> Result<(), HospitalError> {
        let waiting = self.0.store.pending_leaves(COUNTED_MAX).await?.len() as u64;
        self.0
            .batches
            .waiting
            .store(waiting + batch.leaves, Ordering::Relaxed);
        Ok(())
    }

    async fn anchor(&self, batch: &Batch, index: u64) -> Result<bool, HospitalError> {
        let Some(anchor) = self.0.chain.proof(index).await else {
            return Ok(false);
        };
        let anchor = KeptAnchor::from(anchor).to_bytes();
        self.0.store.anchor_batch(batch.sequence, anchor).await?;
        self.0.anchored.notify_waiters();
        self.0
            .batches
            .anchored
            .store(batch.sequence, Ordering::Relaxed);
        self.0.batches.waiting.fetch_sub(
            batch
                .leaves
                .min(self.0.batches.waiting.load(Ordering::Relaxed)),
            Ordering::Relaxed,
        );
        Ok(true)
    }

    async fn sign_again(&self, batch: &Batch) -> Result<(), HospitalError> {
        let body = BatchBody {
            sequence: batch.sequence,
            previous: Digest(batch.previous),
            root: Digest(batch.root),
        };
        let sequence = batch.sequence;
        let keep = |transaction| async move {
            Ok(self
                .0
                .store
                .replace_batch_transaction(sequence, transaction)
                .await?)
        };
        self.sign_and_submit(KIND_BATCH, body.to_bytes(), keep)
            .await?;
        Ok(())
    }

    /// Searches the history backwards for the entry that carries this batch.
    async fn find_entry(&self, batch: &Batch) -> Option<u64> {
        let size = self.0.chain.status().history_size;
        let sender = self.0.transaction_key.public();
        for index in (size.saturating_sub(SEARCH_BACK)..size).rev() {
            let Some(anchor) = self.0.chain.proof(index).await else {
                continue;
            };
            let Ok(entry) = Entry::from_bytes(&anchor.entry) else {
                continue;
            };
            let header = entry.transaction.header;
            let carried = BatchBody::from_bytes(&entry.transaction.body);
            if header.kind == KIND_BATCH
                && header.sender == sender
                && carried.is_ok_and(|carried| carried.root.0 == batch.root)
            {
                return Some(index);
            }
        }
        None
    }

    /// Whether the consortium lets an act that must be final ask for a batch before its time.
    fn may_be_early(&self) -> bool {
        self.0.chain.state().parameters().early_batches
    }

    /// Whether the ledger knows this organisation under the key that it signs with.
    pub(crate) fn is_member(&self) -> bool {
        let key = self.0.transaction_key.public();
        let state = self.0.chain.state();
        let known = self.0.id.as_ref().and_then(|id| state.organisation(id));
        known.is_some_and(|member| member.transaction_key == key)
    }
}

async fn run(hospital: Hospital, mut stopped: watch::Receiver<bool>) {
    let mut next = Instant::now();
    let mut submitted = Instant::now();
    let mut blocks = hospital.0.chain.watch();
    while !*stopped.borrow() {
        let step = step(&hospital, &mut next, &mut submitted).await;
        let wait = match step {
            Ok(wait) => wait,
            Err(error) => {
                tracing::warn!(%error, "the batch waits");
                Duration::from_millis(500)
            }
        };
        tokio::select! {
            _ = stopped.changed() => {}
            () = tokio::time::sleep(wait) => {}
            () = hospital.0.early.notified(), if hospital.may_be_early() => next = Instant::now(),
            _ = blocks.changed(), if wait >= Duration::from_millis(LOOK_MS) => {
                // A block may have settled it; cosignatures follow within milliseconds.
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
    }
}

/// One look: what is open is looked after, else the next batch goes out when it is time.
async fn step(
    hospital: &Hospital,
    next: &mut Instant,
    submitted: &mut Instant,
) -> Result<Duration, HospitalError> {
    let interval = hospital.0.chain.state().parameters().batch_interval_ms;
    let interval = Duration::from_millis(interval.max(10));
    if let Some(batch) = hospital.0.store.open_batch().await? {
        let anchored = hospital.look_after(&batch, submitted).await?;
        return Ok(if anchored {
            next.saturating_duration_since(Instant::now())
        } else {
            Duration::from_millis(LOOK_MS)
        });
    }
    let now = Instant::now();
    if now < *next {
        return Ok(*next - now);
    }
    if !hospital.is_member() || !hospital.0.chain.status().ready() {
        return Ok(interval);
    }
    *next = now + interval;
    *submitted = now;
    hospital.seal_next().await?;
    Ok(Duration::from_millis(LOOK_MS))
}
