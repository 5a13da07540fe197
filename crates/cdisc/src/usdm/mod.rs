//! Unified Study Definitions Model 4: what a protocol says, as far as it is compared.
//!
//! A document is judged by the class definitions of the published API (`classes.txt`) and its
//! references, kept as it is, and shown through a typed view of what a reader of trials asks:
//! titles, arms, epochs, objectives, endpoints, population, amendments
//! (`docs/reference/protocols.md`).

mod check;
mod classes;
mod references;
mod registered;
mod registry;
mod study;
mod timing;

pub use registered::RegisteredEndpoint;
pub use registry::{Registration, RegistryEntry};
pub use study::{
    Amendment, Arm, Change, Code, Dated, Design, DesignKind, Endpoint, Epoch, Estimand, Identifier,
    Level, Objective, Population, Study, StudyVersion, Title,
};
pub use timing::timing_of;

use serde_json::Value;

use crate::error::{CdiscError, Check, Issue};

/// Bounds on what is read.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Longest document in bytes.
    pub bytes: usize,
    /// Deepest nesting.
    pub depth: usize,
    /// Most objects in a document.
    pub objects: usize,
    /// Most issues that are told.
    pub issues: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bytes: 32 << 20,
            depth: 48,
            objects: 500_000,
            issues: 50,
        }
    }
}

/// A study definition, valid and whole.
#[derive(Clone, Debug)]
pub struct Protocol {
    document: Value,
    study: Study,
    warnings: Vec<Issue>,
}

impl Protocol {
    /// Reads and judges a document: its classes, its ids, its references.
    pub fn read(bytes: &[u8], limits: &Limits) -> Result<Self, CdiscError> {
        let bounds = fhir::json::Limits {
            bytes: limits.bytes,
            depth: limits.depth,
        };
        let document = fhir::json::parse(bytes, bounds).map_err(|error| {
            if error.too_large {
                CdiscError::TooLarge(error.to_string())
            } else {
                CdiscError::Json {
                    line: error.line,
                    column: error.column,
                    reason: error.reason,
                }
            }
        })?;
        let mut check = Check::new(limits.issues);
        let mut warnings = Check::new(limits.issues);
        let version = document.get("usdmVersion").and_then(Value::as_str);
        if !version.is_some_and(|version| version == "4" || version.starts_with("4.")) {
            check.refuse("/usdmVersion", "has to be 4.x: convert the study to USDM 4");
        }
        let ids = check::document(&document, limits, &mut check, &mut warnings)?;
        references::document(&document, &ids, &mut check);
        // What is not as the model has it is not read any further.
        check.into_result()?;
        let mut check = Check::new(limits.issues);
        let study = Study::of(&document, &mut check, &mut warnings);
        check.into_result()?;
        Ok(Self {
            document,
            study,
            warnings: warnings.into_issues(),
        })
    }

    /// What the document says, for a reader.
    pub fn study(&self) -> &Study {
        &self.study
    }

    /// What ClinicalTrials.gov asks at registration, for a version by its place; none when there
    /// is no such version.
    pub fn registration(&self, version: usize) -> Option<Registration> {
        registry::registration(&self.document, version)
    }

    /// The whole document, as it was.
    pub fn document(&self) -> &Value {
        &self.document
    }

    /// What is allowed, but should be looked at.
    pub fn warnings(&self) -> &[Issue] {
        &self.warnings
    }

    /// The document as JSON, its members in their order, its numbers as they were written.
    pub fn write(&self) -> Vec<u8> {
        self.document.to_string().into_bytes()
    }

    /// The canonical form (RFC 8785 but for numbers, `docs/reference/encoding.md`): what is sealed.
    pub fn canonical(&self) -> Result<Vec<u8>, CdiscError> {
        proof::json::canonical(&self.write()).map_err(|error| CdiscError::Json {
            line: error.line,
            column: error.column,
            reason: error.reason.to_owned(),
        })
    }
}
