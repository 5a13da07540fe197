//! `_include` and `_revinclude`. FHIR R4 3.1.1.5.4.

use std::collections::BTreeSet;

use fhir::query::{Include, Query};
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, params, params_from_iter};

use super::condition::Fragment;
use super::names::{self, Table as Names};
use super::{driver, narrow, read};
use crate::{Found, Scope, StoreError};

/// Records included in one page at most.
const INCLUDED_MAX: usize = 1000;

/// Adds the included records of the page to `found`.
pub(super) fn resolve(
    connection: &Connection,
    query: &Query,
    scope: &Scope,
    page: &[i64],
    found: &mut Found,
) -> Result<(), StoreError> {
    let patients = read::scope_numbers(connection, scope)?;
    let narrowing = scope
        .narrowing
        .as_ref()
        .map(|narrowing| narrow::probe(connection, narrowing))
        .transpose()?;
    let mut wanted = BTreeSet::new();
    for include in &query.includes {
        for target in targets(connection, include, page)? {
            wanted.extend(local_record(connection, include, &target)?);
        }
    }
    for include in &query.revincludes {
        let own = |record: &i64| own_text(connection, *record);
        for target in page.iter().map(own) {
            let Some(target) = target? else { continue };
            wanted.extend(sources(connection, include, target)?);
        }
    }
    for record in page {
        wanted.remove(record);
    }
    let mut seen = Vec::new();
    for record in wanted {
        if !visible(connection, record, patients.as_deref(), narrowing.as_ref())? {
            continue;
        }
        if seen.len() == INCLUDED_MAX {
            found.included_cut = true;
            break;
        }
        seen.push(record);
    }
    found.included = read::by_records(connection, &seen)?;
    Ok(())
}

/// What the page's records point at.
fn targets(
    connection: &Connection,
    include: &Include,
    page: &[i64],
) -> Result<Vec<String>, StoreError> {
    let sql = "SELECT DISTINCT n.value FROM json_each(?) j
         CROSS JOIN refs x ON x.record = j.value AND x.parameter = ?
         JOIN texts n ON n.text = x.target LIMIT ?";
    let values = [
        Value::Text(format!("[{}]", read::number_list(page))),
        Value::Integer(i64::from(include.parameter.id)),
        most(),
    ];
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map(params_from_iter(values), |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The record that `Type/id` names, if it is here.
fn local_record(
    connection: &Connection,
    include: &Include,
    target: &str,
) -> Result<Option<i64>, StoreError> {
    let Some((type_, id)) = target.split_once('/') else {
        return Ok(None);
    };
    if include.target.is_some_and(|only| only != type_) {
        return Ok(None);
    }
    let Some(type_) = names::find(connection, Names::Types, type_)? else {
        return Ok(None);
    };
    Ok(connection
        .prepare_cached("SELECT record FROM records WHERE type = ?1 AND id = ?2")?
        .query_row(params![type_, id], |row| row.get(0))
        .optional()?)
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

/// What points at a record.
fn sources(
    connection: &Connection,
    include: &Include,
    target: i64,
) -> Result<Vec<i64>, StoreError> {
    let sql = "SELECT record FROM refs WHERE parameter = ? AND target = ? LIMIT ?";
    let parameter = Value::Integer(i64::from(include.parameter.id));
    let values = [parameter, Value::Integer(target), most()];
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map(params_from_iter(values), |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn most() -> Value {
    Value::Integer(i64::try_from(INCLUDED_MAX + 1).unwrap_or(i64::MAX))
}

fn visible(
    connection: &Connection,
    record: i64,
    patients: Option<&[i64]>,
    narrowing: Option<&Fragment>,
) -> Result<bool, StoreError> {
    let mut sql = Fragment::new(
        "SELECT 1 FROM records r WHERE r.record = ? AND r.deleted = 0",
        [Value::Integer(record)],
    );
    let patients = patients.map(driver::scope_probe);
    for condition in patients.into_iter().chain(narrowing.cloned()) {
        sql.push(" AND ", []);
        sql.append(condition);
    }
    let found = connection
        .prepare_cached(&sql.sql)?
        .query_row(params_from_iter(sql.values), |_| Ok(()))
        .optional()?;
    Ok(found.is_some())
}
