//! Datasets: Dataset-JSON 1.1 (JSON, NDJSON, compressed) and SAS transport files version 5.
//!
//! Whichever form a dataset came in, there is one form inside ([`Dataset`]) with one set of rules
//! (`validate`), one digest of a row and one order of rows (`digest`, `order`).
//! `docs/reference/datasets.md`.

mod column;
mod compressed;
mod digest;
mod head;
mod iso8601;
mod json;
mod ndjson;
mod order;
mod scan;
mod transport;
mod validate;
mod value;
mod write;

pub use column::{Column, DataType, TargetDataType};
pub use digest::{RowDigests, row_digest, row_json, structure_digest};
pub use head::{Head, SourceSystem};
pub(crate) use iso8601::is_full_date;
pub use ndjson::RowReader;
pub use transport::Transport;
pub use value::{Number, Value};

use crate::error::{CdiscError, Issue};

/// A table of values, with all that its file says about it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Dataset {
    /// The attributes of the file, without `records`, which is the number of rows.
    pub head: Head,
    /// The variables, in their order.
    pub columns: Vec<Column>,
    /// The records; each has a value per column.
    pub rows: Vec<Vec<Value>>,
}

/// How a dataset is written down.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Form {
    /// One JSON object (`.json`).
    Json,
    /// The attributes on the first line, then a line per record (`.ndjson`).
    Ndjson,
    /// NDJSON, compressed (`.dsjc`).
    Compressed,
    /// A SAS transport file, version 5 (`.xpt`).
    Transport,
}

/// Bounds on what is read.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Longest file in bytes.
    pub bytes: usize,
    /// Longest file in bytes after it was inflated.
    pub inflated_bytes: usize,
    /// Most rows.
    pub rows: usize,
    /// Most columns.
    pub columns: usize,
    /// Longest value in bytes.
    pub value_bytes: usize,
    /// Most issues that are told.
    pub issues: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bytes: 256 << 20,
            inflated_bytes: 1 << 30,
            rows: 5_000_000,
            columns: 2000,
            value_bytes: 64 << 10,
            issues: 20,
        }
    }
}

impl Form {
    /// The form of a file by its first bytes.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        if compressed::is_compressed(bytes) {
            return Some(Self::Compressed);
        }
        if transport::is_transport(bytes) {
            return Some(Self::Transport);
        }
        let start = bytes.iter().position(|byte| !byte.is_ascii_whitespace())?;
        if bytes[start] != b'{' {
            return None;
        }
        // An object that is closed on its first line, with something after it, is the first of
        // several lines.
        let text = &bytes[start..];
        let end = text.iter().position(|byte| *byte == b'\n');
        let (line, rest) = text.split_at(end.unwrap_or(text.len()));
        let is_lines = line.trim_ascii_end().ends_with(b"}") && !rest.trim_ascii().is_empty();
        Some(if is_lines { Self::Ndjson } else { Self::Json })
    }

    /// The media type: the registered one for JSON, that of the specification for the compressed,
    /// the ones in use for the others.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Ndjson => "application/x-ndjson",
            Self::Compressed => "application/vnd.cdisc.dataset-json.compressed",
            Self::Transport => "application/x-sas-xport",
        }
    }

    /// The extension of a file's name.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Ndjson => "ndjson",
            Self::Compressed => "dsjc",
            Self::Transport => "xpt",
        }
    }
}

impl Dataset {
    /// Reads a file and judges it; a defect is refused with its place.
    pub fn read(bytes: &[u8], form: Form, limits: &Limits) -> Result<Self, CdiscError> {
        if bytes.len() > limits.bytes {
            return Err(CdiscError::TooLarge(format!(
                "the dataset is longer than {} bytes: split it",
                limits.bytes
            )));
        }
        match form {
            Form::Json => json::read(bytes, limits),
            Form::Ndjson => RowReader::new(bytes, limits)?.collect(),
            Form::Compressed => compressed::read(bytes, limits),
            Form::Transport => transport::read(bytes, limits),
        }
    }

    /// Writes the dataset: one byte string per dataset and form.
    pub fn write(&self, form: Form) -> Result<Vec<u8>, CdiscError> {
        match form {
            Form::Json => write::json(self),
            Form::Ndjson => write::ndjson(self),
            Form::Compressed => compressed::write(self),
            Form::Transport => self.write_transport().map(|transport| transport.bytes),
        }
    }

    /// Writes a transport file, and says what it does not keep.
    pub fn write_transport(&self) -> Result<Transport, CdiscError> {
        transport::write(self)
    }

    /// What is wrong with a dataset that did not come out of a file; empty when it is valid.
    pub fn issues(&self, limits: &Limits) -> Vec<Issue> {
        validate::dataset(self, limits)
    }

    /// What is allowed, but should be looked at: values longer than planned, keys that two rows
    /// share, gaps in the sequence of keys.
    pub fn warnings(&self, limits: &Limits) -> Vec<Issue> {
        validate::warnings(self, limits)
    }

    /// The places of the rows in the one order in which they are sealed: by the key columns, then
    /// by the digest of the row.
    pub fn key_order(&self) -> Vec<usize> {
        order::key_order(self)
    }
}
