//! A document as XML: ODM's namespace is the default one, all others have prefixes, declared at
//! the root.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::odm::Odm;
use crate::odm::error::OdmError;
use crate::odm::schema::{Content, Tables, XML, tables};
use crate::odm::tree::{Element, Name, Node, Space};

pub(in crate::odm) fn write(odm: &Odm) -> Result<String, OdmError> {
    let mut spaces = Vec::new();
    spaces_of(&odm.root, &mut spaces);
    let mut writer = Writer {
        out: String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"),
        tables: tables(odm.version),
        prefixes: prefixes(odm, &spaces),
    };
    let mut declarations = format!(" xmlns=\"{}\"", odm.version.namespace());
    for (uri, prefix) in &writer.prefixes {
        write!(declarations, " xmlns:{prefix}=\"").map_err(|_| fault())?;
        escape(uri, true, &mut declarations)?;
        declarations.push('"');
    }
    writer.element(&odm.root, &declarations, Some(0))?;
    writer.out.push('\n');
    Ok(writer.out)
}

fn fault() -> OdmError {
    OdmError::Unwritable("out of memory".to_owned())
}

fn spaces_of<'a>(element: &'a Element, into: &mut Vec<&'a str>) {
    let attributes = element.attributes.iter().map(|one| &one.name);
    for name in std::iter::once(&element.name).chain(attributes) {
        if let Space::Other(uri) = &name.space
            && &**uri != XML
            && !uri.is_empty()
            && !into.contains(&&**uri)
        {
            into.push(uri);
        }
    }
    for child in element.elements() {
        spaces_of(child, into);
    }
}

/// A prefix for each namespace: what the file used, else the usual one, else a number.
fn prefixes(odm: &Odm, spaces: &[&str]) -> BTreeMap<String, String> {
    let usual = &tables(odm.version).spaces;
    let mut prefixes: BTreeMap<String, String> = BTreeMap::new();
    for uri in spaces {
        let usual = usual.iter().find(|(_, known)| known == uri);
        let usual = usual.map(|(prefix, _)| (*prefix).to_owned());
        let wanted = odm.prefixes.get(*uri).cloned().or(usual);
        let numbers = (1..).map(|number| format!("ns{number}"));
        let mut names = wanted.into_iter().chain(numbers);
        let free = names.find(|name| !prefixes.values().any(|taken| taken == name));
        if let Some(free) = free {
            prefixes.insert((*uri).to_owned(), free);
        }
    }
    prefixes
}

struct Writer {
    out: String,
    tables: &'static Tables,
    prefixes: BTreeMap<String, String>,
}

impl Writer {
    /// `indent`: `None` within text, where white space would be text.
    fn element(
        &mut self,
        element: &Element,
        declarations: &str,
        indent: Option<usize>,
    ) -> Result<(), OdmError> {
        let name = self.name(&element.name);
        write!(self.out, "<{name}{declarations}").map_err(|_| fault())?;
        for attribute in &element.attributes {
            let name = self.name(&attribute.name);
            write!(self.out, " {name}=\"").map_err(|_| fault())?;
            escape(&attribute.value, true, &mut self.out)?;
            self.out.push('"');
        }
        if element.nodes.is_empty() {
            self.out.push_str("/>");
            return Ok(());
        }
        self.out.push('>');
        let is_data = match self.tables.content(&element.name) {
            Some(content) => content == Content::Elements,
            None => true,
        };
        let inner = indent.filter(|_| is_data && !element.has_text());
        for node in &element.nodes {
            match node {
                Node::Text(text) => escape(text, false, &mut self.out)?,
                Node::Element(child) => {
                    self.line(inner.map(|depth| depth + 1));
                    self.element(child, "", inner.map(|depth| depth + 1))?;
                }
            }
        }
        self.line(inner);
        write!(self.out, "</{name}>").map_err(|_| fault())
    }

    fn line(&mut self, indent: Option<usize>) {
        if let Some(depth) = indent {
            self.out.push('\n');
            self.out.extend(std::iter::repeat_n("  ", depth));
        }
    }

    fn name(&self, name: &Name) -> String {
        match &name.space {
            Space::Other(uri) if &**uri == XML => format!("xml:{}", name.local),
            Space::Other(uri) => match self.prefixes.get(&**uri) {
                Some(prefix) => format!("{prefix}:{}", name.local),
                None => name.local.to_string(),
            },
            Space::Odm | Space::Bare => name.local.to_string(),
        }
    }
}

/// Line breaks in attributes and carriage returns survive only as references (XML 1.0 2.11, 3.3.3).
fn escape(text: &str, is_attribute: bool, out: &mut String) -> Result<(), OdmError> {
    for char in text.chars() {
        match char {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' if is_attribute => out.push_str("&quot;"),
            '\r' => out.push_str("&#13;"),
            '\n' if is_attribute => out.push_str("&#10;"),
            '\t' if is_attribute => out.push_str("&#9;"),
            _ if !is_xml_char(char) => {
                return Err(OdmError::Unwritable(
                    "a character that XML does not have: take control characters out".to_owned(),
                ));
            }
            _ => out.push(char),
        }
    }
    Ok(())
}

/// XML 1.0 2.2.
pub(in crate::odm) fn is_xml_char(char: char) -> bool {
    matches!(char, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}
