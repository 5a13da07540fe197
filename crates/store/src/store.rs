//! The store: every method an async function; the work happens on the store's own threads.

use std::fs::{File, TryLockError};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use fhir::query::Query;
use rusqlite::Connection;

use crate::readers::Readers;
use crate::room::Reserve;
use crate::sqlite::{
    Cache, batch, connection, driver, everything, history, later, pact, read, search, user, write,
};
use crate::writer::Writer;
use crate::{
    Batch, Committed, Everything, Found, History, HistoryPage, Leaf, LeafPlace, Pact, PactKind,
    Page, RecordKey, Scope, Setting, StoreError, Stored, User, Write,
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
    /// So long the writer waits for other work before it puts index rows of events in.
    pub events_wait: Duration,
    /// A condition of a search that finds at most this many rows is looked up whole first; one
    /// that finds more is checked record by record.
    pub rare: usize,
    /// Page cache of each connection, KiB.
    pub cache_kib: u32,
    /// Largest database file in bytes; a write past it is refused with `Full`.
    pub bytes_max: Option<u64>,
    /// While less than this is free on the disk, records are refused with `Full`; batches are not.
    pub reserve_bytes: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            readers: 4,
            write_queue: 1024,
            read_queue: 1024,
            group_max: 256,
            events_wait: Duration::from_millis(50),
            rare: driver::RARE,
            cache_kib: 8 * 1024,
            bytes_max: None,
            reserve_bytes: 256 << 20,
        }
    }
}

/// Dropped in this order. The writer's connection is the last to close, and alone: only then does
/// SQLite fold the write-ahead log into the database. The threads end before the lock is given
/// up.
struct Inner {
    readers: Readers,
    writer: Option<Writer>,
    reserve: Reserve,
    rare: usize,
    waiting: later::Waiting,
    _lock: Option<File>,
}

/// The database of one organisation. Clones share it; it closes with the last clone.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

impl Store {
    /// Opens or creates the database. Blocks: call it before the runtime starts or on a blocking
    /// thread.
    pub fn open(path: &Path, options: &Options) -> Result<Self, StoreError> {
        let lock = lock(path)?;
        let connection = connection::writer(path, options)?;
        let waiting = later::Waiting::default();
        waiting.recount(&connection)?;
        let cache = Cache::new(waiting.clone());
        let writer = Writer::start(connection, cache, path, options)?;
        Self::with(Some(writer), path, options, Some(lock), waiting)
    }

    /// Opens an existing database for reading, beside a running node.
    pub fn open_read_only(path: &Path, options: &Options) -> Result<Self, StoreError> {
        Self::with(None, path, options, None, later::Waiting::default())
    }

    /// The same of a node that is stopped, and does not start meanwhile. Refused with `InUse` while
    /// it runs.
    pub fn open_stopped(path: &Path, options: &Options) -> Result<Self, StoreError> {
        // Without such a file no node ever ran here, as in a copy of the database alone.
        let file = File::open(path.with_extension("lock")).ok();
        let lock = file.map(|file| locked(file, path)).transpose()?;
        Self::with(None, path, options, lock, later::Waiting::default())
    }

    fn with(
        writer: Option<Writer>,
        path: &Path,
        options: &Options,
        lock: Option<File>,
        waiting: later::Waiting,
    ) -> Result<Self, StoreError> {
        let inner = Inner {
            writer,
            readers: Readers::start(path, options)?,
            reserve: Reserve::new(path, options.reserve_bytes),
            rare: options.rare,
            waiting,
            _lock: lock,
        };
        Ok(Self {
            inner: Arc::new(inner),
        })
    }

    pub(crate) async fn write<T, F>(&self, act: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection, &mut Cache) -> Result<T, StoreError> + Send + 'static,
    {
        match &self.inner.writer {
            Some(writer) => writer.run(act).await,
            None => Err(StoreError::Refused(
                "a write: opened for reading".to_owned(),
            )),
        }
    }

    /// Waits until no index row of an event is missing, where that matters (`sqlite/later.rs`).
    async fn whole(&self, matters: bool) -> Result<(), StoreError> {
        if matters && self.inner.waiting.count() > 0 {
            return self.write(later::catch_up).await;
        }
        Ok(())
    }

    pub(crate) fn readers(&self) -> &Readers {
        &self.inner.readers
    }

    /// Writes all or nothing; returns when it is on disk.
    pub async fn commit(&self, write: Write) -> Result<Committed, StoreError> {
        self.inner.reserve.check()?;
        self.write(move |connection, cache| write::apply(connection, cache, &write))
            .await
    }

    /// The same into the room that records leave alone, for the log of accesses: reading goes on
    /// while records are refused, and no read goes unlogged. Refused with `Full` only when the
    /// disk itself has no room.
    pub async fn commit_log(&self, write: Write) -> Result<Committed, StoreError> {
        self.write(move |connection, cache| write::apply(connection, cache, &write))
            .await
    }

    /// The current version of a record, which may be a tombstone.
    pub async fn current(&self, type_: &str, id: &str) -> Result<Option<Stored>, StoreError> {
        let (type_, id) = (type_.to_owned(), id.to_owned());
        self.readers()
            .run(move |connection| read::current(connection, &type_, &id))
            .await
    }

    /// One version of a record.
    pub async fn version(
        &self,
        type_: &str,
        id: &str,
        version: u64,
    ) -> Result<Option<Stored>, StoreError> {
        let (type_, id) = (type_.to_owned(), id.to_owned());
        self.readers()
            .run(move |connection| read::version(connection, &type_, &id, version))
            .await
    }

    /// A version as far as a scope shows it; `None` as `version`: the current one, which may be a
    /// tombstone. What the scope does not show answers as what was never there.
    pub async fn seen(
        &self,
        type_: &str,
        id: &str,
        version: Option<u64>,
        scope: Scope,
    ) -> Result<Option<Stored>, StoreError> {
        self.whole(type_ == later::TYPE && scope.narrowing.is_some())
            .await?;
        let (type_, id) = (type_.to_owned(), id.to_owned());
        self.readers()
            .run(move |connection| read::seen(connection, &type_, &id, version, &scope))
            .await
    }

    /// A page of a history, newest first.
    pub async fn history(&self, of: History) -> Result<HistoryPage, StoreError> {
        self.whole(of.scope.narrowing.is_some()).await?;
        self.readers()
            .run(move |connection| history::page(connection, &of))
            .await
    }

    /// A page of a search. `page` decides how many rows; `query.count` only whether there are any.
    pub async fn search(
        &self,
        query: Query,
        scope: Scope,
        page: Page,
    ) -> Result<Found, StoreError> {
        self.whole(later::is_asked(&query)).await?;
        let rare = self.inner.rare;
        self.readers()
            .run(move |connection| search::page(connection, &query, &scope, &page, rare))
            .await
    }

    /// A page of what belongs to one patient.
    pub async fn everything(&self, of: Everything) -> Result<Found, StoreError> {
        self.whole(of.between_us.is_some() || of.scope.narrowing.is_some())
            .await?;
        self.readers()
            .run(move |connection| everything::page(connection, &of))
            .await
    }

    /// The first matches of a query, for conditional acts.
    pub async fn matching(
        &self,
        query: Query,
        scope: Scope,
        limit: u32,
    ) -> Result<Vec<RecordKey>, StoreError> {
        self.whole(later::is_asked(&query)).await?;
        let rare = self.inner.rare;
        self.readers()
            .run(move |connection| search::matching(connection, &query, &scope, limit, rare))
            .await
    }

    /// A vault key in its wrapped form.
    pub async fn vault_key(&self, id: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let id = id.to_owned();
        self.readers()
            .run(move |connection| read::vault_key(connection, &id))
            .await
    }

    /// The oldest leaves that are in no batch.
    pub async fn pending_leaves(&self, limit: u32) -> Result<Vec<Leaf>, StoreError> {
        self.readers()
            .run(move |connection| batch::pending(connection, limit))
            .await
    }

    /// Seals a batch over the oldest waiting leaves. Refused while another batch is open, or when
    /// its sequence, previous root or first leaf does not follow the last one.
    pub async fn seal_batch(&self, batch: Batch) -> Result<(), StoreError> {
        self.write(move |connection, _| batch::seal(connection, &batch))
            .await
    }

    /// The batch that is sealed and not yet anchored.
    pub async fn open_batch(&self) -> Result<Option<Batch>, StoreError> {
        self.readers().run(batch::open).await
    }

    /// The last batch sealed.
    pub async fn last_batch(&self) -> Result<Option<Batch>, StoreError> {
        self.readers().run(batch::last).await
    }

    /// Puts another signed transaction in the open batch (its expiry or sequence had passed).
    pub async fn replace_batch_transaction(
        &self,
        sequence: u64,
        transaction: Vec<u8>,
    ) -> Result<(), StoreError> {
        self.write(move |connection, _| batch::replace(connection, sequence, &transaction))
            .await
    }

    /// Stores what the ledger answered to the open batch; the batch is then no longer open. An
    /// empty batch keeps neither anchor nor transaction.
    pub async fn anchor_batch(&self, sequence: u64, anchor: Vec<u8>) -> Result<(), StoreError> {
        self.write(move |connection, _| batch::anchor(connection, sequence, &anchor))
            .await
    }

    /// Where the leaf of a record version is; `None`: no such version.
    pub async fn batch_of(
        &self,
        type_: &str,
        id: &str,
        version: u64,
    ) -> Result<Option<LeafPlace>, StoreError> {
        let (type_, id) = (type_.to_owned(), id.to_owned());
        self.readers()
            .run(move |connection| batch::place(connection, &type_, &id, version))
            .await
    }

    /// Adds a pact or replaces the one of that kind and id.
    pub async fn put_pact(&self, pact: Pact) -> Result<(), StoreError> {
        self.write(move |connection, _| pact::put(connection, &pact))
            .await
    }

    /// Removes a pact and answers it: of two who take the same one, one gets it.
    pub async fn take_pact(&self, kind: PactKind, id: &[u8]) -> Result<Option<Pact>, StoreError> {
        let id = id.to_owned();
        self.write(move |connection, _| pact::take(connection, kind, &id))
            .await
    }

    /// Removes the pacts of a kind that ended before a moment.
    pub async fn forget_pacts(&self, kind: PactKind, before_us: i64) -> Result<(), StoreError> {
        self.write(move |connection, _| pact::forget(connection, kind, before_us))
            .await
    }

    /// A pact by its kind and id.
    pub async fn pact(&self, kind: PactKind, id: &[u8]) -> Result<Option<Pact>, StoreError> {
        let id = id.to_owned();
        self.readers()
            .run(move |connection| pact::get(connection, kind, &id))
            .await
    }

    /// The pacts of one kind of a patient, the ended ones too, in the order of their ids.
    pub async fn pacts_of(&self, kind: PactKind, patient: &str) -> Result<Vec<Pact>, StoreError> {
        let patient = patient.to_owned();
        self.readers()
            .run(move |connection| pact::of_patient(connection, kind, &patient))
            .await
    }

    /// All pacts of one kind, in the order of their ids.
    pub async fn pacts(&self, kind: PactKind) -> Result<Vec<Pact>, StoreError> {
        self.readers()
            .run(move |connection| pact::all(connection, kind))
            .await
    }

    /// Adds a user or replaces the one of that name.
    pub async fn put_user(&self, user: User) -> Result<(), StoreError> {
        self.write(move |connection, _| user::put(connection, &user))
            .await
    }

    /// A user by name.
    pub async fn user(&self, username: &str) -> Result<Option<User>, StoreError> {
        let username = username.to_owned();
        self.readers()
            .run(move |connection| user::get(connection, &username))
            .await
    }

    /// All users, by name.
    pub async fn users(&self) -> Result<Vec<User>, StoreError> {
        self.readers().run(user::all).await
    }

    /// Sets a named value.
    pub async fn put_setting(&self, setting: Setting) -> Result<(), StoreError> {
        self.write(move |connection, _| user::put_setting(connection, &setting))
            .await
    }

    /// A named value.
    pub async fn setting(&self, name: &str) -> Result<Option<Setting>, StoreError> {
        let name = name.to_owned();
        self.readers()
            .run(move |connection| user::get_setting(connection, &name))
            .await
    }

    /// Removes a named value.
    pub async fn drop_setting(&self, name: &str) -> Result<(), StoreError> {
        let name = name.to_owned();
        self.write(move |connection, _| user::drop_setting(connection, &name))
            .await
    }

    /// All settings, by name.
    pub async fn settings(&self) -> Result<Vec<Setting>, StoreError> {
        self.readers().run(user::all_settings).await
    }
}

/// Only one process writes; the lock goes with the process, however it ends.
fn lock(path: &Path) -> Result<File, StoreError> {
    let beside = path.with_extension("lock");
    let failed = |error: std::io::Error| StoreError::Database(error.to_string());
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&beside)
        .map_err(failed)?;
    locked(file, path)
}

fn locked(file: File, path: &Path) -> Result<File, StoreError> {
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::InUse(path.display().to_string())),
        Err(TryLockError::Error(error)) => Err(StoreError::Database(error.to_string())),
    }
}
