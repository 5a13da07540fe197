//! The plans SQLite makes of our statements: found by an index, in its order, without a sort.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test"
)]

use super::*;
use crate::Options;

/// What SQLite would do, a line per step.
fn steps(connection: &Connection, sql: &Fragment) -> Vec<String> {
    let mut statement = connection
        .prepare(&format!("EXPLAIN QUERY PLAN {}", sql.sql))
        .unwrap();
    let values = params_from_iter(sql.values.iter());
    let rows = statement.query_map(values, |row| row.get(3)).unwrap();
    rows.map(Result::unwrap).collect()
}

fn empty() -> (tempfile::TempDir, Connection) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("salus.db");
    let connection = super::super::connection::writer(&path, &Options::default()).unwrap();
    connection
        .execute_batch(
            "INSERT INTO types (name) VALUES ('Observation'), ('Patient');
             INSERT INTO texts (value) VALUES ('Patient/p1'), ('http://loinc.org');
             INSERT INTO records VALUES (1, 1, 'o1', 1, 1, 0);",
        )
        .unwrap();
    (folder, connection)
}

fn query(type_: &str, text: &str) -> Query {
    let pairs: Vec<(String, String)> = text
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let parsed = fhir::query::parse(type_, &pairs, &fhir::query::Options::default());
    parsed.unwrap().query
}

/// No table is read from end to end, and nothing is sorted that an index holds sorted.
#[test]
fn common_searches_walk_an_index_in_its_order() {
    let (_folder, connection) = empty();
    for (type_, text) in [
        ("Observation", ""),
        ("Observation", "patient=p1"),
        ("Observation", "code=http://loinc.org|8480-6"),
        ("Observation", "code=8480-6"),
        (
            "Observation",
            "category=vital-signs&patient=p1&code=8480-6&date=ge2020",
        ),
        ("Observation", "code=8480-6&_sort=-date"),
        ("Observation", "patient=p1&code=8480-6&_sort=-date"),
        ("Observation", "date=ge2020&_sort=date"),
        ("Observation", "_sort=-_lastUpdated"),
        ("Patient", "_sort=family"),
        ("Patient", "identifier=urn:mrn|1"),
    ] {
        let eyes = Eyes::of(&connection, &Scope::all()).unwrap();
        // Nothing is rare: the worst case.
        let query = query(type_, text);
        let plan = Plan {
            rare: 0,
            ..Plan::make(&connection, &query, &eyes, 0).unwrap()
        };
        let plan = Plan {
            candidates: None,
            ..plan
        };
        let keys: Vec<Key> = query.sort.iter().map(order::key).collect();
        let (source, keys) = match query.sort.first().and_then(order::walk) {
            Some(walk) => {
                let mut keys = keys;
                keys[0].value = Fragment::new(walk.column.clone(), []);
                keys[0].nullable = false;
                (walk_source(&walk), keys)
            }
            None if keys.is_empty() => (plain_source(&plan), keys),
            None => (all_source(), keys),
        };
        let steps = steps(&connection, &statement(&plan, &source, &keys, None, 9, 50));
        for step in &steps {
            assert!(!step.starts_with("SCAN"), "{type_}?{text}: {steps:#?}");
            assert!(!step.contains("TEMP B-TREE"), "{type_}?{text}: {steps:#?}");
        }
    }
}

/// A sort value is looked up among the record's own rows.
#[test]
fn a_sort_value_is_found_by_record() {
    let (_folder, connection) = empty();
    for sort in [
        "date",
        "-date",
        "code",
        "-value-quantity",
        "subject",
        "-status",
    ] {
        let query = query("Observation", &format!("_sort={sort}"));
        let key = order::key(&query.sort[0]);
        let mut sql = Fragment::new("SELECT ", []);
        sql.append(key.value);
        sql.push(" FROM records r WHERE r.record = 1", []);
        let steps = steps(&connection, &sql);
        let own = steps
            .iter()
            .any(|step| step.contains("x USING PRIMARY KEY (record=? AND parameter=?)"));
        assert!(own, "{sort}: {steps:#?}");
    }
}
