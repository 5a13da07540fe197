//! Third-party data, where it is present (docs/guides/testing.md).
#![allow(dead_code, unreachable_pub, clippy::print_stderr, clippy::unwrap_used)]

use std::path::{Path, PathBuf};

use epcis::{Document, EpcisError, Limits};

/// A folder of the shared data, or nothing, said aloud.
pub fn data(name: &str) -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/epcis");
    let folder = folder.join(name);
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("SKIPPED: {} is not there", folder.display());
    None
}

/// Every file below a folder whose name ends so, sorted.
pub fn files(folder: &Path, endings: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            let name = path.to_string_lossy().into_owned();
            if path.is_dir() {
                open.push(path);
            } else if endings.iter().any(|ending| name.ends_with(ending)) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// Reads by the ending of the name.
pub fn read(path: &Path) -> Result<Document, EpcisError> {
    let bytes = std::fs::read(path).unwrap();
    let limits = Limits::default();
    if path.extension().is_some_and(|ending| ending == "xml") {
        Document::from_xml(&bytes, &limits)
    } else {
        Document::from_json(&bytes, &limits)
    }
}

/// As `read`, valid or not.
pub fn read_unjudged(path: &Path) -> Result<Document, EpcisError> {
    let bytes = std::fs::read(path).unwrap();
    let is_xml = path.extension().is_some_and(|ending| ending == "xml");
    Document::unjudged(&bytes, is_xml, &Limits::default())
}

/// The hashes of a document's events.
pub fn hashes(document: &Document) -> Vec<String> {
    document.events.iter().map(epcis::Event::hash).collect()
}
