//! The supply of medicines: what the ledger keeps of a pack's life, as pure functions.
//!
//! What lives here: the pseudonyms by which the ledger knows packs, lots and containers (`ids`), the
//! moves of packs with their rules (`acts`), and how regulators open whom a pack was handed to
//! (`escrow`). What does not: bar codes (`gs1`), documents about packs (`epcis`), where anything is
//! stored, and who may sign in.
//!
//! # Invariants
//!
//! 1. A pack is dispensed once, until that is undone
//!    (`tests/life.rs`, `no_pack_is_dispensed_twice_without_an_undo_between`).
//! 2. Only the organisation named in the lock moves a pack on
//!    (`tests/life.rs`, `custody_follows_the_lock_and_nothing_else`).
//! 3. A random trade and a naive model of it never disagree
//!    (`tests/life.rs`, `the_rules_and_a_naive_model_agree`).
//! 4. One value has one byte string (`tests/bytes.rs`, `whatever_decodes_encodes_to_the_same_bytes`),
//!    and the formats are frozen (`tests/bytes.rs`, `formats_are_frozen`).
//!
//! Formats and the table of transitions: `docs/reference/supply.md`. Law: Delegated Regulation
//! (EU) 2016/161, articles 10 to 42.

pub mod acts;
pub mod detect;
pub mod escrow;
pub mod ids;

pub use acts::{Refused, Roles, Scene};
pub use ids::{ContainerId, Facts, Lock, LotId, Opening, PackId, TradeKey, UnitId};
