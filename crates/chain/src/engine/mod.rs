//! The consensus engine: network, block archive, one simplex instance per epoch.
//!
//! Nothing outside this folder and `committee.rs`, `block.rs` names the engine's protocol types.

mod application;
mod archive;
pub(crate) mod epochs;
mod handshake;
pub(crate) mod network;

use crate::{
    block::{Block, BlockDigest, BlockLimits},
    committee::Committees,
    gossip, keeper,
    pulse::PULSE_BYTES_MAX,
};
pub(crate) use application::{Application, Pace};
pub(crate) use archive::Blocks;
use commonware_actor::Feedback;
use commonware_broadcast::buffered;
use commonware_consensus::{
    Reporter,
    marshal::{
        self, Update,
        core::Actor,
        resolver::p2p as backfill,
        standard::{Inline, Standard},
    },
    simplex::{self, scheme::ed25519::Scheme},
    types::ViewDelta,
};
use commonware_cryptography::{
    Digested, Signer as _,
    ed25519::{PrivateKey, PublicKey},
};
use commonware_parallel::Sequential;
use commonware_runtime::{
    Handle, Supervisor as _,
    buffer::paged::{CacheRef, page_size},
    tokio::Context,
};
use commonware_utils::{NZDuration, NZU64, NZUsize};
use epochs::{Command, Epochs, Marshal};
use ledger::{ORGANISATIONS_MAX, State};
use network::{Channels, Oracle};
use std::{sync::Arc, time::Duration};
use tokio::sync::mpsc;

/// The largest `block_bytes_max` that the ledger allows; bounds what is taken from the network.
const BLOCK_BYTES_MAX: usize = 16 << 20;

/// What is read from disk before the engine starts.
pub(crate) struct Stores {
    pub(crate) blocks: Blocks,
    certificates: archive::Certificates,
    cache: CacheRef,
}

impl Stores {
    /// Opens the archives. The engine's storage panics where it is damaged.
    pub(crate) async fn open(context: &Context) -> Option<Self> {
        let cache = CacheRef::new(page_size(4_096), NZUsize!(1_024));
        Some(Self {
            blocks: archive::blocks(context, &cache, limits()).await?,
            certificates: archive::certificates(context, &cache).await?,
            cache,
        })
    }
}

fn limits() -> BlockLimits {
    BlockLimits {
        bytes_max: BLOCK_BYTES_MAX,
    }
}

/// The longest message on any channel.
pub(crate) fn message_bytes_max() -> u32 {
    let participants = u32::try_from(ORGANISATIONS_MAX).unwrap_or(u32::MAX);
    let blocks = marshal::max_payload_size::<Standard<Block>, Scheme>(participants, &limits());
    let votes = simplex::max_payload_size::<Scheme, BlockDigest>(participants);
    let votes = commonware_p2p::utils::mux::prefixed(votes);
    let own = gossip::MESSAGE_BYTES_MAX.max(PULSE_BYTES_MAX);
    commonware_p2p::max_message_size(&[blocks, votes, own])
}

/// The keys of the validators that a state names, sorted as the engine sorts them.
pub(crate) fn keys_of(state: &State) -> Vec<PublicKey> {
    let validators = state.validators();
    let mut keys: Vec<_> = validators
        .iter()
        .filter_map(|it| network::engine_key(&it.node_key))
        .collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}

/// Passes what the engine finalised to the keeper.
#[derive(Clone)]
struct Deliver {
    blocks: mpsc::UnboundedSender<keeper::Delivery>,
}

impl Reporter for Deliver {
    type Activity = Update<Block>;

    fn report(&mut self, update: Update<Block>) -> Feedback {
        // Bounded by the engine: it delivers no more than `max_pending_acks` ahead.
        let Update::Block(block, acknowledgement) = update else {
            return Feedback::Ok;
        };
        if self.blocks.send((block, acknowledgement)).is_ok() {
            Feedback::Ok
        } else {
            Feedback::Closed
        }
    }
}

/// What the engine is started with.
pub(crate) struct Parts {
    pub(crate) key: PrivateKey,
    pub(crate) oracle: Oracle<PublicKey>,
    pub(crate) committees: Committees,
    pub(crate) genesis: Digested<Block>,
    pub(crate) application: Application,
}

/// A running engine.
pub(crate) struct Engine {
    pub(crate) marshal: Marshal,
    pub(crate) tasks: Vec<Handle<()>>,
}

/// Starts the engine: final blocks go to `deliveries`, epochs are entered by `commands`.
pub(crate) async fn start(
    context: &Context,
    parts: Parts,
    stores: Stores,
    channels: EngineChannels,
    deliveries: mpsc::UnboundedSender<keeper::Delivery>,
    commands: mpsc::UnboundedReceiver<Command>,
) -> Engine {
    let (broadcast, buffer) =
        buffered::Engine::new(context.child("broadcast"), broadcast_config(&parts));
    let resolver = backfill::init(
        context.child("backfill"),
        backfill_config(&parts),
        channels.backfill,
    );
    let config = marshal_config(&parts, stores.cache.clone());
    let (actor, marshal, _) = Actor::init(
        context.child("marshal"),
        stores.certificates,
        stores.blocks,
        config,
    )
    .await;
    let pace = Arc::clone(&parts.application.pace);
    let application = Inline::new(
        context.child("application"),
        parts.application,
        marshal.clone(),
        parts.committees.clone(),
    );
    let epochs = Epochs {
        context: context.child("epochs"),
        application,
        marshal: marshal.clone(),
        committees: parts.committees,
        oracle: parts.oracle,
        pace,
        cache: stores.cache,
    };
    let tasks = vec![
        broadcast.start(channels.blocks),
        actor.start(Deliver { blocks: deliveries }, buffer, resolver),
        epochs.start(
            channels.votes,
            channels.certificates,
            channels.resolver,
            commands,
        ),
    ];
    Engine { marshal, tasks }
}

/// The channels that belong to the engine.
pub(crate) struct EngineChannels {
    votes: network::Channel,
    certificates: network::Channel,
    resolver: network::Channel,
    blocks: network::Channel,
    backfill: network::Channel,
}

/// Splits the channels into the engine's and those of gossip and herald.
pub(crate) fn split(channels: Channels) -> (EngineChannels, network::Channel, network::Channel) {
    let Channels {
        votes,
        certificates,
        resolver,
        blocks,
        backfill,
        pool,
        pulses,
    } = channels;
    (
        EngineChannels {
            votes,
            certificates,
            resolver,
            blocks,
            backfill,
        },
        pool,
        pulses,
    )
}

fn broadcast_config(
    parts: &Parts,
) -> buffered::Config<PublicKey, BlockLimits, Oracle<PublicKey>, Sequential> {
    buffered::Config {
        public_key: parts.key.public_key(),
        mailbox_size: NZUsize!(256),
        deque_size: 8,
        priority: false,
        codec_config: limits(),
        peer_provider: parts.oracle.clone(),
        strategy: Sequential,
    }
}

fn backfill_config(
    parts: &Parts,
) -> backfill::Config<PublicKey, Oracle<PublicKey>, Oracle<PublicKey>> {
    backfill::Config {
        public_key: parts.key.public_key(),
        peer_provider: parts.oracle.clone(),
        blocker: parts.oracle.clone(),
        mailbox_size: NZUsize!(256),
        fetch_timeout: NZDuration!(Duration::from_secs(2)),
        fetch_retry_delay: Duration::from_millis(100),
        priority_requests: false,
        priority_responses: false,
    }
}

fn marshal_config(
    parts: &Parts,
    page_cache: CacheRef,
) -> marshal::Config<Committees, Committees, Sequential, Block, Digested<Block>> {
    marshal::Config {
        provider: parts.committees.clone(),
        epocher: parts.committees.clone(),
        start: marshal::Start::Genesis(parts.genesis.clone()),
        partition_prefix: "marshal".to_owned(),
        mailbox_size: NZUsize!(1_024),
        view_retention: ViewDelta::new(64),
        prunable_items_per_section: NZU64!(256),
        page_cache,
        replay_buffer: archive::REPLAY_BUFFER,
        key_write_buffer: archive::WRITE_BUFFER,
        value_write_buffer: archive::WRITE_BUFFER,
        block_codec_config: limits(),
        max_repair: NZUsize!(64),
        max_pending_acks: NZUsize!(64),
        strategy: Sequential,
    }
}
