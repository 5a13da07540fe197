//! One node by itself, and the verification of one receipt.

use super::Row;
use super::client::Client;
use super::stats::{Times, written};
use crate::consortium::{Consortium, fresh_folder};
use crate::end_to_end::binary;
use anyhow::{Context, Result, bail};
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const VERIFICATIONS: usize = 2_000;
const IDLE_TIME: Duration = Duration::from_secs(20);

/// Clock ticks a second: 100 on every Linux that Salus runs on.
const TICKS_PER_S: f64 = 100.0;

/// `proof::receipt::verify` with the record, in this process.
pub(super) fn receipt_verification() -> Result<Vec<Row>> {
    let consortium = Consortium::start(0)?;
    let client = Client::new(&consortium.base(0), &consortium.token(0));
    let id = client.create()?;
    let version = format!("/fhir/Observation/{id}/_history/1");
    let receipt = loop {
        match client.get(&format!("{version}/$receipt"))? {
            (200, body) => break body,
            _ => std::thread::sleep(Duration::from_millis(50)),
        }
    };
    let (_, record) = client.get(&version)?;
    let trust = std::fs::read(consortium.dir.join("trust.policy"))?;
    let policy = proof::policy::Policy::parse(&trust).context("the trust file")?;
    let mut times = Vec::new();
    for _ in 0..VERIFICATIONS {
        let start = Instant::now();
        proof::receipt::verify(&receipt, &policy, Some(&record)).context("the receipt")?;
        times.push(start.elapsed());
    }
    Ok(vec![Row {
        what: "receipt verification",
        wanted: "1 ms",
        measured: format!("{}; {} bytes", Times::new(times).words(), receipt.len()),
        timer: "parse, all signatures of the quorum, two Merkle paths, the record's digest",
    }])
}

/// A consortium of one, and an idle node of four.
pub(super) fn idle() -> Result<Vec<Row>> {
    let start_up = start_up()?;
    let consortium = Consortium::start(0)?;
    // What the start needed is given back by then.
    std::thread::sleep(Duration::from_secs(5));
    let pid = consortium.pid(0);
    let before = ticks(pid)?;
    std::thread::sleep(IDLE_TIME);
    let used = ticks(pid)? - before;
    let percent = used as f64 / TICKS_PER_S / IDLE_TIME.as_secs_f64() * 100.0;
    Ok(vec![
        Row {
            what: "start of a node to ready",
            wanted: "2 s",
            measured: start_up,
            timer: "from exec to the first 200 of /health/ready, passphrase at its full cost",
        },
        Row {
            what: "memory of one idle node of four",
            wanted: "150 MB",
            measured: format!("{} MiB resident", resident_kib(pid)? >> 10),
            timer: "25 s after the start, VmRSS",
        },
        Row {
            what: "an idle node of four",
            wanted: "under 5 % of a core",
            measured: format!("{percent:.1} %"),
            timer: "user and system time over 20 s, batches every second",
        },
    ])
}

fn start_up() -> Result<String> {
    let dir = fresh_folder("idle")?;
    let port = || Ok::<_, anyhow::Error>(TcpListener::bind("127.0.0.1:0")?.local_addr()?);
    let (http, ledger, peers) = (port()?, port()?, port()?);
    let made = Command::new(binary())
        .args(["init", "--id", "bench", "--kind", "clinic", "--dir"])
        .arg(&dir)
        .args(["--http", &http.to_string(), "--ledger", &ledger.to_string()])
        .args(["--peers", &peers.to_string()])
        .stdout(Stdio::null())
        .status()?;
    if !made.success() {
        bail!("salus init failed");
    }
    let start = Instant::now();
    let mut node = Command::new(binary())
        .args(["run", "--supervised", "--config"])
        .arg(dir.join("salus.toml"))
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    let client = Client::new(&format!("http://{http}"), "");
    let ready = loop {
        if client
            .get("/health/ready")
            .is_ok_and(|(status, _)| status == 200)
        {
            break Some(start.elapsed());
        }
        if start.elapsed() > Duration::from_secs(30) {
            break None;
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    drop(node.stdin.take());
    let _ = node.wait();
    let _ = std::fs::remove_dir_all(&dir);
    ready
        .map(written)
        .context("the node was not ready within 30 s")
}

fn ticks(pid: u64) -> Result<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // proc(5): fields 14 and 15, after the name in parentheses.
    let after = stat.rsplit(") ").next().context("stat")?;
    let fields: Vec<&str> = after.split(' ').collect();
    let field = |index: usize| fields.get(index).and_then(|it| it.parse::<u64>().ok());
    Ok(field(11).context("utime")? + field(12).context("stime")?)
}

/// The resident kilobytes of a process.
pub(super) fn resident_kib(pid: u64) -> Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS:"))
        .context("VmRSS")?;
    line.split_whitespace()
        .nth(1)
        .and_then(|it| it.parse().ok())
        .context("VmRSS")
}
