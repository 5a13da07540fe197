//! Receipts of many versions, judged by a stranger without a network.

use crate::consortium::{Consortium, SALUS, observation, salus};
use crate::http::Http;
use proof::policy::Policy;
use proof::receipt;
use serde_json::{Value, json};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

const VERSIONS: usize = 200;
const CHANGES: usize = 1_000;
const READY_MAX: Duration = Duration::from_secs(5);

/// A version, its exact bytes, its receipt, and how long the receipt took.
struct Proven {
    version: String,
    record: Vec<u8>,
    receipt: Vec<u8>,
    waited: Duration,
}

/// Numbers that are the same in every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963);
        usize::try_from(self.0 >> 33).unwrap() % bound
    }
}

#[test]
fn two_hundred_versions_are_proven_within_seconds_and_no_changed_byte_passes() {
    let consortium = Consortium::start(2);
    let proven = prove_all(&consortium);
    assert_eq!(proven.len(), VERSIONS);
    let mut waits: Vec<Duration> = proven.iter().map(|it| it.waited).collect();
    waits.sort();
    println!(
        "write to receipt: p50 {:?}, p99 {:?}",
        waits[100], waits[198]
    );
    assert!(
        waits[VERSIONS - 1] <= READY_MAX,
        "a receipt took {:?}",
        waits[VERSIONS - 1]
    );
    let trust = std::fs::read(consortium.trust()).unwrap();
    let policy = Policy::parse(&trust).unwrap();
    for it in &proven {
        let verified = receipt::verify(&it.receipt, &policy, Some(&it.record));
        let verified = verified.unwrap_or_else(|invalid| panic!("{}: {invalid}", it.version));
        assert!(verified.record_matches);
    }
    no_changed_byte_passes(&proven, &policy);
    the_binary_agrees(&consortium, &proven);
    a_stranger_of_another_ledger_refuses(&consortium, &proven[0]);
}

/// Four threads write, update and delete at all four organisations.
fn prove_all(consortium: &Consortium) -> Vec<Proven> {
    let threads: Vec<_> = (0..4)
        .map(|index| {
            let (fhir, token) = (consortium.fhir(index), consortium.token(index, "clinician"));
            std::thread::spawn(move || prove(&fhir, &token, index))
        })
        .collect();
    threads
        .into_iter()
        .flat_map(|thread| thread.join().unwrap())
        .collect()
}

fn prove(fhir: &str, token: &str, index: usize) -> Vec<Proven> {
    let http = Http::new();
    let mut numbers = Numbers(index as u64);
    let mut proven = Vec::new();
    let mut known: Vec<(String, u64)> = Vec::new();
    while proven.len() < VERSIONS / 4 {
        let number = numbers.below(1_000_000) as u64;
        let (id, version) = if known.is_empty() || numbers.below(3) > 0 {
            let made = http.post(&format!("{fhir}/Observation"), token, &observation(number));
            let made = made.unwrap();
            assert_eq!(made.status, 201, "{}", made.text());
            let id = made.json()["id"].as_str().unwrap().to_owned();
            known.push((id.clone(), 1));
            (id, 1)
        } else {
            let place = numbers.below(known.len());
            let (id, version) = &mut known[place];
            let mut changed = observation(number);
            changed["id"] = json!(id);
            let url = format!("{fhir}/Observation/{id}");
            let answer = http.put(&url, token, &changed).unwrap();
            assert_eq!(answer.status, 200, "{}", answer.text());
            *version += 1;
            (id.clone(), *version)
        };
        let written = Instant::now();
        let version = format!("{fhir}/Observation/{id}/_history/{version}");
        proven.push(wait_for(&http, token, version, written));
    }
    proven
}

fn wait_for(http: &Http, token: &str, version: String, written: Instant) -> Proven {
    let receipt = loop {
        let answer = http.get(&format!("{version}/$receipt"), token).unwrap();
        if answer.status == 200 {
            break answer.body;
        }
        assert_eq!(answer.status, 202, "{version}: {}", answer.text());
        assert!(written.elapsed() < 4 * READY_MAX, "no receipt of {version}");
        std::thread::sleep(Duration::from_millis(50));
    };
    let waited = written.elapsed();
    let record = http.get(&version, token).unwrap();
    assert_eq!(record.status, 200, "{}", record.text());
    Proven {
        version,
        record: record.body,
        receipt,
        waited,
    }
}

fn no_changed_byte_passes(proven: &[Proven], policy: &Policy) {
    let mut numbers = Numbers(99);
    for round in 0..CHANGES {
        let it = &proven[numbers.below(proven.len())];
        let (mut receipt, mut record) = (it.receipt.clone(), it.record.clone());
        let changed = if round % 2 == 0 {
            &mut receipt
        } else {
            &mut record
        };
        let place = numbers.below(changed.len());
        let other = u8::try_from(1 + numbers.below(255)).unwrap();
        changed[place] ^= other;
        let judged = receipt::verify(&receipt, policy, Some(&record));
        let which = if round % 2 == 0 { "receipt" } else { "record" };
        assert!(
            judged.is_err(),
            "{}: byte {place} of the {which} ^ {other}",
            it.version
        );
    }
}

/// The binary, in a process without a network where this machine lets us make one.
fn the_binary_agrees(consortium: &Consortium, proven: &[Proven]) {
    let folder = tempfile::tempdir().unwrap();
    let (receipt, record) = (
        folder.path().join("receipt"),
        folder.path().join("record.json"),
    );
    let mut numbers = Numbers(7);
    for round in 0..10 {
        let it = &proven[numbers.below(proven.len())];
        std::fs::write(&receipt, &it.receipt).unwrap();
        std::fs::write(&record, &it.record).unwrap();
        let good = verify(&receipt, &consortium.trust(), Some(&record));
        assert_eq!(
            good.status.code(),
            Some(0),
            "{}",
            String::from_utf8_lossy(&good.stderr)
        );
        assert!(String::from_utf8_lossy(&good.stdout).starts_with("VALID\n"));
        let without = verify(&receipt, &consortium.trust(), None);
        assert_eq!(without.status.code(), Some(0));
        let mut changed = if round % 2 == 0 {
            it.receipt.clone()
        } else {
            it.record.clone()
        };
        let place = numbers.below(changed.len());
        changed[place] ^= 1;
        std::fs::write(if round % 2 == 0 { &receipt } else { &record }, &changed).unwrap();
        let bad = verify(&receipt, &consortium.trust(), Some(&record));
        assert!(matches!(bad.status.code(), Some(1 | 2)), "{:?}", bad.status);
        assert!(String::from_utf8_lossy(&bad.stderr).starts_with("error: "));
        assert!(bad.stdout.is_empty());
    }
}

fn verify(receipt: &Path, trust: &Path, record: Option<&Path>) -> Output {
    let isolated = Command::new("unshare").args(["-rn", "true"]).output();
    let mut command = if isolated.is_ok_and(|it| it.status.success()) {
        let mut command = Command::new("unshare");
        command.args(["-rn", SALUS]);
        command
    } else {
        Command::new(SALUS)
    };
    command.arg("verify").arg(receipt).arg("--trust").arg(trust);
    if let Some(record) = record {
        command.arg("--record").arg(record);
    }
    command.stdin(Stdio::null()).output().unwrap()
}

fn a_stranger_of_another_ledger_refuses(consortium: &Consortium, it: &Proven) {
    let folder = tempfile::tempdir().unwrap();
    let receipt = folder.path().join("receipt");
    std::fs::write(&receipt, &it.receipt).unwrap();
    // The same members under another name of the ledger.
    let text = std::fs::read_to_string(consortium.trust()).unwrap();
    let chain_id: String = match &consortium.report["chain_id"] {
        Value::String(id) => id.chars().take(16).collect(),
        other => panic!("{other}"),
    };
    let other = folder.path().join("other.policy");
    std::fs::write(&other, text.replace(&chain_id, "0123456789abcdef")).unwrap();
    let refused = verify(&receipt, &other, None);
    assert!(matches!(refused.status.code(), Some(1 | 2)), "{refused:?}");
    let missing = folder.path().join("missing");
    let arguments = [
        "verify",
        receipt.to_str().unwrap(),
        "--trust",
        missing.to_str().unwrap(),
    ];
    assert_eq!(salus(&arguments).status.code(), Some(2));
}
