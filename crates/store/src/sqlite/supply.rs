//! EPCIS events by what a query asks for, and sealed rows of captures, packs, moves and openings.

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, params};

use super::condition::Fragment;
use super::page_token::{Purpose, Token};
use super::read;
use crate::supply::{Drawer, EPCIS_EVENT, EpcisOrder, EpcisPage, EpcisQuery, EpcisRow, Sealed};
use crate::{Page, StoreError};

/// Values of one event at most: a document has its own, lower bound.
const TERMS_MAX: usize = 200_000;
/// Rows that one statement takes or gives.
const SEALED_MAX: usize = 100_000;

/// Adds the index row of an event whose version is stored.
pub(crate) fn put(connection: &Connection, row: &EpcisRow) -> Result<(), StoreError> {
    if row.terms.len() > TERMS_MAX {
        return Err(StoreError::Refused(format!(
            "over {TERMS_MAX} values of an event"
        )));
    }
    let record: i64 = connection
        .prepare_cached(
            "SELECT r.record FROM types t CROSS JOIN records r ON r.type = t.type
             WHERE t.name = ?1 AND r.id = ?2",
        )?
        .query_row([EPCIS_EVENT, &row.id], |found| found.get(0))
        .optional()?
        .ok_or_else(|| StoreError::Refused("an event without a version".to_owned()))?;
    let added = connection
        .prepare_cached("INSERT OR IGNORE INTO epcis_events VALUES (?1, ?2, ?3, ?4, ?5)")?
        .execute(params![
            record,
            row.event_id,
            row.event_type,
            row.event_us,
            row.recorded_us
        ])?;
    if added == 0 {
        return Err(StoreError::EventExists(row.event_id.clone()));
    }
    let mut term = connection.prepare_cached("INSERT INTO epcis_terms VALUES (?1, ?2, ?3)")?;
    for (field, value) in &row.terms {
        term.execute(params![record, field, value])?;
    }
    Ok(())
}

/// The logical id of the version of an event.
pub(crate) fn find(connection: &Connection, event_id: &str) -> Result<Option<String>, StoreError> {
    Ok(connection
        .prepare_cached(
            "SELECT r.id FROM epcis_events e JOIN records r ON r.record = e.record
             WHERE e.event_id = ?1",
        )?
        .query_row([event_id], |row| row.get(0))
        .optional()?)
}

/// A page of events.
pub(crate) fn page(connection: &Connection, query: &EpcisQuery) -> Result<EpcisPage, StoreError> {
    let mut alike = query.clone();
    alike.page = Page::first(1);
    let purpose = Purpose::of(&format!("epcis {alike:?}"));
    let from = match &query.page.after {
        Some(token) => Some(Token::open(connection, token, &purpose)?),
        None => None,
    };
    let max = match &from {
        Some(token) => token.max,
        None => connection
            .prepare_cached("SELECT coalesce(max(record), 0) FROM epcis_events")?
            .query_row([], |row| row.get(0))?,
    };
    let limit = query.page.limit.clamp(1, Page::LIMIT_MAX) as usize;
    let sql = selection(query, from.as_ref(), max, limit + 1);
    let mut statement = connection.prepare_cached(&sql.sql)?;
    let found = statement.query_map(rusqlite::params_from_iter(sql.values), |row| {
        Ok((row.get(0)?, row.get(1)?))
    })?;
    let mut found: Vec<(i64, i64)> = found.collect::<Result<_, _>>()?;
    let more = found.len() > limit;
    found.truncate(limit);
    let records: Vec<i64> = found.iter().map(|row| row.0).collect();
    let seal = |&(record, at): &(i64, i64)| {
        let token = Token {
            max,
            record,
            keys: vec![Value::Integer(at)],
        };
        token.seal(connection, &purpose)
    };
    Ok(EpcisPage {
        after: found.iter().map(seal).collect::<Result<_, _>>()?,
        rows: read::by_records(connection, &records)?,
        more,
    })
}

/// Record and time of the events of a page.
fn selection(query: &EpcisQuery, from: Option<&Token>, max: i64, limit: usize) -> Fragment {
    let time = match query.order {
        EpcisOrder::Event => "e.event_us",
        EpcisOrder::Record => "e.recorded_us",
    };
    let mut sql = narrowed(query, time, max);
    let (way, order) = if query.descending {
        ("<", "DESC")
    } else {
        (">", "ASC")
    };
    if let Some(token) = from {
        let at = token.keys.first().cloned().unwrap_or(Value::Null);
        sql.push(
            &format!(" AND ({time}, e.record) {way} (?, ?)"),
            [at, Value::Integer(token.record)],
        );
    }
    sql.push(
        &format!(" ORDER BY {time} {order}, e.record {order} LIMIT ?"),
        [Value::Integer(i64::try_from(limit).unwrap_or(i64::MAX))],
    );
    sql
}

/// Record and time of the events up to a record that the index finds, without an order.
pub(super) fn narrowed(query: &EpcisQuery, time: &str, max: i64) -> Fragment {
    let bounds = [
        max,
        query.event_us.0,
        query.event_us.1,
        query.recorded_us.0,
        query.recorded_us.1,
    ];
    let mut sql = Fragment::new(
        format!(
            "SELECT e.record, {time} FROM epcis_events e
             WHERE e.record <= ? AND e.event_us >= ? AND e.event_us < ?
             AND e.recorded_us >= ? AND e.recorded_us < ?"
        ),
        bounds.map(Value::Integer),
    );
    if !query.types.is_empty() {
        let marks = vec!["?"; query.types.len()].join(", ");
        let types = query.types.iter().map(|name| Value::Text(name.clone()));
        sql.push(&format!(" AND e.type IN ({marks})"), types);
    }
    if let Some(short) = query.short {
        sql.push(
            " AND (e.type = ? OR EXISTS (SELECT 1 FROM versions v
              WHERE v.record = e.record AND length(v.envelope) <= ?))",
            [
                Value::Text(short.but.to_owned()),
                Value::Integer(i64::from(short.bytes_max)),
            ],
        );
    }
    for any in &query.terms {
        let marks = vec!["(?, ?)"; any.len()].join(", ");
        let pairs = any.iter().flat_map(|(field, value)| [field, value]);
        sql.push(
            &format!(
                " AND e.record IN (SELECT t.record FROM epcis_terms t
                  WHERE (t.field, t.value) IN (VALUES {marks}))"
            ),
            pairs.map(|text| Value::Text(text.clone())),
        );
    }
    sql
}

/// The values of some fields, in order, after one.
pub(crate) fn values(
    connection: &Connection,
    fields: &[&str],
    after: &str,
    limit: u32,
) -> Result<Vec<String>, StoreError> {
    let marks = vec!["?"; fields.len()].join(", ");
    let sql = format!(
        "SELECT DISTINCT value FROM epcis_terms WHERE field IN ({marks}) AND value > ?
         ORDER BY value LIMIT ?"
    );
    let mut given: Vec<Value> = fields
        .iter()
        .map(|name| Value::Text((*name).into()))
        .collect();
    given.push(Value::Text(after.to_owned()));
    given.push(Value::Integer(i64::from(limit.min(Page::LIMIT_MAX))));
    let mut statement = connection.prepare_cached(&sql)?;
    let found = statement.query_map(rusqlite::params_from_iter(given), |row| row.get(0))?;
    Ok(found.collect::<Result<_, _>>()?)
}

/// What an audit finds of an event: its row and its terms are those of its body.
pub(crate) fn check(connection: &Connection, row: &EpcisRow) -> Result<Vec<String>, StoreError> {
    let item = format!("{EPCIS_EVENT}/{}", row.id);
    let found: Option<(i64, String, String, i64, i64)> = connection
        .prepare_cached(
            "SELECT e.record, e.event_id, e.type, e.event_us, e.recorded_us
             FROM types t CROSS JOIN records r ON r.type = t.type
             JOIN epcis_events e ON e.record = r.record WHERE t.name = ?1 AND r.id = ?2",
        )?
        .query_row([EPCIS_EVENT, &row.id], |at| {
            Ok((at.get(0)?, at.get(1)?, at.get(2)?, at.get(3)?, at.get(4)?))
        })
        .optional()?;
    let Some((record, event_id, type_, event_us, recorded_us)) = found else {
        return Ok(vec![format!("{item}: its index row is missing")]);
    };
    let mut lines = Vec::new();
    let same = (event_id, type_, event_us, recorded_us);
    let wanted = (
        &row.event_id,
        &row.event_type,
        row.event_us,
        row.recorded_us,
    );
    if (&same.0, &same.1, same.2, same.3) != wanted {
        lines.push(format!("{item}: its index row says something else"));
    }
    let mut statement = connection.prepare_cached(
        "SELECT field, value FROM epcis_terms WHERE record = ?1 ORDER BY field, value",
    )?;
    let terms = statement.query_map([record], |at| Ok((at.get(0)?, at.get(1)?)))?;
    let terms: Vec<(String, String)> = terms.collect::<Result<_, _>>()?;
    let mut expected = row.terms.clone();
    expected.sort();
    if terms != expected {
        lines.push(format!("{item}: its terms are not those of its body"));
    }
    Ok(lines)
}

fn table(drawer: Drawer) -> (&'static str, &'static str, &'static str) {
    match drawer {
        Drawer::Captures => ("captures", "id", "made_us"),
        Drawer::Packs => ("packs", "pack", "changed_us"),
        Drawer::Containers => ("containers", "name", "changed_us"),
        Drawer::Moves => ("moves", "id", "made_us"),
        Drawer::Queries => ("epcis_queries", "id", "made_us"),
        Drawer::Subscriptions => ("epcis_subscriptions", "id", "made_us"),
        Drawer::MasterData => ("master_data", "id", "made_us"),
        Drawer::Papers => ("trade_papers", "id", "made_us"),
        Drawer::Cases => ("trade_cases", "id", "made_us"),
        Drawer::Openings => ("openings", "id", "made_us"),
        Drawer::Trials => ("trials", "id", "made_us"),
        Drawer::Participants => ("trial_participants", "id", "changed_us"),
        Drawer::OfflineWaiting => ("offline_waiting", "id", "taken_us"),
        Drawer::OfflineSettled => ("offline_settled", "id", "settled_us"),
        Drawer::Research => ("research", "id", "made_us"),
    }
}

/// An id as its column has it.
fn id_value(drawer: Drawer, id: &[u8]) -> Result<Value, StoreError> {
    match drawer {
        Drawer::Packs
        | Drawer::Containers
        | Drawer::Moves
        | Drawer::Queries
        | Drawer::Subscriptions
        | Drawer::Openings
        | Drawer::Trials
        | Drawer::Participants
        | Drawer::Research => {
            return Ok(Value::Blob(id.to_vec()));
        }
        Drawer::Captures
        | Drawer::MasterData
        | Drawer::Papers
        | Drawer::Cases
        | Drawer::OfflineWaiting
        | Drawer::OfflineSettled => {}
    }
    match std::str::from_utf8(id) {
        Ok(text) => Ok(Value::Text(text.to_owned())),
        Err(_) => Err(StoreError::Refused("an id that is no text".to_owned())),
    }
}

fn row(row: &rusqlite::Row<'_>) -> rusqlite::Result<Sealed> {
    let id = match row.get(0)? {
        Value::Text(text) => text.into_bytes(),
        Value::Blob(bytes) => bytes,
        _ => Vec::new(),
    };
    Ok(Sealed {
        id,
        at_us: row.get(1)?,
        body: row.get(2)?,
    })
}

fn bounded(count: usize) -> Result<(), StoreError> {
    if count > SEALED_MAX {
        return Err(StoreError::Refused(format!("over {SEALED_MAX} rows")));
    }
    Ok(())
}

pub(crate) fn put_sealed(
    connection: &Connection,
    drawer: Drawer,
    rows: &[Sealed],
) -> Result<(), StoreError> {
    bounded(rows.len())?;
    let name = table(drawer).0;
    let sql = format!("INSERT OR REPLACE INTO {name} VALUES (?1, ?2, ?3)");
    let mut statement = connection.prepare_cached(&sql)?;
    for one in rows {
        statement.execute(params![id_value(drawer, &one.id)?, one.at_us, one.body])?;
    }
    Ok(())
}

pub(crate) fn sealed(
    connection: &Connection,
    drawer: Drawer,
    ids: &[Vec<u8>],
) -> Result<Vec<Sealed>, StoreError> {
    bounded(ids.len())?;
    let (name, id, at) = table(drawer);
    let sql = format!("SELECT {id}, {at}, body FROM {name} WHERE {id} = ?1");
    let mut statement = connection.prepare_cached(&sql)?;
    let mut found = Vec::new();
    for id in ids {
        found.extend(
            statement
                .query_row([id_value(drawer, id)?], row)
                .optional()?,
        );
    }
    Ok(found)
}

pub(crate) fn latest(
    connection: &Connection,
    drawer: Drawer,
    before: Option<&(i64, Vec<u8>)>,
    limit: u32,
) -> Result<Vec<Sealed>, StoreError> {
    let (name, id, at) = table(drawer);
    let limit = i64::from(limit.min(Page::LIMIT_MAX));
    let sql = format!(
        "SELECT {id}, {at}, body FROM {name} WHERE ?1 OR ({at}, {id}) < (?2, ?3)
         ORDER BY {at} DESC, {id} DESC LIMIT ?4"
    );
    let (us, place) = match before {
        Some((us, place)) => (*us, id_value(drawer, place)?),
        None => (0, Value::Null),
    };
    let mut statement = connection.prepare_cached(&sql)?;
    let found = statement.query_map(params![before.is_none(), us, place, limit], row)?;
    Ok(found.collect::<Result<_, _>>()?)
}

pub(crate) fn drop_sealed(
    connection: &Connection,
    drawer: Drawer,
    ids: &[Vec<u8>],
) -> Result<(), StoreError> {
    bounded(ids.len())?;
    let (name, id, _) = table(drawer);
    let sql = format!("DELETE FROM {name} WHERE {id} = ?1");
    let mut statement = connection.prepare_cached(&sql)?;
    for id in ids {
        statement.execute([id_value(drawer, id)?])?;
    }
    Ok(())
}
