//! Every place where a resource points at another one.

use serde_json::{Map, Value};

use crate::tables::{Primitive, Shape, Type, tables};
use crate::validate::is_id;

/// How a link is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// `Reference.reference`.
    Reference,
    /// An element of type uri, url, canonical, oid or uuid.
    Uri,
    /// `a/@href` or `img/@src` in the narrative.
    Narrative,
}

/// What a `Reference.reference` looks like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Form<'a> {
    /// `#id`; `#` alone is the containing resource.
    Contained(&'a str),
    /// `Patient/1` or `Patient/1/_history/2`.
    Relative {
        /// Resource type.
        type_: &'a str,
        /// Logical id.
        id: &'a str,
        /// Version, if one was given.
        version: Option<&'a str>,
    },
    /// `Patient?identifier=a|b` (only in transaction bundles).
    Conditional {
        /// Resource type.
        type_: &'a str,
        /// The query after the `?`.
        query: &'a str,
    },
    /// `urn:uuid:..`, `urn:oid:..`, `http://..`.
    Absolute(&'a str),
    /// None of these.
    Malformed,
}

/// Reads the form of a reference. FHIR R4 2.3.0.1.
pub fn form(reference: &str) -> Form<'_> {
    if let Some(id) = reference.strip_prefix('#') {
        return if id.is_empty() || is_id(id) {
            Form::Contained(id)
        } else {
            Form::Malformed
        };
    }
    if reference.contains(char::is_whitespace) {
        return Form::Malformed;
    }
    if let Some((type_, query)) = reference.split_once('?')
        && tables().resource_name(type_).is_some()
    {
        return Form::Conditional { type_, query };
    }
    if let Some(relative) = relative(reference) {
        return relative;
    }
    if is_absolute(reference) {
        Form::Absolute(reference)
    } else {
        Form::Malformed
    }
}

fn relative(reference: &str) -> Option<Form<'_>> {
    let mut parts = reference.split('/');
    let (type_, id) = (parts.next()?, parts.next()?);
    tables().resource_name(type_)?;
    let version = match (parts.next(), parts.next(), parts.next()) {
        (None, ..) => None,
        (Some("_history"), Some(version), None) if is_id(version) => Some(version),
        _ => return None,
    };
    is_id(id).then_some(Form::Relative { type_, id, version })
}

/// RFC 3986 3.1: a scheme, a colon and something.
fn is_absolute(reference: &str) -> bool {
    let Some((scheme, rest)) = reference.split_once(':') else {
        return false;
    };
    let mut letters = scheme.bytes();
    letters.next().is_some_and(|b| b.is_ascii_alphabetic())
        && letters.all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
        && !rest.is_empty()
}

/// Type, id and version at the end of an absolute url of a FHIR server.
pub(crate) fn absolute_tail(url: &str) -> Option<Form<'_>> {
    let (path, _) = url.split_once("/_history/").unwrap_or((url, ""));
    let (before_id, _) = path.rsplit_once('/')?;
    let at = before_id.rfind('/')? + 1;
    relative(&url[at..])
}

/// Calls `see` with each link of the resource, contained ones and nested ones included.
pub fn visit(resource: &Value, see: &mut dyn FnMut(Link, &str)) {
    let named = resource.get("resourceType").and_then(Value::as_str);
    if let Some(type_) = named.and_then(|name| tables().resource(name))
        && let Value::Object(map) = resource
    {
        visit_object(map, type_, see);
    }
}

fn visit_object(map: &Map<String, Value>, type_: &Type, see: &mut dyn FnMut(Link, &str)) {
    for (key, value) in map {
        let Some((shape, link)) = member(type_, key) else {
            continue;
        };
        for value in value
            .as_array()
            .map_or(std::slice::from_ref(value), Vec::as_slice)
        {
            match (shape, value) {
                (Shape::Complex(number), Value::Object(map)) => {
                    visit_object(map, &tables().types[number], see);
                }
                (Shape::Resource, nested) => visit(nested, see),
                (Shape::Primitive(_), Value::String(text)) => match link {
                    Some(Link::Narrative) => {
                        let mut from = 0;
                        while let Some((start, end)) = next_attribute(text, from) {
                            see(Link::Narrative, &text[start..end]);
                            from = end;
                        }
                    }
                    Some(link) => see(link, text),
                    None => {}
                },
                _ => {}
            }
        }
    }
}

/// What a JSON member holds: its shape, and the kind of link if it is one.
fn member(type_: &Type, key: &str) -> Option<(Shape, Option<Link>)> {
    let name = key.strip_prefix('_').unwrap_or(key);
    let element = type_.element(name)?;
    if name.len() != key.len() {
        // Beside a primitive are only extensions.
        return Some((Shape::Complex(tables().element_type()?), None));
    }
    let is_reference = type_.name == "Reference" && name == "reference";
    Some((element.shape, link_of(element.shape, is_reference)))
}

/// Replaces each link for which `replace` answers `Some`. FHIR R4 3.1.0.11.2.
///
/// A resource with a defect (unknown elements) is walked as far as it is known.
pub fn rewrite(resource: &mut Value, replace: &mut dyn FnMut(Link, &str) -> Option<String>) {
    let named = resource.get("resourceType").and_then(Value::as_str);
    if let Some(type_) = named.and_then(|name| tables().resource(name))
        && let Value::Object(map) = resource
    {
        rewrite_object(map, type_, replace);
    }
}

fn rewrite_object(
    map: &mut Map<String, Value>,
    type_: &Type,
    replace: &mut dyn FnMut(Link, &str) -> Option<String>,
) {
    for (key, value) in map.iter_mut() {
        let Some((shape, link)) = member(type_, key) else {
            continue;
        };
        match value {
            Value::Array(items) => {
                for item in items {
                    rewrite_value(item, shape, link, replace);
                }
            }
            one => rewrite_value(one, shape, link, replace),
        }
    }
}

fn link_of(shape: Shape, is_reference: bool) -> Option<Link> {
    match shape {
        _ if is_reference => Some(Link::Reference),
        Shape::Primitive(
            Primitive::Uri
            | Primitive::Url
            | Primitive::Canonical
            | Primitive::Oid
            | Primitive::Uuid,
        ) => Some(Link::Uri),
        Shape::Primitive(Primitive::Xhtml) => Some(Link::Narrative),
        _ => None,
    }
}

fn rewrite_value(
    value: &mut Value,
    shape: Shape,
    link: Option<Link>,
    replace: &mut dyn FnMut(Link, &str) -> Option<String>,
) {
    match (shape, value) {
        (Shape::Complex(number), Value::Object(map)) => {
            rewrite_object(map, &tables().types[number], replace);
        }
        (Shape::Resource, nested) => rewrite(nested, replace),
        (Shape::Primitive(_), Value::String(text)) => match link {
            Some(Link::Narrative) => rewrite_narrative(text, replace),
            Some(link) => {
                if let Some(new) = replace(link, text) {
                    *text = new;
                }
            }
            None => {}
        },
        _ => {}
    }
}

/// The values of `href` and `src`.
fn rewrite_narrative(text: &mut String, replace: &mut dyn FnMut(Link, &str) -> Option<String>) {
    let mut from = 0;
    while let Some((start, end)) = next_attribute(text, from) {
        from = end;
        if let Some(new) = replace(Link::Narrative, &text[start..end]) {
            // The new link stands in an attribute.
            let new = new
                .replace('&', "&amp;")
                .replace('<', "&lt;")
                .replace('"', "&quot;");
            let new = new.replace('\'', "&#39;");
            text.replace_range(start..end, &new);
            from = start + new.len();
        }
    }
}

/// Where the next value of `href` or `src` stands, at or after `from`.
fn next_attribute(text: &str, from: usize) -> Option<(usize, usize)> {
    let mut at = from;
    loop {
        let found = [" href=", " src="]
            .iter()
            .filter_map(|name| text[at..].find(name).map(|place| at + place + name.len()))
            .min()?;
        at = found;
        let quote = text[at..].chars().next()?;
        if quote == '"' || quote == '\'' {
            let start = at + 1;
            return Some((start, start + text[start..].find(quote)?));
        }
    }
}
