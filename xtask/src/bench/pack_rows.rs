//! Packs: how many transitions four validators take, and how long a look at one pack takes.

use super::Row;
use super::client::together;
use super::maker::Maker;
use super::stats::{Times, rate};
use super::trade::{ACT_MAX, CLINIC, LAB, PHARMACY, ST_MARY, Trade};
use crate::ci::cargo;
use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use std::process::Stdio;
use std::time::{Duration, Instant};

const CLIENTS: usize = 16;
const VERIFY_TIME: Duration = Duration::from_secs(10);

/// The ledger alone, in the example `bench_trade` of `chain`, with so many packs.
pub(super) fn ordered(packs: u64) -> Result<Vec<Row>> {
    let command = format!("run --release --quiet --package chain --example bench_trade -- {packs}");
    let output = cargo(&command)
        .current_dir(crate::root())
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()?;
    if !output.status.success() {
        bail!("the example `bench_trade` of chain failed");
    }
    let text = String::from_utf8(output.stdout).context("the example's output")?;
    let mut words = Vec::new();
    for line in text.lines() {
        eprintln!("  {line}");
        let told: Value = serde_json::from_str(line).context(line.to_owned())?;
        let what = told["what"].as_str().unwrap_or_default();
        words.push(format!("{what} {}/s", told["per_second"]));
    }
    Ok(vec![Row {
        what: "transitions of packs ordered and applied, four validators",
        wanted: "20,000/s",
        measured: words.join(", "),
        timer: "transactions of 10,000 transitions, signed beforehand, from the first send at two \
                nodes until the last of four has applied all: gossip, signature, consensus, \
                execution, state root, disk",
    }])
}

/// A maker and a pharmacy that it supplies.
const PAIRS: [(usize, usize); 2] = [(LAB, PHARMACY), (CLINIC, ST_MARY)];

/// The same acts by people at scanners: over HTTP, with events, at two makers and two pharmacies.
pub(super) fn acts(packs: u64) -> Result<Vec<Row>> {
    let maker: &[&str] = &["maker", "wholesaler"];
    let trade = Trade::open(&[(LAB, maker), (CLINIC, maker)])?;
    // The first pack makes the key of the trade; then everybody gets it.
    for (maker, pharmacy) in PAIRS {
        let made = trade.client(maker).commission(&format!("L{maker}"), 1)?;
        trade.client(pharmacy).verify(&made[0])?;
    }
    let rounds = usize::try_from(packs)?.div_ceil(ACT_MAX * PAIRS.len());
    let count = rounds * ACT_MAX * PAIRS.len();
    let mut words = Vec::new();
    let mut lots: Vec<Vec<Vec<String>>> = vec![Vec::new(); PAIRS.len()];
    for act in ["commission", "ship", "receive", "dispense"] {
        let start = Instant::now();
        lots = each_pair(&trade, act, rounds, &lots)?;
        trade.all_applied()?;
        words.push(format!("{act} {}", rate(count, start.elapsed())));
        if act == "ship" {
            for ((_, pharmacy), lots) in PAIRS.iter().zip(&lots) {
                for scans in lots {
                    trade.told(*pharmacy, &scans[0])?;
                }
            }
        }
    }
    Ok(vec![Row {
        what: "acts on packs over HTTP, two makers and two pharmacies, four validators",
        wanted: "",
        measured: words.join(", "),
        timer: "10,000 scans an act, one act at a time at each of two nodes: reading of the codes, \
                sealed rows, the ledger, the EPCIS event as a record; until all four nodes have \
                applied it",
    }])
}

/// One act at both pairs at once; the scans of each act.
fn each_pair(
    trade: &Trade,
    act: &str,
    rounds: usize,
    lots: &[Vec<Vec<String>>],
) -> Result<Vec<Vec<Vec<String>>>> {
    std::thread::scope(|scope| {
        let threads: Vec<_> = PAIRS
            .iter()
            .zip(lots)
            .map(|((maker, pharmacy), lots)| {
                let of_maker = matches!(act, "commission" | "ship");
                let client = trade.client(if of_maker { *maker } else { *pharmacy });
                let to = trade.id(*pharmacy);
                scope.spawn(move || {
                    if act == "commission" {
                        let lot = |round| client.commission(&format!("L{maker}-{round}"), ACT_MAX);
                        return (0..rounds).map(lot).collect::<Result<Vec<_>>>();
                    }
                    for scans in lots {
                        let mut body = json!({ "act": act, "scans": scans });
                        if act == "ship" {
                            body["to"] = to.clone().into();
                        }
                        client.act(&body)?;
                    }
                    Ok(lots.clone())
                })
            })
            .collect();
        let done = threads.into_iter().map(|it| match it.join() {
            Ok(done) => done,
            Err(_) => bail!("a client broke"),
        });
        done.collect()
    })
}

/// Lots that are made at once.
const MAKERS: usize = 2;
/// Of so many packs of a lot, one is looked at: the looks are spread over all of the state.
const APART: usize = 100;

/// A look at one pack of many, over HTTP, at a maker that is a ledger by itself.
pub(super) fn verify(packs: u64) -> Result<Vec<Row>> {
    let maker = Maker::start()?;
    let start = Instant::now();
    let lots = usize::try_from(packs)?.div_ceil(ACT_MAX).max(1);
    let scans = make(&maker, lots)?;
    let (made, known) = (start.elapsed(), lots * ACT_MAX);
    let times = together(
        CLIENTS,
        VERIFY_TIME,
        &maker.base,
        &maker.token,
        |client, number| {
            // Far apart from one look to the next.
            let scan = &scans[number.wrapping_mul(7_919) % scans.len()];
            let found = client.verify(scan)?;
            if found["verdict"] != "real" {
                bail!("{scan}: {found}");
            }
            Ok(())
        },
    )?;
    let looks = times.len();
    Ok(vec![Row {
        what: "verify of a pack over HTTP, 16 clients, one validator",
        wanted: "p99 50 ms with 10,000,000 packs known",
        measured: format!(
            "{}; {} with {known} packs known, all made by this node ({}); {} MiB resident",
            Times::new(times).words(),
            rate(looks, VERIFY_TIME),
            rate(known, made),
            super::node_rows::resident_kib(maker.pid())? >> 10
        ),
        timer: "request to last byte: code read, state of the ledger, own row opened, the log of \
                accesses on disk",
    }])
}

/// Makes packs; some of the codes.
fn make(maker: &Maker, lots: usize) -> Result<Vec<String>> {
    // The first pack makes the key of the trade.
    maker.client().commission("L-FIRST", 1)?;
    std::thread::scope(|scope| {
        let threads = (0..MAKERS.min(lots)).map(|first| {
            let client = maker.client();
            scope.spawn(move || {
                let mut scans = Vec::new();
                for lot in (first..lots).step_by(MAKERS) {
                    let made = client.commission(&format!("L{lot}"), ACT_MAX)?;
                    scans.extend(made.into_iter().step_by(APART));
                }
                Ok::<_, anyhow::Error>(scans)
            })
        });
        let threads: Vec<_> = threads.collect();
        let mut scans = Vec::new();
        for thread in threads {
            match thread.join() {
                Ok(made) => scans.extend(made?),
                Err(_) => bail!("a client broke"),
            }
        }
        Ok(scans)
    })
}
