//! Keys and envelopes: everything an organisation keeps secret passes through here.
//!
//! What lives here: the root key file, vault keys (one per patient), the envelope around one
//! record version, derived keys, password hashes, and the keyed mark of a database row. What does
//! not: where any of it is stored (`store`), what is inside an envelope (`hospital`), signatures
//! and receipts (`proof`).
//!
//! Invariants, each with the test that guards it:
//!
//! 1. Nothing is decrypted before the key commitment matches
//!    (`commitment_is_checked_before_anything_is_decrypted`).
//! 2. An envelope opens only for the record version it was sealed for
//!    (`a_swapped_envelope_is_refused`).
//! 3. A changed, cut, extended or reordered envelope is refused
//!    (`every_changed_byte_is_refused`, `chunks_cannot_be_reordered_cut_or_extended`).
//! 4. The formats are frozen (`frozen_vectors_still_open`).
//! 5. No error carries a key or a byte of plaintext (`errors_say_nothing_of_the_content`).
//!
//! Specifications: `docs/reference/envelope.md`, `docs/reference/keys.md`,
//! <https://c2sp.org/chunked-encryption>, RFC 5116, RFC 5869, RFC 9106.

mod aead;
pub mod cobblestone;
pub mod envelope;
mod error;
mod id_key;
pub mod keys;
pub mod password;
mod root;

pub use error::VaultError;
pub use id_key::IdKey;
pub use keys::{VaultKey, random};
pub use root::{Cost, RootKey};
pub use zeroize::{Zeroize, Zeroizing};
