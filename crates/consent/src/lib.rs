//! Consent: what a patient allowed, and what the ledger keeps of it, as pure functions.
//!
//! What lives here: the terms of a FHIR R4 Consent and the decision on one record (`terms`,
//! `decide`), the facts about a record that a decision reads (`facts`), and the acts of consent on
//! the ledger with their rules (`acts`). What does not: where any of it is stored, who signed in,
//! and organisation policy (`policy`).

pub mod acts;
pub mod facts;
