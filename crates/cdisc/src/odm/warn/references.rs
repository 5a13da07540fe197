//! References by OID: each names something that is defined (ODM 1.3.2 2.11, 2.0 2.5).

use std::collections::BTreeSet;

use super::Found;
use crate::odm::Odm;
use crate::odm::definitions::{Definitions, Versions};
use crate::odm::tree::Element;

/// Attributes that refer, and the elements that define, within one version of the metadata.
const WITHIN: &[(&str, &str)] = &[
    ("StudyEventOID", "StudyEventDef"),
    ("StudyEventGroupOID", "StudyEventGroupDef"),
    ("FormOID", "FormDef"),
    ("ItemGroupOID", "ItemGroupDef"),
    ("ItemOID", "ItemDef"),
    ("UnitsItemOID", "ItemDef"),
    ("CodeListOID", "CodeList"),
    ("RoleCodeListOID", "CodeList"),
    ("MethodOID", "MethodDef"),
    ("ImputationMethodOID", "ImputationMethod"),
    ("CollectionExceptionConditionOID", "ConditionDef"),
    ("CommentOID", "CommentDef"),
    ("StandardOID", "Standard"),
    ("ValueListOID", "ValueListDef"),
    ("WhereClauseOID", "WhereClauseDef"),
    ("WorkflowOID", "WorkflowDef"),
    ("ArmOID", "Arm"),
    ("EpochOID", "Epoch"),
    ("PresentationOID", "Presentation"),
    ("ArchiveLayoutOID", "ArchiveLayout"),
];

/// Those that refer to administrative data.
const ADMINISTRATIVE: &[(&str, &str)] = &[
    ("UserOID", "User"),
    ("LocationOID", "Location"),
    ("SignatureOID", "SignatureDef"),
    ("OrganizationOID", "Organization"),
];

pub(super) fn check(odm: &Odm, found: &mut Found) {
    let mut versions = Versions::new(odm);
    for study in odm.root.all("Study") {
        for metadata in study.all("MetaDataVersion") {
            let oid = |one: &Element| one.attribute("OID").unwrap_or_default().to_owned();
            if found.is_full() || versions.is_full() {
                break;
            }
            let of = versions.get(&oid(study), &oid(metadata));
            if let Some(definitions) = of.filter(|one| one.is_whole) {
                within(metadata, definitions, found);
            }
        }
    }
    administrative(odm, found);
}

fn within(element: &Element, definitions: &Definitions<'_>, found: &mut Found) {
    // A source item may stand in another study or version.
    let is_elsewhere = element.attribute("MetaDataVersionOID").is_some();
    for (attribute, kind) in WITHIN.iter().filter(|_| !is_elsewhere) {
        let oid = element.attribute(attribute);
        if oid.is_some_and(|oid| definitions.get(kind, oid).is_none()) {
            let name = &element.name.local;
            let reason = format!("`{name}`: no `{kind}` has the OID that {attribute} names");
            found.warn(element, reason);
        }
    }
    for child in element.elements() {
        if found.is_full() {
            return;
        }
        within(child, definitions, found);
    }
}

/// Only where the document has administrative data: else they were exchanged before.
fn administrative(odm: &Odm, found: &mut Found) {
    let defined: BTreeSet<(&str, &str)> = odm
        .root
        .all("AdminData")
        .flat_map(Element::elements)
        .filter_map(|one| Some((&*one.name.local, one.attribute("OID")?)))
        .collect();
    for (attribute, kind) in ADMINISTRATIVE {
        if defined.iter().any(|(known, _)| known == kind) {
            referring(&odm.root, attribute, kind, &defined, found);
        }
    }
}

fn referring(
    element: &Element,
    attribute: &str,
    kind: &str,
    defined: &BTreeSet<(&str, &str)>,
    found: &mut Found,
) {
    for child in element.elements() {
        if found.is_full() {
            return;
        }
        let oid = child.attribute(attribute);
        if oid.is_some_and(|oid| !defined.contains(&(kind, oid))) {
            let name = &child.name.local;
            let reason = format!("`{name}`: no `{kind}` has the OID that {attribute} names");
            found.warn(child, reason);
        }
        referring(child, attribute, kind, defined, found);
    }
}
