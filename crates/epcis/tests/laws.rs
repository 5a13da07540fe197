//! Laws that hold for any input.

use epcis::identifier::{Pattern, canonical, canonical_or_same};
use epcis::time::{format_millis, micros};
use epcis::{Context, Document, Event, Limits, Query, index};
use proptest::prelude::*;
use serde_json::{Value, json};

const EXAMPLE: &str = include_str!("examples/every_member.json");

/// Tags and texts in any order.
const ELEMENTS: &str = concat!(
    "(<(x:)?[a-z]{1,3}( [a-z]=\"[a-z0-9:]{0,4}\")?/?>",
    "|</(x:)?[a-z]{1,3}>|[a-z0-9]{1,3}){0,12}",
);

/// URNs, links, and neither.
const IDENTIFIERS: &str = concat!(
    "(urn:epc:(id|class|idpat):[a-z]{3,5}:[0-9]{6,12}\\.[0-9]{0,7}\\.[A-Za-z0-9%*.!-]{0,9}",
    "|https?://[a-z.]{1,9}",
    "(/(01|21|10|00|414|254|8003|gtin|[a-z0-9]{1,9}|[0-9]{14})){0,6}",
    "|\\PC{0,20})",
);

/// Something in the place of something else, anywhere in a document.
fn changed(at: usize, with: &Value) -> Value {
    let mut document: Value = serde_json::from_str(EXAMPLE).unwrap_or_default();
    let mut places = Vec::new();
    walk(&document, String::new(), &mut places);
    let place = &places[at % places.len()];
    if let Some(value) = document.pointer_mut(place) {
        *value = with.clone();
    }
    document
}

fn walk(value: &Value, at: String, places: &mut Vec<String>) {
    match value {
        Value::Object(object) => {
            for (name, inner) in object {
                let name = name.replace('~', "~0").replace('/', "~1");
                walk(inner, format!("{at}/{name}"), places);
            }
        }
        Value::Array(items) => {
            for (number, inner) in items.iter().enumerate() {
                walk(inner, format!("{at}/{number}"), places);
            }
        }
        _ => {}
    }
    places.push(at);
}

fn anything() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
        "(urn:epc:id:[a-z]{3,5}:[0-9.]{1,24}|https://[a-z.]{3,9}/[0-9/]{2,24})"
            .prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-z:]{1,8}", inner, 0..4).prop_map(|map| json!(map)),
        ]
    })
}

#[test]
fn the_example_is_valid() {
    let document = Document::from_json(EXAMPLE.as_bytes(), &Limits::default());
    assert_eq!(document.map(|document| document.events.len()), Ok(5));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn whatever_is_accepted_is_hashed_indexed_and_read_again(
        at in any::<usize>(),
        with in anything(),
    ) {
        let text = changed(at, &with).to_string();
        let Ok(document) = Document::from_json(text.as_bytes(), &Limits::default()) else {
            return Ok(());
        };
        for event in &document.events {
            let found = index(event);
            prop_assert!(Query::default().matches(&found, 0));
            let bytes = event.canonical();
            prop_assert!(bytes.is_ok());
            let again = Event::read(&bytes.unwrap_or_default(), &Limits::default());
            prop_assert!(again.is_ok());
            if let Ok(again) = again {
                prop_assert_eq!(again.hash(), event.hash());
                prop_assert_eq!(index(&again), found);
            }
        }
    }

    #[test]
    fn no_bytes_make_a_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let limits = Limits::default();
        let _ = Document::from_json(&bytes, &limits);
        let _ = Document::from_xml(&bytes, &limits);
    }

    #[test]
    fn no_xml_makes_a_reader_panic(
        inner in ELEMENTS,
    ) {
        let text = format!(
            "<e:EPCISDocument xmlns:e=\"urn:epcglobal:epcis:xsd:2\" xmlns:x=\"https://x.example/\">\
             <EPCISBody><EventList><ObjectEvent>{inner}</ObjectEvent></EventList></EPCISBody>\
             </e:EPCISDocument>"
        );
        let _ = Document::from_xml(text.as_bytes(), &Limits::default());
    }

    #[test]
    fn a_canonical_identifier_is_its_own(
        text in IDENTIFIERS,
    ) {
        if let Some(link) = canonical(&text) {
            let again = canonical(&link);
            prop_assert_eq!(again.as_deref(), Some(link.as_str()));
            prop_assert!(Pattern::parse(&text).matches(&link) || text.contains('*'));
        }
        prop_assert_eq!(canonical_or_same(&canonical_or_same(&text)), canonical_or_same(&text));
    }

    #[test]
    fn a_time_is_read_back(millis in -60_000_000_000_000_i64..250_000_000_000_000) {
        prop_assert_eq!(micros(&format_millis(millis)), Some(millis * 1000));
    }

    #[test]
    fn no_parameter_makes_the_query_panic(name in "\\PC{0,30}", value in "\\PC{0,20}") {
        let prefixes = ["EQ_", "GT_", "MATCH_", "EXISTS_", "EQ_INNER_ILMD_", ""];
        for prefix in prefixes {
            let pair = (format!("{prefix}{name}"), value.clone());
            let _ = Query::from_pairs(&[pair], &Context::default());
        }
    }
}
