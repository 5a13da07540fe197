//! Bundles: a list of interactions, done one by one (batch) or all or nothing (transaction).

mod plan;
mod resolve;
mod settle;
mod transact;

pub use plan::{BundleKind, BundleLimits, Plan, Planned};
pub use transact::Responses;

/// Most entries that a bundle may have, unless the door asks for fewer.
pub const ENTRIES_MAX: usize = 10_000;
