//! The 21 Synthea patients of `../shared/data` go in whole, through the command line.

use crate::consortium::{Consortium, salus};
use crate::http::Http;
use std::collections::BTreeMap;
use std::path::Path;

#[test]
fn all_synthea_bundles_go_in_whole() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = root.join("../../../shared/data/fhir/synthea-r4-transactions");
    if !folder.exists() {
        println!("skipped: {} is absent", folder.display());
        return;
    }
    let mut wanted: BTreeMap<String, u64> = BTreeMap::new();
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|it| it == "json") {
            let text = std::fs::read(&path).unwrap();
            let bundle: serde_json::Value = serde_json::from_slice(&text).unwrap();
            for entry in bundle["entry"].as_array().unwrap() {
                let kind = entry["resource"]["resourceType"].as_str().unwrap();
                *wanted.entry(kind.to_owned()).or_default() += 1;
            }
        }
    }
    assert_eq!(wanted["Patient"], 21);
    let consortium = Consortium::start(0);
    let token = consortium.token(0, "clinician");
    let base = consortium.base(0);
    let loaded = salus(&[
        "load",
        folder.to_str().unwrap(),
        "--to",
        &base,
        "--token",
        &token,
    ]);
    let said = String::from_utf8(loaded.stdout).unwrap();
    assert!(
        loaded.status.success(),
        "{said}{}",
        String::from_utf8_lossy(&loaded.stderr)
    );
    println!("{}{said}", String::from_utf8_lossy(&loaded.stderr));
    let all: u64 = wanted.values().sum();
    assert!(
        said.contains(&format!("21 bundles, {all} resources")),
        "{all} entries, but {said}"
    );
    let http = Http::new();
    let count = |kind: &str| {
        let url = format!("{base}/fhir/{kind}?_summary=count&_total=accurate");
        let answer = http.get(&url, &token).unwrap();
        answer.json()["total"]
            .as_u64()
            .unwrap_or_else(|| panic!("{}", answer.text()))
    };
    for (kind, number) in wanted {
        assert_eq!(count(&kind), number, "{kind}");
    }
}
