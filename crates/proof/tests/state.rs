//! Proofs about the state: what is there, what is not, and nothing else.
#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use proof::receipt::Invalid;
use proof::state::{build, parse, verify};
use support::states::{ABSENT, HEIGHT, PRESENT, VALUE, proof, state, statement};
use support::{TIME_S, world};

#[test]
fn a_proof_shows_what_was_there_and_what_was_not() {
    let world = world();
    for (key, value) in [(PRESENT, Some(VALUE.to_vec())), (ABSENT, None)] {
        let text = build(&proof(&world, key, &[0, 1, 3]));
        assert_eq!(build(&parse(text.as_bytes()).unwrap()), text);
        let shown = verify(text.as_bytes(), &world.policy()).unwrap();
        assert_eq!((shown.key.as_slice(), shown.value), (key, value));
        assert_eq!((shown.ledger, shown.height), (world.origin(), HEIGHT));
        assert_eq!(shown.cosigned_s, (TIME_S, TIME_S + 3));
        assert_eq!(shown.cosigners.len(), 3);
    }
}

#[test]
fn a_quorum_stands_behind_a_proof() {
    let world = world();
    let judge = |cosigners: &[usize]| {
        let text = build(&proof(&world, PRESENT, cosigners));
        verify(text.as_bytes(), &world.policy()).map(|_| ())
    };
    assert_eq!(judge(&[0, 1, 2]), Ok(()));
    assert_eq!(judge(&[0, 1, 2, 3]), Ok(()));
    assert_eq!(judge(&[0, 1]), Err(Invalid::Quorum(2)));
    let double = judge(&[0, 1, 1]).unwrap_err();
    assert_eq!(double.code(), "signatures");
}

#[test]
fn a_cosignature_of_the_history_is_none_of_the_state() {
    let world = world();
    let mut forged = proof(&world, PRESENT, &[0, 1, 3]);
    // The same validators, over the same number and root, but as the history.
    let history = statement(&world, &world.origin(), &[0, 1, 3]);
    forged.checkpoint.lines = history.lines.clone();
    let lines = verify(build(&forged).as_bytes(), &world.policy()).unwrap_err();
    assert_eq!(lines.code(), "signatures");
    forged.checkpoint = history;
    let whole = verify(build(&forged).as_bytes(), &world.policy()).unwrap_err();
    assert_eq!(whole.code(), "origin");
}

#[test]
fn a_proof_of_one_key_is_none_of_another() {
    let world = world();
    for (key, other) in [(PRESENT, ABSENT), (ABSENT, PRESENT)] {
        let mut swapped = proof(&world, key, &[0, 1, 3]);
        swapped.key = other.to_vec();
        let verdict = verify(build(&swapped).as_bytes(), &world.policy()).unwrap_err();
        assert_eq!(verdict.code(), "state");
    }
}

/// One walk proves the absence of every key that it leads to: a changed key may be as absent.
#[test]
fn no_proof_with_one_changed_byte_shows_what_is_not_so() {
    let world = world();
    let policy = world.policy();
    for key in [PRESENT, ABSENT] {
        let text = build(&proof(&world, key, &[0, 1, 3])).into_bytes();
        let judge = |changed: &[u8], place: usize| {
            let Ok(shown) = verify(changed, &policy) else {
                return;
            };
            let line = text[..place].split(|it| *it == b'\n').count() - 1;
            assert_eq!((line, key), (1, ABSENT), "byte {place}");
            assert_ne!(shown.key, key);
            assert_eq!((shown.value, state().get(&shown.key)), (None, None));
        };
        for place in 0..text.len() {
            for flip in [1, 2, 4, 8, 0x20, 0x40] {
                let mut changed = text.clone();
                changed[place] ^= flip;
                judge(&changed, place);
            }
            for byte in [b'\n', b' ', b'0', b'A', b'='] {
                let mut longer = text.clone();
                longer.insert(place, byte);
                if longer != text {
                    judge(&longer, place);
                }
            }
            assert!(verify(&text[..place], &policy).is_err());
        }
    }
}
