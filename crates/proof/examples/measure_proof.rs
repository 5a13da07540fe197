//! Figures, not promises: `cargo run --release -p proof --example measure_proof`.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_types,
    reason = "a measurement"
)]

#[path = "../tests/support/mod.rs"]
mod support;

use std::hint::black_box;
use std::time::{Duration, Instant};

use proof::SecretKey;
use proof::receipt::verify;
use proof::sign::{Claim, verify_all};
use support::{RECORD, world};

fn each(count: u32, mut act: impl FnMut()) -> Duration {
    let start = Instant::now();
    for _ in 0..count {
        act();
    }
    start.elapsed() / count
}

fn main() {
    let keys: Vec<_> = (0..64).map(|it| SecretKey::from_seed(&[it; 32])).collect();
    let message = [7; 200];
    let claim = |key: &SecretKey| {
        let signature = key.sign(&message);
        Claim {
            key: key.public(),
            message: &message,
            signature,
        }
    };
    let claims: Vec<_> = keys.iter().map(claim).collect();
    let one = claims[0];
    println!(
        "sign: {:?}",
        each(2_000, || assert!(
            black_box(keys[0].sign(&message)).0[63] < 32
        ))
    );
    let single = each(2_000, || {
        assert!(one.key.verify(one.message, &one.signature));
    });
    println!("verify one: {single:?}");
    let batch = each(200, || assert!(verify_all(&claims))) / 64;
    println!("verify 64 of 64 keys, each: {batch:?}");
    let same = vec![one; 64];
    let batch = each(200, || assert!(verify_all(&same))) / 64;
    println!("verify 64 of one key, each: {batch:?}");
    let world = world();
    let (text, policy) = (world.text(), world.policy());
    let receipt = each(500, || {
        assert!(verify(text.as_bytes(), &policy, Some(RECORD)).is_ok());
    });
    println!(
        "verify a receipt of {} bytes with its record: {receipt:?}",
        text.len()
    );
}
