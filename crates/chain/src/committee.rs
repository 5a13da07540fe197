//! Which heights belong to which epoch, and who signs in it.
//!
//! Both follow from the state after the last block of the epoch before, so an epoch is known
//! here only once that block is applied. Equal neighbours share an entry: a year of unchanged
//! membership costs one.

use commonware_consensus::{
    simplex::scheme::ed25519::Scheme,
    types::{Epoch, EpochInfo, Epocher, Height},
};
use commonware_cryptography::{
    Signer as _,
    certificate::{Provider, Scheme as _, Scoped},
    ed25519::{PrivateKey, PublicKey},
};
use commonware_utils::{TryCollect as _, ordered::Set};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// What holds from an epoch on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Term {
    /// The epoch.
    pub(crate) epoch: u64,
    /// Its first height.
    pub(crate) first: u64,
    /// How many blocks it has.
    pub(crate) blocks: u64,
    /// Who signs in it.
    pub(crate) keys: Vec<PublicKey>,
}

/// The epochs that this node has reached.
#[derive(Clone)]
pub(crate) struct Committees {
    namespace: Arc<Vec<u8>>,
    key: PrivateKey,
    inner: Arc<Mutex<Inner>>,
}

struct Span {
    first: u64,
    blocks: u64,
    scheme: Arc<Scheme>,
}

#[derive(Default)]
struct Inner {
    /// First epoch of a span of equal ones -> what holds in it.
    spans: BTreeMap<u64, Span>,
    /// The last epoch known.
    last: Option<u64>,
}

impl Committees {
    pub(crate) fn new(namespace: Vec<u8>, key: PrivateKey) -> Self {
        Self {
            namespace: Arc::new(namespace),
            key,
            inner: Arc::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes the next epoch known. True if it differs from the one before; false too for an
    /// epoch that is known already.
    pub(crate) fn register(&self, term: &Term) -> bool {
        let mut inner = self.lock();
        if inner.last.is_some_and(|last| term.epoch <= last) {
            return false;
        }
        let Ok(participants) = term.keys.iter().cloned().try_collect::<Set<PublicKey>>() else {
            return false;
        };
        inner.last = Some(term.epoch);
        let before = inner.spans.values().next_back();
        if before.is_some_and(|span| {
            span.blocks == term.blocks && *span.scheme.participants() == participants
        }) {
            return false;
        }
        let scheme = Scheme::signer(&self.namespace, participants.clone(), self.key.clone())
            .unwrap_or_else(|| Scheme::verifier(&self.namespace, participants));
        let span = Span {
            first: term.first,
            blocks: term.blocks,
            scheme: Arc::new(scheme),
        };
        inner.spans.insert(term.epoch, span);
        true
    }

    /// Makes all epochs up to this one known, which have the terms of the last one registered.
    pub(crate) fn extend_to(&self, height: u64) {
        let mut inner = self.lock();
        let Some((epoch, span)) = inner.spans.last_key_value() else {
            return;
        };
        let reached = epoch + height.saturating_sub(span.first) / span.blocks;
        inner.last = inner.last.max(Some(reached));
    }

    /// The scheme of an epoch, if the epoch was reached.
    pub(crate) fn scheme(&self, epoch: u64) -> Option<Arc<Scheme>> {
        self.lock()
            .span(epoch)
            .map(|(_, span)| Arc::clone(&span.scheme))
    }

    /// The keys of an epoch's committee.
    pub(crate) fn keys(&self, epoch: u64) -> Vec<PublicKey> {
        self.scheme(epoch)
            .map(|scheme| scheme.participants().iter().cloned().collect())
            .unwrap_or_default()
    }

    /// Whether this node signs in an epoch.
    pub(crate) fn signs_in(&self, epoch: u64) -> bool {
        self.keys(epoch).contains(&self.key.public_key())
    }

    /// The epoch of a height.
    pub(crate) fn epoch_of(&self, height: u64) -> Option<u64> {
        self.containing(Height::new(height))
            .map(|info| info.epoch().get())
    }

    /// First and last height of an epoch.
    pub(crate) fn bounds(&self, epoch: u64) -> Option<(u64, u64)> {
        let inner = self.lock();
        let (start, span) = inner.span(epoch)?;
        let first = span.first + (epoch - start) * span.blocks;
        Some((first, first + span.blocks - 1))
    }
}

impl Inner {
    fn span(&self, epoch: u64) -> Option<(u64, &Span)> {
        if self.last.is_none_or(|last| epoch > last) {
            return None;
        }
        self.spans
            .range(..=epoch)
            .next_back()
            .map(|(start, span)| (*start, span))
    }
}

impl Provider for Committees {
    type Scope = Epoch;
    type Scheme = Scheme;

    fn scoped(&self, epoch: Epoch) -> Option<Scoped<Scheme>> {
        self.scheme(epoch.get()).map(Scoped::scheme)
    }
}

impl Epocher for Committees {
    fn containing(&self, height: Height) -> Option<EpochInfo> {
        let inner = self.lock();
        let wanted = height.get();
        let (start, span) = inner
            .spans
            .iter()
            .rev()
            .find(|(_, span)| span.first <= wanted)?;
        let epoch = start + (wanted - span.first) / span.blocks;
        if inner.last.is_none_or(|last| epoch > last) {
            return None;
        }
        let first = span.first + (epoch - start) * span.blocks;
        let last = Height::new(first + span.blocks - 1);
        Some(EpochInfo::new(
            Epoch::new(epoch),
            height,
            Height::new(first),
            last,
        ))
    }

    fn first(&self, epoch: Epoch) -> Option<Height> {
        self.bounds(epoch.get())
            .map(|(first, _)| Height::new(first))
    }

    fn last(&self, epoch: Epoch) -> Option<Height> {
        self.bounds(epoch.get()).map(|(_, last)| Height::new(last))
    }
}

#[cfg(test)]
mod tests;
