//! Figures, not promises: `cargo run --release -p ledger --example measure_ledger`.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_types,
    reason = "a measurement"
)]

#[path = "../tests/support/mod.rs"]
mod support;

use std::hint::black_box;
use std::time::Instant;

use ledger::{Checked, Kind, execute};
use proof::codec::Canonical;
use proof::map::Map;
use proof::transaction::{Batch, Header, Transaction};
use support::{Network, key};

const MEMBERS: [&str; 4] = ["a", "b", "c", "d"];

/// Batches of four organisations in their order, as bytes.
fn batches(network: &Network, count: u64) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    for name in MEMBERS {
        let (key, mut previous) = (key(name, "transaction"), proof::Digest([0; 32]));
        for sequence in 1..=count / 4 {
            let root = proof::hash("test/root", &[name.as_bytes(), &sequence.to_be_bytes()]);
            let batch = Batch {
                sequence,
                previous,
                root,
            };
            let header = Header {
                sequence,
                ..network.header(&key, Kind::Batch as u8)
            };
            all.push(Transaction::sign(header, batch.to_bytes(), &key).to_bytes());
            previous = root;
        }
    }
    all
}

fn per_second(what: &str, count: usize, start: Instant) {
    let seconds = start.elapsed().as_secs_f64();
    #[allow(clippy::cast_precision_loss, reason = "a figure")]
    let count = count as f64;
    println!(
        "{what}: {:.0}/s, {:.2} us each",
        count / seconds,
        seconds / count * 1e6
    );
}

fn transactions_checked_and_executed() {
    let network = Network::new(&MEMBERS);
    let all = batches(&network, 20_000);
    let start = Instant::now();
    for bytes in &all[..4_000] {
        black_box(Checked::check(bytes, &network.chain).unwrap());
    }
    per_second("checked one by one, one thread", 4_000, start);
    for size in [16, 64, 256, 1_000] {
        let start = Instant::now();
        for part in all.chunks(size) {
            assert!(
                black_box(Checked::check_all(part, &network.chain))
                    .iter()
                    .all(Result::is_ok)
            );
        }
        per_second(
            &format!("checked together by {size}, one thread"),
            all.len(),
            start,
        );
    }
    let checked: Vec<_> = Checked::check_all(&all, &network.chain)
        .into_iter()
        .flatten()
        .collect();
    let (mut state, start) = (network.state.clone(), Instant::now());
    for part in checked.chunks(1_000) {
        let executed = execute(&state, &network.block(), part);
        assert!(executed.outcomes.iter().all(Result::is_ok));
        state = executed.state;
        black_box(state.root());
    }
    per_second("executed with roots, blocks of 1,000", checked.len(), start);
}

fn roots_of_changed_keys() {
    let mut map = Map::new();
    for number in 0..1_000_000u32 {
        map.insert(&number.to_be_bytes(), &[0; 40]);
    }
    let start = Instant::now();
    map.root();
    println!("first root of a million entries: {:?}", start.elapsed());
    for round in 1..4u8 {
        let kept = map.clone();
        let start = Instant::now();
        for number in 0..1_000u32 {
            map.insert(&(number * 997).to_be_bytes(), &[round; 40]);
        }
        map.root();
        println!(
            "a thousand of a million changed, and the root: {:?}",
            start.elapsed()
        );
        drop(kept);
    }
}

fn main() {
    transactions_checked_and_executed();
    roots_of_changed_keys();
}
