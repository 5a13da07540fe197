//! Batches: each root follows from its leaves, and the ledger has it.

use proof::batch::Tree;
use proof::checkpoint::Checkpoint;
use proof::note::Note;
use proof::policy::Policy;
use proof::transaction::{Batch as BatchBody, Entry, KIND_BATCH, Transaction};
use proof::tree::{inclusion_from, leaf_hash, root_from_path, verify_inclusion};
use proof::{Canonical, Digest, cosignature};
use store::Batch;

use super::{Desk, PAGE, Report};
use crate::anchor::KeptAnchor;
use crate::error::HospitalError;
use crate::resume::lost_batches;

impl Desk {
    /// All batches in order.
    pub(super) async fn batches(&self, report: &mut Report<'_>) -> Result<(), HospitalError> {
        let total = self
            .store
            .last_batch()
            .await?
            .map_or(0, |batch| batch.sequence);
        let lost = lost_batches(&self.store, self.keyring.root()).await?;
        let mut after = 0;
        loop {
            let page = self.store.scan_batches(after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = last.sequence;
            for batch in &page {
                // Of a batch that a restore lost, this organisation knows what the ledger says.
                let bare = batch.leaves == 0 && batch.blinding == [0; 32];
                let known = lost.iter().any(|range| range.contains(&batch.sequence));
                if !bare || !known {
                    self.batch(batch, report).await?;
                }
                report.summary.batches += 1;
            }
            report.at("batches", report.summary.batches, total);
        }
        Ok(())
    }

    async fn batch(&self, batch: &Batch, report: &mut Report<'_>) -> Result<(), HospitalError> {
        let item = format!("batch {}", batch.sequence);
        let mut commitments: Vec<Digest> = Vec::new();
        let mut at = batch.first_leaf.saturating_sub(1);
        // What the row says may be damaged: read no more than there is.
        while (commitments.len() as u64) < batch.leaves {
            let left = batch.leaves - commitments.len() as u64;
            let limit = u32::try_from(left).unwrap_or(PAGE).min(4_096);
            let page = self.store.scan_leaves(at, limit).await?;
            let Some(last) = page.last() else { break };
            at = last.number;
            commitments.extend(page.into_iter().map(|leaf| Digest(leaf.commitment)));
        }
        let blinding = batch.blinding;
        let root = self
            .cpu
            .run(move || Tree::new(&blinding, &commitments).root())
            .await?;
        if root.0 != batch.root {
            report.find(&item, "its leaves do not give its root");
        }
        // An empty batch keeps neither transaction nor anchor: no receipt needs them.
        if batch.leaves == 0 && batch.anchor.as_ref().is_some_and(Vec::is_empty) {
            return Ok(());
        }
        if let Err(reason) = sent(batch) {
            report.find(&item, reason);
        }
        if let Some(anchor) = &batch.anchor
            && let Err(reason) = self.anchored(batch, anchor)
        {
            report.find(format!("receipt of {item}"), reason);
        }
        Ok(())
    }

    /// The root of the history when it had this many entries, from the stored nodes.
    fn root_at(&self, size: u64) -> Option<Digest> {
        let first = self.history.node(0, 0)?;
        let path = inclusion_from(self.history.as_ref(), 0, size)?;
        root_from_path(&first, 0, size, &path).ok()
    }

    /// What the ledger answered is what the ledger has.
    fn anchored(&self, batch: &Batch, anchor: &[u8]) -> Result<(), String> {
        let anchor = KeptAnchor::from_bytes(anchor)
            .map_err(|error| format!("it cannot be read: {error}"))?;
        let entry = Entry::from_bytes(&anchor.entry)
            .map_err(|error| format!("its entry cannot be read: {error}"))?;
        carries(&entry.transaction, batch)?;
        if entry.organisation != self.organisation {
            return Err("its entry is another organisation's".into());
        }
        let leaf = leaf_hash(&anchor.entry);
        match self.history.node(0, anchor.index) {
            Some(found) if found == leaf => {}
            Some(_) => return Err("the ledger has another entry at its index".into()),
            None => return Err("the ledger has no entry at its index".into()),
        }
        let note: Note = anchor
            .checkpoint
            .parse()
            .map_err(|_| "its checkpoint cannot be read".to_owned())?;
        let checkpoint =
            Checkpoint::of(&note).map_err(|_| "its checkpoint cannot be read".to_owned())?;
        verify_inclusion(
            &leaf,
            anchor.index,
            checkpoint.size,
            &anchor.path,
            &checkpoint.root,
        )
        .map_err(|_| "its path does not lead to its checkpoint".to_owned())?;
        if self
            .root_at(checkpoint.size)
            .is_some_and(|root| root != checkpoint.root)
        {
            return Err("its checkpoint is not one of this ledger".into());
        }
        let accepted = self
            .policies
            .iter()
            .any(|policy| cosigned(&note, &checkpoint, policy));
        if accepted {
            Ok(())
        } else {
            Err("its checkpoint is not cosigned by a quorum".into())
        }
    }
}

/// The signed transaction carries this batch.
fn sent(batch: &Batch) -> Result<(), String> {
    let transaction = Transaction::from_bytes(&batch.transaction)
        .map_err(|error| format!("its transaction cannot be read: {error}"))?;
    if !transaction.is_signed() {
        return Err("the signature of its transaction does not verify".into());
    }
    carries(&transaction, batch)
}

/// Every line is a known validator's and valid, and they are enough.
fn cosigned(note: &Note, checkpoint: &Checkpoint, policy: &Policy) -> bool {
    let valid = note.lines.iter().all(|line| {
        policy
            .witnesses()
            .iter()
            .find(|witness| witness.claims(line))
            .is_some_and(|witness| cosignature::verify(checkpoint, witness, line).is_ok())
    });
    valid && policy.is_quorum(|witness| note.lines.iter().any(|line| witness.claims(line)))
}

fn carries(transaction: &Transaction, batch: &Batch) -> Result<(), String> {
    let body = BatchBody {
        sequence: batch.sequence,
        previous: Digest(batch.previous),
        root: Digest(batch.root),
    };
    if transaction.header.kind != KIND_BATCH || transaction.body != body.to_bytes() {
        return Err("its transaction carries another batch".into());
    }
    Ok(())
}
