//! `cargo xtask bench`: the figures of docs/reference/performance.md over real processes.
//!
//! The load generator, the four nodes and nothing else share the machine; what each timer
//! includes stands beside its figure.
#![allow(
    clippy::cast_precision_loss,
    reason = "figures for people: three digits are shown"
)]

mod capture_rows;
mod client;
mod dispense_rows;
mod http_rows;
mod ledger_rows;
mod maker;
mod node_rows;
mod pack_rows;
mod sharing_rows;
mod stats;
mod trade;
mod trial_rows;
mod trial_site;

use crate::ci::cargo;
use crate::steps::Steps;
use anyhow::{Context, Result, bail};
use std::process::Command;

/// One line of the table.
pub(crate) struct Row {
    what: &'static str,
    wanted: &'static str,
    measured: String,
    timer: &'static str,
}

/// How a group is measured.
#[derive(Clone, Copy)]
enum Measure {
    /// As it is.
    Plain(fn() -> Result<Vec<Row>>),
    /// With so many packs, races or rows, unless `name=N` says another number.
    Sized(fn(u64) -> Result<Vec<Row>>, u64),
}
use Measure::{Plain, Sized};

/// The groups that can be asked for by name.
const GROUPS: &[(&str, Measure)] = &[
    ("ledger", Plain(ledger_rows::measure)),
    ("receipt", Plain(http_rows::write_to_receipt)),
    ("records", Plain(http_rows::records)),
    ("bundles", Plain(http_rows::bundles_reads_and_searches)),
    ("decision", Plain(sharing_rows::decision)),
    ("sharing", Plain(sharing_rows::across)),
    ("verify", Plain(node_rows::receipt_verification)),
    ("idle", Plain(node_rows::idle)),
    ("packs", Sized(pack_rows::ordered, 400_000)),
    ("pack-acts", Sized(pack_rows::acts, 200_000)),
    ("pack-verify", Sized(pack_rows::verify, 200_000)),
    ("capture", Plain(capture_rows::capture)),
    ("double-dispense", Sized(dispense_rows::races, 1_000)),
    ("trial-rows", Sized(trial_rows::rows, 100_000)),
];

/// Runs the groups named in the arguments, or all, and prints a Markdown table.
pub(crate) fn run(names: &[String]) -> Result<bool> {
    let asked = names.iter().map(|name| asked(name));
    let asked: Vec<(&str, Option<u64>)> = asked.collect::<Result<_>>()?;
    let mut steps = Steps::default();
    if !steps.run("build", &mut cargo("build --release --package salus")) {
        return Ok(false);
    }
    let mut rows = Vec::new();
    let mut whole = true;
    for (name, measure) in GROUPS {
        let wanted = asked.iter().find(|(wanted, _)| wanted == name);
        if !names.is_empty() && wanted.is_none() {
            continue;
        }
        eprintln!("measuring {name} ...");
        let number = wanted.and_then(|(_, number)| *number);
        let measured = match measure {
            Plain(measure) => measure(),
            Sized(measure, usual) => measure(number.unwrap_or(*usual)),
        };
        match measured {
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

/// The name of a group and its number, if `name=N` gives one.
fn asked(argument: &str) -> Result<(&str, Option<u64>)> {
    let (name, number) = match argument.split_once('=') {
        Some((name, number)) => (name, Some(number.parse().context("a number after `=`")?)),
        None => (argument, None),
    };
    let Some((_, measure)) = GROUPS.iter().find(|(known, _)| *known == name) else {
        let known: Vec<&str> = GROUPS.iter().map(|(known, _)| *known).collect();
        bail!("there is no row `{name}`; there are {}", known.join(", "));
    };
    if let (Plain(_), Some(_)) = (measure, number) {
        bail!("the row `{name}` takes no number");
    }
    Ok((name, number))
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
