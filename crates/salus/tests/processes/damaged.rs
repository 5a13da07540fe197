//! A changed byte in a stopped node's database is named by the audit and refused by a read.

use crate::consortium::{Consortium, observation, salus};
use crate::http::Http;
use rusqlite::Connection;
use rusqlite::types::Value as Cell;
use std::path::Path;
use std::time::Duration;

/// Table and column of everything that a person relies on: bodies, keys, index rows, outbox rows,
/// batches and what the ledger answered to them (the receipts), people.
const PLACES: &[(&str, &str)] = &[
    ("versions", "envelope"),
    ("versions", "updated_us"),
    ("versions", "version"),
    ("records", "updated_us"),
    ("records", "id"),
    ("records", "deleted"),
    ("vaults", "wrapped"),
    ("leaves", "commitment"),
    ("batches", "blinding"),
    ("batches", "root"),
    ("batches", "previous"),
    ("batches", "body"),
    ("batches", "anchor"),
    ("tokens", "code"),
    ("refs", "target"),
    ("strings", "normalised"),
    ("strings", "original"),
    ("dates", "from_us"),
    ("quantities", "low"),
    ("compartments", "patient"),
    ("texts", "value"),
    ("users", "role"),
    ("users", "password_hash"),
];

#[test]
fn a_changed_byte_is_named_by_the_audit_and_refused_by_a_read() {
    let mut consortium = Consortium::start(2);
    let (http, token) = (Http::new(), consortium.token(0, "clinician"));
    let url = format!("{}/Observation", consortium.fhir(0));
    let made = http.post(&url, &token, &observation(1)).unwrap();
    let id = made.json()["id"].as_str().unwrap().to_owned();
    let version = format!("{url}/{id}/_history/1");
    consortium.receipt(0, &version, Duration::from_secs(10));
    let dir = consortium.org_dir(0);
    let (status, said) = audit(&dir);
    assert_eq!(status, 1, "{said}");
    assert!(said.contains("stop the node first"), "it runs: {said}");
    consortium.stop();

    let clean = audit(&dir);
    assert_eq!(clean.0, 0, "{}", clean.1);
    let database = dir.join("records.db");
    let good = std::fs::read(&database).unwrap();
    assert!(
        !dir.join("records.db-wal").exists(),
        "a stopped node leaves one file"
    );
    let mut missed = Vec::new();
    for (table, column) in PLACES {
        let row = damage(&database, table, column, None);
        let (status, said) = audit(&dir);
        println!(
            "{table}.{column} of row {row}: {}",
            said.lines().next().unwrap_or_default()
        );
        if status != 1 || said.lines().count() == 0 {
            missed.push(format!("{table}.{column} row {row}: exit {status}: {said}"));
        }
        restore(&database, &good);
    }
    assert!(missed.is_empty(), "not found:\n{}", missed.join("\n"));

    let leaf = leaf_of(&database, &id);
    damage(&database, "versions", "envelope", Some(leaf));
    let (status, said) = audit(&dir);
    assert_eq!(status, 1);
    assert!(
        said.contains(&format!("Observation/{id}")),
        "the item is not named: {said}"
    );
    consortium.run_demo(2);
    let token = consortium.token(0, "clinician");
    let refused = http.get(&format!("{url}/{id}"), &token).unwrap();
    assert_eq!(refused.status, 500, "{}", refused.text());
    assert!(refused.text().contains("damaged"), "{}", refused.text());
    let others = http
        .get(&format!("{}/Patient?_count=1", consortium.fhir(0)), &token)
        .unwrap();
    assert_eq!(others.status, 200, "the rest is served: {}", others.text());
}

pub(crate) fn audit(dir: &Path) -> (i32, String) {
    let output = salus(&["audit", "--dir", dir.to_str().unwrap()]);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    (
        output.status.code().unwrap_or(-1),
        if said.is_empty() { errors } else { said },
    )
}

pub(crate) fn restore(database: &Path, good: &[u8]) {
    for more in ["-wal", "-shm"] {
        let _ = std::fs::remove_file(format!("{}{more}", database.display()));
    }
    std::fs::write(database, good).unwrap();
}

fn leaf_of(database: &Path, id: &str) -> i64 {
    let connection = Connection::open(database).unwrap();
    let query = "SELECT leaf FROM records WHERE id = ?1";
    connection.query_row(query, [id], |row| row.get(0)).unwrap()
}

/// Changes one byte of one cell, behind the database's own rules; returns the row's place.
fn damage(database: &Path, table: &str, column: &str, leaf: Option<i64>) -> i64 {
    let connection = Connection::open(database).unwrap();
    connection
        .execute_batch(
            "PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON;
             PRAGMA journal_mode = DELETE;",
        )
        .unwrap();
    let filter = leaf.map_or("1 = 1".to_owned(), |leaf| format!("leaf = {leaf}"));
    let filter = format!("{filter} AND {column} IS NOT NULL");
    let count = format!("SELECT count(*) FROM {table} WHERE {filter}");
    let rows: i64 = connection.query_row(&count, [], |row| row.get(0)).unwrap();
    assert!(rows > 0, "{table} is empty");
    let place = rows * 2 / 3;
    let mut statement = connection
        .prepare(&format!(
            "SELECT * FROM {table} WHERE {filter} LIMIT 1 OFFSET {place}"
        ))
        .unwrap();
    let names: Vec<String> = statement.column_names().map(ToString::to_string).collect();
    let cells: Vec<Cell> = statement
        .query_row([], |row| {
            (0..names.len()).map(|index| row.get(index)).collect()
        })
        .unwrap();
    let at = names.iter().position(|name| name == column).unwrap();
    let mut values = cells.clone();
    values.push(changed(&cells[at]));
    let wheres: Vec<String> = names
        .iter()
        .enumerate()
        .map(|(index, name)| format!("{name} IS ?{}", index + 1))
        .collect();
    let update = format!(
        "UPDATE {table} SET {column} = ?{} WHERE {}",
        names.len() + 1,
        wheres.join(" AND ")
    );
    let done = connection
        .execute(&update, rusqlite::params_from_iter(values))
        .unwrap();
    assert_eq!(done, 1, "{update}");
    place
}

/// The same with one byte of another value.
fn changed(cell: &Cell) -> Cell {
    match cell {
        Cell::Null => panic!("nothing to change"),
        Cell::Integer(number) => Cell::Integer(number ^ 1),
        Cell::Real(number) => Cell::Real(-number),
        Cell::Text(text) => {
            let mut bytes = text.clone().into_bytes();
            let place = bytes.len() / 2;
            match bytes.get_mut(place) {
                Some(byte) => *byte = if *byte == b'a' { b'b' } else { b'a' },
                None => bytes.push(b'a'),
            }
            Cell::Text(String::from_utf8(bytes).unwrap_or_else(|_| "a".into()))
        }
        Cell::Blob(bytes) => {
            let mut bytes = bytes.clone();
            let place = bytes.len() / 2;
            match bytes.get_mut(place) {
                Some(byte) => *byte ^= 1,
                None => bytes.push(1),
            }
            Cell::Blob(bytes)
        }
    }
}
