//! The verdicts of ZIP-215 on edge cases, pinned: single and in batches.
//!
//! Two sets. Ours is made here from all encodings of the points of low order and runs
//! everywhere. The 914 vectors of C2SP CCTV are third-party data, which the project does not
//! copy: they are read from `../shared/data/ed25519/ed25519vectors.json` (or from below
//! `SALUS_DATA`), and the test says so where they are absent.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests")]

use std::path::PathBuf;

use curve25519_dalek::constants::{ED25519_BASEPOINT_POINT, EIGHT_TORSION};
use curve25519_dalek::edwards::EdwardsPoint;
use curve25519_dalek::scalar::Scalar;
use proof::sign::{Claim, verify_all};
use proof::{Digest, PublicKey, SecretKey, Signature, sha256};
use serde_json::Value;
use sha2::{Digest as _, Sha512};

/// A signature and what ZIP-215 says about it.
struct Vector {
    name: String,
    key: PublicKey,
    message: Vec<u8>,
    signature: Signature,
    accepted: bool,
}

impl Vector {
    fn claim(&self) -> Claim<'_> {
        Claim {
            key: self.key,
            message: &self.message,
            signature: self.signature,
        }
    }
}

/// Single verdicts, batches of one, and batches among valid signatures must all agree.
fn assert_verdicts(vectors: &[Vector]) {
    let key = SecretKey::from_seed(&[7; 32]);
    let signature = key.sign(b"valid");
    let valid = Claim {
        key: key.public(),
        message: b"valid",
        signature,
    };
    for vector in vectors {
        let single = vector.key.verify(&vector.message, &vector.signature);
        assert_eq!(single, vector.accepted, "{}", vector.name);
        assert_eq!(
            verify_all(&[vector.claim()]),
            vector.accepted,
            "{} in a batch",
            vector.name
        );
        let among = [valid, vector.claim(), valid];
        assert_eq!(
            verify_all(&among),
            vector.accepted,
            "{} among others",
            vector.name
        );
    }
    let (accepted, refused): (Vec<_>, Vec<_>) = vectors.iter().partition(|it| it.accepted);
    let all: Vec<_> = accepted.iter().map(|it| it.claim()).collect();
    assert!(verify_all(&all), "all accepted ones in one batch");
    for vector in refused.iter().step_by(7) {
        let spoilt = [all.as_slice(), &[vector.claim()]].concat();
        assert!(!verify_all(&spoilt), "{} spoils its batch", vector.name);
    }
}

/// A point in one of its encodings.
struct Encoded {
    name: String,
    point: EdwardsPoint,
    bytes: [u8; 32],
}

/// The encodings of y = 0 and y = 1 beyond the modulus, and those of x = -0.
fn other_encodings(point: &EdwardsPoint) -> Vec<[u8; 32]> {
    let canonical = point.compress().to_bytes();
    let unsigned = |bytes: [u8; 32]| {
        let mut bytes = bytes;
        bytes[31] &= 0x7f;
        bytes
    };
    let candidates = (0xed..=0xee).flat_map(|first: u8| {
        let mut high = [0xff; 32];
        high[0] = first;
        [high, unsigned(high)]
    });
    let negated_zero = {
        let mut bytes = canonical;
        bytes[31] ^= 0x80;
        bytes
    };
    candidates
        .chain([negated_zero])
        .filter(|bytes| *bytes != canonical)
        .filter(|bytes| {
            let compressed = curve25519_dalek::edwards::CompressedEdwardsY(*bytes);
            compressed.decompress().as_ref() == Some(point)
        })
        .collect()
}

/// All points that differ from a point of prime order by one of low order, and the latter.
fn points(secret: Scalar) -> Vec<(Encoded, Scalar)> {
    let mut all = Vec::new();
    for (order, torsion) in EIGHT_TORSION.iter().enumerate() {
        for (kind, scalar) in [("low", Scalar::ZERO), ("mixed", secret)] {
            let point = ED25519_BASEPOINT_POINT * scalar + torsion;
            let name = format!("{kind}-{order}");
            let bytes = point.compress().to_bytes();
            all.push((
                Encoded {
                    name: name.clone(),
                    point,
                    bytes,
                },
                scalar,
            ));
            for (count, bytes) in other_encodings(&point).into_iter().enumerate() {
                let name = format!("{name}-other-{count}");
                all.push((Encoded { name, point, bytes }, scalar));
            }
        }
    }
    all
}

fn challenge(r: &[u8; 32], a: &[u8; 32], message: &[u8]) -> Scalar {
    Scalar::from_hash(
        Sha512::new()
            .chain_update(r)
            .chain_update(a)
            .chain_update(message),
    )
}

fn signature(r: &[u8; 32], s: &[u8; 32]) -> Signature {
    Signature([r.as_slice(), s].concat().try_into().unwrap())
}

/// For each pair of A and R: the signature for the bytes as they are, and, where an encoding
/// is not canonical, the one for the canonical bytes, which ZIP-215 does not hash.
fn own_vectors() -> Vec<Vector> {
    let (a_scalar, r_scalar) = (Scalar::from(123_456_789_u64), Scalar::from(987_654_321_u64));
    let mut vectors = Vec::new();
    for (a, a_secret) in points(a_scalar) {
        for (r, r_secret) in points(r_scalar) {
            let message = format!("{} {}", a.name, r.name).into_bytes();
            let canonical = (r.point.compress().to_bytes(), a.point.compress().to_bytes());
            let mut add = |name: &str, k: Scalar, accepted: bool| {
                let s = r_secret + k * a_secret;
                let name = format!("A {} R {} {name}", a.name, r.name);
                let signature = signature(&r.bytes, s.as_bytes());
                let (key, message) = (PublicKey(a.bytes), message.clone());
                vectors.push(Vector {
                    name,
                    key,
                    message,
                    signature,
                    accepted,
                });
            };
            add("as it is", challenge(&r.bytes, &a.bytes, &message), true);
            if canonical != (r.bytes, a.bytes) {
                // With a key of low order the challenge does not count.
                let accepted = a_secret == Scalar::ZERO;
                add(
                    "re-encoded",
                    challenge(&canonical.0, &canonical.1, &message),
                    accepted,
                );
            }
        }
    }
    vectors
}

#[test]
fn zip215_verdicts_are_pinned_single_and_in_batch() {
    let vectors = own_vectors();
    let refused = vectors.iter().filter(|it| !it.accepted).count();
    assert_eq!((vectors.len(), refused), (712, 48));
    assert_verdicts(&vectors);
    let mut all = Vec::new();
    for it in &vectors {
        all.extend_from_slice(&it.key.0);
        all.extend_from_slice(&it.signature.0);
        all.extend_from_slice(&it.message);
        all.push(u8::from(it.accepted));
    }
    assert_eq!(
        sha256(&all).to_string(),
        "d1516f61ccb1ccb0acef5eebb8ec6da21a8a54d2fd0c1772ea490804fa7fceab"
    );
}

/// The order of the group of prime order, little-endian.
const ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

fn plus_order(s: &[u8]) -> [u8; 32] {
    let mut sum = [0; 32];
    let mut carry = 0u16;
    for (place, byte) in sum.iter_mut().enumerate() {
        let total = u16::from(s[place]) + u16::from(ORDER[place]) + carry;
        *byte = u8::try_from(total & 0xff).unwrap();
        carry = total >> 8;
    }
    sum
}

#[test]
fn a_signature_has_one_scalar() {
    for seed in 0..20u8 {
        let key = SecretKey::from_seed(&[seed; 32]);
        let message = [seed; 3];
        let good = key.sign(&message);
        assert!(key.public().verify(&message, &good));
        let mut s: [u8; 32] = good.0[32..].try_into().unwrap();
        // s + l, s + 2l, ... are the same number to a lax verifier.
        for multiple in 1..8 {
            s = plus_order(&s);
            let forged = signature(&good.0[..32].try_into().unwrap(), &s);
            assert!(!key.public().verify(&message, &forged), "s + {multiple} l");
            let claim = Claim {
                key: key.public(),
                message: &message,
                signature: forged,
            };
            assert!(!verify_all(&[claim]), "s + {multiple} l in a batch");
        }
    }
}

#[test]
fn what_is_no_point_verifies_nothing() {
    let key = SecretKey::from_seed(&[1; 32]);
    let good = key.sign(b"message");
    // y = 2 is on no point of the curve.
    let mut off_curve = [0; 32];
    off_curve[0] = 2;
    assert!(!PublicKey(off_curve).verify(b"message", &good));
    assert!(!PublicKey(off_curve).is_sound());
    let forged = signature(&off_curve, &good.0[32..].try_into().unwrap());
    assert!(!key.public().verify(b"message", &forged));
    let claim = |key, signature| Claim {
        key,
        message: b"message",
        signature,
    };
    assert!(!verify_all(&[claim(PublicKey(off_curve), good)]));
    assert!(!verify_all(&[claim(key.public(), forged)]));
    assert!(verify_all(&[]), "nothing is all valid");
}

#[test]
fn keys_of_low_order_are_not_sound_in_any_encoding() {
    let mut found = 0;
    for (encoded, scalar) in points(Scalar::from(5u64)) {
        let low = scalar == Scalar::ZERO;
        found += usize::from(low);
        assert_eq!(
            PublicKey(encoded.bytes).is_sound(),
            !low,
            "{}",
            encoded.name
        );
    }
    assert_eq!(found, 14, "eight points and six more encodings");
    assert!(SecretKey::from_seed(&[1; 32]).public().is_sound());
}

#[test]
fn signing_is_that_of_rfc_8032() {
    // RFC 8032 7.1, TEST 2.
    let seed: Digest = "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"
        .parse()
        .unwrap();
    let key = SecretKey::from_seed(&seed.0);
    let public = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c";
    assert_eq!(key.public().to_string(), public);
    assert_eq!(
        format!("{:?}", key.sign(&[0x72])),
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da\
         085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
    );
    assert!(format!("{key:?}").contains(public) && !format!("{key:?}").contains("4ccd089b"));
}

fn cctv_file() -> PathBuf {
    let data = std::env::var_os("SALUS_DATA").map(PathBuf::from);
    let shared = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    data.unwrap_or_else(shared)
        .join("ed25519/ed25519vectors.json")
}

fn hex(text: &Value) -> Vec<u8> {
    let text = text.as_str().unwrap();
    let byte = |at| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
    (0..text.len()).step_by(2).map(byte).collect()
}

#[test]
fn the_914_vectors_of_cctv_have_the_verdicts_of_zip215() {
    let Ok(file) = std::fs::read(cctv_file()) else {
        println!(
            "SKIPPED: {} is absent (C2SP CCTV, ed25519)",
            cctv_file().display()
        );
        return;
    };
    let parsed: Vec<Value> = serde_json::from_slice(&file).unwrap();
    let vectors: Vec<_> = parsed
        .iter()
        .map(|it| {
            let flags = it["flags"].as_array().cloned().unwrap_or_default();
            let has = |flag: &str| flags.iter().any(|it| it == flag);
            Vector {
                name: it["number"].to_string(),
                key: PublicKey(hex(&it["key"]).try_into().unwrap()),
                message: it["msg"].as_str().unwrap().as_bytes().to_vec(),
                signature: Signature(hex(&it["sig"]).try_into().unwrap()),
                // ZIP-215: points in any encoding, the equation times the cofactor. Only the
                // challenge over other bytes is refused, unless the key's order makes it idle.
                accepted: !has("reencoded_k") || has("low_order_A"),
            }
        })
        .collect();
    let refused = vectors.iter().filter(|it| !it.accepted).count();
    assert_eq!((vectors.len(), refused), (914, 88));
    assert_verdicts(&vectors);
    for (vector, it) in vectors.iter().zip(&parsed) {
        let low = it["flags"]
            .as_array()
            .is_some_and(|it| it.contains(&"low_order_A".into()));
        assert_eq!(vector.key.is_sound(), !low, "{}", vector.name);
    }
}
