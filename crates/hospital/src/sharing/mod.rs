//! Sharing between organisations: links, grants, the read across, withdrawal.
//!
//! A patient carries a code from one organisation to another, and both then know each other's
//! record of the patient by a pairwise pseudonym (`link`). A consent that names recipients becomes
//! a grant on the ledger and a grant key sealed to each of them (`give`, `hold`). A recipient asks
//! (`ask`); the custodian decides, writes the disclosure, waits until it is final and only then
//! releases (`disclose`), with a signed statement on what it decided (`release`). One that breaks
//! the rule is kept as evidence (`misconduct`). `withdraw` ends a grant. Who lets records be
//! located, and who asks every member for them, is in `locatable` and `locate`; who asks a patient
//! for a consent, in `request`; what consents leave to this organisation's own researchers, in
//! `research`.
//!
//! What a patient signs for these is a statement: this organisation signs it for who has no device,
//! a device signs what was prepared for it, and a delegate signs under a delegation (`signer`,
//! `prepare`, `prepared`, `delegation`, `witness`).
//! `docs/reference/sharing.md` has the flow and every message.

mod admit;
mod ask;
mod book;
mod custody;
mod decision;
mod delegation;
mod disclose;
mod door;
mod erased;
mod give;
mod glass;
mod hold;
mod keys;
mod link;
mod locatable;
mod locate;
pub(crate) mod message;
mod misconduct;
mod pact;
mod prepare;
mod prepared;
mod preview;
mod received;
mod release;
mod request;
mod research;
mod signer;
mod terms;
mod wanted;
mod withdraw;
mod witness;
mod words;

pub use ask::AskElsewhere;
pub(crate) use book::Book;
pub use custody::Custody;
pub use decision::Because;
pub(crate) use erased::EraseTold;
pub use give::Filed;
pub use glass::{GivenReview, Opened, Opening, Openings, Reviewable};
pub(crate) use link::wrong_codes;
pub use link::{Code, Linked};
pub use locate::{Located, LocatedAt};
pub(crate) use misconduct::EvidencePact;
pub use misconduct::KeptEvidence;
pub(crate) use pact::{Kept, pact_mark};
pub use prepare::Prepared;
pub use preview::{Counts, Preview, PreviewAsk, Previewed, WouldSee};
pub use received::{Elsewhere, Proved, Source, Sourced};
pub(crate) use request::knocks;
pub use request::{AccessRequest, AccessRequestPage, NewAccessRequest};
pub(crate) use research::ByResearch;
pub use signer::{SignedStatement, sign_statement};
pub use terms::{Asked, asked};
pub use withdraw::WithdrawnGrant;
pub use words::plain as plain_words;

/// Names a record's custodian in `entry.fullUrl` and in provenance.
pub const ORGANISATION_REFERENCE: &str = "Organization/";
