//! A page of what belongs to one patient.

use fhir::search::{Kind, Parameter, Place};
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

use super::condition::Fragment;
use super::names::{self, Table as Names};
use super::page_token::{Purpose, Token};
use super::read;
use super::sight::Eyes;
use crate::{Everything, Found, Page, StoreError};

/// A page, in the order of records.
pub(crate) fn page(connection: &Connection, asked: &Everything) -> Result<Found, StoreError> {
    let purpose = Purpose::of(&format!(
        "everything {} {:?} {:?} {:?} {:?}",
        asked.patient, asked.types, asked.since_us, asked.between_us, asked.scope
    ));
    let token = match &asked.page.after {
        Some(token) => Token::open(connection, token, &purpose)?,
        None => Token {
            max: connection
                .prepare_cached("SELECT coalesce(max(record), 0) FROM records")?
                .query_row([], |row| row.get(0))?,
            record: 0,
            keys: Vec::new(),
        },
    };
    let eyes = Eyes::of(connection, &asked.scope)?;
    let limit = asked.page.limit.clamp(1, Page::LIMIT_MAX) as usize;
    let Some(sql) = statement(connection, asked, &eyes, &token, limit + 1)? else {
        return Ok(Found::default());
    };
    let mut statement = connection.prepare_cached(&sql.sql)?;
    let rows = statement.query_map(params_from_iter(sql.values), |row| row.get(0))?;
    let mut records: Vec<i64> = rows.collect::<Result<_, _>>()?;
    let mut found = Found::default();
    if records.len() > limit {
        records.truncate(limit);
        if let Some(record) = records.last().copied() {
            let next = Token { record, ..token };
            found.next = Some(next.seal(connection, &purpose)?);
        }
    }
    found.rows = read::by_records(connection, &records)?;
    Ok(found)
}

/// `None`: nothing can be found.
fn statement(
    connection: &Connection,
    asked: &Everything,
    eyes: &Eyes,
    after: &Token,
    limit: usize,
) -> Result<Option<Fragment>, StoreError> {
    let own = read::patient_text(&asked.patient);
    let Some(patient) = names::find(connection, Names::Texts, &own)? else {
        return Ok(None);
    };
    let mut sql = Fragment::new(
        "SELECT r.record FROM compartments c CROSS JOIN records r ON r.record = c.record
         WHERE c.patient = ? AND r.deleted = 0 AND r.record > ? AND r.record <= ?
         AND r.updated_us >= ?",
        [
            Value::Integer(patient),
            Value::Integer(after.record),
            Value::Integer(after.max),
            Value::Integer(asked.since_us.unwrap_or(i64::MIN)),
        ],
    );
    if !asked.types.is_empty() {
        let mut types = Vec::with_capacity(asked.types.len());
        for name in &asked.types {
            types.extend(names::find(connection, Names::Types, name)?);
        }
        let list = read::number_list(&types);
        sql.push(&format!(" AND c.type IN ({list})"), []);
    }
    let mut dates = Vec::new();
    if let Some((from, to)) = asked.between_us {
        dates = clinical_dates();
        sql.append(within(connection, &dates, from, to)?);
    }
    if let Some(seen) = eyes.record("r", dates) {
        sql.push(" AND ", []);
        sql.append(seen);
    }
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    sql.push(" ORDER BY r.record LIMIT ?", [Value::Integer(limit)]);
    Ok(Some(sql))
}

/// Dates that say when something happened; a birth is not care.
fn clinical_dates() -> Vec<&'static Parameter> {
    let all = fhir::resource_types().iter().copied();
    all.flat_map(fhir::search::parameters)
        .filter(|one| one.kind == Kind::Date && one.place == Place::Index)
        .filter(|one| !matches!(one.name, "birthdate" | "death-date"))
        .collect()
}

/// Something of the record happened in the stretch, or it has no date, or it is a Patient.
fn within(
    connection: &Connection,
    dates: &[&'static Parameter],
    from: i64,
    to: i64,
) -> Result<Fragment, StoreError> {
    let numbers: Vec<i64> = dates.iter().map(|one| i64::from(one.id)).collect();
    let list = read::number_list(&numbers);
    let patient = names::find(connection, Names::Types, "Patient")?.unwrap_or(0);
    Ok(Fragment::new(
        format!(
            " AND (r.type = ? OR NOT EXISTS (SELECT 1 FROM dates x WHERE x.record = r.record
             AND x.parameter IN ({list})) OR EXISTS (SELECT 1 FROM dates x
             WHERE x.record = r.record AND x.parameter IN ({list})
             AND x.from_us < ? AND x.to_us > ?))"
        ),
        [
            Value::Integer(patient),
            Value::Integer(to),
            Value::Integer(from),
        ],
    ))
}
