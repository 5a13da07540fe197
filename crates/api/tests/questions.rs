//! Questions of patients about accesses, and the answers of the privacy officer.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use common::{Answer, Client, World};
use hospital::Role;
use hospital::access_log::{Access, AccessAgent, AccessDeed};
use serde_json::{Value, json};

fn world() -> World {
    let world = World::new();
    for id in ["p1", "p2"] {
        let patient = json!({ "resourceType": "Patient", "id": id });
        let path = format!("/fhir/Patient/{id}");
        world.clinician().put(&path, &patient).expect(201);
    }
    world
}

/// An event of a patient's log: somebody read the record, or opened it in an emergency.
fn event(world: &World, patient: &str, deed: AccessDeed) -> String {
    let access = Access {
        patient: Some(patient.into()),
        ..Access::new(AccessAgent::default(), deed, world.hospital.now_us())
    };
    let written = world.wait(world.hospital.record_access(access)).unwrap();
    format!("AuditEvent/{}", written.id)
}

fn opening(world: &World, patient: &str) -> String {
    let to = "north-clinic".into();
    event(world, patient, AccessDeed::BreakGlass { to })
}

fn ask(client: &Client, about: &str, kind: &str) -> Answer {
    let form = json!({ "about": about, "kind": kind, "text": "Why was this, please?" });
    client.post("/questions", &form)
}

fn listed(client: &Client, query: &str) -> Vec<Value> {
    let answer = client.get(&format!("/questions{query}")).expect(200).json();
    answer["questions"].as_array().unwrap().clone()
}

#[test]
fn a_patient_asks_and_the_privacy_officer_answers() {
    let world = world();
    let own = world.client(Role::Patient, Some("p1"));
    let officer = world.client(Role::Auditor, None);
    let read = event(&world, "p1", AccessDeed::Read);
    let opened = opening(&world, "p1");
    let asked = ask(&own, &format!("{read}/_history/1"), "why")
        .expect(201)
        .json();
    assert_eq!(asked["about"], read);
    ask(&own, &opened, "contest").expect(201);
    ask(&own, &opened, "acknowledge").expect(201);

    // The oldest first, nothing of other patients' and no acknowledgement.
    let open = listed(&officer, "?state=open");
    assert_eq!(open.len(), 2);
    assert_eq!(open[0], asked);
    assert_eq!(open[1]["kind"], "contest");
    assert_eq!(listed(&own, "").len(), 3);
    assert!(listed(&world.client(Role::Patient, Some("p2")), "").is_empty());
    let first = officer
        .get("/questions?count=1&state=open")
        .expect(200)
        .json();
    let after = first["next"].as_str().unwrap();
    let second = listed(&officer, &format!("?count=1&state=open&after={after}"));
    assert_eq!(second, open[1..]);

    let path = format!("/questions/{}/answer", asked["id"].as_str().unwrap());
    let text = json!({ "text": "Your ward doctor looked before the visit." });
    let told = officer.post(&path, &text).expect(201).json();
    assert_eq!(told["answer"]["by"], "test-auditor");
    officer.post(&path, &text).expect(409);
    let answered = listed(&own, "?state=answered");
    assert!(answered.contains(&told), "{answered:?}");
    assert_eq!(
        listed(&officer, "?state=answered"),
        std::slice::from_ref(&told)
    );
    assert_eq!(listed(&officer, "?state=open").len(), 1);

    // Both are records of the patient, valid and with a receipt, and their writing is in the log.
    for (id, version) in [(&asked["id"], 2), (&told["answer"]["id"], 1)] {
        let path = format!("/fhir/Communication/{}", id.as_str().unwrap());
        let record = own.get(&path).expect(200).json();
        assert_eq!(fhir::validate::resource(&record), [], "{record}");
        own.receipt(&format!("{path}/_history/{version}"))
            .expect(200);
    }
    let log = "/fhir/AuditEvent?patient=p1&_count=100";
    let log = officer.get(log).expect(200).text();
    for said in ["answer-question", "list-questions"] {
        assert!(log.contains(said), "{said}");
    }
}

#[test]
fn a_patient_asks_about_what_the_patient_sees_and_nothing_else() {
    let world = world();
    let own = world.client(Role::Patient, Some("p1"));
    let others = [
        event(&world, "p2", AccessDeed::Read),
        opening(&world, "p2"),
        "AuditEvent/00000000-0000-4000-8000-000000000000".into(),
        "AuditEvent/no id".into(),
        "Patient/p1".into(),
        "ab".repeat(32),
        String::new(),
    ];
    for kind in ["why", "contest", "acknowledge"] {
        for about in &others {
            let answer = ask(&own, about, kind).expect(404).json();
            assert_eq!(answer["code"], "absent", "{about}");
            let told = answer["detail"].as_str().unwrap();
            assert!(told.ends_with("is not known here"), "{told}");
        }
    }
    let read = event(&world, "p1", AccessDeed::Read);
    ask(&own, &read, "contest").expect(422);
    ask(&own, &read, "complain").expect(400);
    for role in [Role::Clinician, Role::Auditor, Role::Admin, Role::System] {
        ask(&world.client(role, None), &read, "why").expect(403);
    }
    for role in [Role::Clinician, Role::Admin, Role::System] {
        world.client(role, None).get("/questions").expect(403);
    }
    let id = ask(&own, &read, "why").expect(201).json()["id"].clone();
    let path = format!("/questions/{}/answer", id.as_str().unwrap());
    for client in [&own, &world.clinician()] {
        client
            .post(&path, &json!({ "text": "It was me." }))
            .expect(403);
    }
    let officer = world.client(Role::Auditor, None);
    for path in ["/questions/none/answer", "/questions/ä/answer"] {
        officer.post(path, &json!({ "text": "x" })).expect(404);
    }
    assert_eq!(listed(&own, "").len(), 1);
}

#[test]
fn nobody_else_writes_a_question_or_an_answer() {
    let world = world();
    let own = world.client(Role::Patient, Some("p1"));
    let read = event(&world, "p1", AccessDeed::Read);
    let id = ask(&own, &read, "why").expect(201).json()["id"].clone();
    let path = format!("/fhir/Communication/{}", id.as_str().unwrap());
    let clinician = world.clinician();
    let question = clinician.get(&path).expect(200).json();
    let mut plain = question.clone();
    plain.as_object_mut().unwrap().remove("category");
    let mut forged = question.clone();
    forged.as_object_mut().unwrap().remove("id");
    forged["category"] = json!([{ "text": "x" }, { "coding": [
        { "system": "urn:salus:question", "code": "answer" }] }]);
    clinician.post("/fhir/Communication", &forged).expect(403);
    clinician.put(&path, &plain).expect(403);
    clinician.delete(&path).expect(403);
    let removal = br#"[{"op":"remove","path":"/category"}]"#;
    let headers = [("content-type", "application/json-patch+json")];
    let patched = clinician.send("PATCH", &path, &headers, Some(removal));
    patched.expect(403);
    for (body, method, url) in [
        (&forged, "POST", "Communication"),
        (&plain, "PUT", path.trim_start_matches("/fhir/")),
    ] {
        let entry = json!({ "resource": body, "request": { "method": method, "url": url } });
        let bundle = json!({
            "resourceType": "Bundle", "type": "transaction", "entry": [entry]
        });
        clinician.post("/fhir", &bundle).expect(403);
    }
    assert_eq!(clinician.get(&path).expect(200).json(), question);
    // Other Communications are records like any.
    plain.as_object_mut().unwrap().remove("id");
    plain.as_object_mut().unwrap().remove("identifier");
    clinician.post("/fhir/Communication", &plain).expect(201);
    assert_eq!(listed(&own, "").len(), 1);
}

#[test]
fn questions_are_bounded_and_an_acknowledgement_is_given_once() {
    let world = world();
    let own = world.client(Role::Patient, Some("p1"));
    let first = opening(&world, "p1");
    let seen = ask(&own, &first, "acknowledge").expect(201).json();
    assert_eq!(ask(&own, &first, "acknowledge").expect(201).json(), seen);
    assert_eq!(seen["open"], false);
    for text in ["", " ", "bell \u{7}", &"é".repeat(2_001)] {
        let form = json!({ "about": first, "kind": "why", "text": text });
        own.post("/questions", &form).expect(400);
    }
    let form = json!({ "about": first, "kind": "why", "text": "é".repeat(2_000) });
    own.post("/questions", &form).expect(201);
    own.post("/questions", &form).expect(409);
    for _ in 1..hospital::QUESTIONS_OPEN_MAX {
        let about = event(&world, "p1", AccessDeed::Read);
        ask(&own, &about, "why").expect(201);
    }
    ask(&own, &event(&world, "p1", AccessDeed::Read), "why").expect(422);
    // The bound is of questions, and of one patient.
    ask(&own, &opening(&world, "p1"), "acknowledge").expect(201);
    let other = world.client(Role::Patient, Some("p2"));
    ask(&other, &event(&world, "p2", AccessDeed::Read), "why").expect(201);
}

#[test]
fn a_delegate_asks_in_the_patient_s_place() {
    let world = world();
    world.add_user("mum", Role::Patient, Some("p2"));
    let until = hospital::instant::fhir(world.hospital.now_us() + 3_600_000_000);
    let form = json!({
        "patient": "p1", "delegate": "mum", "kind": "guardian", "until": until
    });
    world
        .clinician()
        .post("/identity/delegations", &form)
        .expect(201);
    let caller = hospital::Caller::new("mum", Role::Patient, Some("p2".into()));
    let token = api::issue_token(&world.config, &caller, world.hospital.now_us()).unwrap();
    let mum = Client::to(&world.base, token);
    let about = event(&world, "p1", AccessDeed::Read);
    ask(&mum, &about, "why").expect(404);
    let form = json!({ "about": about, "kind": "why" }).to_string();
    let acting = [("acting-for", "p1")];
    let asked = mum.send("POST", "/questions", &acting, Some(form.as_bytes()));
    let asked = asked.expect(201).json();
    assert_eq!(
        (&asked["by"], &asked["patient"]),
        (&"mum".into(), &"p1".into())
    );
    let seen = mum
        .send("GET", "/questions", &acting, None)
        .expect(200)
        .json();
    assert_eq!(seen["questions"], json!([asked]));
    assert!(listed(&mum, "").is_empty());
    assert_eq!(
        listed(&world.client(Role::Patient, Some("p1")), "").len(),
        1
    );
}
