//! Keys and envelopes: everything an organisation keeps secret passes through here.
//!
//! What lives here: the root key file, vault keys (one per patient), the envelope around one record
//! version, the key of a grant and envelopes released under it, the key of a SMART Health Link and
//! files under it, derived keys, a patient's seed with
//! its wrappings and recovery shares, password hashes, and the keyed mark of a database row. What
//! does not: where any of it is stored (`store`), what is inside an envelope and who may have it
//! (`hospital`), signatures and receipts (`proof`).
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
//! 6. A grant key opens at one organisation, for one grant
//!    (`another_organisation_opens_no_grant_key`, `a_sealed_key_opens_for_its_context_only`).
//! 7. What is released opens under its grant only, unchanged; a copy made for a recipient never
//!    passes for the original (`a_wrong_grant_key_grant_or_context_opens_nothing`,
//!    `a_copy_never_passes_for_an_original`).
//! 8. Any one wrapping or share of a seed may be lost, and one share alone says nothing
//!    (`the_seed_survives_the_loss_of_any_one`, `one_share_says_nothing`).
//! 9. What was erased from the key tree opens for nobody, from an old copy of the database either
//!    (`an_old_copy_of_the_database_opens_all_but_the_erased`).
//! 10. A sealed file that was cut, changed or extended anywhere, or under another head, is refused
//!     before its end (`a_sealed_file_opens_whole_or_not_at_all`).
//!
//! Specifications: `docs/reference/envelope.md`, `docs/reference/keys.md`,
//! <https://c2sp.org/chunked-encryption>, RFC 5116, RFC 5869, RFC 9106, RFC 9180,
//! draft-connolly-cfrg-xwing-kem.

mod aead;
pub mod cobblestone;
pub mod envelope;
mod error;
pub mod grant;
mod health_link;
mod id_key;
pub mod keys;
pub mod passkey;
pub mod password;
mod root;
pub mod sealed_file;
pub mod seed;
mod tree;

pub use error::VaultError;
pub use grant::{GrantContext, GrantKey, WrapKey};
pub use health_link::{LinkKey, keep_beside, kept_beside};
pub use id_key::IdKey;
pub use keys::{VaultKey, random};
pub use root::{Cost, RootKey};
pub use seed::Seed;
pub use tree::KeyTree;
pub use zeroize::{Zeroize, Zeroizing};
