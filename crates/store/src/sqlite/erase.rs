//! Erasing a patient in one transaction. `secure_delete` overwrites what is deleted.

use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension, params};

use super::names::{self, Cache, Table as Names};
use super::{from_sql, identity, later, read, write};
use crate::{Erased, Erasure, KeptErasure, StoreError};

/// Where rows refer to texts. Each statement yields every text that is used there.
const USES: [&str; 7] = [
    "SELECT DISTINCT system FROM tokens",
    "SELECT DISTINCT target FROM refs",
    "SELECT DISTINCT version FROM refs",
    "SELECT DISTINCT system FROM quantities",
    "SELECT DISTINCT code FROM quantities",
    "SELECT DISTINCT unit FROM quantities",
    "SELECT DISTINCT patient FROM compartments",
];

pub(crate) fn apply(
    connection: &Connection,
    cache: &mut Cache,
    erasure: &Erasure,
) -> Result<Erased, StoreError> {
    // What waits may name the patient in texts that are looked through below.
    later::catch_up(connection, cache)?;
    let vault: Option<i64> = connection
        .prepare_cached("SELECT vault FROM vaults WHERE id = ?1")?
        .query_row([&erasure.vault], |row| row.get(0))
        .optional()?;
    connection
        .prepare_cached("INSERT INTO erasures VALUES (?1, 0, ?2)")?
        .execute(params![erasure.id, erasure.sealed])?;
    let own = names::find(
        connection,
        Names::Texts,
        &read::patient_text(&erasure.patient),
    )?;
    let mut done = Erased::default();
    if let Some(vault) = vault {
        for record in current_under(connection, vault)? {
            erase_record(connection, erasure, record)?;
            done.records += 1;
        }
        // Earlier versions of records that have gone over to another key.
        connection
            .prepare_cached(
                "INSERT INTO erased
                 SELECT leaf, ?2, record, version FROM versions WHERE vault = ?1",
            )?
            .execute(params![vault, erasure.id])?;
        for sql in [
            "DELETE FROM sights WHERE leaf IN (SELECT leaf FROM versions WHERE vault = ?1)",
            "DELETE FROM versions WHERE vault = ?1",
        ] {
            connection.prepare_cached(sql)?.execute([vault])?;
        }
        connection
            .prepare_cached("DELETE FROM vaults WHERE vault = ?1")?
            .execute([vault])?;
    }
    forget_person(connection, erasure)?;
    forget_texts(connection)?;
    cache.clear();
    if let Some(own) = own {
        let sql = "SELECT count(*) FROM compartments WHERE patient = ?1";
        let shared = connection.query_row(sql, [own], |row| row.get(0))?;
        done.shared = from_sql(shared)?;
    }
    done.versions = count(connection, erasure)?;
    Ok(done)
}

/// Whatever else names the patient: sign-ins, keys, delegations, what others know of the patient.
fn forget_person(connection: &Connection, erasure: &Erasure) -> Result<(), StoreError> {
    identity::forget(connection, &erasure.patient)?;
    for sql in [
        "DELETE FROM passkeys WHERE username IN (SELECT username FROM users WHERE patient = ?1)",
        "DELETE FROM logins WHERE username IN (SELECT username FROM users WHERE patient = ?1)",
        "DELETE FROM users WHERE patient = ?1",
        "DELETE FROM pacts WHERE patient = ?1",
    ] {
        connection
            .prepare_cached(sql)?
            .execute([&erasure.patient])?;
    }
    for bytes in &erasure.in_tickets {
        connection
            .prepare_cached("DELETE FROM tickets WHERE instr(body, ?1) > 0")?
            .execute([bytes])?;
    }
    Ok(())
}

/// Counts the leaves of the erasure and writes the number beside it.
fn count(connection: &Connection, erasure: &Erasure) -> Result<u64, StoreError> {
    let sql = "UPDATE erasures SET leaves = (SELECT count(*) FROM erased WHERE erasure = ?1)
         WHERE erasure = ?1 RETURNING leaves";
    from_sql(connection.query_row(sql, [erasure.id], |row| row.get(0))?)
}

/// Records whose current version is under this key.
fn current_under(connection: &Connection, vault: i64) -> Result<Vec<i64>, StoreError> {
    let sql = "SELECT r.record FROM versions v CROSS JOIN records r ON r.leaf = v.leaf
         WHERE v.vault = ?1";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map([vault], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// All versions of a record go, under whatever key they are.
fn erase_record(connection: &Connection, erasure: &Erasure, record: i64) -> Result<(), StoreError> {
    write::clear_index(connection, record)?;
    connection
        .prepare_cached("INSERT INTO erased SELECT leaf, ?2, 0, 0 FROM versions WHERE record = ?1")?
        .execute(params![record, erasure.id])?;
    // Earlier gaps of the record mean nothing any more, and its number may be given anew.
    for sql in [
        "UPDATE erased SET record = 0, version = 0 WHERE record = ?1",
        "DELETE FROM compartments WHERE record = ?1",
        "DELETE FROM sights WHERE leaf IN (SELECT leaf FROM versions WHERE record = ?1)",
        "DELETE FROM versions WHERE record = ?1",
        "DELETE FROM records WHERE record = ?1",
    ] {
        connection.prepare_cached(sql)?.execute([record])?;
    }
    Ok(())
}

/// Deletes every text that no row uses any more: those of the patient, and those of versions that
/// were replaced before. Reads the index once.
fn forget_texts(connection: &Connection) -> Result<(), StoreError> {
    let mut texts: BTreeSet<i64> = BTreeSet::new();
    let mut statement = connection.prepare("SELECT text FROM texts")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        texts.insert(row.get(0)?);
    }
    for sql in USES {
        let mut statement = connection.prepare(sql)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            texts.remove(&row.get(0)?);
        }
    }
    let mut statement = connection.prepare("SELECT DISTINCT patients FROM versions")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let patients: String = row.get(0)?;
        for number in read::split_numbers(&patients) {
            texts.remove(&number?);
        }
    }
    for text in texts {
        connection
            .prepare_cached("DELETE FROM texts WHERE text = ?1")?
            .execute([text])?;
    }
    Ok(())
}

/// Folds the write-ahead log into the database and truncates it. A connection that may only query
/// may do this. <https://sqlite.org/pragma.html#pragma_query_only>
pub(crate) fn fold(connection: &Connection) -> Result<bool, StoreError> {
    let busy: i64 =
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
    Ok(busy == 0)
}

/// One erasure.
pub(crate) fn get(
    connection: &Connection,
    id: &[u8; 32],
) -> Result<Option<KeptErasure>, StoreError> {
    let found: Option<(i64, Vec<u8>)> = connection
        .prepare_cached("SELECT leaves, sealed FROM erasures WHERE erasure = ?1")?
        .query_row([id], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((leaves, sealed)) = found else {
        return Ok(None);
    };
    Ok(Some(KeptErasure {
        id: *id,
        leaves: from_sql(leaves)?,
        sealed,
    }))
}

/// Replaces the wrapped form of a vault key.
pub(crate) fn rewrap(
    connection: &Connection,
    id: &str,
    before: &[u8],
    wrapped: &[u8],
) -> Result<bool, StoreError> {
    let changed = connection
        .prepare_cached("UPDATE vaults SET wrapped = ?3 WHERE id = ?1 AND wrapped = ?2")?
        .execute(params![id, before, wrapped])?;
    Ok(changed == 1)
}

pub(crate) fn scan(
    connection: &Connection,
    after: &[u8; 32],
    limit: u32,
) -> Result<Vec<KeptErasure>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT erasure, leaves, sealed FROM erasures WHERE erasure > ?1 ORDER BY erasure LIMIT ?2",
    )?;
    let mut rows = statement.query(params![after, limit])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(KeptErasure {
            id: row.get(0)?,
            leaves: from_sql(row.get(1)?)?,
            sealed: row.get(2)?,
        });
    }
    Ok(found)
}
