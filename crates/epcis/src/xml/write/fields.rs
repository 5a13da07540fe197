//! Fields of one's own: names with their namespaces, values as text and elements.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::Value;

use super::super::Object;
use super::{Written, attribute, escape, refuse, text};
use crate::context::Context;
use crate::vocabulary::Vocabulary as V;

/// The fields of one event.
pub(super) struct Fields<'a> {
    context: &'a Context,
    /// Prefixes that the event has used, and their namespaces.
    used: BTreeMap<String, String>,
}

impl<'a> Fields<'a> {
    pub(super) fn new(context: &'a Context) -> Self {
        Self {
            context,
            used: BTreeMap::new(),
        }
    }

    /// The declarations of all prefixes that were used.
    pub(super) fn declare(&self, out: &mut String) -> Written<()> {
        for (prefix, namespace) in &self.used {
            attribute(out, &format!("xmlns:{prefix}"), namespace)?;
        }
        Ok(())
    }

    /// A name with a prefix that is declared.
    pub(super) fn name(&mut self, name: &str) -> Written<String> {
        // A whole URI as a name has another hash than its namespace and local name.
        let known = name.split_once(':').and_then(|(prefix, local)| {
            let namespace = self.context.namespace(prefix)?;
            Some((prefix, namespace.to_owned(), local))
        });
        let Some((prefix, namespace, local)) = known else {
            return refuse(name, "a name without a prefix that is declared");
        };
        if !is_name(local) || namespace.is_empty() {
            return refuse(name, "a name that is none of XML");
        }
        let prefix = self.prefix(prefix, namespace);
        Ok(format!("{prefix}:{local}"))
    }

    fn prefix(&mut self, wanted: &str, namespace: String) -> String {
        let is_usable = is_name(wanted) && !wanted.to_ascii_lowercase().starts_with("xml");
        let mut prefix = wanted.to_owned();
        if !is_usable {
            let known = self.used.iter().find(|(_, it)| **it == namespace);
            if let Some((prefix, _)) = known {
                return prefix.clone();
            }
            let free = (1..).map(|number| format!("own{number}"));
            let mut free = free
                .filter(|it| !self.used.contains_key(it) && self.context.namespace(it).is_none());
            prefix = free.next().unwrap_or_default();
        }
        self.used.insert(prefix.clone(), namespace);
        prefix
    }

    /// A word: a standard one as web URI, somebody else's as it is, with its prefix declared.
    pub(super) fn spelled(&mut self, vocabulary: V, value: &str) -> String {
        if vocabulary
            .word(value)
            .is_some_and(|word| vocabulary.knows(word))
        {
            return vocabulary.canonical(value, self.context);
        }
        if let Some((prefix, local)) = value.split_once(':')
            && !local.starts_with("//")
            && is_name(prefix)
            && let Some(namespace) = self.context.namespace(prefix)
        {
            self.used.insert(prefix.to_owned(), namespace.to_owned());
        }
        value.to_owned()
    }

    pub(super) fn word(
        &mut self,
        out: &mut String,
        name: &str,
        vocabulary: V,
        value: &Value,
    ) -> Written<()> {
        let word = self.spelled(vocabulary, text(value));
        super::element(out, name, &word)
    }

    /// Metadata and reports of sensors have their members as attributes.
    pub(super) fn attributes(
        &mut self,
        out: &mut String,
        element: &str,
        members: &Object,
    ) -> Written<()> {
        let _ = write!(out, "<{element}");
        for (name, value) in members {
            let vocabulary = match name.as_str() {
                "type" => Some(V::Measurement),
                "exception" => Some(V::SensorAlert),
                "component" => Some(V::Component),
                _ => None,
            };
            let value = match (vocabulary, value) {
                (Some(vocabulary), value) => self.spelled(vocabulary, text(value)),
                (None, Value::String(text)) => text.clone(),
                (None, Value::Number(number)) => number.to_string(),
                (None, Value::Bool(is_true)) => is_true.to_string(),
                _ => return refuse(name, "an attribute has one value"),
            };
            if name.contains(':') {
                let name = self.name(name)?;
                attribute(out, &name, &value)?;
            } else {
                attribute(out, name, &value)?;
            }
        }
        out.push_str("/>");
        Ok(())
    }

    /// All members of an object.
    pub(super) fn all(&mut self, out: &mut String, members: &Object) -> Written<()> {
        members
            .iter()
            .try_for_each(|(name, value)| self.field(out, name, value))
    }

    /// One field; several of one name where it is a list.
    pub(super) fn field(&mut self, out: &mut String, name: &str, value: &Value) -> Written<()> {
        let spelled = self.name(name)?;
        self.elements(out, &spelled, value)
    }

    fn elements(&mut self, out: &mut String, name: &str, value: &Value) -> Written<()> {
        let Value::Array(items) = value else {
            return self.element(out, name, value);
        };
        for item in items {
            if item.is_array() {
                return refuse(name, "a list in a list");
            }
            self.element(out, name, item)?;
        }
        Ok(())
    }

    fn element(&mut self, out: &mut String, name: &str, value: &Value) -> Written<()> {
        let _ = write!(out, "<{name}>");
        match value {
            Value::Null | Value::Array(_) => {}
            Value::Bool(is_true) => escape(out, &is_true.to_string())?,
            Value::Number(number) => escape(out, &number.to_string())?,
            Value::String(text) => escape(out, text)?,
            Value::Object(members) => {
                for (inner, value) in members {
                    if inner == "#text" {
                        escape(out, text(value))?;
                    } else if inner.contains(':') {
                        self.field(out, inner, value)?;
                    } else if is_name(inner) {
                        // Within a field a name may stand in no namespace.
                        self.elements(out, inner, value)?;
                    } else {
                        return refuse(inner, "a name that is none of XML");
                    }
                }
            }
        }
        let _ = write!(out, "</{name}>");
        Ok(())
    }
}

/// A name without a colon (Namespaces in XML 1.0, 3), of ASCII and letters beyond.
fn is_name(text: &str) -> bool {
    let mut signs = text.chars();
    signs
        .next()
        .is_some_and(|sign| sign.is_alphabetic() || sign == '_')
        && signs.all(|sign| sign.is_alphanumeric() || matches!(sign, '_' | '-' | '.'))
}
