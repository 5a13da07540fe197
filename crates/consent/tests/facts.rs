//! Facts of third-party records: bounded, read back as they were, and small.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test may say what it saw and fail loudly"
)]

use std::fs;
use std::path::Path;

use consent::Facts;
use consent::facts::{self, BYTES_MAX};
use consent::labels::ValueSets;
use serde_json::Value;

/// The resources of a folder's files, the entries of bundles one by one.
fn resources(folder: &str) -> Option<Vec<Value>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/fhir");
    let Ok(entries) = fs::read_dir(root.join(folder)) else {
        println!("skipped: {folder} is absent");
        return None;
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        // A store resolves the links inside a transaction before it takes facts.
        let text = fs::read_to_string(path)
            .unwrap()
            .replace("\"urn:uuid:", "\"Encounter/");
        let value: Value = serde_json::from_str(&text).unwrap();
        match value["entry"].as_array() {
            Some(inside) => found.extend(inside.iter().map(|entry| entry["resource"].clone())),
            None => found.push(value),
        }
    }
    Some(found)
}

fn check(folder: &str) {
    let Some(resources) = resources(folder) else {
        return;
    };
    assert!(resources.len() > 100, "{folder}");
    let (mut observations, mut bytes_of_them, mut cut, mut sensitive) = (0, 0, 0, 0);
    for resource in &resources {
        let bytes = facts::of(resource);
        assert!(bytes.len() <= BYTES_MAX);
        let facts = Facts::from_bytes(&bytes).unwrap();
        assert_eq!(facts, Facts::read(resource, ValueSets::built_in()));
        // The sixth bit of the flags says that something was cut.
        cut += usize::from(bytes[2] >> 5 & 1);
        sensitive += usize::from(!facts.subjects().is_empty());
        if resource["resourceType"] == "Observation" {
            observations += 1;
            bytes_of_them += bytes.len();
        }
    }
    let each = bytes_of_them / observations;
    let count = resources.len();
    println!("{folder}: {count} records, {cut} cut, {sensitive} sensitive");
    println!("{folder}: {observations} Observations of {each} bytes");
    assert!(each < 120, "an Observation takes {each} bytes");
    assert!(cut * 10 < count, "{cut} of {count} were cut");
}

#[test]
fn facts_of_the_official_examples_are_bounded_and_read_back() {
    check("hl7-r4-examples");
}

#[test]
fn facts_of_generated_patients_are_bounded_and_read_back() {
    check("synthea-r4-transactions");
}
