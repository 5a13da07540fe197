//! Dictionaries: record types and shared texts by number.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension};

use super::damaged;
use crate::StoreError;

/// Numbers the writer knows by heart. Bounded: emptied when full.
#[derive(Default)]
pub(crate) struct Cache {
    known: HashMap<(Table, String), i64>,
    /// Added since the last [`Cache::settle`]; forgotten when the write is rolled back.
    fresh: Vec<(Table, String)>,
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
        for key in self.fresh.drain(..) {
            if !kept {
                self.known.remove(&key);
            }
        }
    }

    /// Forgets everything, after a whole transaction was lost.
    pub(crate) fn clear(&mut self) {
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
