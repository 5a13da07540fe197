//! Where the ledger says who gets a pack or a container.

use rusqlite::{Connection, params};

use super::{from_sql, to_sql};
use crate::handover::Handover;
use crate::{Page, StoreError};

/// Places that one statement takes.
const PLACES_MAX: usize = 100_000;

pub(crate) fn put(connection: &Connection, places: &[Handover]) -> Result<(), StoreError> {
    if places.len() > PLACES_MAX {
        return Err(StoreError::Refused(format!("over {PLACES_MAX} places")));
    }
    let mut statement =
        connection.prepare_cached("INSERT OR IGNORE INTO handovers VALUES (?1, ?2, ?3, ?4)")?;
    for place in places {
        let height = to_sql(place.height)?;
        statement.execute(params![place.unit, height, place.position, place.item])?;
    }
    Ok(())
}

pub(crate) fn of(
    connection: &Connection,
    unit: [u8; 16],
    limit: u32,
) -> Result<Vec<Handover>, StoreError> {
    let limit = i64::from(limit.min(Page::LIMIT_MAX));
    let mut statement = connection.prepare_cached(
        "SELECT height, position, item FROM handovers WHERE unit = ?1
         ORDER BY height DESC, position DESC, item DESC LIMIT ?2",
    )?;
    let found = statement.query_map(params![unit, limit], |row| {
        Ok((row.get::<_, i64>(0)?, row.get(1)?, row.get(2)?))
    })?;
    let place = |found: rusqlite::Result<(i64, u32, u16)>| {
        let (height, position, item) = found?;
        Ok(Handover {
            unit,
            height: from_sql(height)?,
            position,
            item,
        })
    };
    found.map(place).collect()
}
