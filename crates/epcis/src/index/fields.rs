//! Fields of one's own: extensions of an event and of its parts, and master data (`ilmd`).

use serde_json::{Map, Value};

use crate::document::Event;

/// Where a field stands.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Place {
    /// In the event itself.
    Event,
    /// In `ilmd`.
    Ilmd,
    /// In the read point.
    ReadPoint,
    /// In the business location.
    BizLocation,
    /// In a sensor element.
    SensorElement,
    /// In sensor metadata.
    SensorMetadata,
    /// In a sensor report.
    SensorReport,
    /// In the error declaration.
    ErrorDeclaration,
}

/// A field and its value.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Field {
    /// Where it stands.
    pub place: Place,
    /// False at the top of its place, true within another field (`INNER`).
    pub is_inner: bool,
    /// See [`crate::Context::field_name`].
    pub name: String,
    /// Its value as text; none for a field that holds others only.
    pub value: Option<String>,
}

pub(super) fn fields(event: &Event) -> Vec<Field> {
    let mut found = Vec::new();
    let members = event.members();
    let mut walk = |place: Place, object: Option<&Value>| {
        if let Some(object) = object.and_then(Value::as_object) {
            own(event, place, object, &mut found);
        }
    };
    walk(Place::ReadPoint, members.get("readPoint"));
    walk(Place::BizLocation, members.get("bizLocation"));
    walk(Place::ErrorDeclaration, members.get("errorDeclaration"));
    walk(Place::Ilmd, members.get("ilmd"));
    for element in super::items(members.get("sensorElementList")) {
        walk(Place::SensorElement, Some(element));
        walk(Place::SensorMetadata, element.get("sensorMetadata"));
        for report in super::items(element.get("sensorReport")) {
            walk(Place::SensorReport, Some(report));
        }
    }
    own(event, Place::Event, members, &mut found);
    // Whichever order the members had.
    found.sort();
    found
}

/// The members that are no member of the standard: those with a prefix.
fn own(event: &Event, place: Place, object: &Map<String, Value>, found: &mut Vec<Field>) {
    for (name, value) in object.iter().filter(|(name, _)| name.contains(':')) {
        field(event, place, false, name, value, found);
    }
}

fn field(
    event: &Event,
    place: Place,
    is_inner: bool,
    name: &str,
    value: &Value,
    found: &mut Vec<Field>,
) {
    let mut push = |value: Option<String>| {
        found.push(Field {
            place,
            is_inner,
            name: event.context().field_name(name),
            value,
        });
    };
    match value {
        Value::Array(items) => {
            for item in items {
                field(event, place, is_inner, name, item, found);
            }
        }
        Value::Object(object) => {
            push(
                object
                    .get("#text")
                    .and_then(Value::as_str)
                    .map(str::to_owned),
            );
            for (inner, value) in object.iter().filter(|(inner, _)| *inner != "#text") {
                field(event, place, true, inner, value, found);
            }
        }
        Value::String(text) => push(Some(text.trim().to_owned())),
        Value::Number(number) => push(Some(number.to_string())),
        Value::Bool(is_true) => push(Some(is_true.to_string())),
        Value::Null => push(None),
    }
}
