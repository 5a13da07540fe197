//! Leaves and batches.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test"
)]

mod support;

use store::{Batch, LeafPlace, StoreError};
use support::*;

fn batch(sequence: u64, first_leaf: u64, leaves: u64) -> Batch {
    let root = |sequence: u64| {
        if sequence == 0 {
            [0; 32]
        } else {
            [u8::try_from(sequence).unwrap(); 32]
        }
    };
    Batch {
        sequence,
        first_leaf,
        leaves,
        blinding: [0xb1; 32],
        root: root(sequence),
        previous: root(sequence - 1),
        transaction: vec![1, 2, 3],
        anchor: None,
    }
}

async fn filled(records: usize) -> Ward {
    let ward = ward().await;
    for number in 0..records {
        let body = patient(&format!("p{number}"), "Byron", "1815");
        admit(&ward.store, &body, i64::try_from(number).unwrap())
            .await
            .unwrap();
    }
    ward
}

#[tokio::test]
async fn leaves_and_batches_have_no_gap() {
    let ward = filled(5).await;
    let store = &ward.store;
    let numbers =
        |leaves: &[store::Leaf]| leaves.iter().map(|leaf| leaf.number).collect::<Vec<_>>();
    assert_eq!(numbers(&store.pending_leaves(3).await.unwrap()), [1, 2, 3]);
    for wrong in [batch(2, 1, 3), batch(1, 2, 3), batch(1, 1, 6)] {
        let error = store.seal_batch(wrong).await.unwrap_err();
        assert!(matches!(error, StoreError::Refused(_)), "{error:?}");
    }
    store.seal_batch(batch(1, 1, 3)).await.unwrap();
    assert_eq!(store.open_batch().await.unwrap(), Some(batch(1, 1, 3)));
    assert_eq!(numbers(&store.pending_leaves(9).await.unwrap()), [4, 5]);
    let error = store.seal_batch(batch(2, 4, 2)).await.unwrap_err();
    assert!(
        matches!(error, StoreError::Refused(_)),
        "one batch is open at a time"
    );
    store.anchor_batch(1, vec![9]).await.unwrap();
    assert_eq!(store.open_batch().await.unwrap(), None);
    let mut forked = batch(2, 4, 2);
    forked.previous = [7; 32];
    assert!(store.seal_batch(forked).await.is_err());
    // An empty batch, then one with the rest.
    store.seal_batch(batch(2, 4, 0)).await.unwrap();
    store.anchor_batch(2, vec![9]).await.unwrap();
    store.seal_batch(batch(3, 4, 2)).await.unwrap();
    assert!(store.pending_leaves(9).await.unwrap().is_empty());
    assert!(store.integrity_check().await.unwrap().is_empty());
    let batches = store.scan_batches(0, 10).await.unwrap();
    assert_eq!(
        batches.iter().map(|one| one.leaves).collect::<Vec<_>>(),
        [3, 0, 2]
    );
    assert_eq!(
        batches[1].anchor,
        Some(Vec::new()),
        "an empty batch keeps no anchor"
    );
    assert_eq!(store.last_batch().await.unwrap().unwrap().sequence, 3);
}

#[tokio::test]
async fn a_version_is_found_in_its_batch_at_its_place() {
    let ward = filled(5).await;
    let store = &ward.store;
    let place = |id: &'static str| async move { store.batch_of("Patient", id, 1).await.unwrap() };
    assert_eq!(place("p9").await, None);
    assert_eq!(store.batch_of("Patient", "p1", 2).await.unwrap(), None);
    assert_eq!(place("p1").await, Some(LeafPlace::Pending));
    store.seal_batch(batch(1, 1, 0)).await.unwrap();
    store.anchor_batch(1, Vec::new()).await.unwrap();
    store.seal_batch(batch(2, 1, 3)).await.unwrap();
    assert_eq!(place("p3").await, Some(LeafPlace::Pending));
    let leaves = store.scan_leaves(0, 3).await.unwrap();
    let Some(LeafPlace::Sealed {
        batch: found,
        position,
        commitments,
    }) = place("p1").await
    else {
        panic!("p1 is in batch 2");
    };
    assert_eq!((found, position), (batch(2, 1, 3), 1));
    assert_eq!(
        commitments,
        leaves
            .iter()
            .map(|leaf| leaf.commitment)
            .collect::<Vec<_>>()
    );
    store.anchor_batch(2, vec![5, 6]).await.unwrap();
    let Some(LeafPlace::Sealed {
        batch: found,
        position: 2,
        ..
    }) = place("p2").await
    else {
        panic!("p2 is the third of batch 2");
    };
    assert_eq!(found.anchor, Some(vec![5, 6]));
}

#[tokio::test]
async fn only_the_open_batch_changes() {
    let ward = filled(1).await;
    let store = &ward.store;
    store.seal_batch(batch(1, 1, 1)).await.unwrap();
    store.replace_batch_transaction(1, vec![4]).await.unwrap();
    assert_eq!(store.open_batch().await.unwrap().unwrap().transaction, [4]);
    assert!(store.replace_batch_transaction(2, vec![4]).await.is_err());
    assert!(store.anchor_batch(2, vec![4]).await.is_err());
    store.anchor_batch(1, vec![8]).await.unwrap();
    assert!(store.replace_batch_transaction(1, vec![5]).await.is_err());
    assert!(store.anchor_batch(1, vec![5]).await.is_err());
    assert_eq!(
        store.last_batch().await.unwrap().unwrap().anchor,
        Some(vec![8])
    );
}
