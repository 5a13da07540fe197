//! Parts of resources: `_elements` and `_summary`. FHIR R4 3.1.1.5.8, 3.1.1.5.9.

use bytes::Bytes;
use fhir::query::Summary;
use fhir::subset;
use hospital::View;
use hospital::pairs::Pairs;
use serde_json::Value;

/// The whole resource.
pub(super) fn whole() -> View {
    View {
        summary: Summary::False,
        elements: Vec::new(),
    }
}

/// The view that the query of a read asks for.
pub(super) fn of_read(query: &Pairs) -> View {
    let mut view = whole();
    for (name, value) in query {
        match name.as_str() {
            "_elements" => {
                view.elements = value
                    .split(',')
                    .map(|name| name.trim().to_owned())
                    .collect();
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
    match serde_json::from_slice::<Value>(body) {
        Ok(value) => subset::of(&value, view.summary, &view.elements)
            .to_string()
            .into(),
        Err(_) => body.clone(),
    }
}
