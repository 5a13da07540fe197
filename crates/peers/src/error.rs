//! What can go wrong between two nodes.

/// An error of this crate. Its words come from libraries and from us, never from a message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PeerError {
    /// No connection to the peer's address. Nothing was sent.
    #[error("{organisation} cannot be reached at {address}: {cause}")]
    Unreachable {
        /// Who was called.
        organisation: String,
        /// Where.
        address: String,
        /// The system's or the library's words.
        cause: String,
    },
    /// The registry has no key for it, or who answers at its address shows another one.
    #[error("{organisation}: {cause}")]
    NotPinned {
        /// Who was called.
        organisation: String,
        /// Which of the two.
        cause: &'static str,
    },
    /// The peer does not talk to us, or not in this way.
    #[error("{organisation} refused: {cause}")]
    Refused {
        /// Who was called.
        organisation: String,
        /// What it gave as a reason.
        cause: String,
    },
    /// The time ran out.
    #[error("{organisation}: the time ran out {during}")]
    TimedOut {
        /// Who was called.
        organisation: String,
        /// `waiting for a place`, `connecting`, `waiting for the reply`...
        during: &'static str,
    },
    /// A body is larger than the bound.
    #[error("{organisation}: the {what} is larger than {bound} bytes")]
    TooLarge {
        /// Who was called.
        organisation: String,
        /// `call` or `reply`.
        what: &'static str,
        /// The bound in bytes.
        bound: usize,
    },
    /// The peer has no place for another call or link of ours.
    #[error("{organisation} is busy")]
    Busy {
        /// Who was called.
        organisation: String,
    },
    /// The link broke after the call was sent: it is not known whether it was carried out.
    #[error("the link to {organisation} broke during the call: {cause}")]
    Broken {
        /// Who was called.
        organisation: String,
        /// The library's words.
        cause: String,
    },
    /// The links of this node were closed: it is shutting down.
    #[error("the links of this node are closed")]
    Closed,
    /// The call cannot be sent as it is.
    #[error("the call cannot be sent: {0}")]
    Malformed(&'static str),
    /// The library refused the key or the settings.
    #[error("TLS could not be set up: {0}")]
    Library(String),
}

impl PeerError {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Unreachable { .. } => {
                "Check that its node runs and that its announced address can be reached from here."
            }
            Self::NotPinned { .. } => {
                "It has to announce its address and key on the ledger; see peers.md."
            }
            Self::Refused { .. } => {
                "Check that our announced key is the one this node uses, and both versions."
            }
            Self::TimedOut { .. } | Self::Busy { .. } | Self::Closed => "Try again later.",
            Self::TooLarge { .. } => "Ask for less at once.",
            Self::Broken { .. } => "Ask again with the same number; it is carried out once.",
            Self::Malformed(_) => "Use a path of visible characters that begins with a slash.",
            Self::Library(_) => "Check the key of the links.",
        }
    }
}
