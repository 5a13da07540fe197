//! What a version of the metadata defines, by OID, and whether a value is as its item is defined.

mod range;
mod versions;

use std::collections::{BTreeMap, BTreeSet};

use fhir::Decimal;

use super::schema::{Tables, tables};
use super::tree::Element;
use super::{Odm, Version};
use range::{Check, Value};
pub(super) use versions::Versions;

/// The definitions of one version of the metadata, with those that it includes.
pub struct Definitions<'d> {
    version: Version,
    /// By the name of the defining element, then OID.
    by_oid: BTreeMap<&'d str, BTreeMap<&'d str, &'d Element>>,
    /// By item group, then item.
    references: BTreeMap<&'d str, BTreeMap<&'d str, &'d Element>>,
    /// By item group: how many items it must have.
    needed: BTreeMap<&'d str, usize>,
    codes: BTreeMap<&'d str, Codes<'d>>,
    rules: BTreeMap<&'d str, Rules<'d>>,
    /// False where it includes metadata that this document does not have.
    pub(super) is_whole: bool,
}

/// What an item's definition says of its values.
struct Rules<'d> {
    definition: &'d Element,
    data_type: &'d str,
    /// OID of the code list.
    list: Option<&'d str>,
    checks: Vec<Check<'d>>,
}

/// The values of a code list.
#[derive(Default)]
struct Codes<'d> {
    texts: BTreeSet<&'d str>,
    /// By worth, where the list is one of numbers.
    numbers: BTreeSet<Vec<u8>>,
}

impl<'d> Definitions<'d> {
    /// Those of a version of the metadata of a study; `None` where the document has it not.
    pub fn of(odm: &'d Odm, study: &str, metadata_version: &str) -> Option<Self> {
        Versions::new(odm).read(study, metadata_version)
    }

    /// What the including version defines itself holds (ODM 1.3.2 3.1.1.3.1).
    fn add(&mut self, metadata: &'d Element) {
        let inner = |name: &'static str| metadata.all(name).flat_map(Element::elements);
        let structure = metadata.all("Protocol").flat_map(Element::elements);
        let arms = structure.filter(|one| one.is("StudyStructure"));
        let layouts = metadata.all("FormDef").flat_map(Element::elements);
        let inner = inner("Protocol")
            .chain(arms.flat_map(Element::elements))
            .chain(inner("Standards"))
            .chain(layouts.filter(|one| one.is("ArchiveLayout")));
        for element in metadata.elements().chain(inner) {
            let Some(oid) = element.attribute("OID") else {
                continue;
            };
            let of_kind = self.by_oid.entry(&element.name.local).or_default();
            if of_kind.contains_key(oid) {
                continue;
            }
            of_kind.insert(oid, element);
            if element.is("ItemGroupDef") {
                let references = element.elements().filter(|one| one.is("ItemRef"));
                let named = references.filter_map(|one| Some((one.attribute("ItemOID")?, one)));
                let references: BTreeMap<&str, &Element> = named.collect();
                let needed = references.values().filter(|one| is_needed(one));
                self.needed.insert(oid, needed.count());
                self.references.insert(oid, references);
            } else if element.is("CodeList") {
                self.codes.insert(oid, Codes::of(element));
            } else if element.is("ItemDef") {
                self.rules.insert(oid, Rules::of(element));
            }
        }
    }

    /// What is defined under an OID by an element of this name (`ItemDef`, `CodeList`...).
    pub fn get(&self, kind: &str, oid: &str) -> Option<&'d Element> {
        self.by_oid.get(kind)?.get(oid).copied()
    }

    /// All that elements of this name define, in the order of their OIDs.
    pub fn all(&self, kind: &str) -> impl Iterator<Item = &'d Element> {
        let of_kind = self.by_oid.get(kind).into_iter();
        of_kind.flat_map(|all| all.values().copied())
    }

    /// The items that an item group refers to, in order.
    pub fn items_of(&self, group: &str) -> Vec<&'d str> {
        let group = self.get("ItemGroupDef", group);
        let references = group.into_iter().flat_map(|group| group.all("ItemRef"));
        references
            .filter_map(|one| one.attribute("ItemOID"))
            .collect()
    }

    /// Of the items that an item group must have, how many are not among these.
    pub(super) fn missing(&self, group: &str, items: &BTreeSet<&str>) -> usize {
        let Some(references) = self.references.get(group) else {
            return 0;
        };
        let there = items.iter().filter_map(|oid| references.get(oid));
        let there = there.filter(|one| is_needed(one)).count();
        let needed = self.needed.get(group).copied().unwrap_or(0);
        needed.saturating_sub(there)
    }

    /// What speaks against a value of an item of a group: reasons that do not quote it. `None` is
    /// no value. Empty where all is as defined.
    pub fn faults(&self, group: &str, item: &str, value: Option<&str>) -> Vec<String> {
        let mut faults = Vec::new();
        if let Some(references) = self.references.get(group) {
            match references.get(item) {
                None if self.is_whole => {
                    faults.push("the item is not one of its item group".to_owned());
                }
                Some(one) if value.is_none() && is_needed(one) => {
                    faults.push("the item is mandatory and has no value".to_owned());
                }
                _ => {}
            }
        }
        match (self.rules.get(item), value) {
            (None, _) if self.is_whole => faults.push("no `ItemDef` has this OID".to_owned()),
            (Some(rules), Some(value)) => faults.extend(self.value_faults(rules, value)),
            _ => {}
        }
        faults
    }

    fn value_faults(&self, rules: &Rules<'_>, value: &str) -> Vec<String> {
        let data_type = rules.data_type;
        let (tables, of_type) = self.type_of(data_type);
        if let Some(fault) = tables.fault(of_type, value) {
            return vec![format!(
                "the value is not of the data type {data_type}: {fault}"
            )];
        }
        let mut faults = Vec::new();
        faults.extend(too_long(rules.definition, data_type, value));
        faults.extend(self.outside_list(rules, value));
        if let Some(value) = Value::of(data_type, value).filter(|_| !rules.checks.is_empty()) {
            let checks = rules.checks.iter();
            faults.extend(checks.filter_map(|one| one.broken(data_type, &value)));
        }
        faults
    }

    /// The tables of 1.3.2 have a type for each data type. ODM 2.0 changed three of them.
    fn type_of<'t>(&self, data_type: &'t str) -> (&'static Tables, &'t str) {
        let of_type = match (self.version, data_type) {
            (_, "URI") => "xs:anyURI",
            (Version::V2, "float" | "double") => "xs:double",
            (_, "decimal") => "xs:decimal",
            _ => data_type,
        };
        (tables(Version::V1), of_type)
    }

    fn outside_list(&self, rules: &Rules<'_>, value: &str) -> Option<String> {
        let codes = self.codes.get(rules.list?)?;
        let is_number = matches!(rules.data_type, "integer" | "float" | "double" | "decimal");
        let is_known = || {
            let number = Decimal::parse(value).filter(|_| is_number);
            codes.texts.contains(value)
                || number.is_some_and(|one| codes.numbers.contains(&one.sort_key()))
        };
        // The entries of an external list are not here.
        if codes.texts.is_empty() || is_known() {
            return None;
        }
        Some("the value is not one of its code list".to_owned())
    }
}

impl<'d> Rules<'d> {
    fn of(definition: &'d Element) -> Self {
        let data_type = definition.attribute("DataType").unwrap_or("text");
        let mut references = definition.elements().filter(|one| one.is("CodeListRef"));
        Self {
            definition,
            data_type,
            list: references
                .next()
                .and_then(|one| one.attribute("CodeListOID")),
            checks: range::checks(definition, data_type),
        }
    }
}

impl<'d> Codes<'d> {
    fn of(list: &'d Element) -> Self {
        let is_entry = |one: &&Element| one.is("CodeListItem") || one.is("EnumeratedItem");
        let entries = list.elements().filter(is_entry);
        let texts: BTreeSet<&str> = entries
            .filter_map(|one| one.attribute("CodedValue"))
            .collect();
        let is_number = matches!(list.attribute("DataType"), Some("integer" | "float"));
        let numbers = texts.iter().filter(|_| is_number);
        let numbers = numbers.filter_map(|one| Decimal::parse(one));
        Self {
            numbers: numbers.map(|one| one.sort_key()).collect(),
            texts,
        }
    }
}

/// Mandatory, and no condition excepts it.
fn is_needed(reference: &Element) -> bool {
    reference.attribute("Mandatory") == Some("Yes")
        && reference
            .attribute("CollectionExceptionConditionOID")
            .is_none()
}

/// Length counts characters of text and digits of numbers (ODM 1.3.2 3.1.1.3.6).
fn too_long(definition: &Element, data_type: &str, value: &str) -> Option<String> {
    let most = |name: &str| {
        definition
            .attribute(name)
            .and_then(|one| one.parse::<usize>().ok())
    };
    let digits = |text: &str| text.bytes().filter(u8::is_ascii_digit).count();
    let length = match data_type {
        "text" | "string" => value.chars().count(),
        "integer" | "float" | "decimal" => {
            digits(value.split(['e', 'E']).next().unwrap_or_default())
        }
        _ => return None,
    };
    if let Some(most) = most("Length").filter(|most| length > *most) {
        return Some(format!(
            "the value is longer than its item's Length, {most}"
        ));
    }
    let fraction = value
        .split_once('.')
        .map_or(0, |(_, fraction)| digits(fraction));
    let most = most("SignificantDigits").filter(|_| data_type == "float")?;
    (fraction > most).then(|| format!("more than {most} digits stand after the decimal point"))
}
