//! Why a document or a query is not accepted, and where.

use thiserror::Error;

/// One defect of a document.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Issue {
    /// A JSON pointer (RFC 6901) into the document. For XML: into its JSON form.
    pub at: String,
    /// What is wrong and what would be right; never quotes a value of the document.
    pub reason: String,
}

impl std::fmt::Display for Issue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let at = if self.at.is_empty() { "/" } else { &self.at };
        write!(f, "{at}: {}", self.reason)
    }
}

/// Whatever this crate refuses.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum EpcisError {
    /// Not JSON at all.
    #[error("not JSON: line {line}, column {column}")]
    Json {
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
    },
    /// Not XML, or XML that this crate does not read (a DTD, an unknown element).
    #[error("line {line}, column {column}: {reason}")]
    Xml {
        /// Line, from 1.
        line: u32,
        /// Column, from 1.
        column: u32,
        /// What is wrong.
        reason: String,
    },
    /// Past a bound; the text names it.
    #[error("{0}")]
    TooLarge(String),
    /// JSON or XML, but not EPCIS 2.0. At least one issue, at most [`crate::Limits::issues`].
    #[error("not a valid EPCIS document: {}", list(.0))]
    Invalid(Vec<Issue>),
    /// A query that cannot be answered.
    #[error("query parameter {parameter}: {reason}")]
    Query {
        /// The parameter.
        parameter: String,
        /// What is wrong with it.
        reason: String,
    },
}

fn list(issues: &[Issue]) -> String {
    let lines: Vec<String> = issues.iter().map(ToString::to_string).collect();
    lines.join("; ")
}
