//! The supply of medicines: what the ledger keeps of a pack's life, as pure functions.
//!
//! What lives here: the pseudonyms by which the ledger knows packs, lots and containers (`ids`),
//! the moves of packs with their rules (`acts`), and how regulators open whom a pack was handed to
//! (`escrow`). What does not: bar codes (`gs1`), documents about packs (`epcis`), where anything is
//! stored, and who may sign in.
//!
//! # Invariants
//!
//! 1. A pack is dispensed once, until that is undone; and the rules never disagree with a naive
//!    model that knows names in place of locks (`ledger/tests/trade_model.rs`,
//!    `the_rules_and_a_naive_model_agree`).
//! 2. Only the organisation in the lock moves a pack, and it signs
//!    (`ledger/tests/supply.rs`, `a_change_of_hands_needs_both_sides`).
//! 3. What an act does in each condition is the table of the reference
//!    (`tests/transitions.rs`, `the_table_of_transitions_is_that_of_the_reference`).
//! 4. Any k openers open what was asked, and fewer learn nothing
//!    (`tests/escrow.rs`, `any_k_openers_open_what_was_asked`,
//!    `fewer_than_k_openers_learn_nothing`, `exactly_the_item_that_was_asked_is_opened`).
//! 5. One value has one byte string (`tests/bytes.rs`,
//!    `whatever_decodes_encodes_to_the_same_bytes`), and the formats are frozen (`tests/bytes.rs`,
//!    `formats_are_frozen`).
//!
//! Formats and the table of transitions: `docs/reference/supply.md`. Law: Delegated Regulation
//! (EU) 2016/161, articles 10 to 42.

pub mod acts;
pub mod detect;
pub mod escrow;
pub mod ids;

pub use acts::{Refused, Roles, Scene};
pub use ids::{ContainerId, Facts, Lock, LotId, Opening, PackId, TradeKey, UnitId};
