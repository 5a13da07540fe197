//! The store: every method an async function; the work happens on the store's own threads.

use std::path::Path;
use std::sync::Arc;

use fhir::query::Query;
use fhir::search::Entry;

use crate::{
    Batch, Committed, Found, History, HistoryPage, Leaf, LeafPlace, NewVaultKey, Page, RecordKey,
    Scope, Setting, StoreError, Stored, User, Write,
};

/// Bounds of a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Reader threads, each with a connection of its own.
    pub readers: usize,
    /// Writes that may wait; one more is refused with `Busy`.
    pub write_queue: usize,
    /// Reads that may wait.
    pub read_queue: usize,
    /// Writes that share one commit at most.
    pub group_max: usize,
    /// Page cache of each connection, KiB.
    pub cache_kib: u32,
    /// Largest database file in bytes; a write past it is refused with `Full`.
    pub bytes_max: Option<u64>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            readers: 4,
            write_queue: 1024,
            read_queue: 1024,
            group_max: 256,
            cache_kib: 16 * 1024,
            bytes_max: None,
        }
    }
}

/// The database of one organisation. Clones share it; it closes with the last clone.
#[derive(Clone)]
pub struct Store {
    _inner: Arc<()>,
}

impl Store {
    /// Opens or creates the database. Blocks: call it before the runtime starts or on a blocking
    /// thread.
    pub fn open(_path: &Path, _options: &Options) -> Result<Self, StoreError> {
        Err(StoreError::Closed)
    }

    /// Opens an existing database for reading beside a running node (`salus audit`).
    pub fn open_read_only(_path: &Path, _options: &Options) -> Result<Self, StoreError> {
        Err(StoreError::Closed)
    }

    /// Writes all or nothing; returns when it is on disk.
    pub async fn commit(&self, _write: Write) -> Result<Committed, StoreError> {
        Err(StoreError::Closed)
    }

    /// The current version of a record, which may be a tombstone.
    pub async fn current(&self, _type: &str, _id: &str) -> Result<Option<Stored>, StoreError> {
        Err(StoreError::Closed)
    }

    /// One version of a record.
    pub async fn version(
        &self,
        _type: &str,
        _id: &str,
        _version: u64,
    ) -> Result<Option<Stored>, StoreError> {
        Err(StoreError::Closed)
    }

    /// Ids of the patients in whose compartment the record is now.
    pub async fn compartments(&self, _type: &str, _id: &str) -> Result<Vec<String>, StoreError> {
        Err(StoreError::Closed)
    }

    /// A page of a history, newest first.
    pub async fn history(&self, _history: History) -> Result<HistoryPage, StoreError> {
        Err(StoreError::Closed)
    }

    /// A page of a search.
    pub async fn search(
        &self,
        _query: Query,
        _scope: Scope,
        _page: Page,
    ) -> Result<Found, StoreError> {
        Err(StoreError::Closed)
    }

    /// The first matches of a query, for conditional acts.
    pub async fn matching(
        &self,
        _query: Query,
        _scope: Scope,
        _limit: u32,
    ) -> Result<Vec<RecordKey>, StoreError> {
        Err(StoreError::Closed)
    }

    /// A vault key in its wrapped form.
    pub async fn vault_key(&self, _id: &str) -> Result<Option<Vec<u8>>, StoreError> {
        Err(StoreError::Closed)
    }

    /// The oldest leaves that are in no batch.
    pub async fn pending_leaves(&self, _limit: u32) -> Result<Vec<Leaf>, StoreError> {
        Err(StoreError::Closed)
    }

    /// Seals a batch over the oldest waiting leaves. Refused while another batch is open, or when
    /// its sequence, previous root or first leaf does not follow the last one.
    pub async fn seal_batch(&self, _batch: Batch) -> Result<(), StoreError> {
        Err(StoreError::Closed)
    }

    /// The batch that is sealed and not yet anchored.
    pub async fn open_batch(&self) -> Result<Option<Batch>, StoreError> {
        Err(StoreError::Closed)
    }

    /// The last batch sealed.
    pub async fn last_batch(&self) -> Result<Option<Batch>, StoreError> {
        Err(StoreError::Closed)
    }

    /// Puts another signed transaction in the open batch (its expiry or sequence had passed).
    pub async fn replace_batch_transaction(
        &self,
        _sequence: u64,
        _transaction: Vec<u8>,
    ) -> Result<(), StoreError> {
        Err(StoreError::Closed)
    }

    /// Stores what the ledger answered to the open batch; the batch is then no longer open.
    pub async fn anchor_batch(&self, _sequence: u64, _anchor: Vec<u8>) -> Result<(), StoreError> {
        Err(StoreError::Closed)
    }

    /// Where the leaf of a record version is; `None`: no such version.
    pub async fn batch_of(
        &self,
        _type: &str,
        _id: &str,
        _version: u64,
    ) -> Result<Option<LeafPlace>, StoreError> {
        Err(StoreError::Closed)
    }

    /// Adds a user or replaces the one of that name.
    pub async fn put_user(&self, _user: User) -> Result<(), StoreError> {
        Err(StoreError::Closed)
    }

    /// A user by name.
    pub async fn user(&self, _username: &str) -> Result<Option<User>, StoreError> {
        Err(StoreError::Closed)
    }

    /// All users, by name.
    pub async fn users(&self) -> Result<Vec<User>, StoreError> {
        Err(StoreError::Closed)
    }

    /// Sets a named value.
    pub async fn put_setting(&self, _setting: Setting) -> Result<(), StoreError> {
        Err(StoreError::Closed)
    }

    /// A named value.
    pub async fn setting(&self, _name: &str) -> Result<Option<Setting>, StoreError> {
        Err(StoreError::Closed)
    }

    /// All settings, by name.
    pub async fn settings(&self) -> Result<Vec<Setting>, StoreError> {
        Err(StoreError::Closed)
    }

    /// Audit: versions in the order of their leaves, after the given leaf.
    pub async fn scan_versions(
        &self,
        _after_leaf: u64,
        _limit: u32,
    ) -> Result<Vec<Stored>, StoreError> {
        Err(StoreError::Closed)
    }

    /// Audit: leaves in order, after the given one.
    pub async fn scan_leaves(
        &self,
        _after_leaf: u64,
        _limit: u32,
    ) -> Result<Vec<Leaf>, StoreError> {
        Err(StoreError::Closed)
    }

    /// Audit: batches in order, after the given one.
    pub async fn scan_batches(
        &self,
        _after_sequence: u64,
        _limit: u32,
    ) -> Result<Vec<Batch>, StoreError> {
        Err(StoreError::Closed)
    }

    /// Audit: vault keys by id, after the given one.
    pub async fn scan_vault_keys(
        &self,
        _after_id: &str,
        _limit: u32,
    ) -> Result<Vec<NewVaultKey>, StoreError> {
        Err(StoreError::Closed)
    }

    /// Audit: compares the index rows of a record with those recomputed from its current body
    /// (none for a tombstone); a line per difference.
    pub async fn check_index(
        &self,
        _type: &str,
        _id: &str,
        _expected: Vec<Entry>,
        _compartments: Vec<String>,
    ) -> Result<Vec<String>, StoreError> {
        Err(StoreError::Closed)
    }

    /// Audit: the database's own structure, and everything one table says about another; a line
    /// per difference. Takes time in proportion to the database.
    pub async fn integrity_check(&self) -> Result<Vec<String>, StoreError> {
        Err(StoreError::Closed)
    }
}
