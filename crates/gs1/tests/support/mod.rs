//! Third-party data, read from beside the project.
#![allow(
    dead_code,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "each test uses a part, and says why it was skipped"
)]

use std::fs;
use std::path::Path;

use serde_json::Value;

/// The lines of a file of JSON lines below `../shared/data/epcis`, or `None`, said plainly.
pub(crate) fn lines(name: &str) -> Option<Vec<Value>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/epcis");
    let path = folder.join(name);
    if !path.is_file() {
        println!("skipped: {} is absent", path.display());
        return None;
    }
    let text = fs::read_to_string(&path).expect("a readable file");
    let parse = |line| serde_json::from_str(line).expect("valid JSON");
    Some(text.lines().map(parse).collect())
}

/// A member that is a text.
pub(crate) fn text<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    value[name].as_str()
}
