//! What a node needs to know before it starts.

use ledger::Genesis;
use std::{fmt, net::SocketAddr, path::PathBuf};

/// Configuration of a node. Keys are 32-byte Ed25519 seeds.
#[derive(Clone)]
pub struct Config {
    /// The node's own folder; the engine's archives and `ledger.db` live below it.
    pub directory: PathBuf,
    /// The genesis that all members agreed on.
    pub genesis: Genesis,
    /// Seed of the key that signs votes and opens connections (`Organisation::node_key`).
    pub node_seed: [u8; 32],
    /// Seed of the key that cosigns checkpoints (`Organisation::checkpoint_key`).
    pub checkpoint_seed: [u8; 32],
    /// Where to listen for the other nodes.
    pub listen: SocketAddr,
    /// Bounds of the pool of waiting transactions.
    pub pool: PoolLimits,
    /// Threads of the engine (2 is enough for a consortium of tens).
    pub worker_threads: usize,
}

impl Config {
    /// A configuration with default bounds.
    pub fn new(
        directory: PathBuf,
        genesis: Genesis,
        node_seed: [u8; 32],
        checkpoint_seed: [u8; 32],
        listen: SocketAddr,
    ) -> Self {
        Self {
            directory,
            genesis,
            node_seed,
            checkpoint_seed,
            listen,
            pool: PoolLimits::default(),
            worker_threads: 2,
        }
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("directory", &self.directory)
            .field("listen", &self.listen)
            .field("pool", &self.pool)
            .finish_non_exhaustive()
    }
}

/// Bounds of the pool of waiting transactions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolLimits {
    /// Bytes over all senders.
    pub bytes_max: usize,
    /// Transactions over all senders.
    pub count_max: usize,
    /// Transactions of one sender.
    pub sender_count_max: usize,
}

impl Default for PoolLimits {
    fn default() -> Self {
        Self {
            bytes_max: 32 << 20,
            count_max: 65_536,
            sender_count_max: 16_384,
        }
    }
}
