//! EPCIS XML 1.2 and 2.0 to the JSON of EPCIS 2.0 (EPCIS 2.0 9.5 to 9.7 and 10).
//!
//! The `extension` and `baseExtension` wrappers of 1.2 go; standard words become bare; header
//! (SBDH) and master data are kept. A DTD is refused, so that there are no entities but XML's own.
//! What stands in no namespace and is no element of EPCIS is an error, never dropped. `write` is
//! the way back.

mod bounds;
mod event;
mod extension;
mod header;
mod names;
mod write;

use roxmltree::{Document as Tree, Node, ParsingOptions};
use serde_json::{Map, Value, json};

use crate::document::{GS1_CONTEXT, Limits};
use crate::error::EpcisError;
use names::Names;

pub use write::{Answer, query_document};

type Object = Map<String, Value>;
type Converted<T> = Result<T, EpcisError>;

/// What the parts of the conversion share.
struct Converter<'a, 'input> {
    tree: &'a Tree<'input>,
    names: Names,
    depth_max: usize,
}

/// Namespaces of EPCIS itself.
const EPCIS: &[&str] = &[
    "urn:epcglobal:epcis:xsd:1",
    "urn:epcglobal:epcis:xsd:2",
    "urn:epcglobal:epcis-query:xsd:1",
    "urn:epcglobal:epcis-query:xsd:2",
];
/// How many wrappers of 1.2 stand in one another at most.
const WRAPPERS_MAX: usize = 4;
const XSI: &str = "http://www.w3.org/2001/XMLSchema-instance";

/// Reads a document, a query document or a single event.
pub(crate) fn to_json(bytes: &[u8], limits: &Limits) -> Converted<Value> {
    if bytes.len() > limits.bytes {
        let most = limits.bytes;
        return Err(EpcisError::TooLarge(format!(
            "the document is longer than {most} bytes: send several"
        )));
    }
    let text = std::str::from_utf8(bytes).map_err(|_| EpcisError::Xml {
        line: 1,
        column: 1,
        reason: "not UTF-8: encode the document in UTF-8".to_owned(),
    })?;
    bounds::check(text, limits.depth)?;
    let options = ParsingOptions {
        allow_dtd: false,
        nodes_limit: u32::try_from(limits.bytes / 8).unwrap_or(u32::MAX),
        ..ParsingOptions::default()
    };
    let tree = Tree::parse_with_options(text, options).map_err(|error| {
        let at = error.pos();
        EpcisError::Xml {
            line: at.row,
            column: at.col,
            reason: reason(&error),
        }
    })?;
    let mut converter = Converter {
        tree: &tree,
        names: Names::default(),
        depth_max: limits.depth,
    };
    let value = converter.root(tree.root_element())?;
    if converter.names.is_full() {
        return Err(EpcisError::TooLarge(
            "fields in more than 256 namespaces: send several documents".to_owned(),
        ));
    }
    Ok(value)
}

/// Never the parser's own words: they quote the document.
fn reason(error: &roxmltree::Error) -> String {
    match error {
        roxmltree::Error::DtdDetected => "a DTD is not accepted: take the DOCTYPE out".to_owned(),
        roxmltree::Error::NodesLimitReached => "too many nodes: send several documents".to_owned(),
        roxmltree::Error::UnknownEntityReference(..) => {
            "an entity that XML itself does not define".to_owned()
        }
        roxmltree::Error::UnknownNamespace(..) => "a prefix that is not declared".to_owned(),
        _ => "not well-formed XML".to_owned(),
    }
}

impl<'a, 'input> Converter<'a, 'input> {
    fn refuse<T>(&self, node: Node<'_, '_>, reason: impl Into<String>) -> Converted<T> {
        let at = self.tree.text_pos_at(node.range().start);
        Err(EpcisError::Xml {
            line: at.row,
            column: at.col,
            reason: reason.into(),
        })
    }

    fn root(&mut self, root: Node<'a, 'input>) -> Converted<Value> {
        match name(root) {
            "EPCISDocument" => self.document(root),
            "EPCISQueryDocument" => self.query_document(root),
            _ => {
                let mut event = self.event(root)?;
                event.insert("@context".to_owned(), self.names.context(GS1_CONTEXT));
                Ok(Value::Object(event))
            }
        }
    }

    fn document(&mut self, root: Node<'a, 'input>) -> Converted<Value> {
        let mut object = self.envelope(root, "EPCISDocument")?;
        let mut events = Vec::new();
        for child in elements(root) {
            match name(child) {
                "EPCISHeader" => self.header(child, &mut object, 0)?,
                "EPCISBody" => events = self.body(child)?,
                "extension" if is_epcis(child) => {}
                _ if !is_epcis(child) => self.extension_into(child, &mut object)?,
                _ => return self.refuse(child, "not an element of an EPCIS document"),
            }
        }
        object.insert("epcisBody".to_owned(), json!({ "eventList": events }));
        object.insert("@context".to_owned(), self.names.context(GS1_CONTEXT));
        Ok(Value::Object(object))
    }

    fn body(&mut self, body: Node<'a, 'input>) -> Converted<Vec<Value>> {
        match elements(body).find(|child| name(*child) == "EventList") {
            Some(list) => self.events(list, 0),
            None => self.refuse(body, "an `EventList` is missing here"),
        }
    }

    fn query_document(&mut self, root: Node<'a, 'input>) -> Converted<Value> {
        let mut object = self.envelope(root, "EPCISQueryDocument")?;
        let mut results = Object::new();
        self.query_results(root, &mut object, &mut results, 0)?;
        if !results.contains_key("resultsBody") {
            return self.refuse(root, "no results of a query for events (`resultsBody`)");
        }
        object.insert("epcisBody".to_owned(), json!({ "queryResults": results }));
        object.insert("@context".to_owned(), self.names.context(GS1_CONTEXT));
        Ok(Value::Object(object))
    }

    /// `EPCISBody/QueryResults/{queryName, resultsBody}`, of which some writers leave away the
    /// outer two.
    fn query_results(
        &mut self,
        node: Node<'a, 'input>,
        object: &mut Object,
        results: &mut Object,
        depth: usize,
    ) -> Converted<()> {
        for child in elements(node) {
            match name(child) {
                "EPCISHeader" => {}
                "EPCISBody" | "QueryResults" if depth < 2 => {
                    self.query_results(child, object, results, depth + 1)?;
                }
                "queryName" | "subscriptionID" if is_epcis(child) => {
                    results.insert(name(child).to_owned(), json!(text(child)));
                }
                "resultsBody" if is_epcis(child) => {
                    let events = self.body(child)?;
                    results.insert("resultsBody".to_owned(), json!({ "eventList": events }));
                }
                _ if !is_epcis(child) => self.extension_into(child, object)?,
                _ => return self.refuse(child, "not an element of an answer to an event query"),
            }
        }
        Ok(())
    }

    /// The JSON is of EPCIS 2.0, whichever version the XML had.
    fn envelope(&mut self, root: Node<'a, 'input>, kind: &str) -> Converted<Object> {
        if !root
            .tag_name()
            .namespace()
            .is_some_and(|ns| EPCIS.contains(&ns))
        {
            return self.refuse(root, "not in a namespace of EPCIS 1 or 2");
        }
        let mut object = Object::new();
        object.insert("@context".to_owned(), Value::Null);
        object.insert("type".to_owned(), json!(kind));
        object.insert("schemaVersion".to_owned(), json!("2.0"));
        if let Some(date) = root.attribute("creationDate") {
            object.insert("creationDate".to_owned(), json!(date.trim()));
        }
        Ok(object)
    }

    /// The events of a list; 1.2 wraps the types that came later in `extension`.
    fn events(&mut self, list: Node<'a, 'input>, depth: usize) -> Converted<Vec<Value>> {
        let mut events = Vec::new();
        for child in elements(list) {
            if name(child) == "extension" && is_epcis(child) && depth < WRAPPERS_MAX {
                events.extend(self.events(child, depth + 1)?);
            } else {
                events.push(Value::Object(self.event(child)?));
            }
        }
        Ok(events)
    }
}

fn name<'a>(node: Node<'a, '_>) -> &'a str {
    node.tag_name().name()
}

/// In no namespace, or in EPCIS's own.
fn is_epcis(node: Node<'_, '_>) -> bool {
    let namespace = node.tag_name().namespace();
    namespace.is_none_or(|namespace| namespace.is_empty() || EPCIS.contains(&namespace))
}

fn elements<'a, 'input>(node: Node<'a, 'input>) -> impl Iterator<Item = Node<'a, 'input>> {
    node.children().filter(Node::is_element)
}

/// The text within, without white space around it.
fn text(node: Node<'_, '_>) -> String {
    let parts = node.children().filter(Node::is_text);
    let whole: String = parts.filter_map(|part| part.text()).collect();
    whole.trim().to_owned()
}
