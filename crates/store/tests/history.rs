//! Histories: newest first, in pages, within a scope.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test"
)]

mod support;

use store::{History, HistoryScope, Page, RecordKey, Scope, Store};
use support::*;

fn key(id: &str) -> HistoryScope {
    HistoryScope::Instance(RecordKey {
        type_: "Observation".into(),
        id: id.into(),
    })
}

async fn versions(
    store: &Store,
    of: HistoryScope,
    scope: Scope,
    since: Option<i64>,
) -> Vec<String> {
    let mut history = History {
        of,
        scope,
        since_us: since,
        page: Page::first(2),
    };
    let mut all = Vec::new();
    loop {
        let page = store.history(history.clone()).await.unwrap();
        all.extend(
            page.rows
                .iter()
                .map(|row| format!("{}/{}", row.id, row.version)),
        );
        match page.next {
            Some(token) => history.page.after = Some(token),
            None => return all,
        }
    }
}

/// o1 in three versions (the last one a tombstone), o2 moved from p1 to p2, p1 itself.
async fn filled() -> Ward {
    let ward = ward().await;
    let one = observation("o1", "p1", "8480-6", "2024", "1");
    let two = observation("o2", "p1", "8480-6", "2024", "1");
    let moved = observation("o2", "p2", "8480-6", "2024", "1");
    for item in [
        put(&patient("p1", "Byron", "1815"), None, 10),
        put(&one, None, 20),
        put(&two, None, 20),
        put(&one, Some(1), 30),
        put(&moved, Some(1), 40),
        tombstone("Observation", "o1", 2, 50),
    ] {
        ward.store.commit(puts(vec![item])).await.unwrap();
    }
    ward
}

#[tokio::test]
async fn a_history_lists_every_version_newest_first() {
    let ward = filled().await;
    let all = Scope::all;
    let store = &ward.store;
    assert_eq!(
        versions(store, key("o1"), all(), None).await,
        ["o1/3", "o1/2", "o1/1"]
    );
    let of_type = HistoryScope::Type("Observation".into());
    let expected = ["o1/3", "o2/2", "o1/2", "o2/1", "o1/1"];
    assert_eq!(versions(store, of_type, all(), None).await, expected);
    let expected = ["o1/3", "o2/2", "o1/2", "o2/1", "o1/1", "p1/1"];
    assert_eq!(
        versions(store, HistoryScope::System, all(), None).await,
        expected
    );
    assert!(versions(store, key("o9"), all(), None).await.is_empty());
    let unknown = HistoryScope::Type("Device".into());
    assert!(versions(store, unknown, all(), None).await.is_empty());
}

#[tokio::test]
async fn since_keeps_versions_from_that_instant_on() {
    let ward = filled().await;
    let store = &ward.store;
    let found = versions(store, HistoryScope::System, Scope::all(), Some(30)).await;
    assert_eq!(found, ["o1/3", "o2/2", "o1/2"]);
    assert_eq!(
        versions(store, key("o1"), Scope::all(), Some(51)).await,
        Vec::<String>::new()
    );
}

#[tokio::test]
async fn a_scope_sees_versions_of_its_own_patient_only() {
    let ward = filled().await;
    let store = &ward.store;
    let found = versions(store, HistoryScope::System, Scope::patient("p1"), None).await;
    // The version of o2 that was filed under p1 by mistake is not shown to either.
    assert_eq!(found, ["o1/3", "o1/2", "o1/1", "p1/1"]);
    let found = versions(store, key("o2"), Scope::patient("p2"), None).await;
    assert_eq!(found, ["o2/2"]);
    let found = versions(store, HistoryScope::System, Scope::patient("p2"), None).await;
    assert_eq!(found, ["o2/2"]);
    assert!(
        versions(store, HistoryScope::System, Scope::patient("p9"), None)
            .await
            .is_empty()
    );
}

#[tokio::test]
async fn a_history_does_not_shift_while_others_write() {
    let ward = filled().await;
    let mut history = History {
        of: HistoryScope::System,
        scope: Scope::all(),
        since_us: None,
        page: Page::first(4),
    };
    let first = ward.store.history(history.clone()).await.unwrap();
    // One with a time between those of the next page.
    admit(
        &ward.store,
        &observation("o9", "p1", "1-8", "2024", "1"),
        15,
    )
    .await
    .unwrap();
    history.page.after = first.next;
    let second = ward.store.history(history).await.unwrap();
    assert_eq!(ids(&second.rows), ["o1", "p1"]);
}
