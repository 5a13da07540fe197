//! Accounts of a provider elsewhere.

use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::{Kept, LoginRow, StoreError};

fn row(row: &Row<'_>) -> rusqlite::Result<LoginRow> {
    Ok(LoginRow {
        issuer: row.get(0)?,
        subject: row.get(1)?,
        username: row.get(2)?,
        integrity: row.get(3)?,
    })
}

/// Adds a link, unless its user has `most`.
pub(crate) fn put(
    connection: &Connection,
    login: &LoginRow,
    most: u32,
) -> Result<Kept, StoreError> {
    if get(connection, &login.issuer, &login.subject)?.is_some() {
        return Ok(Kept::Known);
    }
    let count: u32 = connection
        .prepare_cached("SELECT count(*) FROM logins WHERE username = ?1")?
        .query_row([&login.username], |row| row.get(0))?;
    if count >= most {
        return Ok(Kept::Full);
    }
    connection
        .prepare_cached("INSERT INTO logins VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![
            login.issuer,
            login.subject,
            login.username,
            login.integrity
        ])?;
    Ok(Kept::Stored)
}

/// One link.
pub(crate) fn get(
    connection: &Connection,
    issuer: &str,
    subject: &str,
) -> Result<Option<LoginRow>, StoreError> {
    Ok(connection
        .prepare_cached("SELECT * FROM logins WHERE issuer = ?1 AND subject = ?2")?
        .query_row([issuer, subject], row)
        .optional()?)
}

/// All links.
pub(crate) fn all(connection: &Connection) -> Result<Vec<LoginRow>, StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT * FROM logins ORDER BY issuer, subject")?;
    let rows = statement.query_map([], row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Removes the links of a user; whether there were any.
pub(crate) fn drop_all(connection: &Connection, username: &str) -> Result<bool, StoreError> {
    let gone = connection
        .prepare_cached("DELETE FROM logins WHERE username = ?1")?
        .execute([username])?;
    Ok(gone > 0)
}
