//! What can be wrong with what is given to this crate.

/// Why a document was not made, or a request not read. A text never quotes a value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DscsaError {
    /// A field cannot be used as it is.
    #[error("{field}: {reason}")]
    Field {
        /// Which.
        field: &'static str,
        /// Why, and what is expected.
        reason: String,
    },
    /// A parameter that this version of the standard does not know.
    #[error("the parameter number {0} of the address is none of this request")]
    Parameter(usize),
    /// A document that says nothing of a change of hands.
    #[error("the document has {0}")]
    Document(&'static str),
}

pub(crate) fn field(field: &'static str, reason: impl Into<String>) -> DscsaError {
    DscsaError::Field {
        field,
        reason: reason.into(),
    }
}
