//! Evidence of misconduct: one file that shows, to anybody and without any server, that an
//! organisation or a validator broke a rule that the ledger cannot enforce by itself.
//!
//! A file has a kind and parts, each a text that proves something on its own: a receipt, a proof
//! about the state, a checkpoint, a signed statement. What follows from them together is judged
//! here, by a trust file alone. Formats, and what each kind proves and does not prove:
//! `docs/reference/evidence.md`.

mod batches;
mod histories;
mod release;
mod released;

pub use batches::{Forked, Silent, contradict};
pub use histories::{TwoEntries, TwoHistories};
pub use release::{Release, content};
pub use released::Released;

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proof::policy::Policy;
use proof::receipt::Invalid;
use thiserror::Error;

/// The first line of every file.
pub const FORMAT: &str = "salus/evidence@v1";
/// The longest file: two receipts of the largest transactions.
pub const EVIDENCE_BYTES_MAX: usize = 4 << 20;
/// The shortest time without a batch that is a silence, in milliseconds.
pub const SILENCE_MS_MIN: u64 = batches::SILENCE_MS_MIN;

/// What a file is evidence of.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum EvidenceKind {
    /// A custodian released records under a grant that was revoked.
    ReleaseAfterRevocation,
    /// An organisation signed two batches that cannot both be in its chain.
    BatchFork,
    /// An organisation sent no batch for a long time.
    BatchSilence,
    /// Validators cosigned two roots for one number.
    TwoHistories,
    /// Validators cosigned two entries in one place of the history.
    TwoEntries,
}

impl EvidenceKind {
    /// All kinds.
    pub const ALL: [Self; 5] = [
        Self::ReleaseAfterRevocation,
        Self::BatchFork,
        Self::BatchSilence,
        Self::TwoHistories,
        Self::TwoEntries,
    ];

    /// The word in the file.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ReleaseAfterRevocation => "release-after-revocation",
            Self::BatchFork => "batch-fork",
            Self::BatchSilence => "batch-silence",
            Self::TwoHistories => "two-histories",
            Self::TwoEntries => "two-entries",
        }
    }

    /// How many parts a file of the kind has.
    fn parts(self) -> usize {
        match self {
            Self::ReleaseAfterRevocation => 3,
            Self::BatchFork | Self::BatchSilence | Self::TwoHistories | Self::TwoEntries => 2,
        }
    }
}

/// A file, read. Nothing is verified.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Evidence {
    /// What it is evidence of.
    pub kind: EvidenceKind,
    /// What proves it; how many and of what follows from the kind.
    pub parts: Vec<String>,
}

/// What valid evidence proves.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Misconduct {
    /// A custodian released records under a grant that was revoked.
    Released(Box<Released>),
    /// An organisation signed two batches that cannot both be in its chain.
    Forked(Box<Forked>),
    /// An organisation sent no batch for a long time.
    Silent(Box<Silent>),
    /// Validators cosigned two roots for one number.
    TwoHistories(Box<TwoHistories>),
    /// Validators cosigned two entries in one place of the history.
    TwoEntries(Box<TwoEntries>),
}

/// Why a file proves nothing.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum Unproven {
    /// It has another form.
    #[error("the evidence is malformed: {0}")]
    Malformed(&'static str),
    /// A part is not valid.
    #[error("part {0} of the evidence: {1}")]
    Part(usize, Invalid),
    /// A part is valid, and of something else than what the kind asks for.
    #[error("part {0} of the evidence is {1}")]
    Other(usize, &'static str),
    /// All parts hold, and nothing wrong was done.
    #[error("it shows nothing wrong: {0}")]
    Harmless(String),
}

/// Whether somebody meant this to be evidence.
pub fn resembles(bytes: &[u8]) -> bool {
    bytes.starts_with(FORMAT.as_bytes())
}

/// Makes the text of a file. Nothing is verified.
pub fn build(evidence: &Evidence) -> String {
    let mut text = format!("{FORMAT}\nkind {}\n", evidence.kind.as_str());
    for part in &evidence.parts {
        let _ = write!(text, "part {}\n{part}", part.len());
    }
    text
}

/// Reads the text of a file. Nothing is verified but the form.
pub fn parse(bytes: &[u8]) -> Result<Evidence, Unproven> {
    let malformed = Unproven::Malformed;
    if bytes.len() > EVIDENCE_BYTES_MAX {
        return Err(malformed("it is too long"));
    }
    let text = std::str::from_utf8(bytes).map_err(|_| malformed("it is not UTF-8"))?;
    let rest = text
        .strip_prefix(FORMAT)
        .and_then(|rest| rest.strip_prefix("\nkind "))
        .ok_or(malformed("it has another format line"))?;
    let (word, mut rest) = rest
        .split_once('\n')
        .ok_or(malformed("its kind is missing"))?;
    let kind = EvidenceKind::ALL.into_iter().find(|it| it.as_str() == word);
    let kind = kind.ok_or(malformed("its kind is not known here"))?;
    let mut parts = Vec::with_capacity(kind.parts());
    for _ in 0..kind.parts() {
        let (part, others) = framed(rest)?;
        parts.push(part.to_owned());
        rest = others;
    }
    if rest.is_empty() {
        Ok(Evidence { kind, parts })
    } else {
        Err(malformed("something follows its last part"))
    }
}

/// A part with its number of bytes in front, and what follows it.
fn framed(text: &str) -> Result<(&str, &str), Unproven> {
    let malformed = Unproven::Malformed("a part is missing, or has another length");
    let (length, rest) = text
        .strip_prefix("part ")
        .and_then(|rest| rest.split_once('\n'))
        .ok_or(malformed.clone())?;
    let bytes: usize = length.parse().map_err(|_| malformed.clone())?;
    if bytes.to_string() != length {
        return Err(malformed);
    }
    rest.split_at_checked(bytes).ok_or(malformed)
}

/// Judges a file by a policy.
pub fn verify(evidence: &[u8], policy: &Policy) -> Result<Misconduct, Unproven> {
    let Evidence { kind, parts } = parse(evidence)?;
    let parts: Vec<&[u8]> = parts.iter().map(String::as_bytes).collect();
    match (kind, parts.as_slice()) {
        (EvidenceKind::ReleaseAfterRevocation, [grant, key, statement]) => {
            let released = released::judge(grant, key, statement, policy)?;
            Ok(Misconduct::Released(Box::new(released)))
        }
        (EvidenceKind::BatchFork, [accepted, other]) => {
            let forked = batches::judge_fork(accepted, other, policy)?;
            Ok(Misconduct::Forked(Box::new(forked)))
        }
        (EvidenceKind::BatchSilence, [before, after]) => {
            let silent = batches::judge_silence(before, after, policy)?;
            Ok(Misconduct::Silent(Box::new(silent)))
        }
        (EvidenceKind::TwoHistories, [one, other]) => {
            let two = histories::judge(one, other, policy)?;
            Ok(Misconduct::TwoHistories(Box::new(two)))
        }
        (EvidenceKind::TwoEntries, [one, other]) => {
            let two = histories::judge_entries(one, other, policy)?;
            Ok(Misconduct::TwoEntries(Box::new(two)))
        }
        _ => Err(Unproven::Malformed("it has another number of parts")),
    }
}

/// Canonical bytes as a part: base64 and the end of a line.
pub fn part_of(bytes: &[u8]) -> String {
    STANDARD.encode(bytes) + "\n"
}

fn bytes_of(part: &[u8]) -> Option<Vec<u8>> {
    STANDARD.decode(part.strip_suffix(b"\n")?).ok()
}
