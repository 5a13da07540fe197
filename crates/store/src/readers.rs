//! The threads that read, each with a connection of its own.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::sqlite::connection;
use crate::{Options, StoreError};

/// A read longer than this is broken off; an audit's may take its time.
const READ_MAX: Duration = Duration::from_secs(10);
/// Steps of SQLite's machine between two looks at the clock.
const STEPS: i32 = 10_000;

type Request = Box<dyn FnOnce(&mut Connection) + Send>;

/// The way to the readers' threads.
pub(crate) struct Readers {
    queue: Option<SyncSender<Request>>,
    threads: Vec<JoinHandle<Connection>>,
}

impl Readers {
    /// Opens the connections and starts the threads.
    pub(crate) fn start(path: &Path, options: &Options) -> Result<Self, StoreError> {
        let (queue, requests) = sync_channel(options.read_queue.max(1));
        let requests = Arc::new(Mutex::new(requests));
        let mut threads = Vec::new();
        for number in 0..options.readers.max(1) {
            let connection = connection::reader(path, options)?;
            let requests = Arc::clone(&requests);
            let thread = std::thread::Builder::new()
                .name(format!("store-reader-{number}"))
                .spawn(move || work(connection, &requests))
                .map_err(|error| StoreError::Database(error.to_string()))?;
            threads.push(thread);
        }
        Ok(Self {
            queue: Some(queue),
            threads,
        })
    }

    /// Queues a read and waits for its answer. All its statements see one state.
    pub(crate) async fn run<T, F>(&self, act: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        self.queue(Some(READ_MAX), act).await
    }

    /// As [`Readers::run`], without a bound on its time.
    pub(crate) async fn run_long<T, F>(&self, act: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        self.queue(None, act).await
    }

    async fn queue<T, F>(&self, bound: Option<Duration>, act: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let request: Request = Box::new(move |connection| {
            // Nobody waits any more (a request timed out): spare the work.
            if !answer.is_closed() {
                let _ = answer.send(one_state(connection, bound, act));
            }
        });
        let queue = self.queue.as_ref().ok_or(StoreError::Closed)?;
        queue.try_send(request)?;
        answered.await.map_err(|_| StoreError::Closed)?
    }
}

impl Drop for Readers {
    /// Closes the connections one after the other: of two that close at once, SQLite takes neither
    /// for the last, and the empty log stays.
    fn drop(&mut self) {
        self.queue = None;
        for thread in self.threads.drain(..) {
            // The threads catch panics of requests: there is nothing to report.
            drop(thread.join());
        }
    }
}

fn one_state<T>(
    connection: &mut Connection,
    bound: Option<Duration>,
    act: impl FnOnce(&Connection) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let end = bound.map(|bound| Instant::now() + bound);
    let late = move || end.is_some_and(|end| Instant::now() > end);
    connection.progress_handler(STEPS, Some(late))?;
    let transaction = connection.transaction()?;
    let outcome = act(&transaction);
    transaction.finish()?;
    outcome
}

fn work(mut connection: Connection, requests: &Mutex<Receiver<Request>>) -> Connection {
    loop {
        // Held while waiting: the others wait for the lock instead, which is the same.
        let request = requests
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .recv();
        let Ok(request) = request else {
            return connection;
        };
        // A panic drops the caller's channel, which answers `Closed`; the thread lives on.
        let _ = catch_unwind(AssertUnwindSafe(|| request(&mut connection)));
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test")]
mod tests {
    use super::*;

    /// How often the readers of a stopped database come and go.
    const TIMES: usize = 100;

    #[tokio::test]
    async fn readers_that_end_leave_one_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("salus.db");
        let options = Options::default();
        drop(connection::writer(&path, &options).unwrap());
        for _ in 0..TIMES {
            let readers = Readers::start(&path, &options).unwrap();
            let one = || {
                readers.run(|connection| {
                    let rows = "SELECT count(*) FROM users";
                    Ok(connection.query_row(rows, [], |row| row.get::<_, i64>(0))?)
                })
            };
            let answers = tokio::join!(one(), one(), one(), one());
            assert_eq!(answers, (Ok(0), Ok(0), Ok(0), Ok(0)));
            drop(readers);
            assert!(!folder.path().join("salus.db-wal").exists());
        }
    }
}
