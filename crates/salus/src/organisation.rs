//! The folder of an organisation: its keys, its files, and how they are made and opened.

use crate::config::Config;
use crate::failure::{Explain, Failure, Hint, Outcome};
use proof::SecretKey;
use serde::{Deserialize, Serialize};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use vault::{Cost, RootKey, Zeroizing};

/// The files below an organisation's folder.
pub(crate) const CONFIG: &str = "salus.toml";
pub(crate) const GENESIS: &str = "genesis.toml";
pub(crate) const PASSPHRASE: &str = "passphrase";
pub(crate) const REQUEST: &str = "request.toml";
const ROOT_KEY: &str = "root.key";
const SEED: &str = "seed.sealed";
const FIRST_USERS: &str = "users.sealed";
const RECORDS: &str = "records.db";
pub(crate) const KEY_TREE: &str = "keys.tree";

/// Labels under which secrets are sealed and keys are derived (docs/reference/keys.md).
const SEED_LABEL: &str = "organisation seed";
const USERS_LABEL: &str = "first users";

/// The keys of an organisation, open.
pub(crate) struct Keys {
    pub(crate) root: RootKey,
    seed: Zeroizing<[u8; 32]>,
}

/// A user to be added when the node starts for the first time.
#[derive(Serialize, Deserialize, Clone)]
pub(crate) struct FirstUser {
    pub(crate) role: String,
    pub(crate) username: String,
    pub(crate) password: String,
}

impl Keys {
    /// Makes the keys below a folder, sealed by the passphrase.
    pub(crate) fn create(folder: &Path, passphrase: &str, cost: Cost) -> Outcome<Self> {
        let told = || "the keys cannot be made".to_owned();
        let root = RootKey::create_at(&folder.join(ROOT_KEY), passphrase.as_bytes(), cost)
            .explain(told)?;
        let seed = Zeroizing::new(vault::random::<32>().explain(told)?);
        let sealed = root
            .seal_secret(SEED_LABEL, seed.as_slice())
            .explain(told)?;
        write_private(&folder.join(SEED), &sealed, false)?;
        Ok(Self { root, seed })
    }

    /// Opens the keys below a folder.
    pub(crate) fn open(folder: &Path, passphrase: &str) -> Outcome<Self> {
        let told = || format!("the keys below {} do not open", folder.display());
        let root = RootKey::open(&folder.join(ROOT_KEY), passphrase.as_bytes())
            .explain(told)
            .hint("look at [keys] in salus.toml: is it the passphrase of this organisation?")?;
        let sealed = std::fs::read(folder.join(SEED)).explain(told)?;
        let opened = root.open_secret(SEED_LABEL, &sealed).explain(told)?;
        let seed = <[u8; 32]>::try_from(opened.as_slice())
            .map_err(|_| Failure::new(told()).cause(format!("{SEED} has another length")))?;
        Ok(Self {
            root,
            seed: Zeroizing::new(seed),
        })
    }

    /// The seed of the key for one purpose.
    pub(crate) fn seed_of(&self, purpose: Purpose) -> Zeroizing<[u8; 32]> {
        vault::keys::derive(&self.seed, purpose.label())
    }

    /// The signing key for one purpose.
    pub(crate) fn signing(&self, purpose: Purpose) -> SecretKey {
        SecretKey::from_seed(&self.seed_of(purpose))
    }

    /// Seals the users that the node adds when it starts.
    pub(crate) fn write_first_users(&self, folder: &Path, users: &[FirstUser]) -> Outcome {
        let told = || "the first users cannot be kept".to_owned();
        let text = Zeroizing::new(serde_json::to_vec(users).explain(told)?);
        let sealed = self.root.seal_secret(USERS_LABEL, &text).explain(told)?;
        write_private(&folder.join(FIRST_USERS), &sealed, true)
    }

    /// The users that are still to be added.
    pub(crate) fn first_users(&self, folder: &Path) -> Outcome<Vec<FirstUser>> {
        let path = folder.join(FIRST_USERS);
        if !path.exists() {
            return Ok(Vec::new());
        }
        let told = || format!("{} does not open", path.display());
        let sealed = std::fs::read(&path).explain(told)?;
        let text = self.root.open_secret(USERS_LABEL, &sealed).explain(told)?;
        serde_json::from_slice(&text).explain(told)
    }
}

/// Called when the first users are in the database.
pub(crate) fn forget_first_users(folder: &Path) -> Outcome {
    match std::fs::remove_file(folder.join(FIRST_USERS)) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error).explain(|| "the sealed first users cannot be removed".into()),
    }
}

/// What a key is for; each has its own seed.
#[derive(Clone, Copy)]
pub(crate) enum Purpose {
    Transaction,
    Node,
    Checkpoint,
    Token,
    /// The links to other organisations.
    Link,
    /// What others seal grant keys to.
    Wrap,
    /// Signs the credentials of practitioners.
    Credential,
}

impl Purpose {
    fn label(self) -> &'static str {
        match self {
            Self::Transaction => "transaction",
            Self::Node => "node",
            Self::Checkpoint => "checkpoint",
            Self::Token => "token",
            Self::Link => "link",
            Self::Wrap => "wrap",
            Self::Credential => "credential",
        }
    }
}

/// The database of record versions.
pub(crate) fn records(folder: &Path) -> PathBuf {
    folder.join(RECORDS)
}

/// The tree of keys that an erasure takes a patient out of.
pub(crate) fn key_tree(folder: &Path) -> PathBuf {
    folder.join(KEY_TREE)
}

/// Makes an organisation's folder: it must not exist, or be empty.
pub(crate) fn make_folder(folder: &Path) -> Outcome {
    let told = || format!("{} cannot be made", folder.display());
    if let Ok(mut listed) = std::fs::read_dir(folder)
        && listed.next().is_some()
    {
        return Err(Failure::new(told())
            .cause("it exists and is not empty")
            .hint("give another --dir; an organisation is never overwritten"));
    }
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .explain(told)
}

/// Writes a file that only its owner may read; `replace` allows it to be there already.
pub(crate) fn write_private(path: &Path, bytes: &[u8], replace: bool) -> Outcome {
    let told = || format!("{} cannot be written", path.display());
    let mut options = std::fs::OpenOptions::new();
    options.write(true).mode(0o600);
    let options = if replace {
        options.create(true).truncate(true)
    } else {
        options.create_new(true)
    };
    let mut file = options.open(path).explain(told)?;
    file.write_all(bytes).explain(told)?;
    file.sync_all().explain(told)
}

/// A password or passphrase that nobody guesses: 100 bits, easy to type.
pub(crate) fn password() -> Outcome<String> {
    // 32 signs, without the ones that look alike.
    const SIGNS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let random = vault::random::<20>().explain(|| "this machine has no randomness".into())?;
    Ok(random
        .iter()
        .map(|byte| char::from(SIGNS[usize::from(byte % 32)]))
        .collect())
}

/// Opens the configuration and the keys of an organisation.
pub(crate) fn open(config: &Path) -> Outcome<(Config, Keys)> {
    let config = Config::read(config)?;
    let passphrase = Zeroizing::new(config.passphrase()?);
    let keys = Keys::open(&config.folder, &passphrase)?;
    Ok((config, keys))
}
