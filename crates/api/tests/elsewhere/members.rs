//! Three organisations on one ledger, in one process: real stores, real links between them.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chain::Handle;
use hospital::{Batcher, Caller, Hospital, Role, Setup, SystemClock};
use ledger::{Genesis, Organisation, OrganisationKind, Parameters};
use peers::{Bounds, Identity, Peers};
use proof::SecretKey;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;
use vault::RootKey;

use crate::common::{Client, free_port};

pub const HOSPITAL: usize = 0;
pub const LABORATORY: usize = 1;
pub const CLINIC: usize = 2;
pub const NAMES: [&str; 3] = ["st-mary", "city-lab", "north-clinic"];
const KINDS: [OrganisationKind; 3] = [
    OrganisationKind::Hospital,
    OrganisationKind::Laboratory,
    OrganisationKind::Clinic,
];
/// Announcing takes a few blocks.
const SOON: Duration = Duration::from_secs(30);

/// One organisation at work.
pub struct Member {
    pub hospital: Hospital,
    pub base: String,
    config: api::Config,
    batcher: Option<Batcher>,
    links: Arc<Peers>,
    stops: Vec<oneshot::Sender<()>>,
}

/// All of them.
pub struct Members {
    all: Vec<Member>,
    chain: Handle,
    runtime: Option<Runtime>,
    _folder: tempfile::TempDir,
}

fn seed(member: usize, of: u8) -> [u8; 32] {
    [u8::try_from(member).unwrap() * 16 + of; 32]
}

fn genesis(listen: SocketAddr) -> Genesis {
    let public = |member, of| SecretKey::from_seed(&seed(member, of)).public();
    let organisation = |member: usize| Organisation {
        id: NAMES[member].parse().unwrap(),
        kind: KINDS[member],
        transaction_key: public(member, 1),
        node_key: public(member, 2),
        checkpoint_key: public(member, 3),
        address: SocketAddr::new(listen.ip(), listen.port() - u16::try_from(member).unwrap())
            .to_string(),
        validator: member == HOSPITAL,
    };
    let mut organisations: Vec<Organisation> = (0..NAMES.len()).map(organisation).collect();
    organisations.sort_by(|one, other| one.id.cmp(&other.id));
    Genesis {
        time_ms: 1_700_000_000_000,
        parameters: Parameters {
            block_interval_ms: 20,
            batch_interval_ms: 250,
            early_batches: true,
            ..Parameters::default()
        },
        organisations,
    }
}

impl Members {
    pub fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let listen: SocketAddr = format!("127.0.0.1:{}", free_port()).parse().unwrap();
        let genesis = genesis(listen);
        let config = chain::Config::new(
            folder.path().to_owned(),
            genesis.clone(),
            seed(HOSPITAL, 2),
            seed(HOSPITAL, 3),
            listen,
        );
        let chain = chain::Node::start(config).unwrap();
        let open = |member| open(&runtime, folder.path(), member, &genesis, &chain);
        let all: Vec<Member> = (0..NAMES.len()).map(open).collect();
        for member in &all {
            let until = Instant::now() + SOON;
            while !matches!(runtime.block_on(member.hospital.announce()), Ok(true)) {
                assert!(Instant::now() < until, "not announced");
                std::thread::sleep(Duration::from_millis(20));
            }
        }
        Self {
            all,
            chain,
            runtime: Some(runtime),
            _folder: folder,
        }
    }

    pub fn client(&self, member: usize, role: Role, patient: Option<&str>) -> Client {
        let one = &self.all[member];
        let caller = Caller::new(format!("the-{role}"), role, patient.map(str::to_owned));
        let now_us = one.hospital.now_us();
        let token = api::issue_token(&one.config, &caller, now_us).unwrap();
        Client::to(&one.base, token)
    }

    /// How consents name the person of this role.
    pub fn practitioner(&self, member: usize, role: Role) -> String {
        let caller = Caller::new(format!("the-{role}"), role, None);
        self.all[member].hospital.practitioner_pseudonym(&caller)
    }

    pub fn base(&self, member: usize) -> &str {
        &self.all[member].base
    }

    /// Ends an organisation's door for the others: whoever asks it finds nobody.
    pub fn leaves(&mut self, member: usize) {
        let runtime = self.runtime.as_ref().unwrap();
        let one = &mut self.all[member];
        // The last is the door for the others.
        let _ = one.stops.pop().map(|stop| stop.send(()));
        runtime.block_on(one.links.close());
    }
}

fn open(
    runtime: &Runtime,
    folder: &Path,
    member: usize,
    genesis: &Genesis,
    chain: &Handle,
) -> Member {
    let listen = || {
        let bound = runtime.block_on(TcpListener::bind("127.0.0.1:0"));
        let bound = bound.unwrap();
        let address = bound.local_addr().unwrap();
        (bound, address)
    };
    let (http, address) = listen();
    let (door, door_address) = listen();
    let base = format!("http://{address}");
    let file = |name: &str| folder.join(format!("{}-{name}", NAMES[member]));
    let identity = Identity::from_seed(&seed(member, 8)).unwrap();
    let hospital = Hospital::open(Setup {
        organisation: NAMES[member].into(),
        chain_id: genesis.chain_id(),
        transaction_key: SecretKey::from_seed(&seed(member, 1)),
        checkpoint_key: SecretKey::from_seed(&seed(member, 3)),
        policy: policy::Policy::built_in().unwrap(),
        custody: hospital::Custody {
            wrap: vault::grant::WrapKey::from_seed(&seed(member, 6)),
            credential_key: SecretKey::from_seed(&seed(member, 7)),
            tls_key: SecretKey::from_seed(&seed(member, 8)).public(),
            address: Some(door_address.to_string()),
        },
        root_key: RootKey::from_bytes(&seed(member, 4)),
        key_tree: file("keys"),
        store: store::Store::open(&file("db"), &store::Options::default()).unwrap(),
        chain: chain.clone(),
        clock: Arc::new(SystemClock),
        fhir_base: format!("{base}/fhir"),
    })
    .unwrap();
    let config = api::Config::new(base.clone(), seed(member, 5));
    let router = api::router(hospital.clone(), config.clone()).unwrap();
    let (stop_http, http_stopped) = oneshot::channel::<()>();
    runtime.spawn(api::serve(
        http,
        router,
        api::Connections::default(),
        async {
            let _ = http_stopped.await;
        },
    ));
    let links = Arc::new(Peers::new(identity, hospital.registry(), Bounds::default()));
    hospital.connect(Arc::clone(&links));
    let (stop_door, door_stopped) = oneshot::channel::<()>();
    let (served, handler) = (Arc::clone(&links), hospital.peer_handler());
    runtime.spawn(async move {
        let stopped = async {
            let _ = door_stopped.await;
        };
        served.serve(door, handler, stopped).await
    });
    let batcher = runtime.block_on(async { hospital.start_batcher() });
    Member {
        hospital,
        base,
        config,
        batcher: Some(batcher),
        links,
        stops: vec![stop_http, stop_door],
    }
}

impl Drop for Members {
    fn drop(&mut self) {
        let Some(runtime) = self.runtime.take() else {
            return;
        };
        for member in &mut self.all {
            if let Some(batcher) = member.batcher.take() {
                runtime.block_on(batcher.stop());
            }
            member.stops.clear();
            runtime.block_on(member.links.close());
        }
        runtime.block_on(self.chain.shutdown());
        runtime.shutdown_timeout(Duration::from_secs(5));
    }
}
