//! The index of AuditEvents follows later, and nobody sees that it does.
#![allow(clippy::unwrap_used, reason = "a test")]

mod support;

use std::time::Duration;

use serde_json::Value;
use store::{Everything, Narrowing, Options, Page, Rule, Scope, Store};
use support::*;

/// Nothing is put into the index but by those who ask.
fn lazy() -> Options {
    Options {
        events_wait: Duration::from_hours(1),
        ..Options::default()
    }
}

/// Index rows in the tables, and events that wait, as another process sees them.
fn counts(ward: &Ward) -> (i64, i64) {
    let database = rusqlite::Connection::open(ward.folder.path().join("salus.db")).unwrap();
    let count = |sql: &str| database.query_row(sql, [], |row| row.get(0)).unwrap();
    let rows = count(
        "SELECT (SELECT count(*) FROM refs x JOIN records r USING (record) JOIN types t USING (type)
                 WHERE t.name = 'AuditEvent')
              + (SELECT count(*) FROM tokens x JOIN records r USING (record)
                 JOIN types t USING (type) WHERE t.name = 'AuditEvent')",
    );
    (rows, count("SELECT count(*) FROM unindexed"))
}

async fn with_events() -> Ward {
    let ward = ward_with(&lazy()).await;
    for resource in [
        patient("p1", "Byron", "1815-12-10"),
        observation("o1", "p1", "8480-6", "2024-03-05", "120"),
        event("e1", "p1", "o1"),
        event("e2", "p1", "o2"),
    ] {
        admit(&ward.store, &resource, 10).await.unwrap();
    }
    assert_eq!(counts(&ward), (0, 2));
    ward
}

/// Each way to the index, by itself, on events that wait.
#[tokio::test]
async fn an_event_is_found_at_once_by_every_way_to_the_index() {
    for (type_, text, found) in [
        ("AuditEvent", "", vec!["e1", "e2"]),
        ("AuditEvent", "entity=Observation/o1", vec!["e1"]),
        ("AuditEvent", "agent-name=ada", vec!["e1", "e2"]),
        ("AuditEvent", "date=2026-11-23", vec!["e1", "e2"]),
        ("AuditEvent", "entity:Observation.code=8480-6", vec!["e1"]),
        ("Observation", "_has:AuditEvent:entity:action=R", vec!["o1"]),
        ("Patient", "_has:AuditEvent:patient:action=C", vec![]),
    ] {
        let ward = with_events().await;
        assert_eq!(all(&ward.store, type_, text).await, found, "{type_}?{text}");
        let (rows, waiting) = counts(&ward);
        assert!(rows > 0 && waiting == 0, "{type_}?{text}");
    }
    let ward = with_events().await;
    let asked = query("Observation", "_revinclude=AuditEvent:entity");
    let found = ward.store.search(asked, Scope::all(), Page::first(9)).await;
    assert_eq!(ids(&found.unwrap().included), ["e1"]);
}

#[tokio::test]
async fn what_looks_at_no_event_does_not_wait_for_their_index() {
    let ward = with_events().await;
    assert_eq!(all(&ward.store, "Observation", "code=8480-6").await, ["o1"]);
    let event = ward.store.current("AuditEvent", "e1").await.unwrap();
    assert_eq!(event.unwrap().id, "e1");
    assert_eq!(counts(&ward), (0, 2));
}

#[tokio::test]
async fn scopes_and_dates_look_at_the_whole_index() {
    let narrowed = Scope {
        narrowing: Some(Narrowing {
            rules: vec![Rule {
                type_: Some("AuditEvent".to_owned()),
                patient: None,
                filters: query("AuditEvent", "action=R").filters,
            }],
        }),
        ..Scope::all()
    };
    let ward = with_events().await;
    let seen = ward
        .store
        .seen("AuditEvent", "e1", None, narrowed.clone())
        .await;
    assert!(seen.unwrap().is_some());
    let ward = with_events().await;
    let of = Everything {
        patient: "p1".to_owned(),
        types: vec!["AuditEvent"],
        since_us: None,
        between_us: Some((0, 1_000_000)),
        scope: Scope::all(),
        page: Page::first(9),
    };
    // Without its date an event would be of any time.
    assert_eq!(ward.store.everything(of).await.unwrap().rows, []);
}

#[tokio::test]
async fn a_store_that_is_opened_again_knows_what_waits() {
    let Ward { folder, store } = with_events().await;
    drop(store);
    let store = Store::open(&folder.path().join("salus.db"), &lazy()).unwrap();
    let ward = Ward { folder, store };
    assert_eq!(counts(&ward), (0, 2));
    let found = all(&ward.store, "AuditEvent", "patient=Patient/p1").await;
    assert_eq!(found, ["e1", "e2"]);
}

#[tokio::test]
async fn the_writer_puts_the_rows_in_by_itself() {
    let ward = ward_with(&Options::default()).await;
    admit(&ward.store, &event("e1", "p1", "o1"), 10)
        .await
        .unwrap();
    let mut left = 1_000;
    while counts(&ward).1 > 0 {
        assert!(left > 0, "the event waits for ever");
        left -= 1;
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(counts(&ward).0 > 0);
}

#[tokio::test]
async fn no_more_than_the_bound_wait() {
    let ward = ward_with(&lazy()).await;
    let some = |first: usize| -> Vec<Value> {
        let each = first..first + 300;
        each.map(|number| event(&format!("e{number}"), "p1", "o1"))
            .collect()
    };
    for first in [0, 300, 600] {
        let all = some(first).iter().map(|one| put(one, None, 10)).collect();
        ward.store.commit(puts(all)).await.unwrap();
    }
    // 600 waited when the third write came.
    assert_eq!(counts(&ward).1, 300);
}

#[tokio::test]
async fn bytes_that_were_changed_are_named_and_nothing_is_silently_missing() {
    let ward = with_events().await;
    let database = rusqlite::Connection::open(ward.folder.path().join("salus.db")).unwrap();
    database
        .execute("UPDATE unindexed SET rows = substr(rows, 1, 9)", [])
        .unwrap();
    let asked = query("AuditEvent", "action=R");
    let found = ward.store.search(asked, Scope::all(), Page::first(9)).await;
    assert!(
        found
            .unwrap_err()
            .to_string()
            .contains("waiting index rows")
    );
}
