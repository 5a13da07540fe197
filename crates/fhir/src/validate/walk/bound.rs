//! What an element binds to or points at: value sets, references, contained resources.

use serde_json::Value;

use super::{Object, Segment, Walk, list, rules};
use crate::references::{self, Form};
use crate::tables::Element;

impl<'a> Walk<'a> {
    /// dom-3: a contained resource must be referred to, or refer to its container.
    pub(super) fn unused_contained(&mut self, map: &'a Object) {
        let Some(Value::Array(contained)) = map.get("contained") else {
            return;
        };
        for (index, one) in contained.iter().enumerate() {
            // One without id was refused already.
            let Some(id) = one.get("id").and_then(Value::as_str) else {
                continue;
            };
            let used = self
                .local_links
                .iter()
                .any(|link| link.strip_prefix('#') == Some(id));
            if !used && !rules::refers_to_container(one) {
                self.path.push(Segment {
                    name: "contained",
                    index: Some(index),
                });
                self.broken("dom-3", "a contained resource must be referred to");
                self.path.pop();
            }
        }
    }

    /// A required binding of a CodeableConcept: one coding is of the value set.
    pub(super) fn bound_concept(&mut self, number: usize, map: &'a Object) {
        let set = &self.tables.code_sets[number];
        let codings = list(map.get("coding")).unwrap_or_default();
        let bound = codings.iter().any(|coding| {
            let text = |name| coding.get(name).and_then(Value::as_str);
            set.has_coding(text("system"), text("code"))
        });
        // An extension may say why there is no code (data-absent-reason).
        let explained = codings.is_empty() && map.contains_key("extension");
        if !bound && !explained {
            self.refuse("code-invalid", format!("no coding is of {}", set.url));
        }
    }

    pub(super) fn reference(&mut self, element: &'static Element, map: &'a Object) {
        let Some(Value::String(text)) = map.get("reference") else {
            return;
        };
        let fault = match references::form(text) {
            Form::Contained(id) => {
                self.local_links.push(text);
                if self.resolves(id) {
                    None
                } else {
                    Some("ref-1: nothing contained has this id")
                }
            }
            Form::Relative { type_, .. } | Form::Conditional { type_, .. }
                if !element.targets.is_empty() && !element.targets.contains(&type_) =>
            {
                Some("a resource of this type is not allowed here")
            }
            Form::Conditional { .. } if !self.conditional => {
                Some("a conditional reference is only allowed in a transaction")
            }
            Form::Malformed => Some("neither `Type/id`, `#id` nor an absolute url"),
            _ => None,
        };
        if let Some(text) = fault {
            let code = if text.starts_with("ref-1") {
                "invariant"
            } else {
                "value"
            };
            self.at("reference", |walk| walk.refuse(code, text));
        }
    }

    fn resolves(&self, id: &str) -> bool {
        // `#` alone is the container itself.
        let contained = self.container.and_then(|map| map.get("contained"));
        id.is_empty()
            || list(contained)
                .unwrap_or_default()
                .iter()
                .any(|one| one.get("id").and_then(Value::as_str) == Some(id))
    }
}
