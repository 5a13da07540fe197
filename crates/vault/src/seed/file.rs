//! A patient's seed in a file of the patient's own, sealed by a passphrase.
//!
//! The form is that of an organisation's key file, under another magic (`docs/reference/keys.md`).

use std::path::Path;

use super::Seed;
use crate::VaultError;
use crate::root::{Cost, open_file, read, seal_file, write_new};

/// First bytes of a seed file, version included.
const MAGIC: &[u8; 16] = b"salus-seed-key-1";

impl Seed {
    /// Writes the seed into a new file, readable by its owner only, sealed by the passphrase.
    pub fn keep_in_file(
        &self,
        path: &Path,
        passphrase: &[u8],
        cost: Cost,
    ) -> Result<(), VaultError> {
        write_new(path, &seal_file(MAGIC, &self.0, passphrase, cost)?)
    }

    /// Opens what [`Seed::keep_in_file`] wrote.
    pub fn open_from_file(path: &Path, passphrase: &[u8]) -> Result<Self, VaultError> {
        open_file(MAGIC, &read(path)?, passphrase).map(|bytes| Self(*bytes))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;
    use crate::RootKey;

    const CHEAP: Cost = Cost {
        memory_kib: 64,
        passes: 1,
        lanes: 1,
    };

    #[test]
    fn a_seed_file_opens_with_its_passphrase_and_as_what_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("seed.key");
        let seed = Seed::from_bytes([7; 32]);
        seed.keep_in_file(&path, b"right", CHEAP).unwrap();
        let opened = Seed::open_from_file(&path, b"right").unwrap();
        assert_eq!(opened.reveal(), seed.reveal());
        assert!(Seed::open_from_file(&path, b"wrong").is_err());
        assert!(RootKey::open(&path, b"right").is_err(), "no root key");
        let again = seed.keep_in_file(&path, b"other", CHEAP);
        assert!(
            matches!(again, Err(VaultError::Exists(_))),
            "never overwritten"
        );
        let root = folder.path().join("root.key");
        RootKey::create_at(&root, b"right", CHEAP).unwrap();
        assert!(Seed::open_from_file(&root, b"right").is_err(), "no seed");
    }
}
