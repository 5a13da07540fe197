//! `salus simulate`: a trade out of a seed, and how well the rules of detection see what is wrong
//! with it.

use clap::{Args, Subcommand};
use std::path::PathBuf;

#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  salus simulate supply --seed 7 --packs 10000 --out trade
  salus simulate judge trade

docs/guides/simulate.md says what the files are.")]
pub(crate) struct Simulate {
    #[command(subcommand)]
    pub(crate) command: SimulateCommand,
}

/// What is simulated, or judged.
#[derive(Subcommand, Debug)]
pub(crate) enum SimulateCommand {
    /// Write a trade in medicines with attackers: EPCIS documents, scans, ledger and truth
    #[command(after_help = "\
Examples:
  salus simulate supply --seed 7 --out trade
  salus simulate supply --seed 7 --packs 100000 --days 120 --out large-trade

The same seed gives the same bytes. 10,000 packs are about 55 MB.")]
    Supply(SimulateSupply),
    /// Ask the rules of detection about such a trade, and compare with its truth
    #[command(after_help = "\
Examples:
  salus simulate judge trade
  salus simulate judge trade --json > measured.json

Exit status: 0 judged, 1 files that cannot be read.")]
    Judge(SimulateJudge),
}

#[derive(Args, Debug)]
pub(crate) struct SimulateSupply {
    /// Another seed gives another trade
    #[arg(long)]
    pub(crate) seed: u64,
    /// How many packs honest makers make; waves of 2,000, rounded up
    #[arg(long, default_value_t = 10_000,
        value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    pub(crate) packs: u64,
    /// In how many days packs of a wave are made and begin their way
    #[arg(long, default_value_t = 90, value_parser = clap::value_parser!(u64).range(10..=365))]
    pub(crate) days: u64,
    /// The folder to make; it must not exist, or be empty
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
}

#[derive(Args, Debug)]
pub(crate) struct SimulateJudge {
    /// The folder that `salus simulate supply` wrote
    #[arg(value_name = "DIR")]
    pub(crate) dir: PathBuf,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}
