//! What the authorization server keeps is used once, bounded, and forgotten in time.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test")]

mod support;

use store::{ClientRow, Kept, PasskeyRow, Ticket, TicketKind, User};
use support::ward;

fn ticket(name: u8, expires_us: i64) -> Ticket {
    Ticket {
        kind: TicketKind::Refresh,
        digest: [name; 32],
        family: "family".into(),
        used: false,
        expires_us,
        body: vec![name],
        integrity: vec![0; 32],
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_at_the_same_time_one_uses_a_ticket_up() {
    let ward = ward().await;
    let store = &ward.store;
    let kept = store.put_ticket(ticket(1, 100), 1, 10).await.unwrap();
    assert_eq!(kept, Kept::Stored);
    let known = store.put_ticket(ticket(1, 999), 1, 10).await.unwrap();
    assert_eq!(known, Kept::Known);
    let mut used = ticket(1, 100);
    used.used = true;
    let mut tries = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let (store, used) = (store.clone(), used.clone());
        tries.spawn(async move { store.replace_unused_ticket(used).await.unwrap() });
    }
    let results = tries.join_all().await;
    assert_eq!(results.into_iter().filter(|won| *won).count(), 1);
    let found = store.ticket(TicketKind::Refresh, [1; 32]).await.unwrap();
    assert_eq!(found, Some(used));
}

#[tokio::test(flavor = "multi_thread")]
async fn tickets_and_clients_are_bounded_and_expire() {
    let ward = ward().await;
    let store = &ward.store;
    for name in 0..3 {
        let kept = store.put_ticket(ticket(name, 100), 1, 3).await.unwrap();
        assert_eq!(kept, Kept::Stored);
    }
    let full = store.put_ticket(ticket(3, 100), 1, 3).await.unwrap();
    assert_eq!(full, Kept::Full);
    // Later the old ones are forgotten, and there is room.
    let kept = store.put_ticket(ticket(3, 300), 200, 3).await.unwrap();
    assert_eq!(kept, Kept::Stored);
    assert_eq!(store.tickets(TicketKind::Refresh).await.unwrap().len(), 1);
    store.drop_family("family").await.unwrap();
    assert!(store.tickets(TicketKind::Refresh).await.unwrap().is_empty());
    let client = |id: &str| ClientRow {
        id: id.into(),
        body: Vec::new(),
        integrity: Vec::new(),
    };
    let kept = store.put_client(client("a"), 1).await.unwrap();
    assert_eq!(kept, Kept::Stored);
    let full = store.put_client(client("b"), 1).await.unwrap();
    assert_eq!(full, Kept::Full);
    assert_eq!(
        store.put_client(client("a"), 1).await.unwrap(),
        Kept::Stored
    );
    assert!(store.drop_client("a").await.unwrap());
    assert!(!store.drop_client("a").await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn passkeys_are_bounded_and_end_with_their_user() {
    let ward = ward().await;
    let store = &ward.store;
    let passkey = |name: u8, username: &str, mark: u8| PasskeyRow {
        credential: vec![name; 16],
        username: username.into(),
        body: vec![mark],
        integrity: vec![mark; 32],
    };
    let put = |name, username| store.put_passkey(passkey(name, username, 0), 2);
    assert_eq!(put(1, "ada").await.unwrap(), Kept::Stored);
    assert_eq!(put(1, "eve").await.unwrap(), Kept::Known);
    assert_eq!(put(2, "ada").await.unwrap(), Kept::Stored);
    assert_eq!(put(3, "ada").await.unwrap(), Kept::Full);
    assert_eq!(put(3, "eve").await.unwrap(), Kept::Stored);
    // Of two that read the same, one writes.
    let changed = |mark| store.replace_passkey(passkey(1, "ada", mark), vec![0; 32]);
    assert!(changed(1).await.unwrap());
    assert!(!changed(2).await.unwrap());
    let foreign = store.replace_passkey(passkey(1, "eve", 3), vec![1; 32]);
    assert!(!foreign.await.unwrap());
    assert!(!store.drop_passkey("eve", vec![1; 16]).await.unwrap());
    assert!(store.drop_passkey("ada", vec![1; 16]).await.unwrap());
    let user = User {
        username: "ada".into(),
        password_hash: String::new(),
        role: "admin".into(),
        patient: None,
        integrity: vec![0; 32],
    };
    store.put_user(user).await.unwrap();
    assert!(store.passkeys(Some("ada")).await.unwrap().is_empty());
    assert_eq!(store.passkeys(None).await.unwrap(), [passkey(3, "eve", 0)]);
}
