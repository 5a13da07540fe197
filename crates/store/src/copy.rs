//! Copying a database that its node goes on writing, and what a restored one lacks of the ledger.

use std::path::Path;

use crate::sqlite::{batch, copy};
use crate::{Batch, Extent, Options, Setting, Store, StoreError};

/// Copies a database as it stands at one moment to a new file, while its node goes on writing.
/// `at` is told the pages that are done and how many there are. Answers the size of the copy.
///
/// Blocks: never on a thread of an async runtime.
pub fn copy_database(
    from: &Path,
    to: &Path,
    at: &mut dyn FnMut(u64, u64),
) -> Result<Extent, StoreError> {
    copy::whole(from, to, &Options::default(), at)
}

impl Store {
    /// Takes in batches that the ledger has and this database does not: it was restored from a
    /// copy that is older than they are. They cover no leaf here, and follow the last batch. The
    /// setting that vouches for them comes in the same commit.
    pub async fn take_lost_batches(
        &self,
        batches: Vec<Batch>,
        mark: Setting,
    ) -> Result<(), StoreError> {
        self.write(move |connection, _| batch::take_lost(connection, &batches, &mark))
            .await
    }
}
