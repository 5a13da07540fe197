//! EPCIS events after a place, in the order in which they were stored.

use rusqlite::Connection;
use rusqlite::types::Value;

use super::{read, supply};
use crate::feed::EpcisFeed;
use crate::supply::EpcisQuery;
use crate::{Page, StoreError};

/// The place of the event that was stored last.
pub(crate) fn end(connection: &Connection) -> Result<i64, StoreError> {
    Ok(connection
        .prepare_cached("SELECT coalesce(max(record), 0) FROM epcis_events")?
        .query_row([], |row| row.get(0))?)
}

/// Events after a place.
pub(crate) fn after(
    connection: &Connection,
    query: &EpcisQuery,
    place: i64,
    limit: u32,
) -> Result<EpcisFeed, StoreError> {
    let max = end(connection)?;
    let limit = limit.clamp(1, Page::LIMIT_MAX) as usize;
    let mut sql = supply::narrowed(query, "e.recorded_us", max);
    let one_more = i64::try_from(limit + 1).unwrap_or(i64::MAX);
    sql.push(
        " AND e.record > ? ORDER BY e.record LIMIT ?",
        [Value::Integer(place), Value::Integer(one_more)],
    );
    let mut statement = connection.prepare_cached(&sql.sql)?;
    let found = statement.query_map(rusqlite::params_from_iter(sql.values), |row| row.get(0))?;
    let mut records: Vec<i64> = found.collect::<Result<_, _>>()?;
    let more = records.len() > limit;
    records.truncate(limit);
    let end = match records.last() {
        Some(last) if more => *last,
        _ => max.max(place),
    };
    let rows = read::by_records(connection, &records)?;
    Ok(EpcisFeed {
        rows: records.into_iter().zip(rows).collect(),
        end,
        more,
    })
}
