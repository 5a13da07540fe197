//! The order in which rows are sealed, whatever the order of a file.

use super::digest::RowDigests;
use super::value::Parts;
use super::{Dataset, Value};

/// A value as it is ordered: missing before false before true before numbers (by value) before
/// texts (by UTF-8 bytes).
#[derive(Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Key<'a> {
    Missing,
    Boolean(bool),
    Number(Option<Parts>),
    Text(&'a str),
}

impl<'a> Key<'a> {
    fn of(value: &'a Value) -> Self {
        match value {
            Value::Missing | Value::SpecialMissing(_) => Self::Missing,
            Value::Boolean(is) => Self::Boolean(*is),
            Value::Number(number) => Self::Number(number.parts()),
            Value::Text(text) => Self::Text(text),
        }
    }
}

/// By the key columns in the order of `keySequence`, then by the digest of the row. Equal rows are
/// equal leaves, so that their order says nothing.
pub(super) fn key_order(dataset: &Dataset) -> Vec<usize> {
    runs(dataset).concat()
}

/// The places of the rows by their key; rows that share a key stand together.
pub(super) fn runs(dataset: &Dataset) -> Vec<Vec<usize>> {
    let columns = key_columns(dataset);
    let rows = dataset.rows.iter();
    let keys: Vec<Vec<Option<Key<'_>>>> = rows.map(|row| key(&columns, row)).collect();
    let mut order: Vec<usize> = (0..keys.len()).collect();
    order.sort_by(|one, other| keys[*one].cmp(&keys[*other]));
    let digests = RowDigests::new(&dataset.columns);
    let same = |one: &usize, other: &usize| keys[*one] == keys[*other];
    let runs = order.chunk_by(same).map(|run| {
        let mut run = run.to_vec();
        // Digests are taken only where the key does not decide, once each.
        if run.len() > 1 {
            run.sort_by_cached_key(|at| digests.of(&dataset.rows[*at]).ok());
        }
        run
    });
    runs.collect()
}

fn key<'a>(columns: &[usize], row: &'a [Value]) -> Vec<Option<Key<'a>>> {
    columns.iter().map(|at| row.get(*at).map(Key::of)).collect()
}

/// The places of the key columns, in the order of the key.
pub(super) fn key_columns(dataset: &Dataset) -> Vec<usize> {
    let columns = dataset.columns.iter().enumerate();
    let mut keys: Vec<(u32, usize)> = columns
        .filter_map(|(at, column)| column.key_sequence.map(|sequence| (sequence, at)))
        .collect();
    keys.sort_unstable();
    keys.into_iter().map(|(_, at)| at).collect()
}
