//! The workshop: everything a developer or a build machine runs, as `cargo xtask NAME`.
//!
//! What lives here: the order of the checks, the rules of the house that the compiler does not
//! hold (`tidy`), the generator of the tables of `fhir` and `gs1` (`gen`), measurements (`bench`).
//! What does not: anything that the product needs at run time.
#![allow(
    clippy::print_stdout,
    reason = "a developer tool speaks on standard output"
)]

use std::process::ExitCode;

mod bench;
mod ci;
mod consortium;
mod end_to_end;
mod gen_tables;
mod scripts;
mod steps;
mod tidy;

const USAGE: &str = "\
usage: cargo xtask COMMAND

  test          everything: unit, property, process and third-party client tests
  ci            fmt, clippy, tidy, gen --check, cargo deny, unit tests
  tidy          the rules of the house: arrows between crates, file limits, purity
  gen [--check] write (or compare) the tables made from the FHIR definitions and GS1's dictionary
  bench [ROW[=N]]
                measure the figures of docs/reference/performance.md
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (command, rest) = match arguments.split_first() {
        Some((command, rest)) => (command.as_str(), rest),
        None => ("help", &[][..]),
    };
    let outcome = match command {
        "test" => end_to_end::test(rest),
        "ci" => Ok(ci::ci()),
        "tidy" => tidy::run(),
        "gen" => generate(rest),
        "bench" => bench::run(rest),
        "help" | "--help" | "-h" => {
            print!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        other => {
            eprintln!("error: there is no command `{other}`\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn generate(arguments: &[String]) -> anyhow::Result<bool> {
    let check = match arguments {
        [] => false,
        [flag] if flag == "--check" => true,
        _ => anyhow::bail!("usage: cargo xtask gen [--check]"),
    };
    gen_tables::run(check).map(|()| true)
}

/// The root of the repository, wherever the command was called from.
pub(crate) fn root() -> std::path::PathBuf {
    let mut path = std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    path.pop();
    path
}
