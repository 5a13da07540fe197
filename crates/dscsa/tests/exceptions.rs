//! Reports and responses against the schemas of the Partnership for DSCSA Governance.

#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    clippy::panic,
    reason = "a test may panic and say why it does not run"
)]

use std::path::{Path, PathBuf};

use dscsa::Product;
use dscsa::exception::{
    Alternative, Contact, Counted, ExceptionReport, ExceptionResponse, FollowUp, Ordered, Received,
    Resolution, ResolutionResponse, ResponseItem, compared,
};
use dscsa::transaction::{Line, TransactionInformation};
use serde_json::{Value, json};

fn folder() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = root.join("../../../shared/data/epcis/pdg-exceptions");
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("SKIPPED: {} is not there", folder.display());
    None
}

fn json_of(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// The part of JSON Schema that these two use; another word fails the test.
fn fits(root: &Value, schema: &Value, value: &Value, at: &str) -> Result<(), String> {
    for (word, rule) in schema.as_object().unwrap() {
        let holds = match word.as_str() {
            "$defs" | "title" | "default" => Ok(()),
            "$ref" => {
                let place = rule.as_str().unwrap().trim_start_matches('#');
                fits(root, root.pointer(place).unwrap(), value, at)
            }
            "anyOf" => {
                let mut tried = rule.as_array().unwrap().iter();
                if tried.any(|it| fits(root, it, value, at).is_ok()) {
                    Ok(())
                } else {
                    Err(format!("{at}: none of the alternatives"))
                }
            }
            "enum" => {
                if rule.as_array().unwrap().contains(value) {
                    Ok(())
                } else {
                    Err(format!("{at}: not one of the words"))
                }
            }
            "type" => {
                let is = match rule.as_str().unwrap() {
                    "object" => value.is_object(),
                    "array" => value.is_array(),
                    "string" => value.is_string(),
                    "integer" => value.is_i64() || value.is_u64(),
                    "boolean" => value.is_boolean(),
                    "null" => value.is_null(),
                    other => panic!("the type {other}"),
                };
                if is {
                    Ok(())
                } else {
                    Err(format!("{at}: no {rule}"))
                }
            }
            "properties" => rule
                .as_object()
                .unwrap()
                .iter()
                .try_for_each(|(name, inner)| {
                    let Some(found) = value.get(name) else {
                        return Ok(());
                    };
                    fits(root, inner, found, &format!("{at}/{name}"))
                }),
            "items" => value
                .as_array()
                .into_iter()
                .flatten()
                .enumerate()
                .try_for_each(|(place, item)| fits(root, rule, item, &format!("{at}/{place}"))),
            "required" => rule.as_array().unwrap().iter().try_for_each(|name| {
                match value.get(name.as_str().unwrap()) {
                    Some(_) => Ok(()),
                    None => Err(format!("{at}: {name} is not there")),
                }
            }),
            other => panic!("the word {other} of the schema"),
        };
        holds?;
    }
    Ok(())
}

fn contact() -> Contact {
    Contact {
        vp: None,
        gln: Some("9506000134376".into()),
        email: "receiving@pharmacy.example".into(),
        phone: None,
    }
}

/// A report with an exception of every kind.
fn report() -> ExceptionReport {
    let line = |gtin: &str, serials: &[&str]| Line {
        product: Product {
            gtin: gtin.into(),
            ..Product::default()
        },
        lot: "L1".into(),
        expiry: "2027-12-31".into(),
        number_of_containers: serials.len(),
        serials: serials.iter().map(|it| (*it).to_owned()).collect(),
        ..Line::default()
    };
    let papers = TransactionInformation {
        transaction: "urn:uuid:1".into(),
        lines: vec![
            line("09506000134352", &["A", "B"]),
            line("09506000134353", &[]),
        ],
        ..TransactionInformation::default()
    };
    let scan = |gtin: &str, serial: &str, lot: &str| Received {
        gtin: gtin.into(),
        serial: serial.into(),
        lot: lot.into(),
        expiry: "2027-12-31".into(),
    };
    let ordered = |gtin: &str, quantity| Ordered {
        gtin: gtin.into(),
        quantity,
    };
    let counted = Counted {
        received: vec![
            scan("09506000134352", "A", "L2"),
            scan("09506000134352", "X", "L1"),
            scan("00614141007349", "Y", "L1"),
        ],
        ordered: vec![ordered("09506000134352", 3), ordered("00614141007349", 0)],
    };
    let mut next = 0;
    let mut name = || {
        next += 1;
        Ok::<String, ()>(format!("item-{next}"))
    };
    ExceptionReport {
        message_uuid: "message".into(),
        exception_case_uuid: "case".into(),
        timestamp: 1_795_680_000,
        po_number: "PO-7".into(),
        sender_information: contact(),
        exceptions: Some(compared(&papers, &counted, &mut name).unwrap()),
        other_errors: Some(vec!["1 pack came damaged".into()]),
        case_resolved: false,
    }
}

#[test]
fn reports_and_responses_fit_the_schemas() {
    let Some(folder) = folder() else { return };
    let schema = |name: &str| json_of(&folder.join("schemas").join(name));
    let (reports, responses) = (schema("report_schema.json"), schema("response_schema.json"));
    let made = report();
    let written = serde_json::to_value(&made).unwrap();
    for kind in [
        "missing_product_data",
        "missing_product",
        "data_misalignment",
        "overages",
        "underages",
        "master_data_errors",
    ] {
        assert!(written["exceptions"][kind].is_object() || written["exceptions"][kind].is_array());
    }
    fits(&reports, &reports, &written, "").unwrap();
    let items = made.items();
    assert_eq!(items.len(), 7, "{items:?}");
    let response = ExceptionResponse {
        message_uuid: "answer".into(),
        exception_case_uuid: made.exception_case_uuid.clone(),
        timestamp: 1_795_680_060,
        sender_information: contact(),
        po_number: made.po_number.clone(),
        response_items: Some(
            items
                .iter()
                .map(|item| ResponseItem {
                    exception_item_uuid: (*item).to_owned(),
                    resolution_response: ResolutionResponse::Reject,
                    comments: Some("it was sent".into()),
                    alternative_resolution: Some(Alternative {
                        alternative_resolution: Some(Resolution::CreditAccount),
                        follow_up: Some(FollowUp::Phone),
                        follow_up_details: None,
                    }),
                })
                .collect(),
        ),
        additional_notes: None,
    };
    let written = serde_json::to_value(&response).unwrap();
    fits(&responses, &responses, &written, "").unwrap();

    // The checker refuses: a schema that fits everything would prove nothing.
    for (spoil, at) in [
        (json!({ "po_number": 7 }), "/po_number"),
        (json!({ "case_resolved": "no" }), "/case_resolved"),
        (json!({ "exceptions": { "overages": [{}] } }), "/exceptions"),
    ] {
        let mut wrong = serde_json::to_value(&made).unwrap();
        for (name, value) in spoil.as_object().unwrap() {
            wrong[name] = value.clone();
        }
        let refused = fits(&reports, &reports, &wrong, "").unwrap_err();
        assert!(refused.starts_with(at), "{refused}");
    }
}

#[test]
fn the_messages_of_others_are_read() {
    let Some(folder) = folder() else { return };
    let mut looked = 0;
    for entry in std::fs::read_dir(folder.join("example_generators/examples")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let value = json_of(&path);
        if name.contains("response") {
            let read: ExceptionResponse = serde_json::from_value(value).unwrap();
            assert!(!read.response_items.unwrap().is_empty(), "{name}");
        } else {
            let read: ExceptionReport = serde_json::from_value(value).unwrap();
            assert_eq!(read.items().is_empty(), read.case_resolved, "{name}");
        }
        looked += 1;
    }
    assert_eq!(looked, 9);
}
