//! Limits on files: length, width, heads, paths of one machine, unfinished code.

use super::Finding;

const LINES_MAX: usize = 600;
const COLUMNS_MAX: usize = 100;
const README_LINES_MAX: usize = 120;

/// Paths that exist on one machine only, written so that this file does not contain them.
const MACHINE_PATHS: &[&str] = &[
    concat!("/", "tmp/"),
    concat!("/", "work/"),
    concat!("/", "root/"),
];

const UNFINISHED: &[&str] = &[
    concat!("to", "do!("),
    concat!("unimpl", "emented!("),
    concat!("FIX", "ME"),
];

/// Checks one tracked text file.
pub(super) fn check(path: &str, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    if path.ends_with("Cargo.lock") || path.ends_with("package-lock.json") {
        return findings;
    }
    machine_paths(path, text, &mut findings);
    if path == "README.md" {
        let lines = text.lines().count();
        if lines > README_LINES_MAX {
            let text = format!("{lines} lines; a newcomer reads {README_LINES_MAX}");
            findings.push(Finding::new(path, text));
        }
    }
    if is_rust(path) && !is_generated(path, text) {
        rust(path, text, &mut findings);
    }
    findings
}

fn rust(path: &str, text: &str, findings: &mut Vec<Finding>) {
    let lines = text.lines().count();
    if lines > LINES_MAX {
        let text = format!("{lines} lines, past {LINES_MAX}: which part is a thing of its own?");
        findings.push(Finding::new(path, text));
    }
    for (number, line) in text.lines().enumerate() {
        let place = || format!("{path}:{}", number + 1);
        let columns = line.chars().count();
        if columns > COLUMNS_MAX && !is_one_word(line) {
            findings.push(Finding::new(
                place(),
                format!("{columns} columns, past {COLUMNS_MAX}"),
            ));
        }
        if UNFINISHED.iter().any(|word| line.contains(word)) {
            findings.push(Finding::new(place(), "unfinished code"));
        }
        // Only what a test starts as a process of its own may look like a test and be none.
        let ignored = line.trim_start().starts_with("#[ignore");
        if ignored && !line.contains("process") {
            findings.push(Finding::new(place(), "a test that is switched off"));
        }
    }
    let is_head = path.ends_with("src/lib.rs") || path.ends_with("src/main.rs");
    if is_head && !text.starts_with("//!") {
        findings.push(Finding::new(
            path,
            "a crate begins with `//!`: its purpose and invariants",
        ));
    }
}

/// A URL or a key in a comment or literal cannot be broken.
fn is_one_word(line: &str) -> bool {
    line.trim()
        .trim_start_matches("//")
        .trim_start_matches(['!', '/', ' '])
        .split(' ')
        .count()
        == 1
}

fn machine_paths(path: &str, text: &str, findings: &mut Vec<Finding>) {
    for (number, line) in text.lines().enumerate() {
        if MACHINE_PATHS.iter().any(|machine| line.contains(machine)) {
            let place = format!("{path}:{}", number + 1);
            findings.push(Finding::new(place, "a path of one machine"));
        }
    }
}

pub(super) fn is_rust(path: &str) -> bool {
    std::path::Path::new(path)
        .extension()
        .is_some_and(|extension| extension == "rs")
}

/// Generated tables are as long as their source.
pub(super) fn is_generated(path: &str, text: &str) -> bool {
    path.contains("/generated/") || text.lines().take(3).any(|line| line.contains("@generated"))
}
