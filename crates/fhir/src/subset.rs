//! Parts of a resource: `_summary` and `_elements`. FHIR R4 3.1.1.5.8 and 3.1.1.5.9.

use serde_json::{Map, Value, json};

use crate::query::Summary;
use crate::tables::{Element, Shape, Type, tables};

/// The part of a resource that a query asked for, marked `SUBSETTED`; the whole where it asked for
/// no part. [`Summary::Count`] is about the bundle, not the resource.
pub fn of(resource: &Value, summary: Summary, elements: &[String]) -> Value {
    let named = resource.get("resourceType").and_then(Value::as_str);
    let (Some(type_), Value::Object(map)) =
        (named.and_then(|name| tables().resource(name)), resource)
    else {
        return resource.clone();
    };
    let part = if elements.is_empty() {
        match summary {
            Summary::False | Summary::Count => return resource.clone(),
            Summary::True => summarised(map, type_),
            Summary::Text => kept(map, type_, |one| one.name == "text" || one.min > 0),
            Summary::Data => kept(map, type_, |one| one.name != "text"),
        }
    } else {
        kept(map, type_, |one| {
            one.min > 0 || elements.iter().any(|name| name == one.stem)
        })
    };
    Value::Object(marked(part))
}

/// Top-level elements; `id`, `meta` and the type always stay.
fn kept(
    map: &Map<String, Value>,
    type_: &Type,
    keep: impl Fn(&Element) -> bool,
) -> Map<String, Value> {
    let wanted = |key: &str| {
        let name = key.strip_prefix('_').unwrap_or(key);
        matches!(name, "resourceType" | "id" | "meta") || type_.element(name).is_some_and(&keep)
    };
    let members = map.iter().filter(|(key, _)| wanted(key));
    members
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect()
}

/// Elements that the definitions flag as summary; a nested element only with its flagged parts.
fn summarised(map: &Map<String, Value>, type_: &Type) -> Map<String, Value> {
    let mut part = kept(map, type_, |one| one.summary);
    for (key, value) in &mut part {
        let Some(Element {
            shape: Shape::Complex(number),
            ..
        }) = type_.element(key)
        else {
            continue;
        };
        let nested = &tables().types[*number];
        // Data types go in whole; only elements nested in the resource have flags of their own.
        if !nested.name.contains('.') {
            continue;
        }
        match value {
            Value::Array(items) => {
                for map in items.iter_mut().filter_map(Value::as_object_mut) {
                    *map = summarised(map, nested);
                }
            }
            Value::Object(map) => *map = summarised(map, nested),
            _ => {}
        }
    }
    part
}

fn marked(mut part: Map<String, Value>) -> Map<String, Value> {
    let tag = json!({
        "system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue",
        "code": "SUBSETTED"
    });
    let meta = part.entry("meta").or_insert_with(|| json!({}));
    if let Some(meta) = meta.as_object_mut()
        && let Some(tags) = meta
            .entry("tag")
            .or_insert_with(|| json!([]))
            .as_array_mut()
    {
        tags.push(tag);
    }
    part
}
