//! `cargo xtask test`: everything that the README promises, on a fresh machine.

use crate::ci::{cargo, checks, present};
use crate::consortium::Consortium;
use crate::steps::Steps;
use anyhow::{Result, bail};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The versions of the third-party Python client, pinned with what it needs.
const PYTHON_CLIENTS: &str = "e2e/requirements.txt";

/// Patients of the demo for clients and pages: three at home at the hospital, three at the clinic.
const PATIENTS: u32 = 6;

/// Builds the binary, runs every Rust test, then the third-party clients.
pub(crate) fn test(arguments: &[String]) -> Result<bool> {
    let quick = match arguments {
        [] => false,
        [flag] if flag == "--no-clients" => true,
        _ => bail!("usage: cargo xtask test [--no-clients]"),
    };
    let mut steps = Steps::default();
    checks(&mut steps);
    // The process tests start this binary. Of the whole workspace, with the features that its tests
    // have: else every crate is compiled twice.
    let built = steps.run(
        "build salus",
        &mut cargo("build --release --workspace --bins"),
    );
    steps.run(
        "cargo test",
        &mut cargo("test --release --workspace --no-fail-fast"),
    );
    if quick {
        steps.skipped("third-party clients", "--no-clients");
    } else if built {
        match Consortium::start(PATIENTS) {
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
            "fhir-kit-client, openid-client, fhirclient in Chromium",
            "needs node 20 or newer with npm, neither is here",
        );
        return;
    }
    let folder = crate::root().join("e2e");
    let mut install = Command::new("npm");
    install
        .args(["ci", "--no-audit", "--no-fund"])
        .current_dir(&folder);
    if !steps.run("npm ci", &mut install) {
        return;
    }
    for (name, file) in [
        ("fhir-kit-client", "fhir-kit-client.test.mjs"),
        (
            "backend services, openid-client",
            "backend-services.test.mjs",
        ),
        ("health links, jose", "health-links.test.mjs"),
    ] {
        steps.run(name, &mut node_test(&folder, file, demo));
    }
    let launch = "SMART launch, fhirclient in Chromium";
    match chromium(steps) {
        Ok(browser) => {
            let mut run = node_test(&folder, "smart-launch.test.mjs", demo);
            steps.run(launch, run.env("CHROMIUM", browser));
            let mut run = node_test(&folder, "passkeys.test.mjs", demo);
            steps.run("passkeys in Chromium", run.env("CHROMIUM", browser));
            crate::scripts::in_a_browser(steps, browser, demo);
            let mut run = node_test(&folder, "export.test.mjs", demo);
            let export = "the page of an export in Chromium, offline";
            steps.run(export, run.env("CHROMIUM", browser));
            pages(steps, &folder, browser, demo);
        }
        Err(missing) => steps.skipped(launch, missing),
    }
}

/// The portal's pages, walked by each kind of person and attacked; one file after the other, since
/// they share a demo. Pictures of every page are kept.
fn pages(steps: &mut Steps, folder: &Path, browser: &str, demo: &Path) {
    for name in [
        "patient",
        "sharing",
        "device",
        "clinician",
        "officer",
        "admin",
        "pharmacy",
        "trials",
        "research",
        "attacks",
    ] {
        let mut run = node_test(folder, &format!("portal/{name}.test.mjs"), demo);
        run.env("CHROMIUM", browser)
            .env("SCREENSHOTS", target().join("screenshots"));
        steps.run(&format!("pages in Chromium: {name}"), &mut run);
    }
}

fn node_test(folder: &Path, file: &str, demo: &Path) -> Command {
    let mut run = Command::new("node");
    run.args(["--test", "--test-reporter=tap", file])
        .current_dir(folder)
        .env("DEMO", demo);
    run
}

/// The browser; installed where the machine lets us, else what is missing.
fn chromium(steps: &mut Steps) -> Result<&'static str, &'static str> {
    const NAMES: [&str; 2] = ["chromium", "chromium-browser"];
    let found = || NAMES.into_iter().find(|name| present(name, &["--version"]));
    if let Some(name) = found() {
        return path_of(name);
    }
    let root = Command::new("id").arg("-u").output();
    let root = root.is_ok_and(|output| output.stdout.trim_ascii() == b"0");
    if !root || !present("apt-get", &["--version"]) {
        return Err("needs Chromium, which is not here: install the package `chromium`");
    }
    let mut install = Command::new("apt-get");
    install
        .args(["install", "-y", "--no-install-recommends", "chromium"])
        .env("DEBIAN_FRONTEND", "noninteractive");
    steps.run("apt-get update", Command::new("apt-get").arg("update"));
    steps.run("apt-get install chromium", &mut install);
    found().map_or(
        Err("needs Chromium, which could not be installed: install the package `chromium`"),
        path_of,
    )
}

/// Where Debian and its children put it.
fn path_of(name: &'static str) -> Result<&'static str, &'static str> {
    ["/usr/bin/chromium", "/usr/bin/chromium-browser"]
        .into_iter()
        .find(|path| path.ends_with(name) && Path::new(path).exists())
        .ok_or("needs Chromium in /usr/bin, where it is not")
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
