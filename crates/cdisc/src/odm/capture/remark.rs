//! What is said about data: signatures, annotations and queries, each with what it is about.

mod read;
mod write;

use super::{Audit, Key};
use crate::odm::error::Place;

pub use read::remarks;
pub(super) use write::written;

/// Something that is said about data.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Remark {
    /// The data.
    pub about: About,
    /// What is said.
    pub said: Said,
    /// Where it stands.
    pub place: Place,
}

/// Data: a study's, a subject's, an event's... down to one item. What is said of an item names its
/// item group, event and subject too.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct About {
    /// OID of the study.
    pub study: String,
    /// OID of the version of the metadata.
    pub metadata_version: String,
    /// The key of the subject.
    pub subject: Option<String>,
    /// The study event.
    pub event: Option<Key>,
    /// The form (1.3.2).
    pub form: Option<Key>,
    /// The item groups, outermost first.
    pub groups: Vec<Key>,
    /// OID of the item.
    pub item: Option<String>,
}

/// What is said about data.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Said {
    /// Somebody signed them.
    Signature(Signature),
    /// A comment, or flags.
    Annotation(Annotation),
    /// A question to whoever entered them (ODM 2.0).
    Query(Query),
}

/// An electronic signature (21 CFR 11.50).
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Signature {
    /// The ID under which the document knows it.
    pub id: Option<String>,
    /// OID of the user who signed.
    pub user: String,
    /// OID of the location.
    pub location: String,
    /// OID of the `SignatureDef` with meaning and legal reason.
    pub meaning: String,
    /// When.
    pub at: String,
}

/// An annotation.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Annotation {
    /// Its number among those about the same data, from 1.
    pub number: String,
    /// The comment.
    pub comment: Option<String>,
    /// Whose comment it is: `Sponsor` or `Site`.
    pub side: Option<String>,
    /// Flags.
    pub flags: Vec<Flag>,
}

/// A flag: a word of a code list, and what kind of flag it is.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Flag {
    /// The word.
    pub value: String,
    /// OID of its code list.
    pub list: String,
    /// The kind and the OID of its code list.
    pub kind: Option<(String, String)>,
}

/// A query.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Query {
    /// OID of the query.
    pub oid: String,
    /// Who asks: `System`, `Site Monitor`, `Data Management`...
    pub source: String,
    /// Whom it asks.
    pub target: Option<String>,
    /// `Manual`, `System`...
    pub kind: Option<String>,
    /// How far it is: `Open`, `Answered`, `Closed`...
    pub state: String,
    /// When it last changed.
    pub updated_at: String,
    /// Its name.
    pub name: Option<String>,
    /// The question, or what was last said.
    pub text: String,
    /// Who did what to it.
    pub audits: Vec<Audit>,
}
