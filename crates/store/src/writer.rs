//! The one thread that writes. It takes what waits, up to a bound, gives each request a savepoint
//! of its own, commits them together, and answers after the commit is on disk: one wait for the
//! disk is shared by all who came meanwhile (docs/decisions/0004-store-and-group-commit.md).

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::StoreError;
use crate::sqlite::Cache;

/// What a request works with.
pub(crate) struct Desk {
    pub(crate) connection: Connection,
    pub(crate) cache: Cache,
}

/// Tells the caller, once it is known whether the commit is on disk.
type Answer = Box<dyn FnOnce(Result<(), StoreError>) + Send>;
/// Runs inside the group's transaction; `None`: there is none, and nothing is done.
type Request = Box<dyn FnOnce(Option<&mut Desk>) -> Answer + Send>;

/// The way to the writer's thread.
pub(crate) struct Writer {
    queue: Option<SyncSender<Request>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    /// Starts the thread.
    pub(crate) fn start(
        connection: Connection,
        waiting_max: usize,
        group_max: usize,
    ) -> Result<Self, StoreError> {
        let (queue, requests) = sync_channel(waiting_max.max(1));
        let desk = Desk {
            connection,
            cache: Cache::default(),
        };
        let thread = std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || work(desk, &requests, group_max.max(1)))
            .map_err(|error| StoreError::Database(error.to_string()))?;
        Ok(Self {
            queue: Some(queue),
            thread: Some(thread),
        })
    }

    /// Queues a request and waits for its answer.
    pub(crate) async fn run<T, F>(&self, act: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection, &mut Cache) -> Result<T, StoreError> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let request: Request = Box::new(move |desk| {
            let outcome = match desk {
                Some(desk) => in_savepoint(desk, act),
                None => Err(StoreError::Closed),
            };
            Box::new(move |committed| {
                // The caller may have gone; the write stands all the same.
                let _ = answer.send(committed.and(outcome));
            })
        });
        let queue = self.queue.as_ref().ok_or(StoreError::Closed)?;
        queue.try_send(request)?;
        answered.await.map_err(|_| StoreError::Closed)?
    }
}

impl Drop for Writer {
    /// Lets the thread finish what waits, then end.
    fn drop(&mut self) {
        self.queue = None;
        if let Some(thread) = self.thread.take() {
            // The thread catches panics of requests: there is nothing to report.
            let _ = thread.join();
        }
    }
}

/// Runs one request; if it fails, nothing of it stays.
fn in_savepoint<T>(
    desk: &mut Desk,
    act: impl FnOnce(&Connection, &mut Cache) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    desk.connection
        .prepare_cached("SAVEPOINT request")?
        .execute([])?;
    let act = AssertUnwindSafe(|| act(&desk.connection, &mut desk.cache));
    let outcome = catch_unwind(act)
        .unwrap_or_else(|_| Err(StoreError::Database("a request panicked".to_owned())));
    desk.cache.settle(outcome.is_ok());
    // After some errors SQLite has rolled back everything; the group notices.
    if !desk.connection.is_autocommit() {
        if outcome.is_err() {
            desk.connection
                .prepare_cached("ROLLBACK TO request")?
                .execute([])?;
        }
        desk.connection
            .prepare_cached("RELEASE request")?
            .execute([])?;
    }
    outcome
}

fn work(mut desk: Desk, requests: &Receiver<Request>, group_max: usize) {
    while let Ok(first) = requests.recv() {
        let mut answers = Vec::new();
        let committed = group(&mut desk, first, requests, group_max, &mut answers);
        if committed.is_err() {
            desk.cache.clear();
        }
        for answer in answers {
            answer(committed.clone());
        }
    }
}

/// One transaction. On any error here nothing of the group is stored.
fn group(
    desk: &mut Desk,
    first: Request,
    requests: &Receiver<Request>,
    group_max: usize,
    answers: &mut Vec<Answer>,
) -> Result<(), StoreError> {
    if let Err(error) = statement(desk, "BEGIN IMMEDIATE") {
        answers.push(first(None));
        return Err(error);
    }
    let mut next = Some(first);
    while let Some(request) = next.take() {
        answers.push(request(Some(&mut *desk)));
        if desk.connection.is_autocommit() {
            // SQLite gave up the whole transaction, which it does when there is no room.
            // <https://sqlite.org/lang_transaction.html#response_to_errors_within_a_transaction>
            return Err(StoreError::Full);
        }
        if answers.len() < group_max {
            next = requests.try_recv().ok();
        }
    }
    let committed = statement(desk, "COMMIT");
    if committed.is_err() && !desk.connection.is_autocommit() {
        let _ = statement(desk, "ROLLBACK");
    }
    committed
}

fn statement(desk: &Desk, sql: &str) -> Result<(), StoreError> {
    desk.connection.prepare_cached(sql)?.execute([])?;
    Ok(())
}
