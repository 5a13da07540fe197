//! The root key of an organisation: a file sealed by a passphrase.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::path::Path;

use argon2::{Algorithm, Argon2, Params, Version};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::aead::{Cipher, NONCE, TAG};
use crate::envelope::PLAINTEXT_BYTES_MAX;
use crate::keys::{derive, mark, random, same};
use crate::{VaultError, VaultKey};

/// First bytes of a key file, version included.
const MAGIC: &[u8; 16] = b"salus-root-key-1";
const SALT: usize = 16;
/// Magic, memory, passes, lanes, salt, nonce: authenticated as associated data.
const HEAD: usize = 16 + 4 + 4 + 4 + SALT + NONCE;
pub(crate) const FILE: usize = HEAD + 32 + TAG;

/// Largest secret that `seal_secret` takes.
const SECRET_BYTES_MAX: usize = 64 * 1024;

/// What guessing a passphrase costs (argon2id, RFC 9106). Written into the key file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes over it.
    pub passes: u32,
    /// Lanes.
    pub lanes: u32,
}

impl Default for Cost {
    /// RFC 9106 section 4, second recommended option: 64 MiB, 3 passes, 4 lanes.
    fn default() -> Self {
        Self {
            memory_kib: 64 * 1024,
            passes: 3,
            lanes: 4,
        }
    }
}

impl Cost {
    /// A file asks for no more than this: a changed file must not exhaust the machine.
    const MOST: Self = Self {
        memory_kib: 4 * 1024 * 1024,
        passes: 64,
        lanes: 64,
    };

    fn key(self, passphrase: &[u8], salt: &[u8]) -> Result<Zeroizing<[u8; 32]>, VaultError> {
        if self.memory_kib > Self::MOST.memory_kib
            || self.passes > Self::MOST.passes
            || self.lanes > Self::MOST.lanes
        {
            return Err(VaultError::Passphrase);
        }
        let params = Params::new(self.memory_kib, self.passes, self.lanes, Some(32))
            .map_err(|_| VaultError::Passphrase)?;
        let mut key = Zeroizing::new([0; 32]);
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into(passphrase, salt, key.as_mut_slice())
            .map_err(|_| VaultError::Library("argon2"))?;
        Ok(key)
    }
}

/// The key that wraps all others of an organisation.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct RootKey {
    /// Wraps vault keys.
    wrap: [u8; 32],
    /// Seals the node's own secrets.
    secrets: [u8; 32],
    /// Marks database rows.
    marks: [u8; 32],
    /// Seals the key tree.
    tree: [u8; 32],
}

impl fmt::Debug for RootKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("RootKey(..)")
    }
}

impl RootKey {
    /// Makes a fresh root key and writes its file, sealed by the passphrase at the default cost.
    pub fn create(path: &Path, passphrase: &[u8]) -> Result<Self, VaultError> {
        Self::create_at(path, passphrase, Cost::default())
    }

    /// [`RootKey::create`] at another cost, for demonstrations and tests.
    pub fn create_at(path: &Path, passphrase: &[u8], cost: Cost) -> Result<Self, VaultError> {
        let key = Zeroizing::new(random::<32>()?);
        write_new(path, &seal_file(MAGIC, &key, passphrase, cost)?)?;
        Ok(Self::from_bytes(&key))
    }

    /// Opens the root key file.
    pub fn open(path: &Path, passphrase: &[u8]) -> Result<Self, VaultError> {
        let key = open_file(MAGIC, &read(path)?, passphrase)?;
        Ok(Self::from_bytes(&key))
    }

    /// Seals the same root key under another passphrase, replacing the file at once.
    pub fn change_passphrase(path: &Path, old: &[u8], new: &[u8]) -> Result<(), VaultError> {
        let key = open_file(MAGIC, &read(path)?, old)?;
        let beside = path.with_extension("new");
        let _ = fs::remove_file(&beside);
        write_new(&beside, &seal_file(MAGIC, &key, new, Cost::default())?)?;
        fs::rename(&beside, path).map_err(|error| file_error(path, "written", &error))
    }

    /// A root key from its bytes: for another key service, for recovery, and for tests.
    pub fn from_bytes(key: &[u8; 32]) -> Self {
        Self {
            wrap: *derive(key, "root/wrap"),
            secrets: *derive(key, "root/secrets"),
            marks: *derive(key, "root/marks"),
            tree: *derive(key, "root/tree"),
        }
    }

    /// Seals a small secret (a node's seed) under a label; it opens only under the same label.
    pub fn seal_secret(&self, label: &str, secret: &[u8]) -> Result<Vec<u8>, VaultError> {
        if secret.len() > SECRET_BYTES_MAX {
            return Err(VaultError::TooLarge {
                what: "secret",
                bound: SECRET_BYTES_MAX,
            });
        }
        wrap(&self.secrets, label, secret)
    }

    /// Opens what [`RootKey::seal_secret`] sealed.
    pub fn open_secret(
        &self,
        label: &str,
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        if sealed.len() > SECRET_BYTES_MAX + NONCE + TAG {
            return Err(VaultError::Sealed("secret"));
        }
        unwrap(&self.secrets, label, sealed).ok_or(VaultError::Sealed("secret"))
    }

    /// Seals a row of a table that is the organisation's alone, under a label, as
    /// [`RootKey::seal_secret`] does; it may be as long as a record.
    pub fn seal_row(&self, label: &str, row: &[u8]) -> Result<Vec<u8>, VaultError> {
        if row.len() > PLAINTEXT_BYTES_MAX {
            return Err(VaultError::TooLarge {
                what: "row",
                bound: PLAINTEXT_BYTES_MAX,
            });
        }
        wrap(&self.secrets, label, row)
    }

    /// Opens what [`RootKey::seal_row`] sealed.
    pub fn open_row(&self, label: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        if sealed.len() > PLAINTEXT_BYTES_MAX + NONCE + TAG {
            return Err(VaultError::Sealed("row"));
        }
        unwrap(&self.secrets, label, sealed).ok_or(VaultError::Sealed("row"))
    }

    /// A fresh vault key and its wrapped form; the id is bound.
    pub fn new_vault_key(&self, id: &str) -> Result<(VaultKey, Vec<u8>), VaultError> {
        let key = VaultKey::from_bytes(random::<32>()?);
        let wrapped = wrap(&self.wrap, id, key.bytes())?;
        Ok((key, wrapped))
    }

    /// Unwraps a vault key.
    pub fn open_vault_key(&self, id: &str, wrapped: &[u8]) -> Result<VaultKey, VaultError> {
        let refused = VaultError::Sealed("vault key");
        let bytes = unwrap(&self.wrap, id, wrapped).ok_or(refused.clone())?;
        let bytes = <[u8; 32]>::try_from(bytes.as_slice()).map_err(|_| refused)?;
        Ok(VaultKey::from_bytes(bytes))
    }

    pub(crate) fn tree_key(&self) -> &[u8; 32] {
        &self.tree
    }

    pub(crate) fn wrap_key(&self) -> &[u8; 32] {
        &self.wrap
    }

    /// The keyed mark of a database row that nothing else vouches for (users, settings).
    pub fn mark(&self, table: &str, columns: &[&[u8]]) -> [u8; 32] {
        mark(&self.marks, table, columns)
    }

    /// Whether a row still has its mark.
    pub fn marked(&self, table: &str, columns: &[&[u8]], found: &[u8]) -> bool {
        same(&self.mark(table, columns), found)
    }
}

/// `nonce || AES-256-GCM(secret)`, the name as associated data.
pub(crate) fn wrap(key: &[u8; 32], name: &str, secret: &[u8]) -> Result<Vec<u8>, VaultError> {
    let nonce = random::<NONCE>()?;
    // Room for the tag from the start: the plaintext is never left behind by a reallocation.
    let mut sealed = Vec::with_capacity(NONCE + secret.len() + TAG);
    sealed.extend_from_slice(&nonce);
    sealed.extend_from_slice(secret);
    Cipher::new(key)
        .seal(nonce, name.as_bytes(), &mut sealed, NONCE)
        .ok_or(VaultError::Library("encryption"))?;
    Ok(sealed)
}

/// Opens what [`wrap`] wrapped.
pub(crate) fn unwrap(key: &[u8; 32], name: &str, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (nonce, body) = sealed.split_first_chunk::<NONCE>()?;
    let mut secret = Zeroizing::new(Vec::with_capacity(body.len()));
    Cipher::new(key).open(*nonce, name.as_bytes(), body, &mut secret)?;
    Some(secret)
}

/// The file of a 32-byte key: its magic, the cost, and the key under the passphrase.
pub(crate) fn seal_file(
    magic: &[u8; 16],
    key: &[u8; 32],
    passphrase: &[u8],
    cost: Cost,
) -> Result<Vec<u8>, VaultError> {
    let (salt, nonce) = (random::<SALT>()?, random::<NONCE>()?);
    let mut file = Vec::with_capacity(FILE);
    file.extend_from_slice(magic);
    for number in [cost.memory_kib, cost.passes, cost.lanes] {
        file.extend_from_slice(&number.to_be_bytes());
    }
    file.extend_from_slice(&salt);
    file.extend_from_slice(&nonce);
    let head = file.clone();
    file.extend_from_slice(key);
    Cipher::new(&*cost.key(passphrase, &salt)?)
        .seal(nonce, &head, &mut file, HEAD)
        .ok_or(VaultError::Library("encryption"))?;
    Ok(file)
}

/// Opens what [`seal_file`] made.
pub(crate) fn open_file(
    magic: &[u8; 16],
    file: &[u8],
    passphrase: &[u8],
) -> Result<Zeroizing<[u8; 32]>, VaultError> {
    let form = |reason| VaultError::Format {
        what: "key file",
        reason,
    };
    if !file.starts_with(magic) {
        return Err(form("does not begin as this kind of key file does"));
    }
    let (head, body) = file.split_at_checked(HEAD).ok_or(form("wrong length"))?;
    if file.len() != FILE {
        return Err(form("wrong length"));
    }
    let number = |at: usize| {
        let bytes = head[at..].first_chunk::<4>();
        bytes.map_or(0, |bytes| u32::from_be_bytes(*bytes))
    };
    let cost = Cost {
        memory_kib: number(16),
        passes: number(20),
        lanes: number(24),
    };
    let salt = &head[28..28 + SALT];
    let nonce = head.last_chunk::<NONCE>().ok_or(form("wrong length"))?;
    let mut opened = Zeroizing::new(Vec::with_capacity(body.len()));
    Cipher::new(&*cost.key(passphrase, salt)?)
        .open(*nonce, head, body, &mut opened)
        .ok_or(VaultError::Passphrase)?;
    let mut key = Zeroizing::new([0; 32]);
    key.copy_from_slice(&opened);
    Ok(key)
}

pub(crate) fn file_error(path: &Path, verb: &'static str, error: &std::io::Error) -> VaultError {
    VaultError::File {
        path: path.display().to_string(),
        verb,
        reason: error.to_string(),
    }
}

pub(crate) fn read(path: &Path) -> Result<Vec<u8>, VaultError> {
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(FILE as u64 + 1).read_to_end(&mut bytes))
        .map_err(|error| file_error(path, "read", &error))?;
    Ok(bytes)
}

/// Writes a file that did not exist, readable by its owner only, and waits until it is on disk.
pub(crate) fn write_new(path: &Path, bytes: &[u8]) -> Result<(), VaultError> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(path).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()?;
        sync_folder(path)
    });
    match written {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            Err(VaultError::Exists(path.display().to_string()))
        }
        other => other.map_err(|error| file_error(path, "written", &error)),
    }
}

/// The name of a new file is durable only when its folder is.
pub(crate) fn sync_folder(path: &Path) -> std::io::Result<()> {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => File::open(folder)?.sync_all(),
        _ => Ok(()),
    }
}
