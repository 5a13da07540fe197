//! Where the third-party data is, and how to read it.
#![allow(
    dead_code,
    unreachable_pub,
    reason = "each test file uses a part of it"
)]
#![allow(
    clippy::print_stdout,
    clippy::expect_used,
    reason = "a test may speak and fail loudly"
)]

pub mod broken;

use std::fs;
use std::path::{Path, PathBuf};

use fhir::query::{self, Options, Parsed, QueryError};
use serde_json::Value;

/// The JSON files of a folder of `../shared/data`, sorted by name; `None`, said aloud, if absent.
pub fn files(folder: &str) -> Option<Vec<PathBuf>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/data")
        .join(folder);
    let Ok(entries) = fs::read_dir(&root) else {
        println!("skipped: {folder} is absent");
        return None;
    };
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.expect("a readable folder").path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "json")
        })
        .collect();
    paths.sort();
    Some(paths)
}

/// One file, read with our own parser.
pub fn read(path: &Path) -> Value {
    let bytes = fs::read(path).expect("a readable file");
    fhir::json::parse(&bytes, fhir::json::Limits::default())
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The file's name.
pub fn name(path: &Path) -> String {
    path.file_name()
        .expect("a file name")
        .to_string_lossy()
        .into_owned()
}

/// The 738 official R4 examples.
pub const EXAMPLES: &str = "fhir/hl7-r4-examples";

/// 21 Synthea patients.
pub const SYNTHEA: &str = "fhir/synthea-r4-transactions";

fn pairs(query: &str) -> Vec<(String, String)> {
    let pair = |one: &str| {
        let (name, value) = one.split_once('=').expect("name=value");
        (name.to_owned(), value.to_owned())
    };
    query.split('&').map(pair).collect()
}

/// Parses `a=b&c=d` as the server at `https://own/fhir` would, in 1970.
pub fn parse(type_: &str, query: &str) -> Result<Parsed, QueryError> {
    let options = Options {
        base: Some("https://own/fhir"),
        count_max: 100,
        now_us: Some(0),
    };
    query::parse(type_, &pairs(query), &options)
}
