//! An organisation at work: one function for each act of a person or a system.
//!
//! What lives here: admitting, amending and retiring records, bundles, searches and histories
//! within what a caller may see, receipts, the batcher, signing in, patients' keys, health links,
//! delegations, credentials, proposals and votes, the
//! audit. What does not: HTTP and who may do what (`api`), SQL (`store`), keys at rest and
//! envelopes (`vault`), consensus (`chain`), the rules of the ledger (`ledger`).
//!
//! # Invariants
//!
//! 1. A write is acknowledged only after version, index rows and outbox leaf are on disk in one
//!    commit (`crates/store`, `killed_at_any_moment_nothing_acknowledged_is_lost`).
//! 2. The bytes that are served are the bytes that were committed to
//!    (`crates/api/tests/receipts.rs`, `a_receipt_verifies_with_the_served_bytes`).
//! 3. A transaction is stored whole or not at all
//!    (`crates/api/tests/bundles.rs`, `one_wrong_entry_stores_nothing`).
//! 4. A condition holds at the commit, not only when it was looked at
//!    (`crates/api/tests/concurrency.rs`, `conditional_creates_make_one_of_each`).
//! 5. A record outside the caller's compartment is absent, in reads, searches and histories
//!    (`crates/api/tests/access.rs`, `a_patient_sees_the_own_compartment_only`).
//! 6. A changed byte is found when it is read and by the audit
//!    (`crates/api/tests/damage.rs`, `every_changed_byte_is_named`).
//! 7. A key, a delegation or a legal hold of a patient that was swapped, added or taken away in the
//!    database is found (`crates/api/tests/identity.rs`, `a_swapped_key_is_named_by_the_audit`).
//! 8. Nobody but the log of accesses writes an AuditEvent
//!    (`crates/api/tests/access_log.rs`, `nobody_writes_changes_or_deletes_an_event`).
//! 9. No patient's event names another patient
//!    (`src/access_log/seen.rs`, `no_patient_s_event_names_another_patient`).
//! 10. Nothing of an erased patient opens, whoever has an older copy of the database
//!     (`crates/api/tests/erasure.rs`, `an_old_copy_opens_everything_but_the_erased`).
//! 11. What a suspended accounting leaves out is not there for the patient
//!     (`crates/api/tests/accounting.rs`,
//!     `a_suspended_disclosure_is_not_there_for_the_patient_until_the_end`).
//! 12. Another organisation reads what consent and policy permit, all of it and nothing else
//!     (`crates/api/tests/elsewhere.rs`,
//!     `three_thousand_questions_elsewhere_answer_what_a_filter_over_everything_answers`).
//! 13. No answer of a count narrows what a withheld cell may be
//!     (`src/research/table.rs`, `no_answer_narrows_what_a_withheld_cell_may_be`).
//! 14. Who watches a patient is told after each commit, and never of what is withheld
//!     (`crates/api/tests/accounting.rs`, `nobody_is_told_of_an_event_that_is_withheld`).
//!
//! # Specifications
//!
//! FHIR R4 3.1.0 and 3.1.1, RFC 6902, C2SP `tlog-proof`, IHE BALP. `docs/reference/http.md` says
//! how the acts are reached.

pub mod access_log;
mod admit;
mod amend;
mod anchor;
pub mod audit;
pub mod backups;
mod batcher;
pub mod bundle;
mod caller;
mod changes;
mod clock;
mod commit;
mod condition;
mod cpu;
pub mod credential;
mod draft;
mod erasure;
mod error;
mod everything;
mod finality;
mod history;
mod identity;
pub mod instant;
mod keyring;
pub mod links;
mod membership;
pub mod operations;
mod own;
pub mod packs;
pub mod pairs;
mod pen;
mod perform;
mod questions;
mod read;
mod receipt;
mod record;
pub mod report;
pub mod request;
pub mod research;
mod resume;
mod retire;
pub mod scopes;
mod sealed;
pub mod search;
mod setup;
pub mod sharing;
mod shown;
mod sight;
mod sign_in;
pub mod smart;
mod tally;
pub mod trials;

pub use admit::{Admitted, Made, new_id};
pub use anchor::KeptAnchor;
pub use batcher::{BatchStatus, Batcher};
pub use caller::{Caller, Role};
pub use clock::{Clock, SetClock, SystemClock};
pub use draft::RECORD_BYTES_MAX;
pub use erasure::{ErasureBegun, ErasurePreview, ErasureReader, ErasureStatus, Hold, SHARED_MAX};
pub use error::HospitalError;
pub use history::HistoryOf;
pub use identity::{
    Acting, Delegation, DelegationKind, DeviceKey, GrantSignature, KeyMode, NewDelegation,
    PatientKeyChange, PatientKeys, RecoveryShare, consent_digest, key_change_digest,
};
pub use membership::trust_policy;
pub use perform::Response;
pub use questions::{
    Asking, QUESTION_TEXT_MAX, QUESTIONS_OPEN_MAX, Question, QuestionAnswer, QuestionKind,
    QuestionPage, QuestionState,
};
pub use receipt::ReceiptState;
pub use record::Record;
pub use resume::{Restored, Resumed};
pub use retire::Retired;
pub use search::{SearchPage, View};
pub use setup::{Hospital, Setup};
pub use sharing::{
    AccessRequest, AccessRequestPage, AskElsewhere, Asked, Because, Code, Counts, Custody,
    Elsewhere, Filed, GivenReview, KeptEvidence, Linked, Located, LocatedAt, NewAccessRequest,
    Opened, Opening, Openings, Prepared, Preview, PreviewAsk, Previewed, Proved, Reviewable,
    SignedStatement, Source, Sourced, WithdrawnGrant, WouldSee, asked, plain_words, sign_statement,
};
pub use sight::{Decide, Redaction, Shown, Sight};
pub use sign_in::NewUser;
pub use store::{Method, SieveRow};
pub use vault::IdKey;
pub use vault::Zeroizing;
