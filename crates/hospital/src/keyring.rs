//! Vault keys: one per patient, opened on demand and remembered for a while.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard};

use futures::executor::block_on;
use store::{NewVaultKey, Setting, Store};
use vault::{KeyTree, RootKey, VaultError, VaultKey};

use crate::error::HospitalError;

/// Most opened keys kept in memory.
const OPENED_MAX: usize = 16_384;

/// The key of records that are in no patient's compartment. A patient's key is `Patient/<id>`.
const ORGANISATION: &str = "organisation";

/// Most patients that one record names: its key needs the leaf of each.
const NAMED_MAX: usize = 256;
/// Longer ids belong to records that name many patients; their keys are opened each time.
const REMEMBERED_BYTES_MAX: usize = 1_024;

/// The id of the vault key for a record that names these patients (sorted). It has all of them:
/// the record goes with whoever is erased first.
pub(crate) fn vault_id(named: &[String]) -> Result<String, HospitalError> {
    if named.is_empty() {
        return Ok(ORGANISATION.to_owned());
    }
    if named.len() > NAMED_MAX {
        return Err(HospitalError::request(
            "too-costly",
            format!("a record may name {NAMED_MAX} patients"),
            "divide it: each of them can take it along when erased",
        ));
    }
    let ids: Vec<String> = named.iter().map(|patient| patient_vault(patient)).collect();
    Ok(ids.join(" "))
}

/// The id of a patient's vault key.
pub(crate) fn patient_vault(patient: &str) -> String {
    format!("Patient/{patient}")
}

/// The patient whose vault key has this id.
pub(crate) fn patient_of(id: &str) -> Option<&str> {
    id.strip_prefix("Patient/")
}

/// The setting that says that keys are wrapped under the tree: without its file none opens.
const TREE_MADE: &str = "key-tree";
/// Keys read at a time.
const PAGE: u32 = 512;

/// The root key, the key tree and the keys they opened.
#[derive(Clone)]
pub(crate) struct Keyring {
    root: Arc<RootKey>,
    /// None only for an audit of a database from before the tree.
    tree: Option<Arc<Tree>>,
    opened: Arc<Mutex<HashMap<String, VaultKey>>>,
    /// Ids that are just being erased: no new key is made for them.
    leaving: Arc<Mutex<BTreeSet<String>>>,
}

struct Tree {
    path: PathBuf,
    keys: RwLock<KeyTree>,
}

impl Tree {
    fn open(path: &Path, root: &RootKey) -> Result<Arc<Self>, HospitalError> {
        let keys = KeyTree::open(path, root).map_err(|error| lost(path, &error.to_string()))?;
        Ok(Self::new(path, keys))
    }

    fn new(path: &Path, keys: KeyTree) -> Arc<Self> {
        Arc::new(Self {
            path: path.to_owned(),
            keys: RwLock::new(keys),
        })
    }

    fn read(&self) -> RwLockReadGuard<'_, KeyTree> {
        self.keys.read().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The keys of one write, with those that it makes.
#[derive(Default)]
pub(crate) struct WriteKeys {
    pub(crate) keys: HashMap<String, VaultKey>,
    pub(crate) made: Vec<NewVaultKey>,
}

impl Keyring {
    fn new(root: RootKey, tree: Option<Arc<Tree>>) -> Self {
        Self {
            root: Arc::new(root),
            tree,
            opened: Arc::default(),
            leaving: Arc::default(),
        }
    }

    /// Opens the key tree, makes it at the first start, and takes keys over that were made before
    /// there was one. Blocks.
    pub(crate) fn open_tree(
        root: RootKey,
        path: &Path,
        store: &Store,
    ) -> Result<Self, HospitalError> {
        let made = block_on(store.setting(TREE_MADE))?;
        let tree = match (path.exists(), &made) {
            (true, _) => Tree::open(path, &root)?,
            (false, None) => Tree::new(path, KeyTree::create(path, &root).map_err(failed)?),
            // A fresh tree would open nothing of what is there.
            (false, Some(_)) => return Err(lost(path, "the file is missing")),
        };
        let keyring = Self::new(root, Some(tree));
        if made.is_none() {
            block_on(keyring.take_over(store))?;
            let value = b"1".to_vec();
            let integrity = keyring
                .root
                .mark("settings", &[TREE_MADE.as_bytes(), &value]);
            block_on(store.put_setting(Setting {
                name: TREE_MADE.to_owned(),
                value,
                integrity: integrity.to_vec(),
            }))?;
        }
        Ok(keyring)
    }

    /// The file of the key tree.
    pub(crate) fn tree_file(&self) -> Option<&Path> {
        self.tree.as_ref().map(|tree| tree.path.as_path())
    }

    /// For an audit: opens the tree if there is one, and writes nothing.
    pub(crate) fn look(root: RootKey, path: &Path) -> Result<Self, HospitalError> {
        let tree = path.exists().then(|| Tree::open(path, &root)).transpose()?;
        Ok(Self::new(root, tree))
    }

    /// Wraps keys that only the root key wraps under the tree too.
    async fn take_over(&self, store: &Store) -> Result<(), HospitalError> {
        let mut after = String::new();
        loop {
            let page = store.scan_vault_keys(&after, PAGE).await?;
            let Some(last) = page.last() else {
                return Ok(());
            };
            after.clone_from(&last.id);
            for row in page {
                // What does not open is for the audit to name.
                if let Ok(key) = self.root.open_vault_key(&row.id, &row.wrapped) {
                    let Some(wrapped) = self.wrapped(&row.id, &key)? else {
                        continue;
                    };
                    store
                        .rewrap_vault_key(&row.id, row.wrapped, wrapped)
                        .await?;
                }
            }
        }
    }

    /// The form that is stored; none for an id that was erased.
    fn wrapped(&self, id: &str, key: &VaultKey) -> Result<Option<Vec<u8>>, HospitalError> {
        let Some(tree) = &self.tree else {
            return Ok(None);
        };
        match self.root.wrap_vault_key_in(&tree.read(), id, key) {
            Ok(wrapped) => Ok(Some(wrapped)),
            Err(VaultError::Erased) => Ok(None),
            Err(error) => Err(failed(error)),
        }
    }

    /// Opens the stored form of a key, under the tree or from before it.
    pub(crate) fn unwrap(&self, id: &str, wrapped: &[u8]) -> Result<VaultKey, VaultError> {
        let Some(tree) = &self.tree else {
            return self.root.open_vault_key(id, wrapped);
        };
        match self.root.open_vault_key_in(&tree.read(), id, wrapped) {
            // An old form does not bring back what was erased.
            Err(VaultError::Sealed(_)) => self.root.open_vault_key(id, wrapped),
            other => other,
        }
    }

    /// Whether the patient was erased: nobody can open the key any more.
    pub(crate) fn has_erased(&self, patient: &str) -> bool {
        let id = patient_vault(patient);
        let tree = self.tree.as_ref();
        tree.is_some_and(|tree| tree.read().has_erased(&id))
    }

    /// Whether somebody whom a vault key needs was erased: nobody can open it any more.
    pub(crate) fn is_dead(&self, id: &str) -> bool {
        let tree = self.tree.as_ref();
        tree.is_some_and(|tree| tree.read().has_erased(id))
    }

    /// From now on no key is made for this patient.
    pub(crate) fn leave(&self, patient: &str) {
        let mut leaving = self.leaving.lock().unwrap_or_else(PoisonError::into_inner);
        leaving.insert(patient_vault(patient));
    }

    /// The erasure was refused: keys are made again.
    pub(crate) fn stay(&self, patient: &str) {
        let mut leaving = self.leaving.lock().unwrap_or_else(PoisonError::into_inner);
        leaving.remove(&patient_vault(patient));
    }

    /// Whether the patient was erased, or is just being.
    pub(crate) fn is_leaving(&self, patient: &str) -> bool {
        let leaving = self.leaving.lock().unwrap_or_else(PoisonError::into_inner);
        let is_leaving = leaving.contains(&patient_vault(patient));
        drop(leaving);
        is_leaving || self.has_erased(patient)
    }

    /// Takes the patient out of the tree, on disk too, and forgets the opened key. Blocks.
    pub(crate) fn erase(&self, patient: &str) -> Result<(), HospitalError> {
        let id = patient_vault(patient);
        if let Some(tree) = &self.tree {
            let mut keys = tree.keys.write().unwrap_or_else(PoisonError::into_inner);
            keys.erase(&tree.path, &self.root, &id).map_err(failed)?;
            // What lies with the backups would otherwise open whoever was just erased.
            crate::backups::refresh_trees(&keys, &tree.path, &self.root);
        }
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        opened.retain(|key, _| key.split(' ').all(|one| one != id));
        drop(opened);
        let mut leaving = self.leaving.lock().unwrap_or_else(PoisonError::into_inner);
        leaving.remove(&id);
        Ok(())
    }

    /// A fresh key and its stored form.
    fn made(&self, id: &str) -> Result<(VaultKey, Vec<u8>), VaultError> {
        self.refuse_leaving(id)?;
        match &self.tree {
            Some(tree) => self.root.new_vault_key_in(&tree.read(), id),
            None => self.root.new_vault_key(id),
        }
    }

    fn refuse_leaving(&self, id: &str) -> Result<(), VaultError> {
        let leaving = self.leaving.lock().unwrap_or_else(PoisonError::into_inner);
        if id.split(' ').any(|one| leaving.contains(one)) {
            return Err(VaultError::Erased);
        }
        Ok(())
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
            if id.contains(' ') {
                // What others share with somebody who is being erased was decided about.
                self.refuse_leaving(id).map_err(failed)?;
            }
            let known = match self.remembered(id) {
                Some(key) => Some(key),
                None => self.stored(store, id).await?,
            };
            let key = if let Some(key) = known {
                key
            } else {
                let (key, wrapped) = self.made(id).map_err(failed)?;
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
        let key = self
            .unwrap(id, &wrapped)
            .map_err(|error| HospitalError::Damaged {
                item: format!("vault key {id}"),
                reason: error.to_string(),
            })?;
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        if opened.len() >= OPENED_MAX {
            opened.clear();
        }
        if id.len() <= REMEMBERED_BYTES_MAX {
            opened.insert(id.to_owned(), key.clone());
        }
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

fn lost(path: &Path, reason: &str) -> HospitalError {
    HospitalError::Damaged {
        item: format!("the key tree {}", path.display()),
        reason: format!("{reason}; put the file back: without it no record opens"),
    }
}

pub(crate) fn failed(error: vault::VaultError) -> HospitalError {
    match error {
        VaultError::Erased => HospitalError::request(
            "business-rule",
            "a patient whom this record names was erased here",
            "make a new Patient record: an erased one does not come back",
        ),
        vault::VaultError::TooLarge { what, bound } => HospitalError::request(
            "too-costly",
            format!("the {what} is larger than {bound} bytes"),
            "make it smaller",
        ),
        other => HospitalError::Internal(format!("the vault failed: {other}")),
    }
}
