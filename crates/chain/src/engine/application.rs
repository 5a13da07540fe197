//! Proposing and verifying blocks.

use super::network::Key;
use crate::{
    block::{Block, BlockDigest, from_engine},
    clock,
    committee::Committees,
    execution::{Execution, Run},
    pool::Pool,
};
use bytes::Bytes;
use commonware_consensus::{
    Application as Consensus,
    marshal::ancestry::Ancestry,
    simplex::{scheme::ed25519::Scheme, types::Context as Round},
};
use commonware_cryptography::{Digested, Digestible as _};
use commonware_runtime::tokio::Context;
use futures::StreamExt as _;
use ledger::{BlockHeader, transactions_root};
use proof::Digest;
use std::{
    collections::HashSet,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tracing::{debug, warn};

/// How far ahead of this node's clock the time of a block may be when it is voted for.
const DRIFT_MAX_MS: u64 = 5_000;

/// When blocks come.
#[derive(Debug)]
pub(crate) struct Pace {
    /// The least time between two blocks.
    pub(crate) interval_ms: AtomicU64,
}

impl Pace {
    /// The longest time between two blocks of an idle ledger.
    pub(crate) fn heartbeat_ms(&self) -> u64 {
        self.interval_ms.load(Ordering::Relaxed).max(1_000)
    }
}

/// What the engine asks to propose and to verify. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Application {
    pub(crate) execution: Execution,
    pub(crate) pool: Pool,
    pub(crate) committees: Committees,
    pub(crate) pace: Arc<Pace>,
}

impl Consensus<Context> for Application {
    type SigningScheme = Scheme;
    type Context = Round<BlockDigest, Key>;
    type Block = Block;
    type Input = ();

    async fn propose(
        &mut self,
        (_, round): (Context, Self::Context),
        mut ancestry: impl Ancestry<Block>,
        (): (),
    ) -> Option<Digested<Block>> {
        let parent = ancestry.next().await?;
        let parent = self.execution.after(parent, ancestry).await?;
        self.wait_for_turn(&parent, round.round.epoch().get()).await;
        let bytes_max = usize::try_from(parent.state().parameters().block_bytes_max).ok()?;
        let chosen = self.pool.choose(bytes_max, parent.state());
        let transactions: Vec<Bytes> = chosen
            .iter()
            .map(|checked| Bytes::copy_from_slice(checked.bytes()))
            .collect();
        let time_ms = clock::now_ms().max(parent.time_ms + 1);
        let header = self.header_after(&parent, time_ms, transactions_root(&transactions))?;
        debug!(
            height = header.height,
            transactions = transactions.len(),
            "proposing"
        );
        let block = Block {
            header,
            transactions,
        };
        let digest = block.digest();
        Some(Digested::precomputed(block, digest))
    }

    async fn verify(
        &mut self,
        (_, round): (Context, Self::Context),
        mut ancestry: impl Ancestry<Block>,
    ) -> bool {
        let (Some(block), Some(parent)) = (ancestry.next().await, ancestry.next().await) else {
            return std::future::pending().await;
        };
        // Without the parent's state there is no verdict; the engine gives up on us in time.
        let Some(parent) = self.execution.after(parent, ancestry).await else {
            return std::future::pending().await;
        };
        if let Err(reason) = self.judge(&parent, block.inner(), round.round.epoch().get()) {
            warn!(
                height = block.inner().header.height,
                reason, "voting against a block"
            );
            return false;
        }
        let ahead = block
            .inner()
            .header
            .time_ms
            .saturating_sub(clock::now_ms() + DRIFT_MAX_MS);
        tokio::time::sleep(Duration::from_millis(ahead)).await;
        if let Err(refusal) = self.execution.check(block.inner()).await {
            warn!(height = block.inner().header.height, %refusal, "voting against a block");
            return false;
        }
        // The vote need not wait for the execution; the next block will need it.
        let execution = self.execution.clone();
        tokio::spawn(async move { execution.extend(&parent, &block).await.map(drop) });
        true
    }
}

impl Application {
    /// The header of a block after `parent`.
    fn header_after(
        &self,
        parent: &Run,
        time_ms: u64,
        transactions_root: Digest,
    ) -> Option<BlockHeader> {
        let (state, height) = (parent.state(), parent.height + 1);
        Some(BlockHeader {
            height,
            epoch: self.committees.epoch_of(height)?,
            parent: from_engine(&parent.digest),
            time_ms,
            state_root: state.root(),
            history_size: state.history().size(),
            history_root: state.history().root(),
            transactions_root,
        })
    }

    /// What of a block can be judged without verifying signatures.
    fn judge(&self, parent: &Run, block: &Block, epoch: u64) -> Result<(), &'static str> {
        let header = &block.header;
        // That this root is the one of the transactions is what the block's digest says.
        let expected = self
            .header_after(parent, header.time_ms, header.transactions_root)
            .ok_or("its epoch is not known")?;
        if *header != expected {
            return Err("its header is not the one that follows from its parent");
        }
        if header.epoch != epoch {
            return Err("it is of another epoch");
        }
        if header.time_ms <= parent.time_ms {
            return Err("its time is not after its parent's");
        }
        if block.transaction_bytes() as u64 > parent.state().parameters().block_bytes_max {
            return Err("it is larger than block_bytes_max");
        }
        let ids = block.ids();
        if ids.iter().collect::<HashSet<_>>().len() != ids.len() {
            return Err("it orders a transaction twice");
        }
        Ok(())
    }

    /// Waits until the next block is due: a block interval after the last one if there is
    /// something to order, else a heartbeat after it.
    async fn wait_for_turn(&self, parent: &Run, epoch: u64) {
        let interval_ms = self.pace.interval_ms.load(Ordering::Relaxed);
        // A leader whose clock is ahead must not hold up those after it.
        let base_ms = parent.time_ms.min(parent.known_ms);
        let due_ms = base_ms.saturating_add(interval_ms);
        let idle_ms = base_ms.saturating_add(self.pace.heartbeat_ms());
        loop {
            let arrived = self.pool.arrived.notified();
            let (now_ms, work) = (clock::now_ms(), self.has_work(parent, epoch));
            // Whatever the clocks say, a turn is never waited for longer than a heartbeat.
            let until = if work { due_ms } else { idle_ms };
            let wait_ms = until.saturating_sub(now_ms).min(self.pace.heartbeat_ms());
            if wait_ms == 0 {
                return;
            }
            let wait = tokio::time::sleep(Duration::from_millis(wait_ms));
            if work || now_ms >= idle_ms {
                return wait.await;
            }
            tokio::select! {
                () = wait => return,
                () = arrived => {}
            }
        }
    }

    fn has_work(&self, parent: &Run, epoch: u64) -> bool {
        self.pool.has_work(parent.state()) || self.is_changing(parent, epoch)
    }

    /// Whether the committee will change at the end of the epoch: then it should come soon.
    fn is_changing(&self, parent: &Run, epoch: u64) -> bool {
        let next = super::keys_of(parent.state());
        self.committees.keys(epoch) != next
    }
}
