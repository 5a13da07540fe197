//! The one thread that writes. It takes what waits, up to a bound, gives each request a savepoint
//! of its own, commits them together, and answers after the commit is on disk: one wait for the
//! disk is shared by all who came meanwhile (docs/decisions/0004-store-and-group-commit.md).

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::checkpoints::Checkpoints;
use crate::sqlite::{Cache, later};
use crate::{Options, StoreError};

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
        mut connection: Connection,
        cache: Cache,
        path: &Path,
        options: &Options,
    ) -> Result<Self, StoreError> {
        let checkpoints = Checkpoints::start(&mut connection, path, options)?;
        let (queue, requests) = sync_channel(options.write_queue.max(1));
        let (group_max, events_wait) = (options.group_max.max(1), options.events_wait);
        let desk = Desk { connection, cache };
        let thread = std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || work(desk, checkpoints, &requests, group_max, events_wait))
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

fn work(
    mut desk: Desk,
    mut checkpoints: Checkpoints,
    requests: &Receiver<Request>,
    group_max: usize,
    events_wait: Duration,
) {
    while let Some(first) = next(&mut desk, requests, events_wait) {
        let mut answers = Vec::new();
        let committed = group(&mut desk, first, requests, group_max, &mut answers);
        if committed.is_err() {
            desk.cache.clear();
        }
        for answer in answers {
            answer(committed.clone());
        }
        checkpoints.look(&desk.connection);
    }
    // Before the connection that must be the last.
    drop(checkpoints);
}

/// The next request. Index rows that wait are put in when there is nothing else to do for a while,
/// or when they are many.
fn next(desk: &mut Desk, requests: &Receiver<Request>, wait: Duration) -> Option<Request> {
    if desk.cache.waiting.count() > later::WAITING_MAX {
        catch_up(desk);
    }
    while desk.cache.waiting.count() > 0 {
        match requests.recv_timeout(wait) {
            Ok(request) => return Some(request),
            Err(RecvTimeoutError::Disconnected) => return None,
            // If it fails (no room on the disk), the rows wait; the next request may fare better.
            Err(RecvTimeoutError::Timeout) if catch_up(desk) => {}
            Err(RecvTimeoutError::Timeout) => break,
        }
    }
    requests.recv().ok()
}

/// Puts the rows that wait into the index, in a transaction of their own.
fn catch_up(desk: &mut Desk) -> bool {
    let done = statement(desk, "BEGIN IMMEDIATE")
        .and_then(|()| later::catch_up(&desk.connection, &mut desk.cache))
        .and_then(|()| statement(desk, "COMMIT"));
    if done.is_ok() {
        desk.cache.settle(true);
        desk.cache.committed();
    } else {
        if !desk.connection.is_autocommit() {
            let _ = statement(desk, "ROLLBACK");
        }
        desk.cache.clear();
    }
    done.is_ok()
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
    if committed.is_ok() {
        desk.cache.committed();
    } else if !desk.connection.is_autocommit() {
        let _ = statement(desk, "ROLLBACK");
    }
    committed
}

fn statement(desk: &Desk, sql: &str) -> Result<(), StoreError> {
    desk.connection.prepare_cached(sql)?.execute([])?;
    Ok(())
}
