//! Vault keys: one per patient, opened on demand and remembered for a while.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use store::{NewVaultKey, Store};
use vault::{RootKey, VaultKey};

use crate::error::HospitalError;

/// Most opened keys kept in memory.
const OPENED_MAX: usize = 16_384;

/// The key of records that are in no patient's compartment. A patient's key is `Patient/<id>`.
const ORGANISATION: &str = "organisation";

/// The id of the vault key for a record in these compartments (sorted).
pub(crate) fn vault_id(compartments: &[String]) -> String {
    match compartments.first() {
        Some(patient) => format!("Patient/{patient}"),
        None => ORGANISATION.to_owned(),
    }
}

/// The root key and the keys it opened.
#[derive(Clone)]
pub(crate) struct Keyring {
    root: Arc<RootKey>,
    opened: Arc<Mutex<HashMap<String, VaultKey>>>,
}

/// The keys of one write, with those that it makes.
#[derive(Default)]
pub(crate) struct WriteKeys {
    pub(crate) keys: HashMap<String, VaultKey>,
    pub(crate) made: Vec<NewVaultKey>,
}

impl Keyring {
    pub(crate) fn new(root: RootKey) -> Self {
        Self {
            root: Arc::new(root),
            opened: Arc::default(),
        }
    }

    pub(crate) fn root(&self) -> &RootKey {
        &self.root
    }

    /// The key that opens stored records.
    pub(crate) async fn open(&self, store: &Store, id: &str) -> Result<VaultKey, HospitalError> {
        if let Some(key) = self.remembered(id) {
            return Ok(key);
        }
        match self.stored(store, id).await? {
            Some(key) => Ok(key),
            None => Err(HospitalError::Damaged {
                item: format!("vault key {id}"),
                reason: "the database does not have it".into(),
            }),
        }
    }

    /// The keys for a write; those that do not exist are made and returned to be stored with it.
    pub(crate) async fn for_write(
        &self,
        store: &Store,
        ids: &BTreeSet<String>,
    ) -> Result<WriteKeys, HospitalError> {
        let mut found = WriteKeys::default();
        for id in ids {
            let known = match self.remembered(id) {
                Some(key) => Some(key),
                None => self.stored(store, id).await?,
            };
            let key = if let Some(key) = known {
                key
            } else {
                let (key, wrapped) = self.root.new_vault_key(id).map_err(failed)?;
                found.made.push(NewVaultKey {
                    id: id.clone(),
                    wrapped,
                });
                key
            };
            found.keys.insert(id.clone(), key);
        }
        Ok(found)
    }

    async fn stored(&self, store: &Store, id: &str) -> Result<Option<VaultKey>, HospitalError> {
        let Some(wrapped) = store.vault_key(id).await? else {
            return Ok(None);
        };
        let key =
            self.root
                .open_vault_key(id, &wrapped)
                .map_err(|error| HospitalError::Damaged {
                    item: format!("vault key {id}"),
                    reason: error.to_string(),
                })?;
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        if opened.len() >= OPENED_MAX {
            opened.clear();
        }
        opened.insert(id.to_owned(), key.clone());
        Ok(Some(key))
    }

    fn remembered(&self, id: &str) -> Option<VaultKey> {
        self.opened
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(id)
            .cloned()
    }
}

pub(crate) fn failed(error: vault::VaultError) -> HospitalError {
    match error {
        vault::VaultError::TooLarge { what, bound } => HospitalError::request(
            "too-costly",
            format!("the {what} is larger than {bound} bytes"),
            "make it smaller",
        ),
        other => HospitalError::Internal(format!("the vault failed: {other}")),
    }
}
