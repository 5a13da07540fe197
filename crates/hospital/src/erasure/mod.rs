//! Erasing a patient: here, at everybody who holds something, and provably.
//!
//! An erasure is planned in a marked row (`plan`), put on the ledger (`act`), carried out in one
//! transaction of the store and in the key tree (`destroy`), attested, and told to the other
//! holders until each of them has attested too (`tell`). What is not the patient's alone was
//! decided about before (`shared`). The certificate follows from the ledger (`certificate`). A
//! legal hold is before all of it (`hold`). Whatever is interrupted is finished at the next start:
//! every step is looked up, none is remembered.
//! `docs/reference/erasure.md` says what is gone and what stays.

mod act;
mod again;
mod certificate;
mod destroy;
mod hold;
mod plan;
mod shared;
mod tell;

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;

pub use act::ErasureBegun;
pub use certificate::{ErasureReader, ErasureStatus};
pub use hold::Hold;
pub(crate) use plan::{Plan, count_mark, count_name};
pub use shared::{ErasurePreview, SHARED_MAX};

/// What erasures under way share.
#[derive(Default)]
pub(crate) struct Desk {
    /// Held while one is begun or carried out here.
    one: tokio::sync::Mutex<()>,
    /// Whether it is known that no plan is in the database; false after a start.
    none_under_way: AtomicBool,
    /// Held while this organisation attests: twice would be refused.
    attesting: tokio::sync::Mutex<()>,
    /// Those that every holder has attested: nobody has to be told any more.
    complete: Mutex<BTreeSet<[u8; 32]>>,
}
