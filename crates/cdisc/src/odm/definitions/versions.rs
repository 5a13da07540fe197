//! The versions of the metadata that a document has, each read once, when it is asked for.

use std::collections::BTreeMap;

use super::Definitions;
use crate::odm::Odm;
use crate::odm::tree::Element;

/// Versions that include one another, at most so many.
const INCLUDES_MAX: usize = 8;
/// Versions of which the definitions are read, at most.
const VERSIONS_MAX: usize = 64;

/// The versions of a document.
pub(in crate::odm) struct Versions<'d> {
    odm: &'d Odm,
    /// By OID of the study, then of the version: the place in `elements`.
    numbers: BTreeMap<&'d str, BTreeMap<&'d str, usize>>,
    elements: Vec<&'d Element>,
    read: BTreeMap<usize, Definitions<'d>>,
}

impl<'d> Versions<'d> {
    pub(in crate::odm) fn new(odm: &'d Odm) -> Self {
        let mut versions = Self {
            odm,
            numbers: BTreeMap::new(),
            elements: Vec::new(),
            read: BTreeMap::new(),
        };
        for study in odm.root.all("Study") {
            let of = study.attribute("OID").unwrap_or_default();
            for one in study.all("MetaDataVersion") {
                if let Some(oid) = one.attribute("OID") {
                    let of_study = versions.numbers.entry(of).or_default();
                    of_study.entry(oid).or_insert(versions.elements.len());
                    versions.elements.push(one);
                }
            }
        }
        versions
    }

    fn number(&self, study: &str, version: &str) -> Option<usize> {
        self.numbers.get(study)?.get(version).copied()
    }

    /// True where the document has it.
    pub(in crate::odm) fn has(&self, study: &str, version: &str) -> bool {
        self.number(study, version).is_some()
    }

    /// True where more are used than are read.
    pub(in crate::odm) fn is_full(&self) -> bool {
        self.read.len() >= VERSIONS_MAX
    }

    /// The definitions, where the document has them and not too many were read before.
    pub(in crate::odm) fn get(&mut self, study: &str, version: &str) -> Option<&Definitions<'d>> {
        let number = self.number(study, version)?;
        if !self.read.contains_key(&number) && !self.is_full() {
            let definitions = self.read(study, version)?;
            self.read.insert(number, definitions);
        }
        self.read.get(&number)
    }

    /// What was read before.
    pub(in crate::odm) fn known(&self, study: &str, version: &str) -> Option<&Definitions<'d>> {
        self.read.get(&self.number(study, version)?)
    }

    /// Reads them, with those that they include.
    pub(super) fn read(&self, study: &str, version: &str) -> Option<Definitions<'d>> {
        let mut definitions = Definitions {
            version: self.odm.version,
            by_oid: BTreeMap::new(),
            references: BTreeMap::new(),
            needed: BTreeMap::new(),
            codes: BTreeMap::new(),
            rules: BTreeMap::new(),
            is_whole: true,
        };
        let mut next = self.number(study, version);
        for _ in 0..INCLUDES_MAX {
            let Some(found) = next.and_then(|number| self.elements.get(number)) else {
                break;
            };
            definitions.add(found);
            let Some(include) = found.first("Include") else {
                return Some(definitions);
            };
            let oid = |name: &str| include.attribute(name).unwrap_or_default();
            next = self.number(oid("StudyOID"), oid("MetaDataVersionOID"));
        }
        definitions.is_whole = false;
        self.has(study, version).then_some(definitions)
    }
}
