//! A trade in medicines out of a seed, with attackers, and how well the rules see them.
//!
//! What lives here: the life of packs among makers, wholesalers and pharmacies (`plan`), what is
//! done against it (`attack`), what scanners, ledger and documents make of it (`play`), the files
//! of it ([`Wave`]), and the judge that reads such files and asks `supply::detect` about each scan
//! ([`judge`]). What does not: files on a disk, the command line, the rules themselves.
//!
//! A trade is a row of waves. A wave is a trade of its own, of about [`WAVE_PACKS`] packs among the
//! same organisations; whoever makes or judges one holds one wave in memory, however long the row.
//!
//! # Invariants
//!
//! 1. The same seed gives the same bytes (`tests/trade.rs`, `the_same_seed_gives_the_same_bytes`).
//! 2. Every document is valid EPCIS 2.0 (`tests/trade.rs`, `every_document_is_valid`).
//! 3. Every kind of attack is in the truth (`tests/trade.rs`, `every_attacker_is_there`).
//! 4. The judge sees documents, scans, the ledger and the registry; the truth only counts
//!    (`tests/trade.rs`, `without_the_truth_the_same_alarms_are_raised`).
//!
//! The files are described in `docs/guides/simulate.md`, what was measured in
//! `docs/reference/detection.md`.

pub mod attack;
mod book;
mod calendar;
mod desk;
mod dice;
pub mod judge;
mod plan;
mod play;
mod product;
pub mod registry;
mod scanner;
pub mod trial;
mod truth;
mod wave;

pub use attack::Kind;
pub use book::Code;
pub use dice::Dice;
pub use registry::Registry;
pub use truth::Truth;
pub use wave::{File, Settings, WAVE_PACKS, Wave};

/// Why files of a trade cannot be judged.
#[derive(Debug, thiserror::Error)]
pub enum SimulateError {
    /// A line is not what it should be.
    #[error("{file}, line {line}: {reason}")]
    Line {
        /// The file.
        file: String,
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// A document is no valid EPCIS document.
    #[error("{file}, line {line}: {source}")]
    Document {
        /// The file.
        file: String,
        /// The line, from 1.
        line: usize,
        /// Why.
        source: epcis::EpcisError,
    },
}
