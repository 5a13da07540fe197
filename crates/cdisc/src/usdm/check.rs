//! A document against the classes of the model: what is required is there, and everything is what
//! it should be.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::Limits;
use super::classes::{Kind, Property, class};
use crate::error::{CdiscError, Check};

/// Every id of a document, with the class of what has it.
///
/// An id is unique within its version of the study and what all versions share: the next version
/// of a study has most ids of the one before.
#[derive(Debug, Default)]
pub(super) struct Ids(BTreeMap<String, BTreeMap<Option<usize>, String>>);

impl Ids {
    /// Takes an id down; false when it is taken already where it would be seen: a version sees
    /// itself and what is shared, what is shared sees all versions.
    fn insert(&mut self, id: &str, at: &str, class: &str) -> bool {
        let version = version(at);
        let holders = self.0.entry(id.to_owned()).or_default();
        let is_free = match version {
            None => holders.is_empty(),
            own => !holders.contains_key(&own) && !holders.contains_key(&None),
        };
        holders.insert(version, class.to_owned());
        is_free
    }

    /// The class of what has an id, as it is seen from a place.
    pub(super) fn class(&self, id: &str, at: &str) -> Option<&str> {
        let holders = self.0.get(id)?;
        let found = match version(at) {
            None => holders.values().next(),
            own => holders.get(&own).or_else(|| holders.get(&None)),
        };
        found.map(String::as_str)
    }
}

/// The version that a place belongs to.
fn version(at: &str) -> Option<usize> {
    let rest = at.strip_prefix("/study/versions/")?;
    rest.split('/').next()?.parse().ok()
}

struct Walk<'a> {
    check: &'a mut Check,
    warnings: &'a mut Check,
    ids: Ids,
    left: usize,
}

/// Judges all objects, from the outermost on.
pub(super) fn document(
    document: &Value,
    limits: &Limits,
    check: &mut Check,
    warnings: &mut Check,
) -> Result<Ids, CdiscError> {
    let mut walk = Walk {
        check,
        warnings,
        ids: Ids::default(),
        left: limits.objects,
    };
    walk.object(document, &["Wrapper"], "");
    if walk.left == 0 {
        let most = limits.objects;
        let reason = format!("the study has {most} objects or more: split it");
        return Err(CdiscError::TooLarge(reason));
    }
    Ok(walk.ids)
}

impl Walk<'_> {
    /// One object, of one of some classes.
    fn object(&mut self, value: &Value, classes: &[&str], at: &str) {
        self.left = self.left.saturating_sub(1);
        if self.left == 0 {
            return;
        }
        let Value::Object(map) = value else {
            self.check.refuse(at, "has to be an object");
            return;
        };
        let named = map.get("instanceType").and_then(Value::as_str);
        let found = match (named, classes) {
            (Some(named), _) if classes.contains(&named) => Some(named),
            (_, [only]) => Some(*only),
            _ => None,
        };
        let Some((name, class)) = found.and_then(|name| Some((name, class(name)?))) else {
            let reason = format!("has to be one of {}", classes.join(", "));
            self.check.refuse(format!("{at}/instanceType"), reason);
            return;
        };
        self.id(map, name, at);
        for (property, rule) in &class.properties {
            match map.get(*property) {
                Some(value) => self.property(value, rule, name, &format!("{at}/{property}")),
                None if rule.is_required => {
                    let reason = format!("is required of a {name}");
                    self.check.refuse(format!("{at}/{property}"), reason);
                }
                None => {}
            }
        }
        for property in map.keys() {
            if !class.properties.contains_key(property.as_str()) {
                let escaped = property.replace('~', "~0").replace('/', "~1");
                let reason = format!("is no property of a {name}; it is kept, and nobody reads it");
                self.warnings.refuse(format!("{at}/{escaped}"), reason);
            }
        }
    }

    fn id(&mut self, map: &Map<String, Value>, class: &str, at: &str) {
        let Some(id) = map.get("id").and_then(Value::as_str) else {
            return;
        };
        if !self.ids.insert(id, at, class) {
            self.check
                .refuse(format!("{at}/id"), "is the id of something else too");
        }
    }

    fn property(&mut self, value: &Value, rule: &Property, class: &str, at: &str) {
        if value.is_null() && rule.is_nullable {
            return;
        }
        let Some(most) = rule.list else {
            self.one(value, rule, class, at);
            return;
        };
        let Value::Array(items) = value else {
            self.check.refuse(at, "has to be an array");
            return;
        };
        if items.len() > most {
            self.check.refuse(at, format!("has more than {most} items"));
        }
        for (place, item) in items.iter().enumerate() {
            self.one(item, rule, class, &format!("{at}/{place}"));
        }
    }

    fn one(&mut self, value: &Value, rule: &Property, class: &str, at: &str) {
        let word = match &rule.kind {
            Kind::Classes(classes) => return self.object(value, classes, at),
            Kind::Word(word) => *word,
        };
        let text = value.as_str();
        let expected = match word {
            "string" if text.is_some() => return,
            "string" => "a string",
            "text" if text.is_some_and(|text| !text.is_empty()) => return,
            "text" => "a string that is not empty",
            "boolean" if value.is_boolean() => return,
            "boolean" => "true or false",
            "number" if value.is_number() => return,
            "number" => "a number",
            "integer" if value.is_i64() || value.is_u64() => return,
            "integer" => "a whole number",
            "date" if text.is_some_and(crate::dataset::is_full_date) => return,
            "date" => "a date, YYYY-MM-DD",
            "uuid" if text.is_some_and(is_uuid) => return,
            "uuid" => "a UUID",
            _ if text == Some(class) => return,
            _ => class,
        };
        self.check.refuse(at, format!("has to be {expected}"));
    }
}

/// RFC 9562 4.
fn is_uuid(text: &str) -> bool {
    let lengths: Vec<usize> = text.split('-').map(str::len).collect();
    lengths == [8, 4, 4, 4, 12] && text.bytes().all(|b| b == b'-' || b.is_ascii_hexdigit())
}
