//! Measures a network of node processes on this machine and prints one JSON line per figure.
//!
//! `cargo run --release -p chain --example bench [-- quick]`. Every transaction is signed, every
//! signature is verified by every node, state is applied and durable before it counts. The
//! transactions are batches of 222 bytes, the smallest that the ledger knows.

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
use ledger::Parameters;
use std::time::{Duration, Instant};

const NODES: usize = 4;
const SOON: Duration = Duration::from_mins(1);

fn main() {
    if cluster::node::main() {
        return;
    }
    let quick = std::env::args().any(|it| it == "quick");
    println!("{{\"what\":\"machine\",\"cores\":{}}}", cores());
    idle(if quick { 10 } else { 30 });
    finality(if quick { 10 } else { 30 });
    latency(if quick { 20 } else { 100 });
    throughput(if quick { 2_000 } else { 10_000 });
    one_killed(if quick { 10 } else { 20 });
    two_stopped();
    catch_up();
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(0, usize::from)
}

fn network(parameters: Parameters) -> Cluster {
    let mut cluster = Cluster::new(NODES, NODES, parameters, &[]);
    let start = Instant::now();
    cluster.start_all(0..NODES);
    cluster.wait_height(0, 3, SOON);
    println!(
        "{{\"what\":\"start to third block of an idle ledger\",\"nodes\":{NODES},\"ms\":{}}}",
        start.elapsed().as_millis()
    );
    cluster
}

fn usage(cluster: &mut Cluster) -> Vec<(u64, u64)> {
    let ask = |node| {
        let answer = cluster.ask(node, "memory");
        let (kilobytes, millis) = answer.split_once(' ').unwrap();
        (kilobytes.parse().unwrap(), millis.parse().unwrap())
    };
    (0..NODES).map(ask).collect()
}

/// Processor time and memory of nodes that have nothing to order.
fn idle(seconds: u64) {
    let mut cluster = network(Parameters::default());
    std::thread::sleep(Duration::from_secs(3));
    let (before, height) = (usage(&mut cluster), cluster.height(0));
    std::thread::sleep(Duration::from_secs(seconds));
    let (after, blocks) = (usage(&mut cluster), cluster.height(0) - height);
    let cpu: Vec<f64> = before
        .iter()
        .zip(&after)
        .map(|(before, after)| (after.1 - before.1) as f64 / (seconds as f64 * 10.0))
        .collect();
    let memory: Vec<u64> = after.iter().map(|it| it.0 / 1_024).collect();
    println!(
        "{{\"what\":\"idle\",\"seconds\":{seconds},\"blocks\":{blocks},\
         \"cpu_percent_of_a_core\":{cpu:.1?},\"resident_mb\":{memory:?}}}"
    );
}

/// From the time in a block's header to the block applied, at each node, under a light load.
fn finality(seconds: u64) {
    let mut cluster = network(Parameters::default());
    for node in 0..NODES {
        cluster.tell(node, &format!("trickle {}", seconds * 1_000));
    }
    let mut taken = Vec::new();
    for node in 0..NODES {
        taken.extend(numbers(&cluster.hear(node)));
    }
    report(
        "block proposed to applied, each node, 100 ms blocks, light load",
        taken,
    );
}

/// From submission to final, one transaction at a time.
fn latency(count: u64) {
    let mut cluster = network(Parameters::default());
    let answer = cluster.ask(1, &format!("latency {count}"));
    report("submitted to final, one at a time", numbers(&answer));
}

/// As many transactions as four nodes can order, submitted at all four.
fn throughput(count: u64) {
    for block_bytes_max in [1 << 19, 1 << 20] {
        let mut cluster = network(Parameters {
            block_bytes_max,
            ..Parameters::default()
        });
        let height = cluster.height(0);
        for node in 0..NODES {
            cluster.tell(node, &format!("load {count} 12000"));
        }
        let slowest = (0..NODES)
            .map(|node| numbers(&cluster.hear(node))[0])
            .max()
            .unwrap();
        let total = count * NODES as u64;
        let blocks = cluster.height(0) - height;
        let memory: Vec<u64> = usage(&mut cluster).iter().map(|it| it.0 / 1_024).collect();
        println!(
            "{{\"what\":\"throughput\",\"nodes\":{NODES},\"block_bytes_max\":{block_bytes_max},\
             \"transaction_bytes\":222,\"transactions\":{total},\"blocks\":{blocks},\
             \"seconds\":{:.2},\"per_second\":{:.0},\"resident_mb\":{memory:?}}}",
            slowest as f64 / 1e6,
            total as f64 / (slowest as f64 / 1e6)
        );
        cluster.assert_equal_roots(&[0, 1, 2, 3], SOON);
    }
}

/// Blocks a second while one of four is dead.
fn one_killed(seconds: u64) {
    let mut cluster = network(Parameters::default());
    cluster.kill(3);
    let height = cluster.height(0);
    let start = Instant::now();
    cluster.tell(0, &format!("trickle {}", 15_000 + seconds * 1_000));
    std::thread::sleep(Duration::from_secs(10));
    // A second connection is not there: the heights come from another node.
    let (settled, at) = (cluster.height(1), Instant::now());
    std::thread::sleep(Duration::from_secs(seconds));
    let blocks = cluster.height(1) - settled;
    println!(
        "{{\"what\":\"one of four killed\",\"blocks_per_second\":{:.1},\
         \"first_10_s_blocks\":{},\"seconds\":{seconds}}}",
        blocks as f64 / at.elapsed().as_secs_f64(),
        settled - height
    );
    let _ = (cluster.hear(0), start);
}

/// Two of four stand still for a while, then go on; and two are killed and started again.
fn two_stopped() {
    let mut cluster = network(Parameters::default());
    let again = |cluster: &mut Cluster, what: &str, start: Instant| {
        let height = cluster.height(0);
        cluster.wait_height(0, height + 2, SOON);
        let ms = start.elapsed().as_millis();
        println!("{{\"what\":\"{what}\",\"ms_to_second_new_block\":{ms}}}");
    };
    for node in [2, 3] {
        cluster.signal(node, "-STOP");
    }
    std::thread::sleep(Duration::from_secs(20));
    let start = Instant::now();
    for node in [2, 3] {
        cluster.signal(node, "-CONT");
    }
    again(&mut cluster, "two of four stopped for 20 s", start);
    cluster.kill(2);
    cluster.kill(3);
    std::thread::sleep(Duration::from_secs(20));
    let start = Instant::now();
    cluster.start_all([2, 3]);
    again(&mut cluster, "two of four killed for 20 s", start);
}

/// A node without data gets everything from its peers.
fn catch_up() {
    let parameters = Parameters {
        block_interval_ms: 20,
        epoch_blocks: 200,
        ..Parameters::default()
    };
    let mut cluster = network(parameters);
    cluster.kill(3);
    let _ = cluster.ask(0, "trickle 40000");
    let height = cluster.height(0);
    cluster.wipe(3);
    let start = Instant::now();
    cluster.start(3);
    cluster.wait_height(3, height, SOON);
    let seconds = start.elapsed().as_secs_f64();
    println!(
        "{{\"what\":\"catch up from nothing\",\"blocks\":{height},\"epochs\":{},\
         \"seconds\":{seconds:.2},\"per_second\":{:.0}}}",
        height / 200,
        height as f64 / seconds
    );
    cluster.kill(3);
    for file in ["ledger.db", "ledger.db-wal", "ledger.db-shm"] {
        let _ = std::fs::remove_file(cluster.directory(3).join("ledger").join(file));
    }
    let start = Instant::now();
    cluster.start(3);
    cluster.wait_height(3, height, SOON);
    println!(
        "{{\"what\":\"ledger.db made anew\",\"blocks\":{height},\"seconds\":{:.2}}}",
        start.elapsed().as_secs_f64()
    );
}

fn numbers(answer: &str) -> Vec<u64> {
    assert!(!answer.starts_with("error"), "{answer}");
    answer
        .split_whitespace()
        .map(|it| it.parse().unwrap())
        .collect()
}

fn report(what: &str, mut micros: Vec<u64>) {
    micros.sort_unstable();
    let at = |percent: usize| {
        let place = micros.len() * percent / 100;
        micros
            .get(place.min(micros.len().saturating_sub(1)))
            .map_or(0.0, |it| *it as f64 / 1e3)
    };
    println!(
        "{{\"what\":\"{what}\",\"count\":{},\"p50_ms\":{:.1},\"p90_ms\":{:.1},\"p99_ms\":{:.1},\
         \"max_ms\":{:.1}}}",
        micros.len(),
        at(50),
        at(90),
        at(99),
        at(100)
    );
}
