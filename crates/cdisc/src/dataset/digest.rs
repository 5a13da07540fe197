//! What is sealed of a dataset: a digest of each row, and one of what explains the rows.

use proof::json::canonical;
use proof::{Digest, hash};
use serde_json::{Map, Value as Json};

use super::head::column_json;
use super::write::{write_other, write_text};
use super::{Column, Dataset, Value};
use crate::error::{CdiscError, Issue};

/// The label of the digest of a row.
const ROW: &str = "salus/dataset-row/v1";
/// The label of the digest of a structure.
const STRUCTURE: &str = "salus/dataset-structure/v1";

/// The digest of a row: `hash("salus/dataset-row/v1", [canonical JSON])` over an object that gives
/// each column's name its value. It is the same whichever form the dataset came in.
pub fn row_digest(columns: &[Column], row: &[Value]) -> Result<Digest, CdiscError> {
    RowDigests::new(columns).of(row)
}

/// What [`row_digest`] is taken of: canonical JSON (RFC 8785), every missing value as `null`, a
/// number by its one plain decimal lexeme, however it was written.
pub fn row_json(columns: &[Column], row: &[Value]) -> Result<Vec<u8>, CdiscError> {
    RowDigests::new(columns).json(row)
}

/// The digests of many rows of the same columns.
#[derive(Clone, Debug)]
pub struct RowDigests {
    /// The places of the columns in the order of RFC 8785, each with its name as a JSON string.
    names: Vec<(usize, Vec<u8>)>,
}

impl RowDigests {
    /// Orders the columns once.
    pub fn new(columns: &[Column]) -> Self {
        let mut places: Vec<usize> = (0..columns.len()).collect();
        // RFC 8785 3.2.3: by UTF-16 code units.
        let name = |at: usize| columns[at].name.encode_utf16();
        places.sort_by(|one, other| name(*one).cmp(name(*other)));
        let quoted = |at: usize| {
            let mut text = Vec::new();
            write_text(&mut text, &columns[at].name);
            (at, text)
        };
        Self {
            names: places.into_iter().map(quoted).collect(),
        }
    }

    /// The digest of a row, as [`row_digest`].
    pub fn of(&self, row: &[Value]) -> Result<Digest, CdiscError> {
        Ok(hash(ROW, &[&self.json(row)?]))
    }

    /// Canonical at once: members in their order, strings in their shortest form. That
    /// `proof::json::canonical` changes no byte of it is a property in the tests.
    fn json(&self, row: &[Value]) -> Result<Vec<u8>, CdiscError> {
        if self.names.len() != row.len() {
            let (values, columns) = (row.len(), self.names.len());
            return Err(refused(format!(
                "a row of {values} values for {columns} columns"
            )));
        }
        let mut text = Vec::with_capacity(32 * row.len());
        let mut before = b'{';
        for (at, name) in &self.names {
            text.push(before);
            before = b',';
            text.extend_from_slice(name);
            text.push(b':');
            match &row[*at] {
                Value::Number(number) => text.extend_from_slice(number.canonical().as_bytes()),
                other => write_other(&mut text, other),
            }
        }
        if self.names.is_empty() {
            text.push(b'{');
        }
        text.push(b'}');
        Ok(text)
    }
}

fn refused(reason: String) -> CdiscError {
    CdiscError::Invalid(vec![Issue {
        at: "/rows".into(),
        reason,
    }])
}

/// The digest of what says what the rows mean: `itemGroupOID`, `name`, and all of the columns. It
/// does not change when a dataset is exported again at another time.
pub fn structure_digest(dataset: &Dataset) -> Result<Digest, CdiscError> {
    let mut map = Map::new();
    map.insert(
        "columns".into(),
        dataset.columns.iter().map(column_json).collect(),
    );
    let oid = dataset.head.item_group_oid.as_str();
    map.insert("itemGroupOID".into(), Json::from(oid));
    map.insert("name".into(), Json::from(dataset.head.name.as_str()));
    let text = Json::Object(map).to_string();
    let bytes = canonical(text.as_bytes()).map_err(|error| refused(error.reason.to_owned()))?;
    Ok(hash(STRUCTURE, &[&bytes]))
}
