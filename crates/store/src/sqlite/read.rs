//! Single versions.

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Row, params, params_from_iter};

use super::condition::Fragment;
use super::names::{self, Table as Names};
use super::sight::Eyes;
use super::{damaged, from_sql, to_sql};
use crate::{Method, Scope, StoreError, Stored};

/// The columns of a stored version, in the order that [`stored`] reads.
pub(crate) const COLUMNS: &str = "t.name, r.id, v.version, v.updated_us, v.method, k.id, \
     v.envelope, \
     v.leaf, v.patients, f.facts";
/// The tables around a version `v` of a record `r`.
pub(crate) const TABLES: &str = "JOIN types t ON t.type = r.type JOIN vaults k ON k.vault = v.vault
     LEFT JOIN sights f ON f.leaf = v.leaf";

/// How a method is written.
pub(crate) fn method_number(method: Method) -> i64 {
    match method {
        Method::Post => 1,
        Method::Put => 2,
        Method::Patch => 3,
        Method::Delete => 4,
    }
}

fn method(number: i64) -> Option<Method> {
    let all = [Method::Post, Method::Put, Method::Patch, Method::Delete];
    all.into_iter()
        .find(|method| method_number(*method) == number)
}

/// How a patient is written in `texts`, the same as a reference to the record.
pub(crate) fn patient_text(id: &str) -> String {
    format!("Patient/{id}")
}

/// `,7,12,`
pub(crate) fn join_numbers(mut numbers: Vec<i64>) -> String {
    numbers.sort_unstable();
    numbers.dedup();
    let mut text = String::new();
    for number in &numbers {
        text.push(',');
        text.push_str(&number.to_string());
    }
    if !text.is_empty() {
        text.push(',');
    }
    text
}

/// The numbers of `,7,12,`.
pub(crate) fn split_numbers(text: &str) -> impl Iterator<Item = Result<i64, StoreError>> {
    text.split(',').filter(|part| !part.is_empty()).map(|part| {
        part.parse()
            .map_err(|_| damaged("a version", "its list of patients"))
    })
}

/// A version as its row has it; the patients are still numbers.
pub(crate) fn stored(row: &Row<'_>) -> rusqlite::Result<(Stored, i64, i64, i64)> {
    let stored = Stored {
        type_: row.get(0)?,
        id: row.get(1)?,
        version: 0,
        updated_us: row.get(3)?,
        method: Method::Post,
        vault: row.get(5)?,
        envelope: row.get(6)?,
        leaf: 0,
        patients: vec![row.get(8)?],
        facts: row.get::<_, Option<_>>(9)?.unwrap_or_default(),
    };
    Ok((stored, row.get(2)?, row.get(4)?, row.get(7)?))
}

/// Turns what [`stored`] read into what the caller gets.
pub(crate) fn finish(
    connection: &Connection,
    read: (Stored, i64, i64, i64),
) -> Result<Stored, StoreError> {
    let (mut stored, version, number, leaf) = read;
    stored.version = from_sql(version)?;
    stored.leaf = from_sql(leaf)?;
    stored.method = method(number)
        .ok_or_else(|| damaged(format!("{}/{}", stored.type_, stored.id), "its method"))?;
    let list = std::mem::take(&mut stored.patients).concat();
    for number in split_numbers(&list) {
        let text = names::text(connection, number?)?;
        let id = text.strip_prefix("Patient/");
        let id = id.ok_or_else(|| damaged("a version", "its list of patients"))?;
        stored.patients.push(id.to_owned());
    }
    Ok(stored)
}

/// Runs a query whose columns are [`COLUMNS`].
pub(crate) fn all(
    connection: &Connection,
    sql: &str,
    values: Vec<Value>,
) -> Result<Vec<Stored>, StoreError> {
    let mut statement = connection.prepare_cached(sql)?;
    let read = statement.query_map(params_from_iter(values), stored)?;
    read.map(|row| finish(connection, row?)).collect()
}

/// The current version of a record.
pub(crate) fn current(
    connection: &Connection,
    type_: &str,
    id: &str,
) -> Result<Option<Stored>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM types t CROSS JOIN records r ON r.type = t.type
         JOIN versions v ON v.leaf = r.leaf JOIN vaults k ON k.vault = v.vault
         LEFT JOIN sights f ON f.leaf = v.leaf
         WHERE t.name = ?1 AND r.id = ?2"
    );
    one(connection, &sql, &[&type_, &id])
}

/// One version of a record.
pub(crate) fn version(
    connection: &Connection,
    type_: &str,
    id: &str,
    version: u64,
) -> Result<Option<Stored>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM types t CROSS JOIN records r ON r.type = t.type
         JOIN versions v ON v.record = r.record JOIN vaults k ON k.vault = v.vault
         LEFT JOIN sights f ON f.leaf = v.leaf
         WHERE t.name = ?1 AND r.id = ?2 AND v.version = ?3"
    );
    one(connection, &sql, &[&type_, &id, &to_sql(version)?])
}

/// A version (`None`: the current one) as far as the scope shows it: what is outside is not there.
pub(crate) fn seen(
    connection: &Connection,
    type_: &str,
    id: &str,
    version: Option<u64>,
    scope: &Scope,
) -> Result<Option<Stored>, StoreError> {
    let eyes = Eyes::of(connection, scope)?;
    let on = if version.is_some() {
        "v.record = r.record AND v.version = ?"
    } else {
        "v.leaf = r.leaf"
    };
    let mut values = Vec::new();
    if let Some(version) = version {
        values.push(Value::Integer(to_sql(version)?));
    }
    values.extend([type_, id].map(|text| Value::Text(text.to_owned())));
    let mut sql = Fragment::new(
        format!(
            "SELECT {COLUMNS} FROM types t CROSS JOIN records r ON r.type = t.type
             JOIN versions v ON {on} JOIN vaults k ON k.vault = v.vault
             LEFT JOIN sights f ON f.leaf = v.leaf
             WHERE t.name = ? AND r.id = ?"
        ),
        values,
    );
    if let Some(seen) = eyes.version() {
        sql.push(" AND ", []);
        sql.append(seen);
    }
    Ok(all(connection, &sql.sql, sql.values)?.pop())
}

fn one(
    connection: &Connection,
    sql: &str,
    values: &[&dyn rusqlite::ToSql],
) -> Result<Option<Stored>, StoreError> {
    let row = connection
        .prepare_cached(sql)?
        .query_row(values, stored)
        .optional()?;
    row.map(|row| finish(connection, row)).transpose()
}

/// The current versions by the records' numbers, in this order.
pub(crate) fn by_records(
    connection: &Connection,
    records: &[i64],
) -> Result<Vec<Stored>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM json_each(?) j CROSS JOIN records r ON r.record = j.value
         CROSS JOIN versions v ON v.leaf = r.leaf {TABLES}"
    );
    let list = Value::Text(format!("[{}]", number_list(records)));
    let found = all(connection, &sql, vec![list])?;
    if found.len() == records.len() {
        Ok(found)
    } else {
        Err(damaged("a record", "its current version is missing"))
    }
}

/// A vault key in its wrapped form.
pub(crate) fn vault_key(connection: &Connection, id: &str) -> Result<Option<Vec<u8>>, StoreError> {
    Ok(connection
        .prepare_cached("SELECT wrapped FROM vaults WHERE id = ?1")?
        .query_row(params![id], |row| row.get(0))
        .optional()?)
}

/// Numbers of the patients of a scope; `None`: everything may be seen.
pub(crate) fn scope_numbers(
    connection: &Connection,
    scope: &Scope,
) -> Result<Option<Vec<i64>>, StoreError> {
    let Some(patients) = &scope.patients else {
        return Ok(None);
    };
    let mut numbers = Vec::with_capacity(patients.len());
    for patient in patients {
        numbers.extend(names::find(
            connection,
            Names::Texts,
            &patient_text(patient),
        )?);
    }
    Ok(Some(numbers))
}

/// Numbers for an `IN (...)`; they come from the database, never from a caller.
pub(crate) fn number_list(numbers: &[i64]) -> String {
    let numbers: Vec<String> = numbers.iter().map(i64::to_string).collect();
    numbers.join(", ")
}
