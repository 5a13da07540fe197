//! XML in and out. A DTD is refused, so that there are no entities but XML's own.

mod bounds;
mod write;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use roxmltree::{Document as Tree, Node as XmlNode, ParsingOptions};

use super::error::{OdmError, Place};
use super::schema::{Content, Tables, tables};
use super::tree::{Attribute, Element, Name, Node, Space};
use super::{Limits, Odm, Version};

pub(super) use write::{is_xml_char, write};

/// Most prefixes that are remembered.
const PREFIXES_MAX: usize = 256;

/// Reads a document of either version, valid or not.
pub(super) fn read(bytes: &[u8], limits: &Limits) -> Result<Odm, OdmError> {
    let text = std::str::from_utf8(bytes).map_err(|_| OdmError::Unreadable {
        at: Place::Line { line: 1, column: 1 },
        reason: "not UTF-8: encode the document in UTF-8".to_owned(),
    })?;
    let text = text.trim_start_matches('\u{feff}');
    if !text.is_ascii() && !is_utf8_declared(text) {
        return Err(OdmError::Unreadable {
            at: Place::Line { line: 1, column: 1 },
            reason: "an encoding other than UTF-8 is declared: encode the document in UTF-8"
                .to_owned(),
        });
    }
    bounds::check(text, limits.depth)?;
    let options = ParsingOptions {
        allow_dtd: false,
        nodes_limit: u32::try_from(limits.nodes).unwrap_or(u32::MAX),
        ..ParsingOptions::default()
    };
    let tree = Tree::parse_with_options(text, options).map_err(|error| {
        let at = error.pos();
        let (line, column) = (at.row, at.col);
        let at = Place::Line { line, column };
        reason(&error).map_or_else(
            || OdmError::TooLarge(format!("more than {} nodes: send several", limits.nodes)),
            |reason| OdmError::Unreadable { at, reason },
        )
    })?;
    let root = tree.root_element();
    let version = version(root)?;
    let mut reader = Reader {
        version,
        tables: tables(version),
        lines: line_starts(text),
        spaces: BTreeMap::new(),
        prefixes: BTreeMap::new(),
        nodes_left: limits.nodes,
    };
    let root = reader.element(root)?;
    Ok(Odm {
        version,
        root,
        prefixes: reader.prefixes,
        issues_max: limits.issues,
    })
}

/// XML 1.0 4.3.3: without a declaration it is UTF-8.
fn is_utf8_declared(text: &str) -> bool {
    let declaration = text
        .strip_prefix("<?xml")
        .and_then(|rest| rest.split("?>").next());
    let encoding = declaration.and_then(|one| one.split_once("encoding"));
    let Some((_, encoding)) = encoding else {
        return true;
    };
    let name = encoding.trim_start_matches([' ', '\t', '\r', '\n', '=']);
    let name = name.get(1..).unwrap_or_default();
    name.get(..5)
        .is_some_and(|name| name.eq_ignore_ascii_case("utf-8"))
}

fn version(root: XmlNode<'_, '_>) -> Result<Version, OdmError> {
    let namespace = root.tag_name().namespace().unwrap_or_default();
    let mut known = [Version::V1, Version::V2].into_iter();
    match known.find(|version| version.namespace() == namespace) {
        Some(version) if tables(version).type_of(root.tag_name().name()).is_some() => Ok(version),
        _ => Err(OdmError::Unreadable {
            at: Place::Line { line: 1, column: 1 },
            reason: format!(
                "the root must be `ODM`, or another element of it, in the namespace {} or {}",
                Version::V1.namespace(),
                Version::V2.namespace()
            ),
        }),
    }
}

/// Never the parser's own words: they quote the document. `None`: a bound was passed.
fn reason(error: &roxmltree::Error) -> Option<String> {
    let reason = match error {
        roxmltree::Error::NodesLimitReached => return None,
        roxmltree::Error::DtdDetected => "a DTD is not accepted: take the DOCTYPE out",
        roxmltree::Error::UnknownEntityReference(..) => "an entity that XML itself does not define",
        roxmltree::Error::UnknownNamespace(..) => "a prefix that is not declared",
        _ => "not well-formed XML",
    };
    Some(reason.to_owned())
}

/// White space only (XML 1.0 2.3).
pub(super) fn is_blank(text: &str) -> bool {
    text.trim_matches([' ', '\t', '\r', '\n']).is_empty()
}

fn line_starts(text: &str) -> Vec<usize> {
    let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
    std::iter::once(0)
        .chain(breaks.map(|(at, _)| at + 1))
        .collect()
}

struct Reader {
    version: Version,
    tables: &'static Tables,
    lines: Vec<usize>,
    spaces: BTreeMap<String, Arc<str>>,
    prefixes: BTreeMap<String, String>,
    nodes_left: usize,
}

impl Reader {
    fn element(&mut self, node: XmlNode<'_, '_>) -> Result<Element, OdmError> {
        self.remember(node);
        self.take(1 + node.attributes().len())?;
        if node.tag_name().namespace().unwrap_or_default().is_empty() {
            return Err(OdmError::Unreadable {
                at: self.place(node.range().start),
                reason: "an element in no namespace: give it one".to_owned(),
            });
        }
        let name = Name {
            space: self.space(node.tag_name().namespace(), true),
            local: self.word(node.tag_name().name()),
        };
        let attributes = node.attributes().map(|attribute| Attribute {
            name: Name {
                space: self.space(attribute.namespace(), false),
                local: self.word(attribute.name()),
            },
            value: attribute.value().to_owned(),
        });
        let attributes = attributes.collect();
        let is_data = self.is_data(&name, node);
        let mut nodes: Vec<Node> = Vec::new();
        for child in node.children() {
            if child.is_element() {
                nodes.push(Node::Element(self.element(child)?));
            } else if let Some(text) = child.text().filter(|_| child.is_text()) {
                if is_data && is_blank(text) {
                    continue;
                }
                match nodes.last_mut() {
                    // A comment or a CDATA section parts what is one text.
                    Some(Node::Text(before)) => before.push_str(text),
                    _ => nodes.push(Node::Text(text.to_owned())),
                }
            }
        }
        Ok(Element {
            name,
            attributes,
            nodes,
            place: self.place(node.range().start),
        })
    }

    /// True where white space between elements means nothing. Of what the schema does not know,
    /// it means nothing where there is no other text.
    fn is_data(&self, name: &Name, node: XmlNode<'_, '_>) -> bool {
        if let Some(content) = self.tables.content(name) {
            return content == Content::Elements;
        }
        let has_elements = node.children().any(|child| child.is_element());
        let mut texts = node.children().filter(XmlNode::is_text);
        has_elements && texts.all(|child| child.text().is_none_or(is_blank))
    }

    fn take(&mut self, count: usize) -> Result<(), OdmError> {
        let Some(left) = self.nodes_left.checked_sub(count) else {
            let reason = "too many elements and attributes: send several documents";
            return Err(OdmError::TooLarge(reason.to_owned()));
        };
        self.nodes_left = left;
        Ok(())
    }

    fn space(&mut self, uri: Option<&str>, is_element: bool) -> Space {
        let uri = uri.unwrap_or_default();
        if is_element && uri == self.version.namespace() {
            return Space::Odm;
        }
        if uri.is_empty() && !is_element {
            return Space::Bare;
        }
        if let Some(known) = self.spaces.get(uri) {
            return Space::Other(known.clone());
        }
        let shared: Arc<str> = Arc::from(uri);
        self.spaces.insert(uri.to_owned(), shared.clone());
        Space::Other(shared)
    }

    fn word(&self, text: &str) -> Cow<'static, str> {
        let known = self.tables.word(text);
        known.map_or_else(|| Cow::Owned(text.to_owned()), Cow::Borrowed)
    }

    fn remember(&mut self, node: XmlNode<'_, '_>) {
        for declared in node.namespaces() {
            let Some(prefix) = declared.name().filter(|prefix| *prefix != "xml") else {
                continue;
            };
            let is_known = self.prefixes.contains_key(declared.uri());
            let is_taken = self.prefixes.values().any(|known| known == prefix);
            if !is_known && !is_taken && self.prefixes.len() < PREFIXES_MAX {
                self.prefixes
                    .insert(declared.uri().to_owned(), prefix.to_owned());
            }
        }
    }

    fn place(&self, at: usize) -> Place {
        let line = self.lines.partition_point(|start| *start <= at);
        let start = self.lines.get(line.saturating_sub(1)).copied().unwrap_or(0);
        Place::Line {
            line: u32::try_from(line).unwrap_or(u32::MAX),
            column: u32::try_from(at - start + 1).unwrap_or(u32::MAX),
        }
    }
}
