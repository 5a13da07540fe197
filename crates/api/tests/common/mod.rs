//! A whole organisation for a test: real store, real single-validator chain, real HTTP.
#![allow(
    dead_code,
    unreachable_pub,
    reason = "each test binary uses its own part"
)]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use chain::Handle;
use hospital::{Batcher, Caller, Hospital, NewUser, Role, Setup, SystemClock};
use ledger::{Genesis, Organisation, OrganisationKind, Parameters};
use proof::SecretKey;
use serde_json::Value;
use tokio::runtime::Runtime;
use vault::RootKey;

/// The password of every user of a world.
pub const PASSWORD: &str = "correct horse";

/// Keys of the one organisation.
pub struct Seeds {
    pub transaction: [u8; 32],
    pub node: [u8; 32],
    pub checkpoint: [u8; 32],
    pub root: [u8; 32],
    pub token: [u8; 32],
}

pub const SEEDS: Seeds = Seeds {
    transaction: [1; 32],
    node: [2; 32],
    checkpoint: [3; 32],
    root: [4; 32],
    token: [5; 32],
};

/// The clock of the machine, set forward by a test.
#[derive(Default)]
pub struct Ahead(std::sync::atomic::AtomicI64);

impl hospital::Clock for Ahead {
    fn now_us(&self) -> i64 {
        hospital::Clock::now_us(&SystemClock) + self.0.load(std::sync::atomic::Ordering::SeqCst)
    }
}

/// A running organisation.
pub struct World {
    pub base: String,
    pub hospital: Hospital,
    pub config: api::Config,
    pub dir: PathBuf,
    ahead: Arc<Ahead>,
    runtime: Option<Runtime>,
    batcher: Option<Batcher>,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    agent: ureq::Agent,
    temp: Option<tempfile::TempDir>,
}

/// An answer.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: ureq::http::HeaderMap,
    pub bytes: Vec<u8>,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or(Value::Null)
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or("")
    }

    /// Fails with the body when the status is another.
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text());
        self
    }

    /// The stable code of an OperationOutcome.
    pub fn failure(&self) -> String {
        let code = &self.json()["issue"][0]["details"]["coding"][0]["code"];
        code.as_str().unwrap_or("").to_owned()
    }

    pub fn expression(&self) -> String {
        self.json()["issue"][0]["expression"][0]
            .as_str()
            .unwrap_or("")
            .to_owned()
    }

    pub fn id(&self) -> String {
        self.json()["id"].as_str().unwrap_or("").to_owned()
    }
}

impl World {
    /// A fresh organisation in a temporary folder.
    pub fn new() -> Self {
        Self::with(|_| {})
    }

    pub fn with(change: impl FnOnce(&mut api::Config)) -> Self {
        let temp = tempfile::tempdir().unwrap();
        let dir = temp.path().to_owned();
        let mut world = Self::open(&dir, change);
        world.temp = Some(temp);
        world
    }

    /// Opens or resumes the organisation in a folder.
    pub fn open(dir: &Path, change: impl FnOnce(&mut api::Config)) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let genesis = genesis(dir);
        let chain = start_chain(dir, &genesis);
        let store = store::Store::open(&dir.join("store.db"), &store::Options::default()).unwrap();
        let listener = runtime
            .block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))
            .unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let ahead = Arc::new(Ahead::default());
        let hospital = Hospital::open(Setup {
            organisation: "st-mary".into(),
            chain_id: genesis.chain_id(),
            transaction_key: SecretKey::from_seed(&SEEDS.transaction),
            checkpoint_key: SecretKey::from_seed(&SEEDS.checkpoint),
            policy: policy::Policy::built_in().unwrap(),
            custody: hospital::Custody {
                wrap: vault::grant::WrapKey::from_seed(&[6; 32]),
                credential_key: SecretKey::from_seed(&[7; 32]),
                tls_key: SecretKey::from_seed(&[8; 32]).public(),
                address: None,
            },
            root_key: RootKey::from_bytes(&SEEDS.root),
            key_tree: dir.join("keys.tree"),
            store,
            chain,
            clock: Arc::clone(&ahead) as Arc<dyn hospital::Clock>,
            fhir_base: format!("{base}/fhir"),
        })
        .unwrap();
        if dir.join("restored").exists() {
            // As from a backup of the very beginning: everything on the ledger is looked at.
            let from = hospital::Restored {
                id: "restored".into(),
                made_ms: 0,
                height: 0,
                entries: 0,
            };
            runtime.block_on(hospital.resume(&from)).unwrap();
        }
        runtime.block_on(hospital.finish_erasures()).unwrap();
        runtime.block_on(hospital.read_consents()).unwrap();
        let mut config = api::Config::new(base.clone(), SEEDS.token);
        change(&mut config);
        let router = {
            // Subscribers are told within the runtime.
            let _inside = runtime.enter();
            api::router(hospital.clone(), config.clone()).unwrap()
        };
        let (stop, stopped) = tokio::sync::oneshot::channel();
        runtime.spawn(async move {
            let stopped = async {
                let _ = stopped.await;
            };
            api::serve(listener, router, api::Connections::default(), stopped)
                .await
                .unwrap();
        });
        let batcher = runtime.block_on(async { hospital.start_batcher() });
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_idle_connections_per_host(64)
            .timeout_global(Some(Duration::from_mins(2)))
            .build()
            .into();
        Self {
            base,
            hospital,
            config,
            dir: dir.to_owned(),
            ahead,
            runtime: Some(runtime),
            batcher: Some(batcher),
            stop: Some(stop),
            agent,
            temp: None,
        }
    }

    /// Sets the clock of the organisation forward.
    pub fn later(&self, seconds: i64) {
        let us = seconds * 1_000_000;
        self.ahead
            .0
            .fetch_add(us, std::sync::atomic::Ordering::SeqCst);
    }

    pub fn wait<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.as_ref().unwrap().block_on(work)
    }

    pub fn add_user(&self, username: &str, role: Role, patient: Option<&str>) {
        let user = NewUser {
            username: username.into(),
            password: PASSWORD.into(),
            role,
            patient: patient.map(str::to_owned),
        };
        self.wait(self.hospital.add_user(user)).unwrap();
    }

    pub fn token(&self, role: Role, patient: Option<&str>) -> String {
        let caller = Caller::new(format!("test-{role}"), role, patient.map(str::to_owned));
        api::issue_token(&self.config, &caller, self.hospital.now_us()).unwrap()
    }

    /// A client with a clinician's token.
    pub fn clinician(&self) -> Client {
        self.client(Role::Clinician, None)
    }

    pub fn client(&self, role: Role, patient: Option<&str>) -> Client {
        Client {
            base: self.base.clone(),
            token: Some(self.token(role, patient)),
            agent: self.agent.clone(),
        }
    }

    /// A client with the token of a user of this name.
    pub fn client_named(&self, username: &str, role: Role) -> Client {
        let caller = Caller::new(username, role, None);
        let token = api::issue_token(&self.config, &caller, self.hospital.now_us()).unwrap();
        Client {
            token: Some(token),
            ..self.stranger()
        }
    }

    pub fn stranger(&self) -> Client {
        Client {
            base: self.base.clone(),
            token: None,
            agent: self.agent.clone(),
        }
    }

    /// Stops everything and closes the files.
    pub fn stop(mut self) -> (PathBuf, Option<tempfile::TempDir>) {
        self.halt();
        (self.dir.clone(), self.temp.take())
    }

    fn halt(&mut self) {
        let Some(runtime) = self.runtime.take() else {
            return;
        };
        if let Some(batcher) = self.batcher.take() {
            runtime.block_on(batcher.stop());
        }
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        runtime.block_on(self.hospital.chain().shutdown());
        runtime.shutdown_timeout(Duration::from_secs(5));
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.halt();
    }
}

/// The genesis of the folder, written at the first call.
pub fn genesis(dir: &Path) -> Genesis {
    use proof::Canonical;
    let path = dir.join("genesis");
    if let Ok(bytes) = std::fs::read(&path) {
        return Genesis::from_bytes(&bytes).unwrap();
    }
    let public = |seed: &[u8; 32]| SecretKey::from_seed(seed).public();
    let genesis = Genesis {
        time_ms: 1_700_000_000_000,
        parameters: Parameters {
            block_interval_ms: 50,
            batch_interval_ms: 250,
            ..Parameters::default()
        },
        organisations: vec![Organisation {
            id: "st-mary".parse().unwrap(),
            kind: OrganisationKind::Hospital,
            transaction_key: public(&SEEDS.transaction),
            node_key: public(&SEEDS.node),
            checkpoint_key: public(&SEEDS.checkpoint),
            address: format!("127.0.0.1:{}", free_port()),
            validator: true,
        }],
    };
    std::fs::write(path, genesis.to_bytes()).unwrap();
    genesis
}

pub fn start_chain(dir: &Path, genesis: &Genesis) -> Handle {
    let listen: SocketAddr = genesis.organisations[0].address.parse().unwrap();
    let config = chain::Config::new(
        dir.to_owned(),
        genesis.clone(),
        SEEDS.node,
        SEEDS.checkpoint,
        listen,
    );
    chain::Node::start(config).unwrap()
}

pub fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}

/// A client of the node.
#[derive(Clone)]
pub struct Client {
    pub base: String,
    pub token: Option<String>,
    agent: ureq::Agent,
}

impl Client {
    /// A client of any node.
    pub fn to(base: &str, token: String) -> Self {
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_mins(2)))
            .build()
            .into();
        Self {
            base: base.to_owned(),
            token: Some(token),
            agent,
        }
    }

    pub fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&[u8]>,
    ) -> Answer {
        let url = if path.starts_with("http") {
            path.into()
        } else {
            format!("{}{path}", self.base)
        };
        let mut request = ureq::http::Request::builder().method(method).uri(url);
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let typed = headers
            .iter()
            .any(|(name, _)| name.eq_ignore_ascii_case("content-type"));
        if body.is_some() && !typed {
            request = request.header("content-type", "application/fhir+json");
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(body.unwrap_or_default().to_vec()).unwrap();
        let request = self
            .agent
            .configure_request(request)
            .allow_non_standard_methods(true)
            .build();
        let mut response = self.agent.run(request).unwrap();
        Answer {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            bytes: response
                .body_mut()
                .with_config()
                .limit(256 << 20)
                .read_to_vec()
                .unwrap_or_default(),
        }
    }

    pub fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], None)
    }

    pub fn post(&self, path: &str, body: &Value) -> Answer {
        self.send("POST", path, &[], Some(body.to_string().as_bytes()))
    }

    pub fn put(&self, path: &str, body: &Value) -> Answer {
        self.send("PUT", path, &[], Some(body.to_string().as_bytes()))
    }

    pub fn delete(&self, path: &str) -> Answer {
        self.send("DELETE", path, &[], None)
    }

    /// Asks for a receipt until it is there.
    pub fn receipt(&self, version_path: &str) -> Answer {
        let began = Instant::now();
        loop {
            let answer = self.get(&format!("{version_path}/$receipt"));
            if answer.status != 202 || began.elapsed() > Duration::from_secs(20) {
                return answer;
            }
            assert!(!answer.header("retry-after").is_empty());
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

/// The names of the entries of a search.
pub fn ids(bundle: &Value) -> Vec<String> {
    let entries = bundle["entry"].as_array().cloned().unwrap_or_default();
    entries
        .iter()
        .filter(|entry| entry["search"]["mode"] == "match")
        .filter_map(|entry| entry["resource"]["id"].as_str().map(str::to_owned))
        .collect()
}

/// The URL of a link of a bundle.
pub fn link(bundle: &Value, relation: &str) -> Option<String> {
    let links = bundle["link"].as_array()?;
    let found = links.iter().find(|link| link["relation"] == relation)?;
    found["url"].as_str().map(str::to_owned)
}
