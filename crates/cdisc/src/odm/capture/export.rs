//! Rows to a document: the metadata of a study and what was captured, as it is or with its
//! history.

mod admin;
mod branch;
mod data;
mod group;
mod snapshot;

use super::{Remark, Row};
use crate::odm::error::OdmError;
use crate::odm::schema::tables;
use crate::odm::tree::{Element, Node};
use crate::odm::{Odm, Version};
use data::Maker;

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
    let state = match file.file_type {
        FileType::Snapshot => snapshot::state(rows),
        FileType::Transactional => Vec::new(),
    };
    let rows = match file.file_type {
        FileType::Snapshot => &state,
        FileType::Transactional => rows,
    };
    let trunk = Maker::new(version, file.file_type, rows).make(rows, remarks)?;
    let data = trunk.into_elements(tables(version));
    root.nodes.extend(data.into_iter().map(Node::Element));
    let mut odm = Odm::new(version, root);
    odm.prefixes.clone_from(&metadata.prefixes);
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
