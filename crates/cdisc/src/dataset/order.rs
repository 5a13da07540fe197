//! The order in which rows are sealed, whatever the order of a file.

use std::cmp::Ordering;

use super::digest::row_digest;
use super::{Dataset, Value};

/// By the key columns in the order of `keySequence`, then by the digest of the row. Equal rows are
/// equal leaves, so that their order says nothing.
pub(super) fn key_order(dataset: &Dataset) -> Vec<usize> {
    let keys = key_columns(dataset);
    let mut order: Vec<usize> = (0..dataset.rows.len()).collect();
    let key = |left: usize, right: usize| by_key(&keys, &dataset.rows[left], &dataset.rows[right]);
    order.sort_by(|left, right| key(*left, *right));
    // Digests are taken only where the key does not decide, once each.
    for run in order.chunk_by_mut(|left, right| key(*left, *right).is_eq()) {
        if run.len() > 1 {
            run.sort_by_cached_key(|at| row_digest(&dataset.columns, &dataset.rows[*at]).ok());
        }
    }
    order
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

pub(super) fn by_key(keys: &[usize], left: &[Value], right: &[Value]) -> Ordering {
    keys.iter()
        .map(|at| match (left.get(*at), right.get(*at)) {
            (Some(left), Some(right)) => compare(left, right),
            (left, right) => left.is_some().cmp(&right.is_some()),
        })
        .find(|order| order.is_ne())
        .unwrap_or(Ordering::Equal)
}

/// Missing before false before true before numbers (by value) before texts (by UTF-8 bytes).
fn compare(left: &Value, right: &Value) -> Ordering {
    let rank = |value: &Value| match value {
        Value::Missing | Value::SpecialMissing(_) => 0,
        Value::Boolean(false) => 1,
        Value::Boolean(true) => 2,
        Value::Number(_) => 3,
        Value::Text(_) => 4,
    };
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => left.cmp(right),
        (Value::Text(left), Value::Text(right)) => left.as_bytes().cmp(right.as_bytes()),
        _ => rank(left).cmp(&rank(right)),
    }
}
