//! The binary: command line, configuration, wiring, demo.
//!
//! What lives here: what a person types and reads (`cli`, `failure`, `progress`), the files of an
//! organisation (`config`, `genesis_file`, `organisation`), the node that wires the crates below
//! together (`node`), and the demo with its synthetic patients. What does not: any rule, any
//! cryptography, any SQL.
//!
//! Invariants:
//!
//! 1. A failed command says error, cause and hint, and changes nothing halfway
//!    (`tests/processes/sessions.rs`).
//! 2. `salus verify` opens no socket and starts no runtime (`verify.rs` uses `proof` only;
//!    `tests/processes/receipts.rs` runs it without a network).
//! 3. The children of a demo do not outlive it, however it dies
//!    (`tests/processes/demo.rs`).
#![allow(
    clippy::print_stdout,
    reason = "the command line speaks on standard output"
)]

mod audit;
mod backup;
mod cli;
mod client;
mod config;
mod demo;
mod doctor;
mod failure;
mod generate;
mod genesis_file;
mod govern;
mod init;
mod load;
mod manual;
mod node;
mod organisation;
mod patient;
mod progress;
mod sharing;
mod signals;
mod simulate;
mod verify;

use clap::Parser;
use failure::Outcome;
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = match cli::Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    match dispatch(cli.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::from(failure.exit_status())
        }
    }
}

fn dispatch(command: cli::Command) -> Outcome {
    match command {
        cli::Command::Load(arguments) => load::run(&arguments),
        cli::Command::Generate(arguments) => generate::run(&arguments),
        cli::Command::Simulate(arguments) => simulate::run(&arguments),
        cli::Command::Demo(arguments) => demo::run(&arguments),
        cli::Command::Init(arguments) => init::init(&arguments),
        cli::Command::Join(arguments) => init::join(&arguments),
        cli::Command::Run(arguments) => node::run(&arguments),
        cli::Command::Verify(arguments) => verify::run(&arguments),
        cli::Command::Backup(arguments) => backup::make(&arguments),
        cli::Command::Restore(arguments) => backup::restore(&arguments),
        cli::Command::Completions(arguments) => manual::completions(&arguments),
        cli::Command::Man(arguments) => manual::pages(&arguments),
        cli::Command::Doctor(arguments) => doctor::run(&arguments),
        cli::Command::Propose(arguments) => govern::propose(&arguments),
        cli::Command::Vote(arguments) => govern::vote(&arguments),
        cli::Command::Audit(arguments) => audit::run(&arguments),
        cli::Command::Patient(arguments) => patient::run(&arguments.command),
    }
}

/// Help and version go to standard output; a wrong command line reads like any other failure.
fn usage(error: &clap::Error) -> ExitCode {
    if !error.use_stderr() {
        print!("{error}");
        return ExitCode::SUCCESS;
    }
    let text = error
        .to_string()
        .replace("\n\n  tip: ", "\nhint: ")
        .replace("  tip: ", "hint: ")
        .replace(
            "\n\nFor more information, try '--help'.",
            "\nhint: --help shows what is possible",
        );
    eprint!("{text}");
    ExitCode::from(2)
}
