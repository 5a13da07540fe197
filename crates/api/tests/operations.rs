//! What an administrator sees of the node, and nobody else.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod common;

use common::World;
use hospital::Role;
use hospital::backups::{Act, Entry, Log};
use serde_json::json;
use vault::RootKey;

const ROUTES: [&str; 5] = ["backups", "storage", "keys", "peers", "figures"];

#[test]
fn operations_are_for_administrators_only() {
    let world = World::new();
    for route in ROUTES {
        let path = format!("/operations/{route}");
        world.stranger().get(&path).expect(401);
        world.clinician().get(&path).expect(403);
        world.client(Role::Auditor, None).get(&path).expect(403);
        world.client(Role::Admin, None).get(&path).expect(200);
    }
}

#[test]
fn an_administrator_sees_disk_keys_peers_and_figures() {
    let world = World::new();
    let admin = world.client(Role::Admin, None);
    let patient = json!({ "resourceType": "Patient", "active": true });
    world
        .clinician()
        .post("/fhir/Patient", &patient)
        .expect(201);
    let storage = admin.get("/operations/storage").expect(200).json();
    for name in [
        "records_bytes",
        "ledger_bytes",
        "key_tree_bytes",
        "free_bytes",
        "versions",
    ] {
        assert!(storage[name].as_u64().unwrap() > 0, "{name} in {storage}");
    }
    let keys = admin.get("/operations/keys").expect(200).json();
    let keys = keys["keys"].as_array().unwrap();
    let named: Vec<&str> = keys
        .iter()
        .map(|it| it["purpose"].as_str().unwrap())
        .collect();
    assert_eq!(
        named,
        [
            "transaction",
            "node",
            "checkpoint",
            "link",
            "credential",
            "token",
            "vault root",
            "key tree"
        ]
    );
    assert_eq!(keys[0]["registered"], true);
    assert_eq!(keys[0]["since_height"], 0);
    assert_eq!(keys[0]["since"], "2023-11-14T22:13:20.000Z");
    assert_eq!(keys[5]["public"].as_str().unwrap().len(), 64);
    assert!(keys[7]["age_s"].as_u64().is_some());
    let peers = admin.get("/operations/peers").expect(200).json();
    assert_eq!(peers["organisation"], "st-mary");
    assert_eq!(peers["peers"], json!([]));
    let figures = admin.get("/operations/figures").expect(200).json();
    let length = figures["time_ms"].as_array().unwrap().len();
    assert!(length > 0);
    let last = |name: &str| figures[name].as_array().unwrap()[length - 1].clone();
    assert!(last("requests").as_u64().unwrap() >= 4, "{figures}");
    assert_eq!(last("records_admitted"), 1);
    assert!(last("p99_ms").as_f64().unwrap() > 0.0);
    assert!(last("database_bytes").as_u64().unwrap() > 0);
    for name in ["receipts_pending", "height"] {
        assert_eq!(figures[name].as_array().unwrap().len(), length, "{name}");
    }
}

#[test]
fn a_backup_and_its_proof_are_seen() {
    let world = World::new();
    let admin = world.client(Role::Admin, None);
    let none = admin.get("/operations/backups").expect(200).json();
    assert_eq!(none["last_made"], json!(null));
    let root = RootKey::from_bytes(&common::SEEDS.root);
    let entry = |act, time_ms| Entry {
        id: "0a".into(),
        act,
        time_ms,
        made_ms: 1_700_000_000_000,
        file: "a.salus".into(),
        bytes: 100,
        height: 7,
        versions: 5,
        tree: Some(world.dir.join("elsewhere.keys")),
        took_ms: 20,
    };
    Log::add(&world.dir, &root, entry(Act::Made, 1_700_000_000_000)).unwrap();
    Log::add(&world.dir, &root, entry(Act::Proven, 1_700_000_060_000)).unwrap();
    let told = admin.get("/operations/backups").expect(200).json();
    assert_eq!(told["backups"][0]["made"], "2023-11-14T22:13:20.000Z");
    assert_eq!(told["backups"][0]["proven"], "2023-11-14T22:14:20.000Z");
    assert_eq!(told["last_proven"], told["backups"][0]["proven"]);
    assert_eq!(told["backups"].as_array().unwrap().len(), 1);
    assert_eq!(told["key_tree_copies"][0]["current"], json!(null));
}
