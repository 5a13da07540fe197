//! Receipts: what proves a version to a stranger. `docs/reference/receipts.md`.

use proof::batch::Tree;
use proof::note::{Line, Note};
use proof::receipt::{self, EntryReceipt, Opening, Receipt};
use proof::{Canonical, CommitmentKey, Digest, checkpoint};
use store::{Batch, LeafPlace, Stored};

use crate::anchor::KeptAnchor;
use crate::caller::Caller;
use crate::error::HospitalError;
use crate::setup::Hospital;

/// Where the receipt of a version stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReceiptState {
    /// The file.
    Ready(String),
    /// The ledger has not vouched for it yet: ask again after this time.
    Pending {
        /// Milliseconds.
        retry_ms: u64,
    },
}

impl Hospital {
    /// The receipt of one version, which a bounded caller must be able to see.
    pub async fn receipt(
        &self,
        caller: &Caller,
        type_: &'static str,
        id: &str,
        version: u64,
    ) -> Result<ReceiptState, HospitalError> {
        let item = format!("{type_}/{id}/_history/{version}");
        let absent = || HospitalError::Absent(item.clone());
        let scope = caller.scope();
        let found = self.0.store.seen(type_, id, Some(version), scope).await?;
        let stored = found.ok_or_else(absent)?;
        if caller.is_narrowed() {
            // A version of another compartment is absent, whatever its receipt says; so is that of
            // a deletion, which says what it was about. The digest in a receipt is of the whole
            // body: of one that is shown in part it would let what is left out be guessed.
            let seen = self.seen(caller, item.clone(), type_, id, Some(version));
            match seen.await {
                Ok(seen) if !seen.redacted => {}
                Ok(_) | Err(HospitalError::Gone { .. }) => return Err(absent()),
                Err(error) => return Err(error),
            }
        }
        let place = self
            .0
            .store
            .batch_of(type_, id, version)
            .await?
            .ok_or_else(absent)?;
        let LeafPlace::Sealed {
            batch,
            position,
            commitments,
        } = place
        else {
            return Ok(self.pending());
        };
        let Some(anchor) = &batch.anchor else {
            return Ok(self.pending());
        };
        let sequence = batch.sequence;
        let anchor = KeptAnchor::from_bytes(anchor).map_err(|error| HospitalError::Damaged {
            item: format!("receipt of batch {sequence}"),
            reason: error.to_string(),
        })?;
        let text = self
            .written(stored, &batch, position, &commitments, anchor)
            .await?;
        Ok(ReceiptState::Ready(text))
    }

    /// The receipt of an accepted transaction itself, by its index in the history: of a grant, a
    /// revocation, an erasure. Everybody may see it; it says nothing about a person.
    pub async fn transaction_receipt(&self, index: u64) -> Result<ReceiptState, HospitalError> {
        let Some(anchor) = self.0.chain.proof(index).await else {
            return Ok(self.pending());
        };
        let checkpoint = self.signed_note(&anchor.checkpoint)?;
        Ok(ReceiptState::Ready(receipt::build_entry(&EntryReceipt {
            entry: anchor.entry,
            index: anchor.index,
            path: anchor.path,
            checkpoint,
        })))
    }

    /// A checkpoint with the log line of this member. The chain answers a note with cosignatures;
    /// the member that issues the receipt signs it.
    fn signed_note(&self, text: &str) -> Result<Note, HospitalError> {
        let unreadable = |_| HospitalError::Damaged {
            item: "a checkpoint".to_owned(),
            reason: "it cannot be read".to_owned(),
        };
        let mut note: Note = text.parse().map_err(unreadable)?;
        let origin = checkpoint::origin(&self.0.chain_id);
        note.lines
            .push(Line::sign(&note.text, &origin, &self.0.checkpoint_key));
        Ok(note)
    }

    async fn written(
        &self,
        stored: Stored,
        batch: &Batch,
        position: u64,
        commitments: &[[u8; 32]],
        anchor: KeptAnchor,
    ) -> Result<String, HospitalError> {
        let damaged = |reason: &str| HospitalError::Damaged {
            item: format!("batch {}", batch.sequence),
            reason: reason.to_owned(),
        };
        let opened = self.opened(stored).await?;
        let leaves: Vec<Digest> = commitments.iter().copied().map(Digest).collect();
        let place = usize::try_from(position).map_err(|_| damaged("the leaf has no place"))?;
        let blinding = batch.blinding;
        let (root, path) = self
            .0
            .cpu
            .run(move || {
                let tree = Tree::new(&blinding, &leaves);
                (tree.root(), tree.path(place))
            })
            .await?;
        if root.0 != batch.root {
            return Err(damaged("its leaves do not give its root"));
        }
        let opening = Opening {
            event: proof::event::Event::RecordVersion(opened.event),
            key: CommitmentKey(opened.commitment_key),
            path: path.ok_or_else(|| damaged("the leaf has no place"))?,
            entry: anchor.entry,
        };
        let note = self.signed_note(&anchor.checkpoint)?;
        let (index, path) = (anchor.index, anchor.path);
        Ok(receipt::build(&Receipt {
            opening,
            index,
            path,
            checkpoint: note,
        }))
    }

    fn pending(&self) -> ReceiptState {
        let retry_ms = self.0.chain.state().parameters().batch_interval_ms;
        ReceiptState::Pending { retry_ms }
    }
}
