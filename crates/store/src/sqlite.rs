//! Everything that knows SQL. Functions take a connection and answer in the store's own words.

pub(crate) mod audit;
pub(crate) mod batch;
mod chain;
pub(crate) mod condition;
pub(crate) mod connection;
pub(crate) mod copy;
pub(crate) mod driver;
pub(crate) mod erase;
pub(crate) mod everything;
pub(crate) mod extent;
pub(crate) mod feed;
pub(crate) mod handover;
pub(crate) mod health_link;
pub(crate) mod history;
pub(crate) mod identity;
pub(crate) mod include;
pub(crate) mod later;
pub(crate) mod login;
mod names;
mod narrow;
mod order;
pub(crate) mod pact;
mod page_token;
pub(crate) mod passkey;
pub(crate) mod read;
mod rows;
pub(crate) mod search;
pub(crate) mod sight;
mod span;
pub(crate) mod supply;
pub(crate) mod ticket;
pub(crate) mod user;
pub(crate) mod write;

use rusqlite::{ErrorCode, ffi};

use crate::StoreError;

pub(crate) use names::Cache;

/// The one table from SQLite's errors to ours. <https://sqlite.org/rescode.html>
impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        let Some(cause) = error.sqlite_error() else {
            return match error {
                rusqlite::Error::FromSqlConversionFailure(..)
                | rusqlite::Error::IntegralValueOutOfRange(..)
                | rusqlite::Error::InvalidColumnType(..) => damaged("a row", "a column's type"),
                other => Self::Database(without_values(&other)),
            };
        };
        match (cause.code, cause.extended_code) {
            (ErrorCode::DiskFull, _)
            | (
                _,
                ffi::SQLITE_IOERR_WRITE | ffi::SQLITE_IOERR_TRUNCATE | ffi::SQLITE_IOERR_SHMSIZE,
            ) => Self::Full,
            (ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase, _) => {
                damaged("the database file", "its structure")
            }
            (ErrorCode::OperationInterrupted, _) => {
                Self::Refused("the read took longer than its bound; ask for less".to_owned())
            }
            (ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked, _) => Self::Busy,
            (code, extended) => Self::Database(format!("{code:?} ({extended})")),
        }
    }
}

/// SQLite's messages may quote values; the kind of the error is enough.
fn without_values(error: &rusqlite::Error) -> String {
    match error {
        rusqlite::Error::QueryReturnedNoRows => "a row is missing".to_owned(),
        rusqlite::Error::SqlInputError { msg, .. } => format!("statement refused: {msg}"),
        _ => "unexpected failure of the driver".to_owned(),
    }
}

pub(crate) fn damaged(item: impl Into<String>, reason: impl Into<String>) -> StoreError {
    StoreError::Damaged {
        item: item.into(),
        reason: reason.into(),
    }
}

/// SQLite's integers are signed; ours count things and never come near the border.
pub(crate) fn to_sql(number: u64) -> Result<i64, StoreError> {
    i64::try_from(number).map_err(|_| StoreError::Refused("a number over 2^63".to_owned()))
}

/// A count read back; a negative one was not written by us.
pub(crate) fn from_sql(number: i64) -> Result<u64, StoreError> {
    u64::try_from(number).map_err(|_| damaged("a row", "a negative number"))
}
