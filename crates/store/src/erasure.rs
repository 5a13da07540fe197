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
    /// The vault key of the patient. It goes, and so does every key whose id has this one among
    /// others, with a space between them; and with the keys all that they open.
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
    /// Of them those in which others had a part.
    pub shared: u64,
}

/// A record that goes with a patient although it is not the patient's alone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SharedRecord {
    /// Record type.
    pub type_: String,
    /// Logical id.
    pub id: String,
    /// Its current version.
    pub version: u64,
    /// The other patients whom it names; none: it is under the key of the organisation.
    pub also: Vec<String>,
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
    /// Erases a patient: the vault keys, every version under them or in the patient's compartment,
    /// index, compartments, users, keys, delegations, pacts, tickets, and the texts that nothing
    /// else uses. All or nothing; returns when it is on disk.
    ///
    /// [`Store::fold`] then takes what was overwritten out of the write-ahead log.
    pub async fn erase(&self, erasure: Erasure) -> Result<Erased, StoreError> {
        self.write(move |connection, cache| erase::apply(connection, cache, &erasure))
            .await
    }

    /// What an erasure would take although it is not the patient's alone, up to a bound.
    pub async fn shared_with(
        &self,
        erasure: Erasure,
        limit: usize,
    ) -> Result<Vec<SharedRecord>, StoreError> {
        self.readers()
            .run_long(move |connection| erase::shared(connection, &erasure, limit))
            .await
    }

    /// Whether some key needs both of two patients' keys: versions that go with either of them.
    pub async fn share_a_key(&self, one: &str, other: &str) -> Result<bool, StoreError> {
        let (one, other) = (one.to_owned(), other.to_owned());
        self.readers()
            .run_long(move |connection| erase::share_a_key(connection, &one, &other))
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
