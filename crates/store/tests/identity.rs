//! Keys of patients and delegations: added in order, with the write that tells of them or not at
//! all.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test"
)]

mod support;

use store::{DelegationStep, Identity, PatientKey, SeedChange, StoreError, Write};
use support::*;

fn key(number: u64) -> PatientKey {
    PatientKey {
        patient: "p1".into(),
        number,
        mode: "custodial".into(),
        reason: "enrolled".into(),
        consent_key: vec![1; 32],
        x_wing_key: Some(vec![6; 1216]),
        since_us: 70,
        possession: vec![2; 64],
        approval: Some(vec![3; 64]),
        record: "r1".into(),
        integrity: vec![3; 32],
    }
}

fn step(number: u64) -> DelegationStep {
    DelegationStep {
        id: "d1".into(),
        number,
        patient: "p1".into(),
        delegate: "ada".into(),
        kind: "guardian".into(),
        since_us: 70,
        until_us: 80,
        by: "eve".into(),
        record: "r2".into(),
        integrity: vec![4; 32],
    }
}

fn write(identity: Identity) -> Write {
    Write {
        identity: vec![identity],
        ..Write::default()
    }
}

#[tokio::test]
async fn changes_of_a_key_follow_each_other() {
    let store = ward().await.store;
    let keep = |number| write(Identity::Key(key(number), SeedChange::Keep(vec![7; 60])));
    let refused = store.commit(keep(2)).await.unwrap_err();
    assert!(matches!(
        refused,
        StoreError::Conflict {
            current: Some(0),
            ..
        }
    ));
    store.commit(keep(1)).await.unwrap();
    let refused = store.commit(keep(1)).await.unwrap_err();
    assert!(matches!(
        refused,
        StoreError::Conflict {
            current: Some(1),
            ..
        }
    ));
    assert_eq!(store.patient_keys("p1").await.unwrap(), [key(1)]);
    assert_eq!(store.patient_keys("p2").await.unwrap(), []);
    assert_eq!(store.patient_seed("p1").await.unwrap(), Some(vec![7; 60]));
    let destroyed = write(Identity::Key(key(2), SeedChange::Destroy));
    store.commit(destroyed).await.unwrap();
    assert_eq!(store.patient_keys("p1").await.unwrap(), [key(1), key(2)]);
    assert_eq!(store.patient_seed("p1").await.unwrap(), None);
    assert_eq!(
        store.scan_patient_keys(("p1", 1), 9).await.unwrap(),
        [key(2)]
    );
}

#[tokio::test]
async fn a_record_that_is_refused_takes_the_key_with_it() {
    let store = ward().await.store;
    let mut both = write(Identity::Key(key(1), SeedChange::Destroy));
    // A version of a record that does not exist.
    both.puts = vec![put(&patient("p1", "Byron", "1815-12-10"), Some(4), 10)];
    assert!(store.commit(both).await.is_err());
    assert_eq!(store.patient_keys("p1").await.unwrap(), []);
    // And the other way round.
    let mut both = write(Identity::Key(key(5), SeedChange::Destroy));
    both.puts = vec![put(&patient("p1", "Byron", "1815-12-10"), None, 10)];
    assert!(store.commit(both).await.is_err());
    assert!(store.current("Patient", "p1").await.unwrap().is_none());
}

#[tokio::test]
async fn an_erasure_leaves_no_row() {
    let store = ward().await.store;
    let key = Identity::Key(key(1), SeedChange::Keep(vec![7; 60]));
    store.commit(write(key)).await.unwrap();
    store
        .commit(write(Identity::Delegation(step(1))))
        .await
        .unwrap();
    store.forget_identity("p2").await.unwrap();
    assert_eq!(store.patient_keys("p1").await.unwrap().len(), 1);
    store.forget_identity("p1").await.unwrap();
    assert_eq!(store.patient_keys("p1").await.unwrap(), []);
    assert_eq!(store.patient_seed("p1").await.unwrap(), None);
    assert_eq!(store.delegations_of("p1").await.unwrap(), []);
}

#[tokio::test]
async fn a_delegation_ends_once() {
    let store = ward().await.store;
    let put = |number| write(Identity::Delegation(step(number)));
    assert!(store.commit(put(2)).await.is_err());
    store.commit(put(1)).await.unwrap();
    store.commit(put(2)).await.unwrap();
    assert!(store.commit(put(2)).await.is_err());
    assert!(store.commit(put(3)).await.is_err());
    for found in [
        store.delegations_of("p1").await.unwrap(),
        store.delegations_to("ada").await.unwrap(),
        store.delegation("d1").await.unwrap(),
    ] {
        assert_eq!(found, [step(1), step(2)]);
    }
    assert_eq!(store.delegations_to("p1").await.unwrap(), []);
}
