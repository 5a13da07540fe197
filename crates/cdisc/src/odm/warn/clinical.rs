//! Clinical data against the metadata, and against the kind of file.

use std::collections::BTreeSet;

use super::Found;
use crate::odm::capture::rows;
use crate::odm::definitions::{self, Definitions};
use crate::odm::tree::Element;
use crate::odm::{Odm, Version};

pub(super) fn check(odm: &Odm, found: &mut Found) {
    let file = odm.root.attribute("FileType").unwrap_or_default();
    let has_studies = odm.root.first("Study").is_some();
    for data in odm
        .root
        .all("ClinicalData")
        .chain(odm.root.all("ReferenceData"))
    {
        let oid = |name: &str| data.attribute(name).unwrap_or_default();
        let (study, version) = (oid("StudyOID"), oid("MetaDataVersionOID"));
        let definitions = Definitions::of(odm, study, version);
        if has_studies && definitions::find(odm, study, version).is_none() {
            found.warn(
                data,
                "no `Study` here has the `MetaDataVersion` that these data name",
            );
        }
        let mut place = Below {
            version: odm.version,
            is_snapshot: file == "Snapshot",
            definitions,
            found,
        };
        place.below(data, false);
    }
    for row in rows(odm, odm) {
        for fault in row.faults {
            found.push(fault);
        }
        if found.is_full() {
            return;
        }
    }
}

struct Below<'a, 'd> {
    version: Version,
    is_snapshot: bool,
    definitions: Option<Definitions<'d>>,
    found: &'a mut Found,
}

/// Data, the attributes that are their key, and the element that defines them.
const KEYED: &[(&str, &str, &str, &str)] = &[
    ("SubjectData", "SubjectKey", "", ""),
    (
        "StudyEventData",
        "StudyEventOID",
        "StudyEventRepeatKey",
        "StudyEventDef",
    ),
    ("FormData", "FormOID", "FormRepeatKey", "FormDef"),
    (
        "ItemGroupData",
        "ItemGroupOID",
        "ItemGroupRepeatKey",
        "ItemGroupDef",
    ),
];

impl<'d> Below<'_, 'd> {
    /// `is_told`: a container says the kind of change.
    fn below(&mut self, element: &'d Element, is_told: bool) {
        let mut keys: BTreeSet<(&str, &str, &str)> = BTreeSet::new();
        let mut items: BTreeSet<&str> = BTreeSet::new();
        for child in element.elements() {
            if self.found.is_full() {
                return;
            }
            let transaction = child.attribute("TransactionType");
            let is_told = is_told || transaction.is_some();
            if self.is_snapshot && !matches!(transaction, None | Some("Insert")) {
                self.found
                    .warn(child, "a snapshot may say no TransactionType but Insert");
            }
            if let Some((name, oid, repeat, kind)) = KEYED.iter().find(|one| child.is(one.0)) {
                let oid = child.attribute(oid).unwrap_or_default();
                let repeat = child.attribute(repeat);
                let is_new = keys.insert((name, oid, repeat.unwrap_or_default()));
                if self.is_snapshot && !is_new {
                    self.found
                        .warn(child, format!("another `{name}` here has the same key"));
                }
                self.defined(child, kind, oid, repeat);
                if *name == "ItemGroupData" {
                    self.needed(child, oid);
                }
                self.below(child, is_told);
            } else if child.name.local.starts_with("ItemData") {
                self.item(child, is_told);
                let oid = child.attribute("ItemOID").unwrap_or_default();
                if !items.insert(oid) && self.is_snapshot {
                    self.found.warn(child, "another item here has the same OID");
                }
            }
        }
    }

    fn defined(&mut self, data: &Element, kind: &str, oid: &str, repeat: Option<&str>) {
        let Some(definitions) = self.definitions.as_ref().filter(|_| !kind.is_empty()) else {
            return;
        };
        let Some(definition) = definitions.get(kind, oid) else {
            if definitions.is_whole {
                self.found
                    .warn(data, format!("no `{kind}` has the OID of these data"));
            }
            return;
        };
        let repeats = definition.attribute("Repeating").unwrap_or("No");
        match (repeats, repeat) {
            ("No", Some(_)) => {
                let reason = format!("a repeat key, and its `{kind}` does not repeat");
                self.found.warn(data, reason);
            }
            ("Yes" | "Dynamic" | "Static", None) => {
                let reason = format!("no repeat key, and its `{kind}` repeats");
                self.found.warn(data, reason);
            }
            _ => {}
        }
    }

    /// In a history an item may stand elsewhere; in a snapshot it is missing.
    fn needed(&mut self, group: &Element, oid: &str) {
        let Some(definitions) = self.definitions.as_ref().filter(|_| self.is_snapshot) else {
            return;
        };
        let definition = definitions.get("ItemGroupDef", oid);
        let references = definition.into_iter().flat_map(|one| one.all("ItemRef"));
        let is_there = |item: &str| {
            let mut items = group
                .elements()
                .filter(|one| one.name.local.starts_with("ItemData"));
            items.any(|one| one.attribute("ItemOID") == Some(item))
        };
        let needed = references.filter(|one| definitions::is_needed(one));
        let missing =
            needed.filter(|one| one.attribute("ItemOID").is_some_and(|one| !is_there(one)));
        let count = missing.count();
        if count > 0 {
            self.found
                .warn(group, format!("{count} mandatory items are missing"));
        }
    }

    fn item(&mut self, item: &Element, is_told: bool) {
        if !self.is_snapshot && !is_told {
            let reason = "a transactional file must say the TransactionType of each change";
            self.found.warn(item, reason);
        }
        let has_value = match self.version {
            Version::V1 => item.attribute("Value").is_some(),
            Version::V2 => item.first("Value").is_some(),
        };
        if item.attribute("IsNull") == Some("Yes") && has_value {
            self.found
                .warn(item, "IsNull and a value: only one of them can be meant");
        }
    }
}
