//! `_include` and `_revinclude`. FHIR R4 3.1.1.5.4.

use std::collections::BTreeSet;

use fhir::query::{Include, Query};
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, params_from_iter};

use super::condition::Fragment;
use super::names::{self, Table as Names};
use super::read;
use super::sight::Eyes;
use crate::{Found, StoreError};

/// Records included in one page at most.
const INCLUDED_MAX: usize = 1000;

/// Adds the included records of the page to `found`. What is not seen is not counted either: the
/// bound, and the remark that it was met, are about what is shown.
pub(super) fn resolve(
    connection: &Connection,
    query: &Query,
    eyes: &Eyes,
    page: &[i64],
    found: &mut Found,
) -> Result<(), StoreError> {
    let mut wanted = Wanted {
        page: page.iter().copied().collect(),
        records: BTreeSet::new(),
    };
    for include in &query.includes {
        targets(connection, include, eyes, &mut wanted)?;
    }
    for include in &query.revincludes {
        sources(connection, include, eyes, page, &mut wanted)?;
    }
    found.included_cut = wanted.records.len() > INCLUDED_MAX;
    let shown: Vec<i64> = wanted.records.into_iter().take(INCLUDED_MAX).collect();
    found.included = read::by_records(connection, &shown)?;
    Ok(())
}

/// What is to be included.
struct Wanted {
    page: BTreeSet<i64>,
    records: BTreeSet<i64>,
}

impl Wanted {
    /// Whether one more would be left out.
    fn is_full(&self) -> bool {
        self.records.len() > INCLUDED_MAX
    }

    fn add(&mut self, record: i64) {
        if !self.page.contains(&record) {
            self.records.insert(record);
        }
    }
}

/// What the page's records point at, until there is enough. The page is bounded, and so is what
/// one record can point at.
fn targets(
    connection: &Connection,
    include: &Include,
    eyes: &Eyes,
    wanted: &mut Wanted,
) -> Result<(), StoreError> {
    let page: Vec<i64> = wanted.page.iter().copied().collect();
    let mut sql = Fragment::new(
        "SELECT DISTINCT n.value FROM json_each(?) j
         CROSS JOIN refs x ON x.record = j.value AND x.parameter = ?
         CROSS JOIN records q ON q.record = x.record
         JOIN texts n ON n.text = x.target WHERE 1",
        [
            Value::Text(format!("[{}]", read::number_list(&page))),
            Value::Integer(i64::from(include.parameter.id)),
        ],
    );
    if let Some(seen) = eyes.decision("q", [include.parameter]) {
        sql.push(" AND ", []);
        sql.append(seen);
    }
    let mut target = Fragment::new(
        "SELECT r.record FROM records r WHERE r.type = ? AND r.id = ? AND r.deleted = 0",
        [],
    );
    if let Some(seen) = eyes.record("r", []) {
        target.push(" AND ", []);
        target.append(seen);
    }
    let mut find = connection.prepare_cached(&target.sql)?;
    let mut statement = connection.prepare_cached(&sql.sql)?;
    let mut rows = statement.query(params_from_iter(sql.values))?;
    while let Some(row) = rows.next()? {
        let name: String = row.get(0)?;
        let Some((type_, id)) = named(connection, include, &name)? else {
            continue;
        };
        let mut values = vec![Value::Integer(type_), Value::Text(id.to_owned())];
        values.extend(target.values.iter().cloned());
        let found = find.query_row(params_from_iter(values), |row| row.get(0));
        if let Some(record) = found.optional()? {
            wanted.add(record);
            if wanted.is_full() {
                break;
            }
        }
    }
    Ok(())
}

/// Type and id of `Type/id`, if the inclusion asks for the type and it is here.
fn named<'a>(
    connection: &Connection,
    include: &Include,
    target: &'a str,
) -> Result<Option<(i64, &'a str)>, StoreError> {
    let Some((type_, id)) = target.split_once('/') else {
        return Ok(None);
    };
    if include.target.is_some_and(|only| only != type_) {
        return Ok(None);
    }
    let type_ = names::find(connection, Names::Types, type_)?;
    Ok(type_.map(|type_| (type_, id)))
}

/// The number of `Type/id` of a record; `None`: nothing points at it.
fn own_text(connection: &Connection, record: i64) -> Result<Option<i64>, StoreError> {
    Ok(connection
        .prepare_cached(
            "SELECT n.text FROM records r JOIN types t ON t.type = r.type
             JOIN texts n ON n.value = t.name || '/' || r.id WHERE r.record = ?1",
        )?
        .query_row([record], |row| row.get(0))
        .optional()?)
}

/// What points at the page's records, until there is enough.
fn sources(
    connection: &Connection,
    include: &Include,
    eyes: &Eyes,
    page: &[i64],
    wanted: &mut Wanted,
) -> Result<(), StoreError> {
    let mut sql = Fragment::new(
        "SELECT r.record FROM refs x CROSS JOIN records r ON r.record = x.record
         WHERE x.parameter = ? AND x.target = ? AND r.deleted = 0",
        [],
    );
    if let Some(seen) = eyes.record("r", [include.parameter]) {
        sql.push(" AND ", []);
        sql.append(seen);
    }
    let mut find = connection.prepare_cached(&sql.sql)?;
    for record in page {
        let Some(target) = own_text(connection, *record)? else {
            continue;
        };
        let parameter = Value::Integer(i64::from(include.parameter.id));
        let mut values = vec![parameter, Value::Integer(target)];
        values.extend(sql.values.iter().cloned());
        // Each version of a reference has a row of its own: a record may come more than once.
        let mut rows = find.query(params_from_iter(values))?;
        while let Some(row) = rows.next()? {
            if wanted.is_full() {
                return Ok(());
            }
            wanted.add(row.get(0)?);
        }
    }
    Ok(())
}
