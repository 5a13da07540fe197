//! Starting a node: what is on disk is read first, then the engine runs on threads of its own.

use crate::{
    block::{self, Block, from_engine, to_engine},
    checkpoints::Checkpoints,
    committee::{Committees, Term},
    config::Config,
    database::{Database, Head},
    engine::{Pace, keys_of},
    error::{Death, StartError},
    execution::{Execution, Run},
    handle::Handle,
    keeper::genesis_applied,
    pool::Pool,
    runner::{self, Wiring},
    shared::Shared,
};
use commonware_codec::DecodeExt as _;
use commonware_cryptography::{Digested, Digestible as _, Signer as _, ed25519::PrivateKey};
use ledger::State;
use proof::SecretKey;
use std::{
    any::Any,
    net::TcpListener,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::{Arc, atomic::AtomicU64},
    thread,
};
use tokio::sync::{mpsc, watch};
use tracing::error;

/// Submitted transactions that wait to be sent to the other nodes.
const SUBMITTED_MAX: usize = 8_192;

/// Starts nodes.
#[derive(Debug)]
pub struct Node;

impl Node {
    /// Starts a node on threads of its own; it catches up behind the handle.
    ///
    /// Reads `ledger.db` before it returns, so the handle knows the last state at once.
    pub fn start(config: Config) -> Result<Handle, StartError> {
        let genesis = config.genesis.check();
        genesis.map_err(|error| StartError::Configuration(format!("genesis: {error}")))?;
        let directory = config.directory.join("ledger");
        let io = |what: String| move |source| StartError::Io { what, source };
        std::fs::create_dir_all(&directory)
            .map_err(io(format!("create {}", directory.display())))?;
        // The engine would only panic on a thread of its own.
        TcpListener::bind(config.listen)
            .map_err(io(format!("listen for other nodes on {}", config.listen)))?;
        let genesis = Arc::new(config.genesis.clone());
        let own_folder: Arc<Path> = directory.clone().into();
        let prepared = Prepared::load(config, directory)?;
        let (shared, database) = (Arc::clone(&prepared.shared), prepared.database.clone());
        let (death, died) = watch::channel(None);
        let (stop, stopped) = watch::channel(false);
        let (submit, submitted) = mpsc::channel(SUBMITTED_MAX);
        let (opened, inside) = watch::channel(None);
        let wiring = Wiring {
            submitted,
            stopped,
            opened,
        };
        thread::Builder::new()
            .name("ledger-engine".to_owned())
            .spawn(move || {
                let shared = Arc::clone(&prepared.shared);
                let ended = catch_unwind(AssertUnwindSafe(|| runner::run(prepared, wiring)));
                let last = ended.unwrap_or_else(|panic| Death::Failed(text_of(panic.as_ref())));
                if let Death::Failed(reason) = &last {
                    error!(reason, "the ledger engine of this node failed");
                    shared.halt(reason.clone());
                }
                death.send_replace(Some(last));
            })
            .map_err(io("start the engine's thread".to_owned()))?;
        Ok(Handle {
            genesis,
            directory: own_folder,
            shared,
            database,
            submit,
            stop,
            died,
            inside,
        })
    }
}

fn text_of(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("a thread of the engine panicked").to_owned()
}

/// A node before its engine runs.
pub(crate) struct Prepared {
    pub(crate) config: Config,
    pub(crate) directory: PathBuf,
    pub(crate) key: PrivateKey,
    pub(crate) checkpoint_key: SecretKey,
    pub(crate) genesis: Digested<Block>,
    pub(crate) shared: Arc<Shared>,
    pub(crate) database: Database,
    pub(crate) execution: Execution,
    pub(crate) committees: Committees,
    pub(crate) checkpoints: Checkpoints,
    pub(crate) pace: Arc<Pace>,
    /// What to write first into a new database.
    pub(crate) first: Option<crate::database::Applied>,
}

impl Prepared {
    fn load(config: Config, directory: PathBuf) -> Result<Self, StartError> {
        let key = PrivateKey::decode(config.node_seed.to_vec())
            .map_err(|_| StartError::Configuration("the node's seed is not a key".to_owned()))?;
        let chain = config.genesis.chain_id();
        let state = State::genesis(&config.genesis);
        let block = block::genesis(&config.genesis, &state);
        let digest = block.digest();
        let genesis = Digested::precomputed(block, digest);
        let committees = Committees::new(chain.0.to_vec(), key.clone());
        let (database, head) = open(&directory, &chain)?;
        let (mut first, mut checkpoint) = (None, None);
        let head = if let Some(head) = head {
            checkpoint.clone_from(&head.checkpoint);
            restore(head, &committees)?
        } else {
            let term = Term {
                epoch: 0,
                first: 0,
                blocks: config.genesis.parameters.epoch_blocks,
                keys: keys_of(&state),
            };
            committees.register(&term);
            let time_ms = config.genesis.time_ms;
            first = Some(genesis_applied(time_ms, &digest, &state, term));
            Run::settled(digest, time_ms, state)
        };
        let pool = Pool::new(config.pool);
        let execution = Execution::new(chain, pool.clone(), head);
        let checkpoints = Checkpoints::new(&chain, checkpoint);
        let head = execution.head();
        let latest = checkpoints.latest().cloned();
        let interval_ms = head.state().parameters().block_interval_ms;
        Ok(Self {
            shared: Arc::new(Shared::new(
                chain,
                pool,
                &key.public_key(),
                head,
                &committees,
                latest,
            )),
            checkpoint_key: SecretKey::from_seed(&config.checkpoint_seed),
            pace: Arc::new(Pace {
                interval_ms: AtomicU64::new(interval_ms),
            }),
            config,
            directory,
            key,
            genesis,
            database,
            execution,
            committees,
            checkpoints,
            first,
        })
    }
}

fn open(directory: &Path, chain: &proof::Digest) -> Result<(Database, Option<Head>), StartError> {
    Database::open(&directory.join("ledger.db"), chain)
}

/// The head as the database has it.
fn restore(head: Head, committees: &Committees) -> Result<Run, StartError> {
    for term in &head.terms {
        committees.register(term);
    }
    committees.extend_to(head.height + 1);
    let frontier_size = head.frontier.size();
    let state = State::restore(head.height, head.state, head.frontier)
        .map_err(|error| StartError::Database(error.to_string()))?;
    debug_assert_eq!(state.history().size(), frontier_size);
    let digest = to_engine(&head.digest);
    debug_assert_eq!(from_engine(&digest), head.digest);
    Ok(Run::settled(digest, head.time_ms, state))
}
