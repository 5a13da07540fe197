//! A changed byte in a stopped database is named by the audit, and a read of it is refused.

#![allow(
    clippy::unwrap_used,
    clippy::needless_pass_by_value,
    clippy::print_stdout,
    reason = "a test may panic, print and copy"
)]

mod common;

use std::path::Path;
use std::sync::Arc;

use common::{SEEDS, World};
use hospital::audit::{AuditInput, Finding, Summary, audit};
use proof::Digest;
use proof::policy::Policy;
use proof::tree::{Nodes, leaf_hash};
use rusqlite::Connection;
use serde_json::json;
use vault::RootKey;

/// The leaf hashes of the history; the audit can do without the inner nodes.
struct Kept(Vec<Digest>);

impl Nodes for Kept {
    fn node(&self, level: u8, index: u64) -> Option<Digest> {
        let index = usize::try_from(index).ok()?;
        self.0.get(index).copied().filter(|_| level == 0)
    }
}

struct Stopped {
    temp: tempfile::TempDir,
    ledger: Arc<Kept>,
    policy: Vec<u8>,
    ids: Vec<String>,
}

/// An organisation with some records, stopped after all receipts were ready.
fn stopped() -> Stopped {
    let world = World::new();
    let client = world.clinician();
    world.add_user("ada", hospital::Role::Clinician, None);
    let mut ids = Vec::new();
    for number in 0..10 {
        let body = json!({ "resourceType": "Observation", "status": "final",
            "code": { "coding": [{ "system": "http://loinc.org", "code": "1-8" }] },
            "subject": { "reference": "Patient/p" }, "effectiveDateTime": "2026-01-01",
            "valueQuantity": { "value": number, "unit": "mg" } });
        let created = client.post("/fhir/Observation", &body).expect(201);
        ids.push(created.id());
        if number == 0 {
            let path = format!("/fhir/Observation/{}", created.id());
            client.put(&path, &created.json()).expect(200);
            client.delete(&path).expect(204);
        }
    }
    let name = json!({ "resourceType": "Patient", "id": "p", "name": [{ "family": "Salk" }] });
    client.put("/fhir/Patient/p", &name).expect(201);
    link(&world);
    client.receipt("/fhir/Patient/p/_history/1").expect(200);
    let policy = client.get("/ledger/trust").bytes;
    let size = world.hospital.chain().status().history_size;
    let entries = world.wait(async {
        let mut entries = Vec::new();
        for index in 0..size {
            // The last ones may not be cosigned yet; the batches of the records are.
            match world.hospital.chain().proof(index).await {
                Some(anchor) => entries.push(leaf_hash(&anchor.entry)),
                None => break,
            }
        }
        entries
    });
    let (_, temp) = world.stop();
    Stopped {
        temp: temp.unwrap(),
        ledger: Arc::new(Kept(entries)),
        policy,
        ids,
    }
}

/// A health link that was opened once, after a wrong passcode, with files to be fetched.
fn link(world: &World) {
    use base64::Engine;
    let us = world.hospital.now_us() + 86_400_000_000;
    let wanted = json!({ "label": "For my doctor", "what": "all", "passcode": "sesame",
        "expires": hospital::instant::fhir(us) });
    let patient = world.client(hospital::Role::Patient, Some("p"));
    let made = patient.post("/links", &wanted).expect(201).json();
    let text = made["link"].as_str().unwrap().strip_prefix("shlink:/");
    let payload = base64::engine::general_purpose::URL_SAFE_NO_PAD
        .decode(text.unwrap())
        .unwrap();
    let payload: serde_json::Value = serde_json::from_slice(&payload).unwrap();
    let path = payload["url"].as_str().unwrap();
    let path = &path[path.find("/shl/").unwrap()..];
    for (passcode, status) in [("wrong", 401), ("sesame", 200)] {
        let asked = json!({ "recipient": "Dr. Adler", "passcode": passcode,
            "embeddedLengthMax": 1 });
        world.stranger().post(path, &asked).expect(status);
    }
}

impl Stopped {
    fn database(&self) -> std::path::PathBuf {
        self.temp.path().join("store.db")
    }

    fn audit(&self) -> (Summary, Vec<Finding>) {
        let store =
            store::Store::open_read_only(&self.database(), &store::Options::default()).unwrap();
        let input = AuditInput {
            store,
            root_key: RootKey::from_bytes(&SEEDS.root),
            key_tree: self.temp.path().join("keys.tree"),
            organisation: "st-mary".into(),
            state: None,
            history: self.ledger.clone(),
            policies: vec![Policy::parse(&self.policy).unwrap()],
        };
        let mut findings = Vec::new();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        let summary = runtime
            .block_on(audit(input, &mut |_| {}, &mut |finding| {
                findings.push(finding);
            }))
            .unwrap();
        (summary, findings)
    }
}

fn change(path: &Path, sql: &str) {
    let connection = Connection::open(path).unwrap();
    connection
        .execute_batch("PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON;")
        .unwrap();
    assert!(connection.execute(sql, []).unwrap() >= 1, "{sql}");
}

/// Table, column, new value, row, and what the audit must name.
#[rustfmt::skip]
fn changes() -> Vec<(&'static str, &'static str, String, &'static str, &'static str)> {
    let at = |blob: &str, place: u32| {
        let after = place + 2;
        let place = place + 1;
        // Another byte, whatever stands there.
        let other = format!("CASE substr({blob}, {place}, 1) WHEN x'ff' THEN x'00' ELSE x'ff' END");
        format!(
            "CAST(substr({blob}, 1, {place} - 1) || {other} || substr({blob}, {after}) AS BLOB)"
        )
    };
    let flip = |blob: &str| at(blob, 9);
    let batch = "sequence = (SELECT min(sequence) FROM batches WHERE leaves > 0)";
    let salk = "normalised = 'salk' AND parameter = (SELECT min(parameter) FROM strings \
                WHERE normalised = 'salk')";
    vec![
        ("versions", "envelope", flip("envelope"), "leaf = 5", "body"),
        ("versions", "patients", "''".into(), "leaf = 5", "_history/"),
        ("versions", "updated_us", "updated_us + 1000".into(), "leaf = 5", "body"),
        ("leaves", "commitment", flip("commitment"), "leaf = 5", "outbox leaf 5"),
        ("batches", "blinding", flip("blinding"), batch, "batch "),
        ("batches", "root", flip("root"), batch, "batch "),
        ("batches", "body", flip("body"), batch, "batch "),
        ("batches", "anchor", at("anchor", 200), batch, "receipt of batch"),
        ("vaults", "wrapped", flip("wrapped"), "vault = 1", "vault key"),
        ("users", "role", "'admin'".into(), "username = 'ada'", "user ada"),
        ("dates", "from_us", "from_us + 1".into(), "record = 5", "index of"),
        ("tokens", "code", "'2-8'".into(), "record = 5 AND code = '1-8'", "index of"),
        ("strings", "normalised", "'sabin'".into(), salk, "index of"),
        ("compartments", "patient", "patient + 1".into(), "record = 5", "index of"),
        ("health_links", "until_us", "until_us + 1".into(), "1", "health link "),
        ("health_links", "lookup", flip("lookup"), "1", "health link "),
        ("health_links", "patient", "'q'".into(), "1", "health link "),
        ("health_links", "id", "'other'".into(), "1", "health link "),
        ("health_links", "body", flip("body"), "1", "health link "),
        ("health_links", "tries", "tries + 1".into(), "1", "health link "),
        ("health_links", "retrieved", "retrieved + 1".into(), "1", "health link "),
        ("health_link_files", "body", flip("body"), "place = 0", "file 0 of health link "),
        ("health_link_files", "link", "'other'".into(), "place = 0", "file 0 of health link "),
        ("health_link_files", "place", "7".into(), "place = 0", "of health link "),
        ("health_link_tickets", "digest", flip("digest"), "place = 0", "an address of a file"),
        ("health_link_tickets", "link", "'other'".into(), "place = 0", "an address of a file"),
        ("health_link_tickets", "place", "7".into(), "place = 0", "an address of a file"),
        ("health_link_tickets", "until_us", "until_us + 1".into(), "place = 0",
            "an address of a file"),
    ]
}

#[test]
fn every_changed_byte_is_named() {
    let stopped = stopped();
    // The first audit also leaves the database as one file.
    let (summary, findings) = stopped.audit();
    assert_eq!(findings, []);
    // 13 versions, each with its event; and an event each time that a receipt was asked for.
    assert!(summary.versions > 26, "{}", summary.versions);
    assert!(summary.batches >= 1);
    let good = std::fs::read(stopped.database()).unwrap();
    let mut missed = Vec::new();
    for (table, column, value, row, item) in changes() {
        change(
            &stopped.database(),
            &format!("UPDATE {table} SET {column} = {value} WHERE {row}"),
        );
        let (_, findings) = stopped.audit();
        std::fs::write(stopped.database(), &good).unwrap();
        for more in ["-wal", "-shm"] {
            let _ = std::fs::remove_file(format!("{}{more}", stopped.database().display()));
        }
        if !findings.iter().any(|finding| finding.item.contains(item)) {
            missed.push(format!("{table}.{column}: {findings:?}"));
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

#[test]
fn an_event_that_is_altered_or_missing_is_named() {
    let stopped = stopped();
    assert_eq!(stopped.audit().1, []);
    let good = std::fs::read(stopped.database()).unwrap();
    // The event of the first write is the second leaf.
    let first = "record = (SELECT record FROM versions WHERE leaf = 2)";
    for (sql, item) in [
        (
            "UPDATE versions SET envelope = zeroblob(300) WHERE leaf = 2".to_owned(),
            "AuditEvent/",
        ),
        ("DELETE FROM versions WHERE leaf = 2".to_owned(), "leaf 2"),
        (format!("DELETE FROM records WHERE {first}"), ""),
        ("DELETE FROM leaves WHERE leaf = 2".to_owned(), "leaf"),
    ] {
        change(&stopped.database(), &sql);
        let (_, findings) = stopped.audit();
        std::fs::write(stopped.database(), &good).unwrap();
        for more in ["-wal", "-shm"] {
            let _ = std::fs::remove_file(format!("{}{more}", stopped.database().display()));
        }
        let named = findings.iter().any(|finding| finding.item.contains(item));
        assert!(named, "{sql}: {findings:?}");
    }
}

#[test]
fn a_damaged_record_is_refused_and_the_others_are_served() {
    let stopped = stopped();
    let connection = Connection::open(stopped.database()).unwrap();
    let changed = connection
        .execute(
            "UPDATE versions SET envelope = CAST(substr(envelope, 1, 200) || x'00' || \
             substr(envelope, 202) AS BLOB) WHERE leaf = (SELECT leaf FROM records WHERE id = ?1)",
            [&stopped.ids[4]],
        )
        .unwrap();
    assert_eq!(changed, 1);
    drop(connection);
    let world = World::open(stopped.temp.path(), |_| {});
    let client = world.clinician();
    let refused = client
        .get(&format!("/fhir/Observation/{}", stopped.ids[4]))
        .expect(500);
    assert_eq!(refused.failure(), "damaged");
    assert!(
        refused.text().contains(&stopped.ids[4]),
        "{}",
        refused.text()
    );
    client
        .get(&format!("/fhir/Observation/{}", stopped.ids[5]))
        .expect(200);
    client.get("/fhir/Patient/p").expect(200);
}
