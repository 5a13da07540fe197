//! Tells the peers how far this node is and what it cosigns, and listens to theirs.

use crate::{
    checkpoints::{Checkpoints, Cosigner},
    clock,
    database::Database,
    engine::{
        epochs::Command,
        network::{Channel, Key, engine_key},
    },
    pulse::{PULSE_BYTES_MAX, Pulse, Statement},
    shared::Shared,
    view::Peer,
};
use commonware_p2p::{Receiver as _, Recipients, Sender as _};
use commonware_runtime::IoBuf;
use ledger::{OrgId, Organisation, State};
use proof::{Canonical as _, Digest, SecretKey, policy::quorum};
use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::mpsc;
use tracing::warn;

/// How often a node says where it is, whatever happens.
const PULSE_INTERVAL: Duration = Duration::from_secs(2);
/// A peer that was silent for so long counts as not connected.
const SILENCE_MAX: Duration = Duration::from_secs(7);

/// States that are kept until a quorum states them; they share what did not change.
const STATES_MAX: usize = 64;

/// What the keeper tells the herald after it applied blocks.
#[derive(Clone, Debug)]
pub(crate) struct Final {
    pub(crate) height: u64,
    pub(crate) epoch: u64,
    pub(crate) size: u64,
    pub(crate) root: Digest,
    /// The block after which the state is what it still is.
    pub(crate) grown: u64,
    pub(crate) state: State,
    pub(crate) committee: Vec<Key>,
    pub(crate) members: Vec<Organisation>,
}

struct Heard {
    height: u64,
    at: Instant,
    time_ms: u64,
}

/// The herald.
pub(crate) struct Herald {
    pub(crate) shared: Arc<Shared>,
    pub(crate) database: Database,
    pub(crate) checkpoints: Checkpoints,
    /// Statements about the state.
    statements: Checkpoints,
    /// States that wait for a quorum to state them, by height.
    states: BTreeMap<u64, State>,
    pub(crate) checkpoint_key: SecretKey,
    pub(crate) own_key: Key,
    pub(crate) epochs: mpsc::UnboundedSender<Command>,
    state: Option<Final>,
    pulse: Option<Pulse>,
    statement: Option<Statement>,
    heard: BTreeMap<Key, Heard>,
}

impl Herald {
    pub(crate) fn new(
        shared: Arc<Shared>,
        database: Database,
        checkpoints: Checkpoints,
        checkpoint_key: SecretKey,
        own_key: Key,
        epochs: mpsc::UnboundedSender<Command>,
    ) -> Self {
        Self {
            statements: Checkpoints::of_state(&shared.chain),
            states: BTreeMap::new(),
            shared,
            database,
            checkpoints,
            checkpoint_key,
            own_key,
            epochs,
            state: None,
            pulse: None,
            statement: None,
            heard: BTreeMap::new(),
        }
    }

    /// Runs until the keeper or the network is gone.
    pub(crate) async fn run(
        mut self,
        mut finals: mpsc::UnboundedReceiver<Final>,
        (mut sender, mut receiver): Channel,
    ) {
        let mut tick = tokio::time::interval(PULSE_INTERVAL);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            let send = tokio::select! {
                latest = finals.recv() => match latest {
                    None => return,
                    Some(mut latest) => {
                        while let Ok(next) = finals.try_recv() {
                            latest = next;
                        }
                        self.follow(latest)
                    }
                },
                message = receiver.recv() => match message {
                    Err(_) => return,
                    Ok((peer, bytes)) => {
                        self.hear(peer, bytes.as_ref());
                        false
                    }
                },
                _ = tick.tick() => true,
            };
            self.keep_latest().await;
            if send && let Some(pulse) = &self.pulse {
                let bytes = IoBuf::from(pulse.to_bytes());
                let _ = sender.send(Recipients::All, bytes, false);
                if let Some(statement) = &self.statement {
                    let bytes = IoBuf::from(statement.to_bytes());
                    let _ = sender.send(Recipients::All, bytes, false);
                }
                self.publish();
            }
        }
    }

    /// Takes note of a new head. True if the peers should hear of it now.
    fn follow(&mut self, latest: Final) -> bool {
        let before = self.state.as_ref();
        let grown = before.is_none_or(|before| before.size != latest.size);
        let entered = before.is_none_or(|before| before.epoch != latest.epoch);
        if before.is_none_or(|before| before.members != latest.members || entered) {
            self.checkpoints.set_cosigners(self.cosigners(&latest));
            self.statements.set_cosigners(self.cosigners(&latest));
        }
        if grown && latest.size > 0 {
            let own = self.own_organisation(&latest);
            let signer = own.as_ref().map(|id| (id, &self.checkpoint_key));
            let time_s = clock::now_ms() / 1_000;
            let cosigned = self
                .checkpoints
                .finalised(latest.size, latest.root, signer, time_s);
            let (height, root) = (latest.grown, latest.state.root());
            let stated = self.statements.finalised(height, root, signer, time_s);
            self.statement = stated.map(Statement);
            self.states.insert(height, latest.state.clone());
            while self.states.len() > STATES_MAX {
                self.states.pop_first();
            }
            self.pulse = Some(Pulse {
                height: latest.height,
                epoch: latest.epoch,
                cosigned,
            });
        } else {
            let cosigned = self.pulse.take().and_then(|pulse| pulse.cosigned);
            self.pulse = Some(Pulse {
                height: latest.height,
                epoch: latest.epoch,
                cosigned,
            });
        }
        self.state = Some(latest);
        grown || entered
    }

    fn own_organisation(&self, latest: &Final) -> Option<OrgId> {
        let own = latest.members.iter().find(|member| {
            engine_key(&member.node_key).as_ref() == Some(&self.own_key)
                && member.checkpoint_key == self.checkpoint_key.public()
        });
        own.map(|member| member.id.clone())
    }

    fn cosigners(&self, latest: &Final) -> BTreeMap<Key, Cosigner> {
        let cosigner = |member: &Organisation| {
            let key = engine_key(&member.node_key)?;
            let vkey = self.checkpoints.vkey(&member.id, &member.checkpoint_key)?;
            let validator = latest.committee.contains(&key);
            Some((
                key,
                Cosigner {
                    organisation: member.id.clone(),
                    vkey,
                    validator,
                },
            ))
        };
        latest.members.iter().filter_map(cosigner).collect()
    }

    fn hear(&mut self, peer: Key, bytes: &[u8]) {
        if bytes.len() > PULSE_BYTES_MAX {
            return;
        }
        if let Ok(Statement(cosigned)) = Statement::from_bytes(bytes) {
            if !self.statements.heard(&peer, cosigned) {
                warn!(%peer, "a peer sent a statement about the state that is not good");
            }
            return;
        }
        let Ok(pulse) = Pulse::from_bytes(bytes) else {
            return;
        };
        if self
            .state
            .as_ref()
            .is_some_and(|state| pulse.epoch > state.epoch)
        {
            let _ = self.epochs.send(Command::Heard {
                peer: peer.clone(),
                epoch: pulse.epoch,
            });
        }
        if let Some(cosigned) = pulse.cosigned
            && !self.checkpoints.heard(&peer, cosigned)
        {
            warn!(%peer, "a peer sent a cosignature that is not good");
        }
        self.heard.insert(
            peer,
            Heard {
                height: pulse.height,
                at: Instant::now(),
                time_ms: clock::now_ms(),
            },
        );
    }

    /// Shows a state that a quorum stated, if there is a new one and this node still has it.
    fn show_stated(&mut self) {
        let Some(note) = self.statements.advance() else {
            return;
        };
        let Some(height) = self.statements.latest().map(|(height, _)| *height) else {
            return;
        };
        if let Some(state) = self.states.remove(&height) {
            self.shared.set_stated(state, note);
        }
        self.states = self.states.split_off(&height);
    }

    /// Keeps a new checkpoint with a quorum, if there is one.
    async fn keep_latest(&mut self) {
        self.show_stated();
        if let Some(note) = self.checkpoints.advance() {
            if let Some((size, note)) = self.checkpoints.latest() {
                self.shared.set_checkpoint(*size, note.clone());
            }
            if let Err(error) = self.database.keep_checkpoint(note).await {
                warn!(%error, "the checkpoint could not be kept");
            }
        }
    }

    /// Puts what is known of the peers into the status.
    fn publish(&self) {
        let Some(state) = &self.state else { return };
        let others = state.members.iter().filter_map(|member| {
            let key = engine_key(&member.node_key)?;
            (key != self.own_key).then(|| {
                let heard = self.heard.get(&key);
                Peer {
                    organisation: member.id.clone(),
                    connected: heard.is_some_and(|heard| heard.at.elapsed() < SILENCE_MAX),
                    height: heard.map(|heard| heard.height),
                    heard_ms: heard.map(|heard| heard.time_ms),
                    cosigned: self.checkpoints.cosigned_by(&member.id),
                }
            })
        });
        let others: Vec<Peer> = others.collect();
        self.shared
            .set_peers(&others, self.tip(state), self.in_touch(state));
    }

    fn recent<'a>(&'a self, state: &'a Final) -> impl Iterator<Item = &'a Heard> {
        let recent = |key: &Key| {
            self.heard
                .get(key)
                .filter(|it| it.at.elapsed() < SILENCE_MAX)
        };
        state.committee.iter().filter_map(recent)
    }

    /// A height that at least one honest validator says to have reached.
    fn tip(&self, state: &Final) -> u64 {
        let faulty = state.committee.len() - quorum(state.committee.len());
        let mut heights: Vec<u64> = self.recent(state).map(|heard| heard.height).collect();
        heights.sort_unstable_by(|one, next| next.cmp(one));
        heights
            .get(faulty)
            .copied()
            .unwrap_or_default()
            .max(state.height)
    }

    /// Whether enough validators are heard for blocks to become final.
    fn in_touch(&self, state: &Final) -> bool {
        let own = usize::from(state.committee.contains(&self.own_key));
        self.recent(state).count() + own >= quorum(state.committee.len())
    }
}
