//! What an administrator with all keys changes in a trial.

use crate::damaged::{audit, restore};
use crate::device::root_key;
use crate::trials::{NORTH, Study};
use rusqlite::Connection;

/// Who may write to the site's database, with its keys: each attack is named by `salus audit`.
pub(crate) fn what_an_administrator_changes_is_named(study: Study) {
    let mut study = study;
    let (dir, id) = (study.consortium.org_dir(NORTH), study.id.clone());
    study.consortium.stop();
    let clean = audit(&dir);
    assert_eq!(clean.0, 0, "{}", clean.1);
    let database = dir.join("records.db");
    let good = std::fs::read(&database).unwrap();
    let root = root_key(&dir);
    let row = "record = (SELECT r.record FROM records r JOIN types t ON t.type = r.type
        WHERE t.name = 'QuestionnaireResponse' LIMIT 1)";
    let back_date =
        format!("UPDATE versions SET updated_us = updated_us - 86400000000 WHERE {row}");
    let change = format!(
        "UPDATE versions SET envelope = (SELECT o.envelope FROM versions o WHERE o.record <>
         versions.record AND o.type = versions.type LIMIT 1) WHERE {row}"
    );
    let delete = format!("DELETE FROM versions WHERE {row}");
    let insert = format!(
        "INSERT INTO versions SELECT (SELECT max(leaf) + 1 FROM versions), record, type, 99,
         updated_us, method, vault, patients, envelope FROM versions WHERE {row} LIMIT 1"
    );
    let sql = |statement: String| {
        move |database: &Connection| {
            assert!(database.execute(&statement, []).unwrap() > 0, "{statement}");
        }
    };
    let swap = |database: &Connection| swap_participants(database, &root);
    let edit = |database: &Connection| edit_protocol(database, &root, &id);
    // By its name where it can still be read, otherwise by its number.
    let value: &[&str] = &["QuestionnaireResponse/", "record "];
    let protocol = format!("protocol version 1 of trial {id}");
    let reuse = |database: &Connection| use_again(database, &root);
    let attacks: [(&str, Attack<'_>, &[&str]); 7] = [
        ("a value is changed", &sql(change), value),
        ("a value is deleted", &sql(delete), value),
        ("a value is dated back", &sql(back_date), value),
        ("a value is inserted", &sql(insert), value),
        (
            "two participants are swapped",
            &swap,
            &["the person in it is not the one"],
        ),
        (
            "an allocation is used again, for another patient",
            &reuse,
            &["the patient who gave it, is not the one"],
        ),
        ("the protocol is edited", &edit, &[&protocol]),
    ];
    for (what, attack, named) in attacks {
        let connection = Connection::open(&database).unwrap();
        let rules = "PRAGMA foreign_keys = OFF; PRAGMA journal_mode = DELETE;";
        connection.execute_batch(rules).unwrap();
        attack(&connection);
        drop(connection);
        let (status, said) = audit(&dir);
        assert_eq!(status, 1, "{what}: {said}");
        let is_named = named.iter().any(|it| said.contains(it));
        assert!(is_named, "{what}: {said}");
        println!("{what}: {}", said.lines().next().unwrap_or_default());
        restore(&database, &good);
    }
    let clean = audit(&dir);
    assert_eq!(clean.0, 0, "{}", clean.1);
}

/// What is done to the database.
type Attack<'a> = &'a dyn Fn(&Connection);
type Kept = (Vec<u8>, i64, Vec<u8>);

fn kept(database: &Connection, query: &str) -> Vec<Kept> {
    let mut statement = database.prepare(query).unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)));
    rows.unwrap().map(Result::unwrap).collect()
}

fn label(drawer: &str, (id, at_us, _): &Kept) -> String {
    let id = id
        .iter()
        .fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
    format!("{drawer}/{at_us}/{id}")
}

/// Each gets the other's row, sealed as its own.
fn swap_participants(database: &Connection, root: &vault::RootKey) {
    let rows = kept(
        database,
        "SELECT id, changed_us, body FROM trial_participants LIMIT 2",
    );
    for (own, other) in [(0, 1), (1, 0)] {
        let opened = root.open_row(&label("participant", &rows[other]), &rows[other].2);
        let body = root
            .seal_row(&label("participant", &rows[own]), &opened.unwrap())
            .unwrap();
        let changed = database.execute(
            "UPDATE trial_participants SET body = ?1 WHERE id = ?2",
            rusqlite::params![body, rows[own].0],
        );
        assert_eq!(changed.unwrap(), 1);
    }
}

/// Somebody else gets the arm of a participant: the row names another patient, sealed anew.
fn use_again(database: &Connection, root: &vault::RootKey) {
    let query = "SELECT id, changed_us, body FROM trial_participants LIMIT 1";
    let row = kept(database, query).remove(0);
    let name = label("participant", &row);
    let opened = root.open_row(&name, &row.2).unwrap();
    let mut content: serde_json::Value = serde_json::from_slice(&opened).unwrap();
    content["patient"] = "somebody-else".into();
    let body = root
        .seal_row(&name, content.to_string().as_bytes())
        .unwrap();
    let changed = database.execute(
        "UPDATE trial_participants SET body = ?1 WHERE id = ?2",
        rusqlite::params![body, row.0],
    );
    assert_eq!(changed.unwrap(), 1);
}

/// The first version says another week, sealed anew.
fn edit_protocol(database: &Connection, root: &vault::RootKey, id: &str) {
    let query = format!("SELECT id, made_us, body FROM trials WHERE id = x'{id}0100000001'");
    let row = kept(database, &query).remove(0);
    let name = label("trial", &row);
    let opened = root.open_row(&name, &row.2).unwrap();
    let text = String::from_utf8(opened.to_vec()).unwrap();
    let edited = text.replacen("week 12", "week 11", 1);
    assert_ne!(text, edited);
    let body = root.seal_row(&name, edited.as_bytes()).unwrap();
    let changed = database.execute(
        "UPDATE trials SET body = ?1 WHERE id = ?2",
        rusqlite::params![body, row.0],
    );
    assert_eq!(changed.unwrap(), 1);
}
