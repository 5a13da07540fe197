//! Leaving elements and labels out of a resource, and saying so in it. FHIR R4 6.1.0.4.

use serde_json::{Map, Value, json};

const OBSERVATION_VALUE: &str = "http://terminology.hl7.org/CodeSystem/v3-ObservationValue";

/// Takes the elements (dotted, from the root) and the labels (system and code) out of a resource,
/// with every narrative in it, and tags it `REDACTED` and `SUBSETTED`. Type, id and meta stay.
pub fn apply(resource: &mut Value, elements: &[String], labels: &[(String, String)]) {
    narrative(resource);
    for element in elements {
        let parts: Vec<&str> = element.split('.').collect();
        if !matches!(parts.as_slice(), [] | ["resourceType" | "id" | "meta"]) {
            remove(resource, &parts);
        }
    }
    let Value::Object(fields) = resource else {
        return;
    };
    let meta = fields.entry("meta").or_insert_with(|| json!({}));
    let Value::Object(meta) = meta else { return };
    if let Some(Value::Array(given)) = meta.get_mut("security") {
        given.retain(|coding| !is_one_of(coding, labels));
    }
    tag(meta, "security", "REDACTED");
    tag(meta, "tag", "SUBSETTED");
}

/// The text of the resource and of those contained in it.
fn narrative(resource: &mut Value) {
    let Value::Object(fields) = resource else {
        return;
    };
    fields.shift_remove("text");
    if let Some(Value::Array(contained)) = fields.get_mut("contained") {
        for one in contained.iter_mut().filter_map(Value::as_object_mut) {
            one.shift_remove("text");
        }
    }
}

fn remove(value: &mut Value, parts: &[&str]) {
    match (value, parts) {
        (Value::Array(items), _) => items.iter_mut().for_each(|item| remove(item, parts)),
        (Value::Object(fields), [last]) => fields.retain(|key, _| !names(last, key)),
        (Value::Object(fields), [first, rest @ ..]) => {
            for (_, field) in fields.iter_mut().filter(|(key, _)| names(first, key)) {
                remove(field, rest);
            }
        }
        _ => {}
    }
}

/// Whether a key of the JSON is this element: itself, its extensions (`_birthDate`), or a type of
/// a choice (`value` is `valueQuantity` too). Rather too much than too little.
pub(crate) fn names(element: &str, key: &str) -> bool {
    let key = key.strip_prefix('_').unwrap_or(key);
    key.strip_prefix(element)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(|c: char| c.is_ascii_uppercase()))
}

fn is_one_of(coding: &Value, labels: &[(String, String)]) -> bool {
    let text = |name: &str| coding.get(name).and_then(Value::as_str).unwrap_or_default();
    let (system, code) = (text("system"), text("code"));
    labels.iter().any(|one| one.0 == system && one.1 == code)
}

fn tag(meta: &mut Map<String, Value>, list: &str, code: &str) {
    let entry = meta.entry(list).or_insert_with(|| json!([]));
    if let Value::Array(codings) = entry {
        codings.push(json!({ "system": OBSERVATION_VALUE, "code": code }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_is_nowhere_and_the_resource_says_so() {
        let mut one = json!({
            "resourceType": "Observation", "id": "o",
            "meta": {"security": [{"system": "s", "code": "HIV"}, {"system": "s", "code": "N"}]},
            "text": {"status": "generated", "div": "secret"},
            "contained": [{"resourceType": "Patient", "text": {"div": "secret"}}],
            "valueQuantity": {"value": 1}, "_valueString": {"extension": []}, "values": 1,
            "component": [{"code": 1, "valueString": "x"}, {"code": 2}],
            "note": [{"text": "secret"}]
        });
        let elements = ["value", "component.value", "note", "id"].map(str::to_owned);
        apply(&mut one, &elements, &[("s".into(), "HIV".into())]);
        assert_eq!(
            one,
            json!({
                "resourceType": "Observation", "id": "o",
                "meta": {
                    "security": [{"system": "s", "code": "N"},
                        {"system": OBSERVATION_VALUE, "code": "REDACTED"}],
                    "tag": [{"system": OBSERVATION_VALUE, "code": "SUBSETTED"}]
                },
                "contained": [{"resourceType": "Patient"}], "values": 1,
                "component": [{"code": 1}, {"code": 2}]
            })
        );
    }

    #[test]
    fn a_parameter_reads_what_is_on_its_way() {
        let reads = |type_, name, element| {
            crate::search::reads(crate::search::parameter(type_, name).unwrap(), element)
        };
        for (name, element, expected) in [
            ("code", "code", true),
            ("code", "code.coding", true),
            ("code", "note", false),
            ("value-quantity", "value", true),
            ("value-quantity", "valueQuantity", true),
            ("value-quantity", "component.value", false),
            ("component-code", "component", true),
            ("date", "effective", true),
            ("_security", "meta.security", true),
            ("_id", "code", false),
            ("_lastUpdated", "code", false),
        ] {
            assert_eq!(
                reads("Observation", name, element),
                expected,
                "{name} {element}"
            );
        }
    }
}
