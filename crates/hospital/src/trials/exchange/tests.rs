//! The published datasets through a node's rows and back, and what is refused.

use cdisc::dataset::{Column, DataType, Dataset, Form, Head, Limits, Value};
use cdisc::odm::{Element, Odm, Version};
use std::path::{Path, PathBuf};

use super::layout::{KEY, Layout, key_column};
use super::{Mapping, out, taken};
use crate::trials::rows::{Item, Row, RowKey};

const GROUP: &str = "IG.VS";

/// Metadata that define the columns of a dataset as the items of one group.
fn metadata(dataset: &Dataset) -> Odm {
    let head = &dataset.head;
    let said = |text: &str| {
        let words = Element::new("TranslatedText").saying(text);
        Element::new("Description").holding(words)
    };
    let mut group = Element::new("ItemGroupDef")
        .with("OID", head.item_group_oid.as_str())
        .with("Name", head.name.as_str())
        .with("Repeating", "Yes")
        .holding(said(&head.label));
    let mut items = Vec::new();
    for column in &dataset.columns {
        let key = column.key_sequence.map(|it| it.to_string());
        group = group.holding(
            Element::new("ItemRef")
                .with("ItemOID", column.item_oid.as_str())
                .with("Mandatory", "No")
                .with_some("KeySequence", key.as_deref()),
        );
        let data_type = match column.data_type {
            DataType::String => "text",
            DataType::Date => "partialDate",
            other => other.word(),
        };
        let length = column.length.map(|it| it.to_string());
        items.push(
            Element::new("ItemDef")
                .with("OID", column.item_oid.as_str())
                .with("Name", column.name.as_str())
                .with("DataType", data_type)
                .with_some("Length", length.as_deref())
                .holding(said(&column.label)),
        );
    }
    let version = Element::new("MetaDataVersion")
        .with("OID", "MDV.1")
        .with("Name", "one")
        .holding(group);
    let version = items.into_iter().fold(version, Element::holding);
    let study = Element::new("Study").with("OID", "S.1").holding(version);
    Odm::new(Version::V1, Element::new("ODM").holding(study))
}

fn head(name: &str) -> Head {
    Head {
        created: "2026-11-26T09:00:00Z".into(),
        version: "1.1.0".into(),
        item_group_oid: format!("IG.{name}"),
        name: name.into(),
        label: "of a test".into(),
        ..Head::default()
    }
}

fn column(name: &str, data_type: DataType) -> Column {
    Column {
        item_oid: format!("IT.{name}"),
        name: name.into(),
        label: name.to_lowercase(),
        key_sequence: None,
        length: Some(20),
        data_type,
        ..key_column(0)
    }
}

fn row(subject: &str, items: &[(&str, Option<&str>)]) -> (String, Row) {
    let items = items.iter().map(|(name, value)| Item {
        oid: format!("IT.{name}"),
        value: value.map(str::to_owned),
    });
    let key = RowKey {
        subject: subject.into(),
        event: "V1".into(),
        event_repeat: String::new(),
        form: "F.VS".into(),
        form_repeat: String::new(),
        group: GROUP.into(),
        group_repeat: String::new(),
    };
    let row = Row {
        key,
        items: items.collect(),
        reason: None,
        source: None,
    };
    ("north".to_owned(), row)
}

/// Two columns, one of them of numbers.
fn small() -> Layout {
    let dataset = Dataset {
        head: head("VS"),
        columns: vec![
            column("SYSBP", DataType::Float),
            column("NOTE", DataType::String),
        ],
        rows: Vec::new(),
    };
    Layout::of(&metadata(&dataset), GROUP).unwrap()
}

fn published() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = root.join("../../../shared/data/trials/dataset-json/examples/sdtm");
    let Ok(entries) = std::fs::read_dir(&folder) else {
        eprintln!("SKIPPED: {} is not there", folder.display());
        return Vec::new();
    };
    let paths = entries.map(|entry| entry.unwrap().path());
    let is_json = |path: &PathBuf| path.extension().is_some_and(|it| it == "json");
    paths.filter(is_json).collect()
}

/// The dataset with columns that say whose each row is: what comes in.
fn with_keys(dataset: &Dataset) -> Dataset {
    let mut keyed = dataset.clone();
    keyed.columns = (0..KEY.len()).map(key_column).collect();
    keyed
        .columns
        .extend(dataset.columns.iter().cloned().map(|it| Column {
            key_sequence: None,
            ..it
        }));
    for (number, row) in keyed.rows.iter_mut().enumerate() {
        let number = number.to_string();
        let key = ["north", "S-1", "V1", "", "", "", &number].map(Value::text);
        row.splice(0..0, key);
    }
    keyed
}

#[test]
fn every_published_dataset_goes_through_rows_and_comes_out_as_it_was() {
    for path in published() {
        let bytes = std::fs::read(&path).unwrap();
        let dataset = Dataset::read(&bytes, Form::Json, &Limits::default()).unwrap();
        let group = dataset.head.item_group_oid.clone();
        let layout = Layout::of(&metadata(&dataset), &group).unwrap();
        let keyed = with_keys(&dataset);
        let told = taken::rows(&keyed, (&layout, &Mapping::default()), "north").unwrap();
        let rows = told.into_iter().map(|one| {
            let row = Row {
                key: one.key,
                items: taken::merged(&[], one.items, &layout),
                reason: None,
                source: None,
            };
            ("north".to_owned(), row)
        });
        let rows: Vec<(String, Row)> = rows.collect();
        let name = path.display();
        let made = out::dataset(&layout, (rows.clone(), false), dataset.head.clone());
        assert_eq!(made.notes, [""; 0], "{name}");
        assert_eq!(made.dataset.columns, dataset.columns, "{name}");
        assert_eq!(made.dataset.rows, dataset.rows, "{name}");
        for form in [Form::Json, Form::Ndjson, Form::Compressed] {
            let written = made.dataset.write(form).unwrap();
            let again = Dataset::read(&written, form, &Limits::default()).unwrap();
            assert_eq!(again, dataset, "{name}");
        }
        // A file that was written with its keys says of every row what is there.
        let made = out::dataset(&layout, (rows.clone(), true), dataset.head.clone());
        for form in [Form::Json, Form::Transport] {
            let Ok(written) = made.dataset.write(form) else {
                // Texts of more than 200 bytes.
                assert!(form == Form::Transport, "{name}");
                continue;
            };
            let again = Dataset::read(&written, form, &Limits::default()).unwrap();
            let told = taken::rows(&again, (&layout, &Mapping::default()), "north").unwrap();
            assert_eq!(told.len(), rows.len());
            for (one, (_, row)) in told.into_iter().zip(&rows) {
                assert_eq!(one.key, row.key, "{name}");
                assert_eq!(
                    taken::merged(&row.items, one.items, &layout),
                    row.items,
                    "{name}"
                );
            }
        }
    }
}

#[test]
fn a_value_that_is_not_of_its_type_makes_the_column_text_and_is_told() {
    let rows = vec![
        row("S-2", &[("SYSBP", Some("14x")), ("NOTE", None)]),
        row(
            "S-1",
            &[("SYSBP", Some("+120.50")), ("OTHER", Some("kept"))],
        ),
    ];
    let made = out::dataset(&small(), (rows, true), head("VS"));
    let names: Vec<&str> = made
        .dataset
        .columns
        .iter()
        .map(|it| it.name.as_str())
        .collect();
    assert_eq!(names[7..], ["SYSBP", "NOTE", "IT.OTHER"]);
    assert_eq!(made.dataset.columns[7].data_type, DataType::String);
    assert_eq!(
        made.dataset.rows[0][1],
        Value::text("S-1"),
        "by participant"
    );
    assert_eq!(made.dataset.rows[0][7], Value::text("+120.50"));
    assert_eq!(made.dataset.rows[0][9], Value::text("kept"));
    assert_eq!(made.notes.len(), 1);
    assert!(
        made.notes[0].starts_with("/columns/7: "),
        "{:?}",
        made.notes
    );
    let numbers = vec![row("S-1", &[("SYSBP", Some("+120.50"))])];
    let made = out::dataset(&small(), (numbers, false), head("VS"));
    assert_eq!(made.dataset.rows[0][0], Value::number("120.5").unwrap());
    assert!(made.notes.is_empty());
}

#[test]
fn what_a_transport_file_cannot_carry_is_named_with_its_place() {
    let rows = vec![row(
        "S-1",
        &[("SYSBP", Some("120")), ("NOTE", Some(&"x".repeat(201)))],
    )];
    let mut layout = small();
    layout.columns[0].name = "Systolic pressure".into();
    let made = out::dataset(&layout, (rows, true), head("VS"));
    let refused = super::invalid(&made.dataset.write_transport().unwrap_err()).to_string();
    for words in ["cannot carry", "/columns/7/name", "/columns/8/length"] {
        assert!(refused.contains(words), "{words}: {refused}");
    }
}

#[test]
fn what_says_the_same_changes_nothing_and_a_blank_is_no_value() {
    let layout = small();
    let item = |name: &str, value: Option<&str>| Item {
        oid: format!("IT.{name}"),
        value: value.map(str::to_owned),
    };
    let before = [item("SYSBP", Some("120.50"))];
    for (after, expected) in [
        (
            vec![item("SYSBP", Some("120.5")), item("NOTE", None)],
            vec![item("SYSBP", Some("120.50"))],
        ),
        (
            vec![item("SYSBP", Some("121"))],
            vec![item("SYSBP", Some("121"))],
        ),
        (vec![item("SYSBP", None)], vec![item("SYSBP", None)]),
        (
            vec![item("NOTE", Some("new"))],
            vec![item("SYSBP", Some("120.50")), item("NOTE", Some("new"))],
        ),
    ] {
        assert_eq!(taken::merged(&before, after, &layout), expected);
    }
    assert_eq!(
        taken::merged(&[], vec![item("NOTE", None)], &layout),
        [item("NOTE", None)]
    );
}

#[test]
fn a_dataset_that_says_too_little_is_refused_with_its_place() {
    let layout = small();
    let columns = vec![
        column("USUBJID", DataType::String),
        column("SYSBP", DataType::Float),
    ];
    let of = |rows: &[&str], columns: Vec<Column>| Dataset {
        head: head("VS"),
        columns,
        rows: rows
            .iter()
            .map(|it| vec![Value::text(it), Value::Missing])
            .collect(),
    };
    let mapping = Mapping {
        subject: Some("USUBJID".into()),
        event: Some("V1".into()),
        ..Mapping::default()
    };
    let good = of(&["S-1", "S-2"], columns.clone());
    let told = taken::rows(&good, (&layout, &mapping), "north").unwrap();
    assert_eq!((told.len(), told[1].key.subject.as_str()), (2, "S-2"));
    assert_eq!(
        told[0].items.len(),
        1,
        "the subject is no item of the group"
    );
    let mut strange = columns.clone();
    strange[1] = column("PULSE", DataType::Float);
    let mut elsewhere = columns.clone();
    elsewhere[0].name = "KEYSITE".into();
    let nobody = Mapping::default();
    let missing = Mapping {
        visit: Some("VISIT".into()),
        ..mapping.clone()
    };
    for (dataset, mapping, words) in [
        (
            of(&["S-1", "S-1"], columns.clone()),
            &mapping,
            "/rows/1: has the key of row 0",
        ),
        (
            of(&["S-1", ""], columns.clone()),
            &mapping,
            "/rows/1: names no participant",
        ),
        (
            of(&["S-1"], strange),
            &mapping,
            "/columns/1: `PULSE` is no item",
        ),
        (of(&["S-1"], columns.clone()), &missing, "no column `VISIT`"),
        (
            of(&["south"], elsewhere),
            &nobody,
            "/rows/0: is of another site",
        ),
        (of(&[], columns), &mapping, "no rows"),
    ] {
        let refused = taken::rows(&dataset, (&layout, mapping), "north").unwrap_err();
        assert!(refused.to_string().contains(words), "{words}: {refused}");
    }
}
