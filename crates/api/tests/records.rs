//! One record after the other: create, read, update, patch, delete, history, conditions.

mod common;

use common::{World, ids};
use serde_json::{Value, json};

fn patient(family: &str) -> Value {
    json!({ "resourceType": "Patient", "name": [{ "family": family, "given": ["Ada"] }],
            "identifier": [{ "system": "http://example.org/mrn", "value": family }] })
}

#[test]
fn a_record_lives_through_its_versions() {
    let world = World::new();
    let client = world.clinician();
    let created = client.post("/fhir/Patient", &patient("Curie")).expect(201);
    let id = created.id();
    assert_eq!(created.header("etag"), "W/\"1\"");
    let location = format!("{}/fhir/Patient/{id}/_history/1", world.base);
    assert_eq!(created.header("location"), location);
    assert!(!created.header("last-modified").is_empty());
    assert_eq!(created.json()["meta"]["versionId"], "1");

    let read = client.get(&format!("/fhir/Patient/{id}")).expect(200);
    assert_eq!(read.bytes, created.bytes, "what is read is what was stored");
    assert!(
        read.header("content-type")
            .starts_with("application/fhir+json")
    );

    let mut second = read.json();
    second["birthDate"] = json!("1867-11-07");
    let updated = client
        .put(&format!("/fhir/Patient/{id}"), &second)
        .expect(200);
    assert_eq!(updated.header("etag"), "W/\"2\"");

    let operations = json!([{ "op": "replace", "path": "/birthDate", "value": "1867-11-08" }]);
    let kind = [("content-type", "application/json-patch+json")];
    let path = format!("/fhir/Patient/{id}");
    let patched = client.send(
        "PATCH",
        &path,
        &kind,
        Some(operations.to_string().as_bytes()),
    );
    assert_eq!(patched.expect(200).json()["birthDate"], "1867-11-08");

    client.delete(&path).expect(204);
    assert_eq!(client.get(&path).expect(410).failure(), "gone");
    client.get(&format!("{path}/_history/4")).expect(410);
    let first = client.get(&format!("{path}/_history/1")).expect(200);
    assert_eq!(first.bytes, created.bytes, "old versions stay as they were");
    assert_eq!(ids(&client.get("/fhir/Patient?name=curie").json()).len(), 0);
    client.delete(&path).expect(204);

    let history = client.get(&format!("{path}/_history")).expect(200).json();
    let verbs: Vec<&str> = history["entry"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["request"]["method"].as_str().unwrap())
        .collect();
    assert_eq!(verbs, ["DELETE", "PATCH", "PUT", "POST"]);
    assert!(history["entry"][0].get("resource").is_none());

    // Coming back makes a new version.
    let mut again = patient("Curie");
    again["id"] = json!(id);
    let revived = client.put(&path, &again).expect(201);
    assert_eq!(revived.header("etag"), "W/\"5\"");
    client.get(&path).expect(200);
}

#[test]
fn decimals_and_what_the_client_added_come_back_as_sent() {
    let world = World::new();
    let client = world.clinician();
    let text = r#"{"resourceType":"Observation","status":"final","code":{"text":"x"},
        "valueQuantity":{"value":1.500,"unit":"mg"},
        "extension":[{"url":"http://example.org/e","valueDecimal":0.00000000000000000001}],
        "meta":{"profile":["http://example.org/p"],"tag":[{"code":"t"}]}}"#;
    let created = client
        .send("POST", "/fhir/Observation", &[], Some(text.as_bytes()))
        .expect(201);
    let body = created.text();
    assert!(body.contains("\"value\":1.500"), "{body}");
    assert!(body.contains("0.00000000000000000001"), "{body}");
    assert_eq!(created.json()["meta"]["profile"][0], "http://example.org/p");
}

#[test]
fn conditions_on_writes_and_reads_hold() {
    let world = World::new();
    let client = world.clinician();
    let first = client
        .post("/fhir/Patient", &patient("Noether"))
        .expect(201);
    let path = format!("/fhir/Patient/{}", first.id());
    let body = first.json().to_string();
    let send = |method: &str, path: &str, name: &str, value: &str| {
        let body = (method != "GET" && method != "DELETE").then_some(body.as_bytes());
        client.send(method, path, &[(name, value)], body)
    };
    assert_eq!(
        send("PUT", &path, "if-match", "W/\"7\"")
            .expect(412)
            .failure(),
        "stale"
    );
    assert_eq!(
        send("PUT", &path, "if-none-match", "*")
            .expect(412)
            .failure(),
        "stale"
    );
    send("PUT", &path, "if-match", "W/\"1\"").expect(200);
    send("DELETE", &path, "if-match", "W/\"1\"").expect(412);
    assert_eq!(
        send("GET", &path, "if-none-match", "W/\"2\"")
            .expect(304)
            .bytes
            .len(),
        0
    );
    send("GET", &path, "if-none-match", "W/\"1\"").expect(200);
    let read = client.get(&path);
    send(
        "GET",
        &path,
        "if-modified-since",
        read.header("last-modified"),
    )
    .expect(304);
    send(
        "GET",
        &path,
        "if-modified-since",
        "Sun, 06 Nov 1994 08:49:37 GMT",
    )
    .expect(200);

    let key = "identifier=http://example.org/mrn|Noether";
    let found = send("POST", "/fhir/Patient", "if-none-exist", key).expect(200);
    assert_eq!(found.id(), first.id());
    let other = "identifier=http://example.org/mrn|Other";
    send("POST", "/fhir/Patient", "if-none-exist", other).expect(201);
    // Two have the family name now: a condition on it fits both.
    let many = send("POST", "/fhir/Patient", "if-none-exist", "family=Noether").expect(412);
    assert_eq!(many.failure(), "several");
    assert_eq!(
        client
            .delete("/fhir/Patient?family=Noether")
            .expect(412)
            .failure(),
        "several"
    );
    let unknown = send("POST", "/fhir/Patient", "if-none-exist", "colour=red");
    assert_eq!(unknown.status, 400, "{}", unknown.text());
}

#[test]
fn conditional_update_patch_and_delete_find_their_record() {
    let world = World::new();
    let client = world.clinician();
    let query = "/fhir/Patient?identifier=http://example.org/mrn%7CFranklin";
    let created = client.put(query, &patient("Franklin")).expect(201);
    let updated = client.put(query, &patient("Franklin")).expect(200);
    assert_eq!(updated.id(), created.id());
    assert_eq!(updated.header("etag"), "W/\"2\"");
    let patch = json!([{ "op": "add", "path": "/gender", "value": "female" }]).to_string();
    let kind = [("content-type", "application/json-patch+json")];
    let patched = client
        .send("PATCH", query, &kind, Some(patch.as_bytes()))
        .expect(200);
    assert_eq!(patched.json()["gender"], "female");
    client.delete(query).expect(204);
    client
        .get(&format!("/fhir/Patient/{}", created.id()))
        .expect(410);
    client.delete(query).expect(204);
    assert_eq!(
        client
            .send("PATCH", query, &kind, Some(patch.as_bytes()))
            .status,
        404
    );
}

#[test]
fn prefer_says_what_comes_back() {
    let world = World::new();
    let client = world.clinician();
    let body = patient("Hopper").to_string();
    let create = |prefer: &str| {
        client.send(
            "POST",
            "/fhir/Patient",
            &[("prefer", prefer)],
            Some(body.as_bytes()),
        )
    };
    assert!(create("return=minimal").expect(201).bytes.is_empty());
    assert_eq!(
        create("return=representation").expect(201).json()["resourceType"],
        "Patient"
    );
    let outcome = create("return=OperationOutcome").expect(201).json();
    assert_eq!(outcome["resourceType"], "OperationOutcome");
    let strict = [("prefer", "handling=strict")];
    client
        .send("GET", "/fhir/Patient?colour=red", &strict, None)
        .expect(400);
    let lenient = client
        .get("/fhir/Patient?colour=red&_count=2")
        .expect(200)
        .json();
    let this = common::link(&lenient, "self").unwrap();
    assert!(
        !this.contains("colour") && this.contains("_count=2"),
        "{this}"
    );
}
