//! The walk over a resource and its definition, side by side.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use super::{DEPTH_MAX, ISSUES_MAX, Issue, Severity, primitive, rules};
use crate::tables::{Element, Kind, Primitive, Shape, Tables, Type, tables};

mod bound;

type Object = Map<String, Value>;

pub(super) fn run(resource: &Value, conditional: bool) -> Vec<Issue> {
    let text = |name: &str| resource.get(name).and_then(Value::as_str);
    let transaction = text("resourceType") == Some("Bundle") && text("type") == Some("transaction");
    let mut walk = Walk {
        tables: tables(),
        issues: Vec::new(),
        path: Vec::with_capacity(16),
        conditional: conditional || transaction,
        container: None,
        local_links: Vec::new(),
    };
    walk.resource(resource, false);
    walk.issues
}

/// One part of a location.
struct Segment<'a> {
    name: &'a str,
    index: Option<usize>,
}

struct Walk<'a> {
    tables: &'static Tables,
    issues: Vec<Issue>,
    path: Vec<Segment<'a>>,
    conditional: bool,
    /// The resource whose `contained` a `#id` means.
    container: Option<&'a Object>,
    /// Every `#id` seen in the container.
    local_links: Vec<&'a str>,
}

impl<'a> Walk<'a> {
    fn refuse(&mut self, code: &'static str, text: impl Into<String>) {
        if self.issues.len() < ISSUES_MAX {
            let (expression, text) = (self.location(), text.into());
            self.issues.push(Issue {
                severity: Severity::Error,
                code,
                expression,
                text,
            });
        }
    }

    fn location(&self) -> String {
        let mut out = String::new();
        for segment in &self.path {
            if !out.is_empty() {
                out.push('.');
            }
            out.push_str(segment.name);
            if let Some(index) = segment.index {
                // Writing to a String does not fail.
                let _ = write!(out, "[{index}]");
            }
        }
        out
    }

    /// Runs `check` one level further down.
    fn at(&mut self, name: &'a str, check: impl FnOnce(&mut Self)) {
        self.path.push(Segment { name, index: None });
        check(self);
        self.path.pop();
    }

    fn resource(&mut self, value: &'a Value, contained: bool) {
        let named = value.get("resourceType").and_then(Value::as_str);
        let Some(type_) = named.and_then(|name| self.tables.resource(name)) else {
            self.refuse("structure", "resourceType must name a resource type of R4");
            return;
        };
        let Value::Object(map) = value else { return };
        let root = self.path.is_empty();
        if root {
            self.path.push(Segment {
                name: type_.name,
                index: None,
            });
        }
        if contained {
            self.complex(map, type_);
            rules::contained(map, &mut |key, text: &str| self.broken(key, text));
        } else {
            let outer = (
                self.container.replace(map),
                std::mem::take(&mut self.local_links),
            );
            self.complex(map, type_);
            self.unused_contained(map);
            (self.container, self.local_links) = outer;
        }
        if root {
            self.path.pop();
        }
    }

    fn broken(&mut self, key: &'static str, text: &str) {
        self.refuse("invariant", format!("{key}: {text}"));
    }

    fn complex(&mut self, map: &'a Object, type_: &'static Type) {
        if self.path.len() > DEPTH_MAX {
            return self.refuse("too-long", "nested too deeply");
        }
        if map.is_empty() {
            return self.refuse("structure", "an object must not be empty");
        }
        let companions = map.keys().any(|key| key.starts_with('_'));
        let mut chosen: Vec<&'static Element> = Vec::new();
        for (key, value) in map {
            if key == "resourceType" && type_.kind == Kind::Resource {
                continue;
            }
            let name = key.strip_prefix('_').unwrap_or(key);
            let companion = name.len() != key.len();
            match type_.element(name) {
                Some(element) if !companion => {
                    let primitive = matches!(element.shape, Shape::Primitive(_));
                    let beside = companions && primitive;
                    let extra = if beside {
                        map.get(&format!("_{name}"))
                    } else {
                        None
                    };
                    self.choose(element, &mut chosen);
                    self.element(element, Some(value), extra);
                }
                Some(element) if matches!(element.shape, Shape::Primitive(_)) => {
                    if !map.contains_key(name) {
                        self.choose(element, &mut chosen);
                        self.element(element, None, Some(value));
                    }
                }
                _ => self.unknown(key),
            }
        }
        self.required(map, type_, companions);
        if is_id_alone(map) && type_.kind != Kind::Resource {
            self.broken("ele-1", "an element must have a value or children");
        }
        rules::check(type_, map, &mut |key, text: &str| self.broken(key, text));
    }

    fn unknown(&mut self, key: &'a str) {
        // A member name made by a client may be anything, also a patient's name.
        let plain = key.len() <= 64 && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        if plain {
            self.at(key, |walk| {
                walk.refuse("structure", "R4 has no such element here");
            });
        } else {
            self.refuse("structure", "R4 has no such element here");
        }
    }

    /// At most one alternative of a choice. FHIR R4 2.6.1.3.
    fn choose(&mut self, element: &'static Element, chosen: &mut Vec<&'static Element>) {
        if !element.choice {
            return;
        }
        if chosen.iter().any(|one| one.stem == element.stem) {
            self.at(element.stem, |walk| {
                walk.refuse("structure", "only one type of a choice may be present");
            });
        }
        chosen.push(element);
    }

    fn required(&mut self, map: &'a Object, type_: &'static Type, companions: bool) {
        for required in &type_.required {
            let present = required.any_of.iter().any(|&at| {
                let name = type_.elements[at].name;
                map.contains_key(name) || (companions && map.contains_key(&format!("_{name}")))
            });
            if !present {
                self.at(required.stem, |walk| {
                    walk.refuse("required", "this element is required");
                });
            }
        }
    }

    /// An element with all its repetitions; `extra` is its `_name` companion.
    fn element(
        &mut self,
        element: &'static Element,
        value: Option<&'a Value>,
        extra: Option<&'a Value>,
    ) {
        self.path.push(Segment {
            name: element.stem,
            index: None,
        });
        if element.many {
            self.repeated(element, value, extra);
        } else if matches!(value, Some(Value::Array(_))) || matches!(extra, Some(Value::Array(_))) {
            self.refuse("structure", "this element is not a list");
        } else if matches!(value, Some(Value::Null)) || matches!(extra, Some(Value::Null)) {
            self.refuse("structure", "null is not a value");
        } else {
            self.single(element, value, extra);
        }
        self.path.pop();
    }

    fn repeated(
        &mut self,
        element: &'static Element,
        value: Option<&'a Value>,
        extra: Option<&'a Value>,
    ) {
        let Some(values) = list(value) else {
            return self.refuse("structure", "this element is a list");
        };
        let Some(extras) = list(extra) else {
            return self.refuse("structure", "the companion of a list is a list");
        };
        // FHIR R4 2.6.2.3: the two lists go side by side, padded with null.
        let count = values.len().max(extras.len());
        let hollow =
            |one: Option<&Value>| matches!(one, Some(Value::Array(items)) if items.is_empty());
        if hollow(value) || hollow(extra) {
            return self.refuse("structure", "a list must not be empty");
        }
        if !values.is_empty() && !extras.is_empty() && values.len() != extras.len() {
            return self.refuse(
                "structure",
                "the companion list must be as long as the list",
            );
        }
        let primitive = matches!(element.shape, Shape::Primitive(_));
        for index in 0..count {
            if let Some(last) = self.path.last_mut() {
                last.index = Some(index);
            }
            let present = |one: &&Value| !(primitive && one.is_null());
            let one = values.get(index).filter(present);
            let other = extras.get(index).filter(present);
            if one.is_none() && other.is_none() {
                self.refuse("structure", "null needs an extension beside it");
            } else {
                self.single(element, one, other);
            }
        }
        if count < usize::from(element.min)
            && let Some(last) = self.path.last_mut()
        {
            last.index = None;
            self.refuse("required", format!("at least {} are required", element.min));
        }
    }

    fn single(
        &mut self,
        element: &'static Element,
        value: Option<&'a Value>,
        extra: Option<&'a Value>,
    ) {
        match element.shape {
            Shape::Primitive(primitive) => {
                if let Some(value) = value {
                    self.primitive(element, primitive, value);
                }
                if let Some(extra) = extra {
                    self.companion(extra, value.is_some());
                }
            }
            Shape::Complex(number) => self.object(element, value, &self.tables.types[number]),
            Shape::Resource => {
                if let Some(value) = value {
                    self.resource(value, element.name == "contained");
                }
            }
        }
    }

    fn object(
        &mut self,
        element: &'static Element,
        value: Option<&'a Value>,
        type_: &'static Type,
    ) {
        let Some(Value::Object(map)) = value else {
            return self.refuse("structure", "an object is expected");
        };
        self.complex(map, type_);
        if type_.name == "Reference" {
            self.reference(element, map);
        }
        if let Some(number) = element.code_set
            && type_.name == "CodeableConcept"
        {
            self.bound_concept(number, map);
        }
    }

    /// `_birthDate`: only an id and extensions; an id alone only beside a value.
    fn companion(&mut self, extra: &'a Value, valued: bool) {
        match (extra, self.tables.type_named("Element")) {
            (Value::Object(map), Some(_)) if valued && is_id_alone(map) => {
                if let Some(Err(fault)) = map
                    .get("id")
                    .map(|id| primitive::check(Primitive::String, id))
                {
                    self.at("id", |walk| walk.refuse(fault.code, fault.text));
                }
            }
            (Value::Object(map), Some(type_)) => self.complex(map, type_),
            _ => self.refuse("structure", "the companion of a primitive is an object"),
        }
    }

    fn primitive(&mut self, element: &'static Element, primitive: Primitive, value: &'a Value) {
        if let Err(fault) = primitive::check(primitive, value) {
            return self.refuse(fault.code, fault.text);
        }
        let Value::String(text) = value else { return };
        if text.starts_with('#') && !matches!(primitive, Primitive::Markdown | Primitive::String) {
            self.local_links.push(text);
        }
        if let Some(number) = element.code_set
            && !self.tables.code_sets[number].has_code(text)
        {
            let url = self.tables.code_sets[number].url;
            self.refuse("code-invalid", format!("not a code of {url}"));
        }
    }
}

fn is_id_alone(map: &Object) -> bool {
    map.len() == 1 && map.contains_key("id")
}

/// The items of a list; none when absent; `None` when it is not a list.
fn list(value: Option<&Value>) -> Option<&[Value]> {
    match value {
        None => Some(&[]),
        Some(Value::Array(items)) if items.is_empty() => Some(&[]),
        Some(Value::Array(items)) => Some(items),
        Some(_) => None,
    }
}
