//! Whether a JSON value is an EPCIS 2.0 document or event, with a place for each defect.
//!
//! The rules of GS1's JSON Schema with `format` asserted, as tables (`shapes.rs`) and a few
//! conditions that no table says (`conditions.rs`): EPCIS 2.0 7.4, 10 and the schema's own files.

mod conditions;
mod format;
mod shapes;

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::error::Issue;
use crate::vocabulary::Vocabulary;
use format::{is_hex, is_offset, is_uri, is_version, unit_of_measure};

pub(crate) use shapes::{DOCUMENT, EVENT_TYPES, QUERY_DOCUMENT, Shape};

/// What a member must be.
pub(crate) enum Kind {
    Uri,
    /// One or several.
    UriOrUris,
    /// A list of URIs; true: each only once.
    Uris(bool),
    Time,
    Decimal,
    Boolean,
    Hex,
    Text,
    Offset,
    Action,
    Unit,
    Version,
    Word(Vocabulary),
    /// At least one, each only once.
    Words(Vocabulary),
    /// This text.
    Exactly(&'static str),
    Object(&'static Shape),
    /// Objects, at least so many.
    Objects(&'static Shape, usize),
    /// Sensor reports, at least one.
    Reports(&'static Shape),
    /// Whole events.
    Events,
    /// An object whose members are named by URIs.
    Extensions,
    Context,
    /// A number, a text or an object.
    Loose,
}

/// One walk over a document.
pub(crate) struct Check {
    path: Vec<String>,
    issues: Vec<Issue>,
    issues_max: usize,
}

impl Check {
    pub(crate) fn new(issues_max: usize) -> Self {
        Self {
            path: Vec::new(),
            issues: Vec::new(),
            issues_max: issues_max.max(1),
        }
    }

    pub(crate) fn into_issues(self) -> Vec<Issue> {
        self.issues
    }

    /// Notes a defect at the place where the walk is.
    pub(crate) fn refuse(&mut self, reason: impl Into<String>) {
        if self.issues.len() < self.issues_max {
            let at = self.path.iter().fold(String::new(), |mut at, step| {
                at.push('/');
                at.push_str(&step.replace('~', "~0").replace('/', "~1"));
                at
            });
            self.issues.push(Issue {
                at,
                reason: reason.into(),
            });
        }
    }

    /// Looks at something one step further in.
    pub(crate) fn inside(&mut self, step: impl Into<String>, look: impl FnOnce(&mut Self)) {
        self.path.push(step.into());
        look(self);
        self.path.pop();
    }

    /// An event by itself or in a document.
    pub(crate) fn event(&mut self, value: &Value, needs_context: bool) {
        let Some(event) = value.as_object() else {
            return self.refuse("an event must be an object");
        };
        let Some(name) = event.get("type").and_then(Value::as_str) else {
            return self.refuse("`type` is missing: which kind of event this is");
        };
        if needs_context && !event.contains_key("@context") {
            self.refuse("`@context` is missing: an event outside a document needs its own");
        }
        let standard = EVENT_TYPES.iter().find(|shape| shape.name == name);
        let shape = standard.unwrap_or(&shapes::CUSTOM_EVENT);
        self.object(event, shape);
        if standard.is_some() {
            conditions::check(self, name, event);
        } else if !is_uri(name) {
            self.inside("type", |check| {
                check.refuse(
                    "not one of the five event types, nor the URI of an event type of your own",
                );
            });
        }
    }

    /// The members of an object against its shape.
    pub(crate) fn object(&mut self, object: &Map<String, Value>, shape: &'static Shape) {
        for name in shape.required {
            if !object.contains_key(*name) {
                self.refuse(format!("`{name}` is missing"));
            }
        }
        for (name, value) in object {
            match shape.kind(name) {
                Some(kind) => self.inside(name.as_str(), |check| check.member(value, kind)),
                None if shape.is_any || (shape.is_open && is_uri(name)) => {}
                None => self.inside(name.as_str(), |check| {
                    check.refuse(if shape.is_open {
                        "no member of this name; a field of your own needs a prefix \
                         (`example:field`) or a whole URI"
                    } else {
                        "no member of this name is allowed here"
                    });
                }),
            }
        }
    }

    fn member(&mut self, value: &Value, kind: &'static Kind) {
        match kind {
            Kind::Uris(is_set) => self.uris(value, *is_set),
            Kind::UriOrUris if value.is_array() => self.uris(value, false),
            Kind::Words(vocabulary) => self.words(value, *vocabulary),
            Kind::Object(shape) => match value.as_object() {
                Some(object) => self.object(object, shape),
                None => self.refuse("must be an object"),
            },
            Kind::Objects(shape, least) => self.objects(value, shape, *least),
            Kind::Reports(shape) => {
                self.objects(value, shape, 1);
                conditions::reports(self, value);
            }
            Kind::Events => self.events(value),
            Kind::Extensions => match value.as_object() {
                Some(object) => self.object(object, &shapes::EXTENSIONS),
                None => self.refuse("must be an object"),
            },
            Kind::Context => self.context(value),
            _ => {
                if let Some(reason) = scalar(value, kind) {
                    self.refuse(reason);
                }
            }
        }
    }

    fn list<'a>(&mut self, value: &'a Value) -> &'a [Value] {
        if let Some(items) = value.as_array() {
            return items;
        }
        self.refuse("must be a list");
        &[]
    }

    fn uris(&mut self, value: &Value, is_set: bool) {
        let mut seen = BTreeSet::new();
        for (at, item) in self.list(value).iter().enumerate() {
            let reason = match item.as_str() {
                Some(text) if !is_uri(text) => Some(NOT_A_URI),
                Some(text) if is_set && !seen.insert(text) => Some("is in this list twice"),
                Some(_) => None,
                None => Some(NOT_A_URI),
            };
            if let Some(reason) = reason {
                self.inside(at.to_string(), |check| check.refuse(reason));
            }
        }
    }

    fn words(&mut self, value: &Value, vocabulary: Vocabulary) {
        let items = self.list(value);
        if items.is_empty() && value.is_array() {
            self.refuse("must not be empty: leave the member away instead");
        }
        let mut seen = BTreeSet::new();
        for (at, item) in items.iter().enumerate() {
            let twice = item.as_str().is_some_and(|text| !seen.insert(text));
            let reason = if twice {
                Some("is in this list twice")
            } else {
                word(item, vocabulary)
            };
            if let Some(reason) = reason {
                self.inside(at.to_string(), |check| check.refuse(reason));
            }
        }
    }

    fn objects(&mut self, value: &Value, shape: &'static Shape, least: usize) {
        let items = self.list(value);
        if items.len() < least && value.is_array() {
            self.refuse(format!("at least {least} must be here"));
        }
        for (at, item) in items.iter().enumerate() {
            self.inside(at.to_string(), |check| match item.as_object() {
                Some(object) => check.object(object, shape),
                None => check.refuse("must be an object"),
            });
        }
    }

    fn events(&mut self, value: &Value) {
        for (at, event) in self.list(value).iter().enumerate() {
            self.inside(at.to_string(), |check| check.event(event, false));
        }
    }

    fn context(&mut self, value: &Value) {
        let mut seen: Vec<&Value> = Vec::new();
        let entries = match value {
            Value::Array(entries) => entries,
            single => std::slice::from_ref(single),
        };
        for entry in entries {
            let is_valid = entry.is_object() || entry.as_str().is_some_and(is_uri);
            if !is_valid {
                self.refuse("must be URIs of contexts, or objects that define prefixes");
            } else if seen.contains(&entry) {
                self.refuse("the same context is there twice");
            }
            seen.push(entry);
        }
    }
}

const NOT_A_URI: &str = "must be a URI (RFC 3986)";

fn scalar(value: &Value, kind: &Kind) -> Option<&'static str> {
    let text = value.as_str();
    let is = |test: fn(&str) -> bool| text.is_some_and(test);
    let (is_valid, reason) = match kind {
        Kind::Uri | Kind::UriOrUris => (is(is_uri), NOT_A_URI),
        Kind::Time => (
            is(|text| crate::time::micros(text).is_some()),
            "must be a timestamp with its zone (RFC 3339), as 2024-03-04T11:00:30.000+01:00",
        ),
        Kind::Decimal => (value.is_number(), "must be a number, without quotes"),
        Kind::Boolean => (value.is_boolean(), "must be true or false, without quotes"),
        Kind::Hex => (is(is_hex), "must be hexadecimal digits"),
        Kind::Text => (text.is_some(), "must be a text"),
        Kind::Offset => (
            is(is_offset),
            "must be an offset from -14:00 to +14:00, with its sign",
        ),
        Kind::Action => (
            is(|text| matches!(text, "OBSERVE" | "ADD" | "DELETE")),
            "must be OBSERVE, ADD or DELETE",
        ),
        Kind::Unit => (
            is(unit_of_measure),
            "must be a unit of UN/CEFACT Recommendation 20, as KGM",
        ),
        Kind::Version => (is(is_version), "must be numbers with dots, as 2.0"),
        Kind::Word(vocabulary) => return word(value, *vocabulary),
        Kind::Exactly(wanted) => (text == Some(wanted), "not the type that belongs here"),
        Kind::Loose => (
            value.is_number() || text.is_some() || value.is_object(),
            "must be a number, a text or an object",
        ),
        _ => (true, ""),
    };
    (!is_valid).then_some(reason)
}

/// A bare standard word, or a URI that is not GS1's own (which JSON writes bare).
fn word(value: &Value, vocabulary: Vocabulary) -> Option<&'static str> {
    let Some(text) = value.as_str() else {
        return Some("must be a text");
    };
    if vocabulary.knows(text) {
        return None;
    }
    if !text.contains(':') {
        return Some("not a word of this vocabulary (CBV 2.0); a word of your own is a URI");
    }
    if !is_uri(text) {
        return Some(NOT_A_URI);
    }
    let web = text
        .strip_prefix("https://")
        .or(text.strip_prefix("http://"));
    let web = web.unwrap_or_default();
    let is_gs1s = match vocabulary {
        Vocabulary::Measurement | Vocabulary::SensorAlert => {
            web.starts_with("gs1.org/voc/") || web.starts_with("www.gs1.org/voc/")
        }
        _ => text.starts_with("urn:epcglobal:cbv") || web.starts_with("ns.gs1.org/cbv/"),
    };
    is_gs1s.then_some("a standard word is written bare in JSON, as `shipping`")
}
