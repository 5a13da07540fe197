//! Whole sessions of the command line, word by word.
//!
//! To approve a change of wording: `UPDATE_SNAPSHOTS=1 cargo test -p salus sessions`.

use crate::consortium::salus;
use std::path::Path;

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
fn session(line: &str, folder: &Path) -> String {
    let folder = folder.display().to_string();
    let given = line.replace("DIR", &folder);
    let output = salus(&given.split(' ').collect::<Vec<_>>());
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    let status = output.status.code().unwrap_or(-1);
    format!("$ salus {line}\n{said}exit status {status}\n").replace(&folder, "DIR")
}

#[test]
fn help_is_what_was_approved() {
    let folder = tempfile::tempdir().unwrap();
    let mut text = session("--help", folder.path());
    for command in [
        "demo",
        "init",
        "join",
        "run",
        "verify",
        "audit",
        "backup",
        "restore",
        "doctor",
        "load",
        "generate",
        "simulate",
        "simulate supply",
        "simulate judge",
        "simulate trial",
        "simulate monitor",
        "propose",
        "vote",
        "patient",
        "patient enrol",
        "patient grant",
        "completions",
        "man",
    ] {
        text.push('\n');
        text.push_str(&session(&format!("{command} --help"), folder.path()));
    }
    snapshot("help", &text);
}

const WRONG: &[&str] = &[
    "dance",
    "demo --port 99999",
    "demo --dir DIR/full",
    "init --dir DIR/new --id My_Clinic --kind clinic",
    "init --dir DIR/new --id my-clinic --kind cinema",
    "init --dir DIR/full --id my-clinic --kind clinic",
    "join --dir DIR/new --id a --kind clinic --genesis DIR/genesis.toml",
    "run --config DIR/nothing",
    "run --config DIR/salus.toml",
    "verify DIR/empty --trust DIR/empty",
    "verify DIR/nothing --trust DIR/nothing",
    "audit --dir DIR/nothing",
    "backup --dir DIR/nothing --to DIR/new",
    "backup --to DIR/new",
    "restore DIR/empty",
    "restore DIR/empty --dir DIR/new",
    "restore DIR/empty --dir DIR/new --passphrase-file DIR/passphrase",
    "restore DIR/nothing --check --passphrase-file DIR/passphrase",
    "restore DIR/broken.json --dir DIR/full --passphrase-file DIR/passphrase",
    "completions tcsh",
    "man --to DIR/empty/man",
    "doctor --config DIR/nothing",
    "load DIR/nothing --to http://127.0.0.1:1 --token t",
    "load DIR/full --to http://127.0.0.1:1 --token t",
    "load DIR/broken.json --to http://127.0.0.1:1 --token t",
    "load DIR/full --to ftp://x --token t",
    "simulate supply --seed 1 --out DIR/full",
    "simulate supply --seed x --out DIR/new",
    "simulate judge DIR/nothing",
    "simulate trial --seed 1 --way nice --out DIR/new",
    "simulate trial --seed 1 --out DIR/full",
    "simulate monitor DIR/nothing",
    "vote not-a-digest --to http://127.0.0.1:1 --token t",
];

#[test]
fn wrong_inputs_say_error_cause_and_hint() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    std::fs::create_dir(folder.path().join("full")).unwrap();
    write("full/file", "x");
    write("broken.json", "{\"resourceType\":");
    write("salus.toml", "[organisation]\nid = 7\n");
    write("genesis.toml", "time_ms = 1\n");
    write("empty", "");
    write("passphrase", "correct horse\n");
    let mut said = String::new();
    for line in WRONG {
        said.push_str(&session(line, folder.path()));
        said.push('\n');
    }
    let new = folder.path().join("new");
    assert!(!new.exists(), "a refused command left something behind");
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

#[test]
fn every_command_has_a_page_and_is_completed_in_each_shell() {
    let folder = tempfile::tempdir().unwrap();
    let pages = folder.path().join("man1");
    let made = salus(&["man", "--to", pages.to_str().unwrap()]);
    assert!(made.status.success(), "{made:?}");
    let commands = [
        "backup",
        "restore",
        "patient-enrol",
        "propose-add",
        "completions",
    ];
    for command in commands {
        let page = std::fs::read_to_string(pages.join(format!("salus-{command}.1"))).unwrap();
        assert!(page.contains(".TH ") && page.contains("SYNOPSIS"), "{page}");
        let typed = command.replace('-', " ");
        let typed = typed.split(' ').next().unwrap().to_owned();
        for shell in ["bash", "zsh", "fish"] {
            let made = salus(&["completions", shell]);
            let text = String::from_utf8(made.stdout).unwrap();
            assert!(
                made.status.success() && text.contains(&typed),
                "{typed} in {shell}"
            );
        }
    }
    let page = salus(&["man"]);
    assert!(String::from_utf8_lossy(&page.stdout).contains(".TH salus 1"));
}
