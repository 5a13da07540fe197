//! What this node kept about others: evidence of misconduct, and checkpoints of validators.

use std::collections::BTreeSet;

use proof::Canonical;
use proof::checkpoint::Checkpoint;
use proof::note::Note;
use store::{PactKind, Store};

use super::PAGE;
use crate::anchor::KeptAnchor;
use crate::error::HospitalError;
use crate::sharing::EvidencePact;

/// The files of evidence about an organisation. Whether they prove anything, they say themselves.
pub async fn kept_evidence(
    store: &Store,
    organisation: &str,
) -> Result<Vec<String>, HospitalError> {
    let kept = store.pacts(PactKind::Evidence).await?.into_iter();
    let about = kept.filter(|it| it.organisation == organisation);
    let files = about.filter_map(|it| serde_json::from_slice::<EvidencePact>(&it.value).ok());
    Ok(files.map(|it| it.file).collect())
}

/// The cosigned checkpoints of these sizes that receipts of this node rest on.
pub async fn kept_checkpoints(
    store: &Store,
    sizes: &BTreeSet<u64>,
) -> Result<Vec<Note>, HospitalError> {
    let (mut found, mut after) = (Vec::new(), 0);
    if sizes.is_empty() {
        return Ok(found);
    }
    loop {
        let page = store.scan_batches(after, PAGE).await?;
        let Some(last) = page.last() else {
            return Ok(found);
        };
        after = last.sequence;
        let anchors = page.iter().filter_map(|it| it.anchor.as_deref());
        let anchors = anchors.filter_map(|it| KeptAnchor::from_bytes(it).ok());
        let notes = anchors.filter_map(|it| it.checkpoint.parse::<Note>().ok());
        found.extend(notes.filter(|note| {
            Checkpoint::of(note).is_ok_and(|checkpoint| sizes.contains(&checkpoint.size))
        }));
    }
}
