//! Laws of the canonical form of JSON.
#![allow(clippy::unwrap_used, clippy::format_collect, reason = "tests")]

use proof::json::canonical;
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use serde_json::Value;

fn number() -> impl Strategy<Value = Value> {
    let lexeme = prop_oneof![
        any::<i64>().prop_map(|it| it.to_string()),
        (any::<i32>(), 0u32..999).prop_map(|(whole, part)| format!("{whole}.{part:03}")),
        (any::<i16>(), any::<i8>()).prop_map(|(whole, power)| format!("{whole}e{power}")),
    ];
    lexeme.prop_map(|it| serde_json::from_str(&it).unwrap())
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z]{0,8}",
        vec(any::<char>(), 0..6).prop_map(|it| it.into_iter().collect::<String>()),
        vec(0u8..0x30, 0..4).prop_map(|it| it.into_iter().map(char::from).collect::<String>()),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        number(),
        text().prop_map(Value::String),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(Value::Array),
            btree_map(text(), inner, 0..6).prop_map(|it| Value::Object(it.into_iter().collect())),
        ]
    })
}

/// A compact text of the value, with or without escapes beyond need.
fn compact(value: &Value, escaped: bool) -> Vec<u8> {
    let text = serde_json::to_string(value).unwrap();
    if !escaped {
        return text.into_bytes();
    }
    let escape = |it: char| match it {
        it if it.is_ascii() => it.to_string(),
        it => it
            .encode_utf16(&mut [0; 2])
            .iter()
            .map(|unit| format!("\\u{unit:04x}"))
            .collect(),
    };
    text.chars().map(escape).collect::<String>().into_bytes()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn the_form_has_the_same_meaning(value in value(), escaped in any::<bool>()) {
        let form = canonical(&compact(&value, escaped)).unwrap();
        prop_assert_eq!(serde_json::from_slice::<Value>(&form).unwrap(), value);
    }

    #[test]
    fn there_is_one_form(value in value()) {
        let form = canonical(&compact(&value, false)).unwrap();
        prop_assert_eq!(canonical(&form).unwrap(), form.clone());
        prop_assert_eq!(canonical(&compact(&value, true)).unwrap(), form.clone());
        let pretty = serde_json::to_string_pretty(&value).unwrap();
        prop_assert_eq!(canonical(pretty.as_bytes()).unwrap(), form);
    }

    #[test]
    fn other_values_have_other_forms(one in value(), other in value()) {
        let forms = [&one, &other].map(|it| canonical(&compact(it, false)).unwrap());
        prop_assert_eq!(forms[0] == forms[1], one == other);
    }

    /// The promise behind `salus verify --record`.
    #[test]
    fn a_changed_byte_of_a_compact_text_changes_the_form(
        value in value(),
        escaped in any::<bool>(),
        place in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let text = compact(&value, escaped);
        let mut changed = text.clone();
        let place = place.index(text.len());
        changed[place] = byte;
        let form = canonical(&text).unwrap();
        prop_assert!(changed == text || canonical(&changed) != Ok(form));
    }
}

/// Every byte of a resource, every value it can take.
#[test]
fn no_single_byte_change_of_a_resource_goes_unnoticed() {
    let resource = [
        r#"{"resourceType":"Observation","id":"a-1","status":"final","valueQuantity":"#,
        r#"{"value":1.50,"unit":"mg\/dl","system":"http://unitsofmeasure.org"},"note":[{"text":"#,
        r#""\u00e9\ud83d\ude00 \"quoted\" \\ \n"}],"#,
        r#""x":[true,false,null,-0,1e5,1E-5],"a":{},"b":[]}"#,
    ]
    .concat()
    .into_bytes();
    let form = canonical(&resource).unwrap();
    for place in 0..resource.len() {
        for byte in 0..=u8::MAX {
            let mut changed = resource.clone();
            changed[place] = byte;
            let same = changed == resource;
            assert_eq!(
                canonical(&changed).as_ref() == Ok(&form),
                same,
                "{place} to {byte}"
            );
        }
    }
}
