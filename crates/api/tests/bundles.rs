//! Batches and transactions: all or nothing, references, conditions, order, bounds.

#![allow(
    clippy::unwrap_used,
    clippy::needless_pass_by_value,
    clippy::print_stdout,
    reason = "a test may panic, print and copy"
)]

mod common;

use std::path::PathBuf;

use common::{World, ids};
use serde_json::{Value, json};

fn transaction(entries: Value) -> Value {
    json!({ "resourceType": "Bundle", "type": "transaction", "entry": entries })
}

fn observation(subject: &str) -> Value {
    json!({ "resourceType": "Observation", "status": "final", "code": { "text": "x" },
            "subject": { "reference": subject } })
}

fn synthea() -> Vec<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/data/fhir/synthea-r4-transactions");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .map(|entries| entries.flatten().map(|entry| entry.path()).collect())
        .unwrap_or_default();
    files.retain(|path| path.extension().is_some_and(|kind| kind == "json"));
    files.sort();
    files
}

#[test]
fn every_synthea_bundle_goes_in_whole() {
    let files = synthea();
    if files.is_empty() {
        println!("skipped: the Synthea bundles are not here");
        return;
    }
    let world = World::new();
    let client = world.clinician();
    for path in files {
        let bytes = std::fs::read(&path).unwrap();
        let sent: Value = serde_json::from_slice(&bytes).unwrap();
        let began = std::time::Instant::now();
        let answer = client
            .send("POST", "/fhir", &[], Some(&bytes))
            .expect(200)
            .json();
        let entries = answer["entry"].as_array().unwrap();
        println!(
            "{} entries in {} ms",
            entries.len(),
            began.elapsed().as_millis()
        );
        assert_eq!(entries.len(), sent["entry"].as_array().unwrap().len());
        assert!(
            entries
                .iter()
                .all(|entry| entry["response"]["status"] == "201 Created")
        );
        let patient = entries[0]["response"]["location"].as_str().unwrap();
        let patient = patient.split("/_history").next().unwrap();
        let found = client.get(&format!(
            "/fhir/Observation?subject={patient}&_total=accurate"
        ));
        let sent = sent["entry"].as_array().unwrap();
        let count = sent
            .iter()
            .filter(|it| it["resource"]["resourceType"] == "Observation")
            .count();
        assert_eq!(found.expect(200).json()["total"], count);
    }
}

#[test]
fn references_between_entries_are_resolved() {
    let world = World::new();
    let client = world.clinician();
    let doctor = json!({ "resourceType": "Practitioner",
        "identifier": [{ "system": "http://example.org/npi", "value": "42" }] });
    let doctor = client.post("/fhir/Practitioner", &doctor).expect(201).id();
    let mut note = observation("urn:uuid:11111111-1111-4111-8111-111111111111");
    note["performer"] =
        json!([{ "reference": "Practitioner?identifier=http://example.org/npi|42" }]);
    let relative = observation("Patient/local");
    let bundle = transaction(json!([
        { "fullUrl": "urn:uuid:22222222-2222-4222-8222-222222222222", "resource": note,
          "request": { "method": "POST", "url": "Observation" } },
        { "fullUrl": "urn:uuid:11111111-1111-4111-8111-111111111111",
          "resource": { "resourceType": "Patient", "active": true },
          "request": { "method": "POST", "url": "Patient" } },
        { "fullUrl": "http://old.example.org/fhir/Patient/local",
          "resource": { "resourceType": "Patient", "active": false },
          "request": { "method": "POST", "url": "Patient" } },
        { "fullUrl": "http://old.example.org/fhir/Observation/o", "resource": relative,
          "request": { "method": "POST", "url": "Observation" } },
        { "request": { "method": "GET",
                       "url": "Practitioner?identifier=http://example.org/npi|42" } }
    ]));
    let answer = client.post("/fhir", &bundle).expect(200).json();
    let place = |at: usize| {
        let location = answer["entry"][at]["response"]["location"]
            .as_str()
            .unwrap();
        location.split("/_history").next().unwrap().to_owned()
    };
    let stored = client
        .get(&format!("/fhir/{}", place(0)))
        .expect(200)
        .json();
    assert_eq!(stored["subject"]["reference"], place(1));
    assert_eq!(
        stored["performer"][0]["reference"],
        format!("Practitioner/{doctor}")
    );
    let stored = client
        .get(&format!("/fhir/{}", place(3)))
        .expect(200)
        .json();
    assert_eq!(stored["subject"]["reference"], place(2));
    assert_eq!(ids(&answer["entry"][4]["resource"]), [doctor]);
}

#[test]
fn one_wrong_entry_stores_nothing() {
    let world = World::new();
    let client = world.clinician();
    let mut entries: Vec<Value> = (0..600)
        .map(|_| {
            json!({ "resource": { "resourceType": "Patient", "active": true },
                    "request": { "method": "POST", "url": "Patient" } })
        })
        .collect();
    entries[399]["resource"] = json!({ "resourceType": "Patient", "birthDate": "yesterday" });
    let refused = client
        .post("/fhir", &transaction(entries.clone().into()))
        .expect(422);
    assert_eq!(refused.expression(), "Bundle.entry[399].resource.birthDate");
    entries[399]["resource"] = json!({ "resourceType": "Patient", "colour": "red" });
    let refused = client
        .post("/fhir", &transaction(entries.clone().into()))
        .expect(422);
    assert!(
        refused
            .expression()
            .starts_with("Bundle.entry[399].resource"),
        "{}",
        refused.text()
    );
    entries[399]["resource"] = json!({ "resourceType": "Observation" });
    let refused = client.post("/fhir", &transaction(entries.clone().into()));
    assert!(
        refused.status >= 400,
        "a resource under the url of another type"
    );
    entries[399] = json!({ "resource": { "resourceType": "Patient" } });
    let refused = client.post("/fhir", &transaction(entries.into()));
    assert!(
        refused.expression().starts_with("Bundle.entry[399]"),
        "{}",
        refused.text()
    );
    let found = client
        .get("/fhir/Patient?_total=accurate&_count=1")
        .expect(200)
        .json();
    assert_eq!(found["total"], 0);
    assert!(
        client
            .get("/fhir/Patient/_history")
            .expect(200)
            .json()
            .get("entry")
            .is_none()
    );
}

#[test]
fn the_order_is_delete_create_update_read() {
    let world = World::new();
    let client = world.clinician();
    let old = json!({ "resourceType": "Patient",
        "identifier": [{ "system": "http://x", "value": "1" }] });
    let id = client.post("/fhir/Patient", &old).expect(201).id();
    let fixed = json!({ "resourceType": "Patient", "id": "fixed", "active": true });
    let bundle = transaction(json!([
        { "request": { "method": "GET", "url": "Patient/fixed" } },
        { "resource": fixed, "request": { "method": "PUT", "url": "Patient/fixed" } },
        { "resource": old, "request": { "method": "POST", "url": "Patient" } },
        { "request": { "method": "DELETE", "url": format!("Patient/{id}") } }
    ]));
    let answer = client.post("/fhir", &bundle).expect(200).json();
    let status = |at: usize| answer["entry"][at]["response"]["status"].as_str().unwrap();
    assert_eq!(status(0), "200 OK");
    assert_eq!(answer["entry"][0]["resource"]["id"], "fixed");
    assert_eq!(
        (status(1), status(2), status(3)),
        ("201 Created", "201 Created", "204 No Content")
    );
    client.get(&format!("/fhir/Patient/{id}")).expect(410);
}

#[test]
fn doubles_and_stale_or_ambiguous_conditions_refuse_the_whole() {
    let world = World::new();
    let client = world.clinician();
    let patient = |id: &str| json!({ "resourceType": "Patient", "id": id, "gender": "female" });
    for id in ["a", "b"] {
        client
            .put(&format!("/fhir/Patient/{id}"), &patient(id))
            .expect(201);
    }
    let put = |id: &str, extra: Value| {
        let mut request = json!({ "method": "PUT", "url": format!("Patient/{id}") });
        for (name, value) in extra.as_object().unwrap() {
            request[name] = value.clone();
        }
        json!({ "resource": patient(id), "request": request })
    };
    let double = transaction(json!([put("a", json!({})), put("a", json!({}))]));
    let refused = client.post("/fhir", &double).expect(422);
    assert_eq!(refused.expression(), "Bundle.entry[1].request.url");
    let stale = transaction(json!([
        put("b", json!({})),
        put("a", json!({ "ifMatch": "W/\"9\"" }))
    ]));
    let refused = client.post("/fhir", &stale).expect(412);
    assert_eq!(refused.expression(), "Bundle.entry[1]");
    let several = json!({ "resource": { "resourceType": "Patient" },
        "request": { "method": "POST", "url": "Patient", "ifNoneExist": "gender=female" } });
    let several = transaction(json!([put("a", json!({})), several]));
    assert_eq!(
        client.post("/fhir", &several).expect(412).failure(),
        "several"
    );
    let dangling = transaction(json!([
        put("a", json!({})),
        { "resource": observation("urn:uuid:99999999-9999-4999-8999-999999999999"),
          "request": { "method": "POST", "url": "Observation" } }
    ]));
    client.post("/fhir", &dangling).expect(400);
    let fresh = client.get("/fhir/Patient/a").expect(200);
    assert_eq!(fresh.header("etag"), "W/\"1\"", "nothing of it was stored");
    let good = transaction(json!([
        put("a", json!({ "ifMatch": "W/\"1\"" })),
        { "resource": { "resourceType": "Patient" },
          "request": { "method": "POST", "url": "Patient", "ifNoneExist": "_id=b" } }
    ]));
    let answer = client.post("/fhir", &good).expect(200).json();
    assert_eq!(answer["entry"][0]["response"]["etag"], "W/\"2\"");
    assert_eq!(
        answer["entry"][1]["response"]["location"],
        "Patient/b/_history/1"
    );
}

#[test]
fn a_patch_travels_as_a_binary() {
    let world = World::new();
    let client = world.clinician();
    let id = client
        .post("/fhir/Patient", &json!({ "resourceType": "Patient" }))
        .expect(201)
        .id();
    // [{"op":"add","path":"/active","value":true}]
    let data = "W3sib3AiOiJhZGQiLCJwYXRoIjoiL2FjdGl2ZSIsInZhbHVlIjp0cnVlfV0=";
    let bundle = transaction(json!([{
        "resource": { "resourceType": "Binary", "contentType": "application/json-patch+json",
                      "data": data },
        "request": { "method": "PATCH", "url": format!("Patient/{id}") } }]));
    client.post("/fhir", &bundle).expect(200);
    let read = client
        .get(&format!("/fhir/Patient/{id}"))
        .expect(200)
        .json();
    assert_eq!(read["active"], true);
}

#[test]
fn a_batch_does_what_it_can() {
    let world = World::new();
    let client = world.clinician();
    let bundle = json!({ "resourceType": "Bundle", "type": "batch", "entry": [
        { "resource": { "resourceType": "Patient", "active": true },
          "request": { "method": "POST", "url": "Patient" } },
        { "resource": { "resourceType": "Patient", "active": "maybe" },
          "request": { "method": "POST", "url": "Patient" } },
        { "request": { "method": "GET", "url": "Patient/nobody" } },
        { "request": { "method": "GET", "url": "Patient?active=true" } },
        { "request": { "method": "GET", "url": "Unicorn/1" } }
    ] });
    let answer = client.post("/fhir", &bundle).expect(200).json();
    let status = |at: usize| answer["entry"][at]["response"]["status"].as_str().unwrap();
    assert_eq!(answer["type"], "batch-response");
    assert_eq!(status(0), "201 Created");
    assert!(status(1).starts_with("422"));
    let outcome = &answer["entry"][1]["response"]["outcome"];
    assert_eq!(outcome["issue"][0]["expression"][0], "Patient.active");
    assert!(status(2).starts_with("404"));
    assert_eq!(ids(&answer["entry"][3]["resource"]).len(), 1);
    assert!(status(4).starts_with('4'), "{}", status(4));
}

#[test]
fn four_thousand_entries_go_in_fast() {
    let world = World::new();
    let client = world.clinician();
    let entries: Vec<Value> = (0..4_000)
        .map(|number| {
            let mut note = observation("urn:uuid:11111111-1111-4111-8111-111111111111");
            note["valueQuantity"] = json!({ "value": number, "unit": "mg" });
            json!({ "resource": note, "request": { "method": "POST", "url": "Observation" } })
        })
        .chain([json!({
            "fullUrl": "urn:uuid:11111111-1111-4111-8111-111111111111",
            "resource": { "resourceType": "Patient" },
            "request": { "method": "POST", "url": "Patient" } })])
        .collect();
    let began = std::time::Instant::now();
    let answer = client
        .post("/fhir", &transaction(entries.into()))
        .expect(200)
        .json();
    println!("4,001 entries in {} ms", began.elapsed().as_millis());
    assert_eq!(answer["entry"].as_array().unwrap().len(), 4_001);
    assert!(began.elapsed().as_secs() < 20);
}
