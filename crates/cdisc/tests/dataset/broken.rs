//! What is not valid, and where.

use cdisc::CdiscError;
use cdisc::dataset::{Dataset, Form, Limits};
use serde_json::{Value, json};

fn sample() -> Value {
    json!({
        "datasetJSONCreationDateTime": "2026-01-02T03:04:05Z",
        "datasetJSONVersion": "1.1.0",
        "dbLastModifiedDateTime": "2026-01-01T00:00:00Z",
        "sourceSystem": { "name": "S", "version": "1" },
        "itemGroupOID": "IG.VS",
        "records": 2,
        "name": "VS",
        "label": "Vital Signs",
        "columns": [
            { "itemOID": "IT.A", "name": "A", "label": "", "dataType": "string", "length": 3,
              "keySequence": 1 },
            { "itemOID": "IT.B", "name": "B", "label": "", "dataType": "integer",
              "displayFormat": "8.2" },
            { "itemOID": "IT.C", "name": "C", "label": "", "dataType": "decimal",
              "targetDataType": "decimal" },
            { "itemOID": "IT.D", "name": "D", "label": "", "dataType": "date",
              "targetDataType": "integer", "displayFormat": "E8601DA." },
            { "itemOID": "IT.E", "name": "E", "label": "", "dataType": "datetime" },
            { "itemOID": "IT.F", "name": "F", "label": "", "dataType": "boolean" },
            { "itemOID": "IT.G", "name": "G", "label": "", "dataType": "float" },
            { "itemOID": "IT.H", "name": "H", "label": "", "dataType": "URI" }
        ],
        "rows": [
            ["a", 1, "5.10", "2026-01-01", "2026-01", true, 1.50, "https://a.example/"],
            ["b", null, null, null, "", null, null, null]
        ]
    })
}

fn issues(value: &Value) -> Vec<String> {
    let read = Dataset::read(value.to_string().as_bytes(), Form::Json, &Limits::default());
    match read {
        Ok(_) => Vec::new(),
        Err(CdiscError::Invalid(issues)) => issues.into_iter().map(|issue| issue.at).collect(),
        Err(other) => vec![other.to_string()],
    }
}

/// Attributes that are not valid.
fn attributes() -> Vec<(&'static str, Value)> {
    vec![
        ("/datasetJSONVersion", json!("1.0.0")),
        ("/datasetJSONVersion", json!("1.1.01")),
        ("/datasetJSONVersion", json!("1x1")),
        ("/datasetJSONCreationDateTime", json!("2026-01-02")),
        (
            "/datasetJSONCreationDateTime",
            json!("2026-02-30T00:00:00Z"),
        ),
        ("/datasetJSONCreationDateTime", json!(5)),
        ("/dbLastModifiedDateTime", json!("2026-01-02T03:04:06Z")),
        (
            "/dbLastModifiedDateTime",
            json!("2026-01-02T02:04:06-02:00"),
        ),
        ("/sourceSystem", json!("S")),
        ("/sourceSystem/version", json!({ "name": "S" })),
        ("/itemGroupOID", json!("")),
        ("/records", json!(3)),
        ("/records", json!(-1)),
        ("/records", json!("2")),
        ("/name", json!("")),
        ("/label", json!(null)),
        ("/columns", json!({})),
        ("/columns/1/itemOID", json!("IT.A")),
        ("/columns/1/name", json!("A")),
        ("/columns/1/name", json!("")),
        ("/columns/1/dataType", json!("number")),
        ("/columns/1/targetDataType", json!("integer")),
        ("/columns/1/targetDataType", json!("text")),
        ("/columns/0/targetDataType", json!("decimal")),
        ("/columns/2/targetDataType", json!(null)),
        ("/columns/0/length", json!(0)),
        ("/columns/0/keySequence", json!(0)),
        ("/columns/1/keySequence", json!(1)),
        ("/columns/1/displayFormat", json!("8 2")),
        ("/columns/1/unit", json!("mm")),
    ]
}

/// Rows that are not valid, and an attribute that is none.
fn rows() -> Vec<(&'static str, Value)> {
    vec![
        ("/rows/0", json!(["a"])),
        ("/rows/0/0", json!(1)),
        ("/rows/0/1", json!("1")),
        ("/rows/0/1", json!(1.5)),
        ("/rows/0/1", json!({})),
        ("/rows/0/2", json!(5.1)),
        ("/rows/0/2", json!("5,1")),
        ("/rows/0/2", json!("")),
        ("/rows/0/2", json!(".")),
        ("/rows/0/2", json!("5e")),
        ("/rows/0/2", json!("1e1000")),
        ("/rows/0/2", json!("1,00.5")),
        ("/rows/0/3", json!("2026-01")),
        ("/rows/0/3", json!("")),
        ("/rows/0/3", json!(24000)),
        ("/rows/0/4", json!("1 Jan 2026")),
        ("/rows/0/5", json!("true")),
        ("/rows/0/6", json!("1.5")),
        ("/rows/0/7", json!("no uri")),
        ("/extension", json!({})),
    ]
}

#[test]
fn each_defect_is_refused_at_its_place() {
    assert_eq!(issues(&sample()), Vec::<String>::new());
    for (at, value) in &attributes().into_iter().chain(rows()).collect::<Vec<_>>() {
        let mut broken = sample();
        let (parent, name) = at.rsplit_once('/').unwrap();
        match broken.pointer_mut(parent).unwrap() {
            Value::Array(items) => items[name.parse::<usize>().unwrap()] = value.clone(),
            Value::Object(map) => {
                map.insert(name.to_owned(), value.clone());
                if at.ends_with("/targetDataType") && value.is_null() {
                    map.remove(name);
                }
            }
            _ => panic!("{at}"),
        }
        let found = issues(&broken);
        assert!(found.contains(&(*at).to_owned()), "{at} {value}: {found:?}");
    }
    for name in [
        "datasetJSONCreationDateTime",
        "itemGroupOID",
        "records",
        "label",
        "columns",
    ] {
        let mut broken = sample();
        broken.as_object_mut().unwrap().remove(name);
        assert!(issues(&broken).contains(&format!("/{name}")), "{name}");
    }
}

#[test]
fn an_issue_quotes_no_value() {
    let mut broken = sample();
    broken["rows"][0][1] = json!("Erika Mustermann");
    let text = broken.to_string();
    let refused = Dataset::read(text.as_bytes(), Form::Json, &Limits::default()).unwrap_err();
    assert!(!refused.to_string().contains("Erika"), "{refused}");
}

#[test]
fn what_is_no_json_is_refused_with_line_and_column() {
    for (text, at) in [
        ("", "line 1, column 1"),
        ("{\n \"a\": 1,\n \"a\": 2}", "line 3, column"),
        ("{\n \"rows\": [[1,\n 01]]}", "line 3, column 3"),
        ("{\"rows\": [[1]}", "line 1"),
        ("{\"rows\": [[\"a]]}", "line 1"),
        ("{\"rows\": [1]}", "line 1"),
        ("{\"rows\": {}}", "line 1"),
        (
            "{\"columns\": [{\"name\": \"a\", \"name\": \"b\"}]}",
            "line 1, column 28",
        ),
        ("{} {}", "line 1, column 4"),
        ("[]", "line 1, column 1"),
    ] {
        let refused = Dataset::read(text.as_bytes(), Form::Json, &Limits::default());
        let error = refused.unwrap_err().to_string();
        assert!(error.contains(at), "{text}: {error}");
    }
}

#[test]
fn every_bound_is_kept_and_named() {
    let text = sample().to_string();
    let refuse = |limits: Limits| {
        let read = Dataset::read(text.as_bytes(), Form::Json, &limits);
        read.unwrap_err().to_string()
    };
    let limits = Limits::default();
    assert!(
        refuse(Limits {
            bytes: 100,
            ..limits
        })
        .contains("100 bytes")
    );
    assert!(refuse(Limits { rows: 1, ..limits }).contains("1 rows"));
    assert!(
        refuse(Limits {
            columns: 7,
            ..limits
        })
        .contains("7 columns")
    );
    assert!(
        refuse(Limits {
            value_bytes: 3,
            ..limits
        })
        .contains("3 bytes")
    );

    let dataset = Dataset::read(text.as_bytes(), Form::Json, &limits).unwrap();
    let small = dataset.write(Form::Compressed).unwrap();
    let bound = Limits {
        inflated_bytes: 200,
        ..limits
    };
    let refused = Dataset::read(&small, Form::Compressed, &bound).unwrap_err();
    assert!(matches!(refused, CdiscError::TooLarge(_)), "{refused}");
    let mut longer = small.clone();
    longer.extend_from_slice(b"tail");
    assert!(Dataset::read(&longer, Form::Compressed, &limits).is_err());
    assert!(Dataset::read(&small[..small.len() - 2], Form::Compressed, &limits).is_err());
    let mut torn = small;
    let middle = torn.len() / 2;
    torn[middle] ^= 1;
    assert!(Dataset::read(&torn, Form::Compressed, &limits).is_err());
}

#[test]
fn lines_that_are_no_rows_are_refused_with_their_number() {
    let sample = sample().to_string();
    let dataset = Dataset::read(sample.as_bytes(), Form::Json, &Limits::default()).unwrap();
    let text = String::from_utf8(dataset.write(Form::Ndjson).unwrap()).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let refuse = |lines: &[&str]| {
        let joined = lines.join("\r\n");
        let read = Dataset::read(joined.as_bytes(), Form::Ndjson, &Limits::default());
        read.err()
            .map(|error| error.to_string())
            .unwrap_or_default()
    };
    assert_eq!(refuse(&lines), "");
    assert!(refuse(&lines[..2]).contains("/records"));
    assert!(refuse(&[lines[0], lines[1], "[1"]).contains("line 3"));
    assert!(refuse(&[lines[0], lines[1], "5"]).contains("/rows/1"));
    assert!(refuse(&[lines[1]]).contains("first line"));
    assert!(refuse(&[lines[0], &format!("{} 1", lines[1])]).contains("line 2"));
    let both = refuse(&[lines[0], "[1]", "[2]"]);
    assert!(
        both.contains("/rows/0") && both.contains("/rows/1"),
        "{both}"
    );
    // Compressed Dataset-JSON 1.1 allows an object as a row.
    let object = r#"{"A":"b","E":"","B":null}"#;
    assert_eq!(refuse(&[lines[0], lines[1], object]), "");
    assert!(refuse(&[lines[0], lines[1], r#"{"Z":1}"#]).contains("/rows/1"));
}

#[test]
fn what_should_be_looked_at_is_a_warning_not_a_refusal() {
    let mut odd = sample();
    odd["rows"][0][0] = json!("b");
    odd["rows"][1][1] = json!(7);
    odd["columns"][0]["keySequence"] = json!(2);
    let text = odd.to_string();
    let dataset = Dataset::read(text.as_bytes(), Form::Json, &Limits::default()).unwrap();
    let warnings = dataset.warnings(&Limits::default());
    let places: Vec<&str> = warnings.iter().map(|issue| issue.at.as_str()).collect();
    assert_eq!(places.len(), 2, "{warnings:?}");
    assert_eq!(places[0], "/columns/0/keySequence");
    let mut timed = sample();
    timed["columns"][4]["dataType"] = json!("date");
    timed["rows"][0][4] = json!("2026-01-01T10:00");
    let text = timed.to_string();
    let dataset = Dataset::read(text.as_bytes(), Form::Json, &Limits::default()).unwrap();
    assert_eq!(dataset.warnings(&Limits::default())[0].at, "/rows/0/4");
    let mut long = sample();
    long["rows"][0][0] = json!("äöüß");
    let text = long.to_string();
    let dataset = Dataset::read(text.as_bytes(), Form::Json, &Limits::default()).unwrap();
    assert_eq!(dataset.warnings(&Limits::default())[0].at, "/rows/0/0");
}
