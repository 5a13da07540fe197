//! Who signs in, how, and what is left of it in the log.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

#[path = "../common/mod.rs"]
mod common;
mod log;
#[path = "../smart_support/mod.rs"]
mod smart_support;
