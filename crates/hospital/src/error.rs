//! What can go wrong in an act. `api` maps each variant to a status and a code in one table.

use fhir::validate::Issue;

/// Why an act was not done. Nothing is half done when one of these comes back.
#[derive(Debug, Clone, thiserror::Error)]
pub enum HospitalError {
    /// The body is not acceptable JSON.
    #[error("line {line}, column {column}: {reason}")]
    Malformed {
        /// Line, from 1.
        line: usize,
        /// Column in bytes, from 1.
        column: usize,
        /// What is wrong.
        reason: String,
        /// A bound was passed.
        too_large: bool,
    },
    /// The resource is not valid FHIR R4, or the request around it is not usable.
    #[error("the resource is not valid FHIR R4 ({} issues)", .0.len())]
    Invalid(Vec<Issue>),
    /// The request cannot be used as it is.
    #[error("{text}")]
    Request {
        /// IssueType code, as `invalid`, `value`, `not-supported`, `too-costly`, `duplicate`.
        code: &'static str,
        /// What is wrong, in words.
        text: String,
        /// What to do instead.
        hint: &'static str,
        /// The code of the rule, where it is the ledger that refuses (docs/reference/ledger.md).
        refusal: Option<u16>,
    },
    /// Not a resource type of FHIR R4.
    #[error("`{0}` is not a resource type of FHIR R4")]
    UnknownType(String),
    /// There is no such thing, or the caller may not see it (both answer alike).
    #[error("{0} is not known here")]
    Absent(String),
    /// It was deleted.
    #[error("{item} was deleted")]
    Gone {
        /// `Patient/123`.
        item: String,
        /// The version that the deletion made.
        version: u64,
        /// When.
        updated_us: i64,
    },
    /// The caller may not do this, whatever the record says.
    #[error("{0}")]
    Forbidden(String),
    /// Another organisation refused.
    #[error("{organisation}: {text}")]
    Elsewhere {
        /// Which.
        organisation: String,
        /// Its code.
        code: String,
        /// Its words.
        text: String,
    },
    /// The version that the request names is not the current one.
    #[error("{item} is not at the version that If-Match names")]
    Stale {
        /// `Patient/123`.
        item: String,
        /// The current version, where there is one.
        current: Option<u64>,
    },
    /// A condition matches more than one resource.
    #[error("the condition on {0} matches more than one resource")]
    Several(String),
    /// Others keep changing the same record.
    #[error("{0} changed again and again while this was tried")]
    Contended(String),
    /// An entry of a bundle failed, so that nothing of it was stored.
    #[error("entry {index} of the bundle: {cause}")]
    Entry {
        /// Place in `Bundle.entry`, from 0.
        index: usize,
        /// Why.
        cause: Box<HospitalError>,
    },
    /// What is stored is not what was committed.
    #[error("{item} is damaged in the database: {reason}")]
    Damaged {
        /// What.
        item: String,
        /// How it was found.
        reason: String,
    },
    /// There is no room left on the disk for records.
    #[error("the disk of this node is full")]
    DiskFull,
    /// The authorization server refuses (RFC 6749 4.1.2.1, 5.2).
    #[error("{text}")]
    Refused {
        /// The error code of OAuth 2.0.
        error: &'static str,
        /// Why, in words.
        text: String,
        /// Seconds to wait, when too many tries failed.
        wait_s: u64,
    },
    /// The scopes of the token do not reach so far.
    #[error("{0}")]
    OutOfScope(String),
    /// No room: a queue is full. Nothing was stored.
    #[error("{0}")]
    Busy(String),
    /// The name or the password is wrong, or too many were.
    #[error("the name and the password do not fit")]
    SignIn {
        /// Seconds to wait before the next try is heard.
        wait_s: u64,
    },
    /// A part of the node failed.
    #[error("{0}")]
    Internal(String),
}

impl HospitalError {
    /// A request that cannot be used, with what to do instead.
    pub fn request(code: &'static str, text: impl Into<String>, hint: &'static str) -> Self {
        Self::Request {
            code,
            text: text.into(),
            hint,
            refusal: None,
        }
    }

    /// A refusal of the ledger, by the rule of this code.
    pub(crate) fn by_ledger(refusal: u16, text: String, hint: &'static str) -> Self {
        Self::Request {
            code: "business-rule",
            text,
            hint,
            refusal: Some(refusal),
        }
    }

    /// The code of the rule of the ledger that refuses, if one does.
    pub fn refusal(&self) -> Option<u16> {
        match self {
            Self::Request { refusal, .. } => *refusal,
            _ => None,
        }
    }

    /// A refusal of the authorization server.
    pub fn refused(error: &'static str, text: impl Into<String>) -> Self {
        Self::Refused {
            error,
            text: text.into(),
            wait_s: 0,
        }
    }

    /// Places this failure at an entry of a bundle.
    #[must_use]
    pub fn at_entry(self, index: usize) -> Self {
        match self {
            Self::Entry { .. } => self,
            cause => Self::Entry {
                index,
                cause: Box::new(cause),
            },
        }
    }
}

impl From<fhir::json::ParseError> for HospitalError {
    fn from(error: fhir::json::ParseError) -> Self {
        Self::Malformed {
            line: error.line,
            column: error.column,
            reason: error.reason,
            too_large: error.too_large,
        }
    }
}

impl From<fhir::query::QueryError> for HospitalError {
    fn from(error: fhir::query::QueryError) -> Self {
        use fhir::query::QueryError as Q;
        let (code, hint) = match &error {
            Q::UnknownType(name) => return Self::UnknownType(name.clone()),
            Q::Modifier { .. } => ("not-supported", "leave the modifier out"),
            Q::Value { .. } => ("value", "see FHIR R4 3.1.1.4 for the form of each type"),
            Q::TooMany { .. } => ("too-costly", "ask in several searches"),
        };
        Self::request(code, error.to_string(), hint)
    }
}

impl From<store::StoreError> for HospitalError {
    fn from(error: store::StoreError) -> Self {
        use store::StoreError as S;
        match error {
            S::Conflict { type_, id, .. } => Self::Contended(format!("{type_}/{id}")),
            S::GuardFailed { .. } => Self::Contended("what the condition names".into()),
            S::VaultKeyExists(id) => Self::Contended(format!("vault key {id}")),
            S::Full => Self::DiskFull,
            S::Busy | S::Closed => Self::Busy(error.to_string()),
            S::Damaged { item, reason } => Self::Damaged { item, reason },
            S::EventExists(_) => Self::request(
                "duplicate",
                error.to_string(),
                "send each event once; a correction is an event with an errorDeclaration",
            ),
            S::PageToken => Self::request(
                "value",
                error.to_string(),
                "start again from the first page of the search",
            ),
            S::NewerSchema { .. } | S::InUse(_) | S::Refused(_) | S::Database(_) => {
                Self::Internal(error.to_string())
            }
        }
    }
}
