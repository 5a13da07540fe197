//! Where the ledger says who gets a pack or a container.

use crate::sqlite::handover;
use crate::{Store, StoreError};

/// A place on the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Handover {
    /// The name of the pack or container there.
    pub unit: [u8; 16],
    /// The block.
    pub height: u64,
    /// Which transaction of the block.
    pub position: u32,
    /// Which item of the transaction.
    pub item: u16,
}

impl Store {
    /// Adds places; those that are there already stay. At most 100,000 at once.
    pub async fn put_handovers(&self, places: Vec<Handover>) -> Result<(), StoreError> {
        self.write(move |connection, _| handover::put(connection, &places))
            .await
    }

    /// The places of one pack or container, the latest first.
    pub async fn handovers(&self, unit: [u8; 16], limit: u32) -> Result<Vec<Handover>, StoreError> {
        self.readers()
            .run(move |connection| handover::of(connection, unit, limit))
            .await
    }
}
