//! Rows to a document: the metadata of a study and what was captured, as it is or with its
//! history.

mod admin;
mod branch;
mod snapshot;

use std::collections::BTreeSet;

use super::audit::{said, write as audit_record};
use super::remark::attach;
use super::{Key, Remark, Row, Said, Transaction};
use crate::odm::error::OdmError;
use crate::odm::tree::{Element, Node};
use crate::odm::{Odm, Version};
use branch::{Branch, Step};

/// What a file says.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum FileType {
    /// What is: the last value of each item, without the history.
    Snapshot,
    /// What was done: each row, with its audit record.
    Transactional,
}

/// The attributes of the file that is made.
#[derive(Clone, Debug)]
pub struct File {
    /// Whether it tells the state or the history.
    pub file_type: FileType,
    /// A unique name of this file.
    pub file_oid: String,
    /// When it is made: date, time and zone.
    pub created_at: String,
    /// The moment of which it tells, where that is another.
    pub as_of: Option<String>,
    /// The file that it continues.
    pub prior_file_oid: Option<String>,
    /// The organisation that made it.
    pub originator: Option<String>,
    /// The system that made it.
    pub source_system: Option<String>,
    /// The version of that system.
    pub source_system_version: Option<String>,
    /// Users whom audit records name.
    pub people: Vec<Person>,
    /// Locations that rows and audit records name.
    pub sites: Vec<Site>,
}

/// A user, for the administrative data.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Person {
    /// OID, as audit records say it.
    pub oid: String,
    /// The full name (21 CFR 11.50(a)(1)); empty: none is told.
    pub name: String,
    /// `Sponsor`, `Investigator`, `Lab`, `Other`; ODM 2.0 has more.
    pub kind: Option<String>,
}

/// A location, for the administrative data.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Site {
    /// OID, as rows and audit records say it.
    pub oid: String,
    /// Its name.
    pub name: String,
    /// Study, version of the metadata, and the date from which that was used here, YYYY-MM-DD.
    pub used: Vec<(String, String, String)>,
}

/// A document in the version of `metadata`: its studies and administrative data, the people and
/// sites of `file` that are not among these, and the rows as clinical data. Rows of one item
/// group are told in the order given; subjects, events and forms in the order in which they first
/// come.
///
/// A form of a row becomes the outermost item group in ODM 2.0, and the other way round.
/// What the schema does not allow is refused, as is what the version cannot say.
pub fn document(metadata: &Odm, rows: &[Row], file: &File) -> Result<Odm, OdmError> {
    document_with(metadata, rows, &[], file)
}

/// As [`document`], with what is said about the data: each remark beside the last that the
/// document says of its data.
pub fn document_with(
    metadata: &Odm,
    rows: &[Row],
    remarks: &[Remark],
    file: &File,
) -> Result<Odm, OdmError> {
    let version = metadata.version;
    let mut root = head(version, file);
    if !metadata.is_whole() {
        let reason = "the metadata must be a whole document, with `ODM` as its root";
        return Err(OdmError::Unwritable(reason.to_owned()));
    }
    let kept = ["Description", "Study", "AdminData"];
    for element in metadata.root.elements() {
        if kept.iter().any(|name| element.is(name)) {
            root.nodes.push(Node::Element(element.clone()));
        }
    }
    let admin = admin::write(metadata, file);
    root.nodes.extend(admin.map(Node::Element));
    let mut trunk = Branch::default();
    match file.file_type {
        FileType::Transactional => {
            for row in rows {
                add(&mut trunk, version, file.file_type, row)?;
            }
        }
        FileType::Snapshot => {
            for row in snapshot::state(rows) {
                add(&mut trunk, version, file.file_type, &row)?;
            }
        }
    }
    root.nodes
        .extend(trunk.into_elements().into_iter().map(Node::Element));
    let mut odm = Odm::new(version, root);
    odm.prefixes.clone_from(&metadata.prefixes);
    let mut ids = BTreeSet::new();
    for remark in remarks {
        let mut remark = remark.clone();
        // One signature of many items came apart: an ID stands once.
        if let Said::Signature(signature) = &mut remark.said {
            signature.id = signature.id.take().filter(|id| ids.insert(id.clone()));
        }
        attach(&mut odm, &remark, file.file_type == FileType::Transactional)?;
    }
    odm.judged()
}

fn head(version: Version, file: &File) -> Element {
    let file_type = match file.file_type {
        FileType::Snapshot => "Snapshot",
        FileType::Transactional => "Transactional",
    };
    Element::new("ODM")
        .with("FileType", file_type)
        .with("FileOID", &file.file_oid)
        .with("CreationDateTime", &file.created_at)
        .with_some("PriorFileOID", file.prior_file_oid.as_deref())
        .with_some("AsOfDateTime", file.as_of.as_deref())
        .with("ODMVersion", version.number())
        .with_some("Originator", file.originator.as_deref())
        .with_some("SourceSystem", file.source_system.as_deref())
        .with_some("SourceSystemVersion", file.source_system_version.as_deref())
}

fn add(trunk: &mut Branch, version: Version, file: FileType, row: &Row) -> Result<(), OdmError> {
    let (form, within) = containers(version, row)?;
    let mut path = vec![
        Step::new("ClinicalData")
            .with("StudyOID", &row.study)
            .with("MetaDataVersionOID", &row.metadata_version),
        subject(row),
        keyed(
            "StudyEventData",
            "StudyEventOID",
            "StudyEventRepeatKey",
            &row.event,
        ),
    ];
    if let Some(form) = form {
        path.push(keyed("FormData", "FormOID", "FormRepeatKey", form));
    }
    for outer in within {
        path.push(keyed(
            "ItemGroupData",
            "ItemGroupOID",
            "ItemGroupRepeatKey",
            outer,
        ));
    }
    if file == FileType::Transactional {
        // Who receives the history may have none of the containers yet.
        for step in path.iter_mut().skip(1) {
            *step = step
                .clone()
                .with("TransactionType", Transaction::Upsert.as_str());
        }
    }
    let group = group(version, file, row)?;
    trunk.grow(&path, group);
    Ok(())
}

/// The form of 1.3.2 is the outermost item group of 2.0.
fn containers(version: Version, row: &Row) -> Result<(Option<&Key>, Vec<&Key>), OdmError> {
    let all: Vec<&Key> = row.form.iter().chain(&row.within).collect();
    match version {
        Version::V2 => Ok((None, all)),
        Version::V1 => match all.as_slice() {
            [form] => Ok((Some(form), Vec::new())),
            [] => Err(OdmError::Unwritable(
                "in ODM 1.3.2 an item group stands in a form: a row has none".to_owned(),
            )),
            _ => Err(OdmError::Unwritable(
                "ODM 1.3.2 has no item groups within item groups: take 2.0".to_owned(),
            )),
        },
    }
}

fn subject(row: &Row) -> Step {
    let step = Step::new("SubjectData").with("SubjectKey", &row.subject);
    match &row.location {
        Some(location) => step.holding("SiteRef", "LocationOID", location),
        None => step,
    }
}

fn keyed(name: &'static str, oid: &'static str, repeat: &'static str, key: &Key) -> Step {
    let step = Step::new(name).with(oid, &key.oid);
    match &key.repeat {
        Some(value) => step.with(repeat, value),
        None => step,
    }
}

fn group(version: Version, file: FileType, row: &Row) -> Result<Element, OdmError> {
    let mut group = Element::new("ItemGroupData")
        .with("ItemGroupOID", &row.group.oid)
        .with_some("ItemGroupRepeatKey", row.group.repeat.as_deref());
    let is_history = file == FileType::Transactional;
    if is_history {
        let transaction = row.transaction.unwrap_or(Transaction::Upsert);
        group = group.with("TransactionType", transaction.as_str());
    }
    let audit = row.audit.as_ref().filter(|_| is_history).map(audit_record);
    // The record stands before the items in 1.3.2, and after them in 2.0.
    if version == Version::V1 {
        group.nodes.extend(audit.clone().map(Node::Element));
    }
    for item in &row.items {
        let element = Element::new("ItemData").with("ItemOID", &item.oid);
        let element = match (&item.value, version) {
            (None, _) => element.with("IsNull", "Yes"),
            (Some(value), Version::V1) if item.others.is_empty() => element.with("Value", value),
            (Some(_), Version::V1) => {
                let reason = "in ODM 1.3.2 an item has one value: a row has several; take 2.0";
                return Err(OdmError::Unwritable(reason.to_owned()));
            }
            (Some(value), Version::V2) => {
                let values = std::iter::once(value).chain(&item.others);
                values.fold(element, |element, value| {
                    element.holding(said("Value", value))
                })
            }
        };
        group.nodes.push(Node::Element(element));
    }
    if version == Version::V2 {
        group.nodes.extend(audit.map(Node::Element));
    }
    Ok(group)
}
