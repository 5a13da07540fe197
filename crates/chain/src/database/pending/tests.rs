//! The state that comes out is that of all blocks in their order, wherever their changes stand.

use super::super::schema;
use super::{Change, LARGE, PIECE, PIECES_MAX, count, move_over, overlay, write};
use rusqlite::Connection;
use std::collections::BTreeMap;

fn key(number: usize) -> Vec<u8> {
    format!("key-{number:06}").into_bytes()
}

fn large(block: usize, first: usize, count: usize) -> Vec<Change> {
    let value = |number| Some(format!("{block}/{number}").into_bytes());
    let numbers = first..first + count;
    numbers.map(|number| (key(number), value(number))).collect()
}

fn apply(connection: &mut Connection, changes: &[Change]) -> bool {
    let transaction = connection.transaction().unwrap();
    let is_large = write(&transaction, changes).unwrap();
    transaction.commit().unwrap();
    is_large
}

fn state(connection: &Connection) -> BTreeMap<Vec<u8>, Vec<u8>> {
    let mut rows = connection.prepare("SELECT key, value FROM state").unwrap();
    let rows = rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
    let mut state: Vec<_> = rows.unwrap().map(Result::unwrap).collect();
    overlay(connection, &mut state).unwrap();
    let length = state.len();
    let state: BTreeMap<_, _> = state.into_iter().collect();
    assert_eq!(state.len(), length, "a key is there twice");
    state
}

#[test]
fn what_is_pending_lies_over_the_table_in_the_order_of_the_blocks() {
    let folder = tempfile::tempdir().unwrap();
    let mut connection = schema::open(&folder.path().join("ledger.db")).unwrap();
    let mut expected = BTreeMap::new();
    let blocks = [
        (large(1, 0, 10), false),
        (large(2, 5, 2 * PIECE + 7), true),
        // A small one too, while others wait before it; it removes what they set.
        (vec![(key(6), None), (key(7), Some(Vec::new()))], false),
        (large(4, 7, LARGE), true),
        (vec![(key(900), None)], false),
    ];
    for (changes, is_large) in blocks {
        for (key, value) in &changes {
            match value {
                Some(value) => expected.insert(key.clone(), value.clone()),
                None => expected.remove(key),
            };
        }
        assert_eq!(apply(&mut connection, &changes), is_large);
        assert_eq!(state(&connection), expected);
    }
    let mut steps = 0;
    while move_over(&connection).unwrap() {
        steps += 1;
        assert_eq!(state(&connection), expected, "after {steps} steps");
    }
    assert_eq!(steps, 6);
    apply(&mut connection, &large(6, 0, 3));
    assert_eq!(count(&connection).unwrap(), 0);
}

#[test]
fn what_is_pending_is_bounded() {
    let folder = tempfile::tempdir().unwrap();
    let mut connection = schema::open(&folder.path().join("ledger.db")).unwrap();
    // As if the bound had been reached long ago.
    let sql = "INSERT INTO pending VALUES (?, x'')";
    let transaction = connection.transaction().unwrap();
    for place in 1..=PIECES_MAX {
        transaction.execute(sql, [place]).unwrap();
    }
    transaction.commit().unwrap();
    apply(&mut connection, &large(1, 0, 10 * PIECE));
    assert_eq!(count(&connection).unwrap(), PIECES_MAX - 10);
}

#[test]
fn damaged_pieces_are_refused() {
    for bytes in [
        &[0, 0, 0][..],
        &[0, 0, 0, 1, 0, 0, 0, 0],
        &[0, 0, 0, 0, 0, 0, 0, 9, 1],
    ] {
        assert!(super::decode(bytes).is_err(), "{bytes:?}");
    }
}
