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
    threads: Vec<JoinHandle<()>>,
}

impl Readers {
    /// Opens the connections and starts the threads.
    pub(crate) fn start(path: &Path, options: &Options) -> Result<Self, StoreError> {
        let (queue, requests) = sync_channel(options.read_queue.max(1));
        let requests = Arc::new(Mutex::new(requests));
        let mut threads = Vec::new();
        for number in 0..options.readers.max(1) {
            let mut connection = connection::reader(path, options)?;
            let requests = Arc::clone(&requests);
            let thread = std::thread::Builder::new()
                .name(format!("store-reader-{number}"))
                .spawn(move || work(&mut connection, &requests))
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
    fn drop(&mut self) {
        self.queue = None;
        for thread in self.threads.drain(..) {
            // The threads catch panics of requests: there is nothing to report.
            let _ = thread.join();
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

fn work(connection: &mut Connection, requests: &Mutex<Receiver<Request>>) {
    loop {
        // Held while waiting: the others wait for the lock instead, which is the same.
        let request = requests
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .recv();
        let Ok(request) = request else { return };
        // A panic drops the caller's channel, which answers `Closed`; the thread lives on.
        let _ = catch_unwind(AssertUnwindSafe(|| request(connection)));
    }
}
