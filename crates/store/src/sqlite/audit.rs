//! What `salus audit` reads. Which test finds a change of which column: docs/reference/database.md.

use std::collections::BTreeSet;

use fhir::search::Entry;
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, params};

use super::names::{self, Table as Names};
use super::rows::{self, Cell, Row, Table};
use super::{later, read, to_sql};
use crate::{NewVaultKey, StoreError, Stored};

/// Lines of one check at most: a ruined database would fill the memory.
const LINES_MAX: usize = 1000;

/// What one table says about another. Each statement finds the rows that do not fit.
const RELATIONS: &[(&str, &str)] = &[
    (
        "record {}: its current version is missing, or another than its newest, or differs in time \
         or deletion",
        "SELECT r.record FROM records r LEFT JOIN versions v ON v.leaf = r.leaf
         WHERE v.leaf IS NULL OR v.record <> r.record OR v.updated_us <> r.updated_us
         OR (v.method = 4) <> r.deleted
         OR v.version <> (SELECT max(version) FROM versions w WHERE w.record = r.record)",
    ),
    (
        "version of leaf {}: versions of its record are missing before it",
        "SELECT leaf FROM (SELECT leaf, version,
         row_number() OVER (PARTITION BY record ORDER BY version) AS place
         FROM (SELECT leaf, record, version FROM versions
               UNION ALL SELECT leaf, record, version FROM erased WHERE record > 0))
         WHERE version <> place",
    ),
    (
        "version of leaf {}: its type is not that of its record, or it has no record, key or leaf",
        "SELECT v.leaf FROM versions v LEFT JOIN records r ON r.record = v.record
         LEFT JOIN vaults k ON k.vault = v.vault LEFT JOIN leaves l ON l.leaf = v.leaf
         WHERE r.record IS NULL OR r.type <> v.type OR k.vault IS NULL OR l.leaf IS NULL",
    ),
    (
        "version of leaf {}: what decisions read of it is missing, or has another version or \
         other patients",
        "SELECT v.leaf FROM versions v LEFT JOIN sights s ON s.leaf = v.leaf
         WHERE s.leaf IS NULL OR s.version <> v.version OR s.patients <> coalesce(
         (SELECT group_concat(substr(n.value, 9), ' ')
         FROM json_each('[' || trim(v.patients, ',') || ']') j
         CROSS JOIN texts n ON n.text = j.value), '')",
    ),
    (
        "sight of leaf {}: it belongs to no version",
        "SELECT leaf FROM sights WHERE leaf NOT IN (SELECT leaf FROM versions)",
    ),
    (
        "leaf {}: it belongs to no version, or leaves before it are missing",
        "SELECT leaf FROM (SELECT l.leaf, v.leaf AS of, row_number() OVER (ORDER BY l.leaf) AS place
         FROM leaves l LEFT JOIN (SELECT leaf FROM versions UNION ALL SELECT leaf FROM erased) v
         ON v.leaf = l.leaf) WHERE of IS NULL OR leaf <> place",
    ),
    (
        "erased leaf {}: its version is still there, or it fits to no record",
        "SELECT e.leaf FROM erased e LEFT JOIN versions v ON v.leaf = e.leaf
         LEFT JOIN records r ON r.record = e.record
         WHERE v.leaf IS NOT NULL OR (e.record = 0) <> (e.version = 0)
         OR (e.record <> 0 AND r.record IS NULL)",
    ),
    (
        "erasure {}: its leaves are not as many as it says, or are of no erasure",
        "SELECT row_number() OVER (ORDER BY e.erasure) FROM erasures e
         WHERE e.leaves <> (SELECT count(*) FROM erased d WHERE d.erasure = e.erasure)
         UNION ALL SELECT leaf FROM erased WHERE erasure NOT IN (SELECT erasure FROM erasures)",
    ),
    (
        "batch {}: it does not follow the one before, or its leaves are missing",
        "SELECT sequence FROM (SELECT sequence, first_leaf, leaves, previous,
         row_number() OVER byseq AS place,
         lag(root, 1, zeroblob(32)) OVER byseq AS root_before,
         lag(first_leaf + leaves, 1, 1) OVER byseq AS next_leaf
         FROM batches WINDOW byseq AS (ORDER BY sequence))
         WHERE sequence <> place OR previous <> root_before OR first_leaf <> next_leaf
         OR first_leaf + leaves - 1 > (SELECT coalesce(max(leaf), 0) FROM leaves)",
    ),
    (
        "batch {}: it is open and not the last",
        "SELECT sequence FROM batches WHERE anchor IS NULL
         AND sequence <> (SELECT max(sequence) FROM batches)",
    ),
    (
        "record {}: it is not there or deleted, but has rows in the index",
        "SELECT record FROM (SELECT record FROM tokens UNION SELECT record FROM refs
         UNION SELECT record FROM strings UNION SELECT record FROM dates
         UNION SELECT record FROM quantities UNION SELECT record FROM unindexed)
         WHERE record NOT IN (SELECT record FROM records WHERE deleted = 0)",
    ),
    (
        "record {}: it is not there or of another type, but has rows in the compartments",
        "SELECT c.record FROM compartments c LEFT JOIN records r ON r.record = c.record
         WHERE r.record IS NULL OR r.type <> c.type",
    ),
];

/// The database's own structure, then the relations between its tables.
pub(crate) fn integrity(connection: &Connection) -> Result<Vec<String>, StoreError> {
    let mut lines = Vec::new();
    for check in ["PRAGMA integrity_check(100)", "PRAGMA foreign_key_check"] {
        let mut statement = connection.prepare(check)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            match row.get::<_, Value>(0)? {
                Value::Text(text) if text == "ok" => {}
                // SQLite names pages, tables and row numbers here, never content.
                Value::Text(text) => lines.push(format!("database file: {text}")),
                _ => lines.push("database file: unreadable".to_owned()),
            }
        }
    }
    for (line, sql) in RELATIONS {
        let mut statement = connection.prepare(sql)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            if lines.len() >= LINES_MAX {
                lines.push("more differences follow".to_owned());
                return Ok(lines);
            }
            let number: i64 = row.get(0)?;
            lines.push(line.replace("{}", &number.to_string()));
        }
    }
    Ok(lines)
}

/// Versions in the order of their leaves.
pub(crate) fn versions(
    connection: &Connection,
    after: u64,
    limit: u32,
) -> Result<Vec<Stored>, StoreError> {
    let (columns, tables) = (read::COLUMNS, read::TABLES);
    let sql = format!(
        "SELECT {columns} FROM versions v CROSS JOIN records r ON r.record = v.record {tables}
         WHERE v.leaf > ?1 ORDER BY v.leaf LIMIT ?2"
    );
    let values = vec![
        Value::Integer(to_sql(after)?),
        Value::Integer(i64::from(limit)),
    ];
    read::all(connection, &sql, values)
}

/// Vault keys by id.
pub(crate) fn vault_keys(
    connection: &Connection,
    after: &str,
    limit: u32,
) -> Result<Vec<NewVaultKey>, StoreError> {
    let mut statement = connection
        .prepare_cached("SELECT id, wrapped FROM vaults WHERE id > ?1 ORDER BY id LIMIT ?2")?;
    let rows = statement.query_map(params![after, limit], |row| {
        Ok(NewVaultKey {
            id: row.get(0)?,
            wrapped: row.get(1)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The index rows of a record against those its body asks for.
pub(crate) fn index(
    connection: &Connection,
    type_: &str,
    id: &str,
    expected: &[Entry],
    patients: &[String],
) -> Result<Vec<String>, StoreError> {
    let record: Option<(i64, i64)> = connection
        .prepare_cached(
            "SELECT r.record, r.type FROM types t CROSS JOIN records r ON r.type = t.type
             WHERE t.name = ?1 AND r.id = ?2",
        )?
        .query_row([type_, id], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((record, type_number)) = record else {
        return Ok(vec![format!("{type_}/{id}: no such record")]);
    };
    // A text that no row has used yet has no number: it gets one here, below those of rows.
    let mut unused: Vec<String> = Vec::new();
    let mut numbered = |text: &str| -> Result<i64, StoreError> {
        if let Some(number) = names::find(connection, Names::Texts, text)? {
            return Ok(number);
        }
        let known = unused.iter().position(|known| known == text);
        let place = known.unwrap_or(unused.len());
        if known.is_none() {
            unused.push(text.to_owned());
        }
        Ok(-1 - to_sql(place as u64)?)
    };
    let (wanted, wanted_places) = without_places(rows::of(expected, &mut numbered)?);
    let mut there = Vec::new();
    for table in Table::ALL {
        there.extend(read_rows(connection, table, record)?);
    }
    match later::waiting(connection, record, &mut numbered) {
        Ok(waiting) => there.extend(waiting),
        Err(StoreError::Damaged { reason, .. }) => {
            return Ok(vec![format!("{type_}/{id}: {reason} are damaged")]);
        }
        Err(other) => return Err(other),
    }
    let (there, places) = without_places(there);
    let mut lines = Vec::new();
    let item = format!("{type_}/{id}");
    differences(&item, &wanted, &there, &mut lines);
    if lines.is_empty() && places != wanted_places {
        lines.push(format!("{item}: its texts are numbered differently"));
    }
    let own = (record, type_number);
    compartments(connection, own, patients, &mut lines, &item)?;
    Ok(lines)
}

/// The rows, their texts without a place, and the places: which text has which means nothing, but
/// there is one of each.
fn without_places(rows: impl IntoIterator<Item = Row>) -> (Vec<Row>, Vec<Cell>) {
    let mut places = Vec::new();
    let without = |(table, mut cells): Row| {
        if table == Table::Strings && cells.len() > 1 {
            places.push(cells.remove(1));
        }
        (table, cells)
    };
    let mut rows: Vec<Row> = rows.into_iter().map(without).collect();
    rows.sort_unstable();
    places.sort_unstable();
    (rows, places)
}

fn read_rows(connection: &Connection, table: Table, record: i64) -> Result<Vec<Row>, StoreError> {
    let mut statement = connection.prepare_cached(table.select())?;
    let columns = statement.column_count();
    let rows = statement.query_map([record], |row| {
        let cells = (0..columns).map(|place| row.get::<_, Value>(place).map(Cell::from));
        Ok((table, cells.collect::<Result<_, _>>()?))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Names tables and parameters, never values.
fn differences(item: &str, wanted: &[Row], there: &[Row], lines: &mut Vec<String>) {
    let name = |(table, cells): &Row| {
        let parameter = match cells.first() {
            Some(Cell::Number(number)) => number.to_string(),
            _ => "?".to_owned(),
        };
        format!("{} of parameter {parameter}", table.name())
    };
    for row in wanted
        .iter()
        .filter(|row| there.binary_search(row).is_err())
    {
        lines.push(format!("{item}: a row is missing in {}", name(row)));
    }
    for row in there
        .iter()
        .filter(|row| wanted.binary_search(row).is_err())
    {
        lines.push(format!("{item}: a row is too many in {}", name(row)));
    }
    if lines.is_empty() && wanted.len() != there.len() {
        lines.push(format!("{item}: a row of the index is there twice"));
    }
}

fn compartments(
    connection: &Connection,
    (record, type_): (i64, i64),
    patients: &[String],
    lines: &mut Vec<String>,
    item: &str,
) -> Result<(), StoreError> {
    let mut wanted = BTreeSet::new();
    for patient in patients {
        let number = names::find(connection, Names::Texts, &read::patient_text(patient))?;
        wanted.insert((number.unwrap_or(-1), type_));
    }
    let mut statement =
        connection.prepare_cached("SELECT patient, type FROM compartments WHERE record = ?1")?;
    let rows = statement.query_map([record], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let there: BTreeSet<(i64, i64)> = rows.collect::<Result<_, _>>()?;
    if wanted != there {
        lines.push(format!("{item}: its compartments differ"));
    }
    Ok(())
}
