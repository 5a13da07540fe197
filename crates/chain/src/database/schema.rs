//! The tables of `ledger.db`.

use proof::Digest;
use rusqlite::{Connection, OpenFlags, OptionalExtension as _, params};
use std::path::Path;

/// Bumped with every change. Version 1 had no `pending`, and is read like one in which nothing is.
const VERSION: i64 = 2;

const TABLES: &str = "
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
-- The authenticated state: one row per key.
CREATE TABLE IF NOT EXISTS state (key BLOB PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
-- Changes of the state that are not in `state` yet, oldest first: see pending.rs.
CREATE TABLE IF NOT EXISTS pending (place INTEGER PRIMARY KEY, entries BLOB NOT NULL);
-- Complete subtrees of the history tree (RFC 9162).
CREATE TABLE IF NOT EXISTS node (
    level INTEGER NOT NULL, place INTEGER NOT NULL, hash BLOB NOT NULL,
    PRIMARY KEY (level, place)) WITHOUT ROWID;
-- outcomes: per transaction 0 (accepted) or 1 and a big-endian u16 refusal code.
CREATE TABLE IF NOT EXISTS block (
    height INTEGER PRIMARY KEY, digest BLOB NOT NULL, first_entry INTEGER NOT NULL,
    outcomes BLOB NOT NULL);
-- Transactions by the first 16 bytes of their digest. outcome: index, or -1 - code.
CREATE TABLE IF NOT EXISTS transaction_place (
    digest BLOB PRIMARY KEY, height INTEGER NOT NULL, outcome INTEGER NOT NULL) WITHOUT ROWID;
-- Entry of the history -> the transaction it wraps.
CREATE TABLE IF NOT EXISTS entry (
    place INTEGER PRIMARY KEY, height INTEGER NOT NULL, position INTEGER NOT NULL);
-- What holds from an epoch on: its first height, its length, who signs (32 bytes each).
CREATE TABLE IF NOT EXISTS term (
    epoch INTEGER PRIMARY KEY, first INTEGER NOT NULL, blocks INTEGER NOT NULL,
    keys BLOB NOT NULL);
";

/// Opens the file for writing and makes its tables.
pub(super) fn open(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.pragma_update(None, "cache_size", -4_096)?;
    connection.pragma_update(None, "journal_size_limit", 16 << 20)?;
    let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    if !(0..=VERSION).contains(&version) {
        return Err(rusqlite::Error::InvalidQuery);
    }
    connection.execute_batch(TABLES)?;
    connection.pragma_update(None, "user_version", VERSION)?;
    Ok(connection)
}

/// Opens the file for reading.
pub(super) fn open_reader(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.pragma_update(None, "cache_size", -2_048)?;
    Ok(connection)
}

/// Writes the chain id into a new file and returns the one that is in it.
pub(super) fn claim(connection: &Connection, chain: &Digest) -> rusqlite::Result<Digest> {
    let found: Option<[u8; 32]> = connection
        .query_row("SELECT value FROM meta WHERE name = 'chain'", [], |row| {
            row.get(0)
        })
        .optional()?;
    if let Some(found) = found {
        return Ok(Digest(found));
    }
    connection.execute(
        "INSERT INTO meta (name, value) VALUES ('chain', ?)",
        params![chain.0],
    )?;
    Ok(*chain)
}
