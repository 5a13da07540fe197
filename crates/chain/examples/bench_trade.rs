//! Measures how many transitions of packs four node processes order and apply, a JSON line each.
//!
//! `cargo run --release -p chain --example bench_trade [-- PACKS [KNOWN]]`. Two makers and two
//! pharmacies send transactions of 10,000 transitions, signed beforehand. The timer runs from the
//! first send until the last node has applied all of them: checked, executed, state root computed,
//! archived. `KNOWN` packs are commissioned before anything is measured.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::cast_precision_loss,
    reason = "a program that measures and prints"
)]

#[path = "../tests/cluster/mod.rs"]
mod cluster;

use cluster::Cluster;
use ledger::{OrganisationKind, Parameters};
use std::ops::Range;
use std::time::{Duration, Instant};

const NODES: usize = 4;
const SOON: Duration = Duration::from_mins(1);
/// The packs that are commissioned in one go before the measurement.
const KNOWN_STEP: u64 = 400_000;

fn main() {
    if cluster::node::main() {
        return;
    }
    let mut numbers = std::env::args().skip(1).filter_map(|it| it.parse().ok());
    let packs: u64 = numbers.next().unwrap_or(400_000);
    let known: u64 = numbers.next().unwrap_or(0);
    let mut trade = Trade::open();
    for first in (0..known).step_by(usize::try_from(KNOWN_STEP).unwrap()) {
        let serials = first..known.min(first + KNOWN_STEP);
        trade.act(("commission", [0, 1]), serials);
    }
    let serials = known..known + packs;
    for (act, senders) in [
        ("commission", [0, 1]),
        ("hand", [0, 1]),
        ("take", [2, 3]),
        ("dispense", [2, 3]),
    ] {
        let told = trade.act((act, senders), serials.clone());
        println!("{{\"what\":\"{act}\",\"known\":{known},{told}}}");
    }
    trade.cluster.assert_equal_roots(&[0, 1, 2, 3], SOON);
}

struct Trade {
    cluster: Cluster,
    /// The entries of the history so far.
    entries: u64,
}

impl Trade {
    fn open() -> Self {
        let mut cluster = Cluster::new(NODES, NODES, Parameters::default(), &[]);
        for maker in &mut cluster.genesis.organisations[..2] {
            maker.kind = OrganisationKind::Manufacturer;
        }
        cluster.start_all(0..NODES);
        cluster.wait_height(0, 3, SOON);
        Self {
            cluster,
            entries: 0,
        }
    }

    /// Lets two nodes act on half of the packs each.
    fn act(&mut self, (act, senders): (&str, [usize; 2]), serials: Range<u64>) -> String {
        let middle = serials.start + (serials.end - serials.start) / 2;
        let halves = [serials.start..middle, middle..serials.end];
        for (half, (sender, range)) in senders.into_iter().zip(halves).enumerate() {
            let receiver = format!("org-{}", 2 + half);
            let Range { start, end } = range;
            let ask = format!("prepare {act} {receiver} {start} {end}");
            self.cluster.tell(sender, &ask);
        }
        for sender in senders {
            self.entries += self.cluster.hear(sender).parse::<u64>().unwrap();
        }
        let (height, before) = (self.cluster.height(0), self.used());
        let start = Instant::now();
        for node in 0..NODES {
            self.cluster.tell(node, &format!("send {}", self.entries));
        }
        let heights: Vec<String> = (0..NODES).map(|node| self.cluster.hear(node)).collect();
        let seconds = start.elapsed().as_secs_f64();
        let last = heights.iter().map(|it| it.parse::<u64>().expect(it));
        let blocks = last.max().unwrap() - height;
        let after = self.used();
        let (packs, cpu_ms) = (serials.end - serials.start, after.1 - before.1);
        format!(
            "\"transitions\":{packs},\"blocks\":{blocks},\"seconds\":{seconds:.2},\
             \"per_second\":{:.0},\"cpu_us_each\":{:.1},\"resident_mb\":{}",
            packs as f64 / seconds,
            cpu_ms as f64 * 1e3 / packs as f64,
            after.0 >> 10,
        )
    }

    /// Resident kilobytes and processor milliseconds of all four.
    fn used(&mut self) -> (u64, u64) {
        let mut sum = (0, 0);
        for node in 0..NODES {
            let answer = self.cluster.ask(node, "memory");
            let (kilobytes, millis) = answer.split_once(' ').unwrap();
            sum.0 += kilobytes.parse::<u64>().unwrap();
            sum.1 += millis.parse::<u64>().unwrap();
        }
        sum
    }
}
