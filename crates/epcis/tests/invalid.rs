//! Broken documents, written from the rules of the JSON Schema: each is refused at its place.

#![allow(clippy::unwrap_used)]

use epcis::{Document, EpcisError, Issue, Limits};
use serde_json::{Value, json};

/// A valid document, of which each case breaks one thing.
fn document() -> Value {
    let common = |kind: &str| {
        json!({
            "type": kind,
            "eventID": "urn:uuid:0d4c9d5a-0a3e-4bd8-8f6d-1d1f6f3a5b11",
            "eventTime": "2024-05-01T10:00:00.000+02:00",
            "eventTimeZoneOffset": "+02:00",
            "bizStep": "packing",
            "disposition": "in_progress",
            "readPoint": { "id": "urn:epc:id:sgln:4012345.00005.0" },
            "sourceList": [
                { "type": "owning_party", "source": "urn:epc:id:pgln:4012345.00225" }
            ],
            "example:remark": "SECRETVALUE"
        })
    };
    let mut object = common("ObjectEvent");
    object["action"] = json!("ADD");
    object["epcList"] = json!(["urn:epc:id:sgtin:4012345.011111.1"]);
    object["ilmd"] = json!({ "example:grade": "A" });
    object["quantityList"] = json!([
        { "epcClass": "urn:epc:class:lgtin:4012345.012345.L1", "quantity": 2.5, "uom": "KGM" }
    ]);
    object["sensorElementList"] = json!([{
        "sensorMetadata": { "time": "2024-05-01T08:00:00Z" },
        "sensorReport": [{ "type": "Temperature", "value": 5.1, "uom": "CEL" }]
    }]);
    object["errorDeclaration"] = json!({ "declarationTime": "2024-05-02T08:00:00Z" });
    object["persistentDisposition"] = json!({ "set": ["recalled"] });
    let mut aggregation = common("AggregationEvent");
    aggregation["action"] = json!("ADD");
    aggregation["parentID"] = json!("urn:epc:id:sscc:4012345.0111111111");
    aggregation["childEPCs"] = json!(["urn:epc:id:sgtin:4012345.011111.1"]);
    let mut transaction = common("TransactionEvent");
    transaction["action"] = json!("ADD");
    transaction["epcList"] = json!(["urn:epc:id:sgtin:4012345.011111.1"]);
    transaction["bizTransactionList"] =
        json!([{ "type": "po", "bizTransaction": "urn:epc:id:gdti:0614141.00001.16" }]);
    let mut transformation = common("TransformationEvent");
    transformation["inputEPCList"] = json!(["urn:epc:id:sgtin:4012345.011111.1"]);
    transformation["outputEPCList"] = json!(["urn:epc:id:sgtin:4012345.011111.2"]);
    let mut association = common("AssociationEvent");
    association["action"] = json!("ADD");
    association["parentID"] = json!("urn:epc:id:grai:4012345.55555.987");
    association["childEPCs"] = json!(["urn:epc:id:giai:4000001.12345"]);
    json!({
        "@context": [
            "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",
            { "example": "https://ns.example.com/epcis/" }
        ],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2024-05-01T10:00:00Z",
        "epcisBody": { "eventList": [
            object, aggregation, transaction, transformation, association
        ] }
    })
}

const OBJECT: &str = "/epcisBody/eventList/0";
const AGGREGATION: &str = "/epcisBody/eventList/1";
const TRANSACTION: &str = "/epcisBody/eventList/2";
const TRANSFORMATION: &str = "/epcisBody/eventList/3";
const ASSOCIATION: &str = "/epcisBody/eventList/4";

/// Where something is put (`null`: taken away), what, and where the issue is told.
type Case = (String, Value, String);

fn case(event: &str, member: &str, value: Value, at: &str) -> Case {
    (format!("{event}{member}"), value, format!("{event}{at}"))
}

fn same(event: &str, member: &str, value: Value) -> Case {
    case(event, member, value, member)
}

fn gone(event: &str, member: &str) -> Case {
    case(event, member, Value::Null, "")
}

fn cases() -> Vec<Case> {
    let mut cases = cases_of_members();
    cases.extend(cases_between_members());
    cases
}

fn cases_of_members() -> Vec<Case> {
    vec![
        // The envelope.
        gone("", "/@context"),
        gone("", "/creationDate"),
        same("", "/schemaVersion", json!("two")),
        same("", "/remark", json!("x")),
        same("/epcisBody", "/eventList", json!({})),
        // What each event has.
        gone(OBJECT, "/eventTime"),
        gone(OBJECT, "/eventTimeZoneOffset"),
        same(OBJECT, "/eventTime", json!("2024-05-01 10:00")),
        same(OBJECT, "/eventTime", json!("2024-02-30T10:00:00Z")),
        same(OBJECT, "/eventTimeZoneOffset", json!("+15:00")),
        same(OBJECT, "/eventID", json!("not a uri")),
        same(OBJECT, "/type", json!("PackEvent")),
        same(OBJECT, "/remark", json!("x")),
        same(OBJECT, "/recordTime", json!(5)),
        same(OBJECT, "/action", json!("REMOVE")),
        same(OBJECT, "/bizStep", json!("wrapping")),
        same(
            OBJECT,
            "/bizStep",
            json!("urn:epcglobal:cbv:bizstep:packing"),
        ),
        same(OBJECT, "/disposition", json!("in transit")),
        same(OBJECT, "/epcList/0", json!("4012345")),
        case(OBJECT, "/readPoint", json!({}), "/readPoint"),
        same(OBJECT, "/quantityList/0/quantity", json!("2.5")),
        same(OBJECT, "/quantityList/0/uom", json!("kilo")),
        case(
            OBJECT,
            "/quantityList/0/epcClass",
            Value::Null,
            "/quantityList/0",
        ),
        same(OBJECT, "/quantityList/0/example:x", json!("x")),
        case(OBJECT, "/sourceList/0/type", Value::Null, "/sourceList/0"),
        same(OBJECT, "/sensorElementList/0/sensorReport", json!([])),
        case(
            OBJECT,
            "/sensorElementList/0/sensorReport/0/type",
            Value::Null,
            "/sensorElementList/0/sensorReport/0",
        ),
        same(
            OBJECT,
            "/sensorElementList/0/sensorReport/0/value",
            json!("5.1"),
        ),
        same(
            OBJECT,
            "/sensorElementList/0/sensorReport/0/type",
            json!("Warmth"),
        ),
        case(
            OBJECT,
            "/errorDeclaration/declarationTime",
            Value::Null,
            "/errorDeclaration",
        ),
        same(OBJECT, "/errorDeclaration/reason", json!("typo")),
        same(OBJECT, "/persistentDisposition/set", json!([])),
        same(OBJECT, "/ilmd/grade", json!("A")),
    ]
}

/// What an event needs besides.
fn cases_between_members() -> Vec<Case> {
    vec![
        case(OBJECT, "/action", json!("OBSERVE"), "/ilmd"),
        gone(AGGREGATION, "/action"),
        gone(AGGREGATION, "/childEPCs"),
        same(AGGREGATION, "/ilmd", json!({})),
        gone(TRANSACTION, "/bizTransactionList"),
        same(TRANSACTION, "/bizTransactionList", json!([])),
        gone(TRANSACTION, "/epcList"),
        gone(TRANSFORMATION, "/outputEPCList"),
        same(TRANSFORMATION, "/action", json!("ADD")),
        gone(ASSOCIATION, "/parentID"),
    ]
}

fn read(value: &Value) -> Result<Document, EpcisError> {
    Document::from_json(value.to_string().as_bytes(), &Limits::default())
}

fn broken(at: &str, value: &Value) -> Value {
    let mut document = document();
    let (parent, name) = at.rsplit_once('/').unwrap();
    let parent = document.pointer_mut(parent).unwrap();
    match (parent, value) {
        (Value::Object(object), Value::Null) => {
            assert!(object.remove(name).is_some(), "{at} was not there");
        }
        (Value::Object(object), value) => {
            object.insert(name.to_owned(), value.clone());
        }
        (Value::Array(items), value) => items[name.parse::<usize>().unwrap()] = value.clone(),
        _ => panic!("{at}"),
    }
    document
}

fn issues(result: Result<Document, EpcisError>) -> Vec<Issue> {
    match result {
        Err(EpcisError::Invalid(issues)) => issues,
        other => panic!("not refused as invalid: {other:?}"),
    }
}

#[test]
fn each_broken_document_is_refused_at_its_place() {
    assert_eq!(read(&document()).unwrap().events.len(), 5);
    let cases = cases();
    assert!(cases.len() >= 19);
    for (at, value, expected) in cases {
        let issues = issues(read(&broken(&at, &value)));
        let found = issues.iter().any(|issue| issue.at == expected);
        assert!(found, "{at} = {value}: {issues:?}");
    }
}

#[test]
fn an_issue_quotes_no_value() {
    for (at, value, _) in cases() {
        let text = EpcisError::Invalid(issues(read(&broken(&at, &value)))).to_string();
        assert!(!text.contains("SECRETVALUE"), "{text}");
    }
    let mut document = document();
    document["epcisBody"]["eventList"][0]["eventTime"] = json!("SECRETVALUE");
    document["epcisBody"]["eventList"][1]["bizStep"] = json!("SECRETVALUE");
    assert!(
        !read(&document)
            .unwrap_err()
            .to_string()
            .contains("SECRETVALUE")
    );
}

#[test]
fn a_bound_is_named() {
    let limits = Limits {
        events: 4,
        ..Limits::default()
    };
    let text = document().to_string();
    let error = Document::from_json(text.as_bytes(), &limits).unwrap_err();
    assert!(
        matches!(&error, EpcisError::TooLarge(text) if text.contains('4')),
        "{error}"
    );
    let deep = "[".repeat(100) + &"]".repeat(100);
    let error = Document::from_json(deep.as_bytes(), &Limits::default()).unwrap_err();
    assert!(
        matches!(&error, EpcisError::TooLarge(text) if text.contains("48")),
        "{error}"
    );
    let limits = Limits {
        bytes: 100,
        ..Limits::default()
    };
    let error = Document::from_json(text.as_bytes(), &limits).unwrap_err();
    assert!(
        matches!(&error, EpcisError::TooLarge(text) if text.contains("100")),
        "{error}"
    );
    let mut wide = document();
    wide["epcisBody"]["eventList"][0]["example:list"] = json!(vec![1; 1001]);
    let error = read(&wide).unwrap_err();
    assert!(
        matches!(&error, EpcisError::TooLarge(text) if text.contains("1000")),
        "{error}"
    );
    let mut prefixes = document();
    prefixes["@context"] = json!([{ "x": "urn:x:".to_owned() + &"1".repeat(9000) }]);
    assert!(matches!(read(&prefixes), Err(EpcisError::TooLarge(_))));
    let limits = Limits {
        issues: 3,
        ..Limits::default()
    };
    let mut many = document();
    for event in many["epcisBody"]["eventList"].as_array_mut().unwrap() {
        event["eventTime"] = json!("never");
    }
    let result = Document::from_json(many.to_string().as_bytes(), &limits);
    assert_eq!(issues(result).len(), 3);
}

#[test]
fn what_is_no_json_is_refused_with_its_line() {
    let error = Document::from_json(b"{\n  \"type\": }", &Limits::default()).unwrap_err();
    assert_eq!(
        error,
        EpcisError::Json {
            line: 2,
            column: 11
        }
    );
}

#[test]
fn an_event_outside_a_document_needs_its_context() {
    let mut event = document()["epcisBody"]["eventList"][0].clone();
    assert_eq!(issues(read(&event))[0].at, "");
    assert_eq!(issues(read(&json!([event])))[0].at, "/0");
    event["@context"] = json!("https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld");
    assert_eq!(read(&event).unwrap().events.len(), 1);
    assert_eq!(read(&json!([event, event])).unwrap().events.len(), 2);
}

#[test]
fn an_event_type_of_ones_own_is_a_uri() {
    let mut custom = document();
    custom["epcisBody"]["eventList"][0] = json!({
        "type": "example:AuditEvent",
        "eventTime": "2024-05-01T10:00:00Z",
        "eventTimeZoneOffset": "+02:00",
        "anything": { "goes": 1 }
    });
    let read = read(&custom).unwrap();
    let index = epcis::index(&read.events[0]);
    assert_eq!(index.event_type, "https://ns.example.com/epcis/AuditEvent");
}
