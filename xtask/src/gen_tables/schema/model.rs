//! Content models in a compact form: `A? (B|C=type)* D{1,3}`.

use anyhow::{Result, bail};
use roxmltree::Node;

use super::xsd::{QName, Schema, local, resolve, target};

/// Groups stand in one another at most so deep.
const DEPTH_MAX: usize = 16;

/// What a content model names.
#[derive(Default)]
pub(super) struct Found<'a> {
    /// Elements defined at the top.
    pub(super) elements: Vec<QName>,
    /// Types of elements that are defined where they stand.
    pub(super) types: Vec<QName>,
    /// Such elements whose type has no name: the name it gets, and where it stands.
    pub(super) unnamed: Vec<(String, Node<'a, 'a>)>,
}

/// The model of a sequence, choice, group or element; empty where nothing may stand there.
pub(super) fn particle<'a>(
    schema: &Schema<'a>,
    node: Node<'a, 'a>,
    found: &mut Found<'a>,
    depth: usize,
) -> Result<String> {
    if depth > DEPTH_MAX {
        bail!("groups are nested too deep");
    }
    let inner = match local(node) {
        "element" => element(schema, node, found)?,
        "any" => wildcard(schema, node)?,
        "sequence" => compositor(schema, node, found, depth, " ")?,
        "choice" => compositor(schema, node, found, depth, "|")?,
        "group" => {
            let name = resolve(node, node.attribute("ref").unwrap_or_default())?;
            let group = schema.get("group", &name)?;
            let mut inner = String::new();
            for child in group.children().filter(Node::is_element) {
                if local(child) != "annotation" {
                    inner = particle(schema, child, found, depth + 1)?;
                }
            }
            inner
        }
        other => bail!("not understood in a content model: {other}"),
    };
    if inner.is_empty() {
        return Ok(inner);
    }
    let occurrence = occurrence(node)?;
    let is_plain = !inner.contains([' ', '|']) || is_one_group(&inner);
    let is_counted = inner.ends_with(['?', '*', '+', '}']);
    Ok(match occurrence.as_str() {
        "" => inner,
        _ if is_plain && !is_counted => format!("{inner}{occurrence}"),
        _ => format!("({inner}){occurrence}"),
    })
}

/// `(...)` whose first bracket is closed by its last.
fn is_one_group(text: &str) -> bool {
    let mut depth = 0_usize;
    for (at, char) in text.char_indices() {
        match char {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 && at + 1 < text.len() {
            return false;
        }
    }
    text.starts_with('(')
}

fn compositor<'a>(
    schema: &Schema<'a>,
    node: Node<'a, 'a>,
    found: &mut Found<'a>,
    depth: usize,
    separator: &str,
) -> Result<String> {
    let mut parts = Vec::new();
    for child in node.children().filter(Node::is_element) {
        if local(child) == "annotation" {
            continue;
        }
        let part = particle(schema, child, found, depth + 1)?;
        if !part.is_empty() {
            let is_mixed = separator == "|" && part.contains(' ') && !is_one_group(&part);
            parts.push(if is_mixed { format!("({part})") } else { part });
        }
    }
    Ok(match parts.as_slice() {
        [] => String::new(),
        [one] => one.clone(),
        _ if separator == "|" => format!("({})", parts.join(separator)),
        _ => parts.join(separator),
    })
}

fn element<'a>(schema: &Schema<'a>, node: Node<'a, 'a>, found: &mut Found<'a>) -> Result<String> {
    if let Some(reference) = node.attribute("ref") {
        let name = resolve(node, reference)?;
        let printed = schema.print(&name);
        found.elements.push(name);
        return Ok(printed);
    }
    let name = (
        target(node),
        node.attribute("name").unwrap_or_default().to_owned(),
    );
    let of_type = if let Some(of_type) = node.attribute("type") {
        let of_type = resolve(node, of_type)?;
        let printed = schema.print(&of_type);
        found.types.push(of_type);
        printed
    } else {
        let of_type = format!("#{}", schema.print(&name));
        found.unnamed.push((of_type.clone(), node));
        of_type
    };
    Ok(format!("{}={of_type}", schema.print(&name)))
}

/// `#any`, or `#other=` and the prefix of the namespace that is left out.
fn wildcard(schema: &Schema<'_>, node: Node<'_, '_>) -> Result<String> {
    match node.attribute("namespace") {
        None | Some("##any") => Ok("#any".to_owned()),
        Some("##other") => {
            let printed = schema.print(&(target(node), "x".to_owned()));
            let prefix = printed.trim_end_matches('x').trim_end_matches(':');
            Ok(format!("#other={prefix}"))
        }
        Some(other) => bail!("a wildcard that is not understood: {other}"),
    }
}

fn occurrence(node: Node<'_, '_>) -> Result<String> {
    let least: usize = node.attribute("minOccurs").unwrap_or("1").parse()?;
    let most = node.attribute("maxOccurs").unwrap_or("1");
    Ok(match (least, most) {
        (1, "1") => String::new(),
        (0, "1") => "?".to_owned(),
        (0, "unbounded") => "*".to_owned(),
        (1, "unbounded") => "+".to_owned(),
        (least, "unbounded") => format!("{{{least},}}"),
        (least, most) => format!("{{{least},{most}}}"),
    })
}
