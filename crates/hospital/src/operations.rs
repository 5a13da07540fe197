//! What an administrator sees of the node itself: its keys, its disk, the others' nodes.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use proof::Digest;
use proof::sign::PublicKey;
use store::Extent;

use crate::error::HospitalError;
use crate::setup::Hospital;

/// The files whose age is the age of keys (docs/reference/keys.md).
const ROOT_FILE: &str = "root.key";
const SEED_FILE: &str = "seed.sealed";
/// Folders below the ledger's that are looked into.
const DEPTH_MAX: usize = 8;

/// A key of the organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnKey {
    /// What it is for.
    pub purpose: &'static str,
    /// Its public part, hexadecimal; none for a key that is secret only.
    pub public: Option<String>,
    /// Whether the ledger has it as this organisation's; none for keys that it does not know of.
    pub registered: Option<bool>,
    /// The height from which on it was on the ledger, as far as the genesis tells.
    pub height: Option<u64>,
    /// Since when, milliseconds since 1970: of the genesis, or of the file that it comes from.
    pub since_ms: Option<u64>,
}

/// What lies on the disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Storage {
    /// The database.
    pub records: Extent,
    /// Bytes of the archived blocks and of what was made from them.
    pub ledger_bytes: u64,
    /// Bytes of the key tree.
    pub key_tree_bytes: u64,
}

impl Hospital {
    /// What lies on the disk.
    pub async fn storage(&self) -> Result<Storage, HospitalError> {
        let records = self.0.store.extent().await?;
        let ledger = self.0.chain.directory().to_owned();
        let tree = self.0.keyring.tree_file().map(Path::to_owned);
        let looked = move || {
            let length = |path: PathBuf| fs::metadata(path).map_or(0, |found| found.len());
            (bytes_below(&ledger, DEPTH_MAX), tree.map_or(0, length))
        };
        let (ledger_bytes, key_tree_bytes) = self.0.cpu.run(looked).await?;
        Ok(Storage {
            records,
            ledger_bytes,
            key_tree_bytes,
        })
    }

    /// The keys of this organisation; `token` is the public part of the one that signs tokens.
    pub fn own_keys(&self, token: PublicKey) -> Vec<OwnKey> {
        let state = self.0.chain.state();
        let id = self.0.id.as_ref();
        let member = id.and_then(|id| state.organisation(id));
        let service = id.and_then(|id| state.service(id));
        let told = |known: Option<PublicKey>, own: PublicKey| Some(known == Some(own));
        let custody = &self.0.custody;
        let tree = self.0.keyring.tree_file();
        let folder = tree.and_then(Path::parent);
        let file_ms = |name: &str| changed_ms(&folder?.join(name));
        let seed_ms = file_ms(SEED_FILE);
        let mut keys = Vec::new();
        let transaction = self.0.transaction_key.public();
        let checkpoint = self.0.checkpoint_key.public();
        let (of_member, of_service) = (member.as_ref(), service.as_ref());
        for (purpose, public, registered) in [
            (
                "transaction",
                Some(transaction),
                told(of_member.map(|it| it.transaction_key), transaction),
            ),
            (
                "node",
                of_member.map(|it| it.node_key),
                of_member.map(|_| true),
            ),
            (
                "checkpoint",
                Some(checkpoint),
                told(of_member.map(|it| it.checkpoint_key), checkpoint),
            ),
            (
                "link",
                Some(custody.tls_key),
                told(of_service.map(|it| it.tls_key), custody.tls_key),
            ),
            (
                "credential",
                Some(custody.credential_key.public()),
                told(
                    of_service.map(|it| it.credential_key),
                    custody.credential_key.public(),
                ),
            ),
            ("token", Some(token), None),
        ] {
            let height = public.and_then(|key| self.founded_with(&key));
            let genesis_ms = self.0.chain.genesis().time_ms;
            keys.push(OwnKey {
                purpose,
                public: public.map(|key| Digest(key.0).to_string()),
                registered,
                height,
                since_ms: height.map(|_| genesis_ms).or(seed_ms),
            });
        }
        for (purpose, since_ms) in [
            ("vault root", file_ms(ROOT_FILE)),
            ("key tree", tree.and_then(changed_ms)),
        ] {
            keys.push(OwnKey {
                purpose,
                public: None,
                registered: None,
                height: None,
                since_ms,
            });
        }
        keys
    }

    /// Height 0, if the genesis gives this organisation the key.
    fn founded_with(&self, key: &PublicKey) -> Option<u64> {
        let founders = &self.0.chain.genesis().organisations;
        let own = founders
            .iter()
            .find(|it| Some(&it.id) == self.0.id.as_ref())?;
        let keys = [own.transaction_key, own.node_key, own.checkpoint_key];
        keys.contains(key).then_some(0)
    }
}

fn changed_ms(path: &Path) -> Option<u64> {
    let changed = fs::metadata(path).ok()?.modified().ok()?;
    let since = changed.duration_since(UNIX_EPOCH).ok()?;
    u64::try_from(since.as_millis()).ok()
}

/// The bytes of the files below a folder. What goes away meanwhile counts as nothing.
fn bytes_below(folder: &Path, depth: usize) -> u64 {
    let Ok(listed) = fs::read_dir(folder) else {
        return 0;
    };
    let mut bytes: u64 = 0;
    for entry in listed.flatten() {
        bytes += match entry.metadata() {
            Ok(found) if found.is_dir() && depth > 0 => bytes_below(&entry.path(), depth - 1),
            Ok(found) if found.is_file() => found.len(),
            _ => 0,
        };
    }
    bytes
}
