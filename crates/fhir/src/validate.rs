//! Structural validation of a resource against the R4 definitions.

use serde_json::Value;

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
pub fn resource(_resource: &Value) -> Vec<Issue> {
    Vec::new()
}
