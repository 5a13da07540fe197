//! The quick gate: what must hold before a change is looked at.

use crate::steps::Steps;
use std::process::{Command, Stdio};

/// A cargo command line, split at its spaces.
pub(crate) fn cargo(line: &str) -> Command {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(line.split(' '));
    command
}

/// Whether a program answers `--version`-like arguments here.
pub(crate) fn present(program: &str, arguments: &[&str]) -> bool {
    Command::new(program)
        .args(arguments)
        .current_dir(crate::root())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// fmt, clippy, tidy, gen --check, deny, unit tests.
pub(crate) fn ci() -> bool {
    let mut steps = Steps::default();
    checks(&mut steps);
    // The process tests of crates/salus/tests are `cargo xtask test`'s.
    steps.run(
        "unit tests",
        &mut cargo("test --release --workspace --lib --bins --no-fail-fast"),
    );
    steps.finish()
}

/// The checks that look at the sources and run nothing of the product.
pub(crate) fn checks(steps: &mut Steps) {
    steps.run("fmt", &mut cargo("fmt --all --check"));
    steps.run(
        "clippy",
        &mut cargo("clippy --release --workspace --all-targets -- -D warnings"),
    );
    steps.check("tidy", crate::tidy::run());
    steps.check("gen --check", crate::gen_tables::run(true).map(|()| true));
    crate::scripts::checks(steps);
    deny(steps);
}

fn deny(steps: &mut Steps) {
    if !present("cargo", &["deny", "--version"]) {
        steps.skipped("cargo deny", "not installed (cargo install cargo-deny)");
        return;
    }
    // Licences, bans and sources need no network; the advisories are fetched first.
    let offline = "deny --offline check licenses bans sources";
    steps.run("cargo deny", &mut cargo(offline));
    if present("cargo", &["deny", "fetch", "db"]) {
        let advisories = "deny --offline check advisories";
        steps.run("cargo deny advisories", &mut cargo(advisories));
    } else {
        let why = "the database of advisories cannot be fetched here (cargo deny fetch db)";
        steps.skipped("cargo deny advisories", why);
    }
}
