//! Who gets in, and what each role sees.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use common::{PASSWORD, World, ids};
use hospital::Role;
use serde_json::{Value, json};

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

#[test]
fn no_token_no_data() {
    let world = World::new();
    let stranger = world.stranger();
    for (method, path) in [
        ("GET", "/fhir/Patient"),
        ("GET", "/fhir/Patient/1"),
        ("POST", "/fhir"),
        ("POST", "/fhir/Patient/_search"),
        ("GET", "/fhir/_history"),
        ("GET", "/fhir/Unicorn/1"),
        ("DELETE", "/fhir/Patient/1"),
    ] {
        let answer = stranger.send(method, path, &[], None).expect(401);
        assert!(
            answer.header("www-authenticate").starts_with("Bearer"),
            "{method} {path}"
        );
        assert_eq!(answer.failure(), "unauthorised");
    }
    stranger.get("/fhir/metadata").expect(200);
    stranger
        .get("/fhir/.well-known/smart-configuration")
        .expect(200);
    let mut forged = world.stranger();
    for token in ["x", "eyJhbGciOiJub25lIn0.e30.", ""] {
        forged.token = Some(token.into());
        forged.get("/fhir/Patient").expect(401);
    }
}

#[test]
fn people_and_systems_sign_in() {
    let world = World::new();
    world.add_user("ada", Role::Clinician, None);
    world.add_user("lab", Role::System, None);
    world.add_user("pat", Role::Patient, Some("p1"));
    let client = world.stranger();
    let form = |body: String| client.send("POST", "/auth/token", &[FORM], Some(body.as_bytes()));
    let password = |name: &str, word: &str| {
        form(format!(
            "grant_type=password&username={name}&password={}",
            word.replace(' ', "+")
        ))
    };
    let granted = password("ada", PASSWORD).expect(200);
    assert_eq!(granted.header("cache-control"), "no-store");
    let body = granted.json();
    assert_eq!(body["token_type"], "Bearer");
    assert_eq!(body["expires_in"], 3600);
    let mut ada = world.stranger();
    ada.token = Some(body["access_token"].as_str().unwrap().to_owned());
    ada.get("/fhir/Patient").expect(200);
    assert_eq!(
        password("pat", PASSWORD).expect(200).json()["patient"],
        "p1"
    );

    // "lab:correct horse"
    let basic = ("authorization", "Basic bGFiOmNvcnJlY3QraG9yc2U=");
    let grant = Some(&b"grant_type=client_credentials"[..]);
    client
        .send("POST", "/auth/token", &[FORM, basic], grant)
        .expect(200);
    form(format!(
        "grant_type=client_credentials&client_id=lab&client_secret={}",
        PASSWORD.replace(' ', "+")
    ))
    .expect(200);

    assert_eq!(
        password("ada", "wrong").expect(400).json()["error"],
        "invalid_grant"
    );
    assert_eq!(
        password("nobody", "wrong").expect(400).json()["error"],
        "invalid_grant"
    );
    assert_eq!(
        password("lab", PASSWORD).expect(400).json()["error"],
        "unauthorized_client"
    );
    assert_eq!(
        form("grant_type=magic".into()).json()["error"],
        "unsupported_grant_type"
    );
    assert_eq!(form(String::new()).json()["error"], "invalid_request");
    let keys = client.get("/auth/jwks").expect(200).json();
    assert_eq!(keys["keys"][0]["kty"], "OKP");
}

#[test]
fn guessing_has_to_wait() {
    let world = World::new();
    world.add_user("ada", Role::Clinician, None);
    let client = world.stranger();
    let guess = || {
        let body = b"grant_type=password&username=ada&password=guess";
        client.send("POST", "/auth/token", &[FORM], Some(body))
    };
    for _ in 0..5 {
        guess().expect(400);
    }
    let waiting = guess().expect(429);
    assert!(waiting.header("retry-after").parse::<u64>().unwrap() >= 1);
}

#[test]
fn a_patient_sees_the_own_compartment_only() {
    let world = World::new();
    let clinician = world.clinician();
    let note = |id: &str, subject: &str| {
        json!({ "resourceType": "Observation", "id": id, "status": "final",
                "code": { "text": "x" }, "subject": { "reference": format!("Patient/{subject}") },
                "performer": [{ "reference": "Practitioner/doc" }] })
    };
    for id in ["p1", "p2"] {
        let patient = json!({ "resourceType": "Patient", "id": id, "active": true });
        clinician
            .put(&format!("/fhir/Patient/{id}"), &patient)
            .expect(201);
        let mine = format!("o-{id}");
        clinician
            .put(&format!("/fhir/Observation/{mine}"), &note(&mine, id))
            .expect(201);
    }
    let doctor = json!({ "resourceType": "Practitioner", "id": "doc" });
    clinician.put("/fhir/Practitioner/doc", &doctor).expect(201);

    let patient = world.client(Role::Patient, Some("p1"));
    patient.get("/fhir/Patient/p1").expect(200);
    patient.get("/fhir/Observation/o-p1").expect(200);
    for path in [
        "/fhir/Patient/p2",
        "/fhir/Observation/o-p2",
        "/fhir/Observation/o-p2/_history/1",
        "/fhir/Observation/o-p2/_history/1/$receipt",
        "/fhir/Observation/o-p2/_history",
        "/fhir/Practitioner/doc",
    ] {
        let hidden = patient.get(path).expect(404);
        let absent = patient.get(&path.replace("o-p2", "o-xx").replace("/p2", "/xx"));
        assert_eq!(
            hidden.failure(),
            absent.failure(),
            "hidden and absent answer alike: {path}"
        );
    }
    let found = patient
        .get("/fhir/Observation?_total=accurate")
        .expect(200)
        .json();
    assert_eq!(
        (ids(&found), &found["total"]),
        (vec!["o-p1".to_owned()], &json!(1))
    );
    let included = patient
        .get("/fhir/Observation?_include=Observation:performer")
        .expect(200)
        .json();
    assert_eq!(included["entry"].as_array().unwrap().len(), 1, "{included}");
    let history = patient.get("/fhir/_history").expect(200).json();
    let records = history["entry"].as_array().unwrap().iter();
    // The own log of accesses is in the compartment, too.
    let records = records.filter(|entry| entry["resource"]["resourceType"] != "AuditEvent");
    assert_eq!(records.count(), 2, "{history}");
    patient
        .post("/fhir/Observation", &note("x", "p1"))
        .expect(403);
    patient.delete("/fhir/Observation/o-p1").expect(403);
    moved_records_are_seen_by_the_new_patient(&world, &clinician, &note);
}

fn moved_records_are_seen_by_the_new_patient(
    world: &World,
    clinician: &common::Client,
    note: &impl Fn(&str, &str) -> Value,
) {
    let patient = world.client(Role::Patient, Some("p1"));
    // Moved to another patient, the record is no longer the first one's to see: any version.
    clinician
        .put("/fhir/Observation/o-p1", &note("o-p1", "p2"))
        .expect(200);
    patient.get("/fhir/Observation/o-p1").expect(404);
    let second = world.client(Role::Patient, Some("p2"));
    second.get("/fhir/Observation/o-p1").expect(200);
    second.get("/fhir/Observation/o-p1/_history/1").expect(404);
    let history = second
        .get("/fhir/Observation/o-p1/_history")
        .expect(200)
        .json();
    assert_eq!(history["entry"].as_array().unwrap().len(), 1);
}

#[test]
fn each_role_does_what_the_table_says() {
    let world = World::new();
    let clinician = world.clinician();
    clinician
        .put(
            "/fhir/Patient/p",
            &json!({ "resourceType": "Patient", "id": "p" }),
        )
        .expect(201);
    let medication = json!({ "resourceType": "Medication" });
    let event = |role: Role| world.client(role, None).get("/fhir/AuditEvent").status;
    let read = |role: Role| world.client(role, None).get("/fhir/Patient/p").status;
    let write =
        |role: Role, path: &str, body: &Value| world.client(role, None).post(path, body).status;
    let patient = json!({ "resourceType": "Patient" });
    for (role, reads, writes, dispenses, audits) in [
        (Role::Clinician, 200, 201, 201, 200),
        (Role::System, 200, 201, 201, 200),
        (Role::Pharmacist, 200, 403, 201, 200),
        (Role::Auditor, 403, 403, 403, 200),
        (Role::Researcher, 403, 403, 403, 403),
        (Role::Admin, 403, 403, 403, 403),
    ] {
        assert_eq!(read(role), reads, "{role}");
        assert_eq!(write(role, "/fhir/Patient", &patient), writes, "{role}");
        assert_eq!(
            write(role, "/fhir/Medication", &medication),
            dispenses,
            "{role}"
        );
        assert_eq!(event(role), audits, "{role}");
    }
    // The same table inside a bundle.
    let bundle = json!({ "resourceType": "Bundle", "type": "transaction", "entry": [
        { "resource": medication, "request": { "method": "POST", "url": "Medication" } },
        { "resource": patient, "request": { "method": "POST", "url": "Patient" } } ] });
    world
        .client(Role::Pharmacist, None)
        .post("/fhir", &bundle)
        .expect(403);
    assert_eq!(
        ids(&clinician.get("/fhir/Medication").json()).len(),
        3,
        "nothing of it stored"
    );
}

#[test]
fn only_an_administrator_runs_the_node() {
    let world = World::new();
    let admin = world.client(Role::Admin, None);
    let kind = [("content-type", "application/json")];
    let user = json!({ "username": "new", "password": PASSWORD, "role": "auditor" }).to_string();
    let add = |client: &common::Client, body: &str| {
        client.send("POST", "/auth/users", &kind, Some(body.as_bytes()))
    };
    add(&world.clinician(), &user).expect(403);
    add(&world.stranger(), &user).expect(401);
    add(&admin, &user).expect(201);
    let problem = add(
        &admin,
        r#"{"username":"x","password":"short","role":"auditor"}"#,
    )
    .expect(400);
    assert_eq!(problem.header("content-type"), "application/problem+json");
    assert!(problem.json()["hint"].is_string());
    let users = admin.get("/auth/users").expect(200).json();
    assert_eq!(
        users["users"][0],
        json!({ "username": "new", "role": "auditor", "patient": null })
    );

    let proposal = json!({ "set_parameters": {
        "block_interval_ms": 60, "block_bytes_max": 1_048_576, "batch_interval_ms": 200,
        "epoch_blocks": 600, "early_batches": true, "expiry_blocks_max": 6000,
        "proposal_blocks": 1000 } });
    world
        .clinician()
        .post("/ledger/proposals", &proposal)
        .expect(403);
    admin
        .post("/ledger/proposals", &json!({ "set_parameters": {} }))
        .expect(400);
    admin.post("/ledger/proposals", &proposal).expect(202);
    // One organisation is two thirds of one: the proposal is executed in its block.
    let began = std::time::Instant::now();
    loop {
        let status = world
            .stranger()
            .get("/ledger/organisations")
            .expect(200)
            .json();
        if status["parameters"]["block_interval_ms"] == 60 {
            break;
        }
        assert!(began.elapsed().as_secs() < 10, "{status}");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    let nothing = format!("/ledger/proposals/{}/votes", "0".repeat(64));
    admin
        .post(&nothing, &json!({ "approve": true }))
        .expect(404);
}
