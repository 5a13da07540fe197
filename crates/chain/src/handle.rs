//! The one door to a running node.

use crate::{
    config::Config,
    error::{Death, StartError, SubmitError},
    view::{Anchor, BlockView, Located, Status},
};
use ledger::State;
use proof::{Digest, sign::PublicKey};
use tokio::sync::watch;

/// Starts nodes.
pub struct Node;

impl Node {
    /// Starts a node on threads of its own and returns at once; it catches up behind the handle.
    pub fn start(config: Config) -> Result<Handle, StartError> {
        let _ = config;
        unimplemented!("published signature: body follows")
    }
}

/// A running node. Cheap to clone; usable from any tokio runtime.
#[derive(Clone)]
pub struct Handle {}

#[allow(unused_variables, clippy::unused_async)]
impl Handle {
    /// Puts a transaction into the pool and sends it to the other validators.
    ///
    /// Submitting the same bytes again is harmless: the same digest comes back.
    pub async fn submit(&self, transaction: Vec<u8>) -> Result<Digest, SubmitError> {
        unimplemented!()
    }
    /// Where the ledger stands.
    pub fn status(&self) -> Status {
        unimplemented!()
    }
    /// Follows the status; changes with every final block.
    pub fn watch(&self) -> watch::Receiver<Status> {
        unimplemented!()
    }
    /// The latest final state.
    pub fn state(&self) -> State {
        unimplemented!()
    }
    /// A final block.
    pub async fn block(&self, height: u64) -> Option<BlockView> {
        unimplemented!()
    }
    /// Where a transaction became final, by its digest.
    pub async fn locate(&self, transaction: &Digest) -> Option<Located> {
        unimplemented!()
    }
    /// The proof of an entry; `None` until a quorum cosigned a checkpoint that covers it.
    pub async fn proof(&self, index: u64) -> Option<Anchor> {
        unimplemented!()
    }
    /// The latest checkpoint that a quorum cosigned, as a signed note.
    pub fn checkpoint(&self) -> Option<String> {
        unimplemented!()
    }
    /// The sequence that this sender's next transaction must carry, its pooled ones included.
    pub fn next_sequence(&self, sender: &PublicKey) -> u64 {
        unimplemented!()
    }
    /// The engine's metrics in the Prometheus text format.
    pub fn metrics(&self) -> String {
        unimplemented!()
    }
    /// Resolves when the node has ended, by `shutdown` or by a failure.
    pub async fn died(&self) -> Death {
        unimplemented!()
    }
    /// Stops the node and waits until its files are closed.
    pub async fn shutdown(&self) {
        unimplemented!()
    }
}
