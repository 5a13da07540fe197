//! Calls and replies over a real link.

use std::sync::Arc;

use crate::nodes::{LONG, Listening, Mirror, Two, identity, node};
use bytes::Bytes;
use peers::{Bounds, PeerError};

#[tokio::test]
async fn a_call_is_answered_and_the_caller_is_known_by_its_key() {
    let mut two = Two::start(Bounds::default()).await;
    let reply = two.call("/turn", b"abc").await.unwrap();
    assert_eq!((reply.status, reply.body.as_ref()), (200, &b"cba"[..]));
    let reply = two.call("/who", b"").await.unwrap();
    assert_eq!(reply.body.as_ref(), b"north");
    let reply = two.call("/turn", b"").await.unwrap();
    assert!(reply.body.is_empty());
    two.mary.stop().await;
}

#[tokio::test]
async fn a_large_body_goes_both_ways() {
    let mut two = Two::start(Bounds::default()).await;
    let body: Vec<u8> = (0..5_000_000u32).map(|at| at.to_le_bytes()[0]).collect();
    let reply = two.call("/turn", &body).await.unwrap();
    assert!(reply.body.iter().rev().eq(body.iter()));
    two.mary.stop().await;
}

#[tokio::test]
async fn a_hundred_calls_at_once_are_all_answered() {
    let two = Arc::new(Two::start(Bounds::default()).await);
    let calls: Vec<_> = (0..100u8)
        .map(|number| {
            let two = Arc::clone(&two);
            tokio::spawn(async move {
                let body = [vec![number], vec![0; 100_000]].concat();
                let reply = two.call("/turn", &body).await.unwrap();
                assert_eq!(reply.body.last(), Some(&number));
            })
        })
        .collect();
    for call in calls {
        call.await.unwrap();
    }
}

#[tokio::test]
async fn a_peer_that_was_restarted_is_reached_again() {
    let mut two = Two::start(Bounds::default()).await;
    two.call("/turn", b"abc").await.unwrap();
    let address = two.mary.address.clone();
    two.mary.stop().await;
    let body = || Bytes::from_static(b"abc");
    let call = || two.north.call("st-mary", "/turn", body(), LONG);
    assert!(matches!(call().await, Err(PeerError::Unreachable { .. })));
    let mary = node(2, &two.mary_pins, Bounds::default());
    let mut mary = Listening::start(mary, &address, Arc::new(Mirror)).await;
    assert_eq!(call().await.unwrap().body.as_ref(), b"cba");
    mary.stop().await;
}

#[tokio::test]
async fn a_peer_that_moved_is_found_where_the_registry_says() {
    let mut two = Two::start(Bounds::default()).await;
    two.call("/turn", b"abc").await.unwrap();
    let mary = node(2, &two.mary_pins, Bounds::default());
    let mut moved = Listening::start(mary, "127.0.0.1:0", Arc::new(Mirror)).await;
    two.mary.stop().await;
    two.pins
        .pin("st-mary", identity(2).public(), &moved.address);
    assert_eq!(
        two.call("/turn", b"abc").await.unwrap().body.as_ref(),
        b"cba"
    );
    moved.stop().await;
}

#[tokio::test]
async fn a_status_that_is_none_becomes_an_error_of_the_server() {
    let two = Two::start(Bounds::default()).await;
    assert_eq!(two.call("/odd", b"").await.unwrap().status, 500);
}

#[tokio::test]
async fn a_path_of_another_form_is_not_sent() {
    let two = Two::start(Bounds::default()).await;
    let long = format!("/{}", "x".repeat(256));
    for path in ["", "turn", "/a b", "/a?b", "/a#b", "/ä", "/a\r\nb", &long] {
        let called = two.call(path, b"").await;
        assert!(matches!(called, Err(PeerError::Malformed(_))), "{path}");
    }
}
