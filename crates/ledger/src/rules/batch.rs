//! Kind 1: an organisation's batches form a chain of their own.

use proof::transaction::Batch;

use super::Act;
use crate::Refusal;
use crate::state::draft::{BatchHead, Draft};
use crate::state::keys;

pub(super) fn apply(draft: &mut Draft, act: &Act<'_>) -> Result<(), Refusal> {
    let batch: Batch = act.body()?;
    let key = keys::batch(&act.sender.organisation);
    let head: BatchHead = draft.get(&key).unwrap_or_default();
    let expected = head.sequence.saturating_add(1);
    if batch.sequence != expected {
        return Err(Refusal::BatchSequence {
            expected,
            given: batch.sequence,
        });
    }
    if batch.previous != head.root {
        return Err(Refusal::BatchPrevious);
    }
    draft.put(
        key,
        &BatchHead {
            sequence: batch.sequence,
            root: batch.root,
        },
    );
    Ok(())
}
