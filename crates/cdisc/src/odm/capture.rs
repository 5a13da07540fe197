//! The view for capture: the values of a document as rows, each with who changed them, when and
//! why, whichever version the document has; and rows as a document.
//!
//! A [`Row`] is what one act did to one item group of one subject: items that share the kind of
//! change and the audit record. Several rows of one item group are its history, in order.
//! A [`Remark`] is what somebody says about data: a signature, an annotation, a query.

mod audit;
mod export;
mod read;
mod remark;

use super::Issue;
use super::error::Place;

pub use export::{File, FileType, Person, Site, document, document_with};
pub use read::{Rows, rows, unseen};
pub use remark::{About, Annotation, Flag, Query, Remark, Said, Signature, remarks};

/// What one act did to one item group of one subject.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Row {
    /// OID of the study.
    pub study: String,
    /// OID of the version of the metadata that defines event, group and items.
    pub metadata_version: String,
    /// OID of the site of the subject (`SiteRef`).
    pub location: Option<String>,
    /// The key of the subject.
    pub subject: String,
    /// The study event.
    pub event: Key,
    /// The form; ODM 2.0 has none.
    pub form: Option<Key>,
    /// The item groups in which this one stands, outermost first; ODM 1.3.2 has none.
    pub within: Vec<Key>,
    /// The item group.
    pub group: Key,
    /// Its items that were changed. None at all: the whole item group was meant.
    pub items: Vec<Item>,
    /// Who, where, when and why.
    pub audit: Option<Audit>,
    /// The kind of change; `None` in a snapshot, which only says what is.
    pub transaction: Option<Transaction>,
    /// Where the item group stands.
    pub place: Place,
    /// What speaks against items and their values, by their definitions; a warning each.
    pub faults: Vec<Issue>,
}

/// A study event, form or item group, and which one of several.
#[derive(Clone, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub struct Key {
    /// OID of its definition.
    pub oid: String,
    /// The repeat key.
    pub repeat: Option<String>,
}

/// An item and its value.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Item {
    /// OID of its definition.
    pub oid: String,
    /// Its value; `None` says that there is none (`IsNull`).
    pub value: Option<String>,
    /// Further values of an item that takes several; ODM 1.3.2 has none.
    pub others: Vec<String>,
    /// Where it stands.
    pub place: Place,
}

/// An audit record (21 CFR 11.10(e)).
#[derive(Clone, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub struct Audit {
    /// OID of the user who made the change.
    pub user: String,
    /// OID of the location where it was made.
    pub location: String,
    /// When, as the document writes it: date, time and zone.
    pub at: String,
    /// Why.
    pub reason: Option<String>,
    /// What the source system calls this change.
    pub source: Option<String>,
    /// `Monitoring`, `DataManagement` or `DBAudit`.
    pub edit_point: Option<String>,
}

/// The kind of a change (`TransactionType`).
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Transaction {
    /// New.
    Insert,
    /// Changed; what is not named stays.
    Update,
    /// Taken away.
    Remove,
    /// New or changed.
    Upsert,
    /// Not changed: named to say where something stands.
    Context,
}

impl Transaction {
    /// All kinds.
    pub const ALL: [Self; 5] = [
        Self::Insert,
        Self::Update,
        Self::Remove,
        Self::Upsert,
        Self::Context,
    ];

    /// As ODM writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Insert => "Insert",
            Self::Update => "Update",
            Self::Remove => "Remove",
            Self::Upsert => "Upsert",
            Self::Context => "Context",
        }
    }

    /// From what ODM writes.
    pub fn from_odm(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == text)
    }
}

impl Key {
    /// An OID, of which there is one.
    pub fn one(oid: impl Into<String>) -> Self {
        Self {
            oid: oid.into(),
            repeat: None,
        }
    }

    /// One of several.
    pub fn repeated(oid: impl Into<String>, repeat: impl Into<String>) -> Self {
        Self {
            oid: oid.into(),
            repeat: Some(repeat.into()),
        }
    }
}
