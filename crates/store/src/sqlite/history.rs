//! Pages of histories, newest first. FHIR R4 3.1.0.11.

use rusqlite::Connection;
use rusqlite::types::Value;

use super::condition::Fragment;
use super::names::{self, Table as Names};
use super::page_token::{Purpose, Token};
use super::sight::Eyes;
use super::{read, to_sql};
use crate::supply::EPCIS_EVENT;
use crate::{History, HistoryPage, HistoryScope, Page, StoreError};

/// A page of a history: by time and then by the order of commits.
pub(crate) fn page(connection: &Connection, history: &History) -> Result<HistoryPage, StoreError> {
    let purpose = Purpose::of(&format!(
        "history {:?} {:?} {:?}",
        history.of, history.scope, history.since_us
    ));
    let bound = match &history.page.after {
        Some(token) => Token::open(connection, token, &purpose)?,
        None => Token {
            max: last_leaf(connection)?,
            record: i64::MAX,
            keys: vec![Value::Integer(i64::MAX)],
        },
    };
    let eyes = Eyes::of(connection, &history.scope)?;
    let Some(mut sql) = rows(connection, history, &eyes)? else {
        return Ok(HistoryPage::default());
    };
    let limit = history.page.limit.clamp(1, Page::LIMIT_MAX) as usize;
    restrict(&mut sql, history.since_us, &bound, limit + 1);
    let mut found = read::all(connection, &sql.sql, sql.values)?;
    let mut next = None;
    if found.len() > limit {
        found.truncate(limit);
        if let Some(last) = found.last() {
            let token = Token {
                max: bound.max,
                record: to_sql(last.leaf)?,
                keys: vec![Value::Integer(last.updated_us)],
            };
            next = Some(token.seal(connection, &purpose)?);
        }
    }
    Ok(HistoryPage { rows: found, next })
}

fn last_leaf(connection: &Connection) -> Result<i64, StoreError> {
    Ok(connection
        .prepare_cached("SELECT coalesce(max(leaf), 0) FROM versions")?
        .query_row([], |row| row.get(0))?)
}

/// Only what comes after the page before and was there at the first page.
fn restrict(sql: &mut Fragment, since_us: Option<i64>, bound: &Token, limit: usize) {
    let time = bound.keys.first().cloned().unwrap_or(Value::Null);
    sql.push(
        " AND (v.updated_us, v.leaf) < (?, ?) AND v.leaf <= ? AND v.updated_us >= ?
         ORDER BY v.updated_us DESC, v.leaf DESC LIMIT ?",
        [
            time,
            Value::Integer(bound.record),
            Value::Integer(bound.max),
            Value::Integer(since_us.unwrap_or(i64::MIN)),
            Value::Integer(i64::try_from(limit).unwrap_or(i64::MAX)),
        ],
    );
}

/// Whose versions, seen by whom; `None`: nothing can be found.
fn rows(
    connection: &Connection,
    history: &History,
    eyes: &Eyes,
) -> Result<Option<Fragment>, StoreError> {
    let type_name = match &history.of {
        HistoryScope::Instance(key) => Some(&key.type_),
        HistoryScope::Type(name) => Some(name),
        HistoryScope::System => None,
    };
    let mut also = Fragment::default();
    if let Some(name) = type_name {
        let Some(type_) = names::find(connection, Names::Types, name)? else {
            return Ok(None);
        };
        also.push(" AND v.type = ?", [Value::Integer(type_)]);
    }
    if type_name.is_none()
        && let Some(type_) = names::find(connection, Names::Types, EPCIS_EVENT)?
    {
        // No resource of FHIR.
        also.push(" AND v.type <> ?", [Value::Integer(type_)]);
    }
    let mut from = "versions v CROSS JOIN records r ON r.record = v.record";
    let mut by_patient = String::new();
    if let HistoryScope::Instance(key) = &history.of {
        from = "records r CROSS JOIN versions v ON v.record = r.record";
        also.push(
            " AND r.type = v.type AND r.id = ?",
            [Value::Text(key.id.clone())],
        );
    }
    if let Some(numbers) = eyes.patients() {
        if numbers.is_empty() {
            return Ok(None);
        }
        if !matches!(history.of, HistoryScope::Instance(_)) {
            // A patient's records are few: begin with them. The list in the version decides, for a
            // record may have been another patient's before it was corrected.
            let list = read::number_list(numbers);
            by_patient = format!(
                "(SELECT DISTINCT record FROM compartments WHERE patient IN ({list})) c CROSS JOIN "
            );
            from = "records r ON r.record = c.record CROSS JOIN versions v ON v.record = r.record";
        }
    }
    if let Some(seen) = eyes.version() {
        also.push(" AND ", []);
        also.append(seen);
    }
    let (columns, tables) = (read::COLUMNS, read::TABLES);
    let mut sql = Fragment::new(
        format!("SELECT {columns} FROM {by_patient}{from} {tables} WHERE 1"),
        [],
    );
    sql.append(also);
    Ok(Some(sql))
}
