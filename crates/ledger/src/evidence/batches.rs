//! An organisation's batches: two that contradict each other, and a long time without any.

use proof::codec::Canonical;
use proof::policy::Policy;
use proof::receipt::{self, VerifiedEntry};
use proof::transaction::{Batch, KIND_BATCH, Transaction};

use super::{Unproven, bytes_of};

/// The shortest time without a batch that is a silence, in milliseconds.
pub(super) const SILENCE_MS_MIN: u64 = 60_000;

/// What is proven: the organisation signed two batches of which one at most is in its chain.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Forked {
    /// The batch that the ledger accepted.
    pub accepted: VerifiedEntry,
    /// What it says.
    pub batch: Batch,
    /// What the other one says, under the same key.
    pub other: Batch,
}

/// What is proven: between two batches that follow each other the organisation sent none.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Silent {
    /// The batch before.
    pub before: VerifiedEntry,
    /// The batch after.
    pub after: VerifiedEntry,
    /// The sequence of the batch before.
    pub sequence: u64,
}

impl Silent {
    /// How long it was, in milliseconds, by the times of the blocks.
    pub fn lasted_ms(&self) -> u64 {
        let (before, after) = (self.before.entry.time_ms, self.after.entry.time_ms);
        after.saturating_sub(before)
    }
}

/// Whether two batches cannot both be in one chain, whichever of them is the earlier one.
pub fn contradict(one: &Batch, other: &Batch) -> bool {
    let follows = |earlier: &Batch, later: &Batch| {
        earlier.sequence.checked_add(1) == Some(later.sequence) && later.previous != earlier.root
    };
    (one.sequence == other.sequence && one != other) || follows(one, other) || follows(other, one)
}

pub(super) fn judge_fork(
    accepted: &[u8],
    other: &[u8],
    policy: &Policy,
) -> Result<Forked, Unproven> {
    let (accepted, batch) = accepted_batch(0, accepted, policy)?;
    let transaction = bytes_of(other).and_then(|it| Transaction::from_bytes(&it).ok());
    let transaction = transaction.ok_or(Unproven::Malformed("its transaction is not canonical"))?;
    let header = &transaction.header;
    let known = &accepted.entry.transaction.header;
    if header.chain != known.chain || header.sender != known.sender {
        return Err(Unproven::Other(1, "of another ledger or another key"));
    }
    let body = Batch::from_bytes(&transaction.body).ok();
    let body = body.filter(|_| header.kind == KIND_BATCH);
    let other = body.ok_or(Unproven::Other(1, "not a batch"))?;
    if !transaction.is_signed() {
        return Err(Unproven::Other(1, "not signed by the key that it names"));
    }
    if !contradict(&batch, &other) {
        return Err(Unproven::Harmless("both batches fit into one chain".into()));
    }
    Ok(Forked {
        accepted,
        batch,
        other,
    })
}

pub(super) fn judge_silence(
    before: &[u8],
    after: &[u8],
    policy: &Policy,
) -> Result<Silent, Unproven> {
    let (before, first) = accepted_batch(0, before, policy)?;
    let (after, second) = accepted_batch(1, after, policy)?;
    let (one, other) = (&before.entry, &after.entry);
    let of_one = one.organisation == other.organisation
        && one.transaction.header.chain == other.transaction.header.chain;
    if !of_one || first.sequence.checked_add(1) != Some(second.sequence) {
        return Err(Unproven::Other(1, "not the batch after the first one"));
    }
    let silent = Silent {
        sequence: first.sequence,
        before,
        after,
    };
    if silent.lasted_ms() < SILENCE_MS_MIN {
        return Err(Unproven::Harmless(format!(
            "less than {} s passed between the batches",
            SILENCE_MS_MIN / 1_000
        )));
    }
    Ok(silent)
}

fn accepted_batch(
    part: usize,
    text: &[u8],
    policy: &Policy,
) -> Result<(VerifiedEntry, Batch), Unproven> {
    let shown = receipt::verify_entry(text, policy).map_err(|it| Unproven::Part(part, it))?;
    let transaction = &shown.entry.transaction;
    let batch = Batch::from_bytes(&transaction.body).ok();
    let batch = batch.filter(|_| transaction.header.kind == KIND_BATCH);
    let batch = batch.ok_or(Unproven::Other(part, "not the receipt of a batch"))?;
    Ok((shown, batch))
}
