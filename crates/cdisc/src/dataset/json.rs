//! Dataset-JSON as one JSON object, whose rows are read one by one.
//!
//! Attributes may come in any order (the specification only recommends its own), so rows may come
//! before the columns that explain them; they are judged when all is there.

use serde_json::{Map, Value as Json};

use super::head::Opening;
use super::scan::Scan;
use super::validate::{self, Rules};
use super::{Dataset, Limits, Value};
use crate::error::{CdiscError, Check};

pub(super) fn read(text: &[u8], limits: &Limits) -> Result<Dataset, CdiscError> {
    let mut scan = Scan::new(text);
    let mut map = Map::new();
    let mut rows: Option<Vec<Vec<Value>>> = None;
    scan.expect(b'{', "an object is expected: a dataset")?;
    let mut is_open = !scan.is_closed(b'}');
    while is_open {
        let Json::String(name) = scan.value()? else {
            return Err(scan.refuse("a member name is expected"));
        };
        let is_twice = map.contains_key(&name) || (name == "rows" && rows.is_some());
        if is_twice {
            return Err(scan.refuse("this member is there twice"));
        }
        scan.expect(b':', "a colon is expected")?;
        if name == "rows" {
            rows = Some(read_rows(&mut scan, limits)?);
        } else {
            let value = scan.value()?;
            map.insert(name, value);
        }
        is_open = scan.more(b'}')?;
    }
    if scan.peek().is_some() {
        return Err(scan.refuse("something follows the dataset: is it NDJSON?"));
    }
    let mut check = Check::new(limits.issues);
    let opening = Opening::of(map, limits, &mut check);
    let rows = rows.unwrap_or_default();
    judged(opening, rows, check, limits)
}

fn judged(
    opening: Opening,
    rows: Vec<Vec<Value>>,
    mut check: Check,
    limits: &Limits,
) -> Result<Dataset, CdiscError> {
    validate::head(&opening.head, &mut check);
    let rules = Rules::new(&opening.columns, limits, &mut check);
    // Columns that are not understood say nothing about rows.
    check.into_result()?;
    let mut check = Check::new(limits.issues);
    validate::records(opening.records, rows.len(), &mut check);
    for (number, row) in rows.iter().enumerate() {
        rules.row(number, row, &mut check);
        if check.is_full() {
            break;
        }
    }
    check.into_result()?;
    Ok(Dataset {
        head: opening.head,
        columns: opening.columns,
        rows,
    })
}

fn read_rows(scan: &mut Scan<'_>, limits: &Limits) -> Result<Vec<Vec<Value>>, CdiscError> {
    let mut rows = Vec::new();
    scan.expect(b'[', "/rows has to be an array of arrays")?;
    let mut is_open = !scan.is_closed(b']');
    while is_open {
        if rows.len() >= limits.rows {
            return Err(too_many_rows(limits));
        }
        if scan.peek() != Some(b'[') {
            return Err(scan.refuse("a row has to be an array"));
        }
        let row = scan.value()?;
        rows.push(cells(row, rows.len())?);
        is_open = scan.more(b']')?;
    }
    Ok(rows)
}

pub(super) fn too_many_rows(limits: &Limits) -> CdiscError {
    CdiscError::TooLarge(format!("more than {} rows: split the dataset", limits.rows))
}

/// The values of one row.
pub(super) fn cells(row: Json, number: usize) -> Result<Vec<Value>, CdiscError> {
    let Json::Array(cells) = row else {
        return Err(no_cell(format!("/rows/{number}"), "has to be an array"));
    };
    let cells = cells.into_iter().enumerate();
    let read = |(at, json): (usize, Json)| {
        cell(json).map_err(|reason| no_cell(format!("/rows/{number}/{at}"), reason))
    };
    // Collecting at once would keep the larger allocation of the JSON values.
    let mut row = Vec::with_capacity(cells.len());
    for it in cells {
        row.push(read(it)?);
    }
    Ok(row)
}

/// One value.
pub(super) fn cell(json: Json) -> Result<Value, &'static str> {
    match json {
        Json::Null => Ok(Value::Missing),
        Json::Bool(is) => Ok(Value::Boolean(is)),
        Json::String(text) => Ok(Value::Text(text.into_boxed_str())),
        Json::Number(number) => Value::number(number.as_str())
            .ok_or("is a number beyond a double or with more than 100 digits"),
        Json::Array(_) | Json::Object(_) => Err("has to be a string, a number, a boolean or null"),
    }
}

pub(super) fn no_cell(at: String, reason: &str) -> CdiscError {
    let mut check = Check::new(1);
    check.refuse(at, reason);
    CdiscError::Invalid(check.into_issues())
}
