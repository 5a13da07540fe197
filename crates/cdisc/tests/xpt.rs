//! SAS transport files against their twins in Dataset-JSON, and their own promises.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test may panic and say why it does not run"
)]

use std::path::{Path, PathBuf};

use cdisc::CdiscError;
use cdisc::dataset::{
    Column, DataType, Dataset, Form, Head, Limits, TargetDataType, Value, row_digest,
};
use proptest::prelude::*;

/// The published transport files, where they are there.
fn files() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = root.join("../../../shared/data/trials/dataset-json/examples/sdtm");
    if !folder.is_dir() {
        eprintln!("SKIPPED: {} is not there", folder.display());
        return Vec::new();
    }
    let entries = std::fs::read_dir(folder).unwrap();
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|it| it == "xpt"))
        .collect();
    files.sort();
    assert_eq!(files.len(), 27);
    files
}

fn read(path: &Path) -> Dataset {
    let bytes = std::fs::read(path).unwrap();
    let form = Form::of(&bytes).unwrap();
    Dataset::read(&bytes, form, &Limits::default()).unwrap()
}

/// To 15 digits, which is what is shown of a double.
fn to_15_digits(value: &Value) -> Value {
    let Value::Number(number) = value else {
        return value.clone();
    };
    let double: f64 = number.as_str().parse().unwrap();
    Value::number(&format!("{double:.14e}").parse::<f64>().unwrap().to_string()).unwrap()
}

#[test]
fn every_transport_file_is_its_twin_in_dataset_json() {
    let (mut same, mut in_15_digits) = (0, 0);
    for path in files() {
        let transport = read(&path);
        let json = read(&path.with_extension("json"));
        assert_eq!(transport.head.name, json.head.name);
        assert_eq!(transport.head.label, json.head.label);
        assert_eq!(transport.rows.len(), json.rows.len(), "{}", path.display());
        for (one, other) in transport.columns.iter().zip(&json.columns) {
            assert_eq!((&one.name, &one.label), (&other.name, &other.label));
        }
        for (one, other) in transport.rows.iter().zip(&json.rows) {
            for (one, other) in one.iter().zip(other) {
                assert_eq!(to_15_digits(one), *other, "{}", path.display());
            }
            let digest = |dataset: &Dataset, row| row_digest(&dataset.columns, row).unwrap();
            // Where the two files hold the same numbers, the rows have one digest.
            if one == other {
                assert_eq!(digest(&transport, one), digest(&json, other));
                same += 1;
            } else {
                in_15_digits += 1;
            }
        }
    }
    // SAS's own file of laboratory results has 8.549999999999999 where the twin has 8.55.
    assert!(
        same == 0 || (same, in_15_digits) == (9283, 626),
        "{same} {in_15_digits}"
    );
}

#[test]
fn every_transport_file_is_written_byte_for_byte_as_it_was_read() {
    for path in files() {
        let dataset = read(&path);
        let transport = dataset.write_transport().unwrap();
        assert_eq!(transport.losses, [], "{}", path.display());
        assert!(
            transport.bytes == std::fs::read(&path).unwrap(),
            "{}",
            path.display()
        );
    }
}

#[test]
fn every_twin_in_dataset_json_keeps_its_rows_as_a_transport_file() {
    for path in files() {
        let json = read(&path.with_extension("json"));
        let transport = json.write_transport().unwrap();
        assert_eq!(transport.losses, [], "{}", path.display());
        let again = Dataset::read(&transport.bytes, Form::Transport, &Limits::default()).unwrap();
        assert_eq!(again.rows, json.rows, "{}", path.display());
    }
}

fn column(name: &str, data_type: DataType) -> Column {
    let target = match data_type {
        DataType::Decimal => Some(TargetDataType::Decimal),
        DataType::Date | DataType::Time | DataType::Datetime => Some(TargetDataType::Integer),
        _ => None,
    };
    Column {
        item_oid: format!("IT.T.{name}"),
        name: name.into(),
        label: format!("Label of {name}"),
        data_type,
        target_data_type: target,
        length: None,
        display_format: None,
        key_sequence: None,
    }
}

fn dataset(columns: Vec<Column>, rows: Vec<Vec<Value>>) -> Dataset {
    Dataset {
        head: Head {
            created: "2026-01-02T03:04:05".into(),
            version: "1.1.0".into(),
            item_group_oid: "IG.T".into(),
            name: "T".into(),
            label: "Trial".into(),
            ..Head::default()
        },
        columns,
        rows,
    }
}

fn one(data_type: DataType, value: Value) -> Dataset {
    dataset(vec![column("X", data_type)], vec![vec![value]])
}

fn again(dataset: &Dataset) -> Dataset {
    let bytes = dataset.write(Form::Transport).unwrap();
    Dataset::read(&bytes, Form::Transport, &Limits::default()).unwrap()
}

#[test]
fn dates_times_and_missing_values_come_back_as_they_were() {
    let columns = vec![
        column("D", DataType::Date),
        column("T", DataType::Time),
        column("DT", DataType::Datetime),
        column("N", DataType::Double),
        column("S", DataType::String),
    ];
    let texts = |date: &str, time: &str, both: &str| [date, time, both].map(Value::text).to_vec();
    let mut first = texts("1959-02-28", "23:59:59", "2026-11-26T10:11:12");
    first.extend([Value::SpecialMissing(b'C'), Value::text("ünïcode")]);
    let mut second = vec![Value::Missing; 4];
    second.push(Value::text("x"));
    let mut third = texts("9999-12-31", "00:00:00.5", "1582-01-01T00:00:00");
    third.extend([Value::SpecialMissing(b'_'), Value::text("")]);
    let dataset = dataset(columns, vec![first, second, third]);
    let again = again(&dataset);
    assert_eq!(again.rows, dataset.rows);
    let types: Vec<DataType> = again.columns.iter().map(|it| it.data_type).collect();
    assert_eq!(
        types,
        [
            DataType::Date,
            DataType::Time,
            DataType::Datetime,
            DataType::Double,
            DataType::String
        ]
    );
    assert_eq!(again.columns[0].display_format.as_deref(), Some("E8601DA."));
}

#[test]
fn what_is_not_kept_is_told() {
    let decimal = |text: &str| one(DataType::Decimal, Value::text(text));
    for (dataset, told) in [
        (one(DataType::String, Value::Missing), "null"),
        (one(DataType::String, Value::text("x ")), "blank"),
        (
            one(
                DataType::Double,
                Value::number("0.12345678901234567890").unwrap(),
            ),
            "rounded",
        ),
        (decimal("1,005.10"), "zeros"),
    ] {
        let mut dataset = dataset;
        // A last row of blanks is not kept at all.
        dataset.columns.push(column("Y", DataType::Double));
        dataset.rows[0].push(Value::number("1").unwrap());
        let losses = dataset.write_transport().unwrap().losses;
        assert_eq!(losses.len(), 1, "{told}");
        assert_eq!(losses[0].at, "/columns/0");
        assert!(losses[0].reason.contains(told), "{}", losses[0]);
    }
    for (text, number) in [
        ("1,005.10", "1005.1"),
        ("-007.5", "-7.5"),
        ("+.5", "0.5"),
        ("5.", "5"),
        ("1.5E-3", "0.0015"),
        ("000", "0"),
    ] {
        let read = again(&decimal(text));
        assert_eq!(read.rows[0][0], Value::number(number).unwrap(), "{text}");
    }
    let read = again(&decimal("1,005.10"));
    assert_eq!(read.rows[0][0], Value::number("1005.1").unwrap());
}

#[test]
fn what_a_transport_file_cannot_hold_is_refused_at_its_place() {
    let text = |bytes: usize| Value::text(&"x".repeat(bytes));
    let named = |name: &str, label: &str| {
        let mut column = column(name, DataType::Double);
        column.label = label.into();
        dataset(vec![column], Vec::new())
    };
    let mut blank = one(DataType::String, Value::text("x"));
    blank.rows.push(vec![Value::text("")]);
    let mut late = named("X", "");
    late.head.created = "2060-01-01T00:00:00".into();
    let mut long = named("X", "");
    long.head.name = "NINECHARS".into();
    for (dataset, at) in [
        (one(DataType::String, text(201)), "/columns/0/length"),
        (
            one(DataType::Boolean, Value::Boolean(true)),
            "/columns/0/dataType",
        ),
        (
            one(
                DataType::Integer,
                Value::number("9007199254740993").unwrap(),
            ),
            "/rows/0/0",
        ),
        (
            one(DataType::Double, Value::number("1e80").unwrap()),
            "/rows/0/0",
        ),
        (one(DataType::Date, Value::text("1500-01-01")), "/rows/0/0"),
        (blank, "/rows"),
        (named("NINECHARS", ""), "/columns/0/name"),
        (named("1X", ""), "/columns/0/name"),
        (named("X", &"x".repeat(41)), "/columns/0/label"),
        (late, "/datasetJSONCreationDateTime"),
        (long, "/name"),
    ] {
        let refused = dataset.write(Form::Transport);
        let Err(CdiscError::Unwritable(issues)) = refused else {
            panic!("{at}: {refused:?}")
        };
        assert_eq!(issues[0].at, at);
    }
    assert_eq!(
        again(&one(DataType::String, text(200))).rows[0][0],
        text(200)
    );
}

#[test]
fn a_broken_file_is_refused_with_the_byte() {
    let bytes = one(DataType::Double, Value::number("1").unwrap())
        .write(Form::Transport)
        .unwrap();
    let refuse = |bytes: &[u8]| {
        let read = Dataset::read(bytes, Form::Transport, &Limits::default());
        read.map(|_| ()).unwrap_err().to_string()
    };
    assert!(refuse(&[]).contains("byte 0: the file ends too early"));
    assert!(refuse(&bytes[..700]).contains("byte 700"));
    assert!(refuse(&bytes[..bytes.len() - 1]).contains("records of 80 bytes"));
    let changed = |at: usize, to: &[u8]| {
        let mut bytes = bytes.clone();
        bytes[at..at + to.len()].copy_from_slice(to);
        refuse(&bytes)
    };
    assert!(changed(20, b"LIBV8  ").contains("version 8"));
    assert!(changed(80 + 64, b"99").contains("byte 80: a time"));
    assert!(changed(240 + 74, b"0999").contains("byte 240"));
    assert!(changed(320 + 20, b"X").contains("byte 320: the header record DSCRPTR"));
    assert!(changed(560 + 54, b"9999").contains("columns"));
    assert!(changed(560 + 54, b"-001").contains("byte 560"));
    assert!(changed(640, &[0, 3]).contains("byte 640"));
    assert!(changed(640 + 4, &[0, 9]).contains("byte 640"));
    assert!(changed(640 + 84, &[0, 0, 0, 1]).contains("outside of its row"));
    assert!(changed(640 + 8, &[0xFF]).contains("not UTF-8"));
    let mut two = bytes.clone();
    two.extend_from_slice(&bytes[240..]);
    assert!(refuse(&two).contains("several datasets"));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_double_within_the_range_comes_back(
        // 2^-259 to 2^251: the range of a transport file is a little wider.
        power in 764_u64..1275, fraction in 0_u64..1 << 52, is_negative in any::<bool>()
    ) {
        let double = f64::from_bits(power << 52 | fraction);
        let double = if is_negative { -double } else { double };
        let value = Value::number(&double.to_string());
        let dataset = one(DataType::Double, value.unwrap());
        let again = again(&dataset);
        prop_assert_eq!(&again.rows, &dataset.rows);
        prop_assert_eq!(dataset.write_transport().unwrap().losses.len(), 0);
    }

    #[test]
    fn every_whole_number_of_53_bits_comes_back(number in -(1_i64 << 53)..=1 << 53) {
        let dataset = one(DataType::Integer, Value::number(&number.to_string()).unwrap());
        prop_assert_eq!(again(&dataset).rows, dataset.rows);
    }

    #[test]
    fn no_changed_file_makes_the_reader_panic(
        at in any::<prop::sample::Index>(), to in any::<u8>(), cut in any::<prop::sample::Index>()
    ) {
        let columns = vec![column("A", DataType::String), column("D", DataType::Date)];
        let row = vec![Value::text("text"), Value::text("2026-01-02")];
        let dataset = dataset(columns, vec![row; 3]);
        let mut bytes = dataset.write(Form::Transport).unwrap();
        let at = at.index(bytes.len());
        bytes[at] = to;
        let _ = Dataset::read(&bytes, Form::Transport, &Limits::default());
        let cut = &bytes[..cut.index(bytes.len())];
        let _ = Dataset::read(cut, Form::Transport, &Limits::default());
    }
}
