//! Nodes on loopback: real sockets, real handshakes.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use peers::{Answer, Bounds, Call, Handler, Identity, Peer, PeerError, Peers, Registry, Reply};
use tokio::net::TcpListener;
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

/// Answers with who asked, what for, and the body turned round; `/silent` never, `/big` with 2 KiB.
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
    pub(crate) pins: Arc<Pins>,
    pub(crate) mary: Listening,
}

impl Two {
    pub(crate) async fn start(bounds: Bounds) -> Self {
        Self::with(bounds, bounds, Arc::new(Mirror)).await
    }

    pub(crate) async fn with(north: Bounds, mary: Bounds, handler: Arc<dyn Handler>) -> Self {
        let pins = Arc::new(Pins::default());
        let mary = Listening::start(node(2, &pins, mary), "127.0.0.1:0", handler).await;
        pins.pin("north", identity(1).public(), "127.0.0.1:1");
        pins.pin("st-mary", identity(2).public(), &mary.address);
        let north = node(1, &pins, north);
        Self { north, pins, mary }
    }

    pub(crate) async fn call(&self, path: &str, body: &[u8]) -> Result<Reply, PeerError> {
        let body = Bytes::copy_from_slice(body);
        self.north.call("st-mary", path, body, LONG).await
    }
}
