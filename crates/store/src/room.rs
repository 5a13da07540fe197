//! How much room the disk has. Records are refused while the ledger, which needs little, still
//! has enough to go on: the node stays alive, and what waits for a receipt gets it.

use std::path::{Path, PathBuf};

use crate::StoreError;

/// Bytes that this process may still write to the disk of a folder; `None` where the system does
/// not tell.
pub fn free_bytes(folder: &Path) -> Option<u64> {
    let disk = rustix::fs::statvfs(folder).ok()?;
    disk.f_bavail.checked_mul(disk.f_frsize)
}

/// The part of the disk that records leave alone.
pub(crate) struct Reserve {
    folder: PathBuf,
    bytes: u64,
}

impl Reserve {
    pub(crate) fn new(database: &Path, bytes: u64) -> Self {
        let folder = match database.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
            _ => PathBuf::from("."),
        };
        Self { folder, bytes }
    }

    /// Refuses once less than the reserve is free.
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        match free_bytes(&self.folder) {
            Some(free) if free < self.bytes => Err(StoreError::Full),
            _ => Ok(()),
        }
    }
}
