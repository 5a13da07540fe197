//! The command line: what can be asked, with examples. Nothing is done here.

mod backup;
mod patient;
mod propose;
mod simulate;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand};
use ledger::OrganisationKind;
use std::path::PathBuf;

pub(crate) use self::simulate::{
    Simulate, SimulateCommand, SimulateJudge, SimulateMonitor, SimulateSupply, SimulateTrial,
};
pub(crate) use backup::{Backup, Restore};
pub(crate) use patient::{Device, Patient, PatientCommand, Signing};
pub(crate) use propose::{Change, Propose};

/// Health records that prove themselves, shared by organisations that do not trust each other.
#[derive(Parser, Debug)]
#[command(
    name = "salus",
    version,
    propagate_version = true,
    max_term_width = 100,
    after_help = "\
Examples:
  salus demo                                                four organisations, to look at
  salus init --dir my-clinic --id my-clinic --kind clinic   one organisation, to begin with
  salus run --config my-clinic/salus.toml
  salus verify receipt.txt --trust trust.policy             needs no server

`salus COMMAND --help` has examples of each; `salus man` and `salus completions` are for the shell."
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Every command.
#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Start four organisations on this machine and say where to look
    Demo(Demo),
    /// Make an organisation that is its own ledger: ready to run in a minute
    Init(Init),
    /// Make an organisation that will join an existing ledger
    Join(Join),
    /// Run the node of one organisation
    Run(Run),
    /// Check a receipt offline
    Verify(Verify),
    /// Compare everything a stopped node stores with the ledger
    Audit(Audit),
    /// Put a node into one encrypted file, while it runs
    Backup(Backup),
    /// Make a folder of a backup again, or prove that it could be
    Restore(Restore),
    /// Look at configuration, clock, disk, keys, database, backups and peers
    Doctor(Doctor),
    /// Load FHIR transaction bundles into a running node
    Load(Load),
    /// Write synthetic patients as FHIR transaction bundles (NDJSON)
    Generate(Generate),
    /// Simulate a trade or a trial with somebody who cheats, and measure what is seen of it
    Simulate(Simulate),
    /// Propose a change of the consortium, as an administrator of a member
    Propose(Propose),
    /// Vote on a proposed change, as an administrator of a member
    Vote(Vote),
    /// Keep a patient's keys on this device: enrol, link, grant, withdraw, recover
    Patient(Patient),
    /// Print what a shell needs to complete commands
    Completions(Completions),
    /// Print the manual page, or write one for each command
    Man(Man),
}

#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  salus completions bash > ~/.local/share/bash-completion/completions/salus
  salus completions zsh > ~/.zfunc/_salus
  salus completions fish > ~/.config/fish/completions/salus.fish")]
pub(crate) struct Completions {
    /// Which shell
    #[arg(value_parser = ["bash", "zsh", "fish"])]
    pub(crate) shell: String,
}

#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  salus man | man -l -
  salus man --to ~/.local/share/man/man1")]
pub(crate) struct Man {
    /// Write a page for each command into this folder
    #[arg(long, value_name = "DIR")]
    pub(crate) to: Option<PathBuf>,
}

#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  salus demo
  salus demo --dir my-demo --patients 100
  salus demo --load bundles/ --port 9000

Ctrl-C stops all four. The same --dir goes on where it stopped.")]
pub(crate) struct Demo {
    /// Keep the data here, and go on with it when it exists [default: a temporary folder]
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: Option<PathBuf>,
    /// HTTP port of the first organisation; the others follow
    #[arg(long, default_value_t = 8080, value_parser = clap::value_parser!(u16).range(1..=65532))]
    pub(crate) port: u16,
    /// How many synthetic patients to make
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(0..=100_000))]
    pub(crate) patients: u32,
    /// Load these FHIR transaction bundles instead (a file, a folder or NDJSON)
    #[arg(long, value_name = "PATH", num_args = 1..)]
    pub(crate) load: Vec<PathBuf>,
    /// Do not play the story at the end
    #[arg(long)]
    pub(crate) no_story: bool,
    /// Blocks of an epoch, for tests of a changing consortium
    #[arg(long, hide = true)]
    pub(crate) epoch_blocks: Option<u64>,
    /// Stop when standard input closes (for programs that start the demo)
    #[arg(long, hide = true)]
    pub(crate) supervised: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Identity {
    /// The folder to make; it must not exist, or be empty
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: PathBuf,
    /// Short name: lower-case letters, digits and hyphens, at most 32
    #[arg(long)]
    pub(crate) id: String,
    /// What kind of organisation it is
    #[arg(long, value_parser = kinds())]
    pub(crate) kind: OrganisationKind,
    /// The name as people say it [default: made from the id]
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// Where to answer HTTP
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:8080")]
    pub(crate) http: std::net::SocketAddr,
    /// Where other nodes reach this one
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:9080")]
    pub(crate) ledger: std::net::SocketAddr,
    /// Where other organisations ask for records that patients share
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:9180")]
    pub(crate) peers: std::net::SocketAddr,
}

#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  salus init --dir my-clinic --id my-clinic --kind clinic
  salus run --config my-clinic/salus.toml")]
pub(crate) struct Init {
    #[command(flatten)]
    pub(crate) identity: Identity,
}

#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  salus join --dir my-lab --id my-lab --kind laboratory --genesis genesis.toml
  salus propose add --request my-lab/request.toml --to http://127.0.0.1:8080 --token T")]
pub(crate) struct Join {
    #[command(flatten)]
    pub(crate) identity: Identity,
    /// The genesis of the ledger, from any member
    #[arg(long, value_name = "FILE")]
    pub(crate) genesis: PathBuf,
    /// Ask to be a validator too
    #[arg(long)]
    pub(crate) validator: bool,
}

#[derive(Args, Debug)]
#[command(after_help = "\
Example:
  salus run --config my-clinic/salus.toml")]
pub(crate) struct Run {
    /// The configuration that `salus init` or `salus join` wrote
    #[arg(long, value_name = "FILE")]
    pub(crate) config: PathBuf,
    /// Stop when standard input closes (for programs that start nodes)
    #[arg(long, hide = true)]
    pub(crate) supervised: bool,
}

#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  salus verify receipt.txt --trust trust.policy
  salus verify receipt.txt --trust trust.policy --record observation.json

Exit status: 0 valid, 1 not valid, 2 unusable input. Needs no network and no server.")]
pub(crate) struct Verify {
    /// The receipt (application/vnd.c2sp.tlog-proof)
    pub(crate) receipt: PathBuf,
    /// The trust file: whom the verifier believes
    #[arg(long, value_name = "FILE")]
    pub(crate) trust: PathBuf,
    /// The record that should be the one that was committed
    #[arg(long, value_name = "FILE")]
    pub(crate) record: Option<PathBuf>,
}

#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  salus audit --dir my-clinic
  salus audit --dir my-clinic --json
  salus audit --dir my-clinic --peer st-mary --seen receipt.txt --out evidence

The node must be stopped. Exit status: 0 clean, 1 with a line per damaged item; with --peer, 1
with a line per misconduct and a file that `salus verify` explains.")]
pub(crate) struct Audit {
    /// The organisation's folder
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: PathBuf,
    /// Print JSON, one object per line
    #[arg(long)]
    pub(crate) json: bool,
    /// Look at what this organisation did, instead of at the own records
    #[arg(long, value_name = "ORGANISATION")]
    pub(crate) peer: Option<String>,
    /// Receipts, checkpoints, proofs about the state or transactions to compare with the ledger
    #[arg(long, value_name = "FILE", num_args = 1.., requires = "peer")]
    pub(crate) seen: Vec<PathBuf>,
    /// Where to write what is proven
    #[arg(long, value_name = "DIR", default_value = ".", requires = "peer")]
    pub(crate) out: PathBuf,
    /// So many intervals without a batch are a silence, and a minute at least
    #[arg(long, value_name = "INTERVALS", default_value_t = 60, requires = "peer",
        value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    pub(crate) silence: u64,
}

#[derive(Args, Debug)]
#[command(after_help = "\
Example:
  salus doctor --config my-clinic/salus.toml")]
pub(crate) struct Doctor {
    /// The configuration of the organisation
    #[arg(long, value_name = "FILE")]
    pub(crate) config: PathBuf,
}

/// A running node and who asks.
#[derive(Args, Debug, Clone)]
pub(crate) struct Target {
    /// The node, as http://127.0.0.1:8080
    #[arg(long, value_name = "URL")]
    pub(crate) to: String,
    /// A bearer token of that node
    #[arg(long, env = "SALUS_TOKEN", hide_env_values = true)]
    pub(crate) token: String,
}

#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  salus load bundles/ --to http://127.0.0.1:8080 --token \"$TOKEN\"
  salus load patients.ndjson --to http://127.0.0.1:8080 --token \"$TOKEN\"")]
pub(crate) struct Load {
    /// A bundle (.json), bundles line by line (.ndjson), or a folder of both
    #[arg(required = true)]
    pub(crate) path: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) target: Target,
    /// Bundles on their way at the same time
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=32))]
    pub(crate) parallel: u8,
}

#[derive(Args, Debug)]
#[command(after_help = "\
Example:
  salus generate --patients 10 > patients.ndjson")]
pub(crate) struct Generate {
    /// How many patients
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) patients: u32,
    /// Another seed gives other people
    #[arg(long, default_value_t = crate::generate::SEED)]
    pub(crate) seed: u64,
    /// The organisation where they are at home
    #[arg(long, default_value = "st-mary")]
    pub(crate) organisation: String,
}

#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  salus vote 5f3c...e1 --to http://127.0.0.1:8081
  salus vote 5f3c...e1 --against --to http://127.0.0.1:8081")]
pub(crate) struct Vote {
    /// The proposal, as `salus propose` printed it
    pub(crate) proposal: String,
    /// Vote against it
    #[arg(long)]
    pub(crate) against: bool,
    #[command(flatten)]
    pub(crate) target: Target,
}

fn kinds() -> impl TypedValueParser<Value = OrganisationKind> {
    PossibleValuesParser::new(OrganisationKind::ALL.map(OrganisationKind::as_str))
        .try_map(|text| text.parse::<OrganisationKind>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{Command, CommandFactory};

    fn without_example(command: &Command, name: &str, found: &mut Vec<String>) {
        let help = command.get_after_help().map(ToString::to_string);
        if !help.is_some_and(|help| help.contains("Example")) {
            found.push(name.to_owned());
        }
        for below in command.get_subcommands() {
            without_example(below, &format!("{name} {}", below.get_name()), found);
        }
    }

    #[test]
    fn every_command_has_an_example() {
        let mut found = Vec::new();
        without_example(&Cli::command(), "salus", &mut found);
        assert_eq!(found, Vec::<String>::new());
    }
}
