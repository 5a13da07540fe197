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
    Ok(hash(ROW, &[&row_json(columns, row)?]))
}

/// What [`row_digest`] is taken of: canonical JSON (RFC 8785), every missing value as `null`, a
/// number by its one plain decimal lexeme, however it was written.
pub fn row_json(columns: &[Column], row: &[Value]) -> Result<Vec<u8>, CdiscError> {
    if columns.len() != row.len() {
        let reason = format!(
            "a row of {} values for {} columns",
            row.len(),
            columns.len()
        );
        return Err(refused(reason));
    }
    let mut text = vec![b'{'];
    for (at, (column, value)) in columns.iter().zip(row).enumerate() {
        if at > 0 {
            text.push(b',');
        }
        write_text(&mut text, &column.name);
        text.push(b':');
        match value {
            Value::Number(number) => text.extend_from_slice(number.canonical().as_bytes()),
            other => write_other(&mut text, other),
        }
    }
    text.push(b'}');
    canonical(&text).map_err(|error| refused(error.reason.to_owned()))
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
