//! Links between the nodes of two organisations: who is at the other end, and messages both ways.
//!
//! What lives here: TLS between nodes, the pinning of keys, calls with bounds and deadlines. What
//! does not: what a call means and who may make it (`hospital`), where keys and addresses come
//! from (a [`Registry`], which the ledger's state is), replay of a request by its sender (requests
//! carry numbers of their own).
//!
//! # Invariants
//!
//! 1. Nobody without a pinned key says or hears a byte of a message
//!    (`tests/network/pinning.rs`, `a_key_that_is_not_pinned_is_refused_on_both_sides`).
//! 2. The registry is asked at each handshake and at each call, at both ends
//!    (`a_key_taken_out_of_the_registry_is_refused_at_the_next_call`).
//! 3. Only TLS 1.3 with X25519MLKEM768 is spoken
//!    (`tests/network/suites.rs`, `anything_but_the_hybrid_exchange_is_refused`).
//! 4. Bodies, calls, links and waits are bounded, and one peer cannot take the place of another
//!    (`tests/network/bounds.rs`).
//! 5. After `serve` and `close` no task is left (`tests/network/bounds.rs`,
//!    `nothing_runs_on_after_the_end`).
//!
//! The link precisely: `docs/reference/peers.md`; reasons:
//! `docs/decisions/0008-links-between-nodes.md`. RFC 8446, RFC 7250, RFC 9113,
//! draft-ietf-tls-ecdhe-mlkem.

mod answer;
mod bounds;
mod call;
mod error;
mod identity;
mod link;
mod message;
mod registry;
mod room;
mod serve;
mod tasks;
mod tls;
mod trust;

pub use bounds::Bounds;
pub use call::Peers;
pub use error::PeerError;
pub use identity::Identity;
pub use message::{Answer, Call, Handler, Reply};
pub use registry::{Peer, Registry};
