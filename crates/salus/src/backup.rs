//! `salus backup` and `salus restore`: a node in one encrypted file, and back.
//!
//! The form of the file and what it does not hold: `docs/reference/backup.md`.

mod content;
mod make;
mod restore;

pub(crate) use make::run as make;
pub(crate) use restore::run as restore;

use crate::failure::{Explain, Failure, Outcome};
use hospital::Restored;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// The file of a restored folder that says that its node has to catch up before it answers.
const RESTORED: &str = "restored.json";
/// The form of the content, beside that of the file.
const FORMAT: u32 = 1;

/// What stands in clear at the beginning of a backup, and is authenticated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Head {
    pub(super) format: u32,
    /// Random; the log of backups names it.
    pub(super) id: String,
    pub(super) organisation: String,
    pub(super) chain_id: String,
    /// Milliseconds since 1970.
    pub(super) made_ms: u64,
    /// Of the ledger, at least.
    pub(super) height: u64,
    /// Of the history of the ledger, at least.
    pub(super) entries: u64,
    /// Migrations of the database.
    pub(super) schema: u32,
    pub(super) versions: u64,
    /// The release that made it.
    pub(super) release: String,
    /// Whether the key tree is inside: then this file opens whoever is erased after it.
    pub(super) key_tree: bool,
    /// Whether the blocks are inside, of an organisation that is its own ledger.
    pub(super) ledger: bool,
}

impl Head {
    fn read(bytes: &[u8]) -> Outcome<Self> {
        let head: Self = serde_json::from_slice(bytes)
            .explain(|| "the head of the backup cannot be read".into())?;
        if head.format == FORMAT {
            return Ok(head);
        }
        Err(Failure::new("the backup is of another release")
            .cause(format!(
                "it has format {}, this release reads {FORMAT}",
                head.format
            ))
            .hint(format!("restore it with Salus {} or newer", head.release)))
    }
}

/// The copy of the key tree that lies beside a backup.
pub(super) fn tree_beside(backup: &Path, organisation: &str) -> PathBuf {
    backup.with_file_name(format!("{organisation}.keys"))
}

pub(crate) fn now_ms() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |it| u64::try_from(it.as_millis()).unwrap_or(u64::MAX))
}

/// What a folder says that it was restored from, until its node has caught up.
pub(crate) fn restored(folder: &Path) -> Outcome<Option<Restored>> {
    let path = folder.join(RESTORED);
    let told = || format!("{} cannot be read", path.display());
    match std::fs::read(&path) {
        Ok(bytes) => serde_json::from_slice(&bytes).explain(told).map(Some),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).explain(told),
    }
}

/// Called when the node has caught up.
pub(crate) fn forget_restored(folder: &Path) -> Outcome {
    let told = || format!("{RESTORED} cannot be removed");
    std::fs::remove_file(folder.join(RESTORED)).explain(told)?;
    sync(folder)
}

/// Names in a folder are durable only when the folder is.
pub(super) fn sync(folder: &Path) -> Outcome {
    let synced = std::fs::File::open(folder).and_then(|folder| folder.sync_all());
    synced.explain(|| format!("{} cannot be synced", folder.display()))
}

/// A folder of work in progress; it goes when this is dropped, whatever happened.
pub(super) struct Partial(PathBuf);

impl Partial {
    /// Makes it anew; what an earlier run left there goes first.
    pub(super) fn make(path: PathBuf) -> Outcome<Self> {
        use std::os::unix::fs::DirBuilderExt;
        let told = || format!("{} cannot be made", path.display());
        match std::fs::remove_dir_all(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(error).explain(told);
            }
            _ => {}
        }
        std::fs::DirBuilder::new()
            .mode(0o700)
            .create(&path)
            .explain(told)?;
        Ok(Self(path))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
