//! How large the database is, and how much is in it.

use crate::sqlite::extent;
use crate::{Store, StoreError};

/// The size of a database. Counts that would take a walk over a table are told by the highest
/// number that was given instead.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extent {
    /// Bytes of the database file.
    pub database_bytes: u64,
    /// Bytes of the write-ahead log beside it.
    pub log_bytes: u64,
    /// Bytes that may still be written to its disk; `None` where the system does not tell.
    pub free_bytes: Option<u64>,
    /// Migrations that it went through.
    pub schema: u32,
    /// Versions that were ever admitted, the erased ones included.
    pub leaves: u64,
    /// Versions that are there.
    pub versions: u64,
    /// Records that were ever made, the deleted and erased ones included.
    pub records: u64,
    /// Batches that were sealed.
    pub batches: u64,
    /// Erasures that were carried out.
    pub erasures: u64,
}

impl Store {
    /// How large the database is, and how much is in it.
    pub async fn extent(&self) -> Result<Extent, StoreError> {
        self.readers().run(extent::of).await
    }
}
