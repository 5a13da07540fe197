//! The rules of the ledger: which transactions are accepted, and what they change.
//!
//! `execute(state, block, transactions)` is deterministic and total. What does not live here:
//! the order of transactions and the network (`chain`), evidence in clear (`hospital`),
//! formats and proofs (`proof`). No clock, no randomness, no I/O, no float, no hash map.
//!
//! # Invariants
//!
//! 1. The same state, block and transactions give the same result on every machine
//!    (`tests/determinism.rs`, `a_hundred_thousand_transactions_lead_to_the_frozen_root`).
//! 2. A refused transaction changes nothing and is not in the history
//!    (`tests/determinism.rs`, `a_refused_transaction_changes_nothing`).
//! 3. No transaction is accepted twice: the sequence of a key grows by exactly one
//!    (`tests/rules.rs`, `a_transaction_is_accepted_once`).
//! 4. A key belongs to one organisation, for one use, for ever
//!    (`tests/governance.rs`, `a_key_has_one_owner_for_ever`).
//! 5. Only two thirds of the member organisations change the consortium
//!    (`tests/governance.rs`, `two_thirds_of_the_members_decide`).
//! 6. There is always a validator (`tests/governance.rs`, `the_last_validator_stays`).
//! 7. State restored from its entries equals the state that wrote them
//!    (`tests/determinism.rs`, `a_restored_state_goes_on_alike`).
//! 8. A grant that was revoked is never valid again, and only its own key revokes it
//!    (`tests/consent.rs`, `a_revoked_grant_stays_revoked`).
//! 9. Of two who dispense one pack, one does, and the other hears why not
//!    (`tests/supply.rs`, `two_dispensers_of_one_serial_in_one_block_one_wins`).
//! 10. Evidence with one changed byte proves nothing, and honest acts give none
//!     (`tests/evidence.rs`).
//!
//! # A vertical
//!
//! Its transactions are one file with a rule, and one line in the table of `rules.rs`.
//!
//! Formats: `docs/reference/ledger.md` and `docs/reference/transactions.md`.

mod block;
mod checked;
pub mod evidence;
mod execute;
mod genesis;
mod kinds;
mod organisation;
mod parameters;
mod proposal;
mod refusal;
mod rules;
mod service;
mod state;

pub use block::{BlockContext, BlockHeader, transactions_root};
pub use checked::Checked;
pub use execute::{Accepted, Executed, execute, try_out};
pub use genesis::{Genesis, GenesisError, ORGANISATIONS_MAX};
pub use kinds::{Kind, Propose, RotateKey, Vote};
pub use organisation::{OrgId, OrgIdError, Organisation, OrganisationKind, OrganisationKindError};
pub use parameters::Parameters;
pub use proposal::{OpenProposal, Proposal, two_thirds};
pub use refusal::Refusal;
pub use service::{Announce, Service, XWING_KEY_BYTES};
pub use state::{KeyOwner, KeyUse, State, StateError, keys};
pub use supply::acts::{Openers, Roles};
