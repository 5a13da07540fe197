//! The ledger without HTTP: the example `bench` of `chain`, four node processes.

use super::Row;
use crate::ci::cargo;
use anyhow::{Context, Result, bail};
use serde_json::{Map, Value};
use std::process::Stdio;

/// The example's own names, and what design.md wants of them.
const ROWS: &[(&str, &str, &str, &str)] = &[
    (
        "throughput",
        "ledger throughput, four validators",
        "3,000 tx/s at least, 14,200 the aim",
        "signed 222-byte transactions, checked by each node, applied, durable, final",
    ),
    (
        "finality",
        "finality after the proposal, four validators, 100 ms blocks, loopback",
        "p50 60 ms, p99 150 ms",
        "as the example says, in chain/examples/bench.rs",
    ),
    (
        "one of four killed",
        "one of four validators killed",
        "the others go on",
        "blocks a second of the three that are left",
    ),
    (
        "catch up from nothing",
        "wipe a node's ledger, rejoin, verify every root",
        "100,000 blocks in 5 minutes",
        "from the start of the empty node to the others' height",
    ),
];

pub(super) fn measure() -> Result<Vec<Row>> {
    let output = cargo("run --release --quiet --package chain --example bench")
        .current_dir(crate::root())
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()?;
    if !output.status.success() {
        bail!("the example `bench` of chain failed");
    }
    let text = String::from_utf8(output.stdout).context("the example's output")?;
    let mut rows = Vec::new();
    for line in text.lines() {
        let Ok(Value::Object(fields)) = serde_json::from_str(line) else {
            continue;
        };
        eprintln!("  {line}");
        let what = fields
            .get("what")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let known = ROWS.iter().find(|(name, ..)| what.starts_with(name));
        if let Some((_, what, wanted, timer)) = known {
            rows.push(Row {
                what,
                wanted,
                measured: words(&fields),
                timer,
            });
        }
    }
    Ok(rows)
}

/// All other fields as `name value`.
fn words(fields: &Map<String, Value>) -> String {
    let words: Vec<String> = fields
        .iter()
        .filter(|(name, _)| name.as_str() != "what")
        .map(|(name, value)| format!("{} {value}", name.replace('_', " ")))
        .collect();
    words.join(", ")
}
