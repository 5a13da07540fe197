//! The rules for datasets: those of the official schemas, and those that only the text of
//! Dataset-JSON 1.1 says.

use std::collections::BTreeMap;

use fhir::moment::stretch_us;

use super::head::Head;
use super::order::{key_columns, runs};
use super::{Column, DataType, Dataset, Limits, TargetDataType, Value, iso8601};
use crate::error::{Check, Issue};

/// All rules, for a dataset that is in memory.
pub(super) fn dataset(dataset: &Dataset, limits: &Limits) -> Vec<Issue> {
    let mut check = Check::new(limits.issues);
    head(&dataset.head, &mut check);
    let rules = Rules::new(&dataset.columns, limits, &mut check);
    for (number, row) in dataset.rows.iter().enumerate() {
        rules.row(number, row, &mut check);
        if check.is_full() {
            break;
        }
    }
    check.into_issues()
}

/// Attributes of the file.
pub(super) fn head(head: &Head, check: &mut Check) {
    if !is_version(&head.version) {
        check.refuse(
            "/datasetJSONVersion",
            "has to be 1.1 or 1.1.n: write the dataset as Dataset-JSON 1.1",
        );
    }
    let created = moment(&head.created, "/datasetJSONCreationDateTime", check);
    let modified = head.modified.as_ref();
    let modified = modified.and_then(|text| moment(text, "/dbLastModifiedDateTime", check));
    if let (Some((created, created_zone)), Some((modified, modified_zone))) = (created, modified)
        && created_zone == modified_zone
        && modified > created
    {
        check.refuse(
            "/dbLastModifiedDateTime",
            "is after datasetJSONCreationDateTime",
        );
    }
    let named = [
        ("/itemGroupOID", Some(&head.item_group_oid)),
        ("/name", Some(&head.name)),
        ("/fileOID", head.file_oid.as_ref()),
        ("/studyOID", head.study_oid.as_ref()),
        ("/metaDataVersionOID", head.meta_data_version_oid.as_ref()),
    ];
    for (at, text) in named {
        if text.is_some_and(String::is_empty) {
            check.refuse(at, "must not be empty");
        }
    }
}

/// `1.1(.(0|([1-9][0-9]*)))?`, as the text has it; the schema forgot to escape the dots.
fn is_version(version: &str) -> bool {
    let Some(rest) = version.strip_prefix("1.1") else {
        return false;
    };
    let is_number = |text: &str| {
        let is_digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        is_digits && (text == "0" || !text.starts_with('0'))
    };
    rest.is_empty() || rest.strip_prefix('.').is_some_and(is_number)
}

/// When, in microseconds, and whether a zone was said: without one, times cannot be compared.
fn moment(text: &str, at: &str, check: &mut Check) -> Option<(i64, bool)> {
    let tail = text.get(19..).unwrap_or_default();
    let has_zone = tail.ends_with('Z') || tail.contains(['+', '-']);
    let zoned = if has_zone {
        text.to_owned()
    } else {
        format!("{text}Z")
    };
    let stretch = if text.len() >= 19 {
        stretch_us(&zoned)
    } else {
        None
    };
    if stretch.is_none() {
        check.refuse(
            at,
            "has to be YYYY-MM-DDThh:mm:ss, with a fraction and a zone if need be",
        );
    }
    stretch.map(|(from, _)| (from, has_zone))
}

/// `records` is the number of rows.
pub(super) fn records(records: u64, rows: usize, check: &mut Check) {
    if u64::try_from(rows).ok() != Some(records) {
        check.refuse(
            "/records",
            format!("says {records}, but there are {rows} rows"),
        );
    }
}

/// What the columns ask of a row.
#[derive(Clone, Debug)]
pub(super) struct Rules {
    columns: Vec<(DataType, Option<TargetDataType>)>,
    value_bytes: usize,
}

impl Rules {
    /// Judges the columns themselves.
    pub(super) fn new(columns: &[Column], limits: &Limits, check: &mut Check) -> Self {
        let mut oids = BTreeMap::new();
        let mut names = BTreeMap::new();
        let mut keys = BTreeMap::new();
        for (place, column) in columns.iter().enumerate() {
            one_column(place, column, check);
            let mut twice = |member: &str, first: Option<usize>| {
                if let Some(first) = first {
                    let reason = format!("is that of column {first} too");
                    check.refuse(format!("/columns/{place}/{member}"), reason);
                }
            };
            twice("itemOID", oids.insert(&column.item_oid, place));
            twice("name", names.insert(&column.name, place));
            let key = column.key_sequence;
            twice("keySequence", key.and_then(|key| keys.insert(key, place)));
        }
        let of = |column: &Column| (column.data_type, column.target_data_type);
        Self {
            columns: columns.iter().map(of).collect(),
            value_bytes: limits.value_bytes,
        }
    }

    /// Judges a row.
    pub(super) fn row(&self, number: usize, row: &[Value], check: &mut Check) {
        if row.len() != self.columns.len() {
            let reason = format!(
                "has {} values for {} columns",
                row.len(),
                self.columns.len()
            );
            check.refuse(format!("/rows/{number}"), reason);
            return;
        }
        for (place, (value, (data_type, target))) in row.iter().zip(&self.columns).enumerate() {
            let found = misfit(value, *data_type, *target).or_else(|| match value {
                Value::Text(text) if text.len() > self.value_bytes => {
                    Some(format!("is longer than {} bytes", self.value_bytes))
                }
                _ => None,
            });
            if let Some(reason) = found {
                check.refuse(format!("/rows/{number}/{place}"), reason);
            }
        }
    }
}

fn one_column(place: usize, column: &Column, check: &mut Check) {
    let mut refuse = |member: &str, reason: &str| {
        check.refuse(format!("/columns/{place}/{member}"), reason);
    };
    if column.item_oid.is_empty() {
        refuse("itemOID", "must not be empty");
    }
    if column.name.is_empty() {
        refuse("name", "must not be empty");
    }
    // "Supported Column Data Type Combinations".
    let is_time = matches!(
        column.data_type,
        DataType::Datetime | DataType::Date | DataType::Time
    );
    match column.target_data_type {
        Some(TargetDataType::Integer) if !is_time => {
            refuse(
                "targetDataType",
                "integer goes with datetime, date and time only",
            );
        }
        Some(TargetDataType::Decimal) if column.data_type != DataType::Decimal => {
            refuse(
                "targetDataType",
                "decimal goes with the dataType decimal only",
            );
        }
        None if column.data_type == DataType::Decimal => {
            refuse("targetDataType", "has to be decimal where the dataType is");
        }
        _ => {}
    }
    if column.length == Some(0) {
        refuse("length", "has to be 1 or more");
    }
    if column.key_sequence == Some(0) {
        refuse("keySequence", "has to be 1 or more");
    }
    if column
        .display_format
        .as_deref()
        .is_some_and(|it| !is_display_format(it))
    {
        refuse("displayFormat", "is no SAS format, such as 8.2 or E8601DA.");
    }
}

/// A SAS format: `$`, a name, a width, a dot, decimals.
fn is_display_format(format: &str) -> bool {
    let rest = format.strip_prefix('$').unwrap_or(format);
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'.';
    let decimals = rest.rsplit_once('.').map_or("", |(_, decimals)| decimals);
    !rest.is_empty()
        && rest.len() <= 49
        && rest.bytes().all(is_plain)
        && rest.matches('.').count() <= 1
        && decimals.bytes().all(|byte| byte.is_ascii_digit())
}

/// Why a value does not fit its column.
fn misfit(value: &Value, data_type: DataType, target: Option<TargetDataType>) -> Option<String> {
    if value.is_missing() || fits(value, data_type, target) {
        return None;
    }
    let expected = match data_type {
        DataType::Integer => "a whole number",
        DataType::Float | DataType::Double => "a number",
        DataType::Boolean => "true or false",
        DataType::String => "a string",
        DataType::Uri => "a URI",
        DataType::Decimal => "a decimal as a string, such as \"5.10\"",
        _ if target.is_some() => "a complete ISO 8601 value without a zone, as a string",
        _ => "a date or time of ISO 8601, as a string",
    };
    Some(format!(
        "is {}, has to be {expected}, or null",
        value.kind()
    ))
}

fn fits(value: &Value, data_type: DataType, target: Option<TargetDataType>) -> bool {
    match (data_type, value) {
        (DataType::Integer, Value::Number(number)) => number.is_integer(),
        (DataType::Float | DataType::Double, Value::Number(_))
        | (DataType::Boolean, Value::Boolean(_))
        | (DataType::String, Value::Text(_)) => true,
        (DataType::Uri, Value::Text(text)) => is_uri(text),
        (DataType::Decimal, Value::Text(text)) => is_decimal(text),
        (DataType::Datetime | DataType::Date | DataType::Time, Value::Text(text)) => {
            // A text that is empty is a blank of SAS, not a date that is wrong.
            (text.is_empty() && target.is_none()) || is_time(text, data_type, target)
        }
        _ => false,
    }
}

fn is_time(text: &str, data_type: DataType, target: Option<TargetDataType>) -> bool {
    let is_complete = target.is_some();
    match data_type {
        DataType::Date if is_complete => iso8601::is_full_date(text),
        DataType::Time if is_complete => iso8601::is_full_time(text),
        DataType::Datetime if is_complete => iso8601::is_full_datetime(text),
        DataType::Time => iso8601::is_time(text),
        // A time on a date is a warning: SDTM has one kind of variable for both.
        _ => iso8601::is_datetime(text),
    }
}

/// RFC 3986, as far as it can be judged without knowing the scheme.
fn is_uri(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte > 0x20 && byte != 0x7F && !b"<>\"\\^`{|}".contains(&byte))
}

/// A decimal as text: the forms of XML Schema, a power of ten as SAS writes it, and commas for
/// thousands. Column metadata, note on `dataType`.
fn is_decimal(text: &str) -> bool {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (number, power) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let is_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let power = power.strip_prefix(['-', '+']).unwrap_or(power);
    let mut groups = whole.split(',');
    let first = groups.next().unwrap_or_default();
    let has_groups = whole.contains(',');
    is_digits(first)
        && (!has_groups || (1..=3).contains(&first.len()))
        && groups.all(|group| group.len() == 3 && is_digits(group))
        && is_digits(fraction)
        && first.len() + fraction.len() > 0
        && is_digits(power)
        && (1..=3).contains(&power.len())
        && text.len() <= 100
}

/// What is allowed, but should be looked at.
pub(super) fn warnings(dataset: &Dataset, limits: &Limits) -> Vec<Issue> {
    let mut check = Check::new(limits.issues);
    let keys = key_columns(dataset);
    for (expected, place) in (1..).zip(&keys) {
        if dataset.columns[*place].key_sequence != Some(expected) {
            let at = format!("/columns/{place}/keySequence");
            check.refuse(at, format!("the key has no part {expected}"));
            break;
        }
    }
    for (number, row) in dataset.rows.iter().enumerate() {
        for (place, (value, column)) in row.iter().zip(&dataset.columns).enumerate() {
            let Value::Text(text) = value else {
                continue;
            };
            if column.data_type == DataType::Date && text.contains('T') {
                check.refuse(format!("/rows/{number}/{place}"), "is a date with a time");
            }
            let Some(length) = column.length else {
                continue;
            };
            // "Specifies the number of characters allowed"; "planned lengths".
            if text.len() > length as usize && text.chars().count() > length as usize {
                let reason = format!("is longer than the planned {length} characters");
                check.refuse(format!("/rows/{number}/{place}"), reason);
            }
        }
    }
    let runs = if keys.is_empty() {
        Vec::new()
    } else {
        runs(dataset)
    };
    for run in runs.into_iter().filter(|run| run.len() > 1) {
        let reason = format!("has the key of row {}", run[0]);
        check.refuse(format!("/rows/{}", run[1]), reason);
    }
    check.into_issues()
}
