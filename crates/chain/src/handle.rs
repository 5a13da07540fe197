//! The one door to a running node.

use crate::{
    block::Block,
    database::Database,
    error::{Death, SubmitError},
    pool::Offered,
    runner::Inside,
    shared::Shared,
    view::{Anchor, BlockView, Located, Status, TransactionView},
};
use commonware_consensus::types::Height;
use commonware_cryptography::Digested;
use ledger::{BlockContext, Checked, Genesis, State};
use proof::{
    Canonical as _, Digest, PublicKey,
    transaction::{Entry, Transaction},
};
use std::{fmt, path::Path, sync::Arc};
use tokio::sync::{mpsc, watch};
use tracing::error;

/// A node that is further behind than this takes no transactions: it cannot judge them.
const BEHIND_MAX: u64 = 50;

/// A running node. Cheap to clone; usable from any tokio runtime.
///
/// The node runs until `shutdown`, also when all handles are dropped.
#[derive(Clone)]
pub struct Handle {
    pub(crate) genesis: Arc<Genesis>,
    /// Where the engine's archives and `ledger.db` are.
    pub(crate) directory: Arc<Path>,
    pub(crate) shared: Arc<Shared>,
    pub(crate) database: Database,
    pub(crate) submit: mpsc::Sender<Checked>,
    pub(crate) stop: watch::Sender<bool>,
    pub(crate) died: watch::Receiver<Option<Death>>,
    pub(crate) inside: watch::Receiver<Option<Inside>>,
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle")
            .field("chain", &self.shared.chain)
            .finish_non_exhaustive()
    }
}

impl Handle {
    /// Puts a transaction into the pool and sends it to the other nodes. It is not final yet:
    /// `locate` tells when it is, and what the ledger made of it.
    ///
    /// Submitting the same bytes again is harmless: the same digest comes back.
    pub async fn submit(&self, transaction: Vec<u8>) -> Result<Digest, SubmitError> {
        let id = proof::transaction::id_of(&transaction);
        let status = self.shared.status();
        if let Some(reason) = status.halted {
            return Err(SubmitError::NotReady(reason));
        }
        if status.tip > status.height + BEHIND_MAX {
            let (height, tip) = (status.height, status.tip);
            let reason = format!("catching up, at block {height} of {tip}");
            return Err(SubmitError::NotReady(reason));
        }
        if self.shared.pool.get(&id).is_some() || self.accepted(&id).await {
            return Ok(id);
        }
        let checked = Checked::check(&transaction, &self.shared.chain)?;
        let state = self.shared.state();
        let header = checked.transaction().header;
        // Of one that is next in its sender's order, whoever submits it is told at once and not
        // after a block.
        if header.sequence == state.sequence(&header.sender) + 1 {
            try_out(&checked, &state, status.time_ms)?;
        }
        if self.shared.pool.offer(checked.clone(), true, &state)? == Offered::Taken {
            // If too many wait to be sent, the next resend takes this one along.
            let _ = self.submit.try_send(checked);
        }
        Ok(id)
    }

    /// What the ledger would say of a transaction in the next block. It is not submitted.
    pub fn judge(&self, transaction: &[u8]) -> Result<(), SubmitError> {
        let checked = Checked::check(transaction, &self.shared.chain)?;
        let time_ms = self.shared.status().time_ms;
        try_out(&checked, &self.shared.state(), time_ms)
    }

    async fn accepted(&self, id: &Digest) -> bool {
        self.locate(id)
            .await
            .is_some_and(|located| located.index().is_some())
    }

    /// Where the ledger stands.
    pub fn status(&self) -> Status {
        self.shared.status()
    }

    /// Follows the status: changes with every final block, new checkpoint and change of peers.
    pub fn watch(&self) -> watch::Receiver<Status> {
        self.shared.watch()
    }

    /// The state after the last final block.
    pub fn state(&self) -> State {
        self.shared.state()
    }

    /// How the ledger began.
    pub fn genesis(&self) -> &Genesis {
        &self.genesis
    }

    /// The folder of the archived blocks and of what was made from them.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// The id of the ledger.
    pub fn chain_id(&self) -> Digest {
        self.shared.chain
    }

    /// A final block; `None` if this node does not have it yet.
    pub async fn block(&self, height: u64) -> Option<BlockView> {
        let stored = ok(self.database.block(height).await)??;
        let block = self.archived(height).await?;
        let ids = block.inner().ids();
        let transactions = ids
            .into_iter()
            .zip(stored.outcomes)
            .zip(block.inner().transactions.clone())
            .map(|((digest, outcome), bytes)| TransactionView {
                bytes: bytes.to_vec(),
                digest,
                outcome,
            })
            .collect();
        let header = block.inner().header.clone();
        Some(BlockView {
            header,
            digest: stored.digest,
            transactions,
        })
    }

    /// Where a transaction became final, by its digest. Accepted counts before refused.
    pub async fn locate(&self, transaction: &Digest) -> Option<Located> {
        ok(self.database.locate(*transaction).await)?
    }

    /// The proof of an entry; `None` until a quorum cosigned a checkpoint that covers it.
    pub async fn proof(&self, index: u64) -> Option<Anchor> {
        let (size, checkpoint) = self.shared.checkpoint()?;
        if index >= size {
            return None;
        }
        let (height, position, path) = ok(self.database.entry(index, size).await)??;
        let block = self.archived(height).await?;
        let bytes = block.inner().transactions.get(position)?;
        let transaction = Transaction::from_bytes(bytes).ok()?;
        // A key has one owner for ever, so today's state knows who it was.
        let owner = self.shared.state().key_owner(&transaction.header.sender)?;
        let organisation = owner.organisation.to_string();
        let time_ms = block.inner().header.time_ms;
        let entry = Entry {
            height,
            time_ms,
            organisation,
            transaction,
        }
        .to_bytes();
        Some(Anchor {
            index,
            entry,
            path,
            checkpoint,
        })
    }

    /// The RFC 9162 2.1.4 proof that the history of `new` entries continues that of `old`; `None`
    /// if the history never had these sizes.
    pub async fn consistency(&self, old: u64, new: u64) -> Option<Vec<Digest>> {
        if new > self.shared.status().history_size {
            return None;
        }
        ok(self.database.consistency(old, new).await)?
    }

    /// The proof file of what the state says about a key ([`ledger::keys`]), at the last height
    /// whose state a quorum cosigned: some hundred milliseconds ago while there is traffic.
    ///
    /// `None` if nothing was stated since this node started, or the key cannot be proved.
    pub fn state_proof(&self, key: &[u8]) -> Option<String> {
        let (state, note) = self.shared.stated()?;
        Some(proof::state::build(&proof::state::StateProof {
            key: key.to_vec(),
            proof: state.prove(key),
            checkpoint: note.parse().ok()?,
        }))
    }

    /// The latest checkpoint that a quorum cosigned, as a signed note.
    pub fn checkpoint(&self) -> Option<String> {
        self.shared.checkpoint().map(|(_, note)| note)
    }

    /// The sequence that this sender's next transaction must carry, the waiting ones included.
    pub fn next_sequence(&self, sender: &PublicKey) -> u64 {
        self.shared.pool.next_sequence(sender, &self.shared.state())
    }

    /// Whether a transaction that was submitted here waits for its place in a block. One that was
    /// refused leaves a gap in the order of its sender, over which those after it do not come: they
    /// are given up here when they are asked about, and are to be signed anew.
    pub fn awaits(&self, transaction: &Digest) -> bool {
        self.shared.pool.awaits(transaction, &self.shared.state())
    }

    /// The engine's metrics in the Prometheus text format; empty before it runs.
    pub fn metrics(&self) -> String {
        let inside = self.inside.borrow().clone();
        inside.map(|inside| (inside.metrics)()).unwrap_or_default()
    }

    /// Resolves when the node has ended, by `shutdown` or by a failure.
    pub async fn died(&self) -> Death {
        let mut died = self.died.clone();
        let ended = died.wait_for(Option::is_some).await;
        let death = ended.ok().and_then(|death| death.clone());
        death.unwrap_or_else(|| Death::Failed("the engine's thread is gone".to_owned()))
    }

    /// Stops the node and waits until its files are closed.
    pub async fn shutdown(&self) {
        self.stop.send_replace(true);
        self.died().await;
    }

    async fn archived(&self, height: u64) -> Option<Digested<Block>> {
        let inside = self.inside.borrow().clone()?;
        inside.marshal.get_block(Height::new(height)).await
    }
}

/// What a block would make of a transaction now.
fn try_out(checked: &Checked, state: &State, time_ms: u64) -> Result<(), SubmitError> {
    let context = BlockContext {
        height: state.height() + 1,
        time_ms,
    };
    Ok(ledger::try_out(state, &context, checked)?)
}

/// An unreadable database has no answers; the keeper will meet the same error and stop the node.
fn ok<T>(result: Result<T, crate::database::DatabaseError>) -> Option<T> {
    result
        .inspect_err(|error| error!(%error, "the ledger database could not be read"))
        .ok()
}
