//! Links between real nodes on loopback.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test")]

mod bounds;
mod calls;
mod nodes;
mod pinning;
mod suites;
