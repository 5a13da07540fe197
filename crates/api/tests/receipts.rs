//! Receipts over HTTP: 202 until final, then a file that a stranger verifies.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use common::World;
use ledger::BlockHeader;
use proof::policy::Policy;
use proof::receipt::{verify, verify_entry};
use proof::tree::verify_consistency;
use proof::{Canonical, Digest};
use serde_json::json;

#[test]
fn a_receipt_verifies_with_the_served_bytes() {
    let world = World::new();
    let client = world.clinician();
    let trust = world.stranger().get("/ledger/trust").expect(200);
    let policy = Policy::parse(&trust.bytes).unwrap();
    let mut versions = Vec::new();
    for number in 0..12 {
        let body =
            json!({ "resourceType": "Patient", "name": [{ "family": format!("F{number}") }] });
        let created = client.post("/fhir/Patient", &body).expect(201);
        let path = format!("/fhir/Patient/{}", created.id());
        versions.push((format!("{path}/_history/1"), created.bytes.clone()));
        if number % 3 == 0 {
            let updated = client.put(&path, &created.json()).expect(200);
            versions.push((format!("{path}/_history/2"), updated.bytes));
        }
    }
    for (path, body) in &versions {
        let receipt = client.receipt(path).expect(200);
        assert_eq!(
            receipt.header("content-type"),
            "application/vnd.c2sp.tlog-proof"
        );
        let served = client.get(path).expect(200);
        assert_eq!(&served.bytes, body);
        let verified = verify(&receipt.bytes, &policy, Some(&served.bytes)).unwrap();
        assert!(verified.record_matches);
        assert_eq!(verified.event.organisation, "st-mary");
        assert!(path.contains(&verified.event.record_id));
        assert_eq!(verified.cosigners.len(), 1);
    }
    let (path, _) = &versions[0];
    let (_, other) = &versions[2];
    let receipt = client.receipt(path).expect(200);
    assert!(
        verify(&receipt.bytes, &policy, Some(other)).is_err(),
        "another record"
    );
    for place in (0..receipt.bytes.len()).step_by(97) {
        let mut changed = receipt.bytes.clone();
        changed[place] ^= 1;
        assert!(verify(&changed, &policy, None).is_err(), "byte {place}");
    }
}

#[test]
fn a_stranger_follows_the_history_block_by_block() {
    let world = World::new();
    let client = world.clinician();
    let stranger = world.stranger();
    // Each in a batch of its own.
    for _ in 0..4 {
        let patient = json!({ "resourceType": "Patient" });
        let created = client.post("/fhir/Patient", &patient).expect(201);
        let version = format!("/fhir/Patient/{}/_history/1", created.id());
        client.receipt(&version).expect(200);
    }
    let page = stranger.get("/ledger/blocks?count=500").expect(200).json();
    let blocks = page["blocks"].as_array().unwrap();
    let header = |at: usize| {
        let bytes = blocks[at]["header_bytes"].as_str().unwrap();
        BlockHeader::from_bytes(&STANDARD.decode(bytes).unwrap()).unwrap()
    };
    assert!(blocks.len() > 1);
    for (at, block) in blocks.iter().enumerate() {
        assert_eq!(block["digest"], header(at).digest().to_string());
        let before = at.checked_sub(1).map(header);
        assert!(before.is_none_or(|next| next.parent == header(at).digest()));
    }
    let newest = header(0);
    let size = newest.history_size;
    assert!(size > 2, "batches are in the history");
    for older in (1..blocks.len()).map(header) {
        let old = older.history_size;
        let path = format!("/ledger/consistency?from={old}&to={size}");
        let proof = stranger.get(&path).expect(200).json();
        let path = proof["path"].as_array().unwrap().iter();
        let path: Vec<Digest> = path
            .map(|it| it.as_str().unwrap().parse().unwrap())
            .collect();
        let (old_root, root) = (older.history_root, newest.history_root);
        verify_consistency(old, &old_root, size, &root, &path).unwrap();
        if !path.is_empty() {
            assert!(verify_consistency(old, &root, size, &old_root, &path).is_err());
        }
    }
    stranger
        .get(&format!("/ledger/consistency?from={size}&to=999999"))
        .expect(404);
    let policy = Policy::parse(&stranger.get("/ledger/trust").bytes).unwrap();
    let receipt = stranger.get("/ledger/entries/0/receipt").expect(200);
    let verified = verify_entry(&receipt.bytes, &policy).unwrap();
    let height = verified.entry.height;
    let block = stranger
        .get(&format!("/ledger/blocks/{height}"))
        .expect(200);
    let first = &block.json()["transactions"][0];
    assert_eq!(first["index"], 0);
    assert_eq!(first["organisation"], verified.entry.organisation);
    assert_eq!(
        first["sequence"],
        verified.entry.transaction.header.sequence
    );
    stranger.get("/ledger/entries/999999/receipt").expect(404);
    stranger.get("/ledger/entries/x/receipt").expect(404);
    let older = stranger
        .get("/ledger/blocks?before=2&count=9")
        .expect(200)
        .json();
    assert_eq!(older["blocks"].as_array().unwrap().len(), 1);
}

#[test]
fn a_deletion_has_a_receipt_and_what_never_was_has_none() {
    let world = World::new();
    let client = world.clinician();
    let id = client
        .post("/fhir/Patient", &json!({ "resourceType": "Patient" }))
        .expect(201)
        .id();
    client.delete(&format!("/fhir/Patient/{id}")).expect(204);
    let receipt = client
        .receipt(&format!("/fhir/Patient/{id}/_history/2"))
        .expect(200);
    let policy = Policy::parse(&client.get("/ledger/trust").bytes).unwrap();
    let verified = verify(&receipt.bytes, &policy, None).unwrap();
    assert_eq!(verified.event.action, proof::event::Action::Delete);
    client
        .get(&format!("/fhir/Patient/{id}/_history/3/$receipt"))
        .expect(404);
    client
        .get("/fhir/Patient/nobody/_history/1/$receipt")
        .expect(404);
    world
        .stranger()
        .get(&format!("/fhir/Patient/{id}/_history/1/$receipt"))
        .expect(401);
}

#[test]
fn a_restart_goes_on_where_it_stopped() {
    let dir = tempfile::tempdir().unwrap();
    let mut paths = Vec::new();
    for round in 0..3 {
        let world = World::open(dir.path(), |_| {});
        let client = world.clinician();
        for _ in 0..5 {
            let body = json!({ "resourceType": "Patient", "active": true });
            let id = client.post("/fhir/Patient", &body).expect(201).id();
            paths.push(format!("/fhir/Patient/{id}/_history/1"));
        }
        if round == 2 {
            let policy = Policy::parse(&client.get("/ledger/trust").bytes).unwrap();
            for path in &paths {
                let receipt = client.receipt(path).expect(200);
                let record = client.get(path).expect(200);
                verify(&receipt.bytes, &policy, Some(&record.bytes)).unwrap();
            }
        }
        world.stop();
    }
}

#[test]
fn the_ledger_is_open_to_everybody() {
    let world = World::new();
    let stranger = world.stranger();
    let status = stranger.get("/ledger/status").expect(200).json();
    assert_eq!(status["organisation"], "st-mary");
    assert_eq!(status["validators"], json!(["st-mary"]));
    let client = world.clinician();
    let id = client
        .post("/fhir/Patient", &json!({ "resourceType": "Patient" }))
        .expect(201)
        .id();
    client
        .receipt(&format!("/fhir/Patient/{id}/_history/1"))
        .expect(200);
    let height = stranger.get("/ledger/status").json()["height"]
        .as_u64()
        .unwrap();
    assert!(height > 0);
    let block = stranger
        .get(&format!("/ledger/blocks/{height}"))
        .expect(200)
        .json();
    assert_eq!(block["header"]["height"], height);
    assert!(
        stranger
            .get("/ledger/checkpoint")
            .expect(200)
            .text()
            .starts_with("salus/")
    );
    assert_eq!(
        stranger.get("/ledger/blocks/999999999").expect(404).json()["code"],
        "absent"
    );
    stranger.get("/ledger/blocks/x").expect(404);
    stranger.get("/health/live").expect(200);
    stranger.get("/health/ready").expect(200);
    let metrics = stranger.get("/metrics").expect(200).text();
    assert!(metrics.contains("salus_http_requests_total"), "{metrics}");
    assert!(metrics.contains("salus_ledger_height"), "{metrics}");
}
