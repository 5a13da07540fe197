//! One write, applied inside a savepoint that the caller keeps or throws away.

use rusqlite::{Connection, OptionalExtension, params};

use super::names::{Cache, Table as Names};
use super::{driver, from_sql, identity, later, read, rows, search, supply, to_sql};
use crate::{Committed, Guard, Method, Put, StoreError, Write};

/// Puts in one write at most: a bundle has its own, lower bound.
const PUTS_MAX: usize = 10_000;
/// Records a guard may expect.
const EXPECTED_MAX: usize = 100;

/// Checks the guards, then writes everything.
pub(crate) fn apply(
    connection: &Connection,
    cache: &mut Cache,
    write: &Write,
) -> Result<Committed, StoreError> {
    if write.puts.len() > PUTS_MAX {
        return Err(StoreError::Refused(format!(
            "over {PUTS_MAX} records in one write"
        )));
    }
    for guard in &write.guards {
        if later::is_asked(&guard.query) {
            later::catch_up(connection, cache)?;
        }
        check(connection, guard)?;
    }
    for key in &write.vault_keys {
        let added = connection
            .prepare_cached("INSERT OR IGNORE INTO vaults (id, wrapped) VALUES (?1, ?2)")?
            .execute(params![key.id, key.wrapped])?;
        if added == 0 {
            return Err(StoreError::VaultKeyExists(key.id.clone()));
        }
    }
    let last: i64 = connection
        .prepare_cached("SELECT coalesce(max(leaf), 0) FROM leaves")?
        .query_row([], |row| row.get(0))?;
    for (leaf, item) in (last + 1..).zip(&write.puts) {
        put(connection, cache, leaf, item)?;
    }
    for change in &write.identity {
        identity::apply(connection, change)?;
    }
    for row in &write.epcis {
        supply::put(connection, row)?;
    }
    let first_leaf = from_sql(last + 1)?;
    Ok(Committed { first_leaf })
}

fn check(connection: &Connection, guard: &Guard) -> Result<(), StoreError> {
    if guard.expected.len() > EXPECTED_MAX {
        return Err(StoreError::Refused(format!(
            "a guard over {EXPECTED_MAX} records"
        )));
    }
    let limit = u32::try_from(guard.expected.len() + 1).unwrap_or(u32::MAX);
    let found = search::matching(connection, &guard.query, &guard.scope, limit, driver::RARE)?;
    let mut found: Vec<String> = found.into_iter().map(|key| key.id).collect();
    let mut expected = guard.expected.clone();
    found.sort_unstable();
    expected.sort_unstable();
    if found == expected {
        Ok(())
    } else {
        Err(StoreError::GuardFailed { found })
    }
}

/// What is there of a record.
struct Standing {
    record: i64,
    version: u64,
    leaf: i64,
    patients: String,
}

fn standing(connection: &Connection, type_: i64, id: &str) -> Result<Option<Standing>, StoreError> {
    connection
        .prepare_cached(
            "SELECT r.record, v.version, v.leaf, v.patients
             FROM records r JOIN versions v USING (leaf)
             WHERE r.type = ?1 AND r.id = ?2",
        )?
        .query_row(params![type_, id], |row| {
            Ok((row.get(0)?, row.get::<_, i64>(1)?, row.get(2)?, row.get(3)?))
        })
        .optional()?
        .map(|(record, version, leaf, patients)| {
            let version = from_sql(version)?;
            Ok(Standing {
                record,
                version,
                leaf,
                patients,
            })
        })
        .transpose()
}

fn put(
    connection: &Connection,
    cache: &mut Cache,
    leaf: i64,
    item: &Put,
) -> Result<(), StoreError> {
    if item.version != item.expect.unwrap_or(0) + 1 {
        return Err(StoreError::Refused(
            "a version that does not follow".to_owned(),
        ));
    }
    let type_ = cache.number(connection, Names::Types, &item.type_)?;
    let there = standing(connection, type_, &item.id)?;
    let current = there.as_ref().map(|there| there.version);
    if current != item.expect {
        return Err(StoreError::Conflict {
            type_: item.type_.clone(),
            id: item.id.clone(),
            current,
        });
    }
    let deleted = item.method == Method::Delete;
    let mut patients = Vec::new();
    let list = match &there {
        Some(there) if deleted => there.patients.clone(),
        _ => {
            patients = numbered(connection, cache, &item.compartments)?;
            read::join_numbers(patients.iter().map(|(number, _)| *number).collect())
        }
    };
    let record = put_record(connection, leaf, type_, item, there.as_ref())?;
    put_version(connection, leaf, record, type_, item, &list)?;
    match &there {
        Some(there) if deleted => keep_sight(connection, leaf, item, there)?,
        _ => put_sight(connection, leaf, item, &patients)?,
    }
    let patients = list;
    if there.is_some() {
        clear_index(connection, record)?;
    }
    if !deleted && item.type_ == later::TYPE {
        later::put(connection, cache, record, &item.index)?;
    } else if !deleted {
        put_index(connection, cache, record, item)?;
    }
    if there.is_none_or(|there| there.patients != patients) {
        put_compartments(connection, record, type_, &patients)?;
    }
    Ok(())
}

/// Patients with the numbers of their `Patient/<id>` texts, in the order of numbers, each once.
fn numbered<'a>(
    connection: &Connection,
    cache: &mut Cache,
    patients: &'a [String],
) -> Result<Vec<(i64, &'a str)>, StoreError> {
    let mut numbers = Vec::with_capacity(patients.len());
    for patient in patients {
        let number = cache.number(connection, Names::Texts, &read::patient_text(patient))?;
        numbers.push((number, patient.as_str()));
    }
    numbers.sort_unstable();
    numbers.dedup();
    Ok(numbers)
}

/// What a decision reads of this version.
fn put_sight(
    connection: &Connection,
    leaf: i64,
    item: &Put,
    patients: &[(i64, &str)],
) -> Result<(), StoreError> {
    let ids: Vec<&str> = patients.iter().map(|(_, id)| *id).collect();
    connection
        .prepare_cached("INSERT INTO sights VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![
            leaf,
            to_sql(item.version)?,
            ids.join(" "),
            item.facts
        ])?;
    Ok(())
}

/// A tombstone is seen by those who saw what it deleted.
fn keep_sight(
    connection: &Connection,
    leaf: i64,
    item: &Put,
    there: &Standing,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO sights SELECT ?1, ?2, patients, facts FROM sights WHERE leaf = ?3",
        )?
        .execute(params![leaf, to_sql(item.version)?, there.leaf])?;
    Ok(())
}

fn put_record(
    connection: &Connection,
    leaf: i64,
    type_: i64,
    item: &Put,
    there: Option<&Standing>,
) -> Result<i64, StoreError> {
    let deleted = item.method == Method::Delete;
    if let Some(Standing { record, .. }) = there {
        connection
            .prepare_cached(
                "UPDATE records SET leaf = ?2, updated_us = ?3, deleted = ?4 WHERE record = ?1",
            )?
            .execute(params![record, leaf, item.updated_us, deleted])?;
        return Ok(*record);
    }
    connection
        .prepare_cached(
            "INSERT INTO records (type, id, leaf, updated_us, deleted) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![type_, item.id, leaf, item.updated_us, deleted])?;
    Ok(connection.last_insert_rowid())
}

fn put_version(
    connection: &Connection,
    leaf: i64,
    record: i64,
    type_: i64,
    item: &Put,
    patients: &str,
) -> Result<(), StoreError> {
    let vault: i64 = connection
        .prepare_cached("SELECT vault FROM vaults WHERE id = ?1")?
        .query_row([&item.vault], |row| row.get(0))
        .optional()?
        .ok_or_else(|| StoreError::Refused("a version without a vault key".to_owned()))?;
    connection
        .prepare_cached("INSERT INTO versions VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)")?
        .execute(params![
            leaf,
            record,
            type_,
            to_sql(item.version)?,
            item.updated_us,
            read::method_number(item.method),
            vault,
            patients,
            item.envelope,
        ])?;
    connection
        .prepare_cached("INSERT INTO leaves VALUES (?1, ?2)")?
        .execute(params![leaf, item.commitment])?;
    Ok(())
}

pub(super) fn clear_index(connection: &Connection, record: i64) -> Result<(), StoreError> {
    for table in rows::Table::ALL {
        connection
            .prepare_cached(table.delete())?
            .execute([record])?;
    }
    connection
        .prepare_cached("DELETE FROM unindexed WHERE record = ?1")?
        .execute([record])?;
    Ok(())
}

fn put_index(
    connection: &Connection,
    cache: &mut Cache,
    record: i64,
    item: &Put,
) -> Result<(), StoreError> {
    let numbered = |text: &str| cache.number(connection, Names::Texts, text);
    for row in rows::of(&item.index, numbered)? {
        rows::put(connection, record, &row)?;
    }
    Ok(())
}

fn put_compartments(
    connection: &Connection,
    record: i64,
    type_: i64,
    patients: &str,
) -> Result<(), StoreError> {
    connection
        .prepare_cached("DELETE FROM compartments WHERE record = ?1")?
        .execute([record])?;
    for patient in read::split_numbers(patients) {
        connection
            .prepare_cached("INSERT INTO compartments VALUES (?1, ?2, ?3)")?
            .execute(params![record, patient?, type_])?;
    }
    Ok(())
}
