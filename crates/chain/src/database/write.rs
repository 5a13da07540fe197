//! Writing final blocks.

use super::{Database, DatabaseError, pending};
use crate::{committee::Term, view::Outcome};
use proof::{Canonical as _, Digest, tree::Frontier};
use rusqlite::{Transaction, params};
use std::sync::{Arc, PoisonError};

/// Everything that one final block changed.
pub(crate) struct Applied {
    pub(crate) height: u64,
    pub(crate) time_ms: u64,
    pub(crate) digest: Digest,
    /// Size of the history before the block.
    pub(crate) first_entry: u64,
    /// Its transactions and what the ledger made of them, in order.
    pub(crate) outcomes: Vec<(Digest, Outcome)>,
    pub(crate) changes: Vec<(Vec<u8>, Option<Vec<u8>>)>,
    pub(crate) nodes: Vec<(u8, u64, Digest)>,
    pub(crate) frontier: Frontier,
    /// The terms that hold from the next block on, if they changed.
    pub(crate) term: Option<Term>,
}

impl Database {
    /// Writes blocks in one transaction: all of them, or none.
    pub(crate) async fn apply(&self, blocks: Vec<Applied>) -> Result<(), DatabaseError> {
        let rest = Arc::clone(&self.rest);
        self.writer
            .run(move |connection| {
                let transaction = connection.transaction()?;
                let mut is_large = false;
                for block in &blocks {
                    is_large |= write_block(&transaction, block)?;
                }
                if let Some(last) = blocks.last() {
                    write_head(&transaction, last)?;
                }
                if is_large {
                    rest.lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .disturb();
                }
                transaction.commit()
            })
            .await
    }

    /// Keeps the latest checkpoint that a quorum cosigned.
    pub(crate) async fn keep_checkpoint(&self, note: String) -> Result<(), DatabaseError> {
        self.writer
            .run(move |connection| {
                let sql = "INSERT OR REPLACE INTO meta (name, value) VALUES ('checkpoint', ?)";
                connection.execute(sql, params![note.as_bytes()]).map(drop)
            })
            .await
    }
}

/// Writes one block. True if it was a large one.
fn write_block(transaction: &Transaction<'_>, block: &Applied) -> rusqlite::Result<bool> {
    let outcomes: Vec<u8> = block
        .outcomes
        .iter()
        .flat_map(|(_, it)| encode(*it))
        .collect();
    transaction
        .prepare_cached("INSERT INTO block VALUES (?, ?, ?, ?)")?
        .execute(params![
            block.height,
            block.digest.0,
            block.first_entry,
            outcomes
        ])?;
    // A transaction may be refused in one block and accepted in another: accepted is what counts.
    let mut accepted =
        transaction.prepare_cached("INSERT OR REPLACE INTO transaction_place VALUES (?, ?, ?)")?;
    let mut refused =
        transaction.prepare_cached("INSERT OR IGNORE INTO transaction_place VALUES (?, ?, ?)")?;
    let mut entry = transaction.prepare_cached("INSERT INTO entry VALUES (?, ?, ?)")?;
    for (position, (digest, outcome)) in block.outcomes.iter().enumerate() {
        let name = &digest.0[..16];
        match outcome {
            Outcome::Accepted(index) => {
                entry.execute(params![index, block.height, position])?;
                accepted.execute(params![name, block.height, index])?;
            }
            Outcome::Refused(code) => {
                refused.execute(params![name, block.height, -1 - i64::from(*code)])?;
            }
        }
    }
    write_nodes(transaction, block)?;
    if let Some(term) = &block.term {
        let keys: Vec<u8> = term
            .keys
            .iter()
            .flat_map(|key| key.as_ref().to_vec())
            .collect();
        transaction
            .prepare_cached("INSERT INTO term VALUES (?, ?, ?, ?)")?
            .execute(params![term.epoch, term.first, term.blocks, keys])?;
    }
    pending::write(transaction, &block.changes)
}

fn write_nodes(transaction: &Transaction<'_>, block: &Applied) -> rusqlite::Result<()> {
    let mut node = transaction.prepare_cached("INSERT INTO node VALUES (?, ?, ?)")?;
    for (level, place, hash) in &block.nodes {
        node.execute(params![level, place, hash.0])?;
    }
    Ok(())
}

fn write_head(transaction: &Transaction<'_>, last: &Applied) -> rusqlite::Result<()> {
    let mut put =
        transaction.prepare_cached("INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)")?;
    put.execute(params!["frontier", last.frontier.to_bytes()])?;
    put.execute(params!["time_ms", last.time_ms.to_be_bytes()])?;
    Ok(())
}

fn encode(outcome: Outcome) -> Vec<u8> {
    match outcome {
        Outcome::Accepted(_) => vec![0],
        Outcome::Refused(code) => {
            let [high, low] = code.to_be_bytes();
            vec![1, high, low]
        }
    }
}
