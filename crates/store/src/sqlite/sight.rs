//! Who looks, as conditions of SQL: the compartments of a scope, and its decision as a function
//! that SQLite calls for each row.
//!
//! A statement of a scope without a decision does not name the function, and costs what it did. The
//! decision is bound to the thread for the time of one query: a connection never leaves its thread.
//! If a statement ran without one, its function would fail it.

use std::cell::RefCell;
use std::marker::PhantomData;
use std::sync::Arc;

use fhir::search::Parameter;
use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::Value;
use rusqlite::{Connection, Error};

use super::condition::Fragment;
use super::{driver, narrow, read};
use crate::{Scope, Sieve, SieveRow, StoreError};

/// The function's name and the number of its arguments.
const ADMITS: &str = "admits";
const ARGUMENTS: i32 = 6;

/// The decision of the query that runs on this thread.
#[derive(Clone)]
struct Looking {
    sieve: Arc<dyn Sieve>,
    /// Parameters that a statement asks for, by the number that it gives the function.
    asked: Arc<Vec<Vec<&'static Parameter>>>,
}

thread_local! {
    static LOOKING: RefCell<Option<Looking>> = const { RefCell::new(None) };
}

/// Makes the function known to a connection. Not to views, triggers and the schema: whoever
/// changes the file could otherwise call it. <https://sqlite.org/c3ref/c_deterministic.html>
pub(crate) fn register(connection: &Connection) -> Result<(), StoreError> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DIRECTONLY;
    Ok(connection.create_scalar_function(ADMITS, ARGUMENTS, flags, admits)?)
}

fn admits(context: &mut Context<'_>) -> rusqlite::Result<bool> {
    let looking = LOOKING.with_borrow(Clone::clone);
    let Some(Looking { sieve, asked }) = looking else {
        let reason = "a decision is asked for and none is bound";
        return Err(Error::UserFunctionError(reason.into()));
    };
    let place = usize::try_from(context.get::<i64>(0)?).ok();
    let Some(asked) = place.and_then(|place| asked.get(place)) else {
        return Ok(false);
    };
    let text = |place| context.get_raw(place).as_str().ok();
    // A row that cannot be read is admitted by nobody.
    let (Some(type_), Some(id), Some(patients)) = (text(1), text(2), text(4)) else {
        return Ok(false);
    };
    let (Ok(version), Ok(facts)) = (
        context.get_raw(3).as_i64().map(i64::cast_unsigned),
        context.get_raw(5).as_blob(),
    ) else {
        return Ok(false);
    };
    let patients: Vec<&str> = patients.split(' ').filter(|id| !id.is_empty()).collect();
    let row = SieveRow {
        type_,
        id,
        version,
        patients: &patients,
        facts,
    };
    let own = |parameter: &&&'static Parameter| parameter.resource_type == type_;
    let withheld = |parameter: &&'static Parameter| sieve.withholds(&row, parameter);
    Ok(sieve.admits(&row) && !asked.iter().filter(own).any(withheld))
}

/// Who looks, for the time of one query. It ends with this value, however the query ends.
pub(crate) struct Eyes {
    /// Numbers of the patients; `None`: of all.
    patients: Option<Vec<i64>>,
    /// What scopes of a token leave of the records `r`; `None`: all.
    narrowing: Option<Fragment>,
    decides: bool,
    before: Option<Looking>,
    /// Bound to this thread.
    _thread: PhantomData<*const ()>,
}

impl Eyes {
    /// Binds the decision of a scope.
    pub(crate) fn of(connection: &Connection, scope: &Scope) -> Result<Self, StoreError> {
        let patients = read::scope_numbers(connection, scope)?;
        let narrowing = scope.narrowing.as_ref();
        let narrowing = narrowing
            .map(|it| narrow::probe(connection, it))
            .transpose()?;
        let looking = scope.sieve.clone().map(|sieve| Looking {
            sieve,
            asked: Arc::default(),
        });
        let decides = looking.is_some();
        Ok(Self {
            patients,
            narrowing,
            decides,
            before: LOOKING.replace(looking),
            _thread: PhantomData,
        })
    }

    /// The compartments looked at; `None`: all.
    pub(super) fn patients(&self) -> Option<&[i64]> {
        self.patients.as_deref()
    }

    /// The condition that the current version of the record under this alias is seen, by a query
    /// that looks at these of its parameters; `None`: every record is.
    pub(super) fn record(
        &self,
        alias: &str,
        asked: impl IntoIterator<Item = &'static Parameter>,
    ) -> Option<Fragment> {
        let compartments = self
            .patients()
            .map(|patients| driver::scope_probe(patients, alias));
        both(compartments, self.decision(alias, asked))
    }

    /// The part of [`Eyes::record`] that scopes and the decision have.
    pub(super) fn decision(
        &self,
        alias: &str,
        asked: impl IntoIterator<Item = &'static Parameter>,
    ) -> Option<Fragment> {
        let narrowed = self.narrowed(alias);
        let Some(asked) = self.asked(asked) else {
            return narrowed;
        };
        let sql = format!(
            "EXISTS (SELECT 1 FROM sights s JOIN types st ON st.type = {alias}.type
             WHERE s.leaf = {alias}.leaf
             AND {ADMITS}(?, st.name, {alias}.id, s.version, s.patients, s.facts))"
        );
        both(narrowed, Some(Fragment::new(sql, [asked])))
    }

    /// What scopes leave of the records under an alias.
    fn narrowed(&self, alias: &str) -> Option<Fragment> {
        let narrowing = self.narrowing.clone()?;
        if alias == "r" {
            return Some(narrowing);
        }
        let outer = format!("EXISTS (SELECT 1 FROM records r WHERE r.record = {alias}.record AND ");
        let mut out = Fragment::new(outer, []);
        out.append(narrowing);
        out.push(")", []);
        Some(out)
    }

    /// The condition that the version `v` of the record `r` of the type `t` is seen.
    pub(super) fn version(&self) -> Option<Fragment> {
        let compartments = self.patients().map(|patients| {
            let held = |number| Fragment::new(format!("instr(v.patients, ',{number},') > 0"), []);
            Fragment::any(patients.iter().map(held).collect())
        });
        let decision = self.asked([]).map(|asked| {
            let sql = format!(
                "EXISTS (SELECT 1 FROM sights s WHERE s.leaf = v.leaf
                 AND {ADMITS}(?, t.name, r.id, s.version, s.patients, s.facts))"
            );
            Fragment::new(sql, [asked])
        });
        both(compartments, decision)
    }

    /// The number of a set of parameters; `None`: there is no decision to ask.
    fn asked(&self, asked: impl IntoIterator<Item = &'static Parameter>) -> Option<Value> {
        if !self.decides {
            return None;
        }
        LOOKING.with_borrow_mut(|looking| {
            let sets = Arc::make_mut(&mut looking.as_mut()?.asked);
            sets.push(asked.into_iter().collect());
            i64::try_from(sets.len() - 1).ok().map(Value::Integer)
        })
    }
}

impl Drop for Eyes {
    fn drop(&mut self) {
        LOOKING.set(self.before.take());
    }
}

fn both(first: Option<Fragment>, second: Option<Fragment>) -> Option<Fragment> {
    match (first, second) {
        (Some(mut first), Some(second)) => {
            first.push(" AND ", []);
            first.append(second);
            Some(first)
        }
        (one, other) => one.or(other),
    }
}
