//! An erased patient is gone from every table and every file; everybody else is as before.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test")]

mod support;

use serde_json::{Value, json};
use store::{
    DelegationStep, Erased, Erasure, Identity, KeptErasure, NewVaultKey, Pact, PactKind, Put,
    Scope, Store, Ticket, TicketKind, User, Write,
};
use support::*;

/// Words that only the erased patient's records hold.
const MARKERS: [&str; 9] = [
    "quillfeather",
    "mrn-p7",
    "system-of-seven",
    "unit-of-seven",
    "Patient/p7",
    "user-of-seven",
    "pact-of-seven",
    "ticket-of-seven",
    "delegate-of-seven",
];

fn vault(patient: &str) -> String {
    format!("Patient/{patient}")
}

fn under(patient: &str, put: Put) -> Put {
    Put {
        vault: vault(patient),
        ..put
    }
}

fn unusual(id: &str, patient: &str) -> Value {
    let mut observation = observation(id, patient, "8480-6", "2024-03", "120");
    observation["code"]["coding"][0]["system"] = json!("urn:system-of-seven");
    observation["valueQuantity"]["unit"] = json!("unit-of-seven");
    observation
}

async fn admit_patient(store: &Store, id: &str, family: &str, more: Vec<Put>) {
    let own = under(id, put(&patient(id, family, "1980-01-02"), None, 10));
    let key = NewVaultKey {
        id: vault(id),
        wrapped: vec![7; 60],
    };
    let write = Write {
        vault_keys: vec![key],
        puts: std::iter::once(own).chain(more).collect(),
        ..Write::default()
    };
    store.commit(write).await.unwrap();
}

async fn two_patients() -> Ward {
    let ward = ward().await;
    let store = &ward.store;
    let shared = observation("o1", "p1", "8480-6", "2024-03", "120");
    admit_patient(
        store,
        "p1",
        "Byron",
        vec![under("p1", put(&shared, None, 11))],
    )
    .await;
    let of_seven =
        [("o7", 12), ("o8", 13)].map(|(id, at)| under("p7", put(&unusual(id, "p7"), None, at)));
    admit_patient(store, "p7", "Quillfeather", of_seven.to_vec()).await;
    store
        .commit(puts(vec![under(
            "p7",
            tombstone("Observation", "o8", 1, 14),
        )]))
        .await
        .unwrap();
    let user = User {
        username: "user-of-seven".into(),
        password_hash: "hash".into(),
        role: "patient".into(),
        patient: Some("p7".into()),
        integrity: vec![5; 32],
    };
    store.put_user(user).await.unwrap();
    around_seven(store).await;
    ward
}

/// What else is known of the patient: a grant, a session, a delegation.
async fn around_seven(store: &Store) {
    let pact = Pact {
        kind: PactKind::Given,
        id: vec![1; 32],
        organisation: String::new(),
        patient: "p7".into(),
        until_us: i64::MAX,
        value: b"pact-of-seven".to_vec(),
        integrity: vec![6; 32],
    };
    store.put_pact(pact).await.unwrap();
    for (digest, body) in [
        (
            [1; 32],
            r#"{"username":"user-of-seven","x":"ticket-of-seven"}"#,
        ),
        ([2; 32], r#"{"username":"user-of-one"}"#),
    ] {
        let ticket = Ticket {
            kind: TicketKind::Session,
            digest,
            family: String::new(),
            used: false,
            expires_us: i64::MAX,
            body: body.as_bytes().to_vec(),
            integrity: vec![6; 32],
        };
        store.put_ticket(ticket, 0, 10).await.unwrap();
    }
    let step = DelegationStep {
        id: "d1".into(),
        number: 1,
        patient: "p7".into(),
        delegate: "delegate-of-seven".into(),
        kind: "proxy".into(),
        since_us: 1,
        until_us: 2,
        by: "somebody".into(),
        record: "r1".into(),
        integrity: vec![6; 32],
    };
    let write = Write {
        identity: vec![Identity::Delegation(step)],
        ..Write::default()
    };
    store.commit(write).await.unwrap();
}

fn erasure() -> Erasure {
    Erasure {
        id: [3; 32],
        patient: "p7".to_owned(),
        vault: vault("p7"),
        sealed: vec![4; 40],
        in_tickets: vec![br#""user-of-seven""#.to_vec()],
    }
}

/// The markers that any file of the folder holds, in whatever case.
fn found_in_files(ward: &Ward) -> Vec<&'static str> {
    let mut bytes = Vec::new();
    for file in std::fs::read_dir(ward.folder.path()).unwrap() {
        bytes.extend(std::fs::read(file.unwrap().path()).unwrap());
    }
    bytes.make_ascii_lowercase();
    let holds = |marker: &str| {
        let marker = marker.to_ascii_lowercase();
        bytes
            .windows(marker.len())
            .any(|window| window == marker.as_bytes())
    };
    MARKERS.into_iter().filter(|marker| holds(marker)).collect()
}

async fn fold(store: &Store) {
    for _ in 0..1_000 {
        if store.fold().await.unwrap() {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("a reader was in the way all the time");
}

#[tokio::test]
async fn nothing_of_an_erased_patient_is_in_any_file() {
    let ward = two_patients().await;
    fold(&ward.store).await;
    assert_eq!(
        found_in_files(&ward),
        MARKERS,
        "the search finds what is there"
    );
    let erased = ward.store.erase(erasure()).await.unwrap();
    let expected = Erased {
        versions: 4,
        records: 3,
        shared: 0,
    };
    assert_eq!(erased, expected);
    fold(&ward.store).await;
    assert_eq!(found_in_files(&ward), [""; 0]);
    assert_eq!(ward.store.integrity_check().await.unwrap(), [""; 0]);
    let kept = KeptErasure {
        id: [3; 32],
        leaves: 4,
        sealed: vec![4; 40],
    };
    assert_eq!(ward.store.erasures([0; 32], 9).await.unwrap(), [kept]);
}

#[tokio::test]
async fn everybody_else_is_as_before() {
    let ward = two_patients().await;
    let store = &ward.store;
    let leaves = store.scan_leaves(0, 100).await.unwrap();
    let of_one = store.current("Observation", "o1").await.unwrap();
    store.erase(erasure()).await.unwrap();
    for (type_, id) in [
        ("Patient", "p7"),
        ("Observation", "o7"),
        ("Observation", "o8"),
    ] {
        assert_eq!(
            store.current(type_, id).await.unwrap(),
            None,
            "{type_}/{id}"
        );
        assert_eq!(store.version(type_, id, 1).await.unwrap(), None);
        assert_eq!(store.batch_of(type_, id, 1).await.unwrap(), None);
    }
    assert_eq!(store.vault_key(&vault("p7")).await.unwrap(), None);
    assert_eq!(store.user("user-of-seven").await.unwrap(), None);
    let sessions = store.tickets(TicketKind::Session).await.unwrap();
    assert_eq!(sessions.len(), 1, "the other one's session stays");
    assert_eq!(store.scan_leaves(0, 100).await.unwrap(), leaves);
    assert_eq!(store.current("Observation", "o1").await.unwrap(), of_one);
    assert_eq!(all(store, "Observation", "code=8480-6").await, ["o1"]);
    let scope = Scope::patient("p1");
    assert_eq!(find(store, "Observation", "", &scope, 10).await, ["o1"]);
    // Texts that went are given anew, and the next leaf follows the last one.
    let later = under("p1", put(&unusual("o9", "p1"), None, 20));
    let committed = store.commit(puts(vec![later])).await.unwrap();
    assert_eq!(committed.first_leaf, leaves.len() as u64 + 1);
    let query = "code=urn:system-of-seven|8480-6";
    assert_eq!(all(store, "Observation", query).await, ["o9"]);
    assert_eq!(store.integrity_check().await.unwrap(), [""; 0]);
}

#[tokio::test]
async fn a_record_that_went_over_to_another_patient_stays_with_its_later_versions() {
    let ward = two_patients().await;
    let store = &ward.store;
    let moved = observation("o7", "p1", "8480-6", "2024-03", "120");
    store
        .commit(puts(vec![under("p1", put(&moved, Some(1), 30))]))
        .await
        .unwrap();
    let erased = store.erase(erasure()).await.unwrap();
    assert_eq!((erased.versions, erased.records), (4, 2));
    assert_eq!(store.version("Observation", "o7", 1).await.unwrap(), None);
    let current = store.current("Observation", "o7").await.unwrap().unwrap();
    assert_eq!(
        (current.version, current.patients),
        (2, vec!["p1".to_owned()])
    );
    assert_eq!(store.integrity_check().await.unwrap(), [""; 0]);
    fold(store).await;
    assert_eq!(found_in_files(&ward), [""; 0]);
}

/// Records in which `p1` and `p7` have a part, under keys of today and of earlier releases.
async fn shared_by_both() -> Ward {
    let ward = two_patients().await;
    let store = &ward.store;
    let both = |id: &str, vault: &str| {
        let mut shared = unusual(id, "p1");
        shared["performer"] = json!([{ "reference": "Patient/p7" }]);
        Put {
            vault: vault.to_owned(),
            ..put(&shared, None, 40)
        }
    };
    // Outside the compartment, and under the key of the other one, as in earlier releases.
    let mut outside = observation("o-out", "p1", "8480-6", "2024-03", "120");
    outside["focus"] = json!([{ "reference": "Patient/p7" }]);
    let amended = observation("o-amended", "p1", "8480-6", "2024-03", "120");
    let joint = "Patient/p1 Patient/p7";
    let write = Write {
        vault_keys: vec![NewVaultKey {
            id: joint.to_owned(),
            wrapped: vec![8; 60],
        }],
        puts: vec![
            both("o-joint", joint),
            both("o-first", "Patient/p1"),
            both("o-amended", joint),
            both("o-gone", joint),
            under("p1", put(&outside, None, 40)),
        ],
        ..Write::default()
    };
    store.commit(write).await.unwrap();
    let gone = Put {
        vault: joint.to_owned(),
        ..tombstone("Observation", "o-gone", 1, 41)
    };
    let amended = under("p1", put(&amended, Some(1), 41));
    store.commit(puts(vec![amended, gone])).await.unwrap();
    ward
}

#[tokio::test]
async fn what_others_have_a_part_in_is_listed_before_and_goes_too() {
    let ward = shared_by_both().await;
    let store = &ward.store;
    let listed = store.shared_with(erasure(), 10).await.unwrap();
    let names: Vec<&str> = listed.iter().map(|it| it.id.as_str()).collect();
    assert_eq!(names, ["o-first", "o-joint", "o-out"]);
    assert!(listed.iter().all(|it| it.also == ["p1"] && it.version == 1));
    assert_eq!(store.shared_with(erasure(), 2).await.unwrap().len(), 2);
    // `p1` is the only one in the compartment and the key of `o-out`.
    let of_one = Erasure {
        patient: "p1".to_owned(),
        vault: vault("p1"),
        ..erasure()
    };
    assert_eq!(store.shared_with(of_one, 10).await.unwrap().len(), 2);

    for (other, shares) in [("p1", true), ("p", false), ("nobody", false)] {
        let found = store.share_a_key(&vault("p7"), &vault(other)).await;
        assert_eq!(found.unwrap(), shares, "{other}");
    }

    let erased = store.erase(erasure()).await.unwrap();
    assert_eq!((erased.records, erased.shared), (7, 3));
    for gone in ["o-first", "o-joint", "o-out", "o-gone"] {
        assert_eq!(
            store.current("Observation", gone).await.unwrap(),
            None,
            "{gone}"
        );
    }
    let kept = store.current("Observation", "o-amended").await.unwrap();
    assert_eq!(kept.unwrap().version, 2);
    assert_eq!(
        store.version("Observation", "o-amended", 1).await.unwrap(),
        None
    );
    assert_eq!(
        store.vault_key("Patient/p1 Patient/p7").await.unwrap(),
        None
    );
    assert!(store.vault_key("Patient/p1").await.unwrap().is_some());
    assert_eq!(store.integrity_check().await.unwrap(), [""; 0]);
    fold(store).await;
    assert_eq!(found_in_files(&ward), [""; 0]);
}

#[tokio::test]
async fn an_erasure_happens_once_and_whole() {
    let ward = two_patients().await;
    let store = &ward.store;
    store.erase(erasure()).await.unwrap();
    assert!(store.erase(erasure()).await.is_err(), "the id is taken");
    let nothing = Erasure {
        id: [5; 32],
        patient: "nobody".to_owned(),
        vault: vault("nobody"),
        sealed: Vec::new(),
        in_tickets: Vec::new(),
    };
    assert_eq!(store.erase(nothing).await.unwrap(), Erased::default());
    assert!(store.current("Patient", "p1").await.unwrap().is_some());
    assert_eq!(store.integrity_check().await.unwrap(), [""; 0]);
}
