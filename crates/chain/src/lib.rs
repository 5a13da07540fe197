//! The ledger of one node: it agrees with the other organisations on the order of transactions,
//! applies what is final, and proves it.
//!
//! What lives here: the consensus engine and its network, the pool of waiting transactions, the
//! final state on disk and in memory, the cosigning of checkpoints. What does not: what a
//! transaction means (`ledger`), formats and proofs (`proof`), who makes transactions
//! (`hospital`).
//!
//! **Nothing outside this crate names the engine** (Commonware simplex), and none of its
//! certificates leave it. [`Handle`] is the one door.
//!
//! # Invariants
//!
//! 1. Nodes that applied a height have the same roots (`tests/network.rs`,
//!    `four_processes_finalise_the_same_blocks`); one that differs stops
//!    (`keeper::tests::a_header_that_does_not_follow_stops_the_node`).
//! 2. Without a quorum nothing is final, and with it again soon (`tests/network.rs`,
//!    `without_a_quorum_nothing_is_final_and_with_it_again_soon`).
//! 3. A killed node loses nothing that was final and catches up (`tests/network.rs`,
//!    `three_go_on_while_one_is_killed_and_it_catches_up`).
//! 4. Everything on disk but the blocks can be made from the blocks, and the blocks can be had
//!    from the others (`tests/network.rs`, `the_ledger_database_is_made_anew_from_the_blocks`,
//!    `a_node_without_data_gets_everything_from_its_peers`).
//! 5. A committee changes only at the end of an epoch, to what the state says there
//!    (`tests/membership.rs`, `a_fifth_is_voted_in_and_one_out_while_writes_go_on`).
//! 6. A node cosigns only what its own engine finalised, and shows only checkpoints with a
//!    quorum (`tests/network.rs`,
//!    `an_entry_is_proved_by_a_checkpoint_that_a_quorum_cosigned`).
//! 7. A proof about the state stands on the statements of a quorum (`tests/network.rs`,
//!    `a_stranger_sees_what_the_state_says_and_what_it_does_not`).
//! 8. A submitted transaction is ordered at most once, and its sender learns what became of it
//!    (`tests/network.rs`, `a_submission_is_final_once_or_refused_with_a_code`).
//! 9. The pool is bounded and fair between senders (`pool::tests`).
//!
//! # Entry points
//!
//! [`Node::start`] reads the disk (`node.rs`) and starts the engine's thread (`runner.rs`). The
//! engine (`engine/`) delivers final blocks to `keeper.rs`, which executes (`execution.rs`) and
//! writes them (`database/`). `gossip.rs` spreads transactions, `herald.rs` pulses with
//! cosignatures. Formats and files: `docs/reference/chain.md`; reasons:
//! `docs/decisions/0002-consensus-engine-and-epochs.md`.

mod block;
mod checkpoints;
mod clock;
mod committee;
mod config;
mod database;
mod engine;
mod error;
mod execution;
mod gossip;
mod handle;
mod herald;
mod keeper;
mod node;
mod offline;
mod pool;
mod pulse;
mod runner;
mod shared;
#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod testing;
mod view;

pub use config::{Config, PoolLimits};
pub use error::{Death, StartError, SubmitError};
pub use handle::Handle;
pub use node::Node;
pub use offline::{Replayed, kept_checkpoint, replay, standing};
pub use view::{Anchor, BlockView, Located, Outcome, Peer, Status, TransactionView};
