//! The files of a schema and what they define, by name.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use roxmltree::{Document, Node};

/// The namespace of XML Schema itself.
pub(super) const XSD: &str = "http://www.w3.org/2001/XMLSchema";
/// Prefixes in the tables; the namespace of the schema itself has none.
pub(super) const PREFIXES: &[(&str, &str)] = &[
    ("xs", XSD),
    ("xml", "http://www.w3.org/XML/1998/namespace"),
    ("xlink", "http://www.w3.org/1999/xlink"),
    ("xhtml", "http://www.w3.org/1999/xhtml"),
    ("ds", "http://www.w3.org/2000/09/xmldsig#"),
];
/// Most files of one schema.
const FILES_MAX: usize = 64;

/// Namespace and local name.
pub(super) type QName = (String, String);

/// The texts of a schema and of all that it includes and imports.
pub(super) fn load(entry: &Path) -> Result<Vec<String>> {
    let mut open: Vec<PathBuf> = vec![entry.to_owned()];
    let mut seen = vec![entry.to_owned()];
    let mut texts = Vec::new();
    while let Some(path) = open.pop() {
        let text = fs::read_to_string(&path).with_context(|| format!("{}", path.display()))?;
        let text = text.trim_start_matches('\u{feff}').to_owned();
        for location in locations(&text)? {
            let next = path.with_file_name(location);
            if !seen.contains(&next) && seen.len() < FILES_MAX {
                seen.push(next.clone());
                open.push(next);
            }
        }
        texts.push(text);
    }
    Ok(texts)
}

fn locations(text: &str) -> Result<Vec<String>> {
    let tree = Document::parse(text)?;
    let children = tree.root_element().children();
    let named = children.filter(|node| matches!(local(*node), "include" | "import"));
    let locations = named.filter_map(|node| node.attribute("schemaLocation"));
    Ok(locations.map(str::to_owned).collect())
}

/// The trees of the texts.
pub(super) fn parse(texts: &[String]) -> Result<Vec<Document<'_>>> {
    let trees = texts.iter().map(|text| Document::parse(text));
    Ok(trees.collect::<Result<_, _>>()?)
}

/// What is defined at the top of the files: kind, then name.
pub(super) struct Schema<'a> {
    definitions: BTreeMap<(&'a str, QName), Node<'a, 'a>>,
    /// The namespace of the schema itself.
    pub(super) own: String,
}

impl<'a> Schema<'a> {
    pub(super) fn new(trees: &'a [Document<'a>]) -> Result<Self> {
        let mut definitions = BTreeMap::new();
        let mut own = None;
        for tree in trees {
            let root = tree.root_element();
            let target = root.attribute("targetNamespace").unwrap_or_default();
            own.get_or_insert_with(|| target.to_owned());
            for node in root.children().filter(Node::is_element) {
                if let Some(name) = node.attribute("name") {
                    let key = (local(node), (target.to_owned(), name.to_owned()));
                    definitions.insert(key, node);
                }
            }
        }
        let own = own.context("a schema without a file")?;
        Ok(Self { definitions, own })
    }

    pub(super) fn find(&self, kind: &str, name: &QName) -> Option<Node<'a, 'a>> {
        let mut found = self.definitions.iter();
        let (_, node) = found.find(|((of, at), _)| *of == kind && at == name)?;
        Some(*node)
    }

    pub(super) fn get(&self, kind: &str, name: &QName) -> Result<Node<'a, 'a>> {
        let found = self.find(kind, name);
        found.with_context(|| format!("no {kind} {}", self.print(name)))
    }

    /// As the tables write it.
    pub(super) fn print(&self, name: &QName) -> String {
        let (space, local) = name;
        if *space == self.own || space.is_empty() {
            return local.clone();
        }
        let prefix = PREFIXES.iter().find(|(_, uri)| uri == space);
        let prefix = prefix.map_or("?", |(prefix, _)| *prefix);
        format!("{prefix}:{local}")
    }
}

/// The name of an element without its namespace.
pub(super) fn local<'a>(node: Node<'a, '_>) -> &'a str {
    node.tag_name().name()
}

/// The namespace of the file in which a node stands.
pub(super) fn target(node: Node<'_, '_>) -> String {
    let root = node.document().root_element();
    root.attribute("targetNamespace")
        .unwrap_or_default()
        .to_owned()
}

/// What a `ref`, `type` or `base` means where it stands.
pub(super) fn resolve(node: Node<'_, '_>, text: &str) -> Result<QName> {
    let (prefix, name) = match text.split_once(':') {
        Some((prefix, name)) => (Some(prefix), name),
        None => (None, text),
    };
    let space = if prefix == Some("xml") {
        PREFIXES[1].1
    } else {
        match node.lookup_namespace_uri(prefix) {
            Some(space) => space,
            None if prefix.is_none() => "",
            None => bail!("a prefix that is not declared: {text}"),
        }
    };
    Ok((space.to_owned(), name.to_owned()))
}
