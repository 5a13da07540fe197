//! Changes of the state that are written down and not in the table `state` yet.
//!
//! A block of 20,000 transitions changes as many rows, each on a page of its own once there are
//! millions: to change them in place is 80 MB of pages for 2 MB of values. So a large block puts
//! its changes down in few pieces, and they are moved over when the ledger rests. While there are
//! any, all blocks do so: the state is that of the table and then these, in their order.

use rusqlite::{Connection, OptionalExtension as _, Transaction, params};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// A key of the state and its new value; none: it is removed.
type Change = (Vec<u8>, Option<Vec<u8>>);

/// A block of fewer changes, while none are pending, changes the table in place.
const LARGE: usize = 256;
/// Changes in one piece: moving it over takes some milliseconds.
const PIECE: usize = 1_000;
/// Pieces that may be pending. Past it, each block moves over twice as many as it adds.
const PIECES_MAX: u64 = 2_000;
/// How long the ledger must have had no large block before pieces are moved over.
const REST: Duration = Duration::from_secs(5);

/// Writes what a block changed. True if that was much.
pub(super) fn write(transaction: &Transaction<'_>, changes: &[Change]) -> rusqlite::Result<bool> {
    let before = count(transaction)?;
    let is_large = changes.len() >= LARGE;
    if before == 0 && !is_large {
        put(transaction, changes)?;
        return Ok(false);
    }
    let mut piece = transaction.prepare_cached(
        "INSERT INTO pending (place, entries)
         VALUES ((SELECT coalesce(max(place), 0) + 1 FROM pending), ?)",
    )?;
    for some in changes.chunks(PIECE) {
        piece.execute(params![encode(some)])?;
        if before >= PIECES_MAX {
            move_over(transaction)?;
            move_over(transaction)?;
        }
    }
    Ok(is_large)
}

/// How many pieces are pending. They have neighbouring places.
fn count(connection: &Connection) -> rusqlite::Result<u64> {
    let sql = "SELECT coalesce((SELECT max(place) FROM pending)
        - (SELECT min(place) FROM pending) + 1, 0)";
    connection
        .prepare_cached(sql)?
        .query_row([], |row| row.get(0))
}

fn put(connection: &Connection, changes: &[Change]) -> rusqlite::Result<()> {
    let mut put = connection.prepare_cached("INSERT OR REPLACE INTO state VALUES (?, ?)")?;
    let mut remove = connection.prepare_cached("DELETE FROM state WHERE key = ?")?;
    for (key, value) in changes {
        match value {
            Some(value) => put.execute(params![key, value])?,
            None => remove.execute(params![key])?,
        };
    }
    Ok(())
}

/// Moves the oldest piece over. True if there was one.
fn move_over(connection: &Connection) -> rusqlite::Result<bool> {
    let sql = "SELECT place, entries FROM pending ORDER BY place LIMIT 1";
    let oldest: Option<(i64, Vec<u8>)> = connection
        .prepare_cached(sql)?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((place, entries)) = oldest else {
        return Ok(false);
    };
    put(connection, &decode(&entries)?)?;
    connection
        .prepare_cached("DELETE FROM pending WHERE place = ?")?
        .execute(params![place])?;
    Ok(true)
}

/// Lays pending changes over the rows of the table.
pub(super) fn overlay(
    connection: &Connection,
    state: &mut Vec<(Vec<u8>, Vec<u8>)>,
) -> rusqlite::Result<()> {
    let mut changed = BTreeMap::new();
    let mut pieces = connection.prepare("SELECT entries FROM pending ORDER BY place")?;
    for entries in pieces.query_map([], |row| row.get::<_, Vec<u8>>(0))? {
        changed.extend(decode(&entries?)?);
    }
    if changed.is_empty() {
        return Ok(());
    }
    state.retain(|(key, _)| !changed.contains_key(key));
    let changed = changed.into_iter();
    state.extend(changed.filter_map(|(key, value)| Some((key, value?))));
    Ok(())
}

/// Moves pieces over while the ledger rests.
pub(super) struct Rest {
    since: Instant,
}

impl Rest {
    pub(super) fn new() -> Self {
        Self {
            since: Instant::now(),
        }
    }

    /// A large block was written.
    pub(super) fn disturb(&mut self) {
        self.since = Instant::now();
    }

    /// What the thread that writes does when nothing else waits: one piece. True if it is to come
    /// again soon.
    pub(super) fn step(&self, connection: &mut Connection) -> rusqlite::Result<bool> {
        if count(connection)? == 0 {
            return Ok(false);
        }
        if self.since.elapsed() < REST {
            return Ok(true);
        }
        let transaction = connection.transaction()?;
        let moved = move_over(&transaction)?;
        transaction.commit()?;
        Ok(moved)
    }
}

/// Each change as lengths and bytes; the length of a value counts one more, so that 0 is none.
fn encode(changes: &[Change]) -> Vec<u8> {
    let length = |length: usize| u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes();
    let mut bytes = Vec::with_capacity(changes.len() * 128);
    for (key, value) in changes {
        bytes.extend(length(key.len()));
        bytes.extend(length(value.as_ref().map_or(0, |it| it.len() + 1)));
        bytes.extend(key);
        bytes.extend(value.iter().flatten());
    }
    bytes
}

fn decode(mut bytes: &[u8]) -> rusqlite::Result<Vec<Change>> {
    let damaged = || rusqlite::Error::InvalidQuery;
    let mut changes = Vec::new();
    while !bytes.is_empty() {
        let key = length(&mut bytes).ok_or_else(damaged)?;
        let value = length(&mut bytes).ok_or_else(damaged)?;
        let (key, rest) = bytes.split_at_checked(key).ok_or_else(damaged)?;
        bytes = rest;
        let value = match value.checked_sub(1) {
            None => None,
            Some(length) => {
                let (value, rest) = bytes.split_at_checked(length).ok_or_else(damaged)?;
                bytes = rest;
                Some(value.to_vec())
            }
        };
        changes.push((key.to_vec(), value));
    }
    Ok(changes)
}

fn length(bytes: &mut &[u8]) -> Option<usize> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    *bytes = rest;
    usize::try_from(u32::from_be_bytes(*length)).ok()
}

#[cfg(test)]
mod tests;
