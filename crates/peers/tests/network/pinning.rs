//! Only pinned keys are heard, and the registry is asked every time.

use std::sync::Arc;

use peers::{Bounds, PeerError};

use crate::nodes::{Counting, Listening, Mirror, Two, identity, node};

fn refused(called: &Result<peers::Reply, PeerError>) -> bool {
    let there = "our key is not pinned in its registry";
    matches!(called, Err(PeerError::Refused { cause, .. }) if cause == there)
}

fn another_key(called: &Result<peers::Reply, PeerError>) -> bool {
    let here = "another key than the pinned one was shown at its address";
    matches!(called, Err(PeerError::NotPinned { cause, .. }) if *cause == here)
}

#[tokio::test]
async fn a_key_that_is_not_pinned_is_refused_on_both_sides() {
    let handler = Arc::new(Counting::default());
    let (north, mary) = (Bounds::default(), Bounds::default());
    let two = Two::with(north, mary, Arc::clone(&handler) as _).await;
    two.mary_pins.remove("north");
    let called = two.call("/turn", b"abc").await;
    assert!(refused(&called), "{called:?}");
    two.mary_pins.pin("north", identity(1).public(), "");
    two.pins
        .pin("st-mary", identity(3).public(), &two.mary.address);
    let called = two.call("/turn", b"abc").await;
    assert!(another_key(&called), "{called:?}");
    assert_eq!(handler.calls(), 0, "nobody heard a byte");
    two.pins
        .pin("st-mary", identity(2).public(), &two.mary.address);
    two.call("/turn", b"abc").await.unwrap();
    assert_eq!(handler.calls(), 1);
}

#[tokio::test]
async fn an_organisation_without_an_announced_key_is_not_called() {
    let two = Two::start(Bounds::default()).await;
    two.pins.remove("st-mary");
    let called = two.call("/turn", b"abc").await;
    assert!(matches!(called, Err(PeerError::NotPinned { .. })));
    assert!(called.unwrap_err().hint().contains("announce"));
}

#[tokio::test]
async fn a_key_taken_out_of_the_registry_is_refused_at_the_next_call() {
    let handler = Arc::new(Counting::default());
    let (north, mary) = (Bounds::default(), Bounds::default());
    let two = Two::with(north, mary, Arc::clone(&handler) as _).await;
    two.call("/turn", b"abc").await.unwrap();
    two.mary_pins.remove("north");
    for _ in 0..3 {
        // First on the open link, then at the handshake.
        let called = two.call("/turn", b"abc").await;
        assert!(refused(&called), "{called:?}");
    }
    assert_eq!(handler.calls(), 1);
    two.mary_pins.pin("north", identity(1).public(), "");
    two.call("/turn", b"abc").await.unwrap();
    // The other direction: what we pinned is gone, or replaced.
    let pinned = |key| two.pins.pin("st-mary", key, &two.mary.address);
    pinned(identity(3).public());
    assert!(another_key(&two.call("/turn", b"abc").await));
    pinned(identity(2).public());
    two.call("/turn", b"abc").await.unwrap();
    two.pins.remove("st-mary");
    let called = two.call("/turn", b"abc").await;
    assert!(matches!(called, Err(PeerError::NotPinned { .. })));
    assert_eq!(handler.calls(), 3);
    pinned(identity(2).public());
    two.call("/turn", b"abc").await.unwrap();
}

#[tokio::test]
async fn a_replaced_key_takes_the_place_of_the_old_one_at_once() {
    let mut two = Two::start(Bounds::default()).await;
    two.call("/turn", b"abc").await.unwrap();
    let address = two.mary.address.clone();
    two.mary.stop().await;
    let mary = node(4, &two.mary_pins, Bounds::default());
    let mut mary = Listening::start(mary, &address, Arc::new(Mirror)).await;
    assert!(another_key(&two.call("/turn", b"abc").await));
    two.pins.pin("st-mary", identity(4).public(), &address);
    two.call("/turn", b"abc").await.unwrap();
    mary.stop().await;
}

#[test]
fn the_public_key_is_the_one_of_the_seed() {
    // RFC 8032 7.1, test 1.
    let seed = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
    let public = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
    let bytes = |text: &str| -> [u8; 32] {
        let pair = |at: usize| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).unwrap();
        std::array::from_fn(pair)
    };
    let identity = peers::Identity::from_seed(&bytes(seed)).unwrap();
    assert_eq!(identity.public(), bytes(public));
    assert_eq!(format!("{identity:?}"), "Identity(..)");
}
