//! Executing blocks before and when they become final.
//!
//! A header carries the roots after its parent, so whoever proposes or verifies needs the state
//! after the parent, which may not be final yet. The states of such blocks are kept here until
//! they are final or another block took their place. A state shares its structure with the one
//! before, so one costs little.

use crate::{
    block::{Block, BlockDigest},
    clock,
    pool::Pool,
};
use bytes::Bytes;
use commonware_consensus::marshal::ancestry::Ancestry;
use commonware_cryptography::{Digested, Digestible as _};
use futures::StreamExt as _;
use ledger::{BlockContext, Checked, Executed, Refusal, State};
use proof::Digest;
use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// How many blocks a proposal may build on that are not final here yet.
const DEPTH_MAX: usize = 256;
/// How many executed blocks are kept; an older one would be executed again.
const RUNS_MAX: usize = 128;
/// Signatures that one thread verifies together.
const CHECK_CHUNK: usize = 256;

/// A block and what it came to.
pub(crate) struct Run {
    pub(crate) digest: BlockDigest,
    pub(crate) height: u64,
    pub(crate) time_ms: u64,
    /// When this node executed it, by its own clock.
    pub(crate) known_ms: u64,
    pub(crate) ids: Vec<Digest>,
    pub(crate) executed: Executed,
}

impl Run {
    /// A block whose outcome is known from elsewhere: the genesis, or the head after a restart.
    pub(crate) fn settled(digest: BlockDigest, time_ms: u64, state: State) -> Self {
        let executed = Executed {
            state,
            outcomes: Vec::new(),
            entries: Vec::new(),
            changes: Vec::new(),
            nodes: Vec::new(),
        };
        let height = executed.state.height();
        Self {
            digest,
            height,
            time_ms,
            known_ms: clock::now_ms(),
            ids: Vec::new(),
            executed,
        }
    }

    pub(crate) fn state(&self) -> &State {
        &self.executed.state
    }
}

struct Inner {
    /// The last final block.
    head: Arc<Run>,
    /// Blocks at and above the head.
    runs: BTreeMap<BlockDigest, Arc<Run>>,
    /// Their digests, in the order in which they were executed.
    order: VecDeque<BlockDigest>,
}

impl Inner {
    fn keep(&mut self, run: &Arc<Run>) {
        self.runs.insert(run.digest, Arc::clone(run));
        self.order.push_back(run.digest);
        while self.order.len() > RUNS_MAX {
            let oldest = self.order.pop_front();
            if let Some(oldest) = oldest.filter(|oldest| *oldest != self.head.digest) {
                self.runs.remove(&oldest);
            }
        }
    }
}

/// The states after the last final block and after those that build on it. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Execution {
    chain: Digest,
    pool: Pool,
    inner: Arc<Mutex<Inner>>,
    /// Held while a block is executed, so that no block is executed twice at a time.
    busy: Arc<tokio::sync::Mutex<()>>,
}

impl Execution {
    pub(crate) fn new(chain: Digest, pool: Pool, head: Run) -> Self {
        let head = Arc::new(head);
        let runs = BTreeMap::from([(head.digest, Arc::clone(&head))]);
        let inner = Arc::new(Mutex::new(Inner {
            head,
            runs,
            order: VecDeque::new(),
        }));
        Self {
            chain,
            pool,
            inner,
            busy: Arc::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The last final block.
    pub(crate) fn head(&self) -> Arc<Run> {
        Arc::clone(&self.lock().head)
    }

    fn known(&self, digest: &BlockDigest) -> Option<Arc<Run>> {
        self.lock().runs.get(digest).cloned()
    }

    /// What `block` came to, executing it and those before it as far as needed.
    ///
    /// `ancestry` yields the blocks before it, latest first. `None` if the block does not build
    /// on the last final one, is too far above it, or one of these blocks is not valid.
    pub(crate) async fn after(
        &self,
        block: Digested<Block>,
        mut ancestry: impl Ancestry<Block>,
    ) -> Option<Arc<Run>> {
        let mut path = Vec::new();
        let mut next = block;
        let mut run = loop {
            if let Some(run) = self.known(&next.digest()) {
                break run;
            }
            if next.inner().header.height <= self.head().height || path.len() >= DEPTH_MAX {
                return None;
            }
            path.push(next);
            next = ancestry.next().await?;
        };
        while let Some(block) = path.pop() {
            run = self.extend(&run, &block).await.ok()?;
        }
        Some(run)
    }

    /// Executes a block on the one before it.
    pub(crate) async fn extend(
        &self,
        parent: &Arc<Run>,
        block: &Digested<Block>,
    ) -> Result<Arc<Run>, Refusal> {
        let _busy = self.busy.lock().await;
        if let Some(run) = self.known(&block.digest()) {
            return Ok(run);
        }
        let checked = self.check(block.inner()).await?;
        Ok(self.execute(parent, block, checked).await)
    }

    async fn execute(
        &self,
        parent: &Arc<Run>,
        block: &Digested<Block>,
        checked: Vec<Checked>,
    ) -> Arc<Run> {
        let header = &block.inner().header;
        let context = BlockContext {
            height: header.height,
            time_ms: header.time_ms,
        };
        let (parent, digest) = (Arc::clone(parent), block.digest());
        let run = blocking(move || {
            let executed = ledger::execute(parent.state(), &context, &checked);
            // The roots are hashed here and not on an async thread.
            let _ = executed.state.root();
            let ids = checked.iter().map(Checked::id).collect();
            let BlockContext { height, time_ms } = context;
            Run {
                digest,
                height,
                time_ms,
                known_ms: clock::now_ms(),
                ids,
                executed,
            }
        })
        .await;
        let run = Arc::new(run);
        let mut inner = self.lock();
        if run.height > inner.head.height {
            inner.keep(&run);
        }
        run
    }

    /// Checks form and signature of all transactions of a block; those that waited in the pool
    /// were checked when they came.
    pub(crate) async fn check(&self, block: &Block) -> Result<Vec<Checked>, Refusal> {
        let waiting: Vec<Option<Checked>> =
            block.ids().iter().map(|id| self.pool.get(id)).collect();
        let unknown: Vec<Bytes> = block
            .transactions
            .iter()
            .zip(&waiting)
            .filter(|(_, checked)| checked.is_none())
            .map(|(bytes, _)| bytes.clone())
            .collect();
        let mut fresh = check_all(unknown, self.chain).await.into_iter();
        let checked = waiting.into_iter().map(|known| match known {
            Some(checked) => Ok(checked),
            None => fresh.next().unwrap_or(Err(Refusal::Signature)),
        });
        checked.collect()
    }

    /// Moves the last final block forward and forgets the blocks that lost against it.
    pub(crate) fn finalised(&self, head: Arc<Run>) {
        let mut inner = self.lock();
        let Inner { runs, order, .. } = &mut *inner;
        runs.retain(|_, run| run.height > head.height);
        order.retain(|digest| runs.contains_key(digest));
        inner.runs.insert(head.digest, Arc::clone(&head));
        inner.head = head;
    }
}

/// Checks form and signature of transactions on the threads for blocking work.
pub(crate) async fn check_all(
    transactions: Vec<Bytes>,
    chain: Digest,
) -> Vec<Result<Checked, Refusal>> {
    let mut chunks = Vec::new();
    let mut transactions = transactions.into_iter().peekable();
    while transactions.peek().is_some() {
        let chunk: Vec<Bytes> = transactions.by_ref().take(CHECK_CHUNK).collect();
        chunks.push(blocking(move || Checked::check_all(&chunk, &chain)));
    }
    futures::future::join_all(chunks)
        .await
        .into_iter()
        .flatten()
        .collect()
}

/// Runs work that takes a while off the async threads; a panic in it goes on here.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(value) => value,
        Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        // The runtime is going down: whoever waits goes down with it.
        Err(_) => std::future::pending().await,
    }
}
