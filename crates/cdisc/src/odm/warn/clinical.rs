//! Clinical data against the metadata, and against the kind of file.

use std::collections::BTreeSet;

use super::Found;
use crate::odm::capture::rows;
use crate::odm::definitions::{Definitions, Versions};
use crate::odm::tree::Element;
use crate::odm::{Odm, Version};

pub(super) fn check(odm: &Odm, found: &mut Found) {
    let file = odm.root.attribute("FileType").unwrap_or_default();
    let has_studies = odm.root.first("Study").is_some();
    let mut versions = Versions::new(odm);
    for data in odm
        .root
        .all("ClinicalData")
        .chain(odm.root.all("ReferenceData"))
    {
        let oid = |name: &str| data.attribute(name).unwrap_or_default();
        let (study, version) = (oid("StudyOID"), oid("MetaDataVersionOID"));
        let is_known = versions.has(study, version);
        let definitions = versions.get(study, version);
        if has_studies && !is_known {
            found.warn(
                data,
                "no `Study` here has the `MetaDataVersion` that these data name",
            );
        } else if is_known && definitions.is_none() {
            found.warn(
                data,
                "too many versions of the metadata: these data are not checked",
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
    definitions: Option<&'a Definitions<'d>>,
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
        let Some(definitions) = self.definitions.filter(|_| !kind.is_empty()) else {
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
        let Some(definitions) = self.definitions.filter(|_| self.is_snapshot) else {
            return;
        };
        let items = group.elements();
        let items = items.filter(|one| one.name.local.starts_with("ItemData"));
        let items = items.filter_map(|one| one.attribute("ItemOID")).collect();
        let count = definitions.missing(oid, &items);
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
