//! `cargo xtask bench`: the figures of docs/reference/performance.md over real processes.
//!
//! The load generator, the four nodes and nothing else share the machine; what each timer
//! includes stands beside its figure.
#![allow(
    clippy::cast_precision_loss,
    reason = "figures for people: three digits are shown"
)]

mod client;
mod http_rows;
mod ledger_rows;
mod node_rows;
mod sharing_rows;
mod stats;

use crate::ci::cargo;
use crate::steps::Steps;
use anyhow::{Result, bail};
use std::process::Command;

/// One line of the table.
pub(crate) struct Row {
    what: &'static str,
    wanted: &'static str,
    measured: String,
    timer: &'static str,
}

type Measure = fn() -> Result<Vec<Row>>;

/// The groups that can be asked for by name.
const GROUPS: &[(&str, Measure)] = &[
    ("ledger", ledger_rows::measure),
    ("receipt", http_rows::write_to_receipt),
    ("records", http_rows::records),
    ("bundles", http_rows::bundles_reads_and_searches),
    ("decision", sharing_rows::decision),
    ("sharing", sharing_rows::across),
    ("verify", node_rows::receipt_verification),
    ("idle", node_rows::idle),
];

/// Runs the groups named in the arguments, or all, and prints a Markdown table.
pub(crate) fn run(names: &[String]) -> Result<bool> {
    for name in names {
        if !GROUPS.iter().any(|(known, _)| known == name) {
            let known: Vec<&str> = GROUPS.iter().map(|(known, _)| *known).collect();
            bail!("there is no row `{name}`; there are {}", known.join(", "));
        }
    }
    let mut steps = Steps::default();
    if !steps.run("build", &mut cargo("build --release --package salus")) {
        return Ok(false);
    }
    let mut rows = Vec::new();
    let mut whole = true;
    for (name, measure) in GROUPS {
        if !names.is_empty() && !names.iter().any(|wanted| wanted == name) {
            continue;
        }
        eprintln!("measuring {name} ...");
        match measure() {
            Ok(more) => rows.extend(more),
            Err(error) => {
                whole = false;
                eprintln!("error: {name}: {error:#}");
            }
        }
    }
    print_table(&rows);
    Ok(whole)
}

fn print_table(rows: &[Row]) {
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    println!("\ncommit {}, {cores} cores\n", commit());
    println!("| what | to reach | measured | the timer includes |");
    println!("|---|---|---|---|");
    for row in rows {
        let Row {
            what,
            wanted,
            measured,
            timer,
        } = row;
        println!("| {what} | {wanted} | {measured} | {timer} |");
    }
}

fn commit() -> String {
    let output = Command::new("git")
        .args(["describe", "--always", "--dirty"])
        .current_dir(crate::root())
        .output();
    output.map_or_else(
        |_| "unknown".to_owned(),
        |output| String::from_utf8_lossy(&output.stdout).trim().to_owned(),
    )
}
