//! The log of accesses: what it holds, who sees it, and that nobody writes it.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::time::Duration;

use common::{Client, World, ids};
use hospital::Role;
use serde_json::{Value, json};

fn observation(patient: &str) -> Value {
    json!({ "resourceType": "Observation", "status": "final",
        "code": { "coding": [{ "system": "http://loinc.org", "code": "8302-2" }] },
        "subject": { "reference": format!("Patient/{patient}") } })
}

fn put_patient(client: &Client, id: &str) {
    let body = json!({ "resourceType": "Patient", "id": id, "name": [{ "family": id }] });
    client
        .put(&format!("/fhir/Patient/{id}"), &body)
        .expect(201);
}

/// The events that a client sees by a search, oldest first.
fn events(client: &Client, query: &str) -> Vec<Value> {
    let path = format!("/fhir/AuditEvent?_sort=date&_count=1000{query}");
    let bundle = client.get(&path).expect(200).json();
    let entries = bundle["entry"].as_array().cloned().unwrap_or_default();
    entries
        .into_iter()
        .filter(|entry| entry["search"]["mode"] == "match")
        .map(|entry| entry["resource"].clone())
        .collect()
}

fn said(event: &Value) -> String {
    format!(
        "{} {}",
        event["subtype"][0]["code"].as_str().unwrap_or(""),
        event["outcome"]
    )
    .replace('"', "")
}

#[test]
fn every_interaction_is_in_the_patient_s_log_once() {
    let world = World::new();
    let client = world.clinician();
    put_patient(&client, "p1");
    let made = client
        .post("/fhir/Observation", &observation("p1"))
        .expect(201);
    let path = format!("/fhir/Observation/{}", made.id());
    client.get(&path).expect(200);
    client.get(&format!("{path}/_history/1")).expect(200);
    client.get(&format!("{path}/_history")).expect(200);
    client
        .get("/fhir/Observation?subject=Patient/p1")
        .expect(200);
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let body = Some(&b"subject=Patient/p1"[..]);
    client
        .send("POST", "/fhir/Observation/_search", &form, body)
        .expect(200);
    client.put(&path, &made.json()).expect(200);
    let headers = [("content-type", "application/json-patch+json")];
    let change = br#"[{"op":"replace","path":"/status","value":"amended"}]"#;
    client
        .send("PATCH", &path, &headers, Some(change))
        .expect(200);
    client.receipt(&format!("{path}/_history/1")).expect(200);
    client.delete(&path).expect(204);
    client.get(&path).expect(410);
    let pharmacist = world.client(Role::Pharmacist, None);
    pharmacist.put("/fhir/Patient/p1", &json!({})).expect(403);

    let seen = events(&world.client(Role::Auditor, None), "&patient=Patient/p1");
    let mut told: Vec<String> = seen.iter().map(said).collect();
    // While a receipt is not ready, each time that it is asked for is an access.
    told.dedup_by(|a, b| a == "operation 0" && a == b);
    let wanted = [
        "create 0",
        "create 0",
        "read 0",
        "vread 0",
        "history 0",
        "search-type 0",
        "search-type 0",
        "update 0",
        "patch 0",
        "operation 0",
        "delete 0",
        "read 4",
        "update 8",
    ];
    assert_eq!(told, wanted);
    for event in &seen {
        assert_eq!(fhir::validate::resource(event), [], "{event}");
        let client = &event["agent"][0]["network"];
        assert_eq!(client["address"], "127.0.0.1", "{event}");
    }
    assert_eq!(seen.last().unwrap()["outcomeDesc"], "denied");
}

#[test]
fn an_event_has_a_receipt_like_any_record() {
    let world = World::new();
    let client = world.clinician();
    put_patient(&client, "p1");
    let auditor = world.client(Role::Auditor, None);
    let event = &events(&auditor, "&patient=Patient/p1")[0];
    let path = format!(
        "/fhir/AuditEvent/{}/_history/1",
        event["id"].as_str().unwrap()
    );
    let receipt = auditor.receipt(&path).expect(200);
    assert!(
        receipt.text().starts_with("c2sp.org/tlog-proof"),
        "{}",
        receipt.text()
    );
}

#[test]
fn patients_see_their_own_log_and_nothing_of_others() {
    let world = World::new();
    let client = world.clinician();
    for id in ["p1", "p2"] {
        put_patient(&client, id);
        client
            .post("/fhir/Observation", &observation(id))
            .expect(201);
    }
    client
        .get("/fhir/Observation?subject=Patient/p1,Patient/p2")
        .expect(200);
    client.get("/fhir/Patient?family=p2").expect(200);
    let bundle = json!({ "resourceType": "Bundle", "type": "transaction", "entry": [
        { "resource": observation("p1"), "request": { "method": "POST", "url": "Observation" } },
        { "resource": observation("p1"), "request": { "method": "POST", "url": "Observation" } },
        { "resource": observation("p2"), "request": { "method": "POST", "url": "Observation" } },
    ]});
    client.post("/fhir", &bundle).expect(200);
    let patient = world.client(Role::Patient, Some("p1"));
    patient.get("/fhir/Patient/p1").expect(200);
    patient.get("/fhir/Patient/p2").expect(404);
    let seen = events(&patient, "");
    let told: Vec<String> = seen.iter().map(said).collect();
    let wanted = [
        "create 0",
        "create 0",
        "search-type 0",
        "transaction 0",
        "read 0",
        "read 4",
    ];
    assert_eq!(told, wanted);
    for event in &seen[..5] {
        let text = event.to_string();
        assert!(!text.contains("p2"), "{text}");
        let searched = said(event).starts_with("search");
        if searched && let Some(query) = text.split("\"query\":\"").nth(1) {
            // base64 of the path and the name of the parameter
            assert!(
                query.starts_with("R0VUIC9maGlyL09ic2VydmF0aW9uP3N1YmplY3Q="),
                "{text}"
            );
        }
    }
    // The patient's own search is in the own log, the next time.
    assert_eq!(events(&patient, "").len(), wanted.len() + 1);
    let other = world.client(Role::Patient, Some("p2"));
    for event in events(&other, "") {
        assert!(!event.to_string().contains("Patient/p1"), "{event}");
    }
}

#[test]
fn the_auditor_is_watched_too_and_once() {
    let world = World::new();
    let auditor = world.client(Role::Auditor, None);
    assert_eq!(events(&auditor, "").len(), 0);
    assert_eq!(events(&auditor, "").len(), 1);
    assert_eq!(events(&auditor, "").len(), 2);
}

#[test]
fn nobody_writes_changes_or_deletes_an_event() {
    let world = World::new();
    let client = world.clinician();
    put_patient(&client, "p1");
    let auditor = world.client(Role::Auditor, None);
    let event = events(&auditor, "&patient=Patient/p1")[0].clone();
    let path = format!("/fhir/AuditEvent/{}", event["id"].as_str().unwrap());
    let headers = [("content-type", "application/merge-patch+json")];
    for role in Role::ALL {
        let client = world.client(role, Some("p1"));
        let refused = client.post("/fhir/AuditEvent", &event).expect(403);
        assert!(refused.text().contains("AuditEvent"), "{}", refused.text());
        client.put(&path, &event).expect(403);
        client
            .put("/fhir/AuditEvent?agent-name=x", &event)
            .expect(403);
        client
            .send("PATCH", &path, &headers, Some(b"{}"))
            .expect(403);
        client.delete(&path).expect(403);
        client.delete("/fhir/AuditEvent?action=C").expect(403);
        for kind in ["batch", "transaction"] {
            for request in [
                json!({ "method": "POST", "url": "AuditEvent" }),
                json!({ "method": "PUT", "url": path.trim_start_matches("/fhir/") }),
                json!({ "method": "DELETE", "url": path.trim_start_matches("/fhir/") }),
            ] {
                let bundle = json!({ "resourceType": "Bundle", "type": kind,
                    "entry": [{ "resource": event, "request": request }] });
                let answer = client.post("/fhir", &bundle);
                let status = &answer.json()["entry"][0]["response"]["status"];
                let refused = status
                    .as_str()
                    .is_some_and(|status| status.starts_with("403"));
                assert!(answer.status == 403 || refused, "{role} {}", answer.text());
            }
        }
    }
    let now = auditor.get(&path).expect(200).json();
    assert_eq!(now, event);
}

#[test]
fn no_entry_of_a_batch_is_written_without_its_event() {
    let world = World::new();
    let client = world.clinician();
    put_patient(&client, "p1");
    let observation = |id: &str| {
        json!({ "resourceType": "Observation", "id": id, "status": "final",
            "code": { "text": "x" }, "subject": { "reference": "Patient/p1" } })
    };
    let put = |id: &str| {
        json!({ "resource": observation(id),
            "request": { "method": "PUT", "url": format!("Observation/{id}") } })
    };
    let batch = json!({ "resourceType": "Bundle", "type": "batch",
        "entry": [put("b1"), put("b2")] });
    client.post("/fhir", &batch).expect(200);
    let events = client
        .get("/fhir/AuditEvent?patient=p1&_count=100")
        .expect(200)
        .text();
    for entity in ["Observation/b1/_history/1", "Observation/b2/_history/1"] {
        assert_eq!(events.matches(entity).count(), 1, "{entity}: {events}");
    }

    // No event can be stored from here on. Whether an answer waits for its events does not matter:
    // if they are in another commit than the entries, the entries are there.
    let database = rusqlite::Connection::open(world.dir.join("store.db")).unwrap();
    database.busy_timeout(Duration::from_secs(5)).unwrap();
    let stop = "CREATE TRIGGER stop BEFORE INSERT ON records
        WHEN NEW.type = (SELECT type FROM types WHERE name = 'AuditEvent')
        BEGIN SELECT RAISE(ABORT, 'stopped'); END";
    database.execute_batch(stop).unwrap();
    let batch = json!({ "resourceType": "Bundle", "type": "batch",
        "entry": [put("b1"), put("b3"), put("b4"),
            { "request": { "method": "DELETE", "url": "Observation/b2" } }] });
    client.post("/fhir", &batch).expect(500);
    database.execute_batch("DROP TRIGGER stop").unwrap();
    for (id, status) in [("b1", 200), ("b2", 200), ("b3", 404), ("b4", 404)] {
        client
            .get(&format!("/fhir/Observation/{id}"))
            .expect(status);
    }
    client.get("/fhir/Observation/b1/_history/2").expect(404);
}

#[test]
fn an_answered_read_has_its_event_on_disk() {
    let world = World::new();
    let client = world.clinician();
    put_patient(&client, "p1");
    for number in 1..=20 {
        client.get("/fhir/Patient/p1").expect(200);
        // Another connection sees what is committed, and nothing else.
        let database = rusqlite::Connection::open(world.dir.join("store.db")).unwrap();
        let count: i64 = database
            .query_row(
                "SELECT count(*) FROM records JOIN types USING (type) WHERE name = 'AuditEvent'",
                [],
                |row| row.get(0),
            )
            .unwrap();
        assert_eq!(count, number + 1);
    }
    assert_eq!(ids(&client.get("/fhir/Patient?_id=p1").json()), ["p1"]);
}
