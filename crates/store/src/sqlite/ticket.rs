//! Clients and tickets of the authorization server.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::damaged;
use crate::{ClientRow, Kept, StoreError, Ticket, TicketKind};

const COLUMNS: &str = "kind, digest, family, used, expires_us, body, integrity";

fn client(row: &Row<'_>) -> rusqlite::Result<ClientRow> {
    Ok(ClientRow {
        id: row.get(0)?,
        body: row.get(1)?,
        integrity: row.get(2)?,
    })
}

/// Adds or replaces a client, unless there are `most` others.
pub(crate) fn put_client(
    connection: &Connection,
    row: &ClientRow,
    most: u32,
) -> Result<Kept, StoreError> {
    let others: u32 = connection
        .prepare_cached("SELECT count(*) FROM clients WHERE client <> ?1")?
        .query_row([&row.id], |row| row.get(0))?;
    if others >= most {
        return Ok(Kept::Full);
    }
    connection
        .prepare_cached("INSERT OR REPLACE INTO clients VALUES (?1, ?2, ?3)")?
        .execute(params![row.id, row.body, row.integrity])?;
    Ok(Kept::Stored)
}

/// One client.
pub(crate) fn get_client(
    connection: &Connection,
    id: &str,
) -> Result<Option<ClientRow>, StoreError> {
    Ok(connection
        .prepare_cached("SELECT * FROM clients WHERE client = ?1")?
        .query_row([id], client)
        .optional()?)
}

/// All clients, by id.
pub(crate) fn clients(connection: &Connection) -> Result<Vec<ClientRow>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT * FROM clients ORDER BY client")?;
    let rows = statement.query_map([], client)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Removes a client; whether there was one.
pub(crate) fn drop_client(connection: &Connection, id: &str) -> Result<bool, StoreError> {
    let gone = connection
        .prepare_cached("DELETE FROM clients WHERE client = ?1")?
        .execute([id])?;
    Ok(gone > 0)
}

fn ticket(row: &Row<'_>) -> rusqlite::Result<(u8, Ticket)> {
    let ticket = Ticket {
        kind: TicketKind::Session,
        digest: row.get(1)?,
        family: row.get(2)?,
        used: row.get(3)?,
        expires_us: row.get(4)?,
        body: row.get(5)?,
        integrity: row.get(6)?,
    };
    Ok((row.get(0)?, ticket))
}

fn known((number, ticket): (u8, Ticket)) -> Result<Ticket, StoreError> {
    let kind = TicketKind::of(number).ok_or_else(|| damaged("a ticket", "its kind"))?;
    Ok(Ticket { kind, ..ticket })
}

/// Stores a new ticket, after forgetting what has expired.
pub(crate) fn put(
    connection: &Connection,
    ticket: &Ticket,
    now_us: i64,
    most: u32,
) -> Result<Kept, StoreError> {
    connection
        .prepare_cached("DELETE FROM tickets WHERE expires_us < ?1")?
        .execute([now_us])?;
    if get(connection, ticket.kind, &ticket.digest)?.is_some() {
        return Ok(Kept::Known);
    }
    let count: u32 = connection
        .prepare_cached("SELECT count(*) FROM tickets WHERE kind = ?1")?
        .query_row([ticket.kind.number()], |row| row.get(0))?;
    if count >= most {
        return Ok(Kept::Full);
    }
    let sql = "INSERT INTO tickets VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    write(connection, sql, ticket)?;
    Ok(Kept::Stored)
}

/// Runs a statement on the columns of a ticket, in their order; how many rows it changed.
fn write(connection: &Connection, sql: &str, ticket: &Ticket) -> Result<usize, StoreError> {
    Ok(connection.prepare_cached(sql)?.execute(params![
        ticket.kind.number(),
        ticket.digest,
        ticket.family,
        ticket.used,
        ticket.expires_us,
        ticket.body,
        ticket.integrity
    ])?)
}

/// One ticket.
pub(crate) fn get(
    connection: &Connection,
    kind: TicketKind,
    digest: &[u8; 32],
) -> Result<Option<Ticket>, StoreError> {
    connection
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM tickets WHERE kind = ?1 AND digest = ?2"
        ))?
        .query_row(params![kind.number(), digest], ticket)
        .optional()?
        .map(known)
        .transpose()
}

/// All tickets of a kind.
pub(crate) fn all(connection: &Connection, kind: TicketKind) -> Result<Vec<Ticket>, StoreError> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM tickets WHERE kind = ?1 ORDER BY digest"
    ))?;
    let rows = statement.query_map([kind.number()], ticket)?;
    rows.map(|row| known(row?)).collect()
}

/// Replaces an unused ticket; `false`: it is gone or was used, and nothing was changed.
pub(crate) fn replace_unused(connection: &Connection, ticket: &Ticket) -> Result<bool, StoreError> {
    let sql =
        "UPDATE tickets SET family = ?3, used = ?4, expires_us = ?5, body = ?6, integrity = ?7
         WHERE kind = ?1 AND digest = ?2 AND used = 0";
    Ok(write(connection, sql, ticket)? > 0)
}

/// Removes a ticket; whether there was one.
pub(crate) fn drop_one(
    connection: &Connection,
    kind: TicketKind,
    digest: &[u8; 32],
) -> Result<bool, StoreError> {
    let gone = connection
        .prepare_cached("DELETE FROM tickets WHERE kind = ?1 AND digest = ?2")?
        .execute(params![kind.number(), digest])?;
    Ok(gone > 0)
}

/// Removes the refresh tokens of an authorization.
pub(crate) fn drop_family(connection: &Connection, family: &str) -> Result<(), StoreError> {
    connection
        .prepare_cached("DELETE FROM tickets WHERE family = ?1 AND family <> '' AND kind = ?2")?
        .execute(params![family, TicketKind::Refresh.number()])?;
    Ok(())
}
