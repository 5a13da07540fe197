//! Nodes on loopback: real sockets, real handshakes.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::SeqCst;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use peers::{Answer, Bounds, Call, Handler, Identity, Peer, PeerError, Peers, Registry, Reply};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Long enough for any machine; a promise that is kept is kept long before.
pub(crate) const LONG: Duration = Duration::from_secs(30);

/// Pins that a test can change while links are open.
#[derive(Default)]
pub(crate) struct Pins(Mutex<BTreeMap<String, Peer>>);

impl Pins {
    pub(crate) fn pin(&self, organisation: &str, key: [u8; 32], address: &str) {
        let address = address.to_owned();
        let peer = Peer { address, key };
        self.0.lock().unwrap().insert(organisation.to_owned(), peer);
    }

    pub(crate) fn remove(&self, organisation: &str) {
        self.0.lock().unwrap().remove(organisation);
    }
}

impl Registry for Pins {
    fn organisation_of(&self, key: &[u8; 32]) -> Option<String> {
        let pins = self.0.lock().unwrap();
        let found = pins.iter().find(|(_, peer)| peer.key == *key);
        found.map(|(organisation, _)| organisation.clone())
    }

    fn find(&self, organisation: &str) -> Option<Peer> {
        self.0.lock().unwrap().get(organisation).cloned()
    }
}

/// Answers with the body turned round, or as its path says.
pub(crate) struct Mirror;

impl Handler for Mirror {
    fn handle(&self, from: String, call: Call) -> Answer<'_> {
        Box::pin(async move {
            let mut body: Vec<u8> = call.body.to_vec();
            body.reverse();
            match call.path.as_str() {
                "/silent" => std::future::pending().await,
                "/big" => body = vec![7; 2048],
                "/who" => body = from.into_bytes(),
                _ => {}
            }
            let status = if call.path == "/odd" { 42 } else { 200 };
            let body = Bytes::from(body);
            Reply { status, body }
        })
    }
}

/// A [`Mirror`] that counts; `/gate` waits until the gate is opened.
#[derive(Default)]
pub(crate) struct Counting {
    calls: AtomicUsize,
    running: AtomicUsize,
    most: AtomicUsize,
    gate: CancellationToken,
}

impl Counting {
    /// How many calls ever came.
    pub(crate) fn calls(&self) -> usize {
        self.calls.load(SeqCst)
    }

    /// How many are under way.
    pub(crate) fn running(&self) -> usize {
        self.running.load(SeqCst)
    }

    /// How many were under way at once.
    pub(crate) fn most(&self) -> usize {
        self.most.load(SeqCst)
    }

    pub(crate) fn open_gate(&self) {
        self.gate.cancel();
    }
}

/// One call under way, also when its future is dropped.
struct Running<'a>(&'a Counting);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, SeqCst);
    }
}

impl Handler for Counting {
    fn handle(&self, from: String, call: Call) -> Answer<'_> {
        self.calls.fetch_add(1, SeqCst);
        let now = self.running.fetch_add(1, SeqCst) + 1;
        self.most.fetch_max(now, SeqCst);
        let running = Running(self);
        Box::pin(async move {
            if call.path == "/gate" {
                self.gate.cancelled().await;
            }
            // Others get a turn: calls that may overlap do.
            tokio::task::yield_now().await;
            let reply = Mirror.handle(from, call).await;
            drop(running);
            reply
        })
    }
}

/// Waits for a condition.
pub(crate) async fn until(what: &str, met: impl Fn() -> bool) {
    let waited = tokio::time::timeout(LONG, async {
        while !met() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    waited.await.unwrap_or_else(|_| panic!("{what}"));
}

/// A way to an address that carries nothing any more once the token is cancelled, and closes
/// nothing either.
pub(crate) async fn frozen_on_demand(to: &str) -> (String, CancellationToken) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (freeze, to) = (CancellationToken::new(), to.to_owned());
    let frozen = freeze.clone();
    tokio::spawn(async move {
        let (mut near, _) = listener.accept().await.unwrap();
        let mut far = TcpStream::connect(to).await.unwrap();
        tokio::select! {
            _ = tokio::io::copy_bidirectional(&mut near, &mut far) => {}
            () = frozen.cancelled() => std::future::pending().await,
        }
    });
    (address, freeze)
}

pub(crate) fn identity(number: u8) -> Identity {
    Identity::from_seed(&[number; 32]).unwrap()
}

pub(crate) fn node(number: u8, pins: &Arc<Pins>, bounds: Bounds) -> Arc<Peers> {
    let pins: Arc<dyn Registry> = Arc::clone(pins) as _;
    Arc::new(Peers::new(identity(number), pins, bounds))
}

/// A node that listens until it is stopped.
pub(crate) struct Listening {
    pub(crate) address: String,
    stop: CancellationToken,
    task: JoinHandle<Result<(), PeerError>>,
}

impl Listening {
    pub(crate) async fn start(node: Arc<Peers>, at: &str, handler: Arc<dyn Handler>) -> Self {
        let listener = TcpListener::bind(at).await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let stop = CancellationToken::new();
        let stopped = stop.clone().cancelled_owned();
        let task = tokio::spawn(async move { node.serve(listener, handler, stopped).await });
        Self {
            address,
            stop,
            task,
        }
    }

    pub(crate) async fn stop(&mut self) {
        self.stop.cancel();
        let ended = tokio::time::timeout(LONG, &mut self.task).await;
        ended.expect("it stops").unwrap().unwrap();
    }
}

/// `north` (1) can call `st-mary` (2), who listens with these bounds.
pub(crate) struct Two {
    pub(crate) north: Arc<Peers>,
    /// What north has pinned.
    pub(crate) pins: Arc<Pins>,
    /// What st-mary has pinned.
    pub(crate) mary_pins: Arc<Pins>,
    pub(crate) mary: Listening,
}

impl Two {
    pub(crate) async fn start(bounds: Bounds) -> Self {
        Self::with(bounds, bounds, Arc::new(Mirror)).await
    }

    pub(crate) async fn with(north: Bounds, mary: Bounds, handler: Arc<dyn Handler>) -> Self {
        let (pins, mary_pins) = (Arc::new(Pins::default()), Arc::new(Pins::default()));
        let mary = Listening::start(node(2, &mary_pins, mary), "127.0.0.1:0", handler).await;
        mary_pins.pin("north", identity(1).public(), "127.0.0.1:1");
        pins.pin("st-mary", identity(2).public(), &mary.address);
        let north = node(1, &pins, north);
        Self {
            north,
            pins,
            mary_pins,
            mary,
        }
    }

    pub(crate) async fn call(&self, path: &str, body: &[u8]) -> Result<Reply, PeerError> {
        let body = Bytes::copy_from_slice(body);
        self.north.call("st-mary", path, body, LONG).await
    }
}
