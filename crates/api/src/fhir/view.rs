//! Parts of resources: `_elements` and `_summary`. FHIR R4 3.1.1.5.8, 3.1.1.5.9.

use bytes::Bytes;
use fhir::query::Summary;
use hospital::View;
use hospital::pairs::Pairs;
use serde_json::{Map, Value, json};

/// Elements that are never left out.
const ALWAYS: [&str; 3] = ["resourceType", "id", "meta"];

/// The whole resource.
pub(super) fn whole() -> View {
    View { summary: Summary::False, elements: Vec::new() }
}

/// The view that the query of a read asks for.
pub(super) fn of_read(query: &Pairs) -> View {
    let mut view = whole();
    for (name, value) in query {
        match name.as_str() {
            "_elements" => {
                view.elements = value.split(',').map(|name| name.trim().to_owned()).collect();
            }
            "_summary" => {
                view.summary = match value.as_str() {
                    "text" => Summary::Text,
                    "data" => Summary::Data,
                    "true" => Summary::True,
                    _ => Summary::False,
                };
            }
            _ => {}
        }
    }
    view
}

/// A resource as the view shows it. What is cut is tagged SUBSETTED.
pub(super) fn shown(body: &Bytes, view: &View) -> Bytes {
    if view.is_whole() {
        return body.clone();
    }
    let Ok(Value::Object(fields)) = serde_json::from_slice(body) else {
        return body.clone();
    };
    let type_ = fields.get("resourceType").and_then(Value::as_str).unwrap_or("").to_owned();
    let mut cut: Map<String, Value> = fields
        .into_iter()
        .filter(|(name, _)| keeps(&type_, name.trim_start_matches('_'), view))
        .collect();
    let meta = cut.entry("meta").or_insert_with(|| json!({}));
    if let Value::Object(meta) = meta {
        let tags = meta.entry("tag").or_insert_with(|| json!([]));
        if let Value::Array(tags) = tags {
            tags.push(json!({
                "system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue",
                "code": "SUBSETTED"
            }));
        }
    }
    Value::Object(cut).to_string().into()
}

fn keeps(type_: &str, name: &str, view: &View) -> bool {
    let always = ALWAYS.contains(&name);
    let mandatory = || fhir::summary::is_mandatory(type_, name);
    if !view.elements.is_empty() {
        return always || view.elements.iter().any(|wanted| wanted == name) || mandatory();
    }
    match view.summary {
        Summary::False | Summary::Count => true,
        Summary::Data => name != "text",
        Summary::Text => always || name == "text" || mandatory(),
        Summary::True => always || mandatory() || fhir::summary::is_summary(type_, name),
    }
}
