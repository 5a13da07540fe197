//! `salus simulate`: a trade or a trial out of a seed, and how well the rules see what is wrong
//! with it.

use clap::{Args, Subcommand};
use std::path::PathBuf;

#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  salus simulate supply --seed 7 --packs 10000 --out trade
  salus simulate judge trade
  salus simulate trial --seed 7 --out trial
  salus simulate monitor trial

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
    /// Write a clinical trial with a site that makes data up: participants, visits and truth
    #[command(after_help = "\
Examples:
  salus simulate trial --seed 7 --out trial
  salus simulate trial --seed 7 --way tight --subjects 12 --out trial

Ways: invented, tight, copied-participants, carried-forward, uncorrelated, polished, paper-dates,
copied-visits, favourable, rounded, informed. The same seed gives the same bytes.")]
    Trial(SimulateTrial),
    /// Monitor the sites of such a trial, and compare with its truth
    #[command(after_help = "\
Examples:
  salus simulate monitor trial
  salus simulate monitor trial --json > report.json

Exit status: 0 monitored, 1 files that cannot be read.")]
    Monitor(SimulateMonitor),
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

#[derive(Args, Debug)]
pub(crate) struct SimulateTrial {
    /// Another seed gives another trial
    #[arg(long)]
    pub(crate) seed: u64,
    /// How the data of one site are made up; drawn if not given
    #[arg(long)]
    pub(crate) way: Option<String>,
    /// How many take part at that site; drawn if not given
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=200))]
    pub(crate) subjects: Option<u64>,
    /// How many sites the trial has
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u16).range(5..=500))]
    pub(crate) sites: u16,
    /// The folder to make; it must not exist, or be empty
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
}

#[derive(Args, Debug)]
pub(crate) struct SimulateMonitor {
    /// The folder that `salus simulate trial` wrote, or one with such files
    #[arg(value_name = "DIR")]
    pub(crate) dir: PathBuf,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}
