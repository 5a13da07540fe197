//! The copy of a whole database. <https://sqlite.org/backup.html>

use std::path::Path;

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};

use super::{connection, extent};
use crate::{Extent, Options, StoreError};

/// Pages of one step.
const PAGES: i32 = 1_024;

pub(crate) fn whole(
    from: &Path,
    to: &Path,
    options: &Options,
    at: &mut dyn FnMut(u64, u64),
) -> Result<Extent, StoreError> {
    let failed = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::StorageFull => StoreError::Full,
        _ => StoreError::Database(error.to_string()),
    };
    let source = connection::reader(from, options)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut copy = Connection::open_with_flags(to, flags)?;
    // The file is synced once, at the end; until then it is worth nothing.
    copy.pragma_update(None, "synchronous", "off")?;
    // A read that stays open: the pages are of one moment although the node writes between two
    // steps, and no write of it begins the copy anew.
    let moment = source.unchecked_transaction()?;
    let extent = extent::of(&moment)?;
    let backup = Backup::new(&moment, &mut copy)?;
    loop {
        let done = match backup.step(PAGES)? {
            StepResult::Done => true,
            StepResult::More => false,
            // Nobody else has the copy open: what is busy is the log of the source for a moment.
            _ => return Err(StoreError::Busy),
        };
        let progress = backup.progress();
        let count = |pages: i32| u64::try_from(pages).unwrap_or_default();
        at(
            count(progress.pagecount - progress.remaining),
            count(progress.pagecount),
        );
        if done {
            break;
        }
    }
    drop(backup);
    drop(moment);
    copy.close().map_err(|(_, error)| StoreError::from(error))?;
    let file = std::fs::File::open(to).map_err(failed)?;
    file.sync_all().map_err(failed)?;
    let database_bytes = file.metadata().map_err(failed)?.len();
    Ok(Extent {
        database_bytes,
        log_bytes: 0,
        ..extent
    })
}
