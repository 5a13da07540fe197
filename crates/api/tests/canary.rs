//! A marker written through the API is in no file of the data folder outside the search index.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::path::{Path, PathBuf};

use common::World;
use serde_json::json;

/// The files below a folder that hold these bytes.
fn holding(folder: &Path, marker: &str, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            holding(&path, marker, found);
        } else {
            let bytes = std::fs::read(&path).unwrap_or_default();
            if bytes
                .windows(marker.len())
                .any(|window| window == marker.as_bytes())
            {
                found.push(path);
            }
        }
    }
}

#[test]
fn no_body_is_readable_on_the_disk() {
    let world = World::new();
    let client = world.clinician();
    let note = "canary-in-a-note-81c5";
    let name = "Canarysurname";
    let body = json!({ "resourceType": "Patient", "name": [{ "family": name }],
        "extension": [{ "url": "http://example.org/x", "valueString": note }] });
    let created = client.post("/fhir/Patient", &body).expect(201);
    let path = format!("/fhir/Patient/{}", created.id());
    client.put(&path, &created.json()).expect(200);
    client.receipt(&format!("{path}/_history/2")).expect(200);
    assert!(client.get(&path).expect(200).text().contains(note));
    let (dir, _temp) = world.stop();
    let mut found = Vec::new();
    holding(&dir, note, &mut found);
    assert!(
        found.is_empty(),
        "what no search needs is nowhere readable: {found:?}"
    );
    holding(&dir, name, &mut found);
    let index = |path: &PathBuf| {
        path.file_name()
            .unwrap()
            .to_string_lossy()
            .starts_with("store.db")
    };
    assert!(
        !found.is_empty() && found.iter().all(index),
        "a name is in the index only: {found:?}"
    );
}
