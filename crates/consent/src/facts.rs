//! The facts about a record that a decision reads, as they are kept beside each version.
//!
//! Codes, labels, dates and references: nothing that the search index does not hold in clear too,
//! and never text. Format: `docs/reference/consent.md`, "Facts".

mod bytes;
mod gather;

pub(crate) use bytes::{ordered, read_reference, read_stretch, write_reference};
pub(crate) use gather::{reference, stretch};

use std::collections::BTreeSet;

use proof::codec::{Canonical, CodecError};
use serde_json::Value;

use crate::coding::Coding;
use crate::labels::{Level, Subjects, ValueSets};

/// The longest facts of a record; what passes it is left out and said to be missing.
pub const BYTES_MAX: usize = 4096;

/// `[from, to)` in microseconds since 1970 UTC.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Stretch {
    /// The first microsecond.
    pub from_us: i64,
    /// The first one after it.
    pub to_us: i64,
}

/// What a decision knows of a record.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Facts {
    /// The number of the resource type (`fhir::type_number`), if it is one of R4.
    pub(crate) type_: Option<u8>,
    /// `Type/id`.
    pub(crate) own: Option<String>,
    /// From the first to the last clinical or recording date.
    pub(crate) dates: Option<Stretch>,
    /// The stated level, lifted by what is sensitive.
    pub(crate) level: Level,
    /// Stated and derived subjects.
    pub(crate) subjects: Subjects,
    /// Other security labels, sorted.
    pub(crate) labels: Vec<Coding>,
    /// Every code in the record, sorted.
    pub(crate) codes: Vec<Coding>,
    /// Who wrote, performed or ordered it: references, sorted.
    pub(crate) authors: Vec<String>,
    /// What it refers to, authors left out, sorted.
    pub(crate) links: Vec<String>,
    /// False if a list did not fit.
    pub(crate) complete: bool,
}

impl Facts {
    /// Whether the record carries this label, of those that are neither a level nor a subject.
    pub fn carries(&self, label: &Coding) -> bool {
        self.labels.binary_search(label).is_ok()
    }

    /// The facts about a resource, with the value sets of the organisation.
    pub fn read(resource: &Value, sets: &ValueSets) -> Self {
        gather::facts(resource, sets)
    }

    /// Reads canonical bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CodecError> {
        <Self as Canonical>::from_bytes(bytes)
    }

    /// The canonical bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        Canonical::to_bytes(self)
    }

    /// The name of the resource type, if it is one of R4.
    pub fn resource_type(&self) -> Option<&'static str> {
        fhir::resource_types()
            .get(usize::from(self.type_?))
            .copied()
    }

    /// The sensitive subjects that the record touches.
    pub fn subjects(&self) -> Subjects {
        self.subjects
    }

    /// Whether the record may hold a code of this system: it does, or not all codes fitted.
    pub fn may_hold_code_of(&self, system: &str) -> bool {
        !self.complete || self.codes.iter().any(|code| code.system() == system)
    }

    /// Whether the facts hold a code of this system. Not all codes of a record may have fitted.
    pub fn holds_code_of(&self, system: &str) -> bool {
        self.codes.iter().any(|code| code.system() == system)
    }

    /// Whether the facts hold a label of this system, of those that are neither a level nor a
    /// subject.
    pub fn holds_label_of(&self, system: &str) -> bool {
        self.labels.iter().any(|label| label.system() == system)
    }

    /// How confidential the record is.
    pub fn level(&self) -> Level {
        self.level
    }
}

/// The canonical bytes of the facts about a resource, labelled by the built-in value sets.
///
/// They hold codes, labels and dates only, never text, and are kept in clear beside the search
/// index, which holds the same.
pub fn of(resource: &Value) -> Vec<u8> {
    Facts::read(resource, ValueSets::built_in()).to_bytes()
}

/// The facts about an AuditEvent that refers to these, in bytes: what [`of`] reads from its body.
/// An event is written with every read; this way needs no tree of its elements.
pub fn of_access(
    id: &str,
    dates: Stretch,
    references: &[&str],
    labels: impl Iterator<Item = Coding>,
) -> Vec<u8> {
    let links: BTreeSet<String> = references.iter().filter_map(|one| reference(one)).collect();
    let facts = Facts {
        type_: fhir::type_number("AuditEvent"),
        own: reference(&format!("AuditEvent/{id}")),
        dates: Some(dates),
        level: Level::NORMAL,
        subjects: Subjects::NONE,
        labels: labels.collect(),
        codes: Vec::new(),
        authors: Vec::new(),
        links: links.into_iter().collect(),
        complete: true,
    };
    facts.to_bytes()
}

#[cfg(test)]
mod tests;
