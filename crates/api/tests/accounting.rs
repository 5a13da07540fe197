//! Disclosures that were made outside, and accountings that an agency asked to suspend.

#![allow(
    clippy::unwrap_used,
    clippy::needless_pass_by_value,
    clippy::print_stdout,
    reason = "a test may panic and print"
)]

mod common;

use common::{Answer, Client, World};
use hospital::Role;
use serde_json::{Value, json};

const AGENCY: &str = "Sheriff of Rivertown";

fn world() -> World {
    let world = World::new();
    let client = world.clinician();
    for id in ["p1", "p2"] {
        let patient = json!({ "resourceType": "Patient", "id": id });
        client
            .put(&format!("/fhir/Patient/{id}"), &patient)
            .expect(201);
        let observation = json!({ "resourceType": "Observation", "id": format!("o-{id}"),
            "status": "final", "code": { "text": "x" },
            "subject": { "reference": format!("Patient/{id}") } });
        client
            .put(&format!("/fhir/Observation/o-{id}"), &observation)
            .expect(201);
    }
    world
}

/// What a system reports that sent a fax.
fn faxed(patient: &str, to: &str) -> Value {
    json!({
        "resourceType": "AuditEvent",
        "type": { "system": "http://dicom.nema.org/resources/ontology/DCM", "code": "110106" },
        "action": "R",
        "recorded": "2026-03-02T10:00:00Z",
        "purposeOfEvent": [{ "coding": [{
            "system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "HLEGAL" }] }],
        "agent": [{
            "type": { "coding": [{ "code": "IRCP" }] },
            "who": { "display": to }, "requestor": false,
            "network": { "address": "+1 555 0100", "type": "3" }
        }],
        "entity": [
            { "what": { "reference": format!("Patient/{patient}") } },
            { "what": { "reference": format!("Observation/o-{patient}") } },
            { "description": "Discharge letter of 2019" }
        ]
    })
}

fn parameters(event: Value, more: &[Value]) -> Value {
    let mut all = vec![json!({ "name": "disclosure", "resource": event })];
    all.extend_from_slice(more);
    json!({ "resourceType": "Parameters", "parameter": all })
}

fn record(client: &Client, event: Value) -> Answer {
    client.post(
        "/fhir/AuditEvent/$recordDisclosure",
        &parameters(event, &[]),
    )
}

/// The id of the event that an answer names.
fn event_of(answer: &Answer) -> String {
    let place = answer.header("location").to_owned();
    let mut parts = place.split('/').skip_while(|part| *part != "AuditEvent");
    parts.nth(1).unwrap().to_owned()
}

fn lines(client: &Client, query: &str) -> Vec<Value> {
    let report = client.get(&format!("/reports/disclosures{query}"));
    let report = report.expect(200).json();
    report["lines"].as_array().unwrap().clone()
}

#[test]
fn a_disclosure_made_outside_is_in_the_accounting_with_its_receipt() {
    let world = world();
    let system = world.client(Role::System, None);
    let kept = record(&system, faxed("p1", "Dr Long, Rivertown")).expect(200);
    let own = world.client(Role::Patient, Some("p1"));
    let told = lines(&own, "");
    assert_eq!(told.len(), 1);
    let line = &told[0];
    assert_eq!(line["recipient"], "Dr Long, Rivertown");
    assert_eq!(line["date"], "2026-03-02T10:00:00.000Z", "when it was made");
    assert_eq!(line["what"], "Discharge letter of 2019: 1, Observation: 1");
    assert_eq!(line["purpose"], "HLEGAL");
    assert_eq!(
        line["event"],
        format!("AuditEvent/{}/_history/1", event_of(&kept))
    );
    let event = own.get(&format!("/fhir/AuditEvent/{}", event_of(&kept)));
    let event = event.expect(200).json();
    assert_eq!(event["agent"][0]["network"]["address"], "+1 555 0100");
    let receipt = own.receipt(&format!("/fhir/AuditEvent/{}/_history/1", event_of(&kept)));
    assert!(
        receipt
            .expect(200)
            .text()
            .starts_with("c2sp.org/tlog-proof")
    );
    assert!(lines(&world.client(Role::Patient, Some("p2")), "").is_empty());
    // Clinicians and the privacy officer record them too.
    record(&world.clinician(), faxed("p1", "Dr Long")).expect(200);
    record(&world.client(Role::Auditor, None), faxed("p1", "Dr Long")).expect(200);
    assert_eq!(lines(&own, "").len(), 3);
}

#[test]
fn what_is_no_disclosure_of_a_patient_here_is_not_recorded() {
    let world = world();
    let system = world.client(Role::System, None);
    for (path, value) in [
        ("/resourceType", json!("Patient")),
        ("/recorded", json!("soon")),
        ("/recorded", json!("2999-01-01T00:00:00Z")),
        ("/purposeOfEvent", json!([])),
        ("/agent", json!([])),
        ("/agent/0/who", json!({})),
        ("/agent/0/type", json!({ "coding": [{ "code": "AUT" }] })),
        ("/entity/0/what/reference", json!("Patient/nobody")),
        ("/entity/0/what/reference", json!("Patient/p2")),
        ("/entity/0/what/reference", json!("urn:x")),
        ("/entity/1/what/reference", json!("Observation/nothing")),
        ("/entity/1/what/reference", json!("Observation/o-p2")),
        ("/entity/1/what/reference", json!("Nothing/x")),
        (
            "/entity",
            json!([{ "what": { "reference": "Patient/p1" } }]),
        ),
    ] {
        let mut event = faxed("p1", "Dr Long");
        *event.pointer_mut(path).unwrap() = value;
        let answer = record(&system, event);
        assert!(
            [400, 404, 422].contains(&answer.status),
            "{path}: {}",
            answer.text()
        );
    }
    for more in [
        json!({ "name": "consent", "valueReference": { "reference": "Consent/none" } }),
        json!({ "name": "consent", "valueReference": { "reference": "Patient/p1" } }),
    ] {
        let body = parameters(faxed("p1", "Dr Long"), &[more]);
        system
            .post("/fhir/AuditEvent/$recordDisclosure", &body)
            .expect(422);
    }
    for role in [Role::Admin, Role::Pharmacist, Role::Researcher] {
        record(&world.client(role, None), faxed("p1", "Dr Long")).expect(403);
    }
    let own = world.client(Role::Patient, Some("p1"));
    record(&own, faxed("p1", "Dr Long")).expect(403);
    system.get("/fhir/AuditEvent/$recordDisclosure").expect(405);
    assert!(lines(&own, "").is_empty(), "nothing was recorded");
}

fn suspension(event: &str) -> Value {
    json!({
        "patient": "p1", "agency": AGENCY, "official": "Deputy Reyes",
        "statement": "oral", "disclosures": [event]
    })
}

/// Everything that a patient can see of the own log.
fn everything_seen(own: &Client, patient: &str) -> Vec<String> {
    let everything = format!("/fhir/Patient/{patient}/$everything?_count=1000");
    let mut seen = Vec::new();
    for path in [
        "/fhir/AuditEvent?_total=accurate&_count=1000&_elements=subtype,agent",
        "/fhir/AuditEvent/_history?_count=1000",
        "/fhir/_history?_count=1000",
        "/reports/disclosures",
        "/reports/accesses?count=1000",
        &everything,
    ] {
        seen.push(own.get(path).expect(200).text());
    }
    let export = own.get("/reports/export").expect(200);
    seen.push(String::from_utf8_lossy(&export.bytes).into_owned());
    seen
}

/// One event, asked for in every way.
fn asked_for(own: &Client, event: &str) -> Vec<String> {
    let parts = ["", "/_history/1", "/_history", "/_history/1/$receipt"];
    let answers = parts.map(|part| own.get(&format!("/fhir/AuditEvent/{event}{part}")));
    let texts = answers.map(|it| format!("{} {}", it.status, it.text().replace(event, "ID")));
    texts.to_vec()
}

#[test]
fn a_suspended_disclosure_is_not_there_for_the_patient_until_the_end() {
    let world = world();
    let officer = world.client(Role::Auditor, None);
    let event = event_of(&record(&officer, faxed("p1", AGENCY)).expect(200));
    let own = world.client(Role::Patient, Some("p1"));
    assert_eq!(lines(&own, "").len(), 1);
    // A page token from before tells nothing of what began since.
    let first = own.get("/fhir/AuditEvent?_count=1").expect(200).json();
    let next = common::link(&first, "next").unwrap();

    let entered = officer
        .post("/reports/suspensions", &suspension(&event))
        .expect(201)
        .json();
    own.get(&next).expect(200);
    // While it stands the officer looks at the log, which is not told either.
    officer.get("/fhir/AuditEvent?patient=p1").expect(200);
    officer
        .get(&format!("/fhir/AuditEvent/{event}"))
        .expect(200);
    let under = [json!({ "name": "suspension", "valueString": entered["suspension"] })];
    let second = parameters(faxed("p1", AGENCY), &under);
    let second = officer.post("/fhir/AuditEvent/$recordDisclosure", &second);
    let second = event_of(&second.expect(200));

    for text in everything_seen(&own, "p1") {
        for word in [event.as_str(), second.as_str(), "Sheriff", "suspen"] {
            assert!(!text.contains(word), "{word} in {text}");
        }
    }
    let absent = asked_for(&own, "00000000-0000-4000-8000-000000000000");
    assert!(absent.iter().all(|it| it.starts_with("404")), "{absent:?}");
    for hidden in [&event, &second] {
        assert_eq!(asked_for(&own, hidden), absent);
    }
    let found = own.get("/fhir/AuditEvent?_total=accurate&_count=1000");
    let found = found.expect(200).json();
    assert_eq!(found["total"], common::ids(&found).len());
    assert!(lines(&own, "").is_empty());

    // The privacy officer sees it all, and until when it is suspended.
    let told = lines(&officer, "?patient=p1");
    assert_eq!(told.len(), 2);
    assert!(
        told.iter()
            .all(|line| line["suspended_until"] == entered["until"])
    );
    let all = officer
        .get("/reports/suspensions?patient=p1")
        .expect(200)
        .json();
    assert_eq!(all["suspensions"], json!([entered]));

    // It stands after a restart, and ends by itself.
    let (dir, temp) = world.stop();
    let world = World::open(&dir, |_| {});
    assert!(lines(&world.client(Role::Patient, Some("p1")), "").is_empty());
    world.later(30 * 86_400 + 60);
    let own = world.client(Role::Patient, Some("p1"));
    assert_eq!(lines(&own, "").len(), 2);
    let accesses = own.get("/reports/accesses?count=1000").expect(200).text();
    assert!(
        accesses.contains(&event) || accesses.contains("auditor"),
        "{accesses}"
    );
    own.get(&format!("/fhir/AuditEvent/{event}")).expect(200);
    let told = lines(&world.client(Role::Auditor, None), "?patient=p1");
    assert!(told.iter().all(|line| line["suspended_until"] == ""));
    drop(world);
    drop(temp);
}

#[test]
fn a_suspension_ends_early_and_only_what_the_rule_allows_is_suspended() {
    let world = world();
    let officer = world.client(Role::Auditor, None);
    let event = event_of(&record(&officer, faxed("p1", AGENCY)).expect(200));
    let others = event_of(&record(&officer, faxed("p2", AGENCY)).expect(200));
    let doctors = event_of(&record(&officer, faxed("p1", "Dr Long")).expect(200));
    for (name, value) in [
        ("agency", json!("")),
        ("agency", json!("Another agency")),
        ("official", json!(" ")),
        ("statement", json!("rumour")),
        ("statement", json!("written")),
        ("until", json!("soon")),
        ("until", json!("2020-01-01")),
        ("until", json!("2099-01-01")),
        ("patient", json!("p2")),
        ("patient", json!("nobody")),
        ("disclosures", json!([])),
        ("disclosures", json!([others])),
        ("disclosures", json!([doctors])),
        ("disclosures", json!(["nothing"])),
        ("more", json!("x")),
    ] {
        let mut form = suspension(&event);
        form[name] = value;
        let answer = officer.post("/reports/suspensions", &form);
        assert!(
            [400, 422].contains(&answer.status),
            "{form}: {}",
            answer.text()
        );
    }
    let none = officer
        .get("/reports/suspensions?patient=p1")
        .expect(200)
        .json();
    assert_eq!(none["suspensions"], json!([]));
    for role in [Role::Clinician, Role::Admin, Role::System, Role::Researcher] {
        let client = world.client(role, None);
        client
            .post("/reports/suspensions", &suspension(&event))
            .expect(403);
        client.get("/reports/suspensions?patient=p1").expect(403);
    }
    let own = world.client(Role::Patient, Some("p1"));
    own.get("/reports/suspensions?patient=p1").expect(403);

    let entered = officer
        .post("/reports/suspensions", &suspension(&event))
        .expect(201)
        .json();
    assert_eq!(lines(&own, "").len(), 1, "the doctor's is there");
    let id = entered["suspension"].as_str().unwrap();
    // Only the officer records under it, and only what went to that agency.
    let under = [json!({ "name": "suspension", "valueString": id })];
    let path = "/fhir/AuditEvent/$recordDisclosure";
    let system = world.client(Role::System, None);
    system
        .post(path, &parameters(faxed("p1", AGENCY), &under))
        .expect(403);
    officer
        .post(path, &parameters(faxed("p1", "Dr Long"), &under))
        .expect(422);
    officer
        .post(path, &parameters(faxed("p2", AGENCY), &under))
        .expect(422);

    let end = format!("/reports/suspensions/{id}/end");
    own.post(&end, &json!({})).expect(403);
    officer.post(&end, &json!({})).expect(200);
    officer.post(&end, &json!({})).expect(404);
    assert_eq!(lines(&own, "").len(), 2);
    // Thirty days by word of mouth are not to be had twice; in writing it goes on.
    officer
        .post("/reports/suspensions", &suspension(&event))
        .expect(422);
    let mut written = suspension(&event);
    written["statement"] = "written".into();
    let far = hospital::instant::fhir(world.hospital.now_us() + 400 * 86_400 * 1_000_000);
    written["until"] = far.into();
    officer.post("/reports/suspensions", &written).expect(201);
    assert_eq!(lines(&own, "").len(), 1);
}

#[test]
fn nobody_is_told_of_an_event_that_is_withheld() {
    let world = world();
    let (mut p1, mut p2) = (
        world.hospital.changes_of("p1"),
        world.hospital.changes_of("p2"),
    );
    let told = |watch: &mut tokio::sync::watch::Receiver<u64>| {
        let changed = watch.has_changed().unwrap();
        watch.mark_unchanged();
        changed
    };
    let (clinician, own) = (world.clinician(), world.client(Role::Patient, Some("p1")));
    clinician.get("/fhir/Observation/o-p1").expect(200);
    assert!(told(&mut p1) && !told(&mut p2), "somebody looked");
    own.get("/fhir/Observation/o-p1").expect(200);
    assert!(!told(&mut p1), "the own look");
    let mut changed = clinician.get("/fhir/Observation/o-p1").expect(200).json();
    changed["status"] = "amended".into();
    assert!(told(&mut p1));
    let path = "/fhir/Observation/o-p1";
    clinician.put(path, &changed).expect(200);
    assert!(told(&mut p1), "a record was changed");

    let officer = world.client(Role::Auditor, None);
    let event = event_of(&record(&officer, faxed("p1", AGENCY)).expect(200));
    assert!(told(&mut p1), "a disclosure was recorded");
    let entered = officer
        .post("/reports/suspensions", &suspension(&event))
        .expect(201)
        .json();
    told(&mut p1);
    let under = [json!({ "name": "suspension", "valueString": entered["suspension"] })];
    let second = parameters(faxed("p1", AGENCY), &under);
    officer
        .post("/fhir/AuditEvent/$recordDisclosure", &second)
        .expect(200);
    officer
        .get(&format!("/fhir/AuditEvent/{event}"))
        .expect(200);
    assert!(!told(&mut p1), "what is withheld is not told of");
}
