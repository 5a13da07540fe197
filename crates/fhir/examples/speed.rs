//! Measures parsing, validation and indexing: `cargo run --release -p fhir --example speed`.
#![allow(
    clippy::print_stdout,
    clippy::expect_used,
    clippy::disallowed_types,
    reason = "a measurement speaks, may fail and looks at the clock"
)]

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::Value;

const ROUNDS: u32 = 20_000;

fn main() {
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/fhir");
    let start = Instant::now();
    assert!(!fhir::resource_types().is_empty());
    println!("tables loaded in {:?}", start.elapsed());
    one(&shared.join("hl7-r4-examples/observation-example.json"));
    one(&shared.join("hl7-r4-examples/patient-example.json"));
    synthea(&shared.join("synthea-r4-transactions"));
}

fn parse(bytes: &[u8]) -> Value {
    let limits = fhir::json::Limits {
        bytes: 64 << 20,
        depth: 64,
    };
    fhir::json::parse(bytes, limits).expect("valid JSON")
}

fn one(path: &Path) {
    let Ok(bytes) = fs::read(path) else {
        println!("skipped: {} is absent", path.display());
        return;
    };
    let resource = parse(&bytes);
    let time = |work: &dyn Fn() -> usize| {
        let start = Instant::now();
        let found: usize = (0..ROUNDS).map(|_| work()).sum();
        (start.elapsed() / ROUNDS, found / ROUNDS as usize)
    };
    let (parsing, _) = time(&|| parse(&bytes).as_object().map_or(0, serde_json::Map::len));
    let (validating, issues) = time(&|| fhir::validate::resource(&resource).len());
    let (indexing, rows) = time(&|| fhir::search::values(&resource).len());
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    println!(
        "{name} ({} bytes): parse {parsing:?}, validate {validating:?} ({issues} issues), \
         index {indexing:?} ({rows} rows)",
        bytes.len()
    );
}

/// Every resource of the 21 transaction bundles, one thread.
fn synthea(folder: &Path) {
    let Ok(files) = fs::read_dir(folder) else {
        println!("skipped: {} is absent", folder.display());
        return;
    };
    let (mut resources, mut bytes_total, mut rows) = (0_usize, 0, 0);
    let mut times = [Duration::ZERO; 3];
    for file in files.filter_map(Result::ok).filter(|file| {
        file.path()
            .extension()
            .is_some_and(|extension| extension == "json")
    }) {
        let bytes = fs::read(file.path()).expect("a readable file");
        bytes_total += bytes.len();
        let start = Instant::now();
        let bundle = parse(&bytes);
        times[0] += start.elapsed();
        for entry in bundle["entry"].as_array().into_iter().flatten() {
            let start = Instant::now();
            let issues = fhir::validate::unresolved(&entry["resource"]);
            times[1] += start.elapsed();
            assert!(issues.is_empty(), "{issues:?}");
            let start = Instant::now();
            rows += fhir::search::values(&entry["resource"]).len();
            rows += fhir::compartment::patients(&entry["resource"]).len();
            times[2] += start.elapsed();
            resources += 1;
        }
    }
    println!(
        "synthea: {resources} resources, {} MB: \
         parse {:?}, validate {:?}, index {:?} ({rows} rows)",
        bytes_total >> 20,
        times[0],
        times[1],
        times[2]
    );
}
