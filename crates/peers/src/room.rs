//! The share of one peer: places for calls, and bytes for their bodies.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::Bounds;

/// Places and bytes of one peer in one direction.
#[derive(Debug)]
pub(crate) struct Room {
    places: Arc<Semaphore>,
    /// In KiB.
    bytes: Arc<Semaphore>,
}

/// What is taken; given back when dropped.
pub(crate) type Place = OwnedSemaphorePermit;

impl Room {
    pub(crate) fn new(bounds: &Bounds) -> Self {
        let held = bounds.held_bytes_max.max(bounds.body_bytes_max);
        Self {
            places: Arc::new(Semaphore::new(bounds.calls_max.max(1))),
            bytes: Arc::new(Semaphore::new(held.div_ceil(1024))),
        }
    }

    /// Waits for a place for one call, first come first served.
    pub(crate) async fn place(&self) -> Option<Place> {
        Arc::clone(&self.places).acquire_owned().await.ok()
    }

    /// Waits for room for a body. The length is within `body_bytes_max`.
    pub(crate) async fn hold(&self, length: usize) -> Option<Place> {
        let kib = u32::try_from(length.div_ceil(1024)).ok()?;
        Arc::clone(&self.bytes).acquire_many_owned(kib).await.ok()
    }
}
