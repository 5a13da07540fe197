//! Receipts of transactions themselves: a `tlog-proof` whose opening is the entry and no event.
//!
//! A grant, a revocation or an erasure is on the ledger as it is: nothing has to be opened.

use super::cosigners::check_signatures;
use super::text::{self, Lines};
use super::{ENTRY_BYTES_MAX, Invalid};
use crate::Digest;
use crate::checkpoint::{Checkpoint, origin};
use crate::codec::{Canonical, CodecError, Reader, Writer};
use crate::note::Note;
use crate::policy::Policy;
use crate::transaction::Entry;
use crate::tree::{leaf_hash, verify_inclusion};

/// The first byte of an opening that holds no event; the kinds of events count from 1.
const NO_EVENT: u8 = 0;

/// A transaction that the ledger accepted, and the way to a cosigned history.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct EntryReceipt {
    /// The canonical bytes of the [`Entry`].
    pub entry: Vec<u8>,
    /// The index of the entry in the history.
    pub index: u64,
    /// The inclusion path of the entry in the history at the size of the checkpoint.
    pub path: Vec<Digest>,
    /// The checkpoint with its log signature and its cosignatures.
    pub checkpoint: Note,
}

/// What a valid receipt of a transaction proves: as many validators as the policy asks for accepted
/// it, at that height and time, from that organisation.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct VerifiedEntry {
    /// Height, time, organisation and the transaction.
    pub entry: Entry,
    /// The index of the entry in the history.
    pub index: u64,
    /// The size of the history that was cosigned.
    pub size: u64,
    /// The names of the cosigners.
    pub cosigners: Vec<String>,
}

/// Makes the text of a receipt, with its signature lines in order. Nothing is verified.
pub fn build_entry(receipt: &EntryReceipt) -> String {
    let opening = Opening(receipt.entry.clone());
    text::render_lines(&Lines {
        extra: opening.to_bytes(),
        index: receipt.index,
        path: receipt.path.clone(),
        checkpoint: receipt.checkpoint.clone(),
    })
}

/// Reads the text of a receipt of a transaction. Nothing is verified but the form.
pub fn parse_entry(text: &[u8]) -> Result<EntryReceipt, Invalid> {
    let lines = text::parse_lines(text)?;
    let Opening(entry) = Opening::from_bytes(&lines.extra)
        .map_err(|it| Invalid::Malformed(format!("extra: {it}")))?;
    Ok(EntryReceipt {
        entry,
        index: lines.index,
        path: lines.path,
        checkpoint: lines.checkpoint,
    })
}

/// Whether a receipt is one of a transaction, not of an event. One that cannot be read is not.
pub fn is_entry(text: &[u8]) -> bool {
    text::parse_lines(text).is_ok_and(|lines| lines.extra.first() == Some(&NO_EVENT))
}

/// Judges a receipt of a transaction by a policy.
pub fn verify_entry(receipt: &[u8], policy: &Policy) -> Result<VerifiedEntry, Invalid> {
    let receipt = parse_entry(receipt)?;
    let checkpoint = Checkpoint::of(&receipt.checkpoint)
        .map_err(|error| Invalid::Malformed(error.to_string()))?;
    let cosigners = check_signatures(&receipt.checkpoint, &checkpoint, policy)?;
    let leaf = leaf_hash(&receipt.entry);
    let (index, size) = (receipt.index, checkpoint.size);
    verify_inclusion(&leaf, index, size, &receipt.path, &checkpoint.root)?;
    let entry =
        Entry::from_bytes(&receipt.entry).map_err(|_| Invalid::Entry("it is not canonical"))?;
    if origin(&entry.transaction.header.chain) != checkpoint.origin {
        return Err(Invalid::Entry("it is of another ledger"));
    }
    if !entry.transaction.is_signed() {
        return Err(Invalid::Entry("its signature does not verify"));
    }
    Ok(VerifiedEntry {
        entry,
        index,
        size,
        cosigners,
    })
}

/// An opening with nothing to open.
struct Opening(Vec<u8>);

impl Canonical for Opening {
    fn write(&self, writer: &mut Writer) {
        writer.u8(NO_EVENT);
        writer.bytes(&self.0);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        if reader.u8()? != NO_EVENT {
            return Err(reader.malformed("opening without an event"));
        }
        Ok(Self(reader.bytes(ENTRY_BYTES_MAX)?.to_vec()))
    }
}
