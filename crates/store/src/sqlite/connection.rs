//! Opening, settings of a connection, migrations.

use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, OptionalExtension};

use super::sight;
use crate::{Options, StoreError};

/// Each runs once, in order, in one transaction with the bump of `user_version`. Never edit one
/// that was released: add the next.
const MIGRATIONS: &[&str] = &[
    include_str!("migrations/0001_spine.sql"),
    include_str!("migrations/0002_smart.sql"),
    include_str!("migrations/0003_sight.sql"),
    include_str!("migrations/0004_sharing.sql"),
    include_str!("migrations/0005_identity.sql"),
    include_str!("migrations/0006_erasure.sql"),
    include_str!("migrations/0007_pacts.sql"),
    include_str!("migrations/0008_sign_in.sql"),
    include_str!("migrations/0009_holds.sql"),
    include_str!("migrations/0010_unindexed.sql"),
    include_str!("migrations/0011_health_links.sql"),
    include_str!("migrations/0012_supply.sql"),
    include_str!("migrations/0013_standing.sql"),
    include_str!("migrations/0014_openings.sql"),
    include_str!("migrations/0015_dscsa.sql"),
    include_str!("migrations/0016_containers.sql"),
    include_str!("migrations/0017_trials.sql"),
    include_str!("migrations/0018_offline.sql"),
    include_str!("migrations/0019_research.sql"),
];

/// Statements kept prepared by each connection.
const STATEMENTS: usize = 256;
/// Most envelopes fit on a page whole, several of them.
const PAGE_BYTES: u32 = 8192;
/// `SLUS`: so that tools can name the file.
/// <https://sqlite.org/fileformat.html#application_id>
const APPLICATION_ID: i32 = 0x534C_5553;
/// So much of the file readers see through the system's cache instead of copying pages out of it.
/// The file never shrinks while it is open, so a mapped page cannot vanish.
const MAPPED_BYTES: i64 = 1024 * 1024 * 1024;
const BUSY: Duration = Duration::from_secs(5);

/// Opens the connection that writes; creates and migrates the database.
pub(crate) fn writer(path: &Path, options: &Options) -> Result<Connection, StoreError> {
    let mut connection = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    set_up(&connection, options)?;
    connection.pragma_update(None, "page_size", PAGE_BYTES)?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    // With a write-ahead log, FULL is what makes every commit durable before it is acknowledged.
    connection.pragma_update(None, "synchronous", "full")?;
    connection.pragma_update(None, "journal_size_limit", 64 * 1024 * 1024)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    // Rows of the index are plaintext: what is replaced or erased must not linger in free pages.
    connection.pragma_update(None, "secure_delete", true)?;
    migrate(&mut connection)?;
    if let Some(bytes) = options.bytes_max {
        let pages = i64::try_from(bytes / u64::from(PAGE_BYTES)).unwrap_or(i64::MAX);
        connection.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()))?;
    }
    Ok(connection)
}

/// Opens a connection that cannot write.
pub(crate) fn reader(path: &Path, options: &Options) -> Result<Connection, StoreError> {
    let connection = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    set_up(&connection, options)?;
    connection.pragma_update(None, "query_only", true)?;
    connection.pragma_update_and_check(None, "mmap_size", MAPPED_BYTES, |_| Ok(()))?;
    let found = schema(&connection)?;
    if found as usize > MIGRATIONS.len() {
        return Err(newer(found));
    }
    Ok(connection)
}

fn set_up(connection: &Connection, options: &Options) -> Result<(), StoreError> {
    connection.busy_timeout(BUSY)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    // Negative: KiB instead of pages.
    connection.pragma_update(None, "cache_size", -i64::from(options.cache_kib))?;
    connection.pragma_update(None, "temp_store", "memory")?;
    // A plan never hangs on a bound value: else SQLite prepares some statements anew at each run.
    // <https://sqlite.org/queryplanner-ng.html#qpsg>
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    sight::register(connection)
}

fn schema(connection: &Connection) -> Result<u32, StoreError> {
    Ok(connection.pragma_query_value(None, "user_version", |row| row.get(0))?)
}

fn newer(found: u32) -> StoreError {
    let known = u32::try_from(MIGRATIONS.len()).unwrap_or(u32::MAX);
    StoreError::NewerSchema { found, known }
}

fn migrate(connection: &mut Connection) -> Result<(), StoreError> {
    let found = schema(connection)?;
    let Some(missing) = MIGRATIONS.get(found as usize..) else {
        return Err(newer(found));
    };
    for (step, sql) in (found + 1..).zip(missing) {
        let transaction = connection.transaction()?;
        transaction.execute_batch(sql)?;
        transaction.pragma_update(None, "user_version", step)?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.commit()?;
    }
    page_key(connection)
}

fn page_key(connection: &Connection) -> Result<(), StoreError> {
    let there = connection
        .query_row("SELECT 1 FROM page_key", [], |_| Ok(()))
        .optional()?;
    if there.is_none() {
        let mut key = [0; 32];
        aws_lc_rs::rand::fill(&mut key)
            .map_err(|_| StoreError::Database("no randomness".to_owned()))?;
        connection.execute("INSERT INTO page_key VALUES (1, ?1)", [key])?;
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test")]
mod tests {
    use super::*;

    #[test]
    fn the_bundled_sqlite_has_no_wal_reset_bug() {
        // Versions before 3.51.3 can corrupt a database when a checkpoint meets a log reset.
        assert!(
            rusqlite::version_number() >= 3_051_003,
            "{}",
            rusqlite::version()
        );
    }

    #[test]
    fn a_newer_schema_is_refused_with_both_versions() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("salus.db");
        let connection = writer(&path, &Options::default()).unwrap();
        connection.pragma_update(None, "user_version", 99).unwrap();
        drop(connection);
        let known = u32::try_from(MIGRATIONS.len()).unwrap();
        let expected = StoreError::NewerSchema { found: 99, known };
        assert_eq!(writer(&path, &Options::default()).unwrap_err(), expected);
        assert_eq!(reader(&path, &Options::default()).unwrap_err(), expected);
    }

    #[test]
    fn a_commit_waits_for_the_disk() {
        let folder = tempfile::tempdir().unwrap();
        let connection = writer(&folder.path().join("salus.db"), &Options::default()).unwrap();
        let asked = |name| -> String {
            connection
                .pragma_query_value(None, name, |row| row.get::<_, rusqlite::types::Value>(0))
                .map(|value| format!("{value:?}"))
                .unwrap()
        };
        assert_eq!(asked("journal_mode"), "Text(\"wal\")");
        assert_eq!(asked("synchronous"), "Integer(2)");
        assert_eq!(asked("page_size"), "Integer(8192)");
        assert_eq!(asked("secure_delete"), "Integer(1)");
    }
}
