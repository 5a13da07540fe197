//! The scripts of pages: each committed bundle is what its sources give, and they compute what Rust
//! does.

use crate::ci::present;
use crate::steps::Steps;
use std::path::Path;
use std::process::Command;

/// The islands of the portal's pages.
const ISLANDS: &str = "crates/portal/web";

/// Checks without a browser.
pub(crate) fn checks(steps: &mut Steps) {
    if !present("npm", &["--version"]) || !present("node", &["--version"]) {
        steps.skipped(
            "scripts of pages",
            "needs node 20 or newer with npm, neither is here",
        );
        return;
    }
    // The second verifier, of the offline page of an export.
    if let Some(folder) = installed(steps, "verifier") {
        steps.run("verifier.js", &mut node(&folder, &["build.mjs", "--check"]));
        steps.run("verifier", &mut node(&folder, &["--test", "test.mjs"]));
    }
    if let Some(folder) = installed(steps, ISLANDS) {
        let types = ["node_modules/typescript/bin/tsc", "--noEmit"];
        steps.run("types of the islands", &mut node(&folder, &types));
        steps.run(
            "bundles of the islands",
            &mut node(&folder, &["build.mjs", "--check"]),
        );
        let vectors = ["--test", "test/device-vectors.test.mjs"];
        steps.run("vectors of a device", &mut node(&folder, &vectors));
    }
}

/// The islands in a browser, and a patient's device against a running demo.
pub(crate) fn in_a_browser(steps: &mut Steps, browser: &str, demo: &Path) {
    let Some(folder) = installed(steps, ISLANDS) else {
        return;
    };
    let mut run = Command::new("npm");
    run.arg("test")
        .current_dir(folder)
        .env("CHROMIUM", browser)
        .env("DEMO", demo);
    steps.run("islands in Chromium", &mut run);
}

/// The folder with its packages; they are fetched once.
fn installed(steps: &mut Steps, name: &str) -> Option<std::path::PathBuf> {
    let folder = crate::root().join(name);
    if !folder.join("node_modules/esbuild").is_dir() {
        let mut install = Command::new("npm");
        install
            .args(["ci", "--no-audit", "--no-fund"])
            .current_dir(&folder);
        if !steps.run(&format!("npm ci in {name}"), &mut install) {
            return None;
        }
    }
    Some(folder)
}

fn node(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new("node");
    command.args(arguments).current_dir(folder);
    command
}
