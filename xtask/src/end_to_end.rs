//! `cargo xtask test`: everything that the README promises, on a fresh machine.

use crate::ci::{cargo, checks, present};
use crate::consortium::Consortium;
use crate::steps::Steps;
use anyhow::{Result, bail};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The versions of the third-party Python client, pinned with what it needs.
const PYTHON_CLIENTS: &str = "e2e/requirements.txt";

/// Builds the binary, runs every Rust test, then the third-party clients.
pub(crate) fn test(arguments: &[String]) -> Result<bool> {
    let quick = match arguments {
        [] => false,
        [flag] if flag == "--no-clients" => true,
        _ => bail!("usage: cargo xtask test [--no-clients]"),
    };
    let mut steps = Steps::default();
    checks(&mut steps);
    // The process tests start this binary.
    let built = steps.run("build salus", &mut cargo("build --release --package salus"));
    steps.run(
        "cargo test",
        &mut cargo("test --release --workspace --no-fail-fast"),
    );
    if quick {
        steps.skipped("third-party clients", "--no-clients");
    } else if built {
        match Consortium::start(2) {
            Ok(consortium) => {
                let demo = consortium.dir.join("demo.json");
                node_clients(&mut steps, &demo);
                python_clients(&mut steps, &demo);
            }
            Err(error) => steps.check("a demo for the clients", Err(error)),
        }
    }
    Ok(steps.finish())
}

/// The folder that cargo builds into.
pub(crate) fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| crate::root().join("target"), PathBuf::from)
}

/// The binary that was just built.
pub(crate) fn binary() -> PathBuf {
    target()
        .join("release")
        .join(format!("salus{}", std::env::consts::EXE_SUFFIX))
}

fn node_clients(steps: &mut Steps, demo: &Path) {
    if !present("npm", &["--version"]) || !present("node", &["--version"]) {
        steps.skipped(
            "fhir-kit-client",
            "needs node 20 or newer with npm, neither is here",
        );
        return;
    }
    let folder = crate::root().join("e2e");
    let mut install = Command::new("npm");
    install
        .args(["ci", "--no-audit", "--no-fund"])
        .current_dir(&folder);
    if steps.run("npm ci", &mut install) {
        let mut run = Command::new("node");
        run.args(["--test", "--test-reporter=tap", "fhir-kit-client.test.mjs"])
            .current_dir(&folder)
            .env("DEMO", demo);
        steps.run("fhir-kit-client", &mut run);
    }
}

fn python_clients(steps: &mut Steps, demo: &Path) {
    if !present("python3", &["-m", "venv", "--help"]) {
        steps.skipped("fhirpy", "needs python3 with venv, which is not here");
        return;
    }
    let folder = target().join("python-clients");
    let python = folder.join("bin/python");
    let mut venv = Command::new("python3");
    venv.args(["-m", "venv"]).arg(&folder);
    if !python.exists() && !steps.run("python venv", &mut venv) {
        return;
    }
    let mut install = Command::new(&python);
    install.args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "-r",
    ]);
    install.arg(PYTHON_CLIENTS);
    if steps.run("pip install", &mut install) {
        let mut run = Command::new(&python);
        run.arg("e2e/fhirpy_client.py").env("DEMO", demo);
        steps.run("fhirpy", &mut run);
    }
}
