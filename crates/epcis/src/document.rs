//! A document in, its events out.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::context::Context;
use crate::error::EpcisError;
use crate::validate::{Check, DOCUMENT, QUERY_DOCUMENT};

/// GS1's context, which an event made from XML names.
pub(crate) const GS1_CONTEXT: &str =
    "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld";

/// Longest `@context` in bytes, about: each event is kept with the one of its document.
const CONTEXT_BYTES_MAX: usize = 8192;

/// Bounds on what is read.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Longest document.
    pub bytes: usize,
    /// Deepest nesting of JSON objects and lists, or of XML elements.
    pub depth: usize,
    /// Most events in a document.
    pub events: usize,
    /// Most identifiers, quantities and the like in one event: members of its longest list.
    pub list: usize,
    /// Most fields of one's own in one event: each is a value of its index.
    pub fields: usize,
    /// Most issues that are told.
    pub issues: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bytes: 16 << 20,
            depth: 48,
            events: 10_000,
            list: 100_000,
            fields: 1000,
            issues: 20,
        }
    }
}

/// What was sent.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// `EPCISDocument`: for capture.
    Document,
    /// `EPCISQueryDocument`: the answer to a query.
    QueryDocument,
    /// One event by itself.
    Event,
    /// A JSON list of events.
    EventList,
}

/// A valid document.
#[derive(Clone, Debug)]
pub struct Document {
    /// What was sent.
    pub kind: Kind,
    /// Its JSON, without the events.
    pub envelope: Value,
    /// Its events, in their order.
    pub events: Vec<Event>,
}

/// One valid event.
#[derive(Clone, Debug)]
pub struct Event {
    pub(crate) members: Map<String, Value>,
    pub(crate) context: Arc<Context>,
    /// Names that the document takes out of the event hash.
    pub(crate) unhashed: Arc<[String]>,
}

impl Document {
    /// Reads JSON or JSON-LD: a document, a query document, an event or a list of events.
    ///
    /// A member that is there twice counts with its last value, as for other readers of JSON-LD.
    pub fn from_json(bytes: &[u8], limits: &Limits) -> Result<Self, EpcisError> {
        Self::from_value(crate::json::parse(bytes, limits)?, limits)
    }

    /// Reads EPCIS XML 1.2 or 2.0: a document, a query document or an event.
    pub fn from_xml(bytes: &[u8], limits: &Limits) -> Result<Self, EpcisError> {
        Self::from_value(crate::xml::to_json(bytes, limits)?, limits)
    }

    /// As [`Document::from_json`] or [`Document::from_xml`], but nobody asks whether it is valid:
    /// for comparing hashes with others. Nothing of it belongs into a repository.
    pub fn unjudged(bytes: &[u8], is_xml: bool, limits: &Limits) -> Result<Self, EpcisError> {
        let mut value = if is_xml {
            crate::xml::to_json(bytes, limits)?
        } else {
            crate::json::parse(bytes, limits)?
        };
        let kind = bounded(&mut value, limits)?;
        Ok(Self::split(value, kind))
    }

    /// From JSON that was parsed already.
    pub fn from_value(mut value: Value, limits: &Limits) -> Result<Self, EpcisError> {
        let kind = bounded(&mut value, limits)?;
        let mut check = Check::new(limits.issues);
        match (kind, &value) {
            (Kind::Document, Value::Object(object)) => check.object(object, &DOCUMENT),
            (Kind::QueryDocument, Value::Object(object)) => check.object(object, &QUERY_DOCUMENT),
            (Kind::EventList, Value::Array(events)) => {
                if events.is_empty() {
                    check.refuse("a list without events");
                }
                for (at, event) in events.iter().enumerate() {
                    check.inside(at.to_string(), |check| check.event(event, true));
                }
            }
            _ => check.event(&value, true),
        }
        let issues = check.into_issues();
        if !issues.is_empty() {
            return Err(EpcisError::Invalid(issues));
        }
        Ok(Self::split(value, kind))
    }

    fn split(mut value: Value, kind: Kind) -> Self {
        let outer = Arc::new(Context::default().within(value.get("@context")));
        let unhashed: Arc<[String]> = unhashed(&value, &outer).into();
        let items = match events_of(&mut value, kind) {
            Some(events) => std::mem::take(events),
            None => vec![value.take()],
        };
        let is_single = matches!(kind, Kind::Event | Kind::EventList);
        let event = |item: Value| {
            let Value::Object(mut members) = item else {
                return None;
            };
            let own = members.shift_remove("@context");
            let context = match &own {
                Some(own) if is_single => Arc::new(Context::default().within(Some(own))),
                Some(own) => Arc::new(Context::inside(&outer, Some(own))),
                None => Arc::clone(&outer),
            };
            Some(Event {
                members,
                context,
                unhashed: Arc::clone(&unhashed),
            })
        };
        let events = items.into_iter().filter_map(event).collect();
        Self {
            kind,
            envelope: value,
            events,
        }
    }

    /// A text member of the envelope: `sender`, `receiver`, `instanceIdentifier` (from the SBDH in
    /// XML), `creationDate`, `schemaVersion`.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.envelope.get(name)?.as_str()
    }
}

impl Event {
    /// Reads one event with its own `@context`, as [`Event::to_json`] writes it.
    pub fn read(bytes: &[u8], limits: &Limits) -> Result<Self, EpcisError> {
        let document = Document::from_json(bytes, limits)?;
        let mut events = document.events;
        match (document.kind, events.pop()) {
            (Kind::Event, Some(event)) => Ok(event),
            _ => Err(EpcisError::Invalid(vec![crate::Issue {
                at: String::new(),
                reason: "one event is expected here, not a document".to_owned(),
            }])),
        }
    }

    /// The event by itself: with the `@context` that it had in its document.
    pub fn to_json(&self) -> Value {
        let mut object = Map::new();
        object.insert("@context".to_owned(), self.context.to_json());
        for (name, value) in &self.members {
            object.insert(name.clone(), value.clone());
        }
        Value::Object(object)
    }

    /// The canonical bytes of [`Event::to_json`]: what the ledger's digest is made of.
    pub fn canonical(&self) -> Result<Vec<u8>, EpcisError> {
        // As `to_json` would write it, without a copy of all members; `type` is always there.
        let members = serde_json::to_string(&self.members).unwrap_or_default();
        let members = members.strip_prefix('{').unwrap_or_default();
        let text = format!("{{\"@context\":{},{members}", self.context.to_json());
        // The reader has bounded the depth, and a map has each name once.
        proof::json::canonical(text.as_bytes())
            .map_err(|error| EpcisError::TooLarge(error.to_string()))
    }

    /// The members, without `@context`.
    pub fn members(&self) -> &Map<String, Value> {
        &self.members
    }

    /// Which prefix stands for which namespace.
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// A text member.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.members.get(name)?.as_str()
    }

    /// `ObjectEvent`, ..., or the name of a custom type.
    pub fn event_type(&self) -> &str {
        self.text("type").unwrap_or_default()
    }

    /// The `eventID`, if the event has one.
    pub fn event_id(&self) -> Option<&str> {
        self.text("eventID")
    }

    /// Gives the event an `eventID` (one that came without gets its hash, EPCIS 2.0 7.4.1.3).
    pub fn set_event_id(&mut self, id: &str) {
        self.members.insert("eventID".to_owned(), json!(id));
    }

    /// Says when this repository recorded the event; whatever was there is replaced.
    pub fn set_record_time(&mut self, time: &str) {
        self.members.insert("recordTime".to_owned(), json!(time));
    }
}

fn kind(value: &Value) -> Kind {
    if value.is_array() {
        return Kind::EventList;
    }
    match value.get("type").and_then(Value::as_str) {
        Some("EPCISDocument") => Kind::Document,
        Some("EPCISQueryDocument") => Kind::QueryDocument,
        _ => Kind::Event,
    }
}

/// Refuses what has too many entries.
fn bounded(value: &mut Value, limits: &Limits) -> Result<Kind, EpcisError> {
    let kind = kind(value);
    let size = |value: &Value| value.get("@context").map_or(0, bytes);
    let outer = size(value);
    if longest(value) > limits.list.max(limits.events) {
        return Err(past("list", limits.list));
    }
    let events = match events_of(value, kind) {
        Some(events) => events.as_slice(),
        None => std::slice::from_ref(value),
    };
    if events.len() > limits.events {
        return Err(past("document", limits.events));
    }
    let inner = events.iter().map(size).max().unwrap_or(0);
    if outer.max(inner) > CONTEXT_BYTES_MAX {
        return Err(EpcisError::TooLarge(format!(
            "an @context longer than {CONTEXT_BYTES_MAX} bytes"
        )));
    }
    if events
        .iter()
        .any(|event| own_fields(event, false) > limits.fields)
    {
        let most = limits.fields;
        return Err(EpcisError::TooLarge(format!(
            "an event with more than {most} fields of its own: leave some away"
        )));
    }
    Ok(kind)
}

/// The list that holds the events, if the document has one.
fn events_of(value: &mut Value, kind: Kind) -> Option<&mut Vec<Value>> {
    match kind {
        Kind::Document => value
            .get_mut("epcisBody")?
            .get_mut("eventList")?
            .as_array_mut(),
        Kind::QueryDocument => value
            .pointer_mut("/epcisBody/queryResults/resultsBody/eventList")?
            .as_array_mut(),
        Kind::EventList => value.as_array_mut(),
        Kind::Event => None,
    }
}

/// Fields that a document takes out of the hash: the names in its `ignoreFields` of any namespace.
fn unhashed(document: &Value, context: &Context) -> Vec<String> {
    let places = ["", "/epcisBody", "/epcisBody/queryResults"];
    let objects = places
        .iter()
        .filter_map(|place| document.pointer(place)?.as_object());
    let members = objects.flat_map(|object| object.iter());
    let lists = members.filter(|(name, _)| name.ends_with(":ignoreFields"));
    let names = lists.flat_map(|(_, value)| match value {
        Value::Array(items) => items.iter().filter_map(Value::as_str).collect(),
        Value::String(single) => vec![single.as_str()],
        Value::Object(fields) => fields.keys().map(String::as_str).collect(),
        _ => Vec::new(),
    });
    names.map(|name| context.braced(name)).collect()
}

fn longest(value: &Value) -> usize {
    match value {
        Value::Array(items) => items
            .iter()
            .map(longest)
            .max()
            .unwrap_or(0)
            .max(items.len()),
        Value::Object(object) => object.values().map(longest).max().unwrap_or(0),
        _ => 0,
    }
}

/// About how long a value is as JSON.
fn bytes(value: &Value) -> usize {
    match value {
        Value::Array(items) => items.iter().map(|item| bytes(item) + 1).sum::<usize>() + 2,
        Value::Object(object) => {
            let members = object.iter();
            members
                .map(|(name, value)| name.len() + bytes(value) + 4)
                .sum::<usize>()
                + 2
        }
        Value::String(text) => text.len() + 2,
        _ => 8,
    }
}

/// Values within members that have a prefix.
fn own_fields(value: &Value, is_own: bool) -> usize {
    match value {
        Value::Array(items) => items.iter().map(|item| own_fields(item, is_own)).sum(),
        Value::Object(object) => {
            let inner = object.iter().map(|(name, value)| {
                let is_own = is_own || name.contains(':');
                own_fields(value, is_own)
            });
            inner.sum::<usize>() + usize::from(is_own)
        }
        _ => usize::from(is_own),
    }
}

fn past(what: &str, most: usize) -> EpcisError {
    EpcisError::TooLarge(format!(
        "a {what} with more than {most} entries: send several documents"
    ))
}
