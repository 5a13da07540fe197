//! A simulated trade, and a simulated trial, go through files, and are judged from them alone.

use crate::consortium::salus;
use serde_json::Value;

#[test]
fn a_simulated_trade_is_judged_from_its_files() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("trade");
    let dir = dir.to_str().unwrap();
    let supply = ["simulate", "supply", "--seed", "3", "--packs", "300"];
    let made = salus(&[&supply[..], &["--days", "40", "--out", dir]].concat());
    assert!(made.status.success(), "{made:?}");
    let judged = salus(&["simulate", "judge", dir, "--json"]);
    assert!(judged.status.success(), "{judged:?}");
    let counts: Value = serde_json::from_slice(&judged.stdout).unwrap();
    assert_eq!(counts["waves"], 1);
    assert!(counts["scans"].as_u64().unwrap() > 1_000, "{counts}");
    let kinds = counts["kinds"].as_object().unwrap();
    assert_eq!(kinds.len(), 25, "{kinds:?}");
    assert_eq!(kinds["invented-serial"]["caught"]["share"], 1.0);

    // A second trade does not go on top of the first.
    let again = salus(&["simulate", "supply", "--seed", "4", "--out", dir]);
    assert_eq!(again.status.code(), Some(1));

    // A document that somebody damaged is named.
    let documents = folder
        .path()
        .join("trade/wave-00001/documents/maker-1.ndjson");
    std::fs::write(&documents, "{\"type\": \"EPCISDocument\"}\n").unwrap();
    let damaged = salus(&["simulate", "judge", dir]);
    assert_eq!(damaged.status.code(), Some(1));
    let said = String::from_utf8_lossy(&damaged.stderr);
    assert!(said.contains("documents/maker-1.ndjson, line 1"), "{said}");
}

#[test]
fn a_simulated_trial_is_monitored_from_its_files() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("trial");
    let dir = dir.to_str().unwrap();
    let trial = [
        "simulate",
        "trial",
        "--seed",
        "3",
        "--way",
        "carried-forward",
    ];
    let made = salus(&[&trial[..], &["--subjects", "20", "--out", dir]].concat());
    assert!(made.status.success(), "{made:?}");
    let monitored = salus(&["simulate", "monitor", dir, "--json"]);
    assert!(monitored.status.success(), "{monitored:?}");
    let said: Value = serde_json::from_slice(&monitored.stdout).unwrap();
    assert_eq!(said["sites"].as_array().unwrap().len(), 60);
    assert_eq!(said["sites"][0]["site"], said["truth"]["site"], "{said:#}");
    assert_eq!(said["sites"][0]["standing"], "alarm");

    // Without the truth there is nothing to compare with, and the list is the same.
    std::fs::remove_file(folder.path().join("trial/truth.json")).unwrap();
    let again = salus(&["simulate", "monitor", dir, "--json"]);
    let again: Value = serde_json::from_slice(&again.stdout).unwrap();
    assert_eq!(again["sites"], said["sites"]);
    assert_eq!(again["truth"], Value::Null);
    let listed = salus(&["simulate", "monitor", dir]);
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    assert!(
        listed.contains("alarm") && listed.contains("repeated-values"),
        "{listed}"
    );

    // A visit that somebody damaged is named.
    std::fs::write(folder.path().join("trial/visits.ndjson"), "{}\n").unwrap();
    let damaged = salus(&["simulate", "monitor", dir]);
    assert_eq!(damaged.status.code(), Some(1));
    let said = String::from_utf8_lossy(&damaged.stderr);
    assert!(said.contains("visits.ndjson, line 1"), "{said}");
}
