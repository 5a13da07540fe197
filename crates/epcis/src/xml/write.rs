//! Events as an `EPCISQueryDocument` of XML 2.0 (EPCIS 2.0, 9.5 and 9.6), in the order of its XSD.
//!
//! Each event declares the namespaces of its own fields, since each brings its own `@context`. What
//! XML cannot carry (a member whose name is no name of XML, a list in a list, a control character)
//! is an error: nothing is left away.

mod fields;

use std::fmt::Write as _;

use serde_json::{Map, Value};

use super::Object;
use crate::document::Event;
use crate::error::{EpcisError, Issue};
use crate::vocabulary::Vocabulary as V;
use fields::Fields;

type Written<T> = Result<T, EpcisError>;

/// Members of all events, then those of the five types, as the XSD has them.
const ORDER: &[&str] = &[
    "eventTime",
    "recordTime",
    "eventTimeZoneOffset",
    "eventID",
    "errorDeclaration",
    "certificationInfo",
    "inputEPCList",
    "inputQuantityList",
    "outputEPCList",
    "outputQuantityList",
    "transformationID",
    "parentID",
    "epcList",
    "childEPCs",
    "action",
    "bizStep",
    "disposition",
    "readPoint",
    "bizLocation",
    "bizTransactionList",
    "quantityList",
    "childQuantityList",
    "sourceList",
    "destinationList",
    "sensorElementList",
    "persistentDisposition",
    "ilmd",
];
/// (type, member, the one that it comes before): where a type has another order.
const EXCEPTIONS: &[(&str, &str, &str)] = &[
    ("TransactionEvent", "bizTransactionList", "parentID"),
    ("AssociationEvent", "childQuantityList", "action"),
];

/// What the document around the events says.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'a> {
    /// `creationDate`.
    pub created: &'a str,
    /// `queryName`.
    pub query: &'a str,
    /// `subscriptionID`.
    pub subscription: Option<&'a str>,
}

/// Events as an `EPCISQueryDocument`.
pub fn query_document(events: &[Event], answer: Answer<'_>) -> Written<String> {
    let mut out = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<epcisq:EPCISQueryDocument \
         xmlns:epcisq=\"urn:epcglobal:epcis-query:xsd:2\" schemaVersion=\"2.0\" creationDate=\"",
    );
    escape(&mut out, answer.created)?;
    out.push_str("\"><EPCISBody><epcisq:QueryResults>");
    element(&mut out, "queryName", answer.query)?;
    if let Some(id) = answer.subscription {
        element(&mut out, "subscriptionID", id)?;
    }
    out.push_str("<resultsBody><EventList>\n");
    for (at, one) in events.iter().enumerate() {
        event(&mut out, one).map_err(|error| placed(at, error))?;
        out.push('\n');
    }
    out.push_str(
        "</EventList></resultsBody></epcisq:QueryResults></EPCISBody>\
         </epcisq:EPCISQueryDocument>\n",
    );
    Ok(out)
}

fn placed(at: usize, error: EpcisError) -> EpcisError {
    let EpcisError::Invalid(issues) = error else {
        return error;
    };
    let issues = issues.into_iter().map(|issue| Issue {
        at: format!("/{at}{}", issue.at),
        ..issue
    });
    EpcisError::Invalid(issues.collect())
}

fn refuse<T>(at: &str, reason: &str) -> Written<T> {
    Err(EpcisError::Invalid(vec![Issue {
        at: format!("/{}", at.replace('~', "~0").replace('/', "~1")),
        reason: format!("XML cannot carry this: {reason}"),
    }]))
}

fn event(out: &mut String, event: &Event) -> Written<()> {
    let mut fields = Fields::new(event.context());
    let kind = event.event_type();
    let name = if kind.contains(':') {
        fields.name(kind)?
    } else {
        kind.to_owned()
    };
    let mut body = String::new();
    let members = event.members();
    for member in order(kind) {
        if let Some(value) = members.get(member) {
            self::member(&mut body, &mut fields, member, value)?;
        }
    }
    let own = members
        .iter()
        .filter(|(name, _)| !ORDER.contains(&name.as_str()));
    for (name, value) in own.filter(|(name, _)| *name != "type") {
        fields.field(&mut body, name, value)?;
    }
    let _ = write!(out, "<{name}");
    fields.declare(out)?;
    let _ = write!(out, ">{body}</{name}>");
    Ok(())
}

/// The members in the order of the type.
fn order(kind: &str) -> Vec<&'static str> {
    let mut order = ORDER.to_vec();
    for (_, member, before) in EXCEPTIONS.iter().filter(|(of, ..)| *of == kind) {
        order.retain(|it| it != member);
        if let Some(at) = order.iter().position(|it| it == before) {
            order.insert(at, *member);
        }
    }
    order
}

fn member(out: &mut String, fields: &mut Fields<'_>, name: &str, value: &Value) -> Written<()> {
    match name {
        "bizStep" => fields.word(out, name, V::BizStep, value),
        "disposition" => fields.word(out, name, V::Disposition, value),
        "epcList" | "childEPCs" | "inputEPCList" | "outputEPCList" => within(out, name, |out| {
            each(value, |id| element(out, "epc", text(id)))
        }),
        "quantityList" | "childQuantityList" | "inputQuantityList" | "outputQuantityList" => {
            within(out, name, |out| each(value, |one| quantity(out, one)))
        }
        "readPoint" | "bizLocation" => within(out, name, |out| place(out, fields, value)),
        "bizTransactionList" => typed(out, fields, name, V::BizTransactionType, value),
        "sourceList" | "destinationList" => typed(out, fields, name, V::SourceDestType, value),
        "persistentDisposition" => within(out, name, |out| {
            for way in ["unset", "set"] {
                let words = value.get(way).unwrap_or(&Value::Null);
                each(words, |word| fields.word(out, way, V::Disposition, word))?;
            }
            Ok(())
        }),
        "certificationInfo" => each(value, |one| element(out, name, text(one))),
        "errorDeclaration" => within(out, name, |out| declaration(out, fields, value)),
        "sensorElementList" => within(out, name, |out| {
            each(value, |one| {
                within(out, "sensorElement", |out| sensor(out, fields, one))
            })
        }),
        "ilmd" => within(out, name, |out| fields.all(out, object(value))),
        _ => element(out, name, text(value)),
    }
}

fn quantity(out: &mut String, value: &Value) -> Written<()> {
    within(out, "quantityElement", |out| {
        for name in ["epcClass", "quantity", "uom"] {
            match value.get(name) {
                Some(Value::Number(number)) => element(out, name, &number.to_string())?,
                Some(other) => element(out, name, text(other))?,
                None => {}
            }
        }
        Ok(())
    })
}

fn place(out: &mut String, fields: &mut Fields<'_>, value: &Value) -> Written<()> {
    let place = object(value);
    element(out, "id", place.get("id").map_or("", text))?;
    for (name, value) in place.iter().filter(|(name, _)| *name != "id") {
        fields.field(out, name, value)?;
    }
    Ok(())
}

fn typed(
    out: &mut String,
    fields: &mut Fields<'_>,
    list: &str,
    vocabulary: V,
    value: &Value,
) -> Written<()> {
    let item = list.trim_end_matches("List");
    within(out, list, |out| {
        each(value, |one| {
            let _ = write!(out, "<{item}");
            if let Some(kind) = one.get("type") {
                let kind = fields.spelled(vocabulary, text(kind));
                attribute(out, "type", &kind)?;
            }
            out.push('>');
            escape(out, one.get(item).map_or("", text))?;
            let _ = write!(out, "</{item}>");
            Ok(())
        })
    })
}

fn declaration(out: &mut String, fields: &mut Fields<'_>, value: &Value) -> Written<()> {
    let declaration = object(value);
    for (name, value) in declaration {
        match name.as_str() {
            "declarationTime" => element(out, name, text(value))?,
            "reason" => fields.word(out, name, V::ErrorReason, value)?,
            "correctiveEventIDs" => within(out, name, |out| {
                each(value, |id| element(out, "correctiveEventID", text(id)))
            })?,
            _ => fields.field(out, name, value)?,
        }
    }
    Ok(())
}

fn sensor(out: &mut String, fields: &mut Fields<'_>, value: &Value) -> Written<()> {
    let sensor = object(value);
    if let Some(metadata) = sensor.get("sensorMetadata") {
        fields.attributes(out, "sensorMetadata", object(metadata))?;
    }
    let reports = sensor.get("sensorReport").unwrap_or(&Value::Null);
    each(reports, |one| {
        fields.attributes(out, "sensorReport", object(one))
    })?;
    for (name, value) in sensor {
        if !matches!(name.as_str(), "sensorMetadata" | "sensorReport") {
            fields.field(out, name, value)?;
        }
    }
    Ok(())
}

/// A valid event has an object here.
fn object(value: &Value) -> &Object {
    static NONE: std::sync::LazyLock<Map<String, Value>> = std::sync::LazyLock::new(Map::new);
    value.as_object().unwrap_or(&NONE)
}

/// A valid event has a text here.
fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// Each of a list, or the one that stands for a list.
fn each(value: &Value, mut write: impl FnMut(&Value) -> Written<()>) -> Written<()> {
    match value {
        Value::Null => Ok(()),
        Value::Array(items) => items.iter().try_for_each(write),
        one => write(one),
    }
}

fn within(
    out: &mut String,
    name: &str,
    write: impl FnOnce(&mut String) -> Written<()>,
) -> Written<()> {
    let _ = write!(out, "<{name}>");
    write(out)?;
    let _ = write!(out, "</{name}>");
    Ok(())
}

fn element(out: &mut String, name: &str, text: &str) -> Written<()> {
    within(out, name, |out| escape(out, text))
}

fn attribute(out: &mut String, name: &str, text: &str) -> Written<()> {
    let _ = write!(out, " {name}=\"");
    escape(out, text)?;
    out.push('"');
    Ok(())
}

/// XML 1.0, 2.2 and 2.4: in an attribute a line break would become a space.
fn escape(out: &mut String, text: &str) -> Written<()> {
    for sign in text.chars() {
        match sign {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\t' => out.push_str("&#9;"),
            '\n' => out.push_str("&#10;"),
            '\r' => out.push_str("&#13;"),
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => {
                return refuse("", "a control character");
            }
            other => out.push(other),
        }
    }
    Ok(())
}
