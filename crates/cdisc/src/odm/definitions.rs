//! What a version of the metadata defines, by OID, and whether a value is as its item is defined.

mod range;

use std::collections::{BTreeMap, BTreeSet};

use fhir::Decimal;

use super::schema::{Tables, tables};
use super::tree::Element;
use super::{Odm, Version};

/// Versions of the metadata that include one another, at most so many.
const INCLUDES_MAX: usize = 8;

/// The definitions of one version of the metadata, with those that it includes.
pub struct Definitions<'d> {
    version: Version,
    /// By the name of the defining element, then OID.
    by_oid: BTreeMap<&'d str, BTreeMap<&'d str, &'d Element>>,
    /// False where it includes metadata that this document does not have.
    pub(super) is_whole: bool,
}

impl<'d> Definitions<'d> {
    /// Those of a version of the metadata of a study; `None` where the document has it not.
    pub fn of(odm: &'d Odm, study: &str, metadata_version: &str) -> Option<Self> {
        let mut definitions = Self {
            version: odm.version,
            by_oid: BTreeMap::new(),
            is_whole: true,
        };
        let mut next = Some((study, metadata_version));
        let mut is_first = true;
        for _ in 0..INCLUDES_MAX {
            let Some((study, metadata_version)) = next.take() else {
                return Some(definitions);
            };
            let Some(found) = find(odm, study, metadata_version) else {
                definitions.is_whole = false;
                return (!is_first).then_some(definitions);
            };
            definitions.add(found);
            is_first = false;
            next = found.first("Include").and_then(|include| {
                let study = include.attribute("StudyOID")?;
                Some((study, include.attribute("MetaDataVersionOID")?))
            });
        }
        definitions.is_whole = false;
        Some(definitions)
    }

    /// What the including version defines itself holds (ODM 1.3.2 3.1.1.3.1).
    fn add(&mut self, metadata: &'d Element) {
        let protocol = metadata
            .first("Protocol")
            .into_iter()
            .flat_map(Element::elements);
        let structure = metadata.first("Protocol");
        let structure = structure.and_then(|one| one.first("StudyStructure"));
        let arms = structure.into_iter().flat_map(Element::elements);
        let standards = metadata
            .first("Standards")
            .into_iter()
            .flat_map(Element::elements);
        let layouts = metadata
            .all("FormDef")
            .flat_map(|form| form.all("ArchiveLayout"));
        let inner = protocol.chain(arms).chain(standards).chain(layouts);
        for element in metadata.elements().chain(inner) {
            if let Some(oid) = element.attribute("OID") {
                let of_kind = self.by_oid.entry(&element.name.local).or_default();
                of_kind.entry(oid).or_insert(element);
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

    /// What speaks against a value of an item of a group: reasons that do not quote it. `None` is
    /// no value. Empty where all is as defined.
    pub fn faults(&self, group: &str, item: &str, value: Option<&str>) -> Vec<String> {
        let mut faults = Vec::new();
        if let Some(group) = self.get("ItemGroupDef", group) {
            let mut references = group.all("ItemRef");
            let reference = references.find(|one| one.attribute("ItemOID") == Some(item));
            match reference {
                None if self.is_whole => {
                    faults.push("the item is not one of its item group".to_owned());
                }
                Some(one) if value.is_none() && is_needed(one) => {
                    faults.push("the item is mandatory and has no value".to_owned());
                }
                _ => {}
            }
        }
        match (self.get("ItemDef", item), value) {
            (None, _) if self.is_whole => faults.push("no `ItemDef` has this OID".to_owned()),
            (Some(definition), Some(value)) => faults.extend(self.value_faults(definition, value)),
            _ => {}
        }
        faults
    }

    fn value_faults(&self, definition: &Element, value: &str) -> Vec<String> {
        let data_type = definition.attribute("DataType").unwrap_or("text");
        let (tables, of_type) = self.type_of(data_type);
        if let Some(fault) = tables.fault(of_type, value) {
            return vec![format!(
                "the value is not of the data type {data_type}: {fault}"
            )];
        }
        let mut faults = Vec::new();
        faults.extend(too_long(definition, data_type, value));
        faults.extend(self.outside_list(definition, data_type, value));
        let checks = definition.all("RangeCheck");
        faults.extend(checks.filter_map(|check| range::broken(check, data_type, value)));
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

    fn outside_list(&self, item: &Element, data_type: &str, value: &str) -> Option<String> {
        let list = item.first("CodeListRef")?.attribute("CodeListOID")?;
        let list = self.get("CodeList", list)?;
        let entries = list.all("CodeListItem").chain(list.all("EnumeratedItem"));
        let values: BTreeSet<&str> = entries
            .filter_map(|one| one.attribute("CodedValue"))
            .collect();
        let is_known = || {
            let mut all = values.iter();
            values.contains(value) || all.any(|known| is_same(data_type, known, value))
        };
        // The entries of an external list are not here.
        if values.is_empty() || is_known() {
            return None;
        }
        Some("the value is not one of its code list".to_owned())
    }
}

pub(super) fn find<'d>(odm: &'d Odm, study: &str, metadata_version: &str) -> Option<&'d Element> {
    let mut studies = odm.root.all("Study");
    let study = studies.find(|one| one.attribute("OID") == Some(study))?;
    let mut versions = study.all("MetaDataVersion");
    versions.find(|one| one.attribute("OID") == Some(metadata_version))
}

/// Mandatory, and no condition excepts it.
pub(super) fn is_needed(reference: &Element) -> bool {
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

/// Numbers are the same that are worth the same.
fn is_same(data_type: &str, known: &str, value: &str) -> bool {
    let is_number = matches!(data_type, "integer" | "float" | "double" | "decimal");
    let key = |text: &str| Decimal::parse(text).map(|number| number.sort_key());
    is_number && key(known).is_some_and(|known| Some(known) == key(value))
}
