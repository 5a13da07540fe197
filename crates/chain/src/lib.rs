//! The ledger of a node: consensus, the pool of waiting transactions, final state, checkpoints.

mod block;
mod checkpoints;
mod clock;
mod committee;
mod config;
mod database;
mod engine;
mod error;
mod execution;
mod gossip;
mod handle;
mod herald;
mod keeper;
mod node;
mod pool;
mod pulse;
mod runner;
mod shared;
#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod testing;
mod view;

pub use config::{Config, PoolLimits};
pub use error::{Death, StartError, SubmitError};
pub use handle::Handle;
pub use node::Node;
pub use view::{Anchor, BlockView, Located, Outcome, Peer, Status, TransactionView};
