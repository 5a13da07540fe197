//! Keys of patients, their wrapped seeds, delegations, and legal holds.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{from_sql, to_sql};
use crate::{DelegationStep, HoldStep, Identity, PatientKey, SeedChange, StoreError};

/// Rows of one patient or user that are read at most: a patient changes keys a few times.
const ROWS_MAX: u32 = 1_000;

/// Adds what one write says.
pub(crate) fn apply(connection: &Connection, change: &Identity) -> Result<(), StoreError> {
    match change {
        Identity::Key(key, seed) => put_key(connection, key, seed),
        Identity::Delegation(step) => put_delegation(connection, step),
        Identity::Hold(step) => put_hold(connection, step),
    }
}

/// Refuses a row unless its number follows the last one of its own.
fn follows(
    connection: &Connection,
    last: &str,
    (what, id): (&str, &str),
    number: u64,
) -> Result<(), StoreError> {
    let last: i64 = connection
        .prepare_cached(last)?
        .query_row([id], |row| row.get(0))?;
    if to_sql(number)? == last + 1 {
        return Ok(());
    }
    Err(StoreError::Conflict {
        type_: what.to_owned(),
        id: id.to_owned(),
        current: Some(from_sql(last)?),
    })
}

fn put_hold(connection: &Connection, step: &HoldStep) -> Result<(), StoreError> {
    let last = "SELECT coalesce(max(number), 0) FROM holds WHERE patient = ?1";
    follows(connection, last, ("hold", &step.patient), step.number)?;
    connection
        .prepare_cached("INSERT INTO holds VALUES (?1, ?2, ?3, ?4, ?5)")?
        .execute(params![
            step.patient,
            to_sql(step.number)?,
            step.sealed,
            step.record,
            step.integrity
        ])?;
    Ok(())
}

fn put_key(connection: &Connection, key: &PatientKey, seed: &SeedChange) -> Result<(), StoreError> {
    let last = "SELECT coalesce(max(number), 0) FROM patient_keys WHERE patient = ?1";
    follows(connection, last, ("patient key", &key.patient), key.number)?;
    connection
        .prepare_cached(
            "INSERT INTO patient_keys VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        )?
        .execute(params![
            key.patient,
            to_sql(key.number)?,
            key.mode,
            key.reason,
            key.consent_key,
            key.x_wing_key,
            key.since_us,
            key.possession,
            key.approval,
            key.record,
            key.integrity
        ])?;
    match seed {
        SeedChange::Keep(wrapped) => connection
            .prepare_cached("INSERT OR REPLACE INTO patient_seeds VALUES (?1, ?2)")?
            .execute(params![key.patient, wrapped])?,
        SeedChange::Destroy => connection
            .prepare_cached("DELETE FROM patient_seeds WHERE patient = ?1")?
            .execute([&key.patient])?,
    };
    Ok(())
}

fn put_delegation(connection: &Connection, step: &DelegationStep) -> Result<(), StoreError> {
    let last = "SELECT coalesce(max(number), 0) FROM delegations WHERE id = ?1";
    follows(connection, last, ("delegation", &step.id), step.number)?;
    connection
        .prepare_cached("INSERT INTO delegations VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)")?
        .execute(params![
            step.id,
            to_sql(step.number)?,
            step.patient,
            step.delegate,
            step.kind,
            step.since_us,
            step.until_us,
            step.by,
            step.record,
            step.integrity
        ])?;
    Ok(())
}

/// Takes everything about one patient away.
pub(crate) fn forget(connection: &Connection, patient: &str) -> Result<(), StoreError> {
    for sql in [
        "DELETE FROM patient_keys WHERE patient = ?1",
        "DELETE FROM patient_seeds WHERE patient = ?1",
        "DELETE FROM delegations WHERE patient = ?1",
        "DELETE FROM holds WHERE patient = ?1",
    ] {
        connection.prepare_cached(sql)?.execute([patient])?;
    }
    Ok(())
}

fn hold(row: &Row<'_>) -> Result<HoldStep, StoreError> {
    Ok(HoldStep {
        patient: row.get(0)?,
        number: from_sql(row.get(1)?)?,
        sealed: row.get(2)?,
        record: row.get(3)?,
        integrity: row.get(4)?,
    })
}

fn key(row: &Row<'_>) -> Result<PatientKey, StoreError> {
    Ok(PatientKey {
        patient: row.get(0)?,
        number: from_sql(row.get(1)?)?,
        mode: row.get(2)?,
        reason: row.get(3)?,
        consent_key: row.get(4)?,
        x_wing_key: row.get(5)?,
        since_us: row.get(6)?,
        possession: row.get(7)?,
        approval: row.get(8)?,
        record: row.get(9)?,
        integrity: row.get(10)?,
    })
}

fn step(row: &Row<'_>) -> Result<DelegationStep, StoreError> {
    Ok(DelegationStep {
        id: row.get(0)?,
        number: from_sql(row.get(1)?)?,
        patient: row.get(2)?,
        delegate: row.get(3)?,
        kind: row.get(4)?,
        since_us: row.get(5)?,
        until_us: row.get(6)?,
        by: row.get(7)?,
        record: row.get(8)?,
        integrity: row.get(9)?,
    })
}

fn read<T>(
    connection: &Connection,
    sql: &str,
    values: impl rusqlite::Params,
    of: impl Fn(&Row<'_>) -> Result<T, StoreError>,
) -> Result<Vec<T>, StoreError> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(values)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(of(row)?);
    }
    Ok(found)
}

/// The changes of one patient's key.
pub(crate) fn keys_of(
    connection: &Connection,
    patient: &str,
) -> Result<Vec<PatientKey>, StoreError> {
    let sql = "SELECT * FROM patient_keys WHERE patient = ?1 ORDER BY number LIMIT ?2";
    read(connection, sql, params![patient, ROWS_MAX], key)
}

/// Changes of keys after one.
pub(crate) fn keys_after(
    connection: &Connection,
    patient: &str,
    number: u64,
    limit: u32,
) -> Result<Vec<PatientKey>, StoreError> {
    let sql = "SELECT * FROM patient_keys WHERE (patient, number) > (?1, ?2)
               ORDER BY patient, number LIMIT ?3";
    read(
        connection,
        sql,
        params![patient, to_sql(number)?, limit],
        key,
    )
}

/// One wrapped seed.
pub(crate) fn seed(connection: &Connection, patient: &str) -> Result<Option<Vec<u8>>, StoreError> {
    Ok(connection
        .prepare_cached("SELECT wrapped FROM patient_seeds WHERE patient = ?1")?
        .query_row([patient], |row| row.get(0))
        .optional()?)
}

/// Wrapped seeds after one.
pub(crate) fn seeds_after(
    connection: &Connection,
    after: &str,
    limit: u32,
) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
    let sql = "SELECT patient, wrapped FROM patient_seeds WHERE patient > ?1
               ORDER BY patient LIMIT ?2";
    read(connection, sql, params![after, limit], |row| {
        Ok((row.get(0)?, row.get(1)?))
    })
}

/// Steps of delegations with a value in a column of ours.
pub(crate) fn delegations(
    connection: &Connection,
    column: &'static str,
    value: &str,
) -> Result<Vec<DelegationStep>, StoreError> {
    let sql = format!("SELECT * FROM delegations WHERE {column} = ?1 ORDER BY id, number LIMIT ?2");
    read(connection, &sql, params![value, ROWS_MAX], step)
}

/// Steps of delegations after one.
pub(crate) fn delegations_after(
    connection: &Connection,
    id: &str,
    number: u64,
    limit: u32,
) -> Result<Vec<DelegationStep>, StoreError> {
    let sql = "SELECT * FROM delegations WHERE (id, number) > (?1, ?2)
               ORDER BY id, number LIMIT ?3";
    read(connection, sql, params![id, to_sql(number)?, limit], step)
}

/// The last step of the holds on one patient.
pub(crate) fn last_hold(
    connection: &Connection,
    patient: &str,
) -> Result<Option<HoldStep>, StoreError> {
    let sql = "SELECT * FROM holds WHERE patient = ?1 ORDER BY number DESC LIMIT 1";
    Ok(read(connection, sql, [patient], hold)?.pop())
}

/// Steps of holds after one.
pub(crate) fn holds_after(
    connection: &Connection,
    patient: &str,
    number: u64,
    limit: u32,
) -> Result<Vec<HoldStep>, StoreError> {
    let sql = "SELECT * FROM holds WHERE (patient, number) > (?1, ?2)
               ORDER BY patient, number LIMIT ?3";
    read(
        connection,
        sql,
        params![patient, to_sql(number)?, limit],
        hold,
    )
}
