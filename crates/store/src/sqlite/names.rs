//! Dictionaries: record types and shared texts by number.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension};

use super::damaged;
use super::later::Waiting;
use crate::StoreError;

/// Numbers the writer knows by heart. Bounded: emptied when full.
#[derive(Default)]
pub(crate) struct Cache {
    known: HashMap<(Table, String), i64>,
    /// Added since the last [`Cache::settle`]; forgotten when the write is rolled back.
    fresh: Vec<(Table, String)>,
    /// Events whose index rows are still to be put in.
    pub(crate) waiting: Waiting,
    /// The running transaction leaves none that waits.
    pub(crate) none_wait: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Table {
    Types,
    Texts,
}

impl Table {
    fn select(self) -> &'static str {
        match self {
            Self::Types => "SELECT type FROM types WHERE name = ?1",
            Self::Texts => "SELECT text FROM texts WHERE value = ?1",
        }
    }

    fn insert(self) -> &'static str {
        match self {
            Self::Types => "INSERT INTO types (name) VALUES (?1) RETURNING type",
            Self::Texts => "INSERT INTO texts (value) VALUES (?1) RETURNING text",
        }
    }
}

const KNOWN_MAX: usize = 50_000;

impl Cache {
    /// Empty, with a count that readers see too.
    pub(crate) fn new(waiting: Waiting) -> Self {
        Self {
            waiting,
            ..Self::default()
        }
    }

    /// The number of a name, given one if it has none.
    pub(crate) fn number(
        &mut self,
        connection: &Connection,
        table: Table,
        name: &str,
    ) -> Result<i64, StoreError> {
        let key = (table, name.to_owned());
        if let Some(number) = self.known.get(&key) {
            return Ok(*number);
        }
        let number = match find(connection, table, name)? {
            Some(number) => number,
            None => connection
                .prepare_cached(table.insert())?
                .query_row([name], |row| row.get(0))?,
        };
        if self.known.len() >= KNOWN_MAX {
            self.known.clear();
        }
        self.fresh.push(key.clone());
        self.known.insert(key, number);
        Ok(number)
    }

    /// The write is kept (or thrown away): so are the numbers it gave.
    pub(crate) fn settle(&mut self, kept: bool) {
        self.none_wait &= kept;
        for key in self.fresh.drain(..) {
            if !kept {
                self.known.remove(&key);
            }
        }
    }

    /// The transaction is on disk.
    pub(crate) fn committed(&mut self) {
        if std::mem::take(&mut self.none_wait) {
            self.waiting.none();
        }
    }

    /// Forgets everything, after a whole transaction was lost.
    pub(crate) fn clear(&mut self) {
        self.none_wait = false;
        self.known.clear();
        self.fresh.clear();
    }
}

/// The number of a name; `None`: no row has ever used it.
pub(crate) fn find(
    connection: &Connection,
    table: Table,
    name: &str,
) -> Result<Option<i64>, StoreError> {
    Ok(connection
        .prepare_cached(table.select())?
        .query_row([name], |row| row.get(0))
        .optional()?)
}

/// The text of a number that a row refers to.
pub(crate) fn text(connection: &Connection, number: i64) -> Result<String, StoreError> {
    connection
        .prepare_cached("SELECT value FROM texts WHERE text = ?1")?
        .query_row([number], |row| row.get(0))
        .optional()?
        .ok_or_else(|| damaged(format!("text {number}"), "it is referred to and not there"))
}
