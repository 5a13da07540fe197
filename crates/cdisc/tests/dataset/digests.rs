//! The digest of a row: frozen, and the same in every form.

use cdisc::dataset::{
    Column, DataType, Dataset, Head, TargetDataType, Value, row_digest, row_json, structure_digest,
};

fn column(name: &str, data_type: DataType, key: Option<u32>) -> Column {
    Column {
        item_oid: format!("IT.VS.{name}"),
        name: name.into(),
        label: String::new(),
        data_type,
        target_data_type: (data_type == DataType::Decimal).then_some(TargetDataType::Decimal),
        length: None,
        display_format: None,
        key_sequence: key,
    }
}

fn dataset(rows: Vec<Vec<Value>>) -> Dataset {
    Dataset {
        head: Head {
            created: "2026-01-02T03:04:05".into(),
            version: "1.1.0".into(),
            item_group_oid: "IG.VS".into(),
            name: "VS".into(),
            label: "Vital Signs".into(),
            ..Head::default()
        },
        columns: vec![
            column("USUBJID", DataType::String, Some(1)),
            column("VSSEQ", DataType::Integer, Some(2)),
            column("VSSTRESN", DataType::Float, None),
            column("VSORRES", DataType::Decimal, None),
            column("É", DataType::String, None),
        ],
        rows,
    }
}

fn row(subject: &str, sequence: &str, result: &str) -> Vec<Value> {
    vec![
        Value::text(subject),
        Value::number(sequence).unwrap(),
        Value::number(result).unwrap(),
        Value::text("5.10"),
        Value::text("\"\\\n\u{1}/ü😀"),
    ]
}

/// To change a line here is to approve another format, and to lose every sealed dataset.
#[test]
fn the_digests_of_rows_are_frozen() {
    let dataset = dataset(vec![row("CDISC001", "1", "5.10"), vec![Value::Missing; 5]]);
    let text = row_json(&dataset.columns, &dataset.rows[0]).unwrap();
    assert_eq!(
        String::from_utf8(text).unwrap(),
        r#"{"USUBJID":"CDISC001","VSORRES":"5.10","VSSEQ":1,"VSSTRESN":5.1,"É":"\"\\\n\u0001/ü😀"}"#
    );
    let digests: Vec<String> = dataset
        .rows
        .iter()
        .map(|row| row_digest(&dataset.columns, row).unwrap().to_string())
        .collect();
    assert_eq!(digests, FROZEN);
    assert_eq!(structure_digest(&dataset).unwrap().to_string(), STRUCTURE);
}

const FROZEN: [&str; 2] = [
    "25bdd38dff514542bd4950ca5155122daeaeed1eeda15b5bbafcdd0926272bcb",
    "ddc93444313f5e872f34abfb11d75b650ded298b532c1745d03dcdb4ccaa8eb7",
];
const STRUCTURE: &str = "9cf6af282aa5f86aeb25d0e838ad8b659d8a8298828bed81e95af32e5013516a";

#[test]
fn a_number_has_one_digest_however_it_is_written() {
    let dataset = dataset(Vec::new());
    let digest = |text: &str| row_digest(&dataset.columns, &row("A", "1", text)).unwrap();
    for text in ["5.10", "51e-1", "0.51E1", "5.1"] {
        assert_eq!(digest(text), digest("5.1"), "{text}");
    }
    assert_ne!(digest("5.1"), digest("5.11"));
    let special: Vec<Value> = vec![Value::SpecialMissing(b'A'); 5];
    assert_eq!(
        row_digest(&dataset.columns, &special),
        row_digest(&dataset.columns, &vec![Value::Missing; 5])
    );
    assert!(row_digest(&dataset.columns, &special[..4]).is_err());
}

#[test]
fn rows_are_sealed_in_one_order_whatever_the_order_of_the_file() {
    let rows = vec![
        row("B", "10", "1"),
        row("B", "9", "1"),
        row("A", "2", "3"),
        row("A", "2", "1"),
        vec![Value::Missing; 5],
    ];
    let ordered = |rows: &[Vec<Value>]| {
        let dataset = dataset(rows.to_vec());
        let order = dataset.key_order();
        order
            .into_iter()
            .map(|at| dataset.rows[at].clone())
            .collect::<Vec<_>>()
    };
    let first = ordered(&rows);
    assert!(first[0][0].is_missing());
    assert_eq!(first[3], rows[1], "9 before 10");
    let mut other = rows.clone();
    for _ in 0..rows.len() {
        other.rotate_left(1);
        assert_eq!(ordered(&other), first);
    }
}

#[test]
fn the_structure_has_one_digest_at_any_time_of_export() {
    let mut first = dataset(Vec::new());
    let digest = structure_digest(&first).unwrap();
    first.head.created = "2027-01-01T00:00:00".into();
    assert_eq!(structure_digest(&first).unwrap(), digest);
    first.columns[2].label = "Result".into();
    assert_ne!(structure_digest(&first).unwrap(), digest);
}
