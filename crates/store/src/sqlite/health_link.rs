//! SMART Health Links: a patient's links, their files, and the addresses that are good once.

use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::{Entered, HealthLink, HealthLinkFile, HealthLinkTicket, Kept, StoreError};

const COLUMNS: &str = "id, lookup, patient, until_us, tries, retrieved, body";

fn row(row: &Row<'_>) -> rusqlite::Result<HealthLink> {
    Ok(HealthLink {
        id: row.get(0)?,
        lookup: row.get(1)?,
        patient: row.get(2)?,
        until_us: row.get(3)?,
        tries: row.get(4)?,
        retrieved: row.get(5)?,
        body: row.get(6)?,
    })
}

/// Adds a link with its files, unless its patient has `most`.
pub(crate) fn put(
    connection: &Connection,
    link: &HealthLink,
    files: &[Vec<u8>],
    most: u32,
) -> Result<Kept, StoreError> {
    let count: u32 = connection
        .prepare_cached("SELECT count(*) FROM health_links WHERE patient = ?1")?
        .query_row([&link.patient], |row| row.get(0))?;
    if count >= most {
        return Ok(Kept::Full);
    }
    connection
        .prepare_cached("INSERT INTO health_links VALUES (?1, ?2, ?3, ?4, ?5, 0, 0, 0, ?6)")?
        .execute(params![
            link.id,
            link.lookup,
            link.patient,
            link.until_us,
            link.tries,
            link.body
        ])?;
    put_files(connection, &link.id, files)?;
    Ok(Kept::Stored)
}

/// Replaces the files of a link that is still there.
pub(crate) fn put_files(
    connection: &Connection,
    id: &str,
    files: &[Vec<u8>],
) -> Result<(), StoreError> {
    connection
        .prepare_cached("DELETE FROM health_link_files WHERE link = ?1")?
        .execute([id])?;
    for (place, body) in files.iter().enumerate() {
        let place = i64::try_from(place).unwrap_or(i64::MAX);
        connection
            .prepare_cached(
                "INSERT INTO health_link_files SELECT id, ?2, ?3 FROM health_links WHERE id = ?1",
            )?
            .execute(params![id, place, body])?;
    }
    Ok(())
}

/// The files of a link, in order.
pub(crate) fn files(connection: &Connection, id: &str) -> Result<Vec<Vec<u8>>, StoreError> {
    let mut statement = connection
        .prepare_cached("SELECT body FROM health_link_files WHERE link = ?1 ORDER BY place")?;
    let rows = statement.query_map([id], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The links of a patient, by id.
pub(crate) fn of_patient(
    connection: &Connection,
    patient: &str,
) -> Result<Vec<HealthLink>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM health_links WHERE patient = ?1 ORDER BY id");
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map([patient], row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Audit: links after an id, by id.
pub(crate) fn after(
    connection: &Connection,
    after: &str,
    limit: u32,
) -> Result<Vec<HealthLink>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM health_links WHERE id > ?1 ORDER BY id LIMIT ?2");
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map(params![after, limit], row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Audit: the file after one of a link, whether there is such a link or not.
pub(crate) fn file_after(
    connection: &Connection,
    (link, place): (&str, i64),
) -> Result<Option<HealthLinkFile>, StoreError> {
    let sql = "SELECT link, place, body FROM health_link_files WHERE (link, place) > (?1, ?2)
         ORDER BY link, place LIMIT 1";
    let found = connection
        .prepare_cached(sql)?
        .query_row(params![link, place], |row| {
            Ok(HealthLinkFile {
                link: row.get(0)?,
                place: row.get(1)?,
                body: row.get(2)?,
            })
        });
    Ok(found.optional()?)
}

/// Audit: addresses of files after one, with their links.
pub(crate) fn tickets_after(
    connection: &Connection,
    after: &[u8],
    limit: u32,
) -> Result<Vec<(String, HealthLinkTicket)>, StoreError> {
    let sql = "SELECT link, digest, place, until_us FROM health_link_tickets WHERE digest > ?1
         ORDER BY digest LIMIT ?2";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map(params![after, limit], |row| {
        let ticket = HealthLinkTicket {
            digest: row.get(1)?,
            place: row.get(2)?,
            until_us: row.get(3)?,
        };
        Ok((row.get(0)?, ticket))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Whether there is a link at an address.
pub(crate) fn is_known(connection: &Connection, lookup: &[u8; 32]) -> Result<bool, StoreError> {
    let sql = "SELECT EXISTS (SELECT 1 FROM health_links WHERE lookup = ?1)";
    let mut statement = connection.prepare_cached(sql)?;
    Ok(statement.query_row([lookup], |row| row.get(0))?)
}

/// Whether an address of a file was not used yet.
pub(crate) fn is_ticket(connection: &Connection, digest: &[u8; 32]) -> Result<bool, StoreError> {
    let sql = "SELECT EXISTS (SELECT 1 FROM health_link_tickets WHERE digest = ?1)";
    let mut statement = connection.prepare_cached(sql)?;
    Ok(statement.query_row([digest], |row| row.get(0))?)
}

/// Counts a retrieval by the address of a link, at most `most` in an hour.
pub(crate) fn enter(
    connection: &Connection,
    lookup: &[u8; 32],
    hour: i64,
    most: u32,
) -> Result<Entered, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM health_links WHERE lookup = ?1");
    let found = connection.prepare_cached(&sql)?.query_row([lookup], row);
    let Some(link) = found.optional()? else {
        return Ok(Entered::Unknown);
    };
    let counted = connection
        .prepare_cached(
            "UPDATE health_links SET hits = CASE WHEN hour = ?2 THEN hits + 1 ELSE 1 END, hour = ?2
             WHERE lookup = ?1 AND (hour <> ?2 OR hits < ?3)",
        )?
        .execute(params![lookup, hour, most])?;
    if counted == 0 {
        return Ok(Entered::TooMany(link));
    }
    Ok(Entered::In(link))
}

/// Takes one of the passcodes that may be wrong, before it is looked at. `None`: none is left.
pub(crate) fn take_try(connection: &Connection, id: &str) -> Result<Option<u32>, StoreError> {
    let sql = "UPDATE health_links SET tries = tries - 1 WHERE id = ?1 AND tries > 0
         RETURNING tries";
    let mut statement = connection.prepare_cached(sql)?;
    Ok(statement.query_row([id], |row| row.get(0)).optional()?)
}

/// Gives it back: the passcode was right.
pub(crate) fn give_try(connection: &Connection, id: &str) -> Result<(), StoreError> {
    connection
        .prepare_cached("UPDATE health_links SET tries = tries + 1 WHERE id = ?1")?
        .execute([id])?;
    Ok(())
}

/// Counts a retrieval that was answered, and keeps the addresses of its files; `false`: the link
/// is gone.
pub(crate) fn retrieved(
    connection: &Connection,
    id: &str,
    tickets: &[HealthLinkTicket],
) -> Result<bool, StoreError> {
    let there = connection
        .prepare_cached("UPDATE health_links SET retrieved = retrieved + 1 WHERE id = ?1")?
        .execute([id])?;
    if there == 0 {
        return Ok(false);
    }
    for ticket in tickets {
        connection
            .prepare_cached("INSERT INTO health_link_tickets VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![ticket.digest, id, ticket.place, ticket.until_us])?;
    }
    Ok(true)
}

/// Uses an address of a file up: its link and the file. Of several at the same time one gets it.
pub(crate) fn take_file(
    connection: &Connection,
    digest: &[u8; 32],
    now_us: i64,
) -> Result<Option<(HealthLink, Vec<u8>)>, StoreError> {
    let sql = "DELETE FROM health_link_tickets WHERE digest = ?1 RETURNING link, place, until_us";
    let taken: Option<(String, i64, i64)> = connection
        .prepare_cached(sql)?
        .query_row([digest], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    let Some((id, place, _)) = taken.filter(|(_, _, until_us)| *until_us > now_us) else {
        return Ok(None);
    };
    let sql = format!("SELECT {COLUMNS} FROM health_links WHERE id = ?1 AND until_us > ?2");
    let link = connection
        .prepare_cached(&sql)?
        .query_row(params![id, now_us], row)
        .optional()?;
    let file = connection
        .prepare_cached("SELECT body FROM health_link_files WHERE link = ?1 AND place = ?2")?
        .query_row(params![id, place], |row| row.get(0))
        .optional()?;
    Ok(link.zip(file))
}

/// Removes a link of a patient with all that belongs to it; whether there was one.
pub(crate) fn drop_one(
    connection: &Connection,
    patient: &str,
    id: &str,
) -> Result<bool, StoreError> {
    let gone = connection
        .prepare_cached("DELETE FROM health_links WHERE id = ?1 AND patient = ?2")?
        .execute([id, patient])?;
    orphans(connection)?;
    Ok(gone > 0)
}

/// Removes what has ended: files and addresses at once, the links themselves after `keep_us`.
pub(crate) fn forget(connection: &Connection, now_us: i64, keep_us: i64) -> Result<(), StoreError> {
    connection
        .prepare_cached("DELETE FROM health_links WHERE until_us < ?1")?
        .execute([now_us.saturating_sub(keep_us)])?;
    connection
        .prepare_cached("DELETE FROM health_link_tickets WHERE until_us <= ?1")?
        .execute([now_us])?;
    connection
        .prepare_cached(
            "DELETE FROM health_link_files
             WHERE link IN (SELECT id FROM health_links WHERE until_us <= ?1)",
        )?
        .execute([now_us])?;
    orphans(connection)
}

/// Removes every link of a patient who is erased.
pub(crate) fn erase(connection: &Connection, patient: &str) -> Result<(), StoreError> {
    connection
        .prepare_cached("DELETE FROM health_links WHERE patient = ?1")?
        .execute([patient])?;
    orphans(connection)
}

/// Files and addresses whose link is gone. There are few of either.
fn orphans(connection: &Connection) -> Result<(), StoreError> {
    for sql in [
        "DELETE FROM health_link_files WHERE link NOT IN (SELECT id FROM health_links)",
        "DELETE FROM health_link_tickets WHERE link NOT IN (SELECT id FROM health_links)",
    ] {
        connection.prepare_cached(sql)?.execute([])?;
    }
    Ok(())
}
