//! Answers in the form that a client asks for.

use epcis::{Answer, Document, Limits};
use serde_json::Value;

use super::capture::refused;
use crate::error::HospitalError;

const EVENTS: &str = "/epcisBody/queryResults/resultsBody/eventList";

/// Writes the identifiers of an answer as GS1 Digital Links.
pub fn write_links(document: &mut Value) {
    let events = document.pointer_mut(EVENTS).and_then(Value::as_array_mut);
    for event in events
        .into_iter()
        .flatten()
        .filter_map(Value::as_object_mut)
    {
        epcis::write_links(event);
    }
}

/// Writes an answer as XML 2.0. What XML cannot carry refuses all.
pub fn write_xml(document: &Value) -> Result<String, HospitalError> {
    let text = |place: &str| document.pointer(place).and_then(Value::as_str);
    let results = "/epcisBody/queryResults";
    let answer = Answer {
        created: text("/creationDate").unwrap_or_default(),
        query: text(&format!("{results}/queryName")).unwrap_or_default(),
        subscription: text(&format!("{results}/subscriptionID")),
    };
    // Of our own making, and judged when it came.
    let limits = Limits {
        bytes: usize::MAX,
        ..Limits::default()
    };
    let read = Document::from_value(document.clone(), &limits);
    let read = read.map_err(|error| refused(&error))?;
    epcis::query_document(&read.events, answer).map_err(|error| refused(&error))
}
