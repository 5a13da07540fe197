//! What holds for every dataset.

use std::io::{BufReader, Read};

use cdisc::dataset::{
    Column, DataType, Dataset, Form, Head, Limits, RowReader, TargetDataType, Value, row_digest,
    row_json,
};
use proptest::prelude::*;

fn columns() -> Vec<Column> {
    let types = [
        DataType::String,
        DataType::Integer,
        DataType::Double,
        DataType::Boolean,
        DataType::Date,
        DataType::Decimal,
    ];
    let column = |(at, data_type): (usize, &DataType)| Column {
        item_oid: format!("IT.{at}"),
        name: format!("C{at}"),
        label: "\"label\"".into(),
        data_type: *data_type,
        target_data_type: match data_type {
            DataType::Date => Some(TargetDataType::Integer),
            DataType::Decimal => Some(TargetDataType::Decimal),
            _ => None,
        },
        length: Some(8),
        display_format: Some("8.2".into()),
        key_sequence: u32::try_from(at).ok().filter(|at| *at > 0),
    };
    types.iter().enumerate().map(column).collect()
}

fn or_missing(value: impl Strategy<Value = Value>) -> impl Strategy<Value = Value> {
    prop_oneof![1 => Just(Value::Missing), 4 => value]
}

fn a_row() -> impl Strategy<Value = Vec<Value>> {
    let number = "-?(0|[1-9][0-9]{0,20})(\\.[0-9]{1,20})?([eE][+-]?[0-9]{1,2})?";
    let cells = (
        or_missing(any::<String>().prop_map(|text| Value::text(&text))),
        or_missing(any::<i64>().prop_map(|it| Value::number(&it.to_string()).unwrap())),
        or_missing(number.prop_map(|text| Value::number(&text).unwrap())),
        or_missing(any::<bool>().prop_map(Value::Boolean)),
        or_missing("20[0-9]{2}-0[1-9]-[12][0-8]".prop_map(|text| Value::text(&text))),
        or_missing("-?[0-9]{1,20}\\.[0-9]{1,20}".prop_map(|text| Value::text(&text))),
    );
    cells.prop_map(|(a, b, c, d, e, f)| vec![a, b, c, d, e, f])
}

fn a_dataset() -> impl Strategy<Value = Dataset> {
    let rows = prop::collection::vec(a_row(), 0..12);
    (rows, "[^\"]{1,20}").prop_map(|(rows, name)| Dataset {
        head: Head {
            created: "2026-01-02T03:04:05.678+01:00".into(),
            version: "1.1".into(),
            item_group_oid: "IG".into(),
            name,
            ..Head::default()
        },
        columns: columns(),
        rows,
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_dataset_comes_back_from_every_form(dataset in a_dataset()) {
        for form in [Form::Json, Form::Ndjson, Form::Compressed] {
            let bytes = dataset.write(form).unwrap();
            let again = Dataset::read(&bytes, form, &Limits::default()).unwrap();
            prop_assert_eq!(&again, &dataset);
            prop_assert_eq!(again.write(form).unwrap(), bytes);
            for (left, right) in dataset.rows.iter().zip(&again.rows) {
                prop_assert_eq!(
                    row_digest(&dataset.columns, left).unwrap(),
                    row_digest(&again.columns, right).unwrap()
                );
            }
        }
    }

    #[test]
    fn what_a_row_is_sealed_by_is_canonical(
        row in a_row(), names in prop::collection::btree_set(any::<String>(), 6)
    ) {
        let mut columns = columns();
        for (column, name) in columns.iter_mut().zip(names) {
            column.name = name;
        }
        let text = row_json(&columns, &row).unwrap();
        prop_assert_eq!(proof::json::canonical(&text).unwrap(), text);
    }

    #[test]
    fn no_bytes_make_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        for form in [Form::Json, Form::Ndjson, Form::Compressed] {
            let _ = Dataset::read(&bytes, form, &Limits::default());
        }
    }

    #[test]
    fn a_changed_file_is_refused_or_another_dataset(
        dataset in a_dataset(), at in any::<prop::sample::Index>(), to in any::<u8>()
    ) {
        let mut bytes = dataset.write(Form::Ndjson).unwrap();
        let at = at.index(bytes.len());
        bytes[at] = to;
        if let Ok(other) = Dataset::read(&bytes, Form::Ndjson, &Limits::default()) {
            let written = dataset.write(Form::Ndjson).unwrap();
            let is_same = other.write(Form::Ndjson).unwrap() == written;
            prop_assert!(!is_same || other == dataset);
        }
    }
}

/// A dataset that is made while it is read.
struct Endless {
    pending: Vec<u8>,
    left: usize,
}

impl Read for Endless {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.pending.is_empty() && self.left > 0 {
            self.left -= 1;
            self.pending = b"[\"a subject\",1,1.5,true,\"2026-01-02\",\"5.10\"]\n".to_vec();
        }
        let count = buffer.len().min(self.pending.len());
        buffer[..count].copy_from_slice(&self.pending[..count]);
        self.pending.drain(..count);
        Ok(count)
    }
}

#[test]
fn a_hundred_thousand_rows_pass_one_by_one() {
    let rows = 100_000;
    let empty = Dataset {
        head: Head {
            created: "2026-01-02T03:04:05".into(),
            version: "1.1.0".into(),
            item_group_oid: "IG".into(),
            name: "N".into(),
            ..Head::default()
        },
        columns: columns(),
        rows: Vec::new(),
    };
    let head = String::from_utf8(empty.write(Form::Ndjson).unwrap()).unwrap();
    let pending = head
        .replace("\"records\":0", "\"records\":100000")
        .into_bytes();
    let source = Endless {
        pending,
        left: rows,
    };
    let mut reader = RowReader::new(BufReader::new(source), &Limits::default()).unwrap();
    let mut count = 0;
    while let Some(row) = reader.next_row().unwrap() {
        assert_eq!(row.len(), 6);
        count += 1;
    }
    assert_eq!(count, rows);
}
