//! The chain of batches of one organisation, as the blocks of the ledger have it.

use ledger::OrgId;
use proof::Digest;
use proof::codec::Canonical;
use proof::transaction::{Batch, Entry, KIND_BATCH, Transaction};
use std::collections::BTreeMap;

/// Signed batches beside those of the ledger that are looked at.
const OTHERS_MAX: usize = 10_000;
/// Silences that are told.
const SILENCES_MAX: usize = 100;

/// A time without a batch.
pub(super) struct Silence {
    /// The indices of the batches before and after it in the history.
    pub(super) before: u64,
    pub(super) after: u64,
    /// Their blocks.
    pub(super) heights: (u64, u64),
    pub(super) lasted_s: u64,
}

/// A signed batch that the ledger's own excludes.
pub(super) struct Fork {
    /// The index of the ledger's in the history.
    pub(super) accepted: u64,
    /// The sequence of the other one.
    pub(super) sequence: u64,
    /// The transaction that carries the other one.
    pub(super) other: Vec<u8>,
}

/// A batch that the ledger has: 72 bytes of each stay in memory.
struct Placed {
    index: u64,
    previous: Digest,
    root: Digest,
}

struct Last {
    index: u64,
    height: u64,
    time_ms: u64,
}

/// What the blocks say about the batches of one organisation.
pub(super) struct Chain {
    peer: OrgId,
    /// So many intervals without a batch are a silence.
    intervals: u64,
    /// By sequence, which counts from 1.
    placed: Vec<Placed>,
    last: Option<Last>,
    silences: Vec<Silence>,
    /// Signed batches that blocks have and the ledger refused.
    refused: Vec<Transaction>,
    /// Who signed the batches: keys that were the organisation's.
    keys: Vec<proof::PublicKey>,
    member: bool,
    /// Height and time of the last block, and the longest time between batches then.
    now: (u64, u64, u64),
}

impl Chain {
    pub(super) fn new(peer: OrgId, intervals: u64) -> Self {
        Self {
            peer,
            intervals,
            placed: Vec::new(),
            last: None,
            silences: Vec::new(),
            refused: Vec::new(),
            keys: Vec::new(),
            member: false,
            now: (0, 0, 0),
        }
    }

    pub(super) fn was_member(&self) -> bool {
        self.member
    }

    pub(super) fn batches(&self) -> usize {
        self.placed.len()
    }

    pub(super) fn silences(&self) -> &[Silence] {
        &self.silences
    }

    pub(super) fn item(&self, what: &str) -> String {
        format!("{what} of {}", self.peer)
    }

    /// Takes note of a block.
    pub(super) fn follow(&mut self, block: &chain::Replayed<'_>) {
        let header = block.header;
        let interval = block.state.parameters().batch_interval_ms;
        let bound_ms = interval
            .saturating_mul(self.intervals)
            .max(ledger::evidence::SILENCE_MS_MIN);
        self.now = (header.height, header.time_ms, bound_ms);
        let mut entries = block.entries.iter();
        for (checked, outcome) in block.transactions.iter().zip(block.outcomes) {
            let transaction = checked.transaction();
            let batch = (transaction.header.kind == KIND_BATCH)
                .then(|| Batch::from_bytes(&transaction.body).ok())
                .flatten();
            match outcome {
                Ok(accepted) => {
                    let entry = entries.next().and_then(|it| Entry::from_bytes(it).ok());
                    let own = entry.is_some_and(|it| it.organisation == self.peer.as_str());
                    if let Some(batch) = batch.filter(|_| own) {
                        self.place(&batch, accepted.index, transaction.header.sender);
                    }
                }
                Err(_) => {
                    if batch.is_some() && self.refused.len() < OTHERS_MAX {
                        self.refused.push(transaction.clone());
                    }
                }
            }
        }
        let member = block.state.organisation(&self.peer).is_some();
        self.member |= member;
        if !member {
            // Who is out sends nothing.
            self.last = None;
        }
    }

    fn place(&mut self, batch: &Batch, index: u64, sender: proof::PublicKey) {
        let (height, time_ms, bound_ms) = self.now;
        if !self.keys.contains(&sender) {
            self.keys.push(sender);
        }
        if let Some(last) = &self.last {
            let lasted_ms = time_ms.saturating_sub(last.time_ms);
            // While the whole ledger stands still, nobody is silent.
            let went_on = height.saturating_sub(last.height) >= self.intervals;
            if lasted_ms > bound_ms && went_on && self.silences.len() < SILENCES_MAX {
                self.silences.push(Silence {
                    before: last.index,
                    after: index,
                    heights: (last.height, height),
                    lasted_s: lasted_ms / 1_000,
                });
            }
        }
        self.last = Some(Last {
            index,
            height,
            time_ms,
        });
        self.placed.push(Placed {
            index,
            previous: batch.previous,
            root: batch.root,
        });
    }

    /// A silence that has not ended yet.
    pub(super) fn silent_at_the_end(&self) -> Option<String> {
        let last = self.last.as_ref()?;
        let (height, time_ms, bound_ms) = self.now;
        let lasted_ms = time_ms.saturating_sub(last.time_ms);
        let went_on = height.saturating_sub(last.height) >= self.intervals;
        (lasted_ms > bound_ms && went_on).then(|| {
            let (height, seconds) = (last.height, lasted_ms / 1_000);
            format!("no batch since block {height}, for {seconds} s")
        })
    }

    /// Signed batches, refused ones and those from elsewhere, that the ledger's exclude.
    pub(super) fn forks<'a>(
        &'a self,
        elsewhere: impl Iterator<Item = &'a Transaction>,
    ) -> Vec<Fork> {
        let mut forks = BTreeMap::new();
        for transaction in self.refused.iter().chain(elsewhere) {
            let header = &transaction.header;
            let batch = Batch::from_bytes(&transaction.body).ok();
            let batch = batch.filter(|_| {
                header.kind == KIND_BATCH
                    && self.keys.contains(&header.sender)
                    && transaction.is_signed()
            });
            if let Some(batch) = batch
                && let Some(accepted) = self.excluded_by(&batch)
            {
                let fork = Fork {
                    accepted,
                    sequence: batch.sequence,
                    other: transaction.to_bytes(),
                };
                forks.insert((batch.sequence, batch.root, batch.previous), fork);
            }
        }
        forks.into_values().collect()
    }

    /// The index of a batch of the ledger that cannot be in one chain with this one.
    fn excluded_by(&self, batch: &Batch) -> Option<u64> {
        let around = batch.sequence.saturating_sub(1)..=batch.sequence.saturating_add(1);
        around
            .filter_map(|sequence| {
                let place = usize::try_from(sequence.checked_sub(1)?).ok()?;
                let placed = self.placed.get(place)?;
                let accepted = Batch {
                    sequence,
                    previous: placed.previous,
                    root: placed.root,
                };
                Some((accepted, placed.index))
            })
            .find(|(accepted, _)| ledger::evidence::contradict(accepted, batch))
            .map(|(_, index)| index)
    }
}

/// Entries of the history that evidence needs.
#[derive(Default)]
pub(super) struct Wanted(BTreeMap<u64, Option<Vec<u8>>>);

impl Wanted {
    pub(super) fn add(&mut self, index: u64) {
        self.0.insert(index, None);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn entry(&self, index: u64) -> Option<&[u8]> {
        self.0.get(&index)?.as_deref()
    }

    /// Keeps the entries of a block that are wanted.
    pub(super) fn follow(&mut self, block: &chain::Replayed<'_>) {
        let accepted = block.outcomes.iter().filter_map(|it| it.as_ref().ok());
        for (accepted, entry) in accepted.zip(block.entries) {
            if let Some(wanted) = self.0.get_mut(&accepted.index) {
                *wanted = Some(entry.clone());
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests;
