//! Two who dispense one serial number at two nodes at once: one does, the other hears why not.
//!
//! Both have a claim: the pack is on its way from the one to the other. At the same moment the one
//! takes it back and the other receives it, and then both dispense it at the same moment.

use super::Row;
use super::client::Client;
use super::stats::{Times, rate};
use super::trade::{ACT_MAX, LAB, PHARMACY, Trade};
use anyhow::{Result, bail};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Barrier;
use std::time::{Duration, Instant};

/// Races that are run at a time.
const AT_ONCE: usize = 16;
/// Times that a busy node is asked again.
const TRIES_MAX: u32 = 100;
const TRY_AGAIN: Duration = Duration::from_millis(50);

/// The answer to a request, and when it was sent.
struct Answered {
    sent: Instant,
    done: bool,
    /// Why not, without the serial number.
    reason: String,
}

/// One side of a race.
struct Side {
    claim: Answered,
    dispense: Answered,
}

/// What came of all races.
#[derive(Default)]
struct Tally {
    dispensed: [usize; 2],
    reasons: BTreeMap<String, usize>,
    /// Races in which both dispensed, or nobody.
    wrong: Vec<String>,
    /// Between the two requests to dispense.
    apart: Vec<Duration>,
}

/// So many races between two nodes of four.
pub(super) fn races(rounds: u64) -> Result<Vec<Row>> {
    let all: &[&str] = &["maker", "wholesaler", "dispenser"];
    let trade = Trade::open(&[(LAB, all)])?;
    let scans = claimed(&trade, usize::try_from(rounds)?)?;
    let start = Instant::now();
    let pairs = std::thread::scope(|scope| {
        let racers: Vec<_> = (0..AT_ONCE.min(scans.len()))
            .map(|number| {
                let own: Vec<&str> = scans.iter().map(|it| &**it).collect();
                let own: Vec<&str> = own.into_iter().skip(number).step_by(AT_ONCE).collect();
                let trade = &trade;
                scope.spawn(move || race(trade, &own))
            })
            .collect();
        let mut pairs = Vec::with_capacity(scans.len());
        for racer in racers {
            match racer.join() {
                Ok(more) => pairs.extend(more),
                Err(_) => bail!("a racer broke"),
            }
        }
        Ok(pairs)
    })?;
    let taken = start.elapsed();
    let mut tally = Tally::default();
    for (scan, sides) in &pairs {
        tally.note(scan, sides);
    }
    let rows = row(tally, pairs.len(), taken)?;
    used_everywhere(&trade, &scans)?;
    Ok(rows)
}

/// Packs on their way from the laboratory to the pharmacy.
fn claimed(trade: &Trade, rounds: usize) -> Result<Vec<String>> {
    let maker = trade.client(LAB);
    let mut scans = Vec::with_capacity(rounds);
    while scans.len() < rounds {
        let made = maker.commission("L1", ACT_MAX.min(rounds - scans.len()))?;
        maker.act(&json!({ "act": "ship", "to": trade.id(PHARMACY), "scans": made }))?;
        trade.told(PHARMACY, &made[0])?;
        scans.extend(made);
    }
    Ok(scans)
}

/// Races one after the other, each by two threads that start each request together.
fn race(trade: &Trade, scans: &[&str]) -> Vec<(String, [Side; 2])> {
    let start = Barrier::new(2);
    let run = |index: usize, claim: &'static str| {
        let client = trade.client(index);
        let mut sides = Vec::with_capacity(scans.len());
        for scan in scans {
            start.wait();
            let claim = ask(&client, claim, scan);
            start.wait();
            let dispense = ask(&client, "dispense", scan);
            sides.push(Side { claim, dispense });
        }
        sides
    };
    std::thread::scope(|scope| {
        let back = scope.spawn(|| run(LAB, "take-back"));
        let received = run(PHARMACY, "receive");
        let back = back.join().unwrap_or_default();
        let sides = back
            .into_iter()
            .zip(received)
            .map(|(one, other)| [one, other]);
        let scans = scans.iter().map(ToString::to_string);
        scans.zip(sides).collect()
    })
}

/// Asks for an act on one pack; a busy node is asked again.
fn ask(client: &Client, act: &str, scan: &str) -> Answered {
    let body = json!({ "act": act, "scans": [scan] }).to_string();
    let sent = Instant::now();
    for _ in 0..TRIES_MAX {
        let answer = client.post("/packs/acts", body.as_bytes());
        let reason = match &answer {
            Ok((201, _)) => String::new(),
            Ok((503, _)) => {
                std::thread::sleep(TRY_AGAIN);
                continue;
            }
            Ok((status, body)) => format!("{status} {}", reason(body, scan)),
            Err(error) => error.to_string(),
        };
        let done = reason.is_empty();
        return Answered { sent, done, reason };
    }
    Answered {
        sent,
        done: false,
        reason: "the node stayed busy".to_owned(),
    }
}

/// The words of a refusal, with the serial number taken out.
fn reason(body: &[u8], scan: &str) -> String {
    let told: Value = serde_json::from_slice(body).unwrap_or_default();
    let detail = told["detail"].as_str().unwrap_or_default();
    let serial = scan.split("(21)").nth(1).unwrap_or_default();
    let serial = serial.split('(').next().unwrap_or_default();
    detail.replace(serial, "N")
}

impl Tally {
    fn note(&mut self, scan: &str, sides: &[Side; 2]) {
        let dispensed = sides.each_ref().map(|side| side.dispense.done);
        for (index, side) in sides.iter().enumerate() {
            self.dispensed[index] += usize::from(side.dispense.done);
            for (what, answered) in [("claim", &side.claim), ("dispense", &side.dispense)] {
                if !answered.done {
                    let told = format!("{what}: {}", answered.reason);
                    *self.reasons.entry(told).or_default() += 1;
                }
            }
        }
        let [one, other] = sides.each_ref().map(|side| side.dispense.sent);
        self.apart.push(one.max(other) - one.min(other));
        if dispensed[0] == dispensed[1] {
            let told = if dispensed[0] { "both" } else { "nobody" };
            self.wrong.push(format!("{told} dispensed {scan}"));
        }
    }
}

/// Both nodes say of each pack that it was used.
fn used_everywhere(trade: &Trade, scans: &[String]) -> Result<()> {
    trade.all_applied()?;
    for index in [LAB, PHARMACY] {
        let client = trade.client(index);
        for scan in scans {
            let found = client.verify(scan)?;
            if found["verdict"] != "used" {
                bail!("{scan}: {found}");
            }
        }
    }
    Ok(())
}

fn row(tally: Tally, races: usize, taken: Duration) -> Result<Vec<Row>> {
    for (reason, count) in &tally.reasons {
        eprintln!("  {count:>6} {reason}");
    }
    for wrong in &tally.wrong {
        eprintln!("  {wrong}");
    }
    if !tally.wrong.is_empty() {
        bail!("{} of {races} races ended wrong", tally.wrong.len());
    }
    let [one, other] = tally.dispensed;
    Ok(vec![Row {
        what: "one serial number dispensed at two nodes at once, each time",
        wanted: "exactly one succeeds, 10,000 times",
        measured: format!(
            "{races} races, {} dispensed, {} refused with a reason, 0 doubles ({one} by the one \
             node, {other} by the other); the two requests apart: {}; {}",
            one + other,
            races * 2 - one - other,
            Times::new(tally.apart).words(),
            rate(races, taken)
        ),
        timer: "16 races at a time; in each, take-back and receive at once, then both dispense at \
                once; at the end both nodes say `used` of every pack",
    }])
}
