//! Pacts: a small table by kind and id.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::damaged;
use crate::{Pact, PactKind, StoreError};

const COLUMNS: &str = "kind, id, organisation, patient, until_us, value, integrity";

/// Pacts of one patient that are listed at most.
const LISTED_MAX: i64 = 1_000;

fn number(kind: PactKind) -> i64 {
    let place = PactKind::ALL.iter().position(|it| *it == kind);
    place.map_or(0, |place| i64::try_from(place + 1).unwrap_or(0))
}

/// A row as it is read; its kind is still a number.
fn row(row: &Row<'_>) -> rusqlite::Result<(i64, Pact)> {
    let pact = Pact {
        kind: PactKind::Code,
        id: row.get(1)?,
        organisation: row.get(2)?,
        patient: row.get(3)?,
        until_us: row.get(4)?,
        value: row.get(5)?,
        integrity: row.get(6)?,
    };
    Ok((row.get(0)?, pact))
}

fn finish((number, pact): (i64, Pact)) -> Result<Pact, StoreError> {
    let place = usize::try_from(number - 1).ok();
    let kind = place.and_then(|place| PactKind::ALL.get(place));
    let kind = *kind.ok_or_else(|| damaged("a pact", "its kind"))?;
    Ok(Pact { kind, ..pact })
}

/// Adds a pact or replaces the one of that kind and id.
pub(crate) fn put(connection: &Connection, pact: &Pact) -> Result<(), StoreError> {
    connection
        .prepare_cached("INSERT OR REPLACE INTO pacts VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")?
        .execute(params![
            number(pact.kind),
            pact.id,
            pact.organisation,
            pact.patient,
            pact.until_us,
            pact.value,
            pact.integrity
        ])?;
    Ok(())
}

/// One pact.
pub(crate) fn get(
    connection: &Connection,
    kind: PactKind,
    id: &[u8],
) -> Result<Option<Pact>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM pacts WHERE kind = ?1 AND id = ?2");
    one(connection, &sql, kind, id)
}

fn one(
    connection: &Connection,
    sql: &str,
    kind: PactKind,
    id: &[u8],
) -> Result<Option<Pact>, StoreError> {
    let found = connection
        .prepare_cached(sql)?
        .query_row(params![number(kind), id], row)
        .optional()?;
    found.map(finish).transpose()
}

/// Removes a pact and answers it: of two who take the same one, one gets it.
pub(crate) fn take(
    connection: &Connection,
    kind: PactKind,
    id: &[u8],
) -> Result<Option<Pact>, StoreError> {
    let sql = format!("DELETE FROM pacts WHERE kind = ?1 AND id = ?2 RETURNING {COLUMNS}");
    one(connection, &sql, kind, id)
}

/// The pacts of one kind of a patient, by id; the ended ones too.
pub(crate) fn of_patient(
    connection: &Connection,
    kind: PactKind,
    patient: &str,
) -> Result<Vec<Pact>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM pacts WHERE patient = ?1 AND kind = ?2 ORDER BY id LIMIT ?3"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map(params![patient, number(kind), LISTED_MAX], row)?;
    rows.map(|row| finish(row?)).collect()
}

/// All pacts of one kind, by id.
pub(crate) fn all(connection: &Connection, kind: PactKind) -> Result<Vec<Pact>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM pacts WHERE kind = ?1 ORDER BY id LIMIT ?2");
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map(params![number(kind), LISTED_MAX], row)?;
    rows.map(|row| finish(row?)).collect()
}

/// Removes the pacts of a kind that ended before a moment.
pub(crate) fn forget(
    connection: &Connection,
    kind: PactKind,
    before_us: i64,
) -> Result<(), StoreError> {
    connection
        .prepare_cached("DELETE FROM pacts WHERE kind = ?1 AND until_us < ?2")?
        .execute(params![number(kind), before_us])?;
    Ok(())
}
