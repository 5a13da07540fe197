//! The erasure of a patient: every row goes, only the leaves stay.

use crate::sqlite::erase;
use crate::{Store, StoreError};

/// What is to be erased.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Erasure {
    /// The random id that the ledger knows.
    pub id: [u8; 32],
    /// The logical id of the patient.
    pub patient: String,
    /// The vault key of the patient; it goes, and with it all that it opens.
    pub vault: String,
    /// What opens the commitments of the erasure, sealed.
    pub sealed: Vec<u8>,
    /// Tickets whose body holds one of these go too: their bodies are the caller's bytes.
    pub in_tickets: Vec<Vec<u8>>,
}

/// What an erasure did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Erased {
    /// Versions that are gone.
    pub versions: u64,
    /// Records that are gone whole.
    pub records: u64,
    /// Records in the patient's compartment that stay: they are under the key of another patient.
    pub shared: u64,
}

/// An erasure as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptErasure {
    /// The random id that the ledger knows.
    pub id: [u8; 32],
    /// How many leaves have lost their versions.
    pub leaves: u64,
    /// What opens the commitments of the erasure, sealed.
    pub sealed: Vec<u8>,
}

impl Store {
    /// Erases a patient: the vault key, every version under it, index, compartments, users, keys,
    /// delegations, pacts, tickets, and the texts that nothing else uses. All or nothing; returns
    /// when it is on disk.
    ///
    /// [`Store::fold`] then takes what was overwritten out of the write-ahead log.
    pub async fn erase(&self, erasure: Erasure) -> Result<Erased, StoreError> {
        self.write(move |connection, cache| erase::apply(connection, cache, &erasure))
            .await
    }

    /// Folds the write-ahead log into the database and empties it. False if a reader was in the
    /// way: call it again.
    pub async fn fold(&self) -> Result<bool, StoreError> {
        self.readers().run_long(erase::fold).await
    }

    /// An erasure by its id.
    pub async fn erasure(&self, id: [u8; 32]) -> Result<Option<KeptErasure>, StoreError> {
        self.readers()
            .run(move |connection| erase::get(connection, &id))
            .await
    }

    /// Puts a vault key wrapped anew in the place of the same key; `false`: it is another by now.
    pub async fn rewrap_vault_key(
        &self,
        id: &str,
        before: Vec<u8>,
        wrapped: Vec<u8>,
    ) -> Result<bool, StoreError> {
        let id = id.to_owned();
        self.write(move |connection, _| erase::rewrap(connection, &id, &before, &wrapped))
            .await
    }

    /// Erasures in the order of their ids, after the given one.
    pub async fn erasures(
        &self,
        after: [u8; 32],
        limit: u32,
    ) -> Result<Vec<KeptErasure>, StoreError> {
        self.readers()
            .run(move |connection| erase::scan(connection, &after, limit))
            .await
    }
}
