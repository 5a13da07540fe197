//! `salus run`: wires store, chain, hospital and api together, and takes them apart in order.

use crate::cli;
use crate::config::{Config, Peers};
use crate::failure::{Explain, Failure, Hint, Outcome};
use crate::genesis_file;
use crate::organisation::{self, Keys, Purpose};
use crate::sharing;
use hospital::{Hospital, NewUser, Setup};
use ledger::Genesis;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// Runs one organisation until it is told to stop.
pub(crate) fn run(arguments: &cli::Run) -> Outcome {
    logging();
    let (config, keys) = organisation::open(&arguments.config)?;
    let genesis = genesis_file::read(&config.path(&config.ledger.genesis))?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .explain(|| "the node's threads cannot be started".into())?;
    // Before anything runs: a taken port must not cost a start of the engine.
    let listener = runtime.block_on(TcpListener::bind(config.http.listen));
    let listener = listener
        .explain(|| {
            format!(
                "{} cannot answer on {}",
                config.organisation.id, config.http.listen
            )
        })
        .hint("another program has this port: change http.listen in salus.toml")?;
    let door = peer_door(&runtime, &config)?;
    let (store, chain) = open(&config, &keys, &genesis)?;
    let parts = Parts {
        door,
        config,
        keys,
        genesis,
        store,
        chain,
    };
    let outcome = runtime.block_on(serve(parts, listener, arguments.supervised));
    // What still waits for a reader thread is not worth more than this. The last task that ends
    // closes the database, which a busy machine may take its time for.
    runtime.shutdown_timeout(Duration::from_secs(8));
    match outcome? {
        Next::Stop => Ok(()),
        Next::StartAgain => start_again(),
    }
}

/// Where other organisations ask, if the configuration says that they may.
fn peer_door(runtime: &tokio::runtime::Runtime, config: &Config) -> Outcome<Option<TcpListener>> {
    let Some(peers) = &config.peers else {
        return Ok(None);
    };
    let bound = runtime.block_on(TcpListener::bind(peers.listen));
    let told = || {
        let id = &config.organisation.id;
        format!("{id} cannot answer other organisations on {}", peers.listen)
    };
    bound
        .map(Some)
        .explain(told)
        .hint("another program has this port: change peers.listen in salus.toml")
}

struct Parts {
    /// Where other organisations ask, if they may.
    door: Option<TcpListener>,
    config: Config,
    keys: Keys,
    genesis: Genesis,
    store: store::Store,
    chain: chain::Handle,
}

fn logging() {
    use tracing_subscriber::EnvFilter;
    let filter = EnvFilter::try_from_env("SALUS_LOG")
        .unwrap_or_else(|_| EnvFilter::new("warn,salus=info,hospital=info,chain=info,api=info"));
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()))
        .try_init();
}

fn open(config: &Config, keys: &Keys, genesis: &Genesis) -> Outcome<(store::Store, chain::Handle)> {
    let folder = &config.folder;
    let options = store::Options {
        reserve_bytes: config.limits.disk_reserve_bytes,
        ..store::Options::default()
    };
    let store = store::Store::open(&organisation::records(folder), &options)
        .explain(|| format!("the records of {} cannot be opened", config.organisation.id))
        .hint("is this node running already? `salus doctor` looks at the rest")?;
    let chain = chain::Node::start(chain::Config::new(
        folder.clone(),
        genesis.clone(),
        *keys.seed_of(Purpose::Node),
        *keys.seed_of(Purpose::Checkpoint),
        config.ledger.listen,
    ))
    .explain(|| format!("the ledger of {} cannot be opened", config.organisation.id))
    .hint("is this node running already? `salus doctor` looks at the rest")?;
    Ok((store, chain))
}

/// What to do when the node has stopped.
enum Next {
    Stop,
    StartAgain,
}

async fn serve(parts: Parts, listener: TcpListener, supervised: bool) -> Outcome<Next> {
    let Parts {
        door,
        config,
        keys,
        genesis,
        store,
        chain,
    } = parts;
    let mut api_config = api_config(&config, &keys);
    api_config.provider = config.provider()?;
    let folder = config.folder.clone();
    let id = config.organisation.id.clone();
    let policy = config.policy()?;
    let first_users = keys.first_users(&folder)?;
    let identity = peers::Identity::from_seed(&keys.seed_of(Purpose::Link))
        .explain(|| "the key of the links cannot be used".into())?;
    let hospital = Hospital::open(Setup {
        organisation: id.clone(),
        chain_id: genesis.chain_id(),
        transaction_key: keys.signing(Purpose::Transaction),
        checkpoint_key: keys.signing(Purpose::Checkpoint),
        custody: custody(&config, &keys, &identity),
        policy,
        root_key: keys.root,
        key_tree: organisation::key_tree(&folder),
        store,
        chain: chain.clone(),
        clock: Arc::new(hospital::SystemClock),
        fhir_base: api_config.fhir_base(),
    })
    .explain(|| format!("{id} cannot be opened"))?;
    before_anybody_asks(&hospital, &folder, first_users).await?;
    let (routes, inside) = api::doors(hospital.clone(), api_config)
        .explain(|| "the HTTP interface cannot be opened".into())?;
    // The pages answer what is below /portal; whatever else there is, the JSON door answers.
    let doors = routes.merge(portal::router(inside));
    let batcher = hospital.start_batcher();
    let (stop, stopped) = watch::channel(None);
    let sharing = sharing::start(&hospital, identity, door, stopped.clone());
    let disk = Disk {
        folder: folder.clone(),
        reserve_bytes: config.limits.disk_reserve_bytes,
    };
    tokio::spawn(watch_for_the_end(chain.clone(), supervised, disk, stop));
    tracing::info!(organisation = id, address = %config.http.listen, "answering");
    let served = api::serve(
        listener,
        doors,
        api::Connections::default(),
        wait(stopped.clone()),
    );
    let ended = tokio::select! {
        ended = served => ended,
        () = past_the_grace(stopped.clone()) => Ok(()),
    };
    // In this order: nothing new comes in, the last batch is handed over, the engine closes.
    sharing.stop().await;
    batcher.stop().await;
    chain.shutdown().await;
    tracing::info!(organisation = id, "stopped");
    ended.explain(|| "the HTTP interface broke".into())?;
    match stopped.borrow().clone() {
        Some(End::Broken(reason)) => Err(Failure::new(format!("the ledger of {id} stopped"))
            .cause(reason)
            .hint("start it again; if it stays, `salus doctor` and `salus audit` look closer")),
        Some(End::Again) => Ok(Next::StartAgain),
        Some(End::Asked) | None => Ok(Next::Stop),
    }
}

/// The keys by which the organisation shares.
fn custody(config: &Config, keys: &Keys, identity: &peers::Identity) -> hospital::Custody {
    hospital::Custody {
        wrap: vault::grant::WrapKey::from_seed(&keys.seed_of(Purpose::Wrap)),
        credential_key: keys.signing(Purpose::Credential),
        tls_key: proof::PublicKey(identity.public()),
        address: config.peers.as_ref().map(Peers::announced),
    }
}

fn api_config(config: &Config, keys: &Keys) -> api::Config {
    let mut wanted = api::Config::new(config.base(), *keys.seed_of(Purpose::Token));
    wanted.token_life = config.token_lifetime();
    wanted.outgoing = config.access.outgoing.parse().unwrap_or_default();
    if let Some(passkeys) = &config.access.passkeys {
        wanted.relying_party = passkeys.party();
    }
    wanted.body_bytes_max = config.limits.body_bytes_max;
    wanted.entries_max = config.limits.bundle_entries_max;
    wanted.concurrent_max = config.limits.concurrent_requests_max;
    wanted.request_time_max = Duration::from_secs(config.limits.request_time_max_s);
    wanted
}

/// What was being erased when the node stopped is erased, the first users are there, and what
/// patients refuse is known.
async fn before_anybody_asks(
    hospital: &Hospital,
    folder: &Path,
    users: Vec<organisation::FirstUser>,
) -> Outcome {
    let restored = crate::backup::restored(folder)?;
    if let Some(from) = &restored {
        catch_up(hospital, from).await?;
    }
    hospital
        .finish_erasures()
        .await
        .explain(|| "an erasure that was under way cannot be finished".into())?;
    if restored.is_some() {
        crate::backup::forget_restored(folder)?;
    }
    add_first_users(hospital, folder, users).await?;
    hospital
        .read_consents()
        .await
        .explain(|| "the consents cannot be read".into())
}

/// A restored node goes on from where the ledger is.
async fn catch_up(hospital: &Hospital, from: &hospital::Restored) -> Outcome {
    let resumed = hospital.resume(from).await;
    let resumed = resumed
        .explain(|| "the restored records cannot go on from the ledger".into())
        .hint("start it again; if it stays, restore an older backup")?;
    tracing::info!(
        backup = from.id,
        lost_batches = resumed.lost_batches,
        erased_again = resumed.erased,
        "restored: what the ledger knows is done here too"
    );
    Ok(())
}

async fn add_first_users(
    hospital: &Hospital,
    folder: &Path,
    users: Vec<organisation::FirstUser>,
) -> Outcome {
    for user in users {
        let told = || format!("the first {} cannot be added", user.role);
        let role = user
            .role
            .parse()
            .map_err(|error: String| Failure::new(told()).cause(error))?;
        let new = NewUser {
            username: user.username.clone(),
            password: user.password.clone(),
            role,
            patient: None,
        };
        hospital.add_user(new).await.explain(told)?;
    }
    organisation::forget_first_users(folder)
}

/// Why the node stops.
#[derive(Clone)]
pub(crate) enum End {
    /// A signal, or the supervisor is gone.
    Asked,
    /// The ledger failed, for this reason.
    Broken(String),
    /// The ledger failed for want of room, and now there is some.
    Again,
}

/// Requests under way may end, but a client that never hangs up does not hold the node.
const GRACE: Duration = Duration::from_secs(5);

async fn past_the_grace(stopped: watch::Receiver<Option<End>>) {
    wait(stopped).await;
    tokio::time::sleep(GRACE).await;
}

pub(crate) async fn wait(mut stopped: watch::Receiver<Option<End>>) {
    let _ = stopped.wait_for(Option::is_some).await;
}

async fn watch_for_the_end(
    chain: chain::Handle,
    supervised: bool,
    disk: Disk,
    stop: watch::Sender<Option<End>>,
) {
    let end = tokio::select! {
        () = crate::signals::asked_to_stop() => End::Asked,
        () = crate::signals::supervisor_gone(supervised) => End::Asked,
        end = ledger_ended(chain, disk) => end,
    };
    let _ = stop.send(Some(end));
}

/// A ledger that ended for want of room is started again when there is some; until then the node
/// answers what it can. Any other failure ends the node.
async fn ledger_ended(chain: chain::Handle, disk: Disk) -> End {
    let reason = match chain.died().await {
        chain::Death::Stopped => return End::Asked,
        chain::Death::Failed(reason) => reason,
    };
    if !disk.is_short() {
        return End::Broken(reason);
    }
    tracing::error!(
        reason,
        "the disk is full: the ledger rests, reading goes on"
    );
    while disk.is_short() {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    tracing::info!("the disk has room: starting again");
    End::Again
}

/// The disk that the folder lies on.
struct Disk {
    folder: std::path::PathBuf,
    reserve_bytes: u64,
}

impl Disk {
    fn is_short(&self) -> bool {
        store::free_bytes(&self.folder).is_some_and(|free| free < self.reserve_bytes)
    }
}

/// Becomes a fresh process of the same program: same arguments, same pid, nothing else kept.
fn start_again() -> Outcome {
    use std::os::unix::process::CommandExt;
    let program = std::env::current_exe().explain(|| "the node cannot start again".into())?;
    let mut command = std::process::Command::new(program);
    let failed = command.args(std::env::args_os().skip(1)).exec();
    Err(failed).explain(|| "the node cannot start again".into())
}
