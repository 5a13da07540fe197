//! Transactions that wait for a block.
//!
//! Each sender has a queue ordered by sequence; a block takes one transaction of each sender in
//! turn, so a busy organisation cannot keep a quiet one out. Everything is bounded: bytes and
//! count over all senders, count per sender, distance of a sequence from the next one.

use crate::{config::PoolLimits, error::SubmitError};
use ledger::{Checked, KeyUse, Refusal, State};
use proof::{Digest, PublicKey};
use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::sync::Notify;

/// Every so many blocks the whole pool is searched for expired transactions.
const EXPIRY_SCAN_BLOCKS: u64 = 64;

#[derive(Default)]
struct Inner {
    senders: BTreeMap<PublicKey, BTreeMap<u64, Waiting>>,
    by_id: HashMap<Digest, (PublicKey, u64)>,
    bytes: usize,
    /// The sender whose transaction was the last one in the last block chosen here.
    cursor: Option<PublicKey>,
}

struct Waiting {
    checked: Checked,
    /// Submitted here: this node sends it again until it is final.
    own: bool,
}

/// The pool. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Pool {
    limits: PoolLimits,
    inner: Arc<Mutex<Inner>>,
    /// Woken whenever something arrives.
    pub(crate) arrived: Arc<Notify>,
}

/// What happened to a transaction that was offered.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Offered {
    /// It is new here.
    Taken,
    /// It was here already.
    Known,
}

impl Pool {
    pub(crate) fn new(limits: PoolLimits) -> Self {
        Self {
            limits,
            inner: Arc::default(),
            arrived: Arc::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn len(&self) -> usize {
        self.lock().by_id.len()
    }

    /// A waiting transaction, so that its signature need not be verified again.
    pub(crate) fn get(&self, id: &Digest) -> Option<Checked> {
        let inner = self.lock();
        let (sender, sequence) = inner.by_id.get(id)?;
        Some(inner.senders.get(sender)?.get(sequence)?.checked.clone())
    }

    /// Offers a transaction to be ordered after `state`.
    ///
    /// A second one with the same sender and sequence replaces the first only if it expires
    /// later: that is how an organisation re-signs one that would expire.
    pub(crate) fn offer(
        &self,
        checked: Checked,
        own: bool,
        state: &State,
    ) -> Result<Offered, SubmitError> {
        let header = checked.transaction().header;
        let (sender, sequence) = (header.sender, header.sequence);
        let mut inner = self.lock();
        if inner.by_id.contains_key(&checked.id()) {
            if own && let Some(waiting) = inner.waiting(&sender, sequence) {
                waiting.own = true;
            }
            return Ok(Offered::Known);
        }
        self.judge(&checked, state)?;
        let old = inner
            .waiting(&sender, sequence)
            .map(|old| old.checked.transaction().header);
        if old.is_some_and(|old| old.expires >= header.expires) {
            return Err(SubmitError::SequenceTaken);
        }
        inner.remove(&sender, sequence);
        let queued = inner.senders.get(&sender).map_or(0, BTreeMap::len);
        if queued >= self.limits.sender_count_max
            || inner.by_id.len() >= self.limits.count_max
            || inner.bytes + checked.bytes().len() > self.limits.bytes_max
        {
            return Err(SubmitError::Full);
        }
        inner.insert(sender, sequence, Waiting { checked, own });
        drop(inner);
        self.arrived.notify_waiters();
        Ok(Offered::Taken)
    }

    /// Refuses what no later block could accept.
    fn judge(&self, checked: &Checked, state: &State) -> Result<(), SubmitError> {
        let header = checked.transaction().header;
        let owner = state.key_owner(&header.sender);
        if owner.is_none_or(|owner| owner.usage != KeyUse::Transaction) {
            return Err(Refusal::Sender.into());
        }
        let expected = state.sequence(&header.sender) + 1;
        if header.sequence < expected {
            return Err(Refusal::Sequence {
                expected,
                given: header.sequence,
            }
            .into());
        }
        if header.expires <= state.height() {
            return Err(Refusal::Expired(header.expires).into());
        }
        if header.sequence - expected >= self.limits.sender_count_max as u64 {
            return Err(SubmitError::Full);
        }
        Ok(())
    }

    /// Chooses transactions for the block after `state`.
    pub(crate) fn choose(&self, bytes_max: usize, state: &State) -> Vec<Checked> {
        let mut inner = self.lock();
        let mut next = inner.heads(state);
        let (mut chosen, mut bytes) = (Vec::new(), 0);
        while !next.is_empty() {
            let mut rest = Vec::with_capacity(next.len());
            for (sender, sequence) in next {
                let Some(waiting) = inner.waiting(&sender, sequence) else {
                    continue;
                };
                let checked = &waiting.checked;
                let length = checked.bytes().len();
                if bytes + length > bytes_max || !is_current(checked, state) {
                    continue;
                }
                bytes += length;
                chosen.push(checked.clone());
                rest.push((sender, sequence + 1));
            }
            next = rest;
        }
        let last = chosen.last().map(|it| it.transaction().header.sender);
        inner.cursor = last.or(inner.cursor);
        chosen
    }

    /// Whether the block after `state` would have something to order.
    pub(crate) fn has_work(&self, state: &State) -> bool {
        let mut inner = self.lock();
        let heads = inner.heads(state);
        heads.into_iter().any(|(sender, sequence)| {
            let waiting = inner.waiting(&sender, sequence);
            waiting.is_some_and(|waiting| is_current(&waiting.checked, state))
        })
    }

    /// Drops what the ledger has taken or can no longer take.
    pub(crate) fn prune(&self, state: &State) {
        // Expired ones deep in a queue are looked for now and then; they only cost memory.
        let deep = state.height().is_multiple_of(EXPIRY_SCAN_BLOCKS);
        let mut inner = self.lock();
        let mut gone = Vec::new();
        for (sender, queue) in &inner.senders {
            let last = state.sequence(sender);
            for (sequence, waiting) in queue {
                if *sequence <= last || !is_current(&waiting.checked, state) {
                    gone.push((*sender, *sequence));
                } else if !deep {
                    break;
                }
            }
        }
        for (sender, sequence) in gone {
            inner.remove(&sender, sequence);
        }
    }

    /// Drops one transaction: a block ordered it, and the ledger refused it.
    pub(crate) fn drop_refused(&self, id: &Digest) {
        let mut inner = self.lock();
        if let Some((sender, sequence)) = inner.by_id.get(id).copied() {
            inner.remove(&sender, sequence);
        }
    }

    /// Whether a transaction waits here and nothing is missing before it in its sender's order.
    /// One of this node's own that lacks one before it is given up.
    pub(crate) fn awaits(&self, id: &Digest, state: &State) -> bool {
        let mut inner = self.lock();
        let Some((sender, sequence)) = inner.by_id.get(id).copied() else {
            return false;
        };
        if inner.next_sequence(&sender, state) > sequence {
            return true;
        }
        if inner.waiting(&sender, sequence).is_some_and(|it| it.own) {
            inner.remove(&sender, sequence);
        }
        false
    }

    /// The first of this node's own transactions, for sending again: at least one, whatever its
    /// size, because the longest is longer than a message that is sent at once.
    pub(crate) fn own(&self, bytes_max: usize) -> Vec<Checked> {
        let inner = self.lock();
        let mut bytes = 0;
        let own = inner
            .senders
            .values()
            .flat_map(BTreeMap::values)
            .filter(|waiting| waiting.own);
        own.map(|waiting| waiting.checked.clone())
            .take_while(|next| {
                let is_first = bytes == 0;
                bytes += next.bytes().len();
                is_first || bytes <= bytes_max
            })
            .collect()
    }

    /// The sequence after the contiguous ones of a sender that wait here.
    pub(crate) fn next_sequence(&self, sender: &PublicKey, state: &State) -> u64 {
        self.lock().next_sequence(sender, state)
    }
}

/// Whether the block after `state` is not too late for it.
fn is_current(checked: &Checked, state: &State) -> bool {
    checked.transaction().header.expires > state.height()
}

impl Inner {
    fn waiting(&mut self, sender: &PublicKey, sequence: u64) -> Option<&mut Waiting> {
        self.senders.get_mut(sender)?.get_mut(&sequence)
    }

    fn insert(&mut self, sender: PublicKey, sequence: u64, waiting: Waiting) {
        self.bytes += waiting.checked.bytes().len();
        self.by_id.insert(waiting.checked.id(), (sender, sequence));
        self.senders
            .entry(sender)
            .or_default()
            .insert(sequence, waiting);
    }

    fn remove(&mut self, sender: &PublicKey, sequence: u64) {
        let Some(queue) = self.senders.get_mut(sender) else {
            return;
        };
        if let Some(waiting) = queue.remove(&sequence) {
            self.bytes -= waiting.checked.bytes().len();
            self.by_id.remove(&waiting.checked.id());
        }
        if queue.is_empty() {
            self.senders.remove(sender);
        }
    }

    fn next_sequence(&self, sender: &PublicKey, state: &State) -> u64 {
        let mut next = state.sequence(sender) + 1;
        if let Some(queue) = self.senders.get(sender) {
            while queue.contains_key(&next) {
                next += 1;
            }
        }
        next
    }

    /// Each sender and its next sequence, in round robin order.
    fn heads(&self, state: &State) -> Vec<(PublicKey, u64)> {
        let heads = self
            .senders
            .keys()
            .map(|sender| (*sender, state.sequence(sender) + 1));
        let mut heads: Vec<_> = heads.collect();
        if let Some(cursor) = self.cursor {
            let start = heads.partition_point(|(sender, _)| *sender <= cursor);
            heads.rotate_left(start);
        }
        heads
    }
}

#[cfg(test)]
mod tests;
