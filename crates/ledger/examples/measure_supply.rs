//! Figures, not promises: `cargo run --release -p ledger --example measure_supply`.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_types,
    reason = "a measurement"
)]

#[path = "../tests/support/mod.rs"]
mod support;

use std::hint::black_box;

use ledger::{Checked, Kind, execute};
use supply::acts::Moves;
use support::Network;
use support::trade::{EAST, MAKER, commission, dispense, hand, network, take};

const ITEMS: u32 = 10_000;

/// Executes one transaction of 10,000 items in a block of its own, with its root.
fn moved(network: &mut Network, name: &str, moves: &Moves) -> [f64; 3] {
    let sent = network.transaction(name, Kind::Moves, moves);
    let start = on_cpu();
    let checked = Checked::check(sent.bytes(), &network.chain).unwrap();
    let check = on_cpu() - start;
    let block = network.block();
    let start = on_cpu();
    let executed = execute(&network.state, &block, &[checked]);
    let execution = on_cpu() - start;
    assert!(executed.outcomes[0].is_ok());
    network.state = executed.state;
    let start = on_cpu();
    black_box(network.state.root());
    [check, execution, on_cpu() - start]
}

fn told(what: &str, seconds: [f64; 3], rounds: u32) {
    let items = f64::from(ITEMS * rounds);
    let each = seconds.map(|it| it / items * 1e6);
    let all: f64 = seconds.iter().sum();
    println!(
        "{what:<12} {:>7.0} items/s: {:.2} us check, {:.2} us execute, {:.2} us root each",
        items / all,
        each[0],
        each[1],
        each[2],
    );
}

/// The seconds that this thread spent on a processor: the machine may do other things beside.
fn on_cpu() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = text.split(' ').next().and_then(|it| it.parse::<f64>().ok());
    nanoseconds.unwrap_or_default() / 1e9
}

/// The resident bytes of this process.
fn resident() -> u64 {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = text.split(' ').nth(1).and_then(|it| it.parse::<u64>().ok());
    pages.unwrap_or_default() * 4_096
}

fn main() {
    let packs: u32 = std::env::args()
        .nth(1)
        .and_then(|it| it.parse().ok())
        .unwrap_or(1_000_000);
    let mut network = network();
    let rounds = packs / ITEMS;
    let (before, mut seconds) = (resident(), [0.0; 3]);
    for round in 0..rounds {
        let serials: Vec<u32> = (round * ITEMS..(round + 1) * ITEMS).collect();
        let lot = format!("L{round}");
        let found = moved(&mut network, MAKER, &commission(&lot, &serials));
        add(&mut seconds, found);
    }
    told("commission", seconds, rounds);
    #[allow(clippy::cast_precision_loss, reason = "a figure")]
    let each = (resident() - before) as f64 / f64::from(packs);
    println!("{each:.0} resident bytes for each of {packs} packs");
    // Packs from everywhere in the map, as orders come.
    let step = packs / ITEMS;
    let mut sums = [[0.0; 3]; 3];
    let rounds = step.min(10);
    for round in 0..rounds {
        let serials: Vec<u32> = (0..ITEMS).map(|it| it * step + round).collect();
        let acts = [
            (MAKER, hand(&serials, (1, 2), EAST)),
            (EAST, take(&serials, 2)),
            (EAST, dispense(&serials, 2)),
        ];
        for (sum, (name, act)) in sums.iter_mut().zip(&acts) {
            add(sum, moved(&mut network, name, act));
        }
    }
    for (what, sum) in ["hand", "take", "dispense"].into_iter().zip(sums) {
        told(what, sum, rounds);
    }
}

fn add(sums: &mut [f64; 3], found: [f64; 3]) {
    for (sum, one) in sums.iter_mut().zip(found) {
        *sum += one;
    }
}
