//! Why a file of a trial is not accepted, and where.

use thiserror::Error;

/// One defect of a file.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Issue {
    /// A JSON pointer (RFC 6901) into the file.
    pub at: String,
    /// What is wrong and what would be right; never quotes a participant's value.
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
pub enum CdiscError {
    /// Not JSON at all.
    #[error("not JSON: line {line}, column {column}: {reason}")]
    Json {
        /// Line, from 1.
        line: usize,
        /// Column in bytes, from 1.
        column: usize,
        /// What is wrong.
        reason: String,
    },
    /// Bytes that are not in the form that was named; the text says at which byte.
    #[error("{0}")]
    Form(String),
    /// Past a bound; the text names it.
    #[error("{0}")]
    TooLarge(String),
    /// Well formed, but against the rules of its standard. At least one issue.
    #[error("not valid: {}", list(.0))]
    Invalid(Vec<Issue>),
    /// What the asked form cannot carry; the text says what to change.
    #[error("cannot be written in this form: {}", list(.0))]
    Unwritable(Vec<Issue>),
}

fn list(issues: &[Issue]) -> String {
    let lines: Vec<String> = issues.iter().map(ToString::to_string).collect();
    lines.join("; ")
}

/// Collects issues up to a bound.
#[derive(Debug)]
pub(crate) struct Check {
    issues: Vec<Issue>,
    most: usize,
}

impl Check {
    pub(crate) fn new(most: usize) -> Self {
        Self {
            issues: Vec::new(),
            most: most.max(1),
        }
    }

    pub(crate) fn refuse(&mut self, at: impl Into<String>, reason: impl Into<String>) {
        if !self.is_full() {
            self.issues.push(Issue {
                at: at.into(),
                reason: reason.into(),
            });
        }
    }

    /// More issues would not be told, so that a caller may stop looking.
    pub(crate) fn is_full(&self) -> bool {
        self.issues.len() >= self.most
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.issues.is_empty()
    }

    pub(crate) fn into_issues(self) -> Vec<Issue> {
        self.issues
    }

    pub(crate) fn into_result(self) -> Result<(), CdiscError> {
        if self.issues.is_empty() {
            Ok(())
        } else {
            Err(CdiscError::Invalid(self.issues))
        }
    }
}
