//! The judgement of a receipt. C2SP `tlog-proof`, Verifying a tlog proof, and what is ours.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::cosigners::check_signatures;
use super::text;
use super::{Invalid, Receipt};
use crate::checkpoint::{Checkpoint, origin};
use crate::codec::Canonical;
use crate::event::{Event, RecordVersion, record_digest};
use crate::policy::Policy;
use crate::transaction::{Batch, Entry, KIND_BATCH};
use crate::tree::{leaf_hash, verify_inclusion};
use crate::{Digest, PublicKey, sha256};

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
    Judge::new(policy).verify(receipt, record)
}

/// The most checkpoints, and the most entries, whose judgement is kept.
const KEPT_MAX: usize = 4_096;

/// Judges many receipts by one policy. Checkpoints and batches that many of them share are judged
/// once: a signature costs more than all the rest of a receipt. What is kept is found by a digest
/// of all its bytes, signatures too, so that each verdict is the one of [`verify`].
#[derive(Debug)]
pub struct Judge<'a> {
    policy: &'a Policy,
    checkpoints: BTreeMap<Digest, Arc<[String]>>,
    entries: BTreeMap<Digest, Arc<Entry>>,
}

impl<'a> Judge<'a> {
    /// Nothing is judged yet.
    pub fn new(policy: &'a Policy) -> Self {
        Self {
            policy,
            checkpoints: BTreeMap::new(),
            entries: BTreeMap::new(),
        }
    }

    /// Judges a receipt and, if one is given, that the record is the committed one.
    pub fn verify(&mut self, receipt: &[u8], record: Option<&[u8]>) -> Result<Verified, Invalid> {
        let receipt = text::parse(receipt)?;
        let checkpoint = Checkpoint::of(&receipt.checkpoint)
            .map_err(|error| Invalid::Malformed(error.to_string()))?;
        let cosigners = self.cosigners(&receipt, &checkpoint)?;
        let leaf = leaf_hash(&receipt.opening.entry);
        verify_inclusion(
            &leaf,
            receipt.index,
            checkpoint.size,
            &receipt.path,
            &checkpoint.root,
        )?;
        let entry = self.entry(&receipt, &checkpoint)?;
        in_batch(&receipt, &entry)?;
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
            cosigners: cosigners.to_vec(),
            record_matches: record.is_some(),
        })
    }

    /// Those who stand behind the checkpoint of a receipt.
    fn cosigners(
        &mut self,
        receipt: &Receipt,
        checkpoint: &Checkpoint,
    ) -> Result<Arc<[String]>, Invalid> {
        let note = sha256(receipt.checkpoint.to_string().as_bytes());
        if let Some(known) = self.checkpoints.get(&note) {
            return Ok(Arc::clone(known));
        }
        let found = check_signatures(&receipt.checkpoint, checkpoint, self.policy)?;
        let found: Arc<[String]> = found.into();
        keep(&mut self.checkpoints, note, Arc::clone(&found));
        Ok(found)
    }

    /// The entry of a receipt: a signed batch transaction of the ledger of its checkpoint.
    fn entry(&mut self, receipt: &Receipt, checkpoint: &Checkpoint) -> Result<Arc<Entry>, Invalid> {
        let bytes = &receipt.opening.entry;
        let digest = sha256(bytes);
        if let Some(known) = self.entries.get(&digest) {
            of_ledger(known, checkpoint)?;
            return Ok(Arc::clone(known));
        }
        let entry = Arc::new(check_entry(bytes, checkpoint)?);
        keep(&mut self.entries, digest, Arc::clone(&entry));
        Ok(entry)
    }
}

/// Keeps a judgement; when there are too many, all older ones go.
fn keep<T>(judged: &mut BTreeMap<Digest, T>, digest: Digest, value: T) {
    if judged.len() >= KEPT_MAX {
        judged.clear();
    }
    judged.insert(digest, value);
}

/// The entry is a signed batch transaction of this ledger.
fn check_entry(bytes: &[u8], checkpoint: &Checkpoint) -> Result<Entry, Invalid> {
    let entry = Entry::from_bytes(bytes).map_err(|_| Invalid::Entry("it is not canonical"))?;
    let transaction = &entry.transaction;
    of_ledger(&entry, checkpoint)?;
    if transaction.header.kind != KIND_BATCH {
        return Err(Invalid::Entry("it is not a batch"));
    }
    Batch::from_bytes(&transaction.body)
        .map_err(|_| Invalid::Entry("its batch is not canonical"))?;
    if !transaction.is_signed() {
        return Err(Invalid::Entry("its signature does not verify"));
    }
    Ok(entry)
}

fn of_ledger(entry: &Entry, checkpoint: &Checkpoint) -> Result<(), Invalid> {
    if origin(&entry.transaction.header.chain) == checkpoint.origin {
        Ok(())
    } else {
        Err(Invalid::Entry("it is of another ledger"))
    }
}

/// The event is in the batch of the entry, and of the same organisation.
fn in_batch(receipt: &Receipt, entry: &Entry) -> Result<(), Invalid> {
    let opening = &receipt.opening;
    let Event::RecordVersion(event) = &opening.event;
    if entry.organisation != event.organisation {
        return Err(Invalid::Entry(
            "it is of another organisation than the event",
        ));
    }
    let batch = Batch::from_bytes(&entry.transaction.body)
        .map_err(|_| Invalid::Entry("its batch is not canonical"))?;
    if opening.path.root(&opening.key, &opening.event.digest()) == Some(batch.root) {
        Ok(())
    } else {
        Err(Invalid::Event)
    }
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
