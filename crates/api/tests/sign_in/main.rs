//! Who signs in, how, and what is left of it in the log.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod authenticator;
#[path = "../common/mod.rs"]
mod common;
mod elsewhere;
mod keys;
mod log;
mod passkeys;
mod provider;
#[path = "../smart_support/mod.rs"]
mod smart_support;
