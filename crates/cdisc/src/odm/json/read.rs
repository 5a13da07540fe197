//! JSON of ODM 2.0 to the tree.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::{CONTENT, NAMESPACES, NODES, ORDER, ROOT};
use crate::odm::error::{OdmError, Place};
use crate::odm::schema::{Tables, XML, is_name, tables};
use crate::odm::tree::{Attribute, Element, Name, Node, Space};
use crate::odm::{Limits, Odm, Version, xml};

type Read<T> = Result<T, OdmError>;

pub(in crate::odm) fn read(bytes: &[u8], limits: &Limits) -> Read<Odm> {
    let within = fhir::json::Limits {
        bytes: limits.bytes,
        // At most three for each element: `_nodes`, the object with its name, and its own.
        depth: limits.depth.saturating_mul(3).saturating_add(4),
    };
    let value = fhir::json::parse(bytes, within).map_err(|error| {
        if error.too_large {
            return OdmError::TooLarge(error.to_string());
        }
        let line = u32::try_from(error.line).unwrap_or(u32::MAX);
        let column = u32::try_from(error.column).unwrap_or(u32::MAX);
        OdmError::Unreadable {
            at: Place::Line { line, column },
            reason: format!("not JSON: {}", error.reason),
        }
    })?;
    let Value::Object(mut root) = value else {
        return refuse("", "the document must be an object: what stands in `ODM`");
    };
    let mut reader = Reader {
        tables: tables(Version::V2),
        spaces: BTreeMap::new(),
        nodes_left: limits.nodes,
        depth_max: limits.depth,
        depth: 0,
    };
    let prefixes = reader.namespaces(root.shift_remove(NAMESPACES))?;
    let name = match root.shift_remove(ROOT) {
        None => Name::odm("ODM"),
        Some(Value::String(name)) => reader.name(&name, true, "/_root")?,
        Some(_) => return refuse("/_root", "must be the name of an element"),
    };
    let root = reader.element(name, &root, String::new())?;
    Ok(Odm {
        version: Version::V2,
        root,
        prefixes,
        issues_max: limits.issues,
    })
}

fn refuse<T>(pointer: &str, reason: &str) -> Read<T> {
    Err(OdmError::Unreadable {
        at: Place::Pointer(pointer.to_owned()),
        reason: reason.to_owned(),
    })
}

struct Reader {
    tables: &'static Tables,
    /// By prefix.
    spaces: BTreeMap<String, Arc<str>>,
    nodes_left: usize,
    depth_max: usize,
    depth: usize,
}

impl Reader {
    /// Answers the prefixes by namespace.
    fn namespaces(&mut self, value: Option<Value>) -> Read<BTreeMap<String, String>> {
        self.spaces.insert("xml".to_owned(), Arc::from(XML));
        for (prefix, uri) in &self.tables.spaces {
            self.spaces.insert((*prefix).to_owned(), Arc::from(*uri));
        }
        let mut prefixes = BTreeMap::new();
        let declared = match value {
            None => Map::new(),
            Some(Value::Object(declared)) => declared,
            Some(_) => return refuse("/_namespaces", "must be an object of prefixes"),
        };
        for (prefix, uri) in declared {
            let pointer = format!("/_namespaces/{}", escaped(&prefix));
            match uri {
                Value::String(uri)
                    if is_name(&prefix)
                        && prefix != "xml"
                        && !uri.is_empty()
                        && uri != Version::V2.namespace()
                        && is_text(&uri) =>
                {
                    self.spaces.insert(prefix.clone(), Arc::from(uri.as_str()));
                    prefixes.insert(uri, prefix);
                }
                _ => return refuse(&pointer, "must be a prefix and the URI of a namespace"),
            }
        }
        Ok(prefixes)
    }

    fn element(&mut self, name: Name, object: &Map<String, Value>, at: String) -> Read<Element> {
        self.take(&at)?;
        if self.depth >= self.depth_max {
            let most = self.depth_max;
            return Err(OdmError::TooLarge(format!(
                "elements are nested deeper than {most}"
            )));
        }
        self.depth += 1;
        let element = self.shallow(name, object, at);
        self.depth -= 1;
        element
    }

    fn shallow(&mut self, name: Name, object: &Map<String, Value>, at: String) -> Read<Element> {
        let mut element = Element {
            name,
            attributes: Vec::new(),
            nodes: Vec::new(),
            place: Place::Made,
        };
        let mut children: Vec<Element> = Vec::new();
        for (member, value) in object {
            let pointer = format!("{at}/{}", escaped(member));
            match (member.as_str(), value) {
                (CONTENT, Value::String(text)) => {
                    if !is_text(text) {
                        return refuse(&pointer, "a character that XML does not have");
                    }
                    push(&mut element, Node::Text(text.clone()));
                }
                (NODES, Value::Array(nodes)) => {
                    for (number, node) in nodes.iter().enumerate() {
                        let node = self.node(node, &format!("{pointer}/{number}"))?;
                        push(&mut element, node);
                    }
                }
                (ORDER, Value::Array(_)) => {}
                (CONTENT | NODES | ORDER, _) => {
                    return refuse(&pointer, "must be a string (`_content`) or a list");
                }
                (_, Value::Object(inner)) => {
                    let name = self.name(member, true, &pointer)?;
                    children.push(self.element(name, inner, pointer)?);
                }
                (_, Value::Array(all)) => {
                    for (number, one) in all.iter().enumerate() {
                        let pointer = format!("{pointer}/{number}");
                        let Value::Object(inner) = one else {
                            return refuse(&pointer, "must be an object: an element");
                        };
                        let name = self.name(member, true, &pointer)?;
                        children.push(self.element(name, inner, pointer)?);
                    }
                }
                (_, Value::Null) => return refuse(&pointer, "null says nothing: leave it away"),
                (_, value) => {
                    let attribute = self.attribute(member, value, &pointer)?;
                    element.attributes.push(attribute);
                }
            }
        }
        self.arrange(&mut element, children, object.get(ORDER), &at)?;
        self.drop_blanks(&mut element);
        element.place = Place::Pointer(at);
        Ok(element)
    }

    /// Puts the children in: as `_order` says, else as the schema ranks them.
    fn arrange(
        &self,
        element: &mut Element,
        mut children: Vec<Element>,
        order: Option<&Value>,
        at: &str,
    ) -> Read<()> {
        let key = self.tables.key(&element.name);
        let complex = key.and_then(|key| self.tables.type_of(&key));
        let complex = complex.and_then(|of_type| self.tables.complex(of_type));
        if let Some(complex) = complex {
            children.sort_by_key(|child| complex.rank(self.tables.key(&child.name).as_deref()));
        }
        let Some(Value::Array(order)) = order else {
            element
                .nodes
                .extend(children.into_iter().map(Node::Element));
            return Ok(());
        };
        let mut queues: BTreeMap<Name, std::collections::VecDeque<Element>> = BTreeMap::new();
        for child in children {
            queues
                .entry(child.name.clone())
                .or_default()
                .push_back(child);
        }
        let pointer = format!("{at}/{ORDER}");
        for name in order {
            let name = self.name(name.as_str().unwrap_or_default(), true, &pointer)?;
            match queues
                .get_mut(&name)
                .and_then(std::collections::VecDeque::pop_front)
            {
                Some(child) => element.nodes.push(Node::Element(child)),
                None => return refuse(&pointer, "names an element that is not there"),
            }
        }
        if queues.values().any(|queue| !queue.is_empty()) {
            return refuse(
                &pointer,
                "must name each element once for each time it stands",
            );
        }
        Ok(())
    }

    /// As in XML: blanks between elements that the schema does not know mean nothing.
    fn drop_blanks(&self, element: &mut Element) {
        let is_blank = |node: &Node| matches!(node, Node::Text(text) if xml::is_blank(text));
        let mut texts = element
            .nodes
            .iter()
            .filter(|node| matches!(node, Node::Text(_)));
        let has_elements = element.elements().next().is_some();
        if has_elements && texts.all(is_blank) && self.tables.content(&element.name).is_none() {
            element.nodes.retain(|node| !is_blank(node));
        }
    }

    fn node(&mut self, value: &Value, at: &str) -> Read<Node> {
        match value {
            Value::String(text) if is_text(text) && !text.is_empty() => {
                self.take(at)?;
                Ok(Node::Text(text.clone()))
            }
            Value::Object(object) => match object.iter().next() {
                Some((member, Value::Object(inner))) if object.len() == 1 => {
                    let pointer = format!("{at}/{}", escaped(member));
                    let name = self.name(member, true, &pointer)?;
                    Ok(Node::Element(self.element(name, inner, pointer)?))
                }
                _ => refuse(at, "must be text or an object with one member, an element"),
            },
            _ => refuse(at, "must be text or an object with one member, an element"),
        }
    }

    fn attribute(&mut self, member: &str, value: &Value, at: &str) -> Read<Attribute> {
        self.take(at)?;
        let value = match value {
            Value::String(text) if is_text(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            Value::Bool(truth) => truth.to_string(),
            _ => return refuse(at, "a character that XML does not have"),
        };
        let name = self.name(member, false, at)?;
        Ok(Attribute { name, value })
    }

    fn name(&self, text: &str, is_element: bool, at: &str) -> Read<Name> {
        let (prefix, local) = match text.split_once(':') {
            Some((prefix, local)) => (Some(prefix), local),
            None => (None, text),
        };
        if !is_name(local) {
            return refuse(at, "not a name of an element or attribute");
        }
        let space = match prefix {
            None if is_element => Space::Odm,
            None => Space::Bare,
            Some(prefix) => match self.spaces.get(prefix) {
                Some(uri) => Space::Other(uri.clone()),
                None => return refuse(at, "a prefix that `_namespaces` does not say"),
            },
        };
        let known = self.tables.word(local);
        let local = known.map_or_else(|| Cow::Owned(local.to_owned()), Cow::Borrowed);
        Ok(Name { space, local })
    }

    fn take(&mut self, at: &str) -> Read<()> {
        let Some(left) = self.nodes_left.checked_sub(1) else {
            return Err(OdmError::TooLarge(format!(
                "{at}: too many elements and attributes: send several documents"
            )));
        };
        self.nodes_left = left;
        Ok(())
    }
}

/// Two texts beside each other are one.
fn push(element: &mut Element, node: Node) {
    match (element.nodes.last_mut(), node) {
        (_, Node::Text(text)) if text.is_empty() => {}
        (Some(Node::Text(before)), Node::Text(text)) => before.push_str(&text),
        (_, node) => element.nodes.push(node),
    }
}

fn is_text(text: &str) -> bool {
    text.chars().all(xml::is_xml_char)
}

/// RFC 6901 3.
fn escaped(member: &str) -> String {
    member.replace('~', "~0").replace('/', "~1")
}
