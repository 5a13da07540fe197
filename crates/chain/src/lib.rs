//! The consensus engine of Salus behind one handle.
//!
//! (Published signatures; bodies follow.)

mod config;
mod error;
mod handle;
mod view;

pub use config::{Config, PoolLimits};
pub use error::{Death, StartError, SubmitError};
pub use handle::{Handle, Node};
pub use view::{Anchor, BlockView, Located, Outcome, Peer, Status, TransactionView};
