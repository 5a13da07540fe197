//! Conditions between the members of an event. EPCIS 2.0 7.4.2 to 7.4.6.

use serde_json::{Map, Value};

use super::Check;

type Event = Map<String, Value>;

pub(super) fn check(check: &mut Check, name: &str, event: &Event) {
    let persistent = event
        .get("persistentDisposition")
        .and_then(Value::as_object);
    if persistent.is_some_and(Map::is_empty) {
        check.inside("persistentDisposition", |check| {
            check.refuse("`set` or `unset` is missing");
        });
    }
    let is_delete = event.get("action").and_then(Value::as_str) == Some("DELETE");
    match name {
        "ObjectEvent" => {
            let by_sensor = filled(event, "sensorElementList") && event.contains_key("readPoint");
            if !(event.contains_key("epcList") || filled(event, "quantityList") || by_sensor) {
                check.refuse(
                    "what was observed is missing: `epcList`, `quantityList`, or \
                     `sensorElementList` with `readPoint`",
                );
            }
            let adds = event.get("action").and_then(Value::as_str) == Some("ADD");
            if event.contains_key("ilmd") && !adds {
                check.inside("ilmd", |check| {
                    check.refuse("only an event with action ADD begins a life: leave it away");
                });
            }
        }
        "AggregationEvent" | "AssociationEvent" => {
            let has_children = filled(event, "childEPCs") || filled(event, "childQuantityList");
            if !has_children && !is_delete {
                check.refuse("`childEPCs` or `childQuantityList` is missing or empty");
            }
        }
        "TransactionEvent" => {
            let has_objects = event.contains_key("epcList") || filled(event, "quantityList");
            if !has_objects && !is_delete {
                check.refuse("`epcList` or `quantityList` is missing");
            }
        }
        "TransformationEvent" => transformation(check, event),
        _ => {}
    }
}

/// A report says what was measured, or which exception there was: GS1's XSD and its own XML
/// examples have exceptions without a type, which the JSON Schema forbids.
pub(super) fn reports(check: &mut Check, list: &Value) {
    let reports = list.as_array().map_or(&[][..], Vec::as_slice);
    for (at, report) in reports.iter().enumerate() {
        let is_said = report.get("type").is_some() || report.get("exception").is_some();
        if report.is_object() && !is_said {
            check.inside(at.to_string(), |check| check.refuse("`type` is missing"));
        }
    }
}

/// Both sides, or one side and the id that ties it to the other.
fn transformation(check: &mut Check, event: &Event) {
    let has_input = filled(event, "inputEPCList") || filled(event, "inputQuantityList");
    let has_output = filled(event, "outputEPCList") || filled(event, "outputQuantityList");
    let is_tied = event.contains_key("transformationID");
    if !(has_input && has_output || (has_input || has_output) && is_tied) {
        check.refuse(
            "inputs and outputs are missing: one list of each, or one list with a \
             `transformationID`",
        );
    }
}

fn filled(event: &Event, name: &str) -> bool {
    let list = event.get(name).and_then(Value::as_array);
    list.is_some_and(|items| !items.is_empty())
}
