//! The ledger of a stopped node, executed again from its archived blocks.
//!
//! `ledger.db` is not asked: what comes out here follows from the genesis and the blocks alone.

use crate::{
    block::{self, Block, from_engine},
    database,
    engine::Stores,
    error::StartError,
};
use commonware_cryptography::Digestible as _;
use commonware_runtime::{Runner as _, tokio as runtime};
use commonware_storage::archive::{Archive as _, Identifier};
use ledger::{
    Accepted, BlockContext, BlockHeader, Checked, Genesis, Refusal, State, transactions_root,
};
use proof::Digest;
use std::path::Path;

/// One block of a stopped node and what it came to.
#[derive(Debug)]
pub struct Replayed<'a> {
    /// Its header.
    pub header: &'a BlockHeader,
    /// The nodes that it added to the history tree: level, index, hash.
    pub nodes: &'a [(u8, u64, Digest)],
    /// What it ordered.
    pub transactions: &'a [Checked],
    /// What the ledger made of each of them.
    pub outcomes: &'a [Result<Accepted, Refusal>],
    /// The entries that the history got, in its order.
    pub entries: &'a [Vec<u8>],
    /// The state after it.
    pub state: &'a State,
}

/// The latest checkpoint that a stopped node below `directory` kept, with the cosignatures of a
/// quorum; none if it has kept none.
pub fn kept_checkpoint(directory: &Path) -> Result<Option<String>, StartError> {
    let path = directory.join("ledger").join("ledger.db");
    database::checkpoint(&path)
        .map_err(|error| StartError::Database(format!("{}: {error}", path.display())))
}

/// The height that the node below `directory` reached and the entries that its history then had,
/// whether it runs or not; none if it never ran.
pub fn standing(directory: &Path) -> Result<Option<(u64, u64)>, StartError> {
    let path = directory.join("ledger").join("ledger.db");
    if !path.exists() {
        return Ok(None);
    }
    database::standing(&path)
        .map_err(|error| StartError::Database(format!("{}: {error}", path.display())))
}

/// Executes the blocks of a stopped node below `directory` again, lowest first, and compares
/// every root with the headers. Answers how it ended: the last good height, and what is wrong
/// with the block after it, if anything is.
///
/// Blocks the calling thread, which must not be one of an async runtime.
pub fn replay(
    directory: &Path,
    genesis: &Genesis,
    visit: &mut dyn FnMut(&Replayed<'_>),
) -> Result<(u64, Option<String>), StartError> {
    let engine = directory.join("ledger").join("engine");
    if !engine.is_dir() {
        let what = format!("the blocks below {}", engine.display());
        let source = std::io::ErrorKind::NotFound.into();
        return Err(StartError::Io { what, source });
    }
    let config = runtime::Config::new()
        .with_worker_threads(1)
        .with_catch_panics(false)
        .with_storage_directory(engine);
    runtime::Runner::new(config).start(|context| async move {
        let unreadable =
            || StartError::Database("the archives of blocks could not be opened".to_owned());
        let stores = Stores::open(&context).await.ok_or_else(unreadable)?;
        let mut walk = Walk::new(genesis);
        loop {
            let height = walk.state.height() + 1;
            let next = match stores.blocks.get(Identifier::Index(height)).await {
                Ok(Some(next)) => next,
                Ok(None) => return Ok((height - 1, None)),
                Err(error) => return Ok((height - 1, Some(error.to_string()))),
            };
            if let Err(wrong) = walk.step(&next, visit) {
                return Ok((height - 1, Some(wrong)));
            }
        }
    })
}

struct Walk {
    chain: Digest,
    state: State,
    time_ms: u64,
    digest: Digest,
}

impl Walk {
    fn new(genesis: &Genesis) -> Self {
        let state = State::genesis(genesis);
        let first = block::genesis(genesis, &state);
        Self {
            chain: genesis.chain_id(),
            time_ms: genesis.time_ms,
            digest: from_engine(&first.digest()),
            state,
        }
    }

    fn step(&mut self, next: &Block, visit: &mut dyn FnMut(&Replayed<'_>)) -> Result<(), String> {
        self.fits(next)?;
        let checked = next
            .transactions
            .iter()
            .map(|bytes| Checked::check(bytes, &self.chain))
            .collect::<Result<Vec<_>, _>>()
            .map_err(|refusal| format!("it has a transaction that no block may have: {refusal}"))?;
        let BlockHeader {
            height, time_ms, ..
        } = next.header;
        let executed = ledger::execute(&self.state, &BlockContext { height, time_ms }, &checked);
        visit(&Replayed {
            header: &next.header,
            nodes: &executed.nodes,
            transactions: &checked,
            outcomes: &executed.outcomes,
            entries: &executed.entries,
            state: &executed.state,
        });
        self.state = executed.state;
        self.time_ms = time_ms;
        self.digest = from_engine(&next.digest());
        Ok(())
    }

    /// The header names the block before and the roots after it.
    fn fits(&self, next: &Block) -> Result<(), String> {
        let header = &next.header;
        let history = self.state.history();
        let checks = [
            (header.parent == self.digest, "the block before it"),
            (header.time_ms > self.time_ms, "its time"),
            (header.state_root == self.state.root(), "the state's root"),
            (header.history_size == history.size(), "the history's size"),
            (header.history_root == history.root(), "the history's root"),
            (
                header.transactions_root == transactions_root(&next.transactions),
                "the root of its transactions",
            ),
        ];
        match checks.iter().find(|(fits, _)| !fits) {
            Some((_, what)) => Err(format!("its header names another value for {what}")),
            None => Ok(()),
        }
    }
}
