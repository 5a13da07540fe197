//! The index of AuditEvents follows later, for many of them at once.
//!
//! Each read writes an event, and each search value of an event changes a page of its own in the
//! index. So the rows are kept as bytes beside the event first, in the same commit, and the writer
//! puts those of many events into the index together. Whatever looks at the index of AuditEvents
//! waits until no row is missing (`Store::whole`): nobody ever sees an index that is behind.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use fhir::query::{Branch, Chain, Condition, Query};
use fhir::search::Entry;
use rusqlite::{Connection, OptionalExtension, params};

use super::names::{Cache, Table as Names};
use super::rows::{self, Cell, Row, Table};
use super::{damaged, to_sql};
use crate::StoreError;

/// The type whose index follows.
pub(crate) const TYPE: &str = "AuditEvent";
/// So many events wait at most, but for those of one group of commits.
pub(crate) const WAITING_MAX: usize = 64;
/// Events read at a time.
const SLICE: u32 = 512;

/// How many events wait. Never too few; a write that failed may leave it too high until the next
/// time the rows are put in.
#[derive(Clone, Default)]
pub(crate) struct Waiting(Arc<AtomicUsize>);

impl Waiting {
    /// Events that wait.
    pub(crate) fn count(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }

    /// After a commit that left none.
    pub(crate) fn none(&self) {
        self.0.store(0, Ordering::SeqCst);
    }

    fn one_more(&self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }

    /// Counts what an earlier process left.
    pub(crate) fn recount(&self, connection: &Connection) -> Result<(), StoreError> {
        let sql = "SELECT count(*) FROM unindexed";
        let count: i64 = connection.query_row(sql, [], |row| row.get(0))?;
        self.0
            .store(usize::try_from(count).unwrap_or(0), Ordering::SeqCst);
        Ok(())
    }
}

/// Keeps the index rows of an event until their turn.
pub(super) fn put(
    connection: &Connection,
    cache: &mut Cache,
    record: i64,
    index: &[Entry],
) -> Result<(), StoreError> {
    cache.waiting.one_more();
    cache.none_wait = false;
    connection
        .prepare_cached("INSERT OR REPLACE INTO unindexed VALUES (?1, ?2)")?
        .execute(params![record, bytes_of(index)?])?;
    Ok(())
}

/// Puts the rows of all that wait into the index.
pub(crate) fn catch_up(connection: &Connection, cache: &mut Cache) -> Result<(), StoreError> {
    loop {
        let slice = oldest(connection)?;
        let Some((last, _)) = slice.last() else {
            cache.none_wait = true;
            return Ok(());
        };
        let last = *last;
        let mut found: Vec<(Row, i64)> = Vec::new();
        for (record, bytes) in &slice {
            let numbered = |text: &str| cache.number(connection, Names::Texts, text);
            let rows = rows_of(bytes, *record, numbered)?;
            found.extend(rows.into_iter().map(|row| (row, *record)));
        }
        // In the order of each table, so that neighbours meet on one page.
        found.sort_unstable();
        for (row, record) in &found {
            rows::put(connection, *record, row)?;
        }
        connection
            .prepare_cached("DELETE FROM unindexed WHERE record <= ?1")?
            .execute([last])?;
    }
}

fn oldest(connection: &Connection) -> Result<Vec<(i64, Vec<u8>)>, StoreError> {
    let sql = "SELECT record, rows FROM unindexed ORDER BY record LIMIT ?1";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map([SLICE], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The rows of one record that still wait, for the audit.
pub(super) fn waiting(
    connection: &Connection,
    record: i64,
    number: impl FnMut(&str) -> Result<i64, StoreError>,
) -> Result<Vec<Row>, StoreError> {
    let kept: Option<Vec<u8>> = connection
        .prepare_cached("SELECT rows FROM unindexed WHERE record = ?1")?
        .query_row([record], |row| row.get(0))
        .optional()?;
    match kept {
        Some(bytes) => rows_of(&bytes, record, number),
        None => Ok(Vec::new()),
    }
}

/// Whether a search looks at the index of the type: its own, or at the end of a link.
pub(crate) fn is_asked(query: &Query) -> bool {
    let includes = query.includes.iter().chain(&query.revincludes);
    query.resource_type == TYPE
        || query.chains.iter().any(of_chain)
        || includes
            .into_iter()
            .any(|one| one.parameter.resource_type == TYPE)
}

fn of_chain(chain: &Chain) -> bool {
    let of_branch = |branch: &Branch| {
        branch.resource_type == TYPE
            || matches!(&branch.condition, Condition::Chain(next) if of_chain(next))
    };
    chain.parameter.resource_type == TYPE || chain.branches.iter().any(of_branch)
}

const NUMBER: u8 = 0;
const TEXT: u8 = 1;
const BYTES: u8 = 2;
/// A text that gets its number when the row is put in.
const SHARED: u8 = 3;

/// The rows of an index, shared texts written out: a number per table, one per count of cells, then
/// each cell as a kind, a length and its bytes.
fn bytes_of(index: &[Entry]) -> Result<Vec<u8>, StoreError> {
    let mut texts: Vec<String> = Vec::new();
    let rows = rows::of(index, |text| {
        let known = texts.iter().position(|known| known == text);
        let place = known.unwrap_or_else(|| {
            texts.push(text.to_owned());
            texts.len() - 1
        });
        to_sql(place as u64 + 1)
    })?;
    let mut out = Vec::with_capacity(rows.len() * 40);
    for (table, cells) in rows {
        out.push(table.number());
        out.push(u8::try_from(cells.len()).unwrap_or(u8::MAX));
        for (place, cell) in cells.iter().enumerate() {
            let (kind, bytes): (u8, &[u8]) = match cell {
                Cell::Number(number) => match shared(&texts, table, place, *number) {
                    Some(text) => (SHARED, text.as_bytes()),
                    None => (NUMBER, &number.to_be_bytes()),
                },
                Cell::Text(text) => (TEXT, text.as_bytes()),
                Cell::Bytes(bytes) => (BYTES, bytes),
            };
            out.push(kind);
            let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
            out.extend(length.to_be_bytes());
            out.extend(bytes);
        }
    }
    Ok(out)
}

/// The text that a cell of `rows::of` stands for.
fn shared(texts: &[String], table: Table, place: usize, number: i64) -> Option<&str> {
    if !table.shares(place) {
        return None;
    }
    let place = usize::try_from(number).ok()?.checked_sub(1)?;
    texts.get(place).map(String::as_str)
}

/// The rows again, texts numbered.
fn rows_of(
    bytes: &[u8],
    record: i64,
    mut number: impl FnMut(&str) -> Result<i64, StoreError>,
) -> Result<Vec<Row>, StoreError> {
    let broken = || damaged(format!("record {record}"), "its waiting index rows");
    let mut left = bytes;
    let mut rows = Vec::new();
    while !left.is_empty() {
        let [table, count] = taken(&mut left, 2).ok_or_else(broken)? else {
            return Err(broken());
        };
        let table = Table::of_number(*table).ok_or_else(broken)?;
        let mut cells = Vec::with_capacity(usize::from(*count));
        for _ in 0..*count {
            let (kind, bytes) = cell(&mut left).ok_or_else(broken)?;
            let text = || std::str::from_utf8(bytes).map_err(|_| broken());
            cells.push(match kind {
                NUMBER => Cell::Number(i64::from_be_bytes(bytes.try_into().map_err(|_| broken())?)),
                TEXT => Cell::Text(text()?.to_owned()),
                BYTES => Cell::Bytes(bytes.to_vec()),
                SHARED => Cell::Number(number(text()?)?),
                _ => return Err(broken()),
            });
        }
        if cells.len() + 1 != table.columns() {
            return Err(broken());
        }
        rows.push((table, cells));
    }
    Ok(rows)
}

/// Kind and bytes of the next cell.
fn cell<'a>(left: &mut &'a [u8]) -> Option<(u8, &'a [u8])> {
    let kind = *taken(left, 1)?.first()?;
    let length = u32::from_be_bytes(taken(left, 4)?.try_into().ok()?);
    Some((kind, taken(left, usize::try_from(length).ok()?)?))
}

fn taken<'a>(left: &mut &'a [u8], count: usize) -> Option<&'a [u8]> {
    let (first, rest) = left.split_at_checked(count)?;
    *left = rest;
    Some(first)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test")]
mod tests {
    use super::*;
    use fhir::search::IndexValue;
    use std::collections::BTreeMap;

    fn entries() -> Vec<Entry> {
        let system = Some("urn:system".to_owned());
        let values = [
            IndexValue::Token {
                system: system.clone(),
                code: Some("c".to_owned()),
            },
            IndexValue::Token {
                system: None,
                code: Some("c".to_owned()),
            },
            IndexValue::Uri("urn:uri".to_owned()),
            IndexValue::String {
                normalised: "ada".to_owned(),
                original: "Ada".to_owned(),
            },
            IndexValue::Date {
                from_us: -5,
                to_us: 1,
            },
            IndexValue::Number {
                low: None,
                high: Some(fhir::Decimal::parse("1.50").unwrap()),
            },
            IndexValue::Quantity {
                low: Some(fhir::Decimal::parse("-2").unwrap()),
                high: None,
                system,
                code: Some("mg".to_owned()),
                unit: None,
            },
            IndexValue::Reference {
                type_: Some("Patient".to_owned()),
                id: Some("p1".to_owned()),
                url: None,
                version: Some("3".to_owned()),
            },
        ];
        let entry = |(place, value)| Entry {
            parameter: u16::try_from(place).unwrap() + 1,
            value,
        };
        values.into_iter().enumerate().map(entry).collect()
    }

    /// Numbers in the order of first use.
    fn numbering() -> impl FnMut(&str) -> Result<i64, StoreError> {
        let mut known = BTreeMap::new();
        move |text: &str| {
            let next = i64::try_from(known.len()).unwrap() + 100;
            Ok(*known.entry(text.to_owned()).or_insert(next))
        }
    }

    #[test]
    fn what_waits_becomes_the_rows_that_were_asked_for() {
        let direct = rows::of(&entries(), numbering()).unwrap();
        let bytes = bytes_of(&entries()).unwrap();
        // Whatever number a text gets, it is the same text.
        let mut texts = BTreeMap::new();
        rows::of(&entries(), |text: &str| {
            let next = i64::try_from(texts.len()).unwrap() + 100;
            Ok(*texts.entry(text.to_owned()).or_insert(next))
        })
        .unwrap();
        let mut later = rows_of(&bytes, 1, |text| Ok(texts[text])).unwrap();
        later.sort_unstable();
        assert_eq!(direct, later);
    }

    #[test]
    fn bytes_that_are_cut_or_of_another_shape_are_named_as_damage() {
        let bytes = bytes_of(&entries()).unwrap();
        let mut whole = 0;
        for end in 0..bytes.len() {
            match rows_of(&bytes[..end], 1, |_| Ok(1)) {
                // Between two rows.
                Ok(rows) => whole += usize::from(rows.len() < entries().len()),
                Err(StoreError::Damaged { item, .. }) => assert_eq!(item, "record 1"),
                Err(other) => panic!("{other}"),
            }
        }
        assert_eq!(whole, entries().len());
        let mut other = bytes;
        other[1] += 1;
        assert!(rows_of(&other, 1, |_| Ok(1)).is_err());
    }
}
