//! One consensus engine per epoch, and the step from one to the next.
//!
//! The committee of epoch e + 1 is what the state says after the last block of epoch e. Once
//! that block is applied, the old engine is stopped and a new one starts whose genesis is that
//! block. Messages of other epochs arrive on sub-channels of their own, so they never reach the
//! wrong engine; a message of a later epoch tells a node that fell behind whom to ask for the
//! last block of its epoch.

use super::{
    Pace,
    archive::{REPLAY_BUFFER, WRITE_BUFFER},
    network::{Channel, Key, Sender},
};
use crate::{block::BlockDigest, committee::Committees};
use commonware_consensus::{
    marshal::{core::Mailbox, standard::Standard},
    simplex::{
        self, ForwardPolicy, SkipBudget, SkipPolicy, elector::RoundRobin, scheme::ed25519::Scheme,
    },
    types::{Epoch, Height, ViewDelta},
};
use commonware_cryptography::Sha256;
use commonware_p2p::{
    Message,
    authenticated::lookup::Oracle,
    utils::mux::{Builder as _, MuxHandle, Muxer},
};
use commonware_parallel::Sequential;
use commonware_runtime::{
    Handle, Spawner as _, Storage as _, Supervisor as _, buffer::paged::CacheRef, tokio::Context,
};
use commonware_utils::{NZDuration, NZUsize, channel::mpsc as engine_mpsc, vec::NonEmptyVec};
use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::mpsc;
use tracing::{info, warn};

pub(crate) type Marshal = Mailbox<Scheme, Standard<crate::block::Block>>;
type Backup = engine_mpsc::Receiver<(commonware_p2p::Channel, Message<Key>)>;

/// What the epochs are told.
#[derive(Debug)]
pub(crate) enum Command {
    /// The last block of the epoch before is applied: run this epoch.
    Enter { epoch: u64, genesis: BlockDigest },
    /// A peer says that it is in this epoch.
    Heard { peer: Key, epoch: u64 },
}

/// How long a leader may think, and when to give up on it.
#[derive(Clone, Copy, Debug)]
struct Timeouts {
    leader: Duration,
    certification: Duration,
    skip: Duration,
}

impl Timeouts {
    /// A leader of an idle ledger holds its proposal for up to a heartbeat.
    fn for_heartbeat(heartbeat: Duration) -> Self {
        let leader = heartbeat + Duration::from_secs(1);
        let certification = leader + Duration::from_secs(1);
        Self {
            leader,
            certification,
            skip: certification + Duration::from_secs(1),
        }
    }
}

/// Everything that an epoch's engine is made of.
pub(crate) struct Epochs<A> {
    pub(crate) context: Context,
    pub(crate) application: A,
    pub(crate) marshal: Marshal,
    pub(crate) committees: Committees,
    pub(crate) oracle: Oracle<Key>,
    pub(crate) pace: Arc<Pace>,
    pub(crate) cache: CacheRef,
}

struct Muxes {
    votes: MuxHandle<Sender>,
    certificates: MuxHandle<Sender>,
    resolver: MuxHandle<Sender>,
}

struct Active {
    epoch: u64,
    engine: Handle<()>,
}

/// Peers ask for the end of an epoch at most this often.
const HINT_INTERVAL: Duration = Duration::from_millis(250);

impl<A> Epochs<A>
where
    A: commonware_consensus::CertifiableAutomaton<
            Context = simplex::types::Context<BlockDigest, Key>,
            Digest = BlockDigest,
        > + commonware_consensus::Relay<
            Digest = BlockDigest,
            PublicKey = Key,
            Plan = simplex::Plan<Key>,
        > + commonware_consensus::Reporter<Activity = simplex::types::Activity<Scheme, BlockDigest>>
        + Sync,
{
    /// Runs epochs until the command channel closes or an engine ends.
    pub(crate) fn start(
        self,
        votes: Channel,
        certificates: Channel,
        resolver: Channel,
        commands: mpsc::UnboundedReceiver<Command>,
    ) -> Handle<()> {
        let context = self.context.child("epochs");
        context.spawn(move |_| self.run(votes, certificates, resolver, commands))
    }

    fn mux(&self, name: &'static str, channel: Channel) -> (MuxHandle<Sender>, Backup) {
        let (mux, handle, backup) = Muxer::builder(self.context.child(name), channel.0, channel.1)
            .with_backup()
            .build();
        mux.start();
        (handle, backup)
    }

    async fn run(
        self,
        votes: Channel,
        certificates: Channel,
        resolver: Channel,
        mut commands: mpsc::UnboundedReceiver<Command>,
    ) {
        let (votes, mut later_votes) = self.mux("votes", votes);
        let (certificates, mut later_certificates) = self.mux("certificates", certificates);
        let (mux, resolver) = Muxer::new(self.context.child("resolver"), resolver.0, resolver.1);
        mux.start();
        let mut muxes = Muxes {
            votes,
            certificates,
            resolver,
        };
        let mut active: Option<Active> = None;
        let mut ahead: BTreeMap<Key, u64> = BTreeMap::new();
        let mut hinted = Instant::now();
        loop {
            let heard = tokio::select! {
                command = commands.recv() => match command {
                    None => break,
                    Some(Command::Enter { epoch, genesis }) => {
                        if active.as_ref().is_some_and(|active| active.epoch >= epoch) {
                            continue;
                        }
                        if let Some(old) = active.take() {
                            old.engine.abort();
                            self.forget(old.epoch).await;
                        }
                        let Some(engine) = self.enter(epoch, genesis, &mut muxes).await else {
                            warn!(epoch, "the network closed while entering an epoch");
                            break;
                        };
                        active = Some(Active { epoch, engine });
                        None
                    }
                    Some(Command::Heard { peer, epoch }) => Some((peer, epoch)),
                },
                Some((epoch, (peer, _))) = later_votes.recv() => Some((peer, epoch)),
                Some((epoch, (peer, _))) = later_certificates.recv() => Some((peer, epoch)),
                result = ended(&mut active) => {
                    warn!(?result, "the engine of the epoch ended");
                    break;
                }
            };
            let fresh = heard.is_none();
            if let Some((peer, epoch)) = heard {
                ahead.insert(peer, epoch);
            }
            if let Some(active) = &active
                && (fresh || hinted.elapsed() >= HINT_INTERVAL)
            {
                hinted = Instant::now();
                self.hint(active.epoch, &mut ahead);
            }
        }
    }

    /// Asks the peers that are ahead for the last block of our epoch.
    fn hint(&self, epoch: u64, ahead: &mut BTreeMap<Key, u64>) {
        ahead.retain(|_, theirs| *theirs > epoch);
        let Ok(targets) = NonEmptyVec::try_from(ahead.keys().cloned().collect::<Vec<_>>()) else {
            return;
        };
        if let Some((_, last)) = self.committees.bounds(epoch) {
            self.marshal.hint_finalized(Height::new(last), targets);
        }
    }

    async fn enter(
        &self,
        epoch: u64,
        genesis: BlockDigest,
        muxes: &mut Muxes,
    ) -> Option<Handle<()>> {
        let scheme = self.committees.scheme(epoch)?;
        let context = self.context.child("simplex").with_attribute("epoch", epoch);
        let timeouts = Timeouts::for_heartbeat(Duration::from_millis(self.pace.heartbeat_ms()));
        let config = simplex::Config {
            scheme: scheme.as_ref().clone(),
            elector: RoundRobin::<Sha256>::default(),
            blocker: self.oracle.clone(),
            automaton: self.application.clone(),
            relay: self.application.clone(),
            reporter: self.application.clone(),
            track_historical_votes: false,
            strategy: Sequential,
            partition: partition(epoch),
            mailbox_size: NZUsize!(256),
            epoch: Epoch::new(epoch),
            floor: simplex::Floor::Genesis(genesis),
            replay_buffer: REPLAY_BUFFER,
            write_buffer: WRITE_BUFFER,
            page_cache: self.cache.clone(),
            leader_timeout: timeouts.leader,
            certification_timeout: timeouts.certification,
            timeout_retry: timeouts.leader,
            view_retention: ViewDelta::new(64),
            skip: SkipPolicy::Enabled {
                timeout: timeouts.skip,
                budget: SkipBudget::Participants,
            },
            fetch_timeout: NZDuration!(Duration::from_secs(2)),
            fetch_retry_delay: Duration::from_millis(100),
            forward: ForwardPolicy::SilentLeader,
        };
        let engine = simplex::Engine::new(context, config);
        let votes = muxes.votes.register(epoch).await.ok()?;
        let certificates = muxes.certificates.register(epoch).await.ok()?;
        let resolver = muxes.resolver.register(epoch).await.ok()?;
        info!(epoch, "entered epoch");
        Some(engine.start(votes, certificates, resolver))
    }

    /// Removes the vote journal of an epoch that is over for good.
    async fn forget(&self, epoch: u64) {
        if let Some(old) = epoch.checked_sub(1) {
            let _ = self.context.remove(&partition(old), None).await;
        }
    }
}

fn partition(epoch: u64) -> String {
    format!("votes-{epoch}")
}

async fn ended(active: &mut Option<Active>) -> Result<(), commonware_runtime::Error> {
    match active {
        Some(active) => (&mut active.engine).await,
        None => std::future::pending().await,
    }
}
