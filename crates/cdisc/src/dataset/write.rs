//! Datasets out: no white space but a line per row, attributes in the order of the specification,
//! numbers and texts as they are.

use serde_json::Value as Json;

use super::{Dataset, Limits, Value, head, validate};
use crate::error::CdiscError;

pub(super) fn json(dataset: &Dataset) -> Result<Vec<u8>, CdiscError> {
    let mut out = opening(dataset)?;
    out.pop();
    out.extend_from_slice(b",\"rows\":[");
    for (at, row) in dataset.rows.iter().enumerate() {
        if at > 0 {
            out.extend_from_slice(b",\n");
        }
        write_row(&mut out, row);
    }
    out.extend_from_slice(b"]}\n");
    Ok(out)
}

pub(super) fn ndjson(dataset: &Dataset) -> Result<Vec<u8>, CdiscError> {
    let mut out = opening(dataset)?;
    out.push(b'\n');
    for row in &dataset.rows {
        write_row(&mut out, row);
        out.push(b'\n');
    }
    Ok(out)
}

/// The attributes; a dataset that is not valid is not written.
fn opening(dataset: &Dataset) -> Result<Vec<u8>, CdiscError> {
    let issues = validate::dataset(dataset, &Limits::default());
    if !issues.is_empty() {
        return Err(CdiscError::Invalid(issues));
    }
    let map = head::to_json(&dataset.head, &dataset.columns, dataset.rows.len());
    Ok(Json::Object(map).to_string().into_bytes())
}

fn write_row(out: &mut Vec<u8>, row: &[Value]) {
    out.push(b'[');
    for (at, value) in row.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        match value {
            Value::Number(number) => out.extend_from_slice(number.as_str().as_bytes()),
            other => write_other(out, other),
        }
    }
    out.push(b']');
}

/// A value that is no number.
pub(super) fn write_other(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Boolean(true) => out.extend_from_slice(b"true"),
        Value::Boolean(false) => out.extend_from_slice(b"false"),
        Value::Text(text) => write_text(out, text),
        Value::Missing | Value::SpecialMissing(_) | Value::Number(_) => {
            out.extend_from_slice(b"null");
        }
    }
}

/// A JSON string in its shortest form: RFC 8785 3.2.2.2.
pub(super) fn write_text(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    let bytes = text.as_bytes();
    let mut start = 0;
    for (at, byte) in bytes.iter().enumerate() {
        let short = match byte {
            b'"' | b'\\' => *byte,
            0x08 => b'b',
            b'\t' => b't',
            b'\n' => b'n',
            0x0C => b'f',
            b'\r' => b'r',
            0..0x20 => b'u',
            _ => continue,
        };
        out.extend_from_slice(&bytes[start..at]);
        out.extend_from_slice(&[b'\\', short]);
        if short == b'u' {
            out.extend_from_slice(format!("{byte:04x}").as_bytes());
        }
        start = at + 1;
    }
    out.extend_from_slice(&bytes[start..]);
    out.push(b'"');
}
