//! Writing: all or nothing, in order, guarded, bounded.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test"
)]

mod support;

use std::sync::mpsc;

use store::{Guard, Method, NewVaultKey, Options, Scope, Store, StoreError, Write};
use support::*;

#[tokio::test]
async fn a_version_is_read_back_as_written() {
    let ward = ward().await;
    let written = put(
        &observation("o1", "p1", "8480-6", "2024-03-01", "120"),
        None,
        5,
    );
    ward.store
        .commit(puts(vec![written.clone()]))
        .await
        .unwrap();
    let read = ward
        .store
        .current("Observation", "o1")
        .await
        .unwrap()
        .unwrap();
    assert_eq!((read.version, read.updated_us, read.leaf), (1, 5, 1));
    assert_eq!(read.method, Method::Put);
    assert_eq!(
        (read.vault.as_str(), &read.envelope),
        (VAULT, &written.envelope)
    );
    assert_eq!(read.patients, ["p1"]);
    assert!(!read.deleted());
    assert_eq!(
        ward.store.version("Observation", "o1", 1).await.unwrap(),
        Some(read)
    );
    assert_eq!(
        ward.store.version("Observation", "o1", 2).await.unwrap(),
        None
    );
    assert_eq!(ward.store.current("Observation", "o2").await.unwrap(), None);
    assert_eq!(ward.store.current("Patient", "o1").await.unwrap(), None);
}

#[tokio::test]
async fn a_write_happens_whole_or_not_at_all() {
    let ward = ward().await;
    let one = put(&patient("p1", "Byron", "1815"), None, 1);
    let clash = put(&patient("p2", "Byron", "1815"), Some(3), 1);
    let refused = ward
        .store
        .commit(puts(vec![one.clone(), clash]))
        .await
        .unwrap_err();
    let current = None;
    let (type_, id) = ("Patient".to_owned(), "p2".to_owned());
    assert_eq!(refused, StoreError::Conflict { type_, id, current });
    assert_eq!(ward.store.current("Patient", "p1").await.unwrap(), None);
    assert!(all(&ward.store, "Patient", "name=byron").await.is_empty());
    assert!(ward.store.pending_leaves(10).await.unwrap().is_empty());
    assert!(ward.store.integrity_check().await.unwrap().is_empty());
    // Numbers of texts given inside the refused write are given again.
    ward.store.commit(puts(vec![one])).await.unwrap();
    assert_eq!(
        all(&ward.store, "Patient", "identifier=urn:mrn|mrn-p1").await,
        ["p1"]
    );
    assert!(ward.store.integrity_check().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_stale_write_is_refused() {
    let ward = ward().await;
    let body = patient("p1", "Byron", "1815");
    ward.store
        .commit(puts(vec![put(&body, None, 1)]))
        .await
        .unwrap();
    ward.store
        .commit(puts(vec![put(&body, Some(1), 2)]))
        .await
        .unwrap();
    for expect in [None, Some(1), Some(3)] {
        let error = ward
            .store
            .commit(puts(vec![put(&body, expect, 3)]))
            .await
            .unwrap_err();
        assert!(
            matches!(
                error,
                StoreError::Conflict {
                    current: Some(2),
                    ..
                }
            ),
            "{error:?}"
        );
    }
    let mut gap = put(&body, Some(2), 3);
    gap.version = 4;
    let error = ward.store.commit(puts(vec![gap])).await.unwrap_err();
    assert!(matches!(error, StoreError::Refused(_)), "{error:?}");
}

#[tokio::test]
async fn of_concurrent_writers_on_one_version_exactly_one_wins() {
    let ward = ward().await;
    admit(&ward.store, &patient("p1", "Byron", "1815"), 1)
        .await
        .unwrap();
    let mut tasks = Vec::new();
    for round in 0..20 {
        let store = ward.store.clone();
        let update = put(&patient("p1", &format!("Name{round}"), "1815"), Some(1), 2);
        tasks.push(tokio::spawn(async move {
            store.commit(puts(vec![update])).await
        }));
    }
    let mut won = 0;
    for task in tasks {
        match task.await.unwrap() {
            Ok(_) => won += 1,
            Err(error) => assert!(matches!(error, StoreError::Conflict { .. }), "{error:?}"),
        }
    }
    assert_eq!(won, 1);
}

#[tokio::test]
async fn of_concurrent_conditional_creates_exactly_one_wins() {
    let ward = ward().await;
    let mut tasks = Vec::new();
    for round in 0..20 {
        let store = ward.store.clone();
        let mut body = patient(&format!("p{round}"), "Byron", "1815");
        body["identifier"][0]["value"] = "same".into();
        let guard = Guard {
            query: query("Patient", "identifier=urn:mrn|same"),
            scope: Scope::all(),
            expected: Vec::new(),
        };
        let write = Write {
            guards: vec![guard],
            ..puts(vec![put(&body, None, 1)])
        };
        tasks.push(tokio::spawn(async move { store.commit(write).await }));
    }
    let mut won = 0;
    for task in tasks {
        match task.await.unwrap() {
            Ok(_) => won += 1,
            Err(StoreError::GuardFailed { found }) => assert_eq!(found.len(), 1),
            Err(error) => panic!("{error:?}"),
        }
    }
    assert_eq!(won, 1);
    assert_eq!(
        all(&ward.store, "Patient", "identifier=same").await.len(),
        1
    );
}

#[tokio::test]
async fn a_vault_key_is_stored_once_and_needed() {
    let ward = ward().await;
    let again = Write {
        vault_keys: vec![NewVaultKey {
            id: VAULT.to_owned(),
            wrapped: vec![9; 60],
        }],
        ..Write::default()
    };
    let error = ward.store.commit(again).await.unwrap_err();
    assert_eq!(error, StoreError::VaultKeyExists(VAULT.to_owned()));
    assert_eq!(
        ward.store.vault_key(VAULT).await.unwrap(),
        Some(vec![7; 60])
    );
    assert_eq!(ward.store.vault_key("other").await.unwrap(), None);
    let mut orphan = put(&patient("p1", "Byron", "1815"), None, 1);
    orphan.vault = "other".to_owned();
    let error = ward.store.commit(puts(vec![orphan])).await.unwrap_err();
    assert!(matches!(error, StoreError::Refused(_)), "{error:?}");
}

#[tokio::test]
async fn a_deleted_record_leaves_searches_and_can_come_back() {
    let ward = ward().await;
    let body = observation("o1", "p1", "8480-6", "2024-03-01", "120");
    admit(&ward.store, &body, 1).await.unwrap();
    ward.store
        .commit(puts(vec![tombstone("Observation", "o1", 1, 2)]))
        .await
        .unwrap();
    let current = ward
        .store
        .current("Observation", "o1")
        .await
        .unwrap()
        .unwrap();
    assert!(current.deleted());
    assert_eq!(
        (current.version, current.patients.as_slice()),
        (2, &["p1".to_owned()][..])
    );
    assert!(all(&ward.store, "Observation", "").await.is_empty());
    assert!(
        all(&ward.store, "Observation", "code=8480-6")
            .await
            .is_empty()
    );
    assert!(all(&ward.store, "Observation", "_id=o1").await.is_empty());
    ward.store
        .commit(puts(vec![put(&body, Some(2), 3)]))
        .await
        .unwrap();
    assert_eq!(all(&ward.store, "Observation", "code=8480-6").await, ["o1"]);
    assert!(ward.store.integrity_check().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_full_disk_refuses_and_the_store_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("salus.db");
    let small = Options {
        // The empty tables alone take most of one megabyte.
        bytes_max: Some(2 * 1024 * 1024),
        ..Options::default()
    };
    let store = Store::open(&path, &small).unwrap();
    add_vault(&store).await;
    let mut kept = 0;
    let mut refused = 0;
    for round in 0..200 {
        let mut item = put(&patient(&format!("p{round}"), "Byron", "1815"), None, round);
        item.envelope = vec![1; 20_000];
        match store.commit(puts(vec![item])).await {
            Ok(_) if refused == 0 => kept += 1,
            Ok(_) => panic!("room appeared"),
            Err(error) => {
                assert_eq!(error, StoreError::Full);
                refused += 1;
            }
        }
    }
    assert!(kept > 10 && refused > 10, "{kept} {refused}");
    // Reading goes on, nothing of a refused write is there.
    assert_eq!(all(&store, "Patient", "name=byron").await.len(), kept);
    assert_eq!(store.pending_leaves(1000).await.unwrap().len(), kept);
    assert!(store.integrity_check().await.unwrap().is_empty());
    drop(store);
    // Once there is room, writing goes on.
    let store = Store::open(&path, &Options::default()).unwrap();
    admit(&store, &patient("later", "Byron", "1815"), 500)
        .await
        .unwrap();
    assert_eq!(all(&store, "Patient", "name=byron").await.len(), kept + 1);
}

#[tokio::test]
async fn a_full_queue_answers_busy() {
    let options = Options {
        write_queue: 2,
        group_max: 1,
        ..Options::default()
    };
    let ward = ward_with(&options).await;
    let mut tasks = Vec::new();
    for round in 0..200 {
        let store = ward.store.clone();
        let body = patient(&format!("p{round}"), "Byron", "1815");
        tasks.push(tokio::spawn(async move { admit(&store, &body, 1).await }));
    }
    let (mut kept, mut busy) = (0, 0);
    for task in tasks {
        match task.await.unwrap() {
            Ok(()) => kept += 1,
            Err(error) => {
                assert_eq!(error, StoreError::Busy);
                busy += 1;
            }
        }
    }
    assert!(kept > 0 && busy > 0, "{kept} {busy}");
    assert_eq!(all(&ward.store, "Patient", "").await.len(), kept);
}

#[tokio::test]
async fn only_one_process_writes_and_others_may_read() {
    let ward = ward().await;
    admit(&ward.store, &patient("p1", "Byron", "1815"), 1)
        .await
        .unwrap();
    let path = ward.folder.path().join("salus.db");
    let second = Store::open(&path, &Options::default())
        .map(|_| ())
        .unwrap_err();
    assert!(matches!(second, StoreError::InUse(_)), "{second:?}");
    let reader = Store::open_read_only(&path, &Options::default()).unwrap();
    assert!(reader.current("Patient", "p1").await.unwrap().is_some());
    let error = admit(&reader, &patient("p2", "Byron", "1815"), 1)
        .await
        .unwrap_err();
    assert!(matches!(error, StoreError::Refused(_)), "{error:?}");
    drop(ward.store);
    assert!(Store::open(&path, &Options::default()).is_ok());
}

#[test]
fn a_write_stands_even_when_its_caller_is_gone() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let ward = runtime.block_on(ward());
    let store = ward.store.clone();
    let (started, go) = mpsc::channel();
    let task = runtime.spawn(async move {
        let body = patient("p1", "Byron", "1815");
        let write = store.commit(puts(vec![put(&body, None, 1)]));
        tokio::pin!(write);
        // Polled once: it is queued.
        let () = std::future::poll_fn(|context| {
            let _ = std::future::Future::poll(write.as_mut(), context);
            std::task::Poll::Ready(())
        })
        .await;
        started.send(()).unwrap();
    });
    go.recv().unwrap();
    runtime.block_on(task).unwrap();
    let path = ward.folder.path().join("salus.db");
    drop(ward.store);
    let store = Store::open(&path, &Options::default()).unwrap();
    assert!(
        runtime
            .block_on(store.current("Patient", "p1"))
            .unwrap()
            .is_some()
    );
}

#[tokio::test]
async fn a_closed_store_is_one_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("records.db");
    // Closing is a matter of threads: once would prove little.
    for round in 0..50 {
        let store = Store::open(&path, &Options::default()).unwrap();
        if round == 0 {
            add_vault(&store).await;
        }
        let id = format!("p{round}");
        admit(&store, &patient(&id, "Byron", "1815"), 1)
            .await
            .unwrap();
        assert!(store.current("Patient", &id).await.unwrap().is_some());
        drop(store);
        let log = folder.path().join("records.db-wal");
        assert!(!log.exists(), "round {round}");
    }
}
