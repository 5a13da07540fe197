//! The rules of CDISC's XML Schemas as tables, loaded once from the generated text
//! (`cargo xtask gen`, docs/decisions/0034-odm-documents.md).

mod lexical;
mod matching;
mod model;
mod simple;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use super::Version;
use super::tree::{Name, Space};

pub(super) use lexical::is_nc_name as is_name;
pub(super) use matching::matched;
use model::Particle;
use simple::Simple;

const ODM1: &str = include_str!("generated/odm1.txt");
const ODM2: &str = include_str!("generated/odm2.txt");

/// The namespace that the prefix `xml` means.
pub(super) const XML: &str = "http://www.w3.org/XML/1998/namespace";

/// What stands in an element.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Content {
    /// Elements only; white space between them means nothing.
    Elements,
    /// Text and elements.
    Mixed,
    /// A value of this simple type.
    Text(&'static str),
}

/// How an attribute is needed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Need {
    Required,
    Optional,
    Fixed(&'static str),
}

pub(super) struct AttributeRule {
    pub(super) name: &'static str,
    pub(super) of_type: &'static str,
    pub(super) need: Need,
}

pub(super) struct Complex {
    pub(super) content: Content,
    pub(super) model: Particle,
    /// The children that the model names, in its order: name, and whether it stands once at most.
    children: Vec<(&'static str, bool)>,
    pub(super) attributes: Vec<AttributeRule>,
}

/// Of the elements that the selector finds, no two have the same values in all fields.
pub(super) struct Unique {
    /// `*` or names, outermost first.
    pub(super) steps: Vec<&'static str>,
    pub(super) fields: Vec<&'static str>,
}

/// The schema of one version.
pub(super) struct Tables {
    /// Prefix and namespace of what the schema knows beside ODM.
    pub(super) spaces: Vec<(&'static str, &'static str)>,
    elements: BTreeMap<&'static str, &'static str>,
    complexes: BTreeMap<&'static str, Complex>,
    simples: BTreeMap<&'static str, Simple>,
    uniques: BTreeMap<&'static str, Vec<Unique>>,
    words: BTreeSet<&'static str>,
}

/// The schema of a version.
pub(super) fn tables(version: Version) -> &'static Tables {
    static V1: OnceLock<Tables> = OnceLock::new();
    static V2: OnceLock<Tables> = OnceLock::new();
    match version {
        Version::V1 => V1.get_or_init(|| Tables::load(ODM1)),
        Version::V2 => V2.get_or_init(|| Tables::load(ODM2)),
    }
}

impl Tables {
    fn load(text: &'static str) -> Self {
        let mut tables = Self {
            spaces: Vec::new(),
            elements: BTreeMap::new(),
            complexes: BTreeMap::new(),
            simples: BTreeMap::new(),
            uniques: BTreeMap::new(),
            words: BTreeSet::new(),
        };
        for line in text.lines() {
            tables.line(&line.split('\t').collect::<Vec<_>>());
        }
        tables
    }

    fn line(&mut self, columns: &[&'static str]) {
        match columns {
            ["ns", prefix, uri] if !prefix.is_empty() => self.spaces.push((prefix, uri)),
            ["element", name, of_type] => {
                self.words.insert(name);
                self.elements.insert(name, of_type);
            }
            ["complex", name, content, text, model, attributes @ ..] => {
                let content = match *content {
                    "text" => Content::Text(text),
                    "mixed" => Content::Mixed,
                    _ => Content::Elements,
                };
                let attributes: Vec<AttributeRule> =
                    attributes.iter().filter_map(|one| attribute(one)).collect();
                self.words.extend(attributes.iter().map(|one| one.name));
                let model = model::read(model);
                let complex = Complex {
                    content,
                    children: children(&model),
                    model,
                    attributes,
                };
                self.complexes.insert(name, complex);
            }
            ["simple", name, base, facets @ ..] => {
                self.simples.insert(name, simple::restriction(base, facets));
            }
            ["union", name, members @ ..] => {
                self.simples.insert(name, Simple::Union(members.to_vec()));
            }
            ["unique", element, selector, fields] => {
                let unique = Unique {
                    steps: selector.split('/').collect(),
                    fields: fields
                        .split(' ')
                        .map(|one| one.trim_start_matches('@'))
                        .collect(),
                };
                self.uniques.entry(element).or_default().push(unique);
            }
            _ => {}
        }
    }

    /// The name of an element as the tables write it; `None` in a namespace that is not theirs.
    pub(super) fn key<'n>(&self, name: &'n Name) -> Option<Cow<'n, str>> {
        match &name.space {
            Space::Odm => Some(Cow::Borrowed(&name.local)),
            Space::Bare => None,
            Space::Other(uri) => self.prefixed(uri, &name.local).map(Cow::Owned),
        }
    }

    /// As [`Self::key`], of an attribute.
    pub(super) fn attribute_key<'n>(&self, name: &'n Name) -> Option<Cow<'n, str>> {
        match &name.space {
            Space::Bare => Some(Cow::Borrowed(&name.local)),
            Space::Odm => None,
            Space::Other(uri) => self.prefixed(uri, &name.local).map(Cow::Owned),
        }
    }

    fn prefixed(&self, uri: &str, local: &str) -> Option<String> {
        let (prefix, _) = self.spaces.iter().find(|(_, known)| *known == uri)?;
        Some(format!("{prefix}:{local}"))
    }

    /// The type of an element that is defined at the top of the schema.
    pub(super) fn type_of(&self, key: &str) -> Option<&'static str> {
        self.elements.get(key).copied()
    }

    pub(super) fn complex(&self, of_type: &str) -> Option<&Complex> {
        self.complexes.get(of_type)
    }

    /// The type of an attribute of an element that is defined at the top.
    pub(super) fn attribute_type(&self, element: &Name, attribute: &str) -> Option<&'static str> {
        let complex = self.complex(self.type_of(&self.key(element)?)?)?;
        let mut rules = complex.attributes.iter();
        let rule = rules.find(|rule| rule.name == attribute)?;
        Some(rule.of_type)
    }

    pub(super) fn uniques(&self, key: &str) -> &[Unique] {
        self.uniques.get(key).map_or(&[], Vec::as_slice)
    }

    /// What stands in an element of this name; `None` where the schema does not know it.
    pub(super) fn content(&self, name: &Name) -> Option<Content> {
        let of_type = self.type_of(&self.key(name)?)?;
        let complex = self.complex(of_type);
        Some(complex.map_or(Content::Text(of_type), |complex| complex.content))
    }

    /// A word of the schema, so that it is not stored anew for each element.
    pub(super) fn word(&self, text: &str) -> Option<&'static str> {
        self.words.get(text).copied()
    }
}

impl Complex {
    /// Where in the order of the model a child of this name stands; last, if it names it not.
    pub(super) fn rank(&self, child: Option<&str>) -> usize {
        let mut children = self.children.iter();
        let found = children.position(|(known, _)| Some(*known) == child);
        found.unwrap_or(self.children.len())
    }

    /// True where at most one child of this name may stand.
    pub(super) fn is_single(&self, child: &str) -> bool {
        let mut children = self.children.iter();
        children.any(|(known, is_single)| *known == child && *is_single)
    }
}

fn children(model: &Particle) -> Vec<(&'static str, bool)> {
    let mut children: Vec<(&'static str, bool)> = Vec::new();
    for (name, _) in model.names() {
        if children.iter().all(|(known, _)| *known != name) {
            children.push((name, matching::is_single(model, name)));
        }
    }
    children
}

/// `name type use`.
fn attribute(text: &'static str) -> Option<AttributeRule> {
    let mut words = text.splitn(3, ' ');
    let (name, of_type, need) = (words.next()?, words.next()?, words.next()?);
    let need = match need {
        "!" => Need::Required,
        "?" => Need::Optional,
        value => Need::Fixed(value.trim_start_matches('=')),
    };
    Some(AttributeRule {
        name,
        of_type,
        need,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A table that names what it does not define would pass everything.
    #[test]
    fn what_the_tables_name_they_define() {
        for version in [Version::V1, Version::V2] {
            let tables = tables(version);
            assert!(tables.elements.len() > 100, "{version:?}");
            let is_type = |name: &str| {
                name.starts_with("xs:")
                    || tables.complexes.contains_key(name)
                    || tables.simples.contains_key(name)
            };
            for of_type in tables.elements.values() {
                assert!(is_type(of_type), "{of_type}");
            }
            for (name, complex) in &tables.complexes {
                for attribute in &complex.attributes {
                    assert!(is_type(attribute.of_type), "{name}: {}", attribute.of_type);
                }
                for (child, of_type) in complex.model.names() {
                    let is_known = of_type.map_or_else(|| tables.type_of(child).is_some(), is_type);
                    assert!(is_known, "{name}: {child}");
                }
            }
            for simple in tables.simples.values() {
                for used in simple.uses() {
                    assert!(is_type(used) && (!used.starts_with("xs:") || lexical::is_known(used)));
                }
            }
        }
    }
}
