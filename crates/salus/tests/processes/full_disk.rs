//! A disk without room: records are refused in words, the node and the ledger go on.

use crate::consortium::{Consortium, eventually, observation, signal};
use crate::http::Http;
use std::time::Duration;

const SHORT: usize = 3;

#[test]
fn a_full_disk_refuses_records_and_nothing_else() {
    let mut consortium = Consortium::start(0);
    let http = Http::new();
    let token = consortium.token(SHORT, "clinician");
    let url = format!("{}/Observation", consortium.fhir(SHORT));
    let kept = http.post(&url, &token, &observation(1)).unwrap();
    assert_eq!(kept.status, 201, "{}", kept.text());
    let kept = format!("{url}/{}", kept.json()["id"].as_str().unwrap());

    signal("KILL", consortium.pid(SHORT));
    // No disk has this much: to the store it is full.
    reserve(&consortium, "4611686018427387904");
    consortium.run_node(SHORT);
    consortium.wait_ready(SHORT, Duration::from_secs(30));
    let refused = http.post(&url, &token, &observation(2)).unwrap();
    assert_eq!(refused.status, 503, "{}", refused.text());
    let issue = &refused.json()["issue"][0];
    assert_eq!(issue["details"]["coding"][0]["code"], "disk-full");
    assert!(
        issue["diagnostics"]
            .as_str()
            .unwrap()
            .contains("hint: nothing was stored")
    );
    assert_eq!(
        http.get(&kept, &token).unwrap().status,
        200,
        "reading goes on"
    );
    let all = http.get(&url, &token).unwrap().json();
    assert_eq!(
        all["entry"].as_array().unwrap().len(),
        1,
        "nothing was stored"
    );
    consortium.receipt(
        SHORT,
        &format!("{kept}/_history/1"),
        Duration::from_secs(20),
    );
    let before = consortium.height(SHORT);
    eventually("the ledger goes on", Duration::from_secs(20), || {
        consortium.height(SHORT) >= before + 3
    });
}

/// Sets the reserve of the node's disk in its configuration.
fn reserve(consortium: &Consortium, bytes: &str) {
    let file = consortium.org_dir(SHORT).join("salus.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    let line = format!("disk_reserve_bytes = {bytes}\n");
    let old = text.lines().find(|it| it.starts_with("disk_reserve_bytes"));
    let text = match old {
        Some(old) => text.replace(&format!("{old}\n"), &line),
        None => format!("{text}\n[limits]\n{line}"),
    };
    std::fs::write(&file, text).unwrap();
}
