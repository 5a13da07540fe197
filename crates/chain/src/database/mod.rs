//! `ledger.db`: what the final blocks came to, so that a start need not execute them again.
//!
//! Everything in it follows from the archived blocks; a node whose `ledger.db` is missing makes
//! it anew from them (`tests/rebuild.rs`). That is why commits need not reach the disk one by
//! one (`synchronous = NORMAL`): after a power cut the file may stand some blocks back, never
//! torn, and the start applies the missing blocks again.
//!
//! One thread writes, one reads; neither is an async worker.

mod pending;
mod read;
mod schema;
mod write;

use crate::error::StartError;
use pending::Rest;
use proof::Digest;
pub(crate) use read::{Head, checkpoint, standing};
use rusqlite::Connection;
use std::{
    path::Path,
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{self, RecvTimeoutError},
    },
    thread,
    time::Duration,
};
use tokio::sync::oneshot;
use tracing::warn;
pub(crate) use write::Applied;

type Job = Box<dyn FnOnce(&mut Connection) + Send>;

/// What a thread does when no request waits; true if it is to be done again soon.
type Idle = Box<dyn FnMut(&mut Connection) -> bool + Send>;

/// Requests that may wait for one thread.
const QUEUE_MAX: usize = 1_024;
/// How long a thread waits for a request before it does something else.
const IDLE: Duration = Duration::from_millis(20);

/// A connection on a thread of its own.
#[derive(Clone)]
struct Worker {
    jobs: mpsc::SyncSender<Job>,
}

impl Worker {
    fn start(name: &str, mut connection: Connection, mut idle: Idle) -> Result<Self, StartError> {
        let (jobs, queue) = mpsc::sync_channel::<Job>(QUEUE_MAX);
        let work = move || {
            let mut is_more = true;
            loop {
                let job = if is_more {
                    queue.recv_timeout(IDLE)
                } else {
                    queue.recv().map_err(Into::into)
                };
                match job {
                    Ok(job) => {
                        job(&mut connection);
                        is_more = true;
                    }
                    Err(RecvTimeoutError::Timeout) => is_more = idle(&mut connection),
                    Err(RecvTimeoutError::Disconnected) => return,
                }
            }
        };
        thread::Builder::new()
            .name(name.to_owned())
            .spawn(work)
            .map_err(|source| StartError::Io {
                what: format!("thread {name}"),
                source,
            })?;
        Ok(Self { jobs })
    }

    async fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, DatabaseError> {
        let (answer, answered) = oneshot::channel();
        let job: Job = Box::new(move |connection| {
            let _ = answer.send(job(connection));
        });
        self.jobs.try_send(job).map_err(|_| DatabaseError::Busy)?;
        Ok(answered.await.map_err(|_| DatabaseError::Busy)??)
    }
}

/// Why a request failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DatabaseError {
    #[error("the ledger database has too many requests waiting, or has closed")]
    Busy,
    #[error("ledger database: {0}")]
    Sqlite(#[from] rusqlite::Error),
}

/// The ledger database. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Database {
    writer: Worker,
    reader: Worker,
    rest: Arc<Mutex<Rest>>,
}

impl Database {
    /// Opens or creates `ledger.db`, checks that it belongs to this chain, and reads the last
    /// block and the state after it. Blocks the calling thread.
    pub(crate) fn open(path: &Path, chain: &Digest) -> Result<(Self, Option<Head>), StartError> {
        let damaged =
            |error: rusqlite::Error| StartError::Database(format!("{}: {error}", path.display()));
        let writer = schema::open(path).map_err(damaged)?;
        let found = schema::claim(&writer, chain).map_err(damaged)?;
        if found != *chain {
            return Err(StartError::Database(format!(
                "{} belongs to the chain {found}, not to {chain}",
                path.display()
            )));
        }
        let reader = schema::open_reader(path).map_err(damaged)?;
        let head = read::head(&reader).map_err(damaged)?;
        let rest = Arc::new(Mutex::new(Rest::new()));
        let resting = Arc::clone(&rest);
        let idle = move |connection: &mut Connection| {
            let rest = resting.lock().unwrap_or_else(PoisonError::into_inner);
            let step = rest.step(connection);
            // The next block that is written meets the same error and stops the node.
            step.inspect_err(|error| warn!(%error, "the state could not be moved over"))
                .unwrap_or(false)
        };
        let database = Self {
            writer: Worker::start("ledger-write", writer, Box::new(idle))?,
            reader: Worker::start("ledger-read", reader, Box::new(|_| false))?,
            rest,
        };
        Ok((database, head))
    }
}
