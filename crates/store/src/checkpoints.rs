//! The write-ahead log is folded into the database beside the writer, not by it.
//!
//! SQLite folds at a commit, and whoever waits for that commit waits for some thousand pages more.
//! A thread of its own does most of it while the writer goes on; the writer folds the little that
//! came meanwhile, after which SQLite begins the log anew.
//! <https://sqlite.org/wal.html#ckpt>

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;

use rusqlite::Connection;

use crate::sqlite::connection;
use crate::{Options, StoreError};

/// The thread folds when so many pages are not folded yet.
const FOLD_PAGES: usize = 1_000;
/// From so many pages in the log on, the writer folds the rest if it is small.
const LOG_PAGES: usize = 2_000;
/// The rest is small up to so many pages.
const REST_PAGES: usize = 256;
/// In a log of so many pages the writer folds whatever is left: 128 MiB.
const LOG_PAGES_MAX: usize = 16_000;

/// The folding thread, and what the writer knows of the log.
pub(crate) struct Checkpoints {
    queue: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
    /// Pages in the log after the last commit.
    logged: Arc<AtomicUsize>,
    /// Pages of the log that are in the database.
    folded: Arc<AtomicUsize>,
    /// `logged` when the writer looked last.
    before: usize,
}

impl Checkpoints {
    /// Takes the folding over from the writer's commits.
    pub(crate) fn start(
        writer: &mut Connection,
        path: &Path,
        options: &Options,
    ) -> Result<Self, StoreError> {
        let (logged, folded) = (Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
        let count = Arc::clone(&logged);
        // In the place of the hook by which SQLite folds at a commit.
        writer.wal_hook(Some(move |_: &mut rusqlite::hooks::Wal, pages| {
            count.store(usize::try_from(pages).unwrap_or(0), Ordering::SeqCst);
            Ok(())
        }))?;
        let own = connection::reader(path, options)?;
        let (queue, signals) = sync_channel(1);
        let told = Arc::clone(&folded);
        let thread = std::thread::Builder::new()
            .name("store-folder".to_owned())
            .spawn(move || {
                while let Ok(()) = signals.recv() {
                    fold(&own, &told);
                }
            })
            .map_err(|error| StoreError::Database(error.to_string()))?;
        Ok(Self {
            queue: Some(queue),
            thread: Some(thread),
            logged,
            folded,
            before: 0,
        })
    }

    /// The writer calls it between its commits.
    pub(crate) fn look(&mut self, writer: &Connection) {
        let logged = self.logged.load(Ordering::SeqCst);
        if logged < self.before {
            // SQLite has begun the log anew.
            self.folded.store(0, Ordering::SeqCst);
        }
        self.before = logged;
        let rest = logged.saturating_sub(self.folded.load(Ordering::SeqCst));
        let ripe = logged >= LOG_PAGES && rest <= REST_PAGES;
        if rest > 0 && (ripe || logged >= LOG_PAGES_MAX) {
            fold(writer, &self.folded);
        } else if rest >= FOLD_PAGES
            && let Some(queue) = &self.queue
        {
            // Full: the thread is about to look.
            let _ = queue.try_send(());
        }
    }
}

impl Drop for Checkpoints {
    fn drop(&mut self) {
        self.queue = None;
        if let Some(thread) = self.thread.take() {
            // Its connection must be closed before the writer's, which folds at its end.
            let _ = thread.join();
        }
    }
}

/// Folds what no reader needs in the log any more. If it fails (no room on the disk), the log goes
/// on growing up to that room, and the next time may fare better.
fn fold(connection: &Connection, folded: &AtomicUsize) {
    let done = connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |row| {
        row.get::<_, i64>(2)
    });
    if let Ok(pages) = done.map(usize::try_from) {
        folded.store(pages.unwrap_or(0), Ordering::SeqCst);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test")]
mod tests {
    use super::*;

    /// Pages that are written at a time, and how often: ten times what may be in the log.
    const EACH: i64 = 8;
    const TIMES: i64 = 2_500;

    #[test]
    fn the_log_stays_short_however_much_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("salus.db");
        let options = Options::default();
        let mut writer = connection::writer(&path, &options).unwrap();
        let mut checkpoints = Checkpoints::start(&mut writer, &path, &options).unwrap();
        writer
            .execute_batch("CREATE TABLE filling (bytes BLOB NOT NULL) STRICT")
            .unwrap();
        let mut most = 0;
        for _ in 0..TIMES {
            writer
                .execute("INSERT INTO filling VALUES (zeroblob(?1))", [EACH * 8192])
                .unwrap();
            checkpoints.look(&writer);
            most = most.max(checkpoints.logged.load(Ordering::SeqCst));
        }
        assert!(most >= LOG_PAGES, "the thread had nothing to do: {most}");
        assert!(most < LOG_PAGES_MAX + 100, "{most} pages in the log");
        drop(checkpoints);
        drop(writer);
        assert!(!folder.path().join("salus.db-wal").exists());
        let kept = Connection::open(&path).unwrap();
        let rows: i64 = kept
            .query_row("SELECT count(*) FROM filling", [], |row| row.get(0))
            .unwrap();
        assert_eq!(rows, TIMES);
    }
}
