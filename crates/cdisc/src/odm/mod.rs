//! The Operational Data Model of CDISC: study metadata and the values of case report forms with
//! their audit trail, in versions 1.3.2 (XML) and 2.0 (XML and JSON).
//!
//! A document is one tree, whichever form it came in; all views read from it, so that nothing that
//! a file says is lost on its way through. What the schema forbids is refused with its place;
//! what the specification asks beyond the schema is a warning (`Odm::warnings`). The view for
//! capture is `capture`.
//!
//! Specification: ODM 2.0 and 1.3.2 (<https://www.cdisc.org/standards/data-exchange/odm-xml>);
//! described for users in `docs/reference/odm.md`.

pub mod capture;
mod definitions;
mod error;
mod json;
mod schema;
mod tree;
mod validate;
mod warn;
mod xml;

use std::collections::BTreeMap;

pub use definitions::Definitions;
pub use error::{Issue, OdmError, Place};
pub use tree::{Attribute, Element, Name, Node, Space};

/// A version of ODM.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Version {
    /// 1.3, 1.3.1 and 1.3.2, which share a namespace.
    V1,
    /// 2.0.
    V2,
}

/// How a document is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Form {
    /// XML, of either version.
    Xml,
    /// JSON, of 2.0.
    Json,
}

/// Bounds on what is read.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Longest document in bytes.
    pub bytes: usize,
    /// Deepest nesting of elements.
    pub depth: usize,
    /// Most elements, attributes and texts together.
    pub nodes: usize,
    /// Most issues, and most warnings, that are told.
    pub issues: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bytes: 32 << 20,
            depth: 64,
            nodes: 2_000_000,
            issues: 100,
        }
    }
}

/// A document.
#[derive(Clone, Debug)]
pub struct Odm {
    /// Its version.
    pub version: Version,
    /// The element `ODM` and all in it; of a fragment, another element of ODM.
    pub root: Element,
    /// The prefixes that its file used, by namespace; only for writing it alike.
    pub(crate) prefixes: BTreeMap<String, String>,
    pub(crate) issues_max: usize,
}

/// Documents are equal that say the same, in whatever form and wherever it stood.
impl PartialEq for Odm {
    fn eq(&self, other: &Self) -> bool {
        self.version == other.version && self.root == other.root
    }
}

impl Version {
    /// The namespace of its elements.
    pub fn namespace(self) -> &'static str {
        match self {
            Self::V1 => "http://www.cdisc.org/ns/odm/v1.3",
            Self::V2 => "http://www.cdisc.org/ns/odm/v2.0",
        }
    }

    /// As `ODMVersion` says it.
    pub fn number(self) -> &'static str {
        match self {
            Self::V1 => "1.3.2",
            Self::V2 => "2.0",
        }
    }
}

impl Odm {
    /// A document made here.
    pub fn new(version: Version, root: Element) -> Self {
        Self {
            version,
            root,
            prefixes: BTreeMap::new(),
            issues_max: Limits::default().issues,
        }
    }

    /// Reads an XML document that the schema of its version allows.
    pub fn from_xml(bytes: &[u8], limits: &Limits) -> Result<Self, OdmError> {
        Self::unjudged(bytes, Form::Xml, limits)?.judged()
    }

    /// Reads a JSON document of ODM 2.0 that the schema allows.
    pub fn from_json(bytes: &[u8], limits: &Limits) -> Result<Self, OdmError> {
        Self::unjudged(bytes, Form::Json, limits)?.judged()
    }

    /// Reads a document, valid or not.
    pub fn unjudged(bytes: &[u8], form: Form, limits: &Limits) -> Result<Self, OdmError> {
        if bytes.len() > limits.bytes {
            let most = limits.bytes;
            return Err(OdmError::TooLarge(format!(
                "the document is longer than {most} bytes: send several"
            )));
        }
        match form {
            Form::Xml => xml::read(bytes, limits),
            Form::Json => json::read(bytes, limits),
        }
    }

    /// False for a fragment: part of a document, as metadata are exchanged.
    pub fn is_whole(&self) -> bool {
        self.root.is("ODM")
    }

    /// Study and OID of each version of the metadata that it has.
    pub fn metadata_versions(&self) -> Vec<(&str, &str)> {
        let versions = self.root.all("Study").flat_map(|study| {
            let of = study.attribute("OID").unwrap_or_default();
            study.all("MetaDataVersion").map(move |one| (of, one))
        });
        versions
            .filter_map(|(study, one)| Some((study, one.attribute("OID")?)))
            .collect()
    }

    /// Refuses what the schema does not allow.
    pub fn judged(self) -> Result<Self, OdmError> {
        let issues = self.issues();
        if issues.is_empty() {
            return Ok(self);
        }
        Err(OdmError::Invalid(issues))
    }

    /// What the schema does not allow, in the order of the document.
    pub fn issues(&self) -> Vec<Issue> {
        validate::judge(self).issues
    }

    /// What the schema allows and the specification does not, or what is kept without being
    /// understood: extensions of vendors, references into nothing, values that their definitions
    /// do not allow.
    pub fn warnings(&self) -> Vec<Issue> {
        let mut warnings = validate::judge(self).extensions;
        warnings.extend(warn::warnings(self));
        warnings.truncate(self.issues_max);
        warnings
    }

    /// The document as XML.
    pub fn to_xml(&self) -> Result<String, OdmError> {
        xml::write(self)
    }

    /// The document as JSON; only ODM 2.0 has such a form.
    pub fn to_json(&self) -> Result<String, OdmError> {
        json::write(self)
    }
}
