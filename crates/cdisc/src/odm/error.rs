//! Why a document is not accepted, and where.

use thiserror::Error;

/// Where something stands in a document.
#[derive(Clone, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub enum Place {
    /// In an XML text; both from 1.
    Line {
        /// The line.
        line: u32,
        /// The column, in bytes.
        column: u32,
    },
    /// A JSON pointer (RFC 6901) into a JSON text.
    Pointer(String),
    /// In no text: the document was made here.
    #[default]
    Made,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Line { line, column } => write!(f, "line {line}, column {column}"),
            Self::Pointer(pointer) if pointer.is_empty() => f.write_str("/"),
            Self::Pointer(pointer) => f.write_str(pointer),
            Self::Made => f.write_str("in the document made"),
        }
    }
}

/// One defect of a document.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Issue {
    /// Where it stands.
    pub at: Place,
    /// What is wrong and what would be right; never quotes a value of the document.
    pub reason: String,
}

impl std::fmt::Display for Issue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.at, self.reason)
    }
}

/// Whatever this module refuses.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum OdmError {
    /// Not XML, not JSON, or neither in the form of ODM.
    #[error("{at}: {reason}")]
    Unreadable {
        /// Where reading stopped.
        at: Place,
        /// What is wrong.
        reason: String,
    },
    /// Past a bound; the text names it.
    #[error("{0}")]
    TooLarge(String),
    /// Not what the schema allows. At least one issue, at most [`super::Limits::issues`].
    #[error("not a valid ODM document: {}", list(.0))]
    Invalid(Vec<Issue>),
    /// What was asked for cannot be written in that form or version.
    #[error("cannot be written: {0}")]
    Unwritable(String),
}

fn list(issues: &[Issue]) -> String {
    let lines: Vec<String> = issues.iter().map(ToString::to_string).collect();
    lines.join("; ")
}
