//! Validation of a resource against the R4 definitions.
//!
//! Every element: known, of its JSON type, as often as allowed, of its primitive form, bound codes
//! from their value set, references to allowed types; and the invariants listed in `rules`.
//! Not profiles, not terminology beyond required bindings: docs/reference/fhir-validation.md.

use serde_json::Value;

mod primitive;
mod rules;
mod walk;
mod xhtml;

pub(crate) use primitive::is_id;

/// At most so many issues are collected; the first ones are what helps.
pub const ISSUES_MAX: usize = 100;

/// Deepest nesting of elements.
pub const DEPTH_MAX: usize = 64;

/// How bad an issue is. Only [`Severity::Error`] refuses a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Worth telling; accepted.
    Warning,
    /// Not valid R4; refused.
    Error,
}

/// One finding, ready for an OperationOutcome.issue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issue {
    /// Error or warning.
    pub severity: Severity,
    /// The IssueType code: `structure`, `required`, `value`, `code-invalid`, `invariant`...
    pub code: &'static str,
    /// FHIRPath location, as `Patient.contact[0].name.given[1]`.
    pub expression: String,
    /// What is wrong, in words; never a value taken from the resource.
    pub text: String,
}

/// Validates a whole resource. Empty means valid.
pub fn resource(resource: &Value) -> Vec<Issue> {
    walk::run(resource, false)
}

/// Validates a resource of a transaction before its links are resolved: conditional references
/// (`Patient?identifier=..`) are allowed. FHIR R4 3.1.0.11.2.
pub fn unresolved(resource: &Value) -> Vec<Issue> {
    walk::run(resource, true)
}
