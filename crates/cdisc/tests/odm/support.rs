//! Third-party data, where it is present (docs/guides/testing.md), and small documents.

use std::path::{Path, PathBuf};

use cdisc::odm::{Form, Limits, Odm, OdmError};

/// CDISC's examples, or nothing, said aloud.
pub(crate) fn examples() -> Vec<PathBuf> {
    let folder =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/trials/odm2/examples");
    if !folder.is_dir() {
        eprintln!("SKIPPED: {} is not there", folder.display());
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut open = vec![folder];
    while let Some(next) = open.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|ending| ending == "xml") {
                found.push(path);
            }
        }
    }
    found.sort();
    assert_eq!(found.len(), 19);
    found
}

pub(crate) fn name(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

/// Reads XML, valid or not.
pub(crate) fn unjudged(path: &Path) -> Odm {
    let bytes = std::fs::read(path).unwrap();
    let read = Odm::unjudged(&bytes, Form::Xml, &Limits::default());
    read.unwrap_or_else(|error| panic!("{}: {error}", name(path)))
}

pub(crate) fn xml(text: &str) -> Result<Odm, OdmError> {
    Odm::from_xml(text.as_bytes(), &Limits::default())
}

pub(crate) fn json(text: &str) -> Result<Odm, OdmError> {
    Odm::from_json(text.as_bytes(), &Limits::default())
}

/// A study of ours in ODM 1.3.2, with the history of its values.
pub(crate) const HISTORY_1: &str = include_str!("documents/history_1.xml");
/// The same in ODM 2.0.
pub(crate) const HISTORY_2: &str = include_str!("documents/history_2.xml");

/// A document with one place changed; the place must be there.
pub(crate) fn changed(document: &str, from: &str, to: &str) -> String {
    assert!(document.contains(from), "{from}");
    document.replacen(from, to, 1)
}
