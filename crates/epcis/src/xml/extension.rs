//! Elements and attributes of other namespaces: fields of one's own.

use roxmltree::Node;
use serde_json::{Value, json};

use super::{Converted, Converter, EPCIS, Object, XSI, elements, name, text};
use crate::error::EpcisError;

impl<'a, 'input> Converter<'a, 'input> {
    /// Adds an element as a member. Several of one name become a list.
    pub(super) fn extension_into(
        &mut self,
        node: Node<'a, 'input>,
        object: &mut Object,
    ) -> Converted<()> {
        if name(node) == "ignoreFields" {
            // JSON has a list of names here.
            let fields: Vec<String> = elements(node).map(|field| self.named(field)).collect();
            object.insert(self.named(node), json!(fields));
            return Ok(());
        }
        let value = self.extension(node, 0)?;
        add(object, self.named(node), value);
        Ok(())
    }

    /// Attributes in other namespaces than none become members as well.
    pub(super) fn attributes_into(&mut self, node: Node<'a, 'input>, object: &mut Object) {
        for attribute in node.attributes() {
            let Some(namespace) = attribute.namespace().filter(|ns| *ns != XSI) else {
                continue;
            };
            let name = self.names.name(node, namespace, attribute.name());
            add(object, name, json!(attribute.value().trim()));
        }
    }

    fn named(&mut self, node: Node<'a, 'input>) -> String {
        let local = name(node);
        match node.tag_name().namespace() {
            Some(namespace) if !namespace.is_empty() && !EPCIS.contains(&namespace) => {
                self.names.name(node, namespace, local)
            }
            _ => local.to_owned(),
        }
    }

    fn extension(&mut self, node: Node<'a, 'input>, depth: usize) -> Converted<Value> {
        if depth >= self.depth_max {
            let most = self.depth_max;
            return Err(EpcisError::TooLarge(format!(
                "elements are nested deeper than {most}"
            )));
        }
        let mut object = Object::new();
        self.attributes_into(node, &mut object);
        for attribute in node.attributes().filter(|one| one.namespace().is_none()) {
            add(
                &mut object,
                attribute.name().to_owned(),
                json!(attribute.value().trim()),
            );
        }
        let has_attributes = !object.is_empty();
        let mut has_elements = false;
        for child in elements(node) {
            has_elements = true;
            let value = self.extension(child, depth + 1)?;
            add(&mut object, self.named(child), value);
        }
        let text = text(node);
        if !has_elements && !has_attributes {
            return Ok(json!(text));
        }
        if !text.is_empty() {
            object.insert("#text".to_owned(), json!(text));
        }
        Ok(Value::Object(object))
    }
}

fn add(object: &mut Object, name: String, value: Value) {
    match object.get_mut(&name) {
        None => {
            object.insert(name, value);
        }
        Some(Value::Array(items)) => items.push(value),
        Some(first) => {
            let items = vec![first.take(), value];
            *first = Value::Array(items);
        }
    }
}
