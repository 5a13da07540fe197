//! Whole sessions of the command line, word by word.
//!
//! To approve a change of wording: `UPDATE_SNAPSHOTS=1 cargo test -p salus sessions`.

use crate::consortium::salus;
use std::path::{Path, PathBuf};

fn snapshot(name: &str, found: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/processes/snapshots")
        .join(format!("{name}.txt"));
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, found).unwrap();
        return;
    }
    let wanted = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(found, wanted, "{} is another", path.display());
}

/// A session as a person sees it; the folder of the test is written as DIR.
fn session(arguments: &[&str], folder: &Path) -> String {
    let output = salus(arguments);
    let mut text = format!("$ salus {}\n", arguments.join(" "));
    text.push_str(&String::from_utf8_lossy(&output.stdout));
    text.push_str(&String::from_utf8_lossy(&output.stderr));
    text.push_str(&format!(
        "exit status {}\n",
        output.status.code().unwrap_or(-1)
    ));
    text.replace(&folder.display().to_string(), "DIR")
}

#[test]
fn help_is_what_was_approved() {
    let folder = tempfile::tempdir().unwrap();
    let mut text = session(&["--help"], folder.path());
    for command in [
        "demo", "init", "join", "run", "verify", "audit", "doctor", "load", "generate", "propose",
        "vote",
    ] {
        text.push('\n');
        text.push_str(&session(&[command, "--help"], folder.path()));
    }
    snapshot("help", &text);
}

#[test]
fn wrong_inputs_say_error_cause_and_hint() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let write = |name: &str, text: &str| -> PathBuf {
        std::fs::write(at(name), text).unwrap();
        at(name)
    };
    let text = |path: &Path| path.to_str().unwrap().to_owned();
    std::fs::create_dir(at("full")).unwrap();
    write("full/file", "x");
    let nothing = text(&at("nothing"));
    let broken = text(&write("broken.json", "{\"resourceType\":"));
    let config = text(&write("salus.toml", "[organisation]\nid = 7\n"));
    let genesis = text(&write("genesis.toml", "time_ms = 1\n"));
    let empty = text(&write("empty", ""));
    let full = text(&at("full"));
    let node = "http://127.0.0.1:1";
    let new = text(&at("new"));
    let sessions: &[&[&str]] = &[
        &["dance"],
        &["demo", "--port", "99999"],
        &[
            "init",
            "--dir",
            &new,
            "--id",
            "My Clinic",
            "--kind",
            "clinic",
        ],
        &[
            "init",
            "--dir",
            &new,
            "--id",
            "my-clinic",
            "--kind",
            "cinema",
        ],
        &[
            "init",
            "--dir",
            &full,
            "--id",
            "my-clinic",
            "--kind",
            "clinic",
        ],
        &[
            "join",
            "--dir",
            &new,
            "--id",
            "a",
            "--kind",
            "clinic",
            "--genesis",
            &genesis,
        ],
        &["run", "--config", &nothing],
        &["run", "--config", &config],
        &["verify", &empty, "--trust", &empty],
        &["verify", &nothing, "--trust", &nothing],
        &["audit", "--dir", &nothing],
        &["load", &nothing, "--to", node, "--token", "t"],
        &["load", &full, "--to", node, "--token", "t"],
        &["load", &broken, "--to", node, "--token", "t"],
        &["load", &full, "--to", "ftp://x", "--token", "t"],
        &["vote", "not-a-digest", "--to", node, "--token", "t"],
        &["demo", "--dir", &full],
    ];
    let mut said = String::new();
    for arguments in sessions {
        said.push_str(&session(arguments, folder.path()));
        said.push('\n');
    }
    assert!(
        !at("new").exists(),
        "a refused command left something behind"
    );
    snapshot("wrong", &said);
}

#[test]
fn an_organisation_is_made_and_looked_at() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("my-clinic");
    let dir_text = dir.to_str().unwrap();
    let port = crate::consortium::four_ports();
    let (http, ledger) = (
        format!("127.0.0.1:{port}"),
        format!("127.0.0.1:{}", port + 1),
    );
    let made = salus(&[
        "init",
        "--dir",
        dir_text,
        "--id",
        "my-clinic",
        "--kind",
        "clinic",
        "--http",
        &http,
        "--ledger",
        &ledger,
    ]);
    assert!(made.status.success(), "{made:?}");
    let said = String::from_utf8(made.stdout).unwrap();
    for word in [
        "My Clinic is ready",
        "clinician",
        "admin",
        "salus run --config",
    ] {
        assert!(said.contains(word), "{word} in {said}");
    }
    let config = dir.join("salus.toml");
    let looked = salus(&["doctor", "--config", config.to_str().unwrap()]);
    let said = String::from_utf8(looked.stdout).unwrap();
    assert!(looked.status.success(), "{said}");
    for check in [
        "clock",
        "configuration",
        "disk",
        "genesis",
        "keys",
        "membership",
        "database",
    ] {
        assert!(
            said.contains(&format!("ok    {check}")),
            "{check} in {said}"
        );
    }
    std::fs::write(dir.join("passphrase"), "another").unwrap();
    let looked = salus(&["doctor", "--config", config.to_str().unwrap()]);
    assert_eq!(looked.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&looked.stdout).contains("BAD   keys"));
}
