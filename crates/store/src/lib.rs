//! The database of one organisation: record versions, their search index, the leaves that go to
//! the ledger and the batches they went in.
//!
//! What lives here: one writer thread with group commit, reader threads, search, history, paging,
//! batches, users, clients, settings, pacts, keys of patients, delegations, health links, erasures,
//! migrations, and the scans of the audit. All SQL is under `sqlite`; a second database goes beside
//! it, behind the same methods. What does not: keys and plaintext (an envelope is opaque bytes
//! here), the rules of FHIR, the form of a leaf or a batch.
//!
//! Invariants, each with the test that guards it:
//!
//! 1. A write is acknowledged after it is on disk, and is never lost
//!    (`killed_at_any_moment_nothing_acknowledged_is_lost`).
//! 2. A write happens whole or not at all (`a_write_happens_whole_or_not_at_all`).
//! 3. Versions of a record follow each other without a gap (`a_stale_write_is_refused`).
//! 4. Every version has a leaf, leaves are numbered without a gap in the order of commits, and
//!    batches cover them without a gap (`leaves_and_batches_have_no_gap`).
//! 5. No row outside the scope leaves a search, a total or an include
//!    (`a_scope_hides_the_rest_everywhere`), nor a row that the scope's decision does not admit
//!    (`a_sieve_hides_the_rest_everywhere`).
//! 6. Pages do not shift while others write (`pages_are_stable_while_others_write`).
//! 7. A full disk or a full queue refuses the write and the store lives on
//!    (`a_full_disk_refuses_and_the_store_goes_on`, `a_full_queue_answers_busy`).
//! 8. After an erasure no file of the database holds a value of the patient, and the audit of
//!    everybody else is clean (`nothing_of_an_erased_patient_is_in_any_file`).
//! 9. The index of AuditEvents follows later, and nobody sees that it does
//!    (`an_event_is_found_at_once_by_every_way_to_the_index`).
//!
//! Specifications: `docs/reference/database.md`, FHIR R4 3.1.0 and 3.1.1, <https://sqlite.org>.

mod audit;
mod batch;
mod checkpoints;
mod copy;
mod erasure;
mod error;
mod everything;
mod extent;
mod feed;
mod handover;
mod health_link;
mod identity;
mod logins;
mod narrowing;
mod pact;
mod passkeys;
mod readers;
mod record;
mod room;
mod search;
mod sieve;
mod sqlite;
mod store;
mod supply;
mod ticket;
mod tickets;
mod user;
mod writer;

pub use batch::{Batch, Leaf, LeafPlace};
pub use copy::copy_database;
pub use erasure::{Erased, Erasure, KeptErasure, SharedRecord};
pub use error::StoreError;
pub use everything::Everything;
pub use extent::Extent;
pub use feed::EpcisFeed;
pub use handover::Handover;
pub use health_link::{Entered, HealthLink, HealthLinkFile, HealthLinkTicket};
pub use identity::{DelegationStep, HoldStep, Identity, PatientKey, SeedChange};
pub use logins::LoginRow;
pub use narrowing::{Narrowing, Rule};
pub use pact::{Pact, PactKind};
pub use passkeys::PasskeyRow;
pub use record::{
    Committed, Guard, History, HistoryPage, HistoryScope, Method, NewVaultKey, Put, RecordKey,
    Stored, Write,
};
pub use room::free_bytes;
pub use search::{Found, Page, Scope};
pub use sieve::{Sieve, SieveRow};
pub use store::{Options, Store};
pub use supply::{Drawer, EPCIS_EVENT, EpcisOrder, EpcisPage, EpcisQuery, EpcisRow, Sealed, Short};
pub use ticket::{ClientRow, Kept, Ticket, TicketKind};
pub use user::{Setting, User};
