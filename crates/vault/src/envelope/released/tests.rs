//! What a released envelope opens for, that its content is unchanged, and its frozen bytes.

use proptest::prelude::*;

use super::super::seal;
use super::super::tests::{self as stored_tests, hex};
use super::*;

const CONTEXT: Context<'static> = Context {
    custodian: "st-mary",
    record_type: "Observation",
    record_id: "o1",
    version: 3,
};
const GRANT: &[u8] = &[5; 16];

fn vault_key() -> VaultKey {
    VaultKey::from_bytes([7; 32])
}

fn grant_key() -> GrantKey {
    GrantKey::from_bytes([9; 32])
}

fn stored(plaintext: &[u8]) -> Vec<u8> {
    seal(&vault_key(), &CONTEXT, &[4; 32], b"event", plaintext).unwrap()
}

fn released(plaintext: &[u8]) -> Vec<u8> {
    let stored = stored(plaintext);
    release(&vault_key(), &CONTEXT, &stored, &grant_key(), GRANT).unwrap()
}

fn derived(plaintext: &[u8]) -> Vec<u8> {
    seal_derived(&grant_key(), GRANT, &CONTEXT, plaintext).unwrap()
}

fn other_contexts() -> [Context<'static>; 5] {
    [
        Context {
            custodian: "north",
            ..CONTEXT
        },
        Context {
            record_type: "Patient",
            ..CONTEXT
        },
        Context {
            record_id: "o2",
            ..CONTEXT
        },
        Context {
            version: 4,
            ..CONTEXT
        },
        Context {
            record_type: "Observatio",
            record_id: "no1",
            ..CONTEXT
        },
    ]
}

#[test]
fn what_is_released_opens_to_what_was_stored() {
    for length in [0, 1, 300, 16_384 - 41, 40_000] {
        let plaintext: Vec<u8> = (0..length).map(|at: usize| at.to_le_bytes()[0]).collect();
        let stored = stored(&plaintext);
        let sent = release(&vault_key(), &CONTEXT, &stored, &grant_key(), GRANT).unwrap();
        assert_eq!(sent.len(), stored.len());
        assert_eq!(sent[HEAD..], stored[HEAD..], "the content is not touched");
        assert_ne!(sent[..HEAD], stored[..HEAD]);
        let opened = open_released(&grant_key(), GRANT, &CONTEXT, &sent).unwrap();
        let own = super::super::open(&vault_key(), &CONTEXT, &stored).unwrap();
        assert!(opened == own && *opened.plaintext == plaintext);
    }
}

#[test]
fn what_is_derived_opens_to_the_same() {
    for length in [0, 1, 300, 16_383, 16_384, 40_000] {
        let plaintext = vec![8; length];
        let sent = derived(&plaintext);
        let opened = open_derived(&grant_key(), GRANT, &CONTEXT, &sent).unwrap();
        assert_eq!(*opened, plaintext);
    }
    assert_ne!(derived(b"same"), derived(b"same"));
    assert_ne!(released(b"same"), released(b"same"));
}

#[test]
fn a_wrong_grant_key_grant_or_context_opens_nothing() {
    let (whole, copy) = (released(b"the body"), derived(b"the body"));
    let refused = VaultError::Commitment;
    let check = |key: &GrantKey, grant: &[u8], context: &Context<'_>| {
        let opened = open_released(key, grant, context, &whole);
        assert_eq!(opened, Err(refused.clone()), "{grant:?} {context:?}");
        let opened = open_derived(key, grant, context, &copy);
        assert_eq!(opened, Err(refused.clone()), "{grant:?} {context:?}");
    };
    check(&GrantKey::from_bytes([8; 32]), GRANT, &CONTEXT);
    check(&grant_key(), &[6; 16], &CONTEXT);
    check(&grant_key(), &[5; 15], &CONTEXT);
    check(&grant_key(), &[], &CONTEXT);
    for other in other_contexts() {
        check(&grant_key(), GRANT, &other);
    }
}

#[test]
fn every_changed_byte_is_refused() {
    let (whole, copy) = (released(&[1; 300]), derived(&[1; 300]));
    for flip in [0x01, 0x80] {
        for at in 0..whole.len() {
            let mut changed = whole.clone();
            changed[at] ^= flip;
            let opened = open_released(&grant_key(), GRANT, &CONTEXT, &changed);
            assert!(opened.is_err(), "byte {at}");
        }
        for at in 0..copy.len() {
            let mut changed = copy.clone();
            changed[at] ^= flip;
            let opened = open_derived(&grant_key(), GRANT, &CONTEXT, &changed);
            assert!(opened.is_err(), "byte {at}");
        }
    }
    for cut in 0..whole.len() {
        assert!(open_released(&grant_key(), GRANT, &CONTEXT, &whole[..cut]).is_err());
    }
    for cut in 0..copy.len() {
        assert!(open_derived(&grant_key(), GRANT, &CONTEXT, &copy[..cut]).is_err());
    }
}

#[test]
fn a_copy_never_passes_for_an_original() {
    let forms = [stored(b"body"), released(b"body"), derived(b"body")];
    for (own, form) in forms.iter().enumerate() {
        // With its own first byte, and with each of the others.
        for kind in [SUITE, RELEASED, DERIVED] {
            let mut bytes = form.clone();
            bytes[0] = kind;
            let opened = [
                super::super::open(&vault_key(), &CONTEXT, &bytes).is_ok(),
                open_released(&grant_key(), GRANT, &CONTEXT, &bytes).is_ok(),
                open_derived(&grant_key(), GRANT, &CONTEXT, &bytes).is_ok(),
            ];
            for (by, opened) in opened.into_iter().enumerate() {
                let expected = by == own && bytes[0] == form[0];
                assert_eq!(opened, expected, "form {own} as {kind} opened by {by}");
            }
        }
    }
}

#[test]
fn only_the_own_record_version_can_be_released() {
    let stored = stored(b"the body");
    let refused = Err(VaultError::Commitment);
    for other in other_contexts() {
        let sent = release(&vault_key(), &other, &stored, &grant_key(), GRANT);
        assert_eq!(sent, refused, "{other:?}");
    }
    let stranger = VaultKey::from_bytes([6; 32]);
    let sent = release(&stranger, &CONTEXT, &stored, &grant_key(), GRANT);
    assert_eq!(sent, refused);
    // Data key, salt and commitment are checked; the content is for whoever opens it.
    for at in 0..HEAD + cobblestone::HEAD {
        let mut changed = stored.clone();
        changed[at] ^= 1;
        let sent = release(&vault_key(), &CONTEXT, &changed, &grant_key(), GRANT);
        assert!(sent.is_err(), "byte {at}");
    }
}

#[test]
fn a_wrapped_key_of_one_version_does_not_fit_the_content_of_another() {
    let mut mixed = released(b"the body")[..HEAD].to_vec();
    mixed.extend_from_slice(&released(b"the body")[HEAD..]);
    let opened = open_released(&grant_key(), GRANT, &CONTEXT, &mixed);
    assert_eq!(opened, Err(VaultError::Commitment));
}

/// To change a line is to approve a new format, under a new first byte.
const VECTORS: &str = include_str!("../../../vectors/released.txt");

#[test]
fn frozen_vectors_still_open() {
    let line = |name: &str| {
        let found = VECTORS.lines().find_map(|line| line.strip_prefix(name));
        found.unwrap().trim()
    };
    let envelope = stored_tests::frozen(13);
    let context = stored_tests::CONTEXT;
    let sent = release_with(
        [1; NONCE],
        &vault_key(),
        &context,
        &envelope,
        &grant_key(),
        GRANT,
    );
    assert_eq!(hex(&sent.unwrap()), line("released"));
    let copy = seal_derived_with([2; SALT], &grant_key(), GRANT, &context, &[0x42; 13]);
    assert_eq!(hex(&copy.unwrap()), line("derived"));
}

proptest! {
    #[test]
    fn random_bytes_never_open(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        for kind in [RELEASED, DERIVED] {
            let bytes = [&[kind], bytes.as_slice()].concat();
            prop_assert!(open_released(&grant_key(), GRANT, &CONTEXT, &bytes).is_err());
            prop_assert!(open_derived(&grant_key(), GRANT, &CONTEXT, &bytes).is_err());
        }
    }
}
