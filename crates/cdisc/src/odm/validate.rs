//! A document against the schema of its version: names, order and number of elements, attributes,
//! types, listed values, keys, and references to `ID`s.
//!
//! Elements and attributes in a namespace that the schema does not know are extensions of
//! vendors. The specification lets them stand (ODM 1.3.2 2.4, 2.0 2.4) and the schema, as
//! published, does not: they are kept and told as warnings.

mod keys;

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::collections::btree_map::{BTreeMap, Entry};

use super::Odm;
use super::error::{Issue, Place};
use super::schema::{AttributeRule, Complex, Content, Need, Tables, matched, tables};
use super::tree::{Attribute, Element, Name, Node, Space};

/// Attributes of XML Schema in a document say where a schema is, and may stand anywhere.
const XSI: &str = "http://www.w3.org/2001/XMLSchema-instance";

/// What was found.
#[derive(Default)]
pub(super) struct Judgement {
    /// Not allowed.
    pub(super) issues: Vec<Issue>,
    /// Kept, and not understood.
    pub(super) extensions: Vec<Issue>,
}

/// Judges a whole document.
pub(super) fn judge(odm: &Odm) -> Judgement {
    let mut judge = Judge {
        tables: tables(odm.version),
        most: odm.issues_max,
        found: Judgement::default(),
        ids: BTreeSet::new(),
        references: BTreeMap::new(),
        extensions: BTreeMap::new(),
    };
    let key = judge.tables.key(&odm.root.name);
    match key.and_then(|key| judge.tables.type_of(&key)) {
        Some(of_type) if odm.root.name.space == Space::Odm => judge.element(&odm.root, of_type),
        _ => judge.refuse(&odm.root.place, "the root is no element of ODM".to_owned()),
    }
    let references = std::mem::take(&mut judge.references);
    for (id, places) in references {
        if !judge.ids.contains(id) {
            for place in places {
                judge.refuse(
                    &place,
                    "refers to an ID that no element here has".to_owned(),
                );
            }
        }
    }
    for ((what, name), (at, count)) in std::mem::take(&mut judge.extensions) {
        let times = match count {
            1 => String::new(),
            count => format!(", {count} times"),
        };
        let name = &name.local;
        let reason = format!("{what} `{name}` of a vendor: kept, not understood{times}");
        judge.found.extensions.push(Issue { at, reason });
    }
    // A parent is judged before its children; an XML text is read from the top.
    judge.found.issues.sort_by(by_line);
    judge.found.extensions.sort_by(by_line);
    judge.found
}

fn by_line(a: &Issue, b: &Issue) -> Ordering {
    match (&a.at, &b.at) {
        (Place::Line { .. }, Place::Line { .. }) => a.at.cmp(&b.at),
        _ => Ordering::Equal,
    }
}

struct Judge<'d> {
    tables: &'static Tables,
    most: usize,
    found: Judgement,
    ids: BTreeSet<&'d str>,
    references: BTreeMap<&'d str, Vec<Place>>,
    /// By kind and name: the first place, and how often.
    extensions: BTreeMap<(&'static str, &'d Name), (Place, usize)>,
}

impl<'d> Judge<'d> {
    fn refuse(&mut self, at: &Place, reason: String) {
        if self.found.issues.len() < self.most {
            let at = at.clone();
            self.found.issues.push(Issue { at, reason });
        }
    }

    /// One warning for all of a name: a vendor's attribute may stand in each element.
    fn extension(&mut self, at: &Place, what: &'static str, name: &'d Name) {
        let is_full = self.extensions.len() >= self.most;
        match self.extensions.entry((what, name)) {
            Entry::Occupied(mut known) => known.get_mut().1 += 1,
            Entry::Vacant(_) if is_full => {}
            Entry::Vacant(free) => {
                free.insert((at.clone(), 1));
            }
        }
    }

    fn element(&mut self, element: &'d Element, of_type: &'static str) {
        let tables = self.tables;
        let Some(complex) = tables.complex(of_type) else {
            self.simple(element, of_type);
            return;
        };
        self.attributes(element, complex);
        match complex.content {
            Content::Text(of_type) => self.text(element, of_type),
            Content::Elements => {
                if element.has_text() {
                    let reason = format!("text may not stand in `{}`", element.name.local);
                    self.refuse(&element.place, reason);
                }
                self.children(element, complex);
            }
            Content::Mixed => self.children(element, complex),
        }
        if let Some(key) = tables.key(&element.name) {
            for unique in tables.uniques(&key) {
                for (at, reason) in keys::repeated(tables, element, unique) {
                    self.refuse(&at, reason);
                }
            }
        }
    }

    fn simple(&mut self, element: &'d Element, of_type: &'static str) {
        if let Some(attribute) = element.attributes.first() {
            let reason = format!("attribute `{}` may not stand here", attribute.name.local);
            self.refuse(&attribute_place(element, attribute), reason);
        }
        self.text(element, of_type);
    }

    fn text(&mut self, element: &'d Element, of_type: &'static str) {
        for child in element.elements() {
            if self.tables.key(&child.name).is_some() {
                let reason = format!("no element may stand in `{}`", element.name.local);
                self.refuse(&child.place, reason);
            } else {
                self.extension(&child.place, "element", &child.name);
            }
        }
        let text = match element.nodes.as_slice() {
            [Node::Text(text)] => std::borrow::Cow::Borrowed(text.as_str()),
            _ => std::borrow::Cow::Owned(element.text()),
        };
        if let Some(fault) = self.tables.fault(of_type, &text) {
            let reason = format!("the text of `{}`: {fault}", element.name.local);
            self.refuse(&element.place, reason);
        }
    }

    fn children(&mut self, element: &'d Element, complex: &Complex) {
        let has_wildcard = complex.model.has_wildcard();
        let mut known = Vec::new();
        for child in element.elements() {
            match self.tables.key(&child.name) {
                Some(key) => known.push((child, Some(key))),
                None if has_wildcard => known.push((child, None)),
                None => self.extension(&child.place, "element", &child.name),
            }
        }
        let names: Vec<Option<&str>> = known.iter().map(|(_, key)| key.as_deref()).collect();
        let matched = matched(&complex.model, &names);
        if let Some((at, expected)) = matched.misfit {
            let parent = &element.name.local;
            let expected = one_of(&expected);
            if let Some((child, _)) = known.get(at) {
                let name = &child.name.local;
                let reason = format!("`{name}` may not stand here in `{parent}`; {expected}");
                self.refuse(&child.place, reason);
            } else {
                let reason = format!("`{parent}` ends too early; {expected}");
                self.refuse(&element.place, reason);
            }
        }
        for ((child, key), of_type) in known.iter().zip(matched.types) {
            let global = || key.as_deref().and_then(|key| self.tables.type_of(key));
            if let Some(of_type) = of_type.or_else(global) {
                self.element(child, of_type);
            }
        }
    }

    fn attributes(&mut self, element: &'d Element, complex: &'static Complex) {
        let mut present: Vec<&str> = Vec::new();
        for attribute in &element.attributes {
            let place = attribute_place(element, attribute);
            let Some(key) = self.tables.attribute_key(&attribute.name) else {
                self.foreign_attribute(attribute, &place);
                continue;
            };
            let Some(rule) = complex.attributes.iter().find(|rule| rule.name == key) else {
                let reason = format!(
                    "attribute `{key}` may not stand in `{}`",
                    element.name.local
                );
                self.refuse(&place, reason);
                continue;
            };
            if present.contains(&rule.name) {
                self.refuse(&place, format!("attribute `{key}` stands twice"));
            }
            present.push(rule.name);
            self.value(attribute, rule, &place);
        }
        for rule in &complex.attributes {
            if rule.need == Need::Required && !present.contains(&rule.name) {
                let (name, parent) = (rule.name, &element.name.local);
                let reason = format!("attribute `{name}` is missing in `{parent}`");
                self.refuse(&element.place, reason);
            }
        }
    }

    fn foreign_attribute(&mut self, attribute: &'d Attribute, place: &Place) {
        let local = &attribute.name.local;
        match &attribute.name.space {
            Space::Other(uri) if &**uri == XSI => {
                if !matches!(&**local, "schemaLocation" | "noNamespaceSchemaLocation") {
                    self.refuse(
                        place,
                        format!("`xsi:{local}` is not supported: take it out"),
                    );
                }
            }
            Space::Other(_) => self.extension(place, "attribute", &attribute.name),
            Space::Odm | Space::Bare => {
                let reason = format!("attribute `{local}` must have no prefix");
                self.refuse(place, reason);
            }
        }
    }

    fn value(&mut self, attribute: &'d Attribute, rule: &'static AttributeRule, place: &Place) {
        let value = attribute.value.as_str();
        if let Some(fault) = self.tables.fault(rule.of_type, value) {
            self.refuse(place, format!("attribute `{}`: {fault}", rule.name));
            return;
        }
        if let Need::Fixed(only) = rule.need
            && value != only
        {
            self.refuse(place, format!("attribute `{}` must be {only}", rule.name));
        }
        match self.tables.builtin(rule.of_type) {
            // XML Schema part 2, 3.3.8 to 3.3.10.
            Some("xs:ID") if !self.ids.insert(value.trim()) => {
                let reason = format!("attribute `{}`: an ID that stands twice", rule.name);
                self.refuse(place, reason);
            }
            Some("xs:IDREF" | "xs:IDREFS") => {
                for id in value.split_whitespace() {
                    self.references.entry(id).or_default().push(place.clone());
                }
            }
            _ => {}
        }
    }
}

/// An attribute stands where its element does; in JSON it has a place of its own.
fn attribute_place(element: &Element, attribute: &Attribute) -> Place {
    match &element.place {
        Place::Pointer(pointer) => Place::Pointer(format!("{pointer}/{}", attribute.name.local)),
        other => other.clone(),
    }
}

/// Most names that are told of what could have stood in a place.
const NAMES_MAX: usize = 8;

fn one_of(expected: &[&str]) -> String {
    let mut names: Vec<String> = Vec::new();
    for one in expected {
        let name = format!("`{one}`");
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let more = names.len().saturating_sub(NAMES_MAX);
    names.truncate(NAMES_MAX);
    match names.as_slice() {
        [] => "nothing more may follow".to_owned(),
        [one] => format!("expected: {one}"),
        names if more > 0 => format!("expected one of: {} and {more} more", names.join(", ")),
        names => format!("expected one of: {}", names.join(", ")),
    }
}
