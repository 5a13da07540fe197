//! A document of ODM 2.0 as JSON.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{CONTENT, NAMESPACES, NODES, ORDER, ROOT};
use crate::odm::error::OdmError;
use crate::odm::schema::{Complex, Tables, XML, tables};
use crate::odm::tree::{Attribute, Element, Name, Node, Space};
use crate::odm::{Odm, Version};

type Object = Map<String, Value>;

pub(in crate::odm) fn write(odm: &Odm) -> Result<String, OdmError> {
    if odm.version == Version::V1 {
        let reason = "ODM 1.3.2 has no JSON form: ask for XML";
        return Err(OdmError::Unwritable(reason.to_owned()));
    }
    let mut writer = Writer {
        tables: tables(odm.version),
        odm,
        prefixes: BTreeMap::new(),
    };
    let mut root = writer.element(&odm.root);
    let prefixes = writer.prefixes.iter();
    let spaces: Object = prefixes
        .map(|(uri, prefix)| (prefix.clone(), json!(uri)))
        .collect();
    if !spaces.is_empty() {
        root.insert(NAMESPACES.to_owned(), Value::Object(spaces));
    }
    if !odm.is_whole() {
        root.insert(ROOT.to_owned(), json!(odm.root.name.local));
    }
    serde_json::to_string(&root).map_err(|_| {
        OdmError::Unwritable("the document does not fit into memory as JSON".to_owned())
    })
}

struct Writer<'d> {
    tables: &'static Tables,
    odm: &'d Odm,
    /// By namespace.
    prefixes: BTreeMap<String, String>,
}

impl Writer<'_> {
    fn element(&mut self, element: &Element) -> Object {
        let mut object = Object::new();
        for attribute in &element.attributes {
            let name = self.name(&attribute.name);
            object.insert(name, json!(attribute.value));
        }
        let complex = self.complex(&element.name);
        let is_plain = !element.has_text() || element.elements().next().is_none();
        if is_plain && !self.names_meet(element) {
            if element.has_text() {
                object.insert(CONTENT.to_owned(), json!(element.text()));
            }
            self.children(element, complex, &mut object);
        } else {
            let nodes = element.nodes.iter().map(|node| match node {
                Node::Text(text) => json!(text),
                Node::Element(child) => {
                    let name = self.name(&child.name);
                    let inner = self.element(child);
                    json!({ name: inner })
                }
            });
            object.insert(NODES.to_owned(), nodes.collect());
        }
        object
    }

    fn complex(&self, name: &Name) -> Option<&'static Complex> {
        let of_type = self.tables.type_of(&self.tables.key(name)?)?;
        self.tables.complex(of_type)
    }

    /// An attribute and an element of one name, or a name that this form keeps for itself.
    fn names_meet(&mut self, element: &Element) -> bool {
        let attributes = element.attributes.iter();
        let names: Vec<String> = attributes
            .map(|one: &Attribute| self.name(&one.name))
            .collect();
        element.elements().any(|child| {
            let name = self.name(&child.name);
            names.contains(&name) || name.starts_with('_')
        })
    }

    fn children(
        &mut self,
        element: &Element,
        complex: Option<&'static Complex>,
        object: &mut Object,
    ) {
        let mut sorted: Vec<(usize, &Element)> = element
            .elements()
            .map(|child| (self.rank(complex, child), child))
            .collect();
        let is_sorted = sorted.is_sorted_by_key(|(rank, _)| *rank);
        let names: Vec<String> = element.elements().map(|one| self.name(&one.name)).collect();
        // What the schema does not rank is grouped by name.
        let is_grouped = groups(&names) == distinct(&names);
        if !is_sorted || !is_grouped {
            object.insert(ORDER.to_owned(), json!(names));
        }
        sorted.sort_by_key(|(rank, _)| *rank);
        for (_, child) in sorted {
            let name = self.name(&child.name);
            let inner = Value::Object(self.element(child));
            let key = self.tables.key(&child.name);
            let is_single = complex
                .zip(key)
                .is_some_and(|(complex, key)| complex.is_single(&key));
            match object.get_mut(&name) {
                Some(Value::Array(all)) => all.push(inner),
                // More than the schema allows, in a document that was not judged.
                Some(first) => *first = json!([first.take(), inner]),
                None if is_single => {
                    object.insert(name, inner);
                }
                None => {
                    object.insert(name, json!([inner]));
                }
            }
        }
    }

    fn rank(&self, complex: Option<&Complex>, child: &Element) -> usize {
        let key = self.tables.key(&child.name);
        complex.map_or(0, |complex| complex.rank(key.as_deref()))
    }

    fn name(&mut self, name: &Name) -> String {
        let Space::Other(uri) = &name.space else {
            return name.local.to_string();
        };
        let prefix = self.prefix(uri);
        format!("{prefix}:{}", name.local)
    }

    fn prefix(&mut self, uri: &str) -> String {
        if uri == XML {
            return "xml".to_owned();
        }
        if let Some(known) = self.prefixes.get(uri) {
            return known.clone();
        }
        let usual = self.tables.spaces.iter().find(|(_, known)| *known == uri);
        let usual = usual.map(|(prefix, _)| (*prefix).to_owned());
        let wanted = self.odm.prefixes.get(uri).cloned().or(usual);
        let numbers = (1..).map(|number| format!("ns{number}"));
        let mut names = wanted.into_iter().chain(numbers);
        let free = names.find(|name| !self.prefixes.values().any(|taken| taken == name));
        let free = free.unwrap_or_default();
        self.prefixes.insert(uri.to_owned(), free.clone());
        free
    }
}

/// How many runs of equal names there are.
fn groups(names: &[String]) -> usize {
    names.chunk_by(|a, b| a == b).count()
}

fn distinct(names: &[String]) -> usize {
    let mut sorted: Vec<&String> = names.iter().collect();
    sorted.sort();
    sorted.dedup();
    sorted.len()
}
