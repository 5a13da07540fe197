//! A receipt, or a record, with one changed byte is never valid.
#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use proof::receipt::{Invalid, Judge, verify};
use support::{RECORD, sized, world};

#[test]
fn no_receipt_with_one_changed_byte_is_valid() {
    let world = world();
    let (text, policy) = (world.text(), world.policy());
    assert!(verify(text.as_bytes(), &policy, Some(RECORD)).is_ok());
    // It has judged the true one before, and keeps what it can of that.
    let mut judge = Judge::new(&policy);
    assert!(judge.verify(text.as_bytes(), Some(RECORD)).is_ok());
    for place in 0..text.len() {
        let original = text.as_bytes()[place];
        // Every bit, the neighbours, the bytes that mean something in the format, case.
        let flips = (0..8).map(|bit| original ^ (1 << bit));
        let others = [
            0, b'\n', b'\r', b' ', b'\t', b'=', b'+', b'/', b'0', b'1', b'A', b'a', 0xff,
        ];
        let neighbours = [original.wrapping_add(1), original.wrapping_sub(1)];
        for byte in flips
            .chain(others)
            .chain(neighbours)
            .filter(|byte| *byte != original)
        {
            let mut changed = text.clone().into_bytes();
            changed[place] = byte;
            let verdict = verify(&changed, &policy, None);
            assert_eq!(judge.verify(&changed, None), verdict, "byte {place}");
            let error = verdict.expect_err(&format!("byte {place} to {byte:#04x}"));
            assert!(
                !error.is_unusable(),
                "a damaged receipt is a false one: {place} {error}"
            );
        }
    }
}

#[test]
fn no_receipt_with_a_byte_added_or_lost_is_valid() {
    let world = world();
    let (text, policy) = (world.text(), world.policy());
    for place in 0..=text.len() {
        for byte in [b'\n', b' ', b'0', b'A', b'='] {
            let mut longer = text.clone().into_bytes();
            longer.insert(place, byte);
            let verdict = verify(&longer, &policy, None);
            assert!(
                verdict.is_err() || longer == text.as_bytes(),
                "{byte} put in at {place}"
            );
        }
        if place < text.len() {
            let mut shorter = text.clone().into_bytes();
            shorter.remove(place);
            assert!(
                verify(&shorter, &policy, None).is_err(),
                "byte {place} lost"
            );
        }
        assert!(verify(&text.as_bytes()[..place], &policy, None).is_err() || place == text.len());
    }
}

/// The smallest trees have the fewest hashes to hold a change.
#[test]
fn the_smallest_receipts_are_as_strict() {
    for (events, place, entries, index) in [(1, 0, 1, 0), (1, 0, 2, 1), (2, 1, 2, 0), (3, 2, 3, 2)]
    {
        let world = sized(events, place, entries, index);
        let (text, policy) = (world.text(), world.policy());
        assert!(verify(text.as_bytes(), &policy, Some(RECORD)).is_ok());
        for at in 0..text.len() {
            for flip in [1u8, 2, 4, 0x20] {
                let mut changed = text.clone().into_bytes();
                changed[at] ^= flip;
                assert!(
                    verify(&changed, &policy, None).is_err(),
                    "{entries}: {at} ^ {flip}"
                );
            }
        }
    }
}

#[test]
fn no_record_with_one_changed_byte_is_the_committed_one() {
    let world = world();
    let (text, policy) = (world.text(), world.policy());
    for place in 0..RECORD.len() {
        for byte in (0..=u8::MAX).filter(|byte| *byte != RECORD[place]) {
            // The receipt is the same each time: only the first byte values are verified whole.
            let mut changed = RECORD.to_vec();
            changed[place] = byte;
            let digest = proof::event::record_digest(&changed);
            assert_ne!(
                digest,
                proof::event::record_digest(RECORD),
                "{place} to {byte}"
            );
            if byte < 2 || byte == b' ' {
                let verdict = verify(text.as_bytes(), &policy, Some(&changed));
                assert_eq!(verdict, Err(Invalid::Record), "{place} to {byte}");
            }
        }
    }
}
