//! The canonical form of a JSON text, over which a record is committed.
//!
//! Members in the order of RFC 8785 (UTF-16 code units of their names), strings in its shortest
//! form, no white space. Numbers stay as they are written, because the precision of a
//! FHIR decimal has a meaning (FHIR R4 2.24.0.1); RFC 8785 would lose it. Duplicate
//! names, uppercase digits in `\u` escapes and unpaired surrogates are refused, so that two
//! compact texts of equal length that differ in one byte never have the same canonical form
//! (`docs/reference/encoding.md`).

mod scan;

use thiserror::Error;

/// How deep arrays and objects may be nested.
pub const DEPTH_MAX: usize = 64;

/// Why a text has no canonical form, and where. Lines and columns (in bytes) count from 1.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("line {line}, column {column}: {reason}")]
pub struct JsonError {
    /// The line.
    pub line: usize,
    /// The byte within the line.
    pub column: usize,
    /// What is wrong there.
    pub reason: &'static str,
}

/// The canonical form of a JSON text.
pub fn canonical(text: &[u8]) -> Result<Vec<u8>, JsonError> {
    let valid =
        std::str::from_utf8(text).map_err(|error| locate(text, error.valid_up_to(), "no UTF-8"))?;
    scan::scan(valid).map_err(|(at, reason)| locate(text, at, reason))
}

fn locate(text: &[u8], at: usize, reason: &'static str) -> JsonError {
    let before = &text[..at.min(text.len())];
    let line = before
        .iter()
        .map(|byte| usize::from(*byte == b'\n'))
        .sum::<usize>()
        + 1;
    let column = before
        .iter()
        .rev()
        .take_while(|byte| **byte != b'\n')
        .count()
        + 1;
    JsonError {
        line,
        column,
        reason,
    }
}

#[cfg(test)]
mod tests;
