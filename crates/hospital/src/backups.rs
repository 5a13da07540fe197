//! The log of backups: when one was made, and when one was last proven restorable.
//!
//! A file beside the database, because a backup is made by another process than the node, which
//! alone writes the database. Each line carries the mark of the root key: nobody without it makes
//! an administrator believe in a backup.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use vault::{KeyTree, RootKey};

use crate::error::HospitalError;
use crate::setup::Hospital;

/// The file below an organisation's folder.
pub const LOG: &str = "backups.log";
/// Entries that are kept; the oldest go.
const ENTRIES_MAX: usize = 1_000;
/// More than this is not a log of ours.
const BYTES_MAX: u64 = 4 << 20;

/// What was done with a backup.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Act {
    /// It was made.
    Made,
    /// It was opened to its end and every record in it was read.
    Proven,
}

/// A line of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The random id of the backup, as in its header.
    pub id: String,
    /// What was done with it.
    pub act: Act,
    /// When, milliseconds since 1970.
    pub time_ms: u64,
    /// When the backup was made, milliseconds since 1970.
    pub made_ms: u64,
    /// The file, as it was named on the command line.
    pub file: String,
    /// Its bytes.
    pub bytes: u64,
    /// The height of the ledger that it knows.
    pub height: u64,
    /// Versions of records in it.
    pub versions: u64,
    /// Where the copy of the key tree was put; none: into the backup itself.
    pub tree: Option<PathBuf>,
    /// How long it took.
    pub took_ms: u64,
}

/// A line as it is written.
#[derive(Serialize, Deserialize)]
struct Line {
    entry: Entry,
    mark: String,
}

/// The entries of a log, and how many lines are not of this organisation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Log {
    /// Oldest first.
    pub entries: Vec<Entry>,
    /// Lines whose mark is wrong, or that cannot be read.
    pub damaged: usize,
}

impl Log {
    /// The last time that something was done.
    pub fn last(&self, act: Act) -> Option<&Entry> {
        self.entries.iter().rev().find(|entry| entry.act == act)
    }

    /// When a backup was last proven.
    pub fn proven_ms(&self, id: &str) -> Option<u64> {
        let of = |it: &&Entry| it.act == Act::Proven && it.id == id;
        self.entries
            .iter()
            .rev()
            .find(of)
            .map(|entry| entry.time_ms)
    }

    /// The files to which the key tree was copied.
    pub fn trees(&self) -> BTreeSet<&Path> {
        let trees = self.entries.iter().filter_map(|it| it.tree.as_deref());
        trees.collect()
    }

    /// Reads the log of a folder; there is none before the first backup. Blocks.
    pub fn read(folder: &Path, root: &RootKey) -> Result<Self, HospitalError> {
        let path = folder.join(LOG);
        let mut text = String::new();
        match File::open(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Self::default());
            }
            opened => opened
                .and_then(|file| file.take(BYTES_MAX).read_to_string(&mut text))
                .map_err(|error| unusable(&path, &error))?,
        };
        let mut log = Self::default();
        for line in text.lines() {
            match serde_json::from_str::<Line>(line) {
                Ok(line) if mark(root, &line.entry)? == line.mark => log.entries.push(line.entry),
                _ => log.damaged += 1,
            }
        }
        Ok(log)
    }

    /// Adds an entry to the log of a folder, in one step. Blocks.
    pub fn add(folder: &Path, root: &RootKey, entry: Entry) -> Result<(), HospitalError> {
        let path = folder.join(LOG);
        let mut log = Self::read(folder, root)?;
        log.entries.push(entry);
        let surplus = log.entries.len().saturating_sub(ENTRIES_MAX);
        let mut text = String::new();
        for entry in log.entries.into_iter().skip(surplus) {
            let mark = mark(root, &entry)?;
            text.push_str(&printed(&Line { entry, mark })?);
            text.push('\n');
        }
        replace(&path, text.as_bytes()).map_err(|error| unusable(&path, &error))
    }
}

fn replace(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let beside = path.with_extension("log.new");
    let _ = fs::remove_file(&beside);
    let mut options = OpenOptions::new();
    let mut file = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&beside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&beside, path)?;
    let folder = path.parent().unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

fn mark(root: &RootKey, entry: &Entry) -> Result<String, HospitalError> {
    let bytes = printed(entry)?;
    Ok(proof::Digest(root.mark("backups", &[bytes.as_bytes()])).to_string())
}

fn printed(value: &impl Serialize) -> Result<String, HospitalError> {
    serde_json::to_string(value)
        .map_err(|error| HospitalError::Internal(format!("a backup does not print: {error}")))
}

fn unusable(path: &Path, error: &std::io::Error) -> HospitalError {
    HospitalError::Internal(format!("{}: {error}", path.display()))
}

/// A copy of the key tree that was made with a backup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreeCopy {
    /// Where.
    pub file: PathBuf,
    /// Whether it opens what the tree opens, and nothing else; `None`: it is not there.
    pub current: Option<bool>,
}

/// The copies of a key tree that a log knows, compared with it. Blocks.
pub fn tree_copies(log: &Log, tree: &Path, root: &RootKey) -> Vec<TreeCopy> {
    let own = KeyTree::open(tree, root).ok();
    let compared = |file: &Path| {
        let copy = file.exists().then(|| KeyTree::open(file, root).ok());
        copy.map(|copy| copy.is_some_and(|copy| own.as_ref() == Some(&copy)))
    };
    let trees = log.trees().into_iter();
    trees
        .map(|file| TreeCopy {
            file: file.to_owned(),
            current: compared(file),
        })
        .collect()
}

/// Brings the copies of the tree that can be reached to where the tree is. One that cannot is named
/// by `salus doctor` and to administrators until a backup replaces it. Blocks.
pub(crate) fn refresh_trees(tree: &KeyTree, file: &Path, root: &RootKey) {
    let folder = file.parent().unwrap_or(Path::new("."));
    let log = match Log::read(folder, root) {
        Ok(log) => log,
        Err(error) => return tracing::warn!(%error, "the log of backups cannot be read"),
    };
    for copy in log.trees() {
        // Only what is such a copy is written over.
        if !copy.exists() || KeyTree::open(copy, root).is_err() {
            continue;
        }
        if let Err(error) = tree.copy_to(copy, root) {
            tracing::warn!(%error, "a copy of the key tree still opens whom it should not");
        }
    }
}

impl Hospital {
    /// The log of backups, and the copies of the key tree, for an administrator.
    pub async fn backups(&self) -> Result<(Log, Vec<TreeCopy>), HospitalError> {
        let keyring = self.0.keyring.clone();
        let looked = move || {
            let Some(tree) = keyring.tree_file() else {
                return Ok((Log::default(), Vec::new()));
            };
            let folder = tree.parent().unwrap_or(Path::new("."));
            let log = Log::read(folder, keyring.root())?;
            let copies = tree_copies(&log, tree, keyring.root());
            Ok((log, copies))
        };
        self.0.cpu.run(looked).await?
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test")]
mod tests {
    use super::*;

    fn entry(id: usize, act: Act) -> Entry {
        Entry {
            id: format!("{id:032x}"),
            act,
            time_ms: id as u64,
            made_ms: id as u64,
            file: "a.salus".into(),
            bytes: 7,
            height: 9,
            versions: 3,
            tree: Some("a.keys".into()),
            took_ms: 1,
        }
    }

    #[test]
    fn a_line_that_another_wrote_is_no_backup() {
        let folder = tempfile::tempdir().unwrap();
        let root = RootKey::from_bytes(&[1; 32]);
        Log::add(folder.path(), &root, entry(1, Act::Made)).unwrap();
        Log::add(folder.path(), &root, entry(1, Act::Proven)).unwrap();
        let path = folder.path().join(LOG);
        let text = fs::read_to_string(&path).unwrap();
        fs::write(
            &path,
            text.replacen("\"height\":9", "\"height\":8", 1) + "not a line\n",
        )
        .unwrap();
        let log = Log::read(folder.path(), &root).unwrap();
        assert_eq!((log.entries.len(), log.damaged), (1, 2));
        assert_eq!(log.proven_ms(&entry(1, Act::Made).id), Some(1));
        let other = Log::read(folder.path(), &RootKey::from_bytes(&[2; 32])).unwrap();
        assert_eq!((other.entries.len(), other.damaged), (0, 3));
    }

    #[test]
    fn the_log_keeps_the_last_thousand() {
        let folder = tempfile::tempdir().unwrap();
        let root = RootKey::from_bytes(&[1; 32]);
        let all = (0..ENTRIES_MAX + 3).map(|id| entry(id, Act::Made));
        let lines = all.map(|entry| {
            let mark = mark(&root, &entry).unwrap();
            printed(&Line { entry, mark }).unwrap() + "\n"
        });
        fs::write(folder.path().join(LOG), lines.collect::<String>()).unwrap();
        Log::add(folder.path(), &root, entry(5_000, Act::Made)).unwrap();
        let log = Log::read(folder.path(), &root).unwrap();
        assert_eq!(log.entries.len(), ENTRIES_MAX);
        assert_eq!(log.last(Act::Made).unwrap().time_ms, 5_000);
    }
}
