//! End to end: real processes of the real binary on loopback, killed, stopped, damaged and asked.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test that cannot go on should stop, and say where"
)]

mod backed_up;
mod canary;
mod consortium;
mod copied;
mod damaged;
mod demo;
mod device;
mod erasure;
mod full_disk;
mod glass;
mod http;
mod killed;
mod members;
mod misconduct;
mod offline;
mod openings;
mod outsider;
mod packs;
mod provider;
mod quorum;
mod receipts;
mod replay;
mod research;
mod sessions;
mod sharing;
mod simulated;
mod synthea;
mod told;
mod trade_papers;
mod trial_attacks;
mod trial_end;
mod trial_exchange;
mod trial_minimised;
mod trial_odm;
mod trial_signatures;
mod trials;
mod wiped;
mod writers;
