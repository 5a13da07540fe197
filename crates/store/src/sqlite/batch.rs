//! Leaves and batches. Leaves are never moved: a batch covers the next numbers after the batch
//! before, and the outbox is what comes after the last batch.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{damaged, from_sql, to_sql, user};
use crate::{Batch, Leaf, LeafPlace, Setting, StoreError};

const COLUMNS: &str = "sequence, first_leaf, leaves, blinding, root, previous, body, anchor";
/// Leaves in one batch at most.
const LEAVES_MAX: u64 = 1_000_000;

/// As the row has it; the numbers are still signed.
type Raw = (i64, i64, i64, Batch);

fn raw(row: &Row<'_>) -> rusqlite::Result<Raw> {
    let batch = Batch {
        sequence: 0,
        first_leaf: 0,
        leaves: 0,
        blinding: row.get(3)?,
        root: row.get(4)?,
        previous: row.get(5)?,
        transaction: row.get(6)?,
        anchor: row.get(7)?,
    };
    Ok((row.get(0)?, row.get(1)?, row.get(2)?, batch))
}

fn finish((sequence, first_leaf, leaves, batch): Raw) -> Result<Batch, StoreError> {
    Ok(Batch {
        sequence: from_sql(sequence)?,
        first_leaf: from_sql(first_leaf)?,
        leaves: from_sql(leaves)?,
        ..batch
    })
}

fn one(
    connection: &Connection,
    rest: &str,
    values: &[&dyn rusqlite::ToSql],
) -> Result<Option<Batch>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM batches {rest}");
    let row = connection
        .prepare_cached(&sql)?
        .query_row(values, raw)
        .optional()?;
    row.map(finish).transpose()
}

/// The last batch sealed.
pub(crate) fn last(connection: &Connection) -> Result<Option<Batch>, StoreError> {
    one(connection, "ORDER BY sequence DESC LIMIT 1", &[])
}

/// The batch without an anchor.
pub(crate) fn open(connection: &Connection) -> Result<Option<Batch>, StoreError> {
    one(
        connection,
        "WHERE anchor IS NULL ORDER BY sequence LIMIT 1",
        &[],
    )
}

/// Leaves in order, after the given number.
pub(crate) fn leaves(
    connection: &Connection,
    after: u64,
    limit: u32,
) -> Result<Vec<Leaf>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT leaf, commitment FROM leaves WHERE leaf > ?1 ORDER BY leaf LIMIT ?2",
    )?;
    let rows = statement.query_map(params![to_sql(after)?, limit], |row| {
        Ok((row.get::<_, i64>(0)?, row.get(1)?))
    })?;
    rows.map(|row| {
        let (number, commitment) = row?;
        let number = from_sql(number)?;
        Ok(Leaf { number, commitment })
    })
    .collect()
}

/// The last leaf that is in a batch.
fn covered(last: Option<&Batch>) -> u64 {
    last.map_or(0, |last| last.first_leaf + last.leaves - 1)
}

/// The oldest leaves in no batch.
pub(crate) fn pending(connection: &Connection, limit: u32) -> Result<Vec<Leaf>, StoreError> {
    leaves(connection, covered(last(connection)?.as_ref()), limit)
}

/// Stores the next batch.
pub(crate) fn seal(connection: &Connection, batch: &Batch) -> Result<(), StoreError> {
    let last = last(connection)?;
    let refuse = |reason: &str| Err(StoreError::Refused(reason.to_owned()));
    if last.as_ref().is_some_and(|last| last.anchor.is_none()) {
        return refuse("a batch while another is open");
    }
    if batch.anchor.is_some() {
        return refuse("a new batch with an anchor");
    }
    if batch.sequence != last.as_ref().map_or(0, |last| last.sequence) + 1
        || batch.first_leaf != covered(last.as_ref()) + 1
        || batch.previous != last.as_ref().map_or([0; 32], |last| last.root)
    {
        return refuse("a batch that does not follow the last one");
    }
    if batch.leaves > LEAVES_MAX {
        return refuse("a batch over 1,000,000 leaves");
    }
    let there: i64 = connection
        .prepare_cached("SELECT coalesce(max(leaf), 0) FROM leaves")?
        .query_row([], |row| row.get(0))?;
    if batch.first_leaf + batch.leaves > from_sql(there)? + 1 {
        return refuse("a batch of leaves that are not there");
    }
    connection
        .prepare_cached("INSERT INTO batches VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, NULL)")?
        .execute(params![
            to_sql(batch.sequence)?,
            to_sql(batch.first_leaf)?,
            to_sql(batch.leaves)?,
            batch.blinding,
            batch.root,
            batch.previous,
            batch.transaction,
        ])?;
    Ok(())
}

/// Stores batches of which only the ledger has the contents, and what vouches for them.
pub(crate) fn take_lost(
    connection: &Connection,
    batches: &[Batch],
    mark: &Setting,
) -> Result<(), StoreError> {
    let last = last(connection)?;
    let refuse = |reason: &str| Err(StoreError::Refused(reason.to_owned()));
    if last.as_ref().is_some_and(|last| last.anchor.is_none()) {
        return refuse("lost batches while one is open");
    }
    let first_leaf = covered(last.as_ref()) + 1;
    let mut sequence = last.as_ref().map_or(0, |last| last.sequence);
    let mut previous = last.map_or([0; 32], |last| last.root);
    for batch in batches {
        sequence += 1;
        let empty = batch.leaves == 0 && batch.first_leaf == first_leaf;
        if batch.sequence != sequence || batch.previous != previous || !empty {
            return refuse("a lost batch that does not follow the last one");
        }
        previous = batch.root;
        connection
            .prepare_cached("INSERT INTO batches VALUES (?1, ?2, 0, ?3, ?4, ?5, x'', x'')")?
            .execute(params![
                to_sql(batch.sequence)?,
                to_sql(batch.first_leaf)?,
                batch.blinding,
                batch.root,
                batch.previous,
            ])?;
    }
    user::put_setting(connection, mark)
}

/// Changes the open batch with this statement.
fn change(
    connection: &Connection,
    sql: &str,
    sequence: u64,
    bytes: &[u8],
) -> Result<(), StoreError> {
    let changed = connection
        .prepare_cached(sql)?
        .execute(params![to_sql(sequence)?, bytes])?;
    if changed == 1 {
        Ok(())
    } else {
        Err(StoreError::Refused(
            "a change to a batch that is not open".to_owned(),
        ))
    }
}

/// Another transaction for the open batch.
pub(crate) fn replace(
    connection: &Connection,
    sequence: u64,
    transaction: &[u8],
) -> Result<(), StoreError> {
    let sql = "UPDATE batches SET body = ?2 WHERE sequence = ?1 AND anchor IS NULL";
    change(connection, sql, sequence, transaction)
}

/// Anchors the open batch. An empty batch keeps neither transaction nor anchor: no receipt will
/// ever need them, and at one a second they would fill the disk.
pub(crate) fn anchor(
    connection: &Connection,
    sequence: u64,
    anchor: &[u8],
) -> Result<(), StoreError> {
    let sql = "UPDATE batches SET anchor = iif(leaves > 0, ?2, x''),
         body = iif(leaves > 0, body, x'') WHERE sequence = ?1 AND anchor IS NULL";
    change(connection, sql, sequence, anchor)
}

/// Batches in order, after the given one.
pub(crate) fn scan(
    connection: &Connection,
    after: u64,
    limit: u32,
) -> Result<Vec<Batch>, StoreError> {
    let sql =
        format!("SELECT {COLUMNS} FROM batches WHERE sequence > ?1 ORDER BY sequence LIMIT ?2");
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map(params![to_sql(after)?, limit], raw)?;
    rows.map(|row| finish(row?)).collect()
}

/// Where the leaf of a version is.
pub(crate) fn place(
    connection: &Connection,
    type_: &str,
    id: &str,
    version: u64,
) -> Result<Option<LeafPlace>, StoreError> {
    let leaf: Option<i64> = connection
        .prepare_cached(
            "SELECT v.leaf FROM types t CROSS JOIN records r ON r.type = t.type
             JOIN versions v ON v.record = r.record
             WHERE t.name = ?1 AND r.id = ?2 AND v.version = ?3",
        )?
        .query_row(params![type_, id, to_sql(version)?], |row| row.get(0))
        .optional()?;
    let Some(leaf) = leaf else {
        return Ok(None);
    };
    let rest = "WHERE leaves > 0 AND first_leaf <= ?1 ORDER BY first_leaf DESC LIMIT 1";
    let batch = one(connection, rest, &[&leaf])?;
    let leaf = from_sql(leaf)?;
    let Some(batch) = batch.filter(|batch| leaf < batch.first_leaf + batch.leaves) else {
        return Ok(Some(LeafPlace::Pending));
    };
    let limit = u32::try_from(batch.leaves).unwrap_or(u32::MAX);
    let commitments = leaves(connection, batch.first_leaf - 1, limit)?;
    let commitments: Vec<[u8; 32]> = commitments.iter().map(|leaf| leaf.commitment).collect();
    if commitments.len() as u64 != batch.leaves {
        return Err(damaged(
            format!("batch {}", batch.sequence),
            "leaves are missing",
        ));
    }
    Ok(Some(LeafPlace::Sealed {
        position: leaf - batch.first_leaf,
        batch,
        commitments,
    }))
}
