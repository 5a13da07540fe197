//! What is written through the API is readable in no file, except where the index needs it.

use crate::consortium::{Consortium, observation};
use crate::http::Http;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// In a note: no search parameter reaches it.
const HIDDEN: &str = "canary-3f9a-hidden";
/// A family name: found by searching, so the index has it.
const INDEXED: &str = "Canary-3f9a-Indexed";

#[test]
fn a_marker_is_in_no_file_outside_the_search_index() {
    let mut consortium = Consortium::start(0);
    let http = Http::new();
    for index in 0..4 {
        let token = consortium.token(index, "clinician");
        let mut hidden = observation(1);
        hidden["note"] = json!([{ "text": HIDDEN }]);
        let url = format!("{}/Observation", consortium.fhir(index));
        let written = http.post(&url, &token, &hidden).unwrap();
        assert_eq!(written.status, 201, "{}", written.text());
        let id = written.json()["id"].as_str().unwrap().to_owned();
        let patient = json!({ "resourceType": "Patient", "name": [{ "family": INDEXED }] });
        let url_of_patients = format!("{}/Patient", consortium.fhir(index));
        let made = http.post(&url_of_patients, &token, &patient).unwrap();
        assert_eq!(made.status, 201, "{}", made.text());
        let found = http
            .get(&format!("{url_of_patients}?family={INDEXED}"), &token)
            .unwrap();
        assert_eq!(found.json()["entry"].as_array().unwrap().len(), 1);
        // A search that finds nothing must not leave the word either.
        let asked = format!("{url_of_patients}?name={HIDDEN}");
        assert_eq!(http.get(&asked, &token).unwrap().status, 200);
        consortium.receipt(
            index,
            &format!("{url}/{id}/_history/1"),
            Duration::from_secs(10),
        );
    }
    look(&consortium, "while running");
    consortium.stop();
    look(&consortium, "after the stop");
}

fn look(consortium: &Consortium, when: &str) {
    let mut files = Vec::new();
    collect(&consortium.dir(), &mut files);
    assert!(files.len() > 20, "{files:?}");
    for file in &files {
        let Ok(bytes) = std::fs::read(file) else {
            continue;
        };
        let folded = bytes.to_ascii_lowercase();
        let has = |marker: &str| {
            let marker = marker.to_ascii_lowercase();
            folded
                .windows(marker.len())
                .any(|window| window == marker.as_bytes())
        };
        assert!(
            !has(HIDDEN),
            "{when}: {} has the hidden marker",
            file.display()
        );
        let name = file.file_name().unwrap().to_string_lossy();
        let index = name.starts_with("records.db");
        assert!(
            index || !has(INDEXED),
            "{when}: {} has the indexed marker",
            file.display()
        );
    }
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else {
            files.push(path);
        }
    }
}
