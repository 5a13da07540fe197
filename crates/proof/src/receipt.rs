//! Receipts: a `c2sp.org/tlog-proof@v1` file that shows, to anybody and without any server,
//! that an event was in an accepted batch of an organisation (`docs/reference/receipts.md`).
//!
//! The file follows C2SP `tlog-proof`, more strictly where a changed byte would otherwise
//! go unnoticed: every signature line must be of a known key and valid, in a fixed order.

mod check;
mod cosigners;
mod entry;
mod text;

pub use check::{Judge, Verified, verify};
pub(crate) use cosigners::check_cosigners;
pub use entry::{EntryReceipt, VerifiedEntry, build_entry, is_entry, parse_entry, verify_entry};

use thiserror::Error;

use crate::batch::Path;
use crate::codec::{Canonical, CodecError, Reader, Writer};
use crate::event::{Event, ORGANISATION_MAX};
use crate::note::Note;
use crate::transaction::TRANSACTION_BYTES_MAX;
use crate::{CommitmentKey, Digest};

/// The longest receipt.
pub const RECEIPT_BYTES_MAX: usize = 1 << 20;
/// The first line of every receipt.
pub const FORMAT: &str = "c2sp.org/tlog-proof@v1";

/// The longest entry: height, time, organisation and a transaction.
const ENTRY_BYTES_MAX: usize = 20 + ORGANISATION_MAX + TRANSACTION_BYTES_MAX;

/// What only the holder of the record knows: it opens one commitment of one batch.
/// It travels in the `extra` line.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Opening {
    /// What happened.
    pub event: Event,
    /// The key of the commitment to it.
    pub key: CommitmentKey,
    /// The way from the commitment to the root of the batch.
    pub path: Path,
    /// The canonical bytes of the [`crate::transaction::Entry`] with the batch transaction.
    pub entry: Vec<u8>,
}

/// Everything a receipt says.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Receipt {
    /// Event, commitment key, path in the batch, entry.
    pub opening: Opening,
    /// The index of the entry in the history.
    pub index: u64,
    /// The inclusion path of the entry in the history at the size of the checkpoint.
    pub path: Vec<Digest>,
    /// The checkpoint with its log signature and its cosignatures.
    pub checkpoint: Note,
}

/// Makes the text of a receipt. The signature lines of the checkpoint are put in order: the
/// log's first, then the cosignatures by name. Nothing is verified.
pub fn build(receipt: &Receipt) -> String {
    text::render(receipt)
}

/// Reads the text of a receipt. Nothing is verified but the form.
pub fn parse(text: &[u8]) -> Result<Receipt, Invalid> {
    text::parse(text)
}

/// Why a receipt does not prove what it should.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum Invalid {
    /// The input is not a receipt, or not a record, at all: there is nothing to judge.
    #[error("unusable: {0}")]
    Unusable(String),
    /// A part of the receipt is not in its only allowed form.
    #[error("the receipt is malformed: {0}")]
    Malformed(String),
    /// The checkpoint is not of a log of the policy.
    #[error("the checkpoint is of the log `{0}`, which the trust file does not name")]
    Origin(String),
    /// A signature line is of an unknown key, invalid, double, missing or out of order.
    #[error("the checkpoint's signatures: {0}")]
    Signatures(String),
    /// Not enough cosigners.
    #[error("the checkpoint is cosigned by {0}, which is no quorum")]
    Quorum(usize),
    /// The entry is not at this place of the history.
    #[error("the entry is not in the history: {0}")]
    History(#[from] crate::tree::TreeError),
    /// The entry is not a signed batch transaction of this ledger.
    #[error("the entry: {0}")]
    Entry(&'static str),
    /// The event is not in the batch.
    #[error("the event is not in the batch")]
    Event,
    /// The proof does not lead to the state.
    #[error("the state: {0}")]
    State(#[from] crate::map::MapError),
    /// The record is not the one of the event.
    #[error("the record is not the one that was committed")]
    Record,
}

impl Invalid {
    /// Whether the input is something else than what should be judged, rather than a false one.
    pub fn is_unusable(&self) -> bool {
        matches!(self, Self::Unusable(_))
    }

    /// A word for each reason that programs can rely on.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unusable(_) => "unusable",
            Self::Malformed(_) => "malformed",
            Self::Origin(_) => "origin",
            Self::Signatures(_) => "signatures",
            Self::Quorum(_) => "quorum",
            Self::History(_) => "history",
            Self::Entry(_) => "entry",
            Self::Event => "event",
            Self::State(_) => "state",
            Self::Record => "record",
        }
    }
}

impl Canonical for Opening {
    fn write(&self, writer: &mut Writer) {
        self.event.write(writer);
        self.key.write(writer);
        self.path.write(writer);
        writer.bytes(&self.entry);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        Ok(Self {
            event: Event::read(reader)?,
            key: CommitmentKey::read(reader)?,
            path: Path::read(reader)?,
            entry: reader.bytes(ENTRY_BYTES_MAX)?.to_vec(),
        })
    }
}
