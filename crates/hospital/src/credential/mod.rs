//! Credentials of practitioners: who asks, said by the organisation that answers for them.
//!
//! An SD-JWT (RFC 9901) that an organisation issues to a session of one of its practitioners, for
//! five minutes: role and a pseudonym for everybody, name and identifier only where the session
//! discloses them. The session's key is bound (`cnf`), so whoever copies a credential cannot
//! present it, and each presentation is for one audience and one nonce. Pure: time and randomness
//! are inputs, and what was presented before is for the caller to remember.
//! `docs/reference/credentials.md` has the claims.

mod check;
mod disclosure;
mod error;
mod issue;
mod jws;

#[cfg(test)]
mod tests;

pub use check::{Expected, Practitioner, Presented, check};
pub use error::CredentialError;
pub use issue::{Credential, Dice, NewCredential, Presentation, issue, present};

/// Life of a credential unless asked otherwise.
pub const LIFE_S: i64 = 300;
/// Longest life that is accepted.
pub const LIFE_S_MAX: i64 = 900;
/// Oldest proof of the holder's key that is accepted.
pub const PROOF_AGE_S_MAX: i64 = 60;
/// How far two clocks may differ.
pub const LEEWAY_S: i64 = 5;
/// Longest presentation that is looked at.
pub const TEXT_BYTES_MAX: usize = 8 << 10;
/// Longest single text in a claim.
const CLAIM_BYTES_MAX: usize = 128;
/// What may be disclosed.
const DISCLOSED: [&str; 2] = ["name", "identifier"];
/// `typ` of the credential (RFC 9901 9.11).
const CREDENTIAL_TYPE: &str = "salus-practitioner+sd-jwt";
/// `typ` of the proof (RFC 9901 4.3).
const PROOF_TYPE: &str = "kb+jwt";
