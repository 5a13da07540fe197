//! A [`Narrowing`] as a condition on record `r`.

use rusqlite::Connection;
use rusqlite::types::Value;

use super::condition::{self, Fragment};
use super::driver;
use super::names::{self, Table as Names};
use super::read;
use crate::{Narrowing, Rule, Scope, StoreError};

/// Whether one of the alternatives shows record `r`; false when there is none.
pub(super) fn probe(
    connection: &Connection,
    narrowing: &Narrowing,
) -> Result<Fragment, StoreError> {
    let mut pieces = Vec::with_capacity(narrowing.rules.len());
    for rule in &narrowing.rules {
        pieces.extend(alternative(connection, rule)?);
    }
    Ok(Fragment::any(pieces))
}

/// `None`: no record of its type was ever stored.
fn alternative(connection: &Connection, rule: &Rule) -> Result<Option<Fragment>, StoreError> {
    let mut out = Fragment::new("(1", []);
    if let Some(type_) = &rule.type_ {
        let Some(type_) = names::find(connection, Names::Types, type_)? else {
            return Ok(None);
        };
        out.push(" AND r.type = ?", [Value::Integer(type_)]);
    }
    if let Some(patient) = &rule.patient {
        let numbers = read::scope_numbers(connection, &Scope::patient(patient))?;
        out.push(" AND ", []);
        out.append(driver::scope_probe(&numbers.unwrap_or_default(), "r"));
    }
    for filter in &rule.filters {
        out.push(" AND ", []);
        out.append(condition::probe(connection, filter)?);
    }
    out.push(")", []);
    Ok(Some(out))
}
