//! Canonical bytes, hashes, Merkle trees, signatures and receipts: all that a stranger
//! needs to check what the ledger vouches for, and nothing else.
//!
//! What does not live here: rules about who may do what (`ledger`), keys at rest and
//! envelopes (`vault`), consensus and the network (`chain`), FHIR (`fhir`). No clock, no
//! randomness, no I/O, no float, no hash map: time and secrets are inputs.
//!
//! # Invariants
//!
//! 1. One value has one byte string, and decoding refuses every other
//!    (`tests/decoders.rs`, `whatever_decodes_encodes_to_the_same_bytes`).
//! 2. Hashes of different meaning cannot collide: labelled hashes start with a label length
//!    of 2 or more, Merkle leaves with `0x00`, Merkle nodes with `0x01`
//!    (`src/digest/tests.rs`, `no_label_is_as_short_as_a_merkle_prefix`).
//! 3. Ed25519 is judged by ZIP-215 alone, one by one and in batches alike
//!    (`tests/ed25519_vectors.rs`, `zip215_verdicts_are_pinned_single_and_in_batch`).
//! 4. A receipt or a record with one changed byte is never valid
//!    (`tests/receipt_strictness.rs`).
//! 5. No proof about the state, changed or not, shows what the state does not say
//!    (`tests/state.rs`, `no_proof_with_one_changed_byte_shows_what_is_not_so`).
//! 6. The root of a map depends on its entries only, not on the order in which they came
//!    (`tests/map_laws.rs`, `the_root_depends_on_the_entries_only`).
//! 7. Every format is frozen by vectors (`tests/vectors.rs`).
//! 8. An input has one output under a key, and no other has a proof (`tests/vrf.rs`,
//!    `an_output_is_shown_to_everybody_and_for_one_input_and_key_alone`).
//!
//! # Specifications
//!
//! RFC 9162 section 2.1 (trees), RFC 8032 and ZIP-215 (signatures), RFC 9381
//! (verifiable random function), RFC 2104 (HMAC), RFC 8785
//! (order and strings of canonical JSON), C2SP `signed-note`, `tlog-checkpoint`,
//! `tlog-cosignature`, `tlog-policy` and `tlog-proof`. Our own formats are described in
//! `docs/reference/`: `encoding.md`, `transactions.md`, `receipts.md`, `merkle.md`.

pub mod batch;
pub mod checkpoint;
pub mod codec;
pub mod cosignature;
mod digest;
pub mod event;
pub mod json;
pub mod map;
pub mod note;
pub mod policy;
pub mod receipt;
pub mod sign;
pub mod state;
pub mod transaction;
pub mod tree;
pub mod vrf;

pub use codec::{Canonical, CodecError};
pub use digest::{CommitmentKey, Digest, commit, hash, keyed_hash, sha256};
pub use sign::{PublicKey, SecretKey, Signature};
