//! Sharing between organisations: links, grants, the read across, withdrawal.
//!
//! A patient carries a code from one organisation to another, and both then know each other's
//! record of the patient by a pairwise pseudonym (`link`). A consent that names recipients becomes
//! a grant on the ledger and a grant key sealed to each of them (`give`, `hold`). A recipient asks
//! (`ask`); the custodian decides, writes the disclosure, waits until it is final and only then
//! releases (`disclose`). `withdraw` ends a grant. Who lets records be located, and who asks every
//! member for them, is in `locatable` and `locate`. `docs/reference/sharing.md` has the flow and
//! every message.

mod admit;
mod ask;
mod book;
mod custody;
mod decision;
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
mod message;
mod pact;
mod received;
mod terms;
mod wanted;
mod withdraw;

pub use ask::AskElsewhere;
pub(crate) use book::Book;
pub use custody::Custody;
pub(crate) use erased::EraseTold;
pub use give::Filed;
pub use glass::{Opened, Opening, Openings, Reviewable};
pub(crate) use link::WrongCodes;
pub use link::{Code, Linked};
pub use locate::{Located, LocatedAt};
pub(crate) use pact::{Kept, pact_mark};
pub use received::{Elsewhere, Proved, Source, Sourced};
pub use withdraw::WithdrawnGrant;

/// Names a record's custodian in `entry.fullUrl` and in provenance.
pub const ORGANISATION_REFERENCE: &str = "Organization/";
