//! `ledger.db`: what the final blocks came to, so that a start need not execute them again.
//!
//! Everything in it follows from the archived blocks; a node whose `ledger.db` is missing makes
//! it anew from them (`tests/rebuild.rs`). That is why commits need not reach the disk one by
//! one (`synchronous = NORMAL`): after a power cut the file may stand some blocks back, never
//! torn, and the start applies the missing blocks again.
//!
//! One thread writes, one reads; neither is an async worker.

mod read;
mod schema;
mod write;

use crate::error::StartError;
use proof::Digest;
pub(crate) use read::{Head, checkpoint, standing};
use rusqlite::Connection;
use std::{path::Path, sync::mpsc, thread};
use tokio::sync::oneshot;
pub(crate) use write::Applied;

type Job = Box<dyn FnOnce(&mut Connection) + Send>;

/// Requests that may wait for one thread.
const QUEUE_MAX: usize = 1_024;

/// A connection on a thread of its own.
#[derive(Clone)]
struct Worker {
    jobs: mpsc::SyncSender<Job>,
}

impl Worker {
    fn start(name: &str, mut connection: Connection) -> Result<Self, StartError> {
        let (jobs, queue) = mpsc::sync_channel::<Job>(QUEUE_MAX);
        thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || {
                for job in queue {
                    job(&mut connection);
                }
            })
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
        let database = Self {
            writer: Worker::start("ledger-write", writer)?,
            reader: Worker::start("ledger-read", reader)?,
        };
        Ok((database, head))
    }
}
