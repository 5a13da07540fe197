//! A small trade: its bytes, its documents, its attackers, and what the rules make of it.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on should stop, and say where"
)]

use std::collections::BTreeSet;
use std::fmt::Write;

use epcis::{Document, Limits};
use sha2::{Digest, Sha256};
use simulate::judge::{Tally, judge_wave};
use simulate::{File, Kind, Settings, Truth, Wave};

const SMALL: Settings = Settings {
    seed: 4,
    packs: 600,
    days: 60,
};

fn small() -> Wave {
    Wave::make(&SMALL, &SMALL.registry(), 0)
}

fn digest(wave: &Wave) -> String {
    let mut hasher = Sha256::new();
    for file in &wave.files {
        hasher.update(&file.path);
        hasher.update([0]);
        hasher.update(&file.text);
    }
    let mut text = String::new();
    for byte in hasher.finalize() {
        write!(text, "{byte:02x}").unwrap();
    }
    text
}

fn truths(wave: &Wave) -> Vec<Truth> {
    let is_truth = |file: &&File| file.path == "truth.ndjson";
    let file = wave.files.iter().find(is_truth).unwrap();
    let truths = file
        .text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap());
    truths.collect()
}

/// To change this value is to say that all figures of `docs/reference/detection.md` are to be
/// measured anew.
#[test]
fn the_same_seed_gives_the_same_bytes() {
    let expected = "9d4d6104c78642d3042527c5a3217e7478cc0d9195d0b0dbc718b7215f790599";
    assert_eq!(digest(&small()), expected);
    let other = Settings { seed: 5, ..SMALL };
    let other = Wave::make(&other, &other.registry(), 0);
    assert_ne!(digest(&other), expected);
}

#[test]
fn every_document_is_valid() {
    let limits = Limits::default();
    let (mut documents, mut events, mut kinds) = (0, 0, BTreeSet::new());
    for file in small()
        .files
        .iter()
        .filter(|file| file.path.starts_with("documents/"))
    {
        for line in file.text.lines() {
            let document = Document::from_json(line.as_bytes(), &limits);
            let document = document.unwrap_or_else(|error| panic!("{}: {error}", file.path));
            documents += 1;
            events += document.events.len();
            for event in &document.events {
                let step = epcis::index(event).biz_step.unwrap();
                let at_home = file.path.contains(document.header("sender").unwrap());
                assert!(at_home, "{}", file.path);
                kinds.insert(step.rsplit('-').next().unwrap().to_owned());
            }
        }
    }
    assert!(documents > 1_000 && events > 2_500, "{documents} {events}");
    for step in [
        "commissioning",
        "packing",
        "shipping",
        "receiving",
        "unpacking",
        "inspecting",
        "dispensing",
        "decommissioning",
        "stocking",
        "sensor_reporting",
    ] {
        assert!(kinds.contains(step), "{step}: {kinds:?}");
    }
}

#[test]
fn every_attacker_is_there() {
    let truths = truths(&small());
    for kind in Kind::ALL {
        let of_kind = truths.iter().filter(|truth| truth.kind == kind.as_str());
        assert!(of_kind.count() >= 4, "{}", kind.as_str());
        assert_eq!(Kind::of_word(kind.as_str()), Some(kind));
    }
}

#[test]
fn without_the_truth_the_same_alarms_are_raised() {
    let mut wave = small();
    let registry = SMALL.registry();
    let with = judge_wave(&registry, &wave.files).unwrap();
    wave.files.retain(|file| file.path != "truth.ndjson");
    let without = judge_wave(&registry, &wave.files).unwrap();
    assert!(!with.raised.is_empty());
    assert_eq!(with.raised, without.raised);
}

#[test]
fn the_rules_see_what_they_claim_to_see_and_seldom_cry_wolf() {
    let mut tally = Tally::default();
    for seed in [4, 6] {
        let settings = Settings { seed, ..SMALL };
        let registry = settings.registry();
        let wave = Wave::make(&settings, &registry, 0);
        let judged = judge_wave(&registry, &wave.files).unwrap();
        let mut one = Tally::default();
        one.add(&judged, &wave.files).unwrap();
        tally.merge(&one);
    }
    assert!(tally.scans > 5_000, "{}", tally.scans);
    assert_eq!(tally.missed(80.0), [], "{tally}");
    let (share, _, _) = tally.false_share_of_all().interval();
    assert!(share < 0.001, "{tally}");
    // What contradicts nothing is not seen; a rule that saw it would be guessing.
    for kind in [Kind::LonelyCopy, Kind::Refilled, Kind::ColdForged] {
        let (share, _, _) = tally.kinds[&kind].caught.interval();
        assert!(share < 0.3, "{}: {tally}", kind.as_str());
    }
}

#[test]
fn a_broken_file_is_named_with_its_line() {
    let mut wave = small();
    let registry = SMALL.registry();
    for file in &mut wave.files {
        if file.path == "scans.ndjson" {
            file.text.push_str("{\n");
        }
    }
    let error = judge_wave(&registry, &wave.files).unwrap_err().to_string();
    assert!(error.starts_with("scans.ndjson, line "), "{error}");
    let document = File {
        path: "documents/maker-1.ndjson".to_owned(),
        text: "{}\n".to_owned(),
    };
    let error = judge_wave(&registry, &[document]).unwrap_err().to_string();
    assert!(
        error.starts_with("documents/maker-1.ndjson, line 1: "),
        "{error}"
    );
}
