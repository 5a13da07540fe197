//! Applies final blocks, in order, each once.
//!
//! The engine delivers final blocks at least once. A block is executed, its parent's roots are
//! compared with its header, what it changed is written to `ledger.db`, and only then is it
//! acknowledged. A header that does not follow from this node's own execution stops the node:
//! going on would mean to vouch for a state that the others do not have.

use crate::{
    block::{Block, BlockDigest, from_engine, to_engine},
    committee::{Committees, Term},
    database::{Applied, Database, DatabaseError},
    engine::{Pace, epochs::Command, keys_of, network},
    execution::{Execution, Run},
    herald::Final,
    shared::Shared,
    view::Outcome,
};
use commonware_cryptography::{Digested, ed25519::PublicKey};
use commonware_p2p::authenticated::lookup::Oracle;
use commonware_utils::{Acknowledgement as _, acknowledgement::Exact};
use ledger::{Organisation, State};
use std::{
    num::NonZeroUsize,
    sync::{Arc, atomic::Ordering},
};
use tokio::sync::mpsc;
use tracing::{error, info};

/// Blocks that are written in one transaction while the node catches up.
const BLOCKS_MAX: usize = 64;

/// Why the keeper stopped.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Halt {
    #[error("block {height} does not follow from this node's state: {what}")]
    Diverged { height: u64, what: &'static str },
    #[error("block {height} is final, but holds a bad transaction: {refusal}")]
    BadTransaction {
        height: u64,
        refusal: ledger::Refusal,
    },
    #[error("block {found} was delivered where {expected} was due")]
    Gap { expected: u64, found: u64 },
    #[error(transparent)]
    Database(#[from] DatabaseError),
    #[error("the engine stopped delivering blocks")]
    Closed,
}

/// A final block and where to say that it is applied.
pub(crate) type Delivery = (Digested<Block>, Exact);

/// The keeper of the ledger.
pub(crate) struct Keeper {
    pub(crate) shared: Arc<Shared>,
    pub(crate) execution: Execution,
    pub(crate) database: Database,
    pub(crate) committees: Committees,
    pub(crate) pace: Arc<Pace>,
    pub(crate) oracle: Oracle<PublicKey>,
    pub(crate) epochs: mpsc::UnboundedSender<Command>,
    pub(crate) herald: mpsc::UnboundedSender<Final>,
    pub(crate) peers_max: NonZeroUsize,
    /// Who may connect at the moment.
    pub(crate) members: Vec<Organisation>,
    /// The last block that grew the history, and with it may have changed the state.
    pub(crate) grown: u64,
}

impl Keeper {
    /// Takes up work at the head: tells the network, the engine and the herald about it.
    pub(crate) async fn resume(&mut self) -> Result<(), Halt> {
        let head = self.execution.head();
        self.members = head.state().organisations();
        self.grown = self.last_grown(&head).await?;
        let epoch = self
            .committees
            .epoch_of(head.height + 1)
            .unwrap_or_default();
        let (first, _) = self.committees.bounds(epoch).unwrap_or_default();
        // The genesis of an epoch is the last block before it; that of epoch 0 is in it.
        let genesis = self.database.block(first.saturating_sub(1)).await?;
        if let Some(genesis) = genesis {
            self.enter_epoch(&head, to_engine(&genesis.digest));
        }
        self.track(&head);
        self.announce(&head);
        Ok(())
    }

    /// The height of the last entry of the history; the state has not changed since.
    async fn last_grown(&self, head: &Run) -> Result<u64, Halt> {
        let size = head.state().history().size();
        let Some(last) = size.checked_sub(1) else {
            return Ok(0);
        };
        let entry = self.database.entry(last, size).await?;
        Ok(entry.map_or(head.height, |(height, ..)| height))
    }

    /// Applies blocks until something breaks.
    pub(crate) async fn run(mut self, mut blocks: mpsc::UnboundedReceiver<Delivery>) -> Halt {
        loop {
            let Some(first) = blocks.recv().await else {
                return Halt::Closed;
            };
            let mut batch = vec![first];
            while batch.len() < BLOCKS_MAX
                && let Ok(next) = blocks.try_recv()
            {
                batch.push(next);
            }
            let (blocks, acknowledgements): (Vec<_>, Vec<_>) = batch.into_iter().unzip();
            if let Err(halt) = self.apply(blocks).await {
                error!(%halt, "this node stops");
                return halt;
            }
            for acknowledgement in acknowledgements {
                acknowledgement.acknowledge();
            }
        }
    }

    /// Applies blocks that follow the head; those at or below it were applied before.
    pub(crate) async fn apply(&mut self, blocks: Vec<Digested<Block>>) -> Result<(), Halt> {
        let mut head = self.execution.head();
        let mut written = Vec::new();
        let mut runs = Vec::new();
        for block in blocks {
            if block.inner().header.height <= head.height {
                continue;
            }
            check_link(&head, &block)?;
            let height = block.inner().header.height;
            let run = self
                .execution
                .extend(&head, &block)
                .await
                .map_err(|refusal| Halt::BadTransaction { height, refusal })?;
            let term = self.next_term(&run);
            written.push(applied(&head, &run, term));
            runs.push(Arc::clone(&run));
            head = run;
        }
        if runs.is_empty() {
            return Ok(());
        }
        self.database.apply(written).await?;
        for run in &runs {
            self.settle(run);
        }
        self.announce(&head);
        Ok(())
    }

    /// The epoch that starts after this block, if the block ends one and the terms change.
    fn next_term(&self, run: &Run) -> Option<Term> {
        let epoch = self.committees.epoch_of(run.height)?;
        let (_, last) = self.committees.bounds(epoch)?;
        if run.height != last {
            return None;
        }
        let term = Term {
            epoch: epoch + 1,
            first: last + 1,
            blocks: run.state().parameters().epoch_blocks,
            keys: keys_of(run.state()),
        };
        self.committees.register(&term).then_some(term)
    }

    /// What follows from a block that is written.
    fn settle(&mut self, run: &Arc<Run>) {
        if !run.executed.entries.is_empty() {
            self.grown = run.height;
        }
        self.execution.finalised(Arc::clone(run));
        for (id, outcome) in run.ids.iter().zip(&run.executed.outcomes) {
            if outcome.is_err() {
                self.shared.pool.drop_refused(id);
            }
        }
        let ends_epoch =
            self.committees.epoch_of(run.height) != self.committees.epoch_of(run.height + 1);
        let members = run.state().organisations();
        let changed = members != self.members;
        self.members = members;
        if ends_epoch {
            self.enter_epoch(run, run.digest);
        }
        if ends_epoch || changed {
            self.track(run);
        }
    }

    /// Starts the engine of the epoch that the next block belongs to.
    fn enter_epoch(&self, head: &Run, genesis: BlockDigest) {
        let Some(epoch) = self.committees.epoch_of(head.height + 1) else {
            return;
        };
        let parameters = head.state().parameters();
        self.pace
            .interval_ms
            .store(parameters.block_interval_ms, Ordering::Relaxed);
        info!(epoch, signs = self.committees.signs_in(epoch), "next epoch");
        let _ = self.epochs.send(Command::Enter { epoch, genesis });
    }

    /// Tells the network who may connect.
    fn track(&mut self, head: &Run) {
        let epoch = self
            .committees
            .epoch_of(head.height + 1)
            .unwrap_or_default();
        let validators = self.committees.keys(epoch);
        let members = self.members.iter();
        network::track(
            &mut self.oracle,
            head.height,
            &validators,
            members,
            self.peers_max,
        );
    }

    /// Tells everybody in this process about the new head.
    fn announce(&self, head: &Arc<Run>) {
        let epoch = self
            .committees
            .epoch_of(head.height + 1)
            .unwrap_or_default();
        self.shared.pool.prune(head.state());
        self.shared
            .set_head(head, epoch, &self.committees, &self.members);
        let _ = self.herald.send(Final {
            height: head.height,
            epoch,
            size: head.state().history().size(),
            root: head.state().history().root(),
            grown: self.grown,
            state: head.state().clone(),
            committee: self.committees.keys(epoch),
            members: self.members.clone(),
        });
    }
}

/// A header must follow from what this node knows of the block before.
fn check_link(head: &Run, block: &Digested<Block>) -> Result<(), Halt> {
    let header = &block.inner().header;
    let (height, state) = (header.height, head.state());
    if height != head.height + 1 {
        return Err(Halt::Gap {
            expected: head.height + 1,
            found: height,
        });
    }
    let diverged = |what| Err(Halt::Diverged { height, what });
    if to_engine(&header.parent) != head.digest {
        return diverged("another parent");
    }
    if header.state_root != state.root() {
        return diverged("another state root");
    }
    if header.history_size != state.history().size()
        || header.history_root != state.history().root()
    {
        return diverged("another history");
    }
    Ok(())
}

fn applied(parent: &Run, run: &Run, term: Option<Term>) -> Applied {
    let outcomes = run.executed.outcomes.iter().map(|outcome| match outcome {
        Ok(accepted) => Outcome::Accepted(accepted.index),
        Err(refusal) => Outcome::Refused(refusal.code()),
    });
    Applied {
        height: run.height,
        time_ms: run.time_ms,
        digest: from_engine(&run.digest),
        first_entry: parent.state().history().size(),
        outcomes: run.ids.iter().copied().zip(outcomes).collect(),
        changes: run.executed.changes.clone(),
        nodes: run.executed.nodes.clone(),
        frontier: run.state().history().clone(),
        term,
    }
}

/// The state before the first block, as the first row of the database.
pub(crate) fn genesis_applied(
    time_ms: u64,
    digest: &BlockDigest,
    state: &State,
    term: Term,
) -> Applied {
    Applied {
        height: 0,
        time_ms,
        digest: from_engine(digest),
        first_entry: 0,
        outcomes: Vec::new(),
        changes: state
            .entries()
            .map(|(key, value)| (key.to_vec(), Some(value.to_vec())))
            .collect(),
        nodes: Vec::new(),
        frontier: state.history().clone(),
        term: Some(term),
    }
}

#[cfg(test)]
mod tests;
