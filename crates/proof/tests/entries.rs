//! Receipts of transactions: what the ledger accepted, without anything to open.
#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use proof::codec::Canonical;
use proof::receipt::{EntryReceipt, build_entry, is_entry, parse_entry, verify, verify_entry};
use proof::transaction::Entry;
use proof::{Digest, Signature};
use support::{World, world};

/// A world in which the entry is a transaction of another kind.
fn acted(kind: u8) -> World {
    let mut world = world();
    let entry = world.resigned(|header, body| {
        header.kind = kind;
        *body = vec![7; 96];
    });
    world.put_entry(entry);
    world
}

fn receipt(world: &World, cosigners: &[usize]) -> EntryReceipt {
    let whole = world.receipt(cosigners);
    EntryReceipt {
        entry: whole.opening.entry,
        index: whole.index,
        path: whole.path,
        checkpoint: whole.checkpoint,
    }
}

#[test]
fn a_receipt_of_a_transaction_shows_the_transaction() {
    let world = acted(17);
    let text = build_entry(&receipt(&world, &[0, 1, 3]));
    assert_eq!(build_entry(&parse_entry(text.as_bytes()).unwrap()), text);
    let shown = verify_entry(text.as_bytes(), &world.policy()).unwrap();
    assert_eq!(shown.entry, world.entry);
    assert_eq!((shown.index, shown.size), (6, 11));
    assert_eq!(shown.cosigners.len(), 3);
}

#[test]
fn the_two_forms_are_told_apart() {
    let world = world();
    let (record, entry) = (world.text(), build_entry(&receipt(&world, &[0, 1, 3])));
    let policy = world.policy();
    assert!(is_entry(entry.as_bytes()) && !is_entry(record.as_bytes()));
    assert!(!is_entry(b"hello"));
    assert_eq!(
        verify(entry.as_bytes(), &policy, None).unwrap_err().code(),
        "malformed"
    );
    assert_eq!(
        verify_entry(record.as_bytes(), &policy).unwrap_err().code(),
        "malformed"
    );
}

#[test]
fn what_is_wrong_with_a_receipt_of_a_transaction_is_named() {
    type Change = (&'static str, fn(&mut Entry), &'static [usize]);
    let all: &[usize] = &[0, 1, 3];
    let changes: [Change; 4] = [
        ("quorum", |_| (), &[0]),
        (
            "entry",
            |it| it.transaction.signature = Signature([0; 64]),
            all,
        ),
        (
            "entry",
            |it| it.transaction.header.chain = Digest([1; 32]),
            all,
        ),
        ("signatures", |_| (), &[0, 1, 1]),
    ];
    for (code, change, cosigners) in changes {
        let mut world = acted(16);
        let mut entry = world.entry.clone();
        change(&mut entry);
        world.put_entry(entry);
        let text = build_entry(&receipt(&world, cosigners));
        let verdict = verify_entry(text.as_bytes(), &world.policy());
        assert_eq!(verdict.unwrap_err().code(), code);
    }
    let world = acted(16);
    let mut elsewhere = receipt(&world, all);
    elsewhere.index = 5;
    let verdict = verify_entry(build_entry(&elsewhere).as_bytes(), &world.policy());
    assert_eq!(verdict.unwrap_err().code(), "history");
    let mut trailing = world.entry.to_bytes();
    trailing.push(0);
    let mut longer = receipt(&world, all);
    longer.entry = trailing;
    let verdict = verify_entry(build_entry(&longer).as_bytes(), &world.policy());
    assert_eq!(verdict.unwrap_err().code(), "history");
}

#[test]
fn no_receipt_of_a_transaction_with_one_changed_byte_is_valid() {
    let world = acted(20);
    let text = build_entry(&receipt(&world, &[0, 1, 3])).into_bytes();
    let policy = world.policy();
    for place in 0..text.len() {
        for flip in [1, 2, 4, 8, 0x20, 0x40] {
            let mut changed = text.clone();
            changed[place] ^= flip;
            assert!(verify_entry(&changed, &policy).is_err(), "byte {place}");
        }
        assert!(verify_entry(&text[..place], &policy).is_err());
    }
}
