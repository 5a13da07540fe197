//! Files from elsewhere that an audit of another organisation compares with the ledger: receipts,
//! checkpoints, proofs about the state, transactions.

use crate::failure::{Explain, Failure, Outcome};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proof::Digest;
use proof::checkpoint::Checkpoint;
use proof::codec::Canonical;
use proof::note::{Line, Note};
use proof::receipt::{self, EntryReceipt};
use proof::state;
use proof::transaction::{Entry, Transaction};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// No file of ours is larger.
const FILE_BYTES_MAX: u64 = 4 << 20;
/// The status of input that is none of these, as of `salus verify`.
const UNUSABLE: u8 = 2;

/// What was read.
#[derive(Default)]
pub(super) struct Seen {
    transactions: Vec<Transaction>,
    notes: Vec<Note>,
    /// Receipts of records too, without their openings.
    receipts: Vec<EntryReceipt>,
}

/// Two checkpoints of one number that the same validators cosigned, as parts of evidence.
pub(super) struct Pair {
    pub(super) size: u64,
    pub(super) parts: Vec<String>,
}

impl Seen {
    /// Reads all files; one that is none of these is an error.
    pub(super) fn read(paths: &[PathBuf]) -> Outcome<Self> {
        let mut seen = Self::default();
        for path in paths {
            let bytes = bytes(path)?;
            if seen.take(&bytes).is_none() {
                return Err(Failure::new(format!("{} is not usable", path.display()))
                    .cause("no receipt, checkpoint, proof about the state or transaction")
                    .hint("docs/guides/verify.md says what --seen takes")
                    .status(UNUSABLE));
            }
        }
        Ok(seen)
    }

    fn take(&mut self, bytes: &[u8]) -> Option<()> {
        if let Ok(it) = receipt::parse_entry(bytes) {
            return self.receipt(it);
        }
        if let Ok(it) = receipt::parse(bytes) {
            return self.receipt(EntryReceipt {
                entry: it.opening.entry,
                index: it.index,
                path: it.path,
                checkpoint: it.checkpoint,
            });
        }
        if let Ok(it) = state::parse(bytes) {
            self.notes.push(it.checkpoint);
            return Some(());
        }
        let text = std::str::from_utf8(bytes).ok()?;
        if let Ok(note) = text.parse::<Note>() {
            self.notes.push(note);
            return Some(());
        }
        let bytes = STANDARD.decode(text.trim()).ok()?;
        self.transactions
            .push(Transaction::from_bytes(&bytes).ok()?);
        Some(())
    }

    fn receipt(&mut self, receipt: EntryReceipt) -> Option<()> {
        let entry = Entry::from_bytes(&receipt.entry).ok()?;
        self.transactions.push(entry.transaction);
        self.notes.push(receipt.checkpoint.clone());
        self.receipts.push(receipt);
        Some(())
    }

    /// Receipts whose checkpoint a validator cosigned.
    pub(super) fn receipts(&self, cosigner: &str) -> impl Iterator<Item = &EntryReceipt> {
        let signed = |it: &&EntryReceipt| signs(&it.checkpoint, cosigner);
        self.receipts.iter().filter(signed)
    }

    pub(super) fn transactions(&self) -> impl Iterator<Item = &Transaction> {
        self.transactions.iter()
    }

    fn checkpoints(notes: &[Note]) -> impl Iterator<Item = (Checkpoint, &Note)> {
        notes
            .iter()
            .filter_map(|note| Some((Checkpoint::of(note).ok()?, note)))
    }

    /// The numbers of all checkpoints that were seen.
    pub(super) fn sizes(&self) -> BTreeSet<u64> {
        Self::checkpoints(&self.notes)
            .map(|(it, _)| it.size)
            .collect()
    }

    /// Sizes and roots of the history that a validator cosigned.
    pub(super) fn histories(&self, origin: &str, cosigner: &str) -> BTreeSet<(u64, Digest)> {
        Self::checkpoints(&self.notes)
            .filter(|(it, note)| it.origin == origin && signs(note, cosigner))
            .map(|(it, _)| (it.size, it.root))
            .collect()
    }

    /// Pairs of checkpoints, of those seen and those known here, that contradict each other and
    /// both have a line of this validator.
    pub(super) fn pairs(&self, known: &[Note], cosigner: &str) -> Vec<Pair> {
        let mut pairs = Vec::new();
        let mut told = BTreeSet::new();
        for (place, (one, note)) in Self::checkpoints(&self.notes).enumerate() {
            let later = Self::checkpoints(&self.notes).skip(place + 1);
            for (other, another) in later.chain(Self::checkpoints(known)) {
                let contradict = (&one.origin, one.size) == (&other.origin, other.size)
                    && one.root != other.root
                    && signs(note, cosigner)
                    && signs(another, cosigner);
                if !contradict {
                    continue;
                }
                let mut both = [(one.root, note), (other.root, another)];
                both.sort_by_key(|(root, _)| *root);
                if told.insert((one.size, both[0].0, both[1].0)) {
                    pairs.push(Pair {
                        size: one.size,
                        parts: vec![common(both[0].1, both[1].1), common(both[1].1, both[0].1)],
                    });
                }
            }
        }
        pairs
    }
}

fn signs(note: &Note, cosigner: &str) -> bool {
    note.lines.iter().any(|line| line.name == cosigner)
}

/// A checkpoint with the lines of those keys that signed the other one too, in order. The line of
/// the log is not one: each member has its own, and signs its receipts with it.
fn common(note: &Note, other: &Note) -> String {
    let origin = note.text.split('\n').next().unwrap_or_default();
    let both = |line: &&Line| {
        let same = |it: &Line| it.name == line.name && it.key_id == line.key_id;
        line.name != origin && other.lines.iter().any(same)
    };
    let mut lines: Vec<Line> = note.lines.iter().filter(both).cloned().collect();
    lines.sort_by(|one, next| one.name.cmp(&next.name));
    lines.dedup_by(|one, next| one.name == next.name);
    let text = note.text.clone();
    Note { text, lines }.to_string()
}

fn bytes(path: &Path) -> Outcome<Vec<u8>> {
    let told = || format!("{} cannot be read", path.display());
    let unusable = |failure: Failure| failure.status(UNUSABLE);
    let size = std::fs::metadata(path)
        .explain(told)
        .map_err(unusable)?
        .len();
    if size > FILE_BYTES_MAX {
        let cause = format!("{size} bytes, at most {FILE_BYTES_MAX}");
        return Err(unusable(Failure::new(told()).cause(cause)));
    }
    std::fs::read(path).explain(told).map_err(unusable)
}
