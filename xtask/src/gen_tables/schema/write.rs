//! Walks a schema from its root element and writes what it meets, sorted.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use anyhow::{Context, Result, bail};
use roxmltree::Node;

use super::model::{Found, particle};
use super::xsd::{PREFIXES, QName, Schema, XSD, local, resolve};

/// Most things of one schema.
const THINGS_MAX: usize = 10_000;

/// The whole table.
pub(super) fn table(schema: &Schema<'_>, root: &str) -> Result<String> {
    let mut writer = Writer {
        schema,
        lines: BTreeMap::new(),
        open: vec![Open::Element((schema.own.clone(), root.to_owned()))],
        seen: BTreeSet::new(),
        unnamed: 0,
    };
    while let Some(next) = writer.open.pop() {
        if writer.seen.len() > THINGS_MAX {
            bail!("the schema has more than {THINGS_MAX} parts");
        }
        match next {
            Open::Element(name) => writer.element(&name)?,
            Open::Type(name) => writer.named_type(&name)?,
        }
    }
    let mut out = format!("ns\t\t{}\n", schema.own);
    for (prefix, uri) in PREFIXES {
        let is_used = writer.lines.values().any(|line| names(line, prefix));
        if *uri != XSD && is_used {
            writeln!(out, "ns\t{prefix}\t{uri}")?;
        }
    }
    for kind in ["element", "complex", "simple", "union", "unique"] {
        for ((_, _), line) in writer.lines.range(first(kind)..=last(kind)) {
            writeln!(out, "{line}")?;
        }
    }
    Ok(out)
}

fn first(kind: &str) -> (String, String) {
    (kind.to_owned(), String::new())
}

fn last(kind: &str) -> (String, String) {
    (kind.to_owned(), "\u{10ffff}".to_owned())
}

fn names(line: &str, prefix: &str) -> bool {
    line.split(['\t', ' ', '(', '|', '='])
        .any(|word| word.starts_with(prefix) && word[prefix.len()..].starts_with(':'))
}

enum Open {
    Element(QName),
    Type(QName),
}

struct Writer<'s, 'a> {
    schema: &'s Schema<'a>,
    /// By kind and name.
    lines: BTreeMap<(String, String), String>,
    open: Vec<Open>,
    seen: BTreeSet<(String, QName)>,
    unnamed: usize,
}

/// What is known of a complex type.
#[derive(Default)]
struct Complex {
    is_mixed: bool,
    text: Option<String>,
    model: Vec<String>,
    attributes: Vec<String>,
}

impl<'a> Writer<'_, 'a> {
    fn element(&mut self, name: &QName) -> Result<()> {
        if !self.seen.insert(("element".to_owned(), name.clone())) {
            return Ok(());
        }
        let node = self.schema.get("element", name)?;
        let printed = self.schema.print(name);
        let of_type = self.type_of(node)?;
        self.line(
            "element",
            &printed,
            format!("element\t{printed}\t{of_type}"),
        );
        for (number, unique) in children(node, "unique").enumerate() {
            let selector = children(unique, "selector").next();
            let selector = selector.and_then(|one| one.attribute("xpath"));
            let selector = selector.context("a key without a selector")?;
            let fields = children(unique, "field").filter_map(|one| one.attribute("xpath"));
            let fields: Vec<&str> = fields.collect();
            let steps: Vec<&str> = selector.split('/').map(without_prefix).collect();
            let key = format!("{printed} {number:03}");
            let fields = fields.join(" ");
            let steps = steps.join("/");
            self.line(
                "unique",
                &key,
                format!("unique\t{printed}\t{steps}\t{fields}"),
            );
        }
        Ok(())
    }

    fn line(&mut self, kind: &str, name: &str, line: String) {
        self.lines.insert((kind.to_owned(), name.to_owned()), line);
    }

    /// The type of an element or attribute: named, written where it stands, or none said.
    fn type_of(&mut self, node: Node<'a, 'a>) -> Result<String> {
        if let Some(name) = node.attribute("type") {
            let name = resolve(node, name)?;
            return self.reference(name);
        }
        for child in node.children().filter(Node::is_element) {
            if matches!(local(child), "complexType" | "simpleType") {
                self.unnamed += 1;
                let name = format!("#{}", self.unnamed);
                self.unnamed_type(&name, child)?;
                return Ok(name);
            }
        }
        Ok("xs:string".to_owned())
    }

    fn reference(&mut self, name: QName) -> Result<String> {
        let printed = self.schema.print(&name);
        if printed.starts_with('?') {
            bail!("a namespace without a prefix: {name:?}");
        }
        if name.0 != XSD {
            self.open.push(Open::Type(name));
        }
        Ok(printed)
    }

    fn named_type(&mut self, name: &QName) -> Result<()> {
        if !self.seen.insert(("type".to_owned(), name.clone())) {
            return Ok(());
        }
        let complex = self.schema.find("complexType", name);
        let node = match complex {
            Some(node) => node,
            None => self.schema.get("simpleType", name)?,
        };
        let printed = self.schema.print(name);
        self.unnamed_type(&printed, node)
    }

    fn unnamed_type(&mut self, name: &str, node: Node<'a, 'a>) -> Result<()> {
        if local(node) == "simpleType" {
            return self.simple(name, node);
        }
        let complex = self.complex(node, 0)?;
        let content = match (&complex.text, complex.is_mixed) {
            (Some(_), _) => "text",
            (None, true) => "mixed",
            (None, false) => "elements",
        };
        let text = complex.text.as_deref().unwrap_or("-");
        let model = complex.model.join(" ");
        let model = if model.is_empty() { "-" } else { &model };
        let mut line = format!("complex\t{name}\t{content}\t{text}\t{model}");
        for attribute in &complex.attributes {
            write!(line, "\t{attribute}")?;
        }
        self.line("complex", name, line);
        Ok(())
    }

    fn simple(&mut self, name: &str, node: Node<'a, 'a>) -> Result<()> {
        if let Some(union) = children(node, "union").next() {
            let mut members = Vec::new();
            for member in union
                .attribute("memberTypes")
                .unwrap_or_default()
                .split(' ')
            {
                if !member.is_empty() {
                    let member = resolve(union, member)?;
                    members.push(self.reference(member)?);
                }
            }
            for child in children(union, "simpleType") {
                self.unnamed += 1;
                let member = format!("#{}", self.unnamed);
                self.simple(&member, child)?;
                members.push(member);
            }
            let members = members.join("\t");
            self.line("union", name, format!("union\t{name}\t{members}"));
            return Ok(());
        }
        let restriction = children(node, "restriction").next();
        let restriction = restriction.context("a simple type of a kind not understood")?;
        let base = resolve(
            restriction,
            restriction.attribute("base").unwrap_or_default(),
        )?;
        let mut line = format!("simple\t{name}\t{}", self.reference(base)?);
        for facet in restriction.children().filter(Node::is_element) {
            let value = facet.attribute("value").unwrap_or_default();
            match local(facet) {
                "enumeration" => write!(line, "\t={value}")?,
                "pattern" => write!(line, "\t~{value}")?,
                "annotation" => {}
                bound => write!(line, "\t{bound} {value}")?,
            }
        }
        self.line("simple", name, line);
        Ok(())
    }

    fn complex(&mut self, node: Node<'a, 'a>, depth: usize) -> Result<Complex> {
        if depth > 8 {
            bail!("types extend one another too deep");
        }
        let mut complex = Complex {
            is_mixed: node.attribute("mixed") == Some("true"),
            ..Complex::default()
        };
        for child in node.children().filter(Node::is_element) {
            match local(child) {
                "simpleContent" => {
                    let base = self.derived(child, &mut complex)?;
                    complex.text = Some(self.reference(base)?);
                }
                "complexContent" => {
                    complex.is_mixed |= child.attribute("mixed") == Some("true");
                    self.extended(child, &mut complex, depth)?;
                }
                _ => self.content(child, &mut complex)?,
            }
        }
        Ok(complex)
    }

    fn extended(&mut self, node: Node<'a, 'a>, complex: &mut Complex, depth: usize) -> Result<()> {
        let mut own = Complex::default();
        let base = self.derived(node, &mut own)?;
        if base.0 != XSD {
            let base = self.schema.get("complexType", &base)?;
            let base = self.complex(base, depth + 1)?;
            complex.is_mixed |= base.is_mixed;
            complex.model.extend(base.model);
            complex.attributes.extend(base.attributes);
        }
        complex.model.extend(own.model);
        complex.attributes.extend(own.attributes);
        Ok(())
    }

    /// Reads the one `extension` or `restriction` within, and answers its base.
    fn derived(&mut self, node: Node<'a, 'a>, complex: &mut Complex) -> Result<QName> {
        let inner = node
            .children()
            .find(|child| matches!(local(*child), "extension" | "restriction"))
            .context("content without an extension or restriction")?;
        let base = resolve(inner, inner.attribute("base").unwrap_or_default())?;
        if local(inner) == "restriction" && base != (XSD.to_owned(), "anyType".to_owned()) {
            bail!("a restriction that is not understood: {base:?}");
        }
        for child in inner.children().filter(Node::is_element) {
            self.content(child, complex)?;
        }
        Ok(base)
    }

    fn content(&mut self, node: Node<'a, 'a>, complex: &mut Complex) -> Result<()> {
        match local(node) {
            "annotation" => {}
            "sequence" | "choice" | "group" => {
                let mut found = Found::default();
                let model = particle(self.schema, node, &mut found, 0)?;
                if !model.is_empty() {
                    complex.model.push(model);
                }
                self.open
                    .extend(found.elements.into_iter().map(Open::Element));
                for name in found.types {
                    self.reference(name)?;
                }
                for (name, at) in found.unnamed {
                    for child in at.children().filter(Node::is_element) {
                        if matches!(local(child), "complexType" | "simpleType") {
                            self.unnamed_type(&name, child)?;
                        }
                    }
                }
            }
            "attribute" => {
                let attribute = self.attribute(node)?;
                complex.attributes.push(attribute);
            }
            "attributeGroup" => {
                let name = resolve(node, node.attribute("ref").unwrap_or_default())?;
                for child in self.schema.get("attributeGroup", &name)?.children() {
                    if child.is_element() {
                        self.content(child, complex)?;
                    }
                }
            }
            other => bail!("not understood in a type: {other}"),
        }
        Ok(())
    }

    /// `name type use`, where use is `!` (required), `?`, or `=` and the one value it may have.
    fn attribute(&mut self, node: Node<'a, 'a>) -> Result<String> {
        let (name, definition) = match node.attribute("ref") {
            Some(reference) => {
                let name = resolve(node, reference)?;
                (
                    self.schema.print(&name),
                    self.schema.get("attribute", &name)?,
                )
            }
            None => (node.attribute("name").unwrap_or_default().to_owned(), node),
        };
        let of_type = self.type_of(definition)?;
        let fixed = node.attribute("fixed").or(definition.attribute("fixed"));
        let needed = match (node.attribute("use"), fixed) {
            (_, Some(value)) => format!("={value}"),
            (Some("required"), None) => "!".to_owned(),
            (_, None) => "?".to_owned(),
        };
        Ok(format!("{name} {of_type} {needed}"))
    }
}

fn children<'a>(node: Node<'a, 'a>, name: &'static str) -> impl Iterator<Item = Node<'a, 'a>> {
    node.children()
        .filter(move |child| child.is_element() && local(*child) == name)
}

/// Selectors are steps to elements of the schema's own namespace.
fn without_prefix(step: &str) -> &str {
    step.split_once(':').map_or(step, |(_, name)| name)
}
