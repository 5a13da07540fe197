//! Consent: what a patient allowed, and what the ledger keeps of it, as pure functions.
//!
//! What lives here: the facts about a record that a decision reads (`facts`), the labels of what is
//! sensitive (`labels`), the terms of a FHIR R4 Consent (`terms`), the decision on one record
//! (`decide`), the acts of consent on the ledger with their rules (`acts`), and what a patient
//! signs for them (`statement`). What does not: where any of it is stored, who signed in, and
//! organisation policy (`policy`).
//!
//! Invariants of the evaluator (`docs/reference/consent.md`):
//!
//! 1. What is not known never permits: `what_is_not_known_never_permits`.
//! 2. Refusal over permission over default, in any order of consents:
//!    `the_order_of_terms_does_not_matter`, `one_more_refusal_never_permits_more`.
//! 3. Only the newest version of a grant counts: `only_the_newest_version_of_a_grant_counts`.
//! 4. Two other evaluators, one naive and one in Cedar, never disagree: `differential.rs`.
//! 5. Facts and terms have one byte string each: `bytes_are_canonical`,
//!    `every_other_byte_string_is_refused`.
//! 6. Facts hold codes, dates and references, never text: `facts_hold_no_text`.
//!
//! Specification: <http://hl7.org/fhir/R4/consent.html>, IHE ITI Privacy Consent on FHIR (PCF).

pub mod acts;
pub mod coding;
pub mod decide;
pub mod facts;
pub mod labels;
pub mod statement;
pub mod terms;

pub use coding::Coding;
pub use decide::{Asking, Decision, Fallback, Rules, decide};
pub use facts::Facts;
pub use terms::Terms;
