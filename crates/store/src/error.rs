//! What can go wrong with the database. No variant carries a patient's data.

use std::sync::mpsc::TrySendError;

/// An error of this crate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The record is not at the version the writer built on.
    #[error("{type_}/{id} is at another version")]
    Conflict {
        /// Record type.
        type_: String,
        /// Logical id.
        id: String,
        /// Its current version, deleted ones included; `None`: it never existed.
        current: Option<u64>,
    },
    /// A guard's query finds other records than the writer expected.
    #[error("the guard found {} records that were not expected so", found.len())]
    GuardFailed {
        /// Ids it finds now (bounded).
        found: Vec<String>,
    },
    /// A vault key of that id exists: read it and write again.
    #[error("a vault key of this id exists")]
    VaultKeyExists(String),
    /// An EPCIS event of that eventID is stored.
    #[error("an event of this eventID exists")]
    EventExists(String),
    /// Too many requests are waiting: try again later.
    #[error("the store has too many requests waiting")]
    Busy,
    /// The disk, or the size allowed, is full. Nothing was stored.
    #[error("there is no room left on the disk; nothing was stored")]
    Full,
    /// Stored bytes are not what was written.
    #[error("{item} is damaged: {reason}")]
    Damaged {
        /// What is damaged.
        item: String,
        /// How it shows.
        reason: String,
    },
    /// The database was written by a newer release.
    #[error("the database has schema {found}, this release knows up to {known}: update Salus")]
    NewerSchema {
        /// Version found.
        found: u32,
        /// Newest version known.
        known: u32,
    },
    /// Another process has the database open for writing.
    #[error("another process has {0} open")]
    InUse(String),
    /// The page token is not one of this search.
    #[error("the page token does not belong to this search")]
    PageToken,
    /// The caller asks for what the store never does; the text says what.
    #[error("refused: {0}")]
    Refused(String),
    /// The database failed in another way.
    #[error("the database failed: {0}")]
    Database(String),
    /// The store was shut down.
    #[error("the store is closed")]
    Closed,
}

/// A request that finds no place in the queue of a thread.
impl<T> From<TrySendError<T>> for StoreError {
    fn from(error: TrySendError<T>) -> Self {
        match error {
            TrySendError::Full(_) => Self::Busy,
            TrySendError::Disconnected(_) => Self::Closed,
        }
    }
}
