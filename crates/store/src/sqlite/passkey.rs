//! Passkeys.

use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::{Kept, PasskeyRow, StoreError};

fn row(row: &Row<'_>) -> rusqlite::Result<PasskeyRow> {
    Ok(PasskeyRow {
        credential: row.get(0)?,
        username: row.get(1)?,
        body: row.get(2)?,
        integrity: row.get(3)?,
    })
}

/// Adds a passkey, unless its user has `most`.
pub(crate) fn put(
    connection: &Connection,
    passkey: &PasskeyRow,
    most: u32,
) -> Result<Kept, StoreError> {
    if get(connection, &passkey.credential)?.is_some() {
        return Ok(Kept::Known);
    }
    let count: u32 = connection
        .prepare_cached("SELECT count(*) FROM passkeys WHERE username = ?1")?
        .query_row([&passkey.username], |row| row.get(0))?;
    if count >= most {
        return Ok(Kept::Full);
    }
    connection
        .prepare_cached("INSERT INTO passkeys VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![
            passkey.credential,
            passkey.username,
            passkey.body,
            passkey.integrity
        ])?;
    Ok(Kept::Stored)
}

/// One passkey.
pub(crate) fn get(
    connection: &Connection,
    credential: &[u8],
) -> Result<Option<PasskeyRow>, StoreError> {
    Ok(connection
        .prepare_cached("SELECT * FROM passkeys WHERE credential = ?1")?
        .query_row([credential], row)
        .optional()?)
}

/// The passkeys of a user, or all.
pub(crate) fn all(
    connection: &Connection,
    username: Option<&str>,
) -> Result<Vec<PasskeyRow>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT * FROM passkeys WHERE ?1 IS NULL OR username = ?1 ORDER BY credential",
    )?;
    let rows = statement.query_map([username], row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Replaces what is said of a passkey, if it still is what was read; of several at the same time
/// one succeeds.
pub(crate) fn replace(
    connection: &Connection,
    passkey: &PasskeyRow,
    read: &[u8],
) -> Result<bool, StoreError> {
    let changed = connection
        .prepare_cached(
            "UPDATE passkeys SET body = ?3, integrity = ?4
             WHERE credential = ?1 AND username = ?2 AND integrity = ?5",
        )?
        .execute(params![
            passkey.credential,
            passkey.username,
            passkey.body,
            passkey.integrity,
            read
        ])?;
    Ok(changed > 0)
}

/// Removes a passkey of a user; whether there was one.
pub(crate) fn drop_one(
    connection: &Connection,
    username: &str,
    credential: &[u8],
) -> Result<bool, StoreError> {
    let gone = connection
        .prepare_cached("DELETE FROM passkeys WHERE credential = ?1 AND username = ?2")?
        .execute(params![credential, username])?;
    Ok(gone > 0)
}
