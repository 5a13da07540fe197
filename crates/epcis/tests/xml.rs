//! XML in: 1.2 and 2.0, header and master data, and what is refused.

mod support;

use epcis::{Document, EpcisError, Limits};
use support::{data, files, read};

const HEAD: &str = r#"<e:EPCISDocument xmlns:e="urn:epcglobal:epcis:xsd:1" schemaVersion="1.2"
    creationDate="2024-05-01T10:00:00Z" xmlns:x="https://ns.example.com/epcis/">"#;

fn event(inner: &str) -> String {
    format!(
        "{HEAD}<EPCISBody><EventList><ObjectEvent>\
         <eventTime>2024-05-01T10:00:00Z</eventTime>\
         <eventTimeZoneOffset>+00:00</eventTimeZoneOffset>\
         <epcList><epc>urn:epc:id:sgtin:4012345.011111.1</epc></epcList>\
         <action>ADD</action>{inner}\
         </ObjectEvent></EventList></EPCISBody></e:EPCISDocument>"
    )
}

fn from_text(text: &str) -> Result<Document, EpcisError> {
    Document::from_xml(text.as_bytes(), &Limits::default())
}

/// Third-party documents that are not valid, and why.
const INVALID: &[(&str, &str)] = &[
    // A certification that is no URI, and ILMD where nothing begins.
    (
        "1.2/EPCIS/XML/Capture/Documents/ObjectEvent_all_possible_fields.xml",
        "certificationInfo",
    ),
    // A timestamp without seconds.
    (
        "1.2/EPCIS/XML/Capture/Documents/TransactionEvent_all_possible_fields.xml",
        "declarationTime",
    ),
    // The same EPC twice.
    (
        "2.0/EPCIS/XML/Capture/Documents/epcisDocWithAllGS1Keys.xml",
        "epcList/2",
    ),
];

#[test]
fn documents_of_both_versions_are_read() {
    let Some(folder) = data("openepcis") else {
        return;
    };
    let mut accepted = 0;
    for path in files(&folder, &[".xml"]) {
        let name = path.to_string_lossy().replace('\\', "/");
        if !name.contains("/Capture/") {
            continue;
        }
        let reason = INVALID.iter().find(|(ending, _)| name.ends_with(ending));
        match (read(&path), reason) {
            (Ok(document), None) => {
                assert!(!document.events.is_empty(), "{name}");
                accepted += 1;
            }
            (Err(error), Some((_, place))) => {
                assert!(error.to_string().contains(place), "{name}: {error}");
            }
            (other, _) => panic!("{name}: {:?}", other.map(|document| document.events.len())),
        }
    }
    assert!(accepted >= 50, "{accepted}");
}

#[test]
fn the_pharmaceutical_example_has_its_header_and_master_data() {
    let Some(folder) = data("openepcis/1.2/EPCIS/XML/Capture/Documents") else {
        return;
    };
    let document = read(&folder.join("GS1_US_Pharma_Example_2_2_1_1.xml")).unwrap();
    assert!(document.header("sender").is_some());
    assert!(document.header("receiver").is_some());
    let list = document
        .envelope
        .pointer("/epcisHeader/epcisMasterData/vocabularyList");
    assert!(
        list.and_then(serde_json::Value::as_array)
            .is_some_and(|list| !list.is_empty())
    );
    let index = epcis::index(&document.events[0]);
    assert!(
        index
            .epcs
            .iter()
            .all(|(_, id)| id.starts_with("https://id.gs1.org/"))
    );
}

#[test]
fn the_wrappers_of_1_2_go() {
    let document = from_text(&event(
        "<extension><quantityList><quantityElement>\
         <epcClass>urn:epc:class:lgtin:4012345.012345.L1</epcClass>\
         <quantity>+02.50</quantity><uom>KGM</uom></quantityElement></quantityList>\
         <ilmd><x:lot>L1</x:lot></ilmd></extension>",
    ))
    .unwrap();
    let members = document.events[0].members();
    assert_eq!(members["quantityList"][0]["quantity"].to_string(), "2.50");
    assert_eq!(members["ilmd"]["x:lot"], "L1");
    assert!(!members.contains_key("extension"));
}

#[test]
fn a_prefix_that_changes_its_meaning_is_two_prefixes() {
    let document = from_text(&event(
        r#"<x:one>1</x:one><x:two xmlns:x="https://other.example/">2</x:two>"#,
    ))
    .unwrap();
    let fields = epcis::index(&document.events[0]).fields;
    let names: Vec<&str> = fields.iter().map(|field| field.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "https://ns.example.com/epcis#one",
            "https://other.example#two"
        ]
    );
}

#[test]
fn a_dtd_is_refused() {
    let bomb = "<!DOCTYPE x [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;\">]>";
    let error = from_text(&format!("{bomb}{}", event("<x:a>&b;</x:a>"))).unwrap_err();
    assert!(error.to_string().contains("DTD"), "{error}");
    let error = from_text(&event("<x:a>&b;</x:a>")).unwrap_err();
    assert!(matches!(error, EpcisError::Xml { .. }), "{error}");
}

#[test]
fn what_is_not_epcis_is_refused_at_its_place() {
    for (text, reason) in [
        (
            event("<bizstep>x</bizstep>"),
            "not an element of this event",
        ),
        (event("<action>ADD</action>"), "twice"),
        (event("<y:a>1</y:a>"), "prefix"),
        (event("<x:a>"), "not well-formed"),
        (
            event("").replace("ObjectEvent", "QuantityEvent"),
            "QuantityEvent went out",
        ),
        (
            event("").replace("ObjectEvent", "PackEvent"),
            "not an event",
        ),
        (
            event("").replace(
                " xmlns:e=\"urn:epcglobal:epcis:xsd:1\"",
                " xmlns:e=\"urn:x\"",
            ),
            "EPCIS",
        ),
        ("not xml".to_owned(), "not well-formed"),
    ] {
        match from_text(&text).unwrap_err() {
            EpcisError::Xml {
                line, reason: told, ..
            } => {
                assert!(line > 0 && told.contains(reason), "{told} for {text}");
            }
            other => panic!("{other} for {text}"),
        }
    }
    let error = from_text(&event(
        "<bizStep>urn:epcglobal:cbv:bizstep:wrapping</bizStep>",
    ));
    let error = error.unwrap_err().to_string();
    assert!(error.contains("/epcisBody/eventList/0/bizStep"), "{error}");
}

#[test]
fn namespaces_are_bounded() {
    let fields = |count: usize| -> String {
        let field = |n: usize| format!("<x:a xmlns:x=\"urn:n:{n}\">1</x:a>");
        (0..count).map(field).collect()
    };
    assert!(from_text(&event(&fields(200))).is_ok());
    let error = from_text(&event(&fields(300))).unwrap_err();
    assert!(
        matches!(&error, EpcisError::TooLarge(text) if text.contains("256")),
        "{error}"
    );
}

#[test]
fn nesting_is_bounded() {
    let deep = "<x:a>".repeat(100_000) + &"</x:a>".repeat(100_000);
    let error = from_text(&event(&deep)).unwrap_err();
    assert!(matches!(error, EpcisError::TooLarge(_)), "{error}");
    let error = from_text(&event(&("<x:a>".repeat(60) + &"</x:a>".repeat(60)))).unwrap_err();
    assert!(matches!(error, EpcisError::TooLarge(_)), "{error}");
    // An attribute that looks like the end of a tag hides the nesting from a count of tags.
    for tag in ["x:a", "extension", "EPCISHeader"] {
        let deep = format!("<{tag} z=\"/>\">").repeat(50_000) + &format!("</{tag}>").repeat(50_000);
        let text = event(&deep);
        assert!(from_text(&text).is_err(), "{tag}");
        let text =
            format!("{HEAD}<EPCISBody><EventList>{deep}</EventList></EPCISBody></e:EPCISDocument>");
        assert!(from_text(&text).is_err(), "{tag} as an event");
        let text = format!("{HEAD}<EPCISHeader>{deep}</EPCISHeader></e:EPCISDocument>");
        assert!(from_text(&text).is_err(), "{tag} in the header");
    }
}
