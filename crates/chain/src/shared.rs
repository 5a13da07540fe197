//! What the parts of a node share with its handle.

use crate::{
    committee::Committees,
    engine::network::{Key, engine_key},
    execution::Run,
    pool::Pool,
    view::{Peer, Status},
};
use ledger::{OrgId, Organisation, State};
use proof::Digest;
use std::sync::{Arc, PoisonError, RwLock};
use tokio::sync::watch;

/// What the parts of a node share with its handle.
pub(crate) struct Shared {
    pub(crate) chain: Digest,
    pub(crate) pool: Pool,
    head: RwLock<Arc<Run>>,
    /// Size and text of the latest checkpoint that a quorum cosigned.
    checkpoint: RwLock<Option<(u64, String)>>,
    /// The latest state that a quorum stated, and their statement.
    stated: RwLock<Option<(State, String)>>,
    status: watch::Sender<Status>,
}

impl Shared {
    pub(crate) fn new(
        chain: Digest,
        pool: Pool,
        own_key: &Key,
        head: Arc<Run>,
        committees: &Committees,
        checkpoint: Option<(u64, String)>,
    ) -> Self {
        let epoch = committees.epoch_of(head.height + 1).unwrap_or_default();
        let members = head.state().organisations();
        let status = Status {
            peers: silent_peers(&members, own_key),
            ..status_of(&head, epoch, committees, &members)
        };
        Self {
            chain,
            pool,
            head: RwLock::new(head),
            checkpoint: RwLock::new(checkpoint),
            stated: RwLock::new(None),
            status: watch::Sender::new(status),
        }
    }

    /// The state after the last final block.
    pub(crate) fn state(&self) -> State {
        self.head
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .state()
            .clone()
    }

    pub(crate) fn checkpoint(&self) -> Option<(u64, String)> {
        self.checkpoint
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub(crate) fn set_checkpoint(&self, size: u64, note: String) {
        *self
            .checkpoint
            .write()
            .unwrap_or_else(PoisonError::into_inner) = Some((size, note));
        // Whoever waits for a receipt watches the status.
        self.status
            .send_modify(|status| status.checkpoint_size = size);
    }

    pub(crate) fn stated(&self) -> Option<(State, String)> {
        self.stated
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub(crate) fn set_stated(&self, state: State, note: String) {
        *self.stated.write().unwrap_or_else(PoisonError::into_inner) = Some((state, note));
    }

    pub(crate) fn status(&self) -> Status {
        let status = self.status.borrow().clone();
        Status {
            pending: self.pool.len(),
            ..status
        }
    }

    pub(crate) fn watch(&self) -> watch::Receiver<Status> {
        self.status.subscribe()
    }

    /// Makes a new head visible.
    pub(crate) fn set_head(
        &self,
        head: &Arc<Run>,
        epoch: u64,
        committees: &Committees,
        members: &[Organisation],
    ) {
        *self.head.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(head);
        let fresh = status_of(head, epoch, committees, members);
        let pending = self.pool.len();
        self.status.send_modify(|status| {
            let old = std::mem::replace(status, fresh);
            status.peers = old.peers;
            status.tip = old.tip.max(status.height);
            status.in_touch = old.in_touch;
            status.checkpoint_size = old.checkpoint_size;
            status.halted = old.halted;
            status.pending = pending;
        });
    }

    /// Makes visible what the herald knows of the others.
    pub(crate) fn set_peers(&self, peers: &[Peer], tip: u64, in_touch: bool) {
        self.status.send_if_modified(|status| {
            let tip = tip.max(status.height);
            let known = status.peers.len() == peers.len()
                && status
                    .peers
                    .iter()
                    .zip(peers)
                    .all(|(old, new)| old.is_as(new));
            let same = known && status.tip == tip && status.in_touch == in_touch;
            status.peers = peers.to_vec();
            status.tip = tip;
            status.in_touch = in_touch;
            !same
        });
    }

    /// Says for good that this node stopped.
    pub(crate) fn halt(&self, reason: String) {
        self.status
            .send_modify(|status| status.halted = Some(reason));
    }
}

fn silent_peers(members: &[Organisation], own_key: &Key) -> Vec<Peer> {
    let others = members
        .iter()
        .filter(|it| engine_key(&it.node_key).as_ref() != Some(own_key));
    others
        .map(|it| Peer {
            organisation: it.id.clone(),
            connected: false,
            height: None,
            heard_ms: None,
            cosigned: None,
        })
        .collect()
}

fn status_of(head: &Run, epoch: u64, committees: &Committees, members: &[Organisation]) -> Status {
    let state = head.state();
    let keys = committees.keys(epoch);
    let signs =
        |it: &&Organisation| engine_key(&it.node_key).is_some_and(|key| keys.contains(&key));
    let validators: Vec<OrgId> = members
        .iter()
        .filter(signs)
        .map(|it| it.id.clone())
        .collect();
    Status {
        height: head.height,
        time_ms: head.time_ms,
        epoch,
        state_root: state.root(),
        history_size: state.history().size(),
        history_root: state.history().root(),
        validators,
        peers: Vec::new(),
        tip: head.height,
        validating: committees.signs_in(epoch),
        in_touch: false,
        checkpoint_size: 0,
        pending: 0,
        halted: None,
    }
}
