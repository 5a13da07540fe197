//! A clinician asks a patient of another organisation for consent.

#![allow(unreachable_pub, reason = "modules of a test")]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;
mod elsewhere {
    #[allow(dead_code, reason = "a part of it is needed here")]
    pub mod members;
}

use common::{Answer, Client};
use elsewhere::members::{CLINIC, HOSPITAL, LABORATORY, Members, NAMES};
use hospital::Role;
use serde_json::{Value, json};

/// A patient of the hospital and of the clinic.
struct Visitor<'a> {
    members: &'a Members,
    there: String,
    here: String,
}

impl<'a> Visitor<'a> {
    fn admit(members: &'a Members) -> Self {
        let [there, here] = [HOSPITAL, CLINIC].map(|member| {
            let client = members.client(member, Role::Clinician, None);
            let body = json!({ "resourceType": "Patient" });
            client.post("/fhir/Patient", &body).expect(201).id()
        });
        Self {
            members,
            there,
            here,
        }
    }

    fn linked(members: &'a Members) -> Self {
        let it = Self::admit(members);
        let code = json!({ "patient": it.there });
        let code = it.own().post("/sharing/codes", &code).expect(201).json();
        let form = json!({
            "patient": it.here, "organisation": NAMES[HOSPITAL], "code": code["code"]
        });
        it.clinician().post("/sharing/links", &form).expect(201);
        it
    }

    /// The patient at the hospital.
    fn own(&self) -> Client {
        let there = Some(self.there.as_str());
        self.members.client(HOSPITAL, Role::Patient, there)
    }

    fn clinician(&self) -> Client {
        self.members.client(CLINIC, Role::Clinician, None)
    }

    fn form(&self) -> Value {
        json!({
            "source": NAMES[HOSPITAL], "patient": self.here, "purpose": "TREAT",
            "text": "May I see your laboratory results?",
        })
    }

    fn asks(&self) -> Answer {
        self.clinician().post("/sharing/requests", &self.form())
    }

    fn consents(&self) {
        let code = |system: &str, code: &str| json!({ "system": system, "code": code });
        let terminology = |name: &str| format!("http://terminology.hl7.org/CodeSystem/{name}");
        let consent = json!({
            "resourceType": "Consent", "status": "active",
            "scope": { "coding": [code(&terminology("consentscope"), "patient-privacy")] },
            "category": [{ "coding": [code("http://loinc.org", "59284-0")] }],
            "patient": { "reference": format!("Patient/{}", self.there) },
            "policy": [{ "uri": "https://salus.example/policy/sharing" }],
            "provision": { "type": "permit", "actor": [{
                "role": { "coding": [code(&terminology("v3-ParticipationType"), "IRCP")] },
                "reference": { "reference": format!("Organization/{}", NAMES[CLINIC]) }
            }] }
        });
        let filed = self.own().post("/fhir/Consent/$fileConsent", &consent);
        filed.expect(201);
    }
}

fn requests(client: &Client) -> Vec<Value> {
    let answer = client.get("/sharing/requests").expect(200).json();
    answer["requests"].as_array().unwrap().clone()
}

#[test]
fn a_request_reaches_the_patient_and_what_becomes_of_it_is_the_patient_s() {
    let members = Members::start();
    let visitor = Visitor::linked(&members);
    let (own, clinician) = (visitor.own(), visitor.clinician());
    let sent = visitor.asks().expect(201).json();
    assert_eq!(
        (&sent["source"], &sent["state"]),
        (&"st-mary".into(), &"sent".into())
    );
    let open = requests(&own);
    assert_eq!(open.len(), 1);
    let practitioner = members.practitioner(CLINIC, Role::Clinician);
    for (name, value) in [
        ("organisation", NAMES[CLINIC]),
        ("practitioner", practitioner.as_str()),
        ("role", "clinician"),
        ("purpose", "TREAT"),
        ("text", "May I see your laboratory results?"),
        ("patient", visitor.there.as_str()),
        ("state", "open"),
    ] {
        assert_eq!(open[0][name], value);
    }
    visitor.asks().expect(409);
    // It is a record of the patient that nobody else writes, and its writing is in the log.
    let path = format!(
        "/fhir/CommunicationRequest/{}",
        open[0]["id"].as_str().unwrap()
    );
    let record = own.get(&path).expect(200).json();
    assert_eq!(fhir::validate::resource(&record), [], "{record}");
    let ward = members.client(HOSPITAL, Role::Clinician, None);
    ward.put(&path, &record).expect(403);
    ward.delete(&path).expect(403);
    let log = own.get("/reports/accesses").expect(200).json();
    let log = log["lines"].as_array().unwrap();
    let told = log
        .iter()
        .any(|it| it["organisation"] == NAMES[CLINIC] && it["deed"] == "create");
    assert!(told, "{log:?}");

    let decline = format!(
        "/sharing/requests/{}/decline",
        open[0]["id"].as_str().unwrap()
    );
    let other = members.client(HOSPITAL, Role::Patient, Some("somebody-else"));
    other.post(&decline, &json!({})).expect(404);
    ward.post(&decline, &json!({})).expect(403);
    assert!(requests(&other).is_empty());
    for _ in 0..2 {
        own.post(&decline, &json!({})).expect(200);
    }
    assert!(requests(&own).is_empty());
    // Who asked sees what was sent, and no more.
    assert_eq!(requests(&clinician), [sent]);
    visitor.asks().expect(409);
}

#[test]
fn a_consent_that_names_the_organisation_closes_its_request() {
    let members = Members::start();
    let visitor = Visitor::linked(&members);
    let (own, clinician) = (visitor.own(), visitor.clinician());
    visitor.asks().expect(201);
    let id = requests(&own)[0]["id"].as_str().unwrap().to_owned();
    visitor.consents();
    assert!(requests(&own).is_empty());
    let path = format!("/fhir/CommunicationRequest/{id}");
    assert_eq!(own.get(&path).expect(200).json()["status"], "completed");
    let decline = format!("/sharing/requests/{id}/decline");
    own.post(&decline, &json!({})).expect(409);

    // The consent shows everything but what is between the patient and the hospital.
    let about = own.get("/fhir/AuditEvent?_count=1").expect(200).json();
    let about = format!("AuditEvent/{}", common::ids(&about)[0]);
    let question = json!({ "about": about, "kind": "why" });
    own.post("/questions", &question).expect(201);
    for (type_, there) in [
        ("Patient", 1),
        ("CommunicationRequest", 0),
        ("Communication", 0),
    ] {
        let narrower = if type_ == "Patient" { "_id" } else { "patient" };
        let path = format!("/fhir/{type_}?{narrower}={}&_source=st-mary", visitor.here);
        let found = clinician.get(&path).expect(200).json();
        assert_eq!(common::ids(&found).len(), there, "{type_}: {found}");
    }
}

#[test]
fn who_asks_does_not_learn_whether_the_patient_is_known_there() {
    let members = Members::start();
    let known = Visitor::linked(&members);
    let unknown = Visitor::admit(&members);
    let shape = |visitor: &Visitor<'_>| {
        let mut sent = visitor.asks().expect(201).json();
        for name in ["id", "patient", "asked", "until"] {
            assert!(sent[name].is_string());
            sent[name] = Value::Null;
        }
        sent
    };
    assert_eq!(shape(&known), shape(&unknown));
    assert_eq!(requests(&known.own()).len(), 1);
    assert!(requests(&unknown.own()).is_empty());
    // Both left one event at the hospital, that of nobody in no patient's log.
    let officer = members.client(HOSPITAL, Role::Auditor, None);
    let all = officer
        .get("/fhir/AuditEvent?_count=200")
        .expect(200)
        .json();
    let entries = all["entry"].as_array().unwrap().iter();
    let from_clinic = entries.filter(|it| {
        let text = it["resource"].to_string();
        text.contains(&members.practitioner(CLINIC, Role::Clinician))
    });
    assert_eq!(from_clinic.count(), 2);
}

#[test]
fn requests_are_refused_and_bounded_at_who_sends_them() {
    let mut members = Members::start();
    let (here, form) = {
        let visitor = Visitor::admit(&members);
        (visitor.here.clone(), visitor.form())
    };
    let clinician = members.client(CLINIC, Role::Clinician, None);
    for (name, value, status) in [
        ("source", "no-member", 422),
        ("source", NAMES[CLINIC], 422),
        ("purpose", "BTG", 400),
        ("purpose", "fun", 400),
        ("patient", "nobody", 404),
        ("text", " ", 400),
        ("text", "x".repeat(2_001).as_str(), 400),
        ("more", "x", 400),
    ] {
        let mut wrong = form.clone();
        wrong[name] = value.into();
        let answer = clinician.post("/sharing/requests", &wrong);
        assert_eq!(answer.status, status, "{name} {value}: {}", answer.text());
    }
    for role in [Role::Pharmacist, Role::Auditor, Role::Admin, Role::System] {
        let client = members.client(CLINIC, role, None);
        client.post("/sharing/requests", &form).expect(403);
        client.get("/sharing/requests").expect(403);
    }
    let own = members.client(CLINIC, Role::Patient, Some(&here));
    own.post("/sharing/requests", &form).expect(403);
    assert!(requests(&clinician).is_empty(), "nothing was sent");

    // Nobody answers: it may be tried again, and counts.
    members.leaves(LABORATORY);
    let mut away = form.clone();
    away["source"] = NAMES[LABORATORY].into();
    for _ in 0..100 {
        clinician.post("/sharing/requests", &away).expect(503);
    }
    assert!(requests(&clinician).is_empty());
    clinician.post("/sharing/requests", &form).expect(422);
}

#[test]
fn a_patient_contests_an_opening_by_its_id_and_acknowledges_the_notice() {
    let members = Members::start();
    let visitor = Visitor::linked(&members);
    let form = json!({
        "patient": visitor.here, "organisation": NAMES[HOSPITAL], "reason": "emergency",
        "words": "found unconscious, unknown medication", "hours": 1,
    });
    let opened = visitor.clinician().post("/sharing/break-glass", &form);
    let glass = opened.expect(201).json()["glass"].clone();
    let own = visitor.own();
    let contest = json!({ "about": glass, "kind": "contest", "text": "I was awake." });
    let told = own.post("/questions", &contest).expect(201).json();
    assert_eq!(told["about"], glass);
    let stranger = Visitor::admit(&members);
    stranger.own().post("/questions", &contest).expect(404);
    let notices = own
        .get("/fhir/Communication?status=completed")
        .expect(200)
        .json();
    let notice = format!("Communication/{}", common::ids(&notices)[0]);
    let seen = json!({ "about": notice, "kind": "acknowledge" });
    own.post("/questions", &seen).expect(201);
    stranger.own().post("/questions", &seen).expect(404);
}
