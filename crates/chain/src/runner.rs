//! The life of a node's engine, from the archives on disk to the end.

use crate::{
    block::Block,
    engine::{
        self, Application, Parts, Stores,
        epochs::{Command, Marshal},
        network::{self, Key},
    },
    error::Death,
    gossip,
    herald::{Final, Herald},
    keeper::{Halt, Keeper},
    node::Prepared,
};
use commonware_cryptography::{Digested, Digestible as _, Signer as _};
use commonware_runtime::{
    Handle as Task, Metrics as _, Runner as _, Spawner as _, Supervisor as _, tokio as runtime,
};
use commonware_storage::archive::{Archive as _, Identifier};
use ledger::Checked;
use std::{num::NonZeroUsize, sync::Arc, time::Duration};
use tokio::sync::{mpsc, watch};
use tracing::info;

type Oracle = network::Oracle<Key>;

/// How long the engine's tasks may take to stop.
const STOP_TIMEOUT: Duration = Duration::from_secs(5);
/// Archived blocks that are applied together when `ledger.db` is behind.
const REPLAY_BLOCKS: usize = 64;

/// The ends of a node's channels that its engine holds.
pub(crate) struct Wiring {
    pub(crate) submitted: mpsc::Receiver<Checked>,
    pub(crate) stopped: watch::Receiver<bool>,
    pub(crate) opened: watch::Sender<Option<Inside>>,
}

/// What the handle asks the running engine for.
#[derive(Clone)]
pub(crate) struct Inside {
    pub(crate) marshal: Marshal,
    pub(crate) metrics: Arc<dyn Fn() -> String + Send + Sync>,
}

/// Runs a node until it is stopped or fails.
pub(crate) fn run(prepared: Prepared, wiring: Wiring) -> Death {
    let config = runtime::Config::new()
        .with_worker_threads(prepared.config.worker_threads.max(1))
        .with_max_blocking_threads(64)
        .with_catch_panics(false)
        .with_storage_directory(prepared.directory.join("engine"));
    runtime::Runner::new(config).start(|context| async move {
        let mut stopped = wiring.stopped.clone();
        let life = live(context.child("salus"), prepared, wiring);
        let death = tokio::select! {
            death = life => death,
            _ = stopped.wait_for(|stop| *stop) => Death::Stopped,
        };
        let _ = context.stop(0, Some(STOP_TIMEOUT)).await;
        death
    })
}

async fn live(context: runtime::Context, mut prepared: Prepared, wiring: Wiring) -> Death {
    let members = prepared.execution.head().state().organisations().len();
    let peers_max = network::peers_max(members);
    let (network, channels, oracle) = network::create(
        &context,
        &prepared.key,
        &prepared.shared.chain.0,
        prepared.config.listen,
        engine::message_bytes_max(),
        peers_max,
    );
    let (epochs, commands) = mpsc::unbounded_channel();
    let (finals, heard_finals) = mpsc::unbounded_channel();
    let (deliveries, delivered) = mpsc::unbounded_channel();
    let mut keeper = keeper_of(&prepared, &oracle, epochs.clone(), finals, peers_max);
    let Some(stores) = Stores::open(&context).await else {
        return Death::Failed("the archives of blocks could not be opened".to_owned());
    };
    if let Err(halt) = begin(&mut prepared, &mut keeper, &stores).await {
        return Death::Failed(halt.to_string());
    }
    let (own, pool, pulses) = engine::split(channels);
    let parts = parts_of(&prepared, oracle);
    let engine = engine::start(&context, parts, stores, own, deliveries, commands).await;
    let herald = Herald::new(
        Arc::clone(&prepared.shared),
        prepared.database.clone(),
        prepared.checkpoints,
        prepared.checkpoint_key.clone(),
        prepared.key.public_key(),
        epochs,
    );
    let gossip = gossip::run(Arc::clone(&prepared.shared), wiring.submitted, pool);
    let mut tasks = engine.tasks;
    tasks.push(network.start());
    tasks.push(
        context
            .child("herald")
            .spawn(move |_| herald.run(heard_finals, pulses)),
    );
    tasks.push(context.child("gossip").spawn(move |_| gossip));
    let keeper = context
        .child("keeper")
        .spawn(move |_| keeper.run(delivered));
    let metrics = context.child("metrics");
    let metrics = Arc::new(move || metrics.encode());
    wiring.opened.send_replace(Some(Inside {
        marshal: engine.marshal,
        metrics,
    }));
    supervise(keeper, tasks).await
}

fn keeper_of(
    prepared: &Prepared,
    oracle: &Oracle,
    epochs: mpsc::UnboundedSender<Command>,
    herald: mpsc::UnboundedSender<Final>,
    peers_max: NonZeroUsize,
) -> Keeper {
    Keeper {
        shared: Arc::clone(&prepared.shared),
        execution: prepared.execution.clone(),
        database: prepared.database.clone(),
        committees: prepared.committees.clone(),
        pace: Arc::clone(&prepared.pace),
        oracle: oracle.clone(),
        epochs,
        herald,
        peers_max,
        members: Vec::new(),
        grown: 0,
    }
}

fn parts_of(prepared: &Prepared, oracle: Oracle) -> Parts {
    Parts {
        key: prepared.key.clone(),
        oracle,
        committees: prepared.committees.clone(),
        genesis: prepared.genesis.clone(),
        application: Application {
            execution: prepared.execution.clone(),
            pool: prepared.shared.pool.clone(),
            committees: prepared.committees.clone(),
            pace: Arc::clone(&prepared.pace),
        },
    }
}

/// Brings the ledger database up to the archived blocks and takes up work there.
async fn begin(prepared: &mut Prepared, keeper: &mut Keeper, stores: &Stores) -> Result<(), Halt> {
    if let Some(first) = prepared.first.take() {
        prepared.database.apply(vec![first]).await?;
    }
    replay(keeper, stores).await?;
    keeper.resume().await
}

/// Waits for the first part of a node that ends; none should.
async fn supervise(keeper: Task<Halt>, tasks: Vec<Task<()>>) -> Death {
    tokio::select! {
        halt = keeper => Death::Failed(halt.map_or_else(
            |error| format!("the keeper of the ledger ended: {error}"),
            |halt| halt.to_string(),
        )),
        ended = Task::select(tasks) => {
            Death::Failed(format!("a part of the engine ended: {ended:?}"))
        }
    }
}

/// Applies archived blocks that `ledger.db` does not have: all of them if it is new.
async fn replay(keeper: &mut Keeper, stores: &Stores) -> Result<(), Halt> {
    let start = keeper.execution.head().height;
    loop {
        let from = keeper.execution.head().height + 1;
        let mut blocks = Vec::new();
        for height in from..from + REPLAY_BLOCKS as u64 {
            let Ok(Some(block)) = stores.blocks.get(Identifier::Index(height)).await else {
                break;
            };
            let digest = block.digest();
            blocks.push(Digested::<Block>::precomputed(block, digest));
        }
        if blocks.is_empty() {
            break;
        }
        keeper.apply(blocks).await?;
    }
    let head = keeper.execution.head().height;
    if head > start {
        info!(
            from = start + 1,
            to = head,
            "applied archived blocks to the ledger database"
        );
    }
    Ok(())
}
