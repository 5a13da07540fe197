//! The judgement of a receipt. C2SP `tlog-proof`, Verifying a tlog proof, and what is ours.

use super::cosigners::check_signatures;
use super::text;
use super::{Invalid, Receipt};
use crate::checkpoint::{Checkpoint, origin};
use crate::codec::Canonical;
use crate::event::{Event, RecordVersion, record_digest};
use crate::policy::Policy;
use crate::transaction::{Batch, Entry, KIND_BATCH};
use crate::tree::{leaf_hash, verify_inclusion};
use crate::{Digest, PublicKey};

/// What a valid receipt proves: validators of the ledger, as many as the policy asks for,
/// accepted a batch that holds this event, signed by a key that was, at that height, the
/// transaction key of the organisation that the event names.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Verified {
    /// The event; it names the organisation, the record and the version.
    pub event: RecordVersion,
    /// The transaction key of the organisation.
    pub sender: PublicKey,
    /// The ledger.
    pub chain: Digest,
    /// The block that accepted the batch.
    pub height: u64,
    /// The time of that block, in milliseconds since 1970.
    pub time_ms: u64,
    /// The index of the entry in the history.
    pub index: u64,
    /// The size of the history that was cosigned.
    pub size: u64,
    /// The names of the cosigners.
    pub cosigners: Vec<String>,
    /// Whether a record was given, and is the one that was committed.
    pub record_matches: bool,
}

/// Judges a receipt by a policy and, if one is given, that the record is the committed one.
pub fn verify(receipt: &[u8], policy: &Policy, record: Option<&[u8]>) -> Result<Verified, Invalid> {
    let receipt = text::parse(receipt)?;
    let checkpoint = Checkpoint::of(&receipt.checkpoint)
        .map_err(|error| Invalid::Malformed(error.to_string()))?;
    let cosigners = check_signatures(&receipt.checkpoint, &checkpoint, policy)?;
    let leaf = leaf_hash(&receipt.opening.entry);
    verify_inclusion(
        &leaf,
        receipt.index,
        checkpoint.size,
        &receipt.path,
        &checkpoint.root,
    )?;
    let entry = check_entry(&receipt, &checkpoint)?;
    let Event::RecordVersion(event) = receipt.opening.event;
    if let Some(record) = record {
        check_record(record, &event.body)?;
    }
    Ok(Verified {
        event,
        sender: entry.transaction.header.sender,
        chain: entry.transaction.header.chain,
        height: entry.height,
        time_ms: entry.time_ms,
        index: receipt.index,
        size: checkpoint.size,
        cosigners,
        record_matches: record.is_some(),
    })
}

/// The entry is a signed batch transaction of this ledger, and the event is in its batch.
fn check_entry(receipt: &Receipt, checkpoint: &Checkpoint) -> Result<Entry, Invalid> {
    let opening = &receipt.opening;
    let entry =
        Entry::from_bytes(&opening.entry).map_err(|_| Invalid::Entry("it is not canonical"))?;
    let transaction = &entry.transaction;
    if origin(&transaction.header.chain) != checkpoint.origin {
        return Err(Invalid::Entry("it is of another ledger"));
    }
    if transaction.header.kind != KIND_BATCH {
        return Err(Invalid::Entry("it is not a batch"));
    }
    let batch = Batch::from_bytes(&transaction.body)
        .map_err(|_| Invalid::Entry("its batch is not canonical"))?;
    if !transaction.is_signed() {
        return Err(Invalid::Entry("its signature does not verify"));
    }
    let Event::RecordVersion(event) = &opening.event;
    if entry.organisation != event.organisation {
        return Err(Invalid::Entry(
            "it is of another organisation than the event",
        ));
    }
    if opening.path.root(&opening.key, &opening.event.digest()) != Some(batch.root) {
        return Err(Invalid::Event);
    }
    Ok(entry)
}

fn check_record(record: &[u8], body: &Digest) -> Result<(), Invalid> {
    match record_digest(record) {
        Ok(digest) if digest == *body => Ok(()),
        Ok(_) => Err(Invalid::Record),
        // A damaged record is a false one; what never was one cannot be judged.
        Err(_) if resembles_record(record) => Err(Invalid::Record),
        Err(error) => Err(Invalid::Unusable(format!(
            "the record is not JSON: {error}"
        ))),
    }
}

fn resembles_record(record: &[u8]) -> bool {
    let trimmed = record.trim_ascii();
    trimmed.starts_with(b"{") || trimmed.ends_with(b"}")
}
