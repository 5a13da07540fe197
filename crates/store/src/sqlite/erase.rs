//! Erasing a patient in one transaction. `secure_delete` overwrites what is deleted.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, OptionalExtension, params};

use super::names::{self, Cache, Table as Names};
use super::{damaged, from_sql, health_link, identity, later, read, write};
use crate::{Erased, Erasure, KeptErasure, SharedRecord, StoreError};

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

/// Versions that open with a key of this patient, alone or with others, or that are in the
/// patient's compartment under whatever key.
const GOING: [&str; 2] = [
    "SELECT v.record, v.leaf FROM vaults k CROSS JOIN versions v ON v.vault = k.vault
     WHERE instr(' ' || k.id || ' ', ' ' || ?1 || ' ') > 0",
    "SELECT v.record, v.leaf FROM sights f CROSS JOIN versions v ON v.leaf = f.leaf
     WHERE instr(' ' || f.patients || ' ', ' ' || ?1 || ' ') > 0",
];

/// What the index says in words that a key from before keys of several patients does not.
const MENTIONED: &str = "SELECT r.record, r.leaf FROM refs x JOIN records r ON r.record = x.record
     WHERE x.target = ?1";

/// The versions that go with a patient, by their records.
type Going = BTreeMap<i64, BTreeSet<i64>>;

fn going(connection: &Connection, vault: &str, patient: &str) -> Result<Going, StoreError> {
    let mut found = Going::new();
    let mut add = |sql: &str, value: &dyn rusqlite::ToSql| -> Result<(), StoreError> {
        let mut statement = connection.prepare_cached(sql)?;
        let mut rows = statement.query([value])?;
        while let Some(row) = rows.next()? {
            found.entry(row.get(0)?).or_default().insert(row.get(1)?);
        }
        Ok(())
    };
    add(GOING[0], &vault)?;
    add(GOING[1], &patient)?;
    let text = names::find(connection, Names::Texts, &read::patient_text(patient))?;
    if let Some(text) = text {
        add(MENTIONED, &text)?;
    }
    Ok(found)
}

pub(crate) fn apply(
    connection: &Connection,
    cache: &mut Cache,
    erasure: &Erasure,
) -> Result<Erased, StoreError> {
    // What waits may name the patient in texts that are looked through below.
    later::catch_up(connection, cache)?;
    connection
        .prepare_cached("INSERT INTO erasures VALUES (?1, 0, ?2)")?
        .execute(params![erasure.id, erasure.sealed])?;
    let mut done = Erased::default();
    for (record, leaves) in going(connection, &erasure.vault, &erasure.patient)? {
        let (current, shared) = standing(connection, erasure, record)?;
        if leaves.contains(&current) {
            erase_record(connection, erasure, record)?;
            done.records += 1;
            done.shared += u64::from(shared.is_some());
        } else {
            // Earlier versions of a record that has gone over to others.
            erase_versions(connection, erasure, &leaves)?;
        }
    }
    connection
        .prepare_cached("DELETE FROM vaults WHERE instr(' ' || id || ' ', ' ' || ?1 || ' ') > 0")?
        .execute([&erasure.vault])?;
    forget_person(connection, erasure)?;
    forget_texts(connection)?;
    cache.clear();
    done.versions = count(connection, erasure)?;
    Ok(done)
}

/// The leaf of a record's current version, and the record if others have a part in it.
fn standing(
    connection: &Connection,
    erasure: &Erasure,
    record: i64,
) -> Result<(i64, Option<SharedRecord>), StoreError> {
    let sql = "SELECT r.leaf, t.name, r.id, v.version, k.id, f.patients, r.deleted FROM records r
         JOIN types t ON t.type = r.type JOIN versions v ON v.leaf = r.leaf
         JOIN vaults k ON k.vault = v.vault LEFT JOIN sights f ON f.leaf = r.leaf
         WHERE r.record = ?1";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([record])?;
    let Some(row) = rows.next()? else {
        return Err(damaged("a version", "its record"));
    };
    let (vault, patients): (String, Option<String>) = (row.get(4)?, row.get(5)?);
    let patients = patients.unwrap_or_default();
    let mut also: BTreeSet<&str> = patients.split(' ').filter(|id| !id.is_empty()).collect();
    also.extend(
        vault
            .split(' ')
            .filter_map(|id| id.strip_prefix("Patient/")),
    );
    also.remove(erasure.patient.as_str());
    let deleted: bool = row.get(6)?;
    // Without another patient it is still not the patient's own if it is under another key.
    let shared = !deleted && (vault != erasure.vault || !also.is_empty());
    let record = SharedRecord {
        type_: row.get(1)?,
        id: row.get(2)?,
        version: from_sql(row.get(3)?)?,
        also: also.into_iter().map(str::to_owned).collect(),
    };
    Ok((row.get(0)?, shared.then_some(record)))
}

/// The live records that would go although they are not the patient's alone.
pub(crate) fn shared(
    connection: &Connection,
    erasure: &Erasure,
    limit: usize,
) -> Result<Vec<SharedRecord>, StoreError> {
    let mut found = Vec::new();
    for (record, leaves) in going(connection, &erasure.vault, &erasure.patient)? {
        let (current, shared) = standing(connection, erasure, record)?;
        if let (true, Some(shared)) = (leaves.contains(&current), shared) {
            found.push(shared);
            if found.len() >= limit {
                break;
            }
        }
    }
    found.sort();
    Ok(found)
}

/// Whatever else names the patient: sign-ins, keys, delegations, what others know of the patient.
fn forget_person(connection: &Connection, erasure: &Erasure) -> Result<(), StoreError> {
    identity::forget(connection, &erasure.patient)?;
    health_link::erase(connection, &erasure.patient)?;
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

/// Whether a key needs both.
pub(crate) fn share_a_key(
    connection: &Connection,
    one: &str,
    other: &str,
) -> Result<bool, StoreError> {
    let sql = "SELECT EXISTS (SELECT 1 FROM vaults
         WHERE instr(' ' || id || ' ', ' ' || ?1 || ' ') > 0
         AND instr(' ' || id || ' ', ' ' || ?2 || ' ') > 0)";
    let mut statement = connection.prepare_cached(sql)?;
    Ok(statement.query_row([one, other], |row| row.get(0))?)
}

fn erase_versions(
    connection: &Connection,
    erasure: &Erasure,
    leaves: &BTreeSet<i64>,
) -> Result<(), StoreError> {
    for leaf in leaves {
        connection
            .prepare_cached(
                "INSERT INTO erased SELECT leaf, ?2, record, version FROM versions WHERE leaf = ?1",
            )?
            .execute(params![leaf, erasure.id])?;
        for sql in [
            "DELETE FROM sights WHERE leaf = ?1",
            "DELETE FROM versions WHERE leaf = ?1",
        ] {
            connection.prepare_cached(sql)?.execute([leaf])?;
        }
    }
    Ok(())
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
