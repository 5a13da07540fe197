//! What can go wrong with a key or an envelope. No variant carries content.

/// An error of this crate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// The root key file could not be read or written.
    #[error("the key file {path} could not be {verb}: {reason}")]
    File {
        /// The file.
        path: String,
        /// `read` or `written`.
        verb: &'static str,
        /// The operating system's words.
        reason: String,
    },
    /// The root key file is there already: it is never overwritten.
    #[error("the key file {0} exists already")]
    Exists(String),
    /// The passphrase is not the one the file was sealed with, or the file was changed.
    #[error("the passphrase is wrong or the key file was changed")]
    Passphrase,
    /// The bytes do not have the documented form.
    #[error("{what}: {reason}")]
    Format {
        /// What was read: `key file`, `envelope`, `wrapped key`, `password hash`.
        what: &'static str,
        /// What is wrong with its form.
        reason: &'static str,
    },
    /// A wrapped key or sealed secret does not open: wrong key, wrong name or changed bytes.
    #[error("the {0} does not open: wrong key, wrong name or changed bytes")]
    Sealed(&'static str),
    /// The id was erased: no key of it can be made or opened any more.
    #[error("this was erased, and nothing of it opens any more")]
    Erased,
    /// The envelope was sealed with another key or for another record version.
    #[error("the envelope was not sealed for this record version with this key")]
    Commitment,
    /// The envelope's content was changed.
    #[error("the content of the envelope was changed")]
    Changed,
    /// More bytes than the bound allows.
    #[error("{what} is larger than {bound} bytes")]
    TooLarge {
        /// What is too large.
        what: &'static str,
        /// The bound in bytes.
        bound: usize,
    },
    /// Recovery shares do not give a seed.
    #[error("the recovery shares do not give the seed: {0}")]
    Recovery(&'static str),
    /// The cryptographic library refused or the system has no randomness.
    #[error("the cryptographic library failed: {0}")]
    Library(&'static str),
}
