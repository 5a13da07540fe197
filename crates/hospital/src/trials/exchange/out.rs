//! The rows of an item group as a dataset.

use cdisc::dataset::{Column, DataType, Dataset, Head, Limits, Number, Value};
use std::collections::BTreeSet;

use super::layout::{KEY, Layout, key_column, unknown};
use crate::trials::rows::Row;

/// A dataset, and what a reader should know of it, each with a place.
pub(super) struct Made {
    pub(super) dataset: Dataset,
    pub(super) notes: Vec<String>,
}

/// Makes a dataset of rows, each with its site. With `keys`, the columns of the key come first.
pub(super) fn dataset(
    layout: &Layout,
    (mut rows, keys): (Vec<(String, Row)>, bool),
    head: Head,
) -> Made {
    rows.sort_by(|a, b| order(a).cmp(&order(b)));
    let mut notes = Vec::new();
    let mut table: Vec<Vec<Value>> = vec![Vec::new(); rows.len()];
    let mut columns: Vec<Column> = Vec::new();
    if keys {
        for at in 0..KEY.len() {
            for ((site, row), into) in rows.iter().zip(&mut table) {
                into.push(key_value(at, site, row));
            }
            columns.push(key_column(at));
        }
    }
    for mut column in with_unknown(layout, &rows) {
        if keys {
            column.key_sequence = None;
        }
        let texts: Vec<Option<&str>> = rows
            .iter()
            .map(|(_, row)| {
                let item = row.items.iter().find(|it| it.oid == column.item_oid);
                item.and_then(|it| it.value.as_deref())
            })
            .collect();
        let (values, strange) = typed(&mut column, &texts, &head);
        if strange > 0 {
            notes.push(format!(
                "/columns/{}: written as text, since values are not of the type that is defined: \
                 {strange}",
                columns.len()
            ));
        }
        for (value, into) in values.into_iter().zip(&mut table) {
            into.push(value);
        }
        columns.push(column);
    }
    Made {
        dataset: Dataset {
            head,
            columns,
            rows: table,
        },
        notes,
    }
}

type Repeat<'a> = (usize, &'a str);
type Order<'a> = [(&'a str, Repeat<'a>); 4];

/// By site, participant, event, form; the tenth of several comes after the ninth.
fn order((site, row): &(String, Row)) -> Order<'_> {
    let key = &row.key;
    let repeat = |text: &str| text.len();
    [
        (site, (0, key.subject.as_str())),
        (&key.event, (repeat(&key.event_repeat), &key.event_repeat)),
        (&key.form, (repeat(&key.form_repeat), &key.form_repeat)),
        (&key.group, (repeat(&key.group_repeat), &key.group_repeat)),
    ]
}

fn key_value(at: usize, site: &str, row: &Row) -> Value {
    let key = &row.key;
    let parts = [
        site,
        &key.subject,
        &key.event,
        &key.event_repeat,
        &key.form,
        &key.form_repeat,
        &key.group_repeat,
    ];
    Value::text(parts[at])
}

/// The columns that are defined, and one for each item that rows have beyond that: nothing that
/// was captured is left out.
fn with_unknown(layout: &Layout, rows: &[(String, Row)]) -> Vec<Column> {
    let mut columns = layout.columns.clone();
    let defined: BTreeSet<&str> = layout
        .columns
        .iter()
        .map(|it| it.item_oid.as_str())
        .collect();
    let items = rows.iter().flat_map(|(_, row)| &row.items);
    let others: BTreeSet<&str> = items
        .map(|it| it.oid.as_str())
        .filter(|oid| !defined.contains(oid))
        .collect();
    columns.extend(others.into_iter().map(unknown));
    columns
}

/// The values of a column. Where some are not of its type, all are texts, and the column says so;
/// answers how many.
fn typed(column: &mut Column, texts: &[Option<&str>], head: &Head) -> (Vec<Value>, usize) {
    let data_type = column.data_type;
    let read = |text: &str| value(data_type, text);
    let values = texts
        .iter()
        .map(|it| it.map_or_else(|| Some(missing(data_type)), read));
    let values: Vec<Option<Value>> = values.collect();
    let mut strange = values.iter().filter(|it| it.is_none()).count();
    if strange == 0 {
        let rows: Vec<Vec<Value>> = values.into_iter().flatten().map(|it| vec![it]).collect();
        let alone = Dataset {
            head: head.clone(),
            columns: vec![Column {
                key_sequence: None,
                length: None,
                display_format: None,
                ..column.clone()
            }],
            rows,
        };
        let limits = Limits {
            issues: texts.len().max(1),
            ..Limits::default()
        };
        let issues = alone.issues(&limits);
        strange = issues
            .iter()
            .filter(|it| it.at.starts_with("/rows/"))
            .count();
        if strange == 0 {
            return (alone.rows.into_iter().flatten().collect(), 0);
        }
    }
    column.data_type = DataType::String;
    column.target_data_type = None;
    let texts = texts.iter();
    let values = texts.map(|it| Value::text(it.unwrap_or_default()));
    (values.collect(), strange)
}

/// No value: `null` for what SAS keeps as a number, an empty text for what it keeps as text.
fn missing(data_type: DataType) -> Value {
    match data_type {
        DataType::String | DataType::Date | DataType::Time | DataType::Datetime => Value::text(""),
        _ => Value::Missing,
    }
}

/// A value as its type is exchanged; `None`: it is not of that type.
fn value(data_type: DataType, text: &str) -> Option<Value> {
    let text = text.trim();
    match data_type {
        DataType::Integer | DataType::Float | DataType::Double => Value::number(&lexeme(text)?),
        DataType::Boolean => match text {
            "true" | "1" => Some(Value::Boolean(true)),
            "false" | "0" => Some(Value::Boolean(false)),
            _ => None,
        },
        // Dataset-JSON writes a decimal with a dot.
        DataType::Decimal if !text.contains('.') => {
            lexeme(text).map(|it| Value::text(&format!("{it}.0")))
        }
        _ => Some(Value::text(text)),
    }
}

/// A number of XML Schema as one of JSON: no plus sign, no needless zeros in front, a digit on
/// both sides of a dot.
pub(super) fn lexeme(text: &str) -> Option<String> {
    let unsigned = text.strip_prefix('+').unwrap_or(text);
    let (sign, unsigned) = match unsigned.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", unsigned),
    };
    let at = unsigned.find(['e', 'E']).unwrap_or(unsigned.len());
    let (number, power) = unsigned.split_at(at);
    if !number.bytes().any(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let trimmed = number.trim_start_matches('0');
    let zero = if trimmed.is_empty() || trimmed.starts_with('.') {
        "0"
    } else {
        ""
    };
    let whole = format!("{sign}{zero}{}{power}", trimmed.trim_end_matches('.'));
    Number::new(&whole).map(|_| whole)
}
