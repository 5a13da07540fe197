//! What can go wrong, in words an operator can act on.

use ledger::Refusal;
use thiserror::Error;

/// Why a node did not start.
#[derive(Debug, Error)]
pub enum StartError {
    /// The folder, a file in it or the listening address could not be used.
    #[error("{what}: {source}")]
    Io {
        /// What was tried.
        what: String,
        /// The cause.
        source: std::io::Error,
    },
    /// The ledger database does not belong to this genesis, or is damaged.
    #[error("ledger database: {0}")]
    Database(String),
    /// The genesis or the configuration is not usable.
    #[error("configuration: {0}")]
    Configuration(String),
}

/// Why a transaction was not taken into the pool.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SubmitError {
    /// The pool (or the sender's share of it) is full. Try again after a block.
    #[error("the pool of waiting transactions is full; try again after the next block")]
    Full,
    /// Another transaction with this sender and sequence waits already.
    #[error("another transaction with this sequence waits already; ask for the next sequence")]
    SequenceTaken,
    /// The ledger would refuse it.
    #[error("refused ({code}): {text}")]
    Refused {
        /// Stable code of `ledger::Refusal`.
        code: u16,
        /// What is wrong with it.
        text: String,
    },
    /// The node still catches up, or is stopping.
    #[error("the node is not ready: {0}")]
    NotReady(String),
}

impl From<Refusal> for SubmitError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused {
            code: refusal.code(),
            text: refusal.to_string(),
        }
    }
}

/// How the engine of a node ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Death {
    /// `Handle::shutdown` was called.
    Stopped,
    /// Something broke. The process should exit non-zero; the text says what happened.
    Failed(String),
}
