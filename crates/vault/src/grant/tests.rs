//! What a sealed grant key opens for, and its frozen bytes.

use proptest::prelude::*;

use super::*;
use crate::Cost;

const CONTEXT: GrantContext<'static> = GrantContext {
    custodian: "st-mary",
    recipient: "north-clinic",
    grant_id: &[5; 16],
};

fn recipient() -> WrapKey {
    WrapKey::from_seed(&[7; 32])
}

fn grant_key() -> GrantKey {
    GrantKey::from_bytes([9; 32])
}

fn sealed() -> Vec<u8> {
    let public = recipient().public();
    grant_key().seal_to(&public, &CONTEXT).unwrap()
}

#[test]
fn a_sealed_grant_key_opens_to_the_same() {
    let sealed = sealed();
    assert_eq!(sealed.len(), SEALED_BYTES);
    assert_eq!(recipient().open(&sealed, &CONTEXT), Ok(grant_key()));
}

#[test]
fn no_two_sealed_keys_are_alike() {
    assert_ne!(sealed(), sealed());
    assert_ne!(GrantKey::fresh(), GrantKey::fresh());
}

#[test]
fn another_organisation_opens_no_grant_key() {
    let other = WrapKey::from_seed(&[8; 32]);
    let refused = Err(VaultError::Sealed("grant key"));
    assert_eq!(other.open(&sealed(), &CONTEXT), refused);
}

#[test]
fn a_sealed_key_opens_for_its_context_only() {
    let others = [
        GrantContext {
            custodian: "north",
            ..CONTEXT
        },
        GrantContext {
            recipient: "city-lab",
            ..CONTEXT
        },
        GrantContext {
            grant_id: &[6; 16],
            ..CONTEXT
        },
        GrantContext {
            grant_id: &[5; 15],
            ..CONTEXT
        },
        // The border between names cannot be moved.
        GrantContext {
            custodian: "st-maryn",
            recipient: "orth-clinic",
            ..CONTEXT
        },
    ];
    let sealed = sealed();
    for other in others {
        let opened = recipient().open(&sealed, &other);
        assert_eq!(opened, Err(VaultError::Sealed("grant key")), "{other:?}");
    }
}

#[test]
fn every_changed_byte_of_a_sealed_key_is_refused() {
    let (key, sealed) = (recipient(), sealed());
    for at in 0..sealed.len() {
        let mut changed = sealed.clone();
        changed[at] ^= 0x80;
        assert!(key.open(&changed, &CONTEXT).is_err(), "byte {at}");
    }
    for length in [0, 1, ENCAPSULATED, sealed.len() - 1] {
        assert!(key.open(&sealed[..length], &CONTEXT).is_err(), "{length}");
    }
    let longer = [sealed.as_slice(), &[0]].concat();
    assert!(key.open(&longer, &CONTEXT).is_err());
}

#[test]
fn a_key_that_is_no_public_key_is_refused_before_anything_is_sealed() {
    let refused = Err(VaultError::Format {
        what: "public key",
        reason: "not an X-Wing public key",
    });
    let public = recipient().public();
    // A coefficient of ML-KEM that is not below 3329 (FIPS 203 7.2).
    let unreduced = [0xff; PUBLIC_BYTES];
    for bad in [&public[..1215], &[], unreduced.as_slice()] {
        assert_eq!(grant_key().seal_to(bad, &CONTEXT), refused);
    }
}

#[test]
fn names_are_bounded() {
    let name = "x".repeat(NAME_BYTES_MAX + 1);
    let context = GrantContext {
        custodian: &name,
        ..CONTEXT
    };
    let refused = grant_key().seal_to(&recipient().public(), &context);
    assert!(matches!(refused, Err(VaultError::TooLarge { .. })));
}

#[test]
fn the_key_pair_is_the_one_that_the_draft_expands_from_a_seed() {
    // draft-connolly-cfrg-xwing-kem, appendix C, first vector: seed and beginning of the key.
    let seed = unhex("7f9c2ba4e88f827d616045507605853ed73b8093f6efbc88eb1a6eacfa66ef26");
    let key = WrapKey::from_seed(&seed.try_into().unwrap());
    let begins = unhex("e2236b35a8c24b39b10aa1323a96a919a2ced88400633a7b07131713fc14b2b5");
    assert_eq!(key.public()[..32], begins);
}

#[test]
fn a_kept_grant_key_opens_under_its_own_id_and_root_key_only() {
    let folder = tempfile::tempdir().unwrap();
    let cheap = Cost {
        memory_kib: 8,
        passes: 1,
        lanes: 1,
    };
    let root = RootKey::create_at(&folder.path().join("root"), b"pass", cheap).unwrap();
    let sealed = grant_key().keep(&root, &[1, 2]).unwrap();
    assert_eq!(GrantKey::kept(&root, &[1, 2], &sealed), Ok(grant_key()));
    let refused = Err(VaultError::Sealed("grant key"));
    assert_eq!(GrantKey::kept(&root, &[1, 3], &sealed), refused);
    let other = RootKey::from_bytes(&[3; 32]);
    assert_eq!(GrantKey::kept(&other, &[1, 2], &sealed), refused);
}

#[test]
fn keys_are_not_printed() {
    assert_eq!(format!("{:?}", recipient()), "WrapKey(..)");
    assert_eq!(format!("{:?}", grant_key()), "GrantKey(..)");
}

fn unhex(text: &str) -> Vec<u8> {
    let pair = |at| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
    (0..text.len()).step_by(2).map(pair).collect()
}

fn digest(bytes: &[u8]) -> String {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes);
    let hex = |byte: &u8| format!("{byte:02x}");
    digest.as_ref().iter().map(hex).collect()
}

/// To change a line is to approve a new format, under a new suite number.
const VECTORS: &str = include_str!("../../vectors/grant-key-suite-1.txt");

#[test]
fn frozen_vectors_still_open() {
    let line = |name: &str| {
        let found = VECTORS.lines().find_map(|line| line.strip_prefix(name));
        found.unwrap().trim()
    };
    let public = recipient().public();
    assert_eq!(digest(&public), line("public"));
    let dice = Dice::loaded([3; 64]);
    let made = grant_key().seal_with(dice, &public, &CONTEXT).unwrap();
    assert_eq!(digest(&made), line("digest"));
    let frozen = unhex(line("sealed"));
    assert_eq!(made, frozen);
    assert_eq!(recipient().open(&frozen, &CONTEXT), Ok(grant_key()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn random_bytes_never_open(bytes in proptest::collection::vec(any::<u8>(), SEALED_BYTES)) {
        let mut with_suite = bytes.clone();
        with_suite[0] = SUITE;
        prop_assert!(recipient().open(&bytes, &CONTEXT).is_err());
        prop_assert!(recipient().open(&with_suite, &CONTEXT).is_err());
    }
}
