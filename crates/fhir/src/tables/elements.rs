//! Types and their elements, choices expanded and inherited elements included.

use std::collections::BTreeMap;

/// A type: a resource, a data type or a nested element.
pub(crate) struct Type {
    /// `Patient`, `HumanName`, `Patient.contact`.
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    /// All elements, sorted by their JSON name.
    pub(crate) elements: Vec<Element>,
    /// Where the elements with a minimum are; for a choice all alternatives.
    pub(crate) required: Vec<Required>,
}

/// An element, or all alternatives of a choice, of which one must be present.
pub(crate) struct Required {
    /// Name without `[x]`.
    pub(crate) stem: &'static str,
    /// Indexes into [`Type::elements`].
    pub(crate) any_of: Vec<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Resource,
    Abstract,
    Complex,
}

/// One element under its JSON name (`valueQuantity`).
#[derive(Clone)]
pub(crate) struct Element {
    pub(crate) name: &'static str,
    /// FHIRPath name (`value`).
    pub(crate) stem: &'static str,
    pub(crate) shape: Shape,
    pub(crate) many: bool,
    pub(crate) min: u8,
    pub(crate) summary: bool,
    pub(crate) choice: bool,
    /// Number of the value set of a required binding.
    pub(crate) code_set: Option<usize>,
    /// Resource types a Reference may point at; empty: any.
    pub(crate) targets: Vec<&'static str>,
}

/// What an element holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    Primitive(Primitive),
    /// A type number.
    Complex(usize),
    /// Any resource.
    Resource,
}

/// The primitive types. FHIR R4 2.24.0.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Primitive {
    Base64Binary,
    Boolean,
    Canonical,
    Code,
    Date,
    DateTime,
    Decimal,
    Id,
    Instant,
    Integer,
    Markdown,
    Oid,
    PositiveInt,
    String,
    Time,
    UnsignedInt,
    Uri,
    Url,
    Uuid,
    Xhtml,
}

impl Primitive {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "base64Binary" => Self::Base64Binary,
            "boolean" => Self::Boolean,
            "canonical" => Self::Canonical,
            "code" => Self::Code,
            "date" => Self::Date,
            "dateTime" => Self::DateTime,
            "decimal" => Self::Decimal,
            "id" => Self::Id,
            "instant" => Self::Instant,
            "integer" => Self::Integer,
            "markdown" => Self::Markdown,
            "oid" => Self::Oid,
            "positiveInt" => Self::PositiveInt,
            "string" => Self::String,
            "time" => Self::Time,
            "unsignedInt" => Self::UnsignedInt,
            "uri" => Self::Uri,
            "url" => Self::Url,
            "uuid" => Self::Uuid,
            "xhtml" => Self::Xhtml,
            _ => return None,
        })
    }
}

impl Type {
    /// The element of that JSON name.
    pub(crate) fn element(&self, name: &str) -> Option<&Element> {
        let at = self
            .elements
            .binary_search_by(|one| one.name.cmp(name))
            .ok()?;
        Some(&self.elements[at])
    }
}

/// A type as it stands in the text.
struct Draft {
    name: &'static str,
    base: &'static str,
    kind: Kind,
    lines: Vec<&'static str>,
}

/// Reads `elements.txt`.
pub(super) fn load(text: &'static str) -> (Vec<Type>, BTreeMap<&'static str, usize>) {
    let drafts = read_drafts(text);
    let by_name: BTreeMap<&'static str, usize> = drafts
        .iter()
        .enumerate()
        .map(|(number, one)| (one.name, number))
        .collect();
    let types = drafts
        .iter()
        .map(|draft| build(draft, &drafts, &by_name))
        .collect();
    (types, by_name)
}

fn read_drafts(text: &'static str) -> Vec<Draft> {
    let mut drafts: Vec<Draft> = Vec::new();
    for line in text.lines() {
        if let Some(element) = line.strip_prefix(' ') {
            if let Some(draft) = drafts.last_mut() {
                draft.lines.push(element);
            }
        } else if let Some((names, kind)) = line.split_once(' ') {
            let (name, base) = names.split_once(':').unwrap_or((names, ""));
            let kind = match kind {
                "r" => Kind::Resource,
                "a" => Kind::Abstract,
                _ => Kind::Complex,
            };
            drafts.push(Draft {
                name,
                base,
                kind,
                lines: Vec::new(),
            });
        }
    }
    drafts
}

fn build(draft: &Draft, drafts: &[Draft], by_name: &BTreeMap<&'static str, usize>) -> Type {
    let mut elements = Vec::new();
    let mut level = Some(draft);
    while let Some(one) = level {
        for line in &one.lines {
            read_element(line, by_name, &mut elements);
        }
        level = by_name.get(one.base).map(|&number| &drafts[number]);
    }
    elements.sort_by_key(|element: &Element| element.name);
    let mut groups: BTreeMap<&'static str, Vec<usize>> = BTreeMap::new();
    for (at, element) in elements.iter().enumerate().filter(|(_, one)| one.min > 0) {
        groups.entry(element.stem).or_default().push(at);
    }
    let required = groups
        .into_iter()
        .map(|(stem, any_of)| Required { stem, any_of })
        .collect();
    Type {
        name: draft.name,
        kind: draft.kind,
        elements,
        required,
    }
}

/// ` gender code 01 s =17`.
fn read_element(
    line: &'static str,
    by_name: &BTreeMap<&'static str, usize>,
    elements: &mut Vec<Element>,
) {
    let mut words = line.split(' ');
    let (Some(name), Some(types), Some(card)) = (words.next(), words.next(), words.next()) else {
        return;
    };
    let (mut summary, mut code_set) = (false, None);
    for flag in words {
        match flag.strip_prefix('=') {
            Some(number) => code_set = number.parse().ok(),
            None => summary |= flag == "s",
        }
    }
    let stem = name.strip_suffix("[x]").unwrap_or(name);
    let choice = stem.len() != name.len();
    for one in types.split('|') {
        let (type_name, targets) = match one.split_once('(') {
            Some((type_name, targets)) => (
                type_name,
                targets.trim_end_matches(')').split(',').collect(),
            ),
            None => (one, Vec::new()),
        };
        elements.push(Element {
            name: if choice {
                choice_name(stem, type_name)
            } else {
                stem
            },
            stem,
            shape: shape(type_name, by_name),
            many: card.ends_with('*'),
            min: card
                .as_bytes()
                .first()
                .map_or(0, |digit| digit.saturating_sub(b'0')),
            summary,
            choice,
            code_set,
            targets,
        });
    }
}

fn shape(type_name: &str, by_name: &BTreeMap<&'static str, usize>) -> Shape {
    if let Some(primitive) = Primitive::named(type_name) {
        return Shape::Primitive(primitive);
    }
    match by_name.get(type_name) {
        Some(&number) if type_name != "Resource" => Shape::Complex(number),
        _ => Shape::Resource,
    }
}

/// `value` and `dateTime` make `valueDateTime`. Leaked once, when the tables load.
fn choice_name(stem: &str, type_name: &str) -> &'static str {
    let (first, rest) = type_name.split_at(1);
    let name = format!("{stem}{}{rest}", first.to_ascii_uppercase());
    Box::leak(name.into_boxed_str())
}
