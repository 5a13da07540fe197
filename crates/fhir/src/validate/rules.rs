//! Invariants of R4, each under its key. The cheap ones that protect what other code relies on;
//! all of them: docs/reference/fhir-validation.md.

use serde_json::{Map, Value};

use crate::tables::Type;

mod bundle;
mod clinical;
mod data;
mod table;

/// Takes the key of a broken rule and what the rule says.
pub(super) type Broken<'a> = &'a mut dyn FnMut(&'static str, &str);

/// Checks the rules of one object of a type.
pub(super) fn check(type_: &Type, map: &Map<String, Value>, broken: Broken<'_>) {
    table::check(type_.name, type_, map, broken);
    match type_.name {
        "Period" => data::period(map, broken),
        "Age" | "Count" | "Distance" | "Duration" => {
            table::check("Quantity", type_, map, broken);
            data::measure(type_.name, map, broken);
        }
        "Range" => data::range(map, broken),
        "Ratio" => data::ratio(map, broken),
        "Timing.repeat" => data::repeat(map, broken),
        "Observation" => clinical::observation(map, broken),
        "Condition" => clinical::condition(map, broken),
        "AllergyIntolerance" => clinical::allergy(map, broken),
        "Organization" => clinical::organization(map, broken),
        "Appointment" => clinical::appointment(map, broken),
        "MedicationDispense" => clinical::dispense(map, broken),
        "Task" => clinical::task(map, broken),
        "RiskAssessment.prediction" => clinical::prediction(map, broken),
        "List" => clinical::list(map, broken),
        "Linkage" => clinical::linkage(map, broken),
        "Questionnaire" => clinical::questionnaire(map, broken),
        "Bundle" => bundle::bundle(map, broken),
        "Bundle.entry" => bundle::entry(map, broken),
        _ => {}
    }
}

/// Rules of a contained resource. FHIR R4 2.4.3.
pub(super) fn contained(map: &Map<String, Value>, broken: Broken<'_>) {
    if map.contains_key("contained") {
        broken("dom-2", "a contained resource must not contain others");
    }
    if !map.contains_key("id") {
        broken(
            "dom-3",
            "a contained resource needs an id to be referred to",
        );
    }
    if let Some(meta) = map.get("meta") {
        if meta.get("versionId").is_some() || meta.get("lastUpdated").is_some() {
            broken(
                "dom-4",
                "a contained resource has no versionId and no lastUpdated",
            );
        }
        if meta.get("security").is_some() {
            broken(
                "dom-5",
                "a contained resource has no security label of its own",
            );
        }
    }
}

/// Whether a contained resource refers to its container: a link that is `#` alone.
pub(super) fn refers_to_container(value: &Value) -> bool {
    match value {
        Value::String(text) => text == "#",
        Value::Array(items) => items.iter().any(refers_to_container),
        Value::Object(map) => map.values().any(refers_to_container),
        _ => false,
    }
}

fn text<'a>(map: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    map.get(name).and_then(Value::as_str)
}

fn items<'a>(map: &'a Map<String, Value>, name: &str) -> &'a [Value] {
    map.get(name)
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default()
}

/// Whether a choice has a value: a member `value` followed by a type name.
fn has_choice(map: &Map<String, Value>, stem: &str) -> bool {
    map.keys().any(|key| {
        let name = key.strip_prefix('_').unwrap_or(key);
        name.strip_prefix(stem)
            .is_some_and(|rest| rest.starts_with(|c: char| c.is_uppercase()))
    })
}

/// Whether a CodeableConcept has a coding of the system with the code.
fn has_coding(concept: Option<&Value>, system: &str, code: &str) -> bool {
    let codings = concept
        .and_then(|one| one.get("coding"))
        .and_then(Value::as_array);
    codings.is_some_and(|codings| {
        codings.iter().any(|one| {
            one.get("system").and_then(Value::as_str) == Some(system)
                && one.get("code").and_then(Value::as_str) == Some(code)
        })
    })
}
