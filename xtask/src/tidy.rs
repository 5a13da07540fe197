//! The rules of the house that the compiler does not hold. Each rule is a pure function from
//! text to findings, tested with bad samples in `tidy/tests.rs`.

mod arrows;
mod files;
mod purity;
#[cfg(test)]
mod tests;

use anyhow::{Context, Result, bail};
use std::process::Command;

/// One broken rule, with the place and what to do.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    place: String,
    text: String,
}

impl Finding {
    fn new(place: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            place: place.into(),
            text: text.into(),
        }
    }
}

/// Checks the whole repository; true when nothing is wrong.
pub(crate) fn run() -> Result<bool> {
    let mut findings = arrows::check(&metadata()?)?;
    let tracked = tracked_files()?;
    for path in &tracked {
        let Ok(bytes) = std::fs::read(crate::root().join(path)) else {
            continue; // removed in the work tree, not yet in the index
        };
        let Ok(text) = String::from_utf8(bytes) else {
            continue; // a picture or a vector in bytes
        };
        findings.extend(files::check(path, &text));
        findings.extend(purity::check(path, &text));
    }
    for finding in &findings {
        println!("{}: {}", finding.place, finding.text);
    }
    println!("tidy: {} files, {} findings", tracked.len(), findings.len());
    Ok(findings.is_empty())
}

fn metadata() -> Result<serde_json::Value> {
    let output = crate::ci::cargo("metadata --format-version 1 --no-deps --offline")
        .current_dir(crate::root())
        .output()
        .context("cargo metadata")?;
    if !output.status.success() {
        bail!(
            "cargo metadata: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

fn tracked_files() -> Result<Vec<String>> {
    let output = Command::new("git")
        .args([
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ])
        .current_dir(crate::root())
        .output()
        .context("git ls-files")?;
    if !output.status.success() {
        bail!("git ls-files: {}", String::from_utf8_lossy(&output.stderr));
    }
    let list = String::from_utf8(output.stdout).context("a file name is not UTF-8")?;
    Ok(list
        .split('\0')
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect())
}
