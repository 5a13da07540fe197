//! A simulated trade goes through files, and is judged from them alone.

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
