//! What other organisations answer under random consents, against a filter over everything that
//! they keep: nothing leaks, and nothing permitted is missing.
//!
//! The oracle of consents is the one of `crates/consent/tests/differential`; it shares no code with
//! the evaluator.

#![allow(unreachable_pub, reason = "modules of a test")]
#![allow(
    clippy::unwrap_used,
    clippy::match_bool,
    clippy::option_option,
    clippy::similar_names,
    clippy::print_stdout,
    reason = "a test may panic and say what it saw; its model tells absent from unreadable"
)]

mod common;
#[allow(dead_code, reason = "a part of it is needed here")]
#[path = "../../consent/tests/differential/model.rs"]
mod model;
#[allow(dead_code, reason = "a part of it is needed here")]
#[path = "../../consent/tests/differential/naive.rs"]
mod naive;
mod elsewhere {
    pub mod asker;
    pub mod members;
    mod preview;
    pub mod ward;
}

use elsewhere::asker::{Asker, Tally};
use elsewhere::members::{CLINIC, HOSPITAL, LABORATORY, Members, NAMES};
use elsewhere::ward::{Patient, link};
use hospital::Role;
use model::Dice;
use serde_json::{Value, json};

/// Change it to look elsewhere.
const SEED: u64 = 20_261_126;
const PATIENTS: u64 = 16;
/// Questions in all, by askers who ask at the same time.
const QUESTIONS: u64 = 3_000;
const ASKERS: u64 = 12;

fn ward(members: &Members) -> Vec<Patient> {
    std::thread::scope(|scope| {
        let admitting = (0..4).map(|part| {
            scope.spawn(move || {
                let mut dice = Dice(SEED + part);
                let own = (0..PATIENTS / 4).map(|_| Patient::admit(members, &mut dice));
                own.collect::<Vec<_>>()
            })
        });
        let admitting: Vec<_> = admitting.collect();
        let all = admitting.into_iter().flat_map(|part| part.join().unwrap());
        all.collect()
    })
}

fn asked(members: &Members, patients: &[Patient], asker: u64) -> Tally {
    let mut asker = Asker {
        members,
        patients,
        dice: Dice(SEED ^ (asker << 20)),
        tally: Tally::default(),
    };
    for _ in 0..QUESTIONS / ASKERS {
        asker.ask();
    }
    asker.tally
}

#[test]
fn three_thousand_questions_elsewhere_answer_what_a_filter_over_everything_answers() {
    let members = Members::start();
    let patients = ward(&members);
    let tallies: Vec<Tally> = std::thread::scope(|scope| {
        let (members, patients) = (&members, &patients[..]);
        let all = (0..ASKERS).map(|one| scope.spawn(move || asked(members, patients, one)));
        let all: Vec<_> = all.collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    let sum = |of: fn(&Tally) -> u64| tallies.iter().map(of).sum::<u64>();
    let (shown, hidden) = (sum(|it| it.shown), sum(|it| it.hidden));
    let shortened = sum(|it| it.shortened);
    println!("{shown} shown, {shortened} of them shortened, {hidden} hidden");
    assert_eq!(sum(|it| it.asked), QUESTIONS);
    // Both are common, or the questions would prove little.
    assert!(shown > QUESTIONS / 2 && hidden > QUESTIONS && shortened > 100);
}

/// A consent to all of a patient's records for the clinic.
fn to_all(patient: &str) -> Value {
    let code = |system: &str, code: &str| json!({ "system": system, "code": code });
    let terminology = |name: &str| format!("http://terminology.hl7.org/CodeSystem/{name}");
    json!({
        "resourceType": "Consent", "status": "active",
        "scope": { "coding": [code(&terminology("consentscope"), "patient-privacy")] },
        "category": [{ "coding": [code("http://loinc.org", "59284-0")] }],
        "patient": { "reference": format!("Patient/{patient}") },
        "policy": [{ "uri": "https://salus.example/policy/sharing" }],
        "provision": {
            "type": "permit",
            "actor": [{
                "role": { "coding": [code(&terminology("v3-ParticipationType"), "IRCP")] },
                "reference": { "reference": format!("Organization/{}", NAMES[CLINIC]) }
            }]
        }
    })
}

/// Admits a patient everywhere who lets the clinic read everything; answers the ids there.
fn open_book(members: &Members, observations: usize) -> [String; 3] {
    let ids = [HOSPITAL, LABORATORY, CLINIC].map(|member| {
        let client = members.client(member, Role::Clinician, None);
        let body = json!({ "resourceType": "Patient", "name": [{ "family": "Open" }] });
        client.post("/fhir/Patient", &body).expect(201).id()
    });
    for member in [HOSPITAL, LABORATORY] {
        let subject = json!({ "reference": format!("Patient/{}", ids[member]) });
        let entry = json!({
            "resource": { "resourceType": "Observation", "status": "final", "subject": subject,
                "code": { "text": "weight" } },
            "request": { "method": "POST", "url": "Observation" }
        });
        let entries = vec![entry; observations];
        let bundle = json!({ "resourceType": "Bundle", "type": "batch", "entry": entries });
        let clinician = members.client(member, Role::Clinician, None);
        clinician.post("/fhir", &bundle).expect(200);
        link(members, member, &ids[member], CLINIC, &ids[CLINIC]);
        let own = members.client(member, Role::Patient, Some(&ids[member]));
        let filed = own.post("/fhir/Consent/$fileConsent", &to_all(&ids[member]));
        filed.expect(201);
    }
    ids
}

fn records(bundle: &Value) -> usize {
    let entries = bundle["entry"].as_array().into_iter().flatten();
    entries.filter(|it| it["search"]["mode"] == "match").count()
}

fn remarks(bundle: &Value) -> String {
    let entries = bundle["entry"].as_array().into_iter().flatten();
    let outcomes = entries.filter(|it| it["search"]["mode"] == "outcome");
    outcomes.map(|it| it["resource"].to_string()).collect()
}

/// More than one page of each, from both; and what one of them does not answer is said.
#[test]
fn everything_comes_from_all_and_who_gave_nothing_is_named() {
    let mut members = Members::start();
    let ids = open_book(&members, 230);
    let clinician = members.client(CLINIC, Role::Clinician, None);
    let everything = format!(
        "/fhir/Patient/{}/$everything?_type=Patient,Observation&_source=",
        ids[CLINIC]
    );
    let all = clinician
        .get(&format!("{everything}all"))
        .expect(200)
        .json();
    assert_eq!((records(&all), remarks(&all)), (2 * 231, String::new()));
    let both = format!("{everything}{},{}", NAMES[HOSPITAL], NAMES[LABORATORY]);
    assert_eq!(records(&clinician.get(&both).expect(200).json()), 2 * 231);
    // More than five pages are not fetched, and the answer says so.
    let search = format!(
        "/fhir/Observation?patient={}&_source=all&_total=accurate",
        ids[CLINIC]
    );
    let found = clinician.get(&search).expect(200).json();
    assert_eq!((records(&found), &found["total"]), (460, &json!(460)));

    members.leaves(LABORATORY);
    for path in [format!("{everything}all"), search] {
        let part = clinician.get(&path).expect(200).json();
        let told = remarks(&part);
        assert!(records(&part) >= 230 && records(&part) <= 231, "{told}");
        assert!(told.contains("city-lab gave no records"), "{told}");
        assert!(
            told.contains("incomplete") && !told.contains("st-mary"),
            "{told}"
        );
        assert!(
            part.get("total").is_none(),
            "the total of one is not that of all"
        );
    }
}

#[test]
fn what_cannot_be_asked_elsewhere_is_refused_with_the_reason() {
    let members = Members::start();
    let ids = open_book(&members, 1);
    let (here, there) = (&ids[CLINIC], &ids[HOSPITAL]);
    let clinician = members.client(CLINIC, Role::Clinician, None);
    let names_many: Vec<String> = (0..17).map(|number| format!("member-{number}")).collect();
    let names_many = names_many.join(",");
    for (path, status, code) in [
        ("/fhir/Observation?_source=all".to_owned(), 400, "required"),
        ("/fhir/Observation/x?_source=all".into(), 400, "required"),
        (
            format!("/fhir/Observation?patient={here}&patient={there}&_source=all"),
            400,
            "required",
        ),
        (
            "/fhir/Observation?patient=nobody&_source=all".into(),
            404,
            "not-found",
        ),
        (
            format!("/fhir/_history?patient={here}&_source=all"),
            400,
            "not-supported",
        ),
        (
            format!("/fhir/Observation/_history?patient={here}&_source=all"),
            400,
            "not-supported",
        ),
        (
            format!("/fhir/Observation?patient={here}&_source={names_many}"),
            422,
            "too-costly",
        ),
    ] {
        let answer = clinician.get(&path).expect(status).json();
        assert_eq!(answer["issue"][0]["code"], code, "{path}");
    }
    let path = format!("/fhir/Observation?patient={here}&_source=all");
    let body = json!({ "resourceType": "Observation", "status": "final", "code": { "text": "x" } });
    clinician.post(&path, &body).expect(400);
    let entry = json!({ "request": { "method": "GET",
        "url": format!("Observation?patient={here}&_source=all") } });
    let batch = json!({ "resourceType": "Bundle", "type": "batch", "entry": [entry] });
    let batch = clinician.post("/fhir", &batch).expect(200).json();
    let status = batch["entry"][0]["response"]["status"].as_str().unwrap();
    assert!(status.starts_with("400"), "{status}");
    // Told beside the answers of others, not in their place.
    for (query, told) in [
        ("_source=nobody", "nobody gave no records"),
        ("_source=st-mary&colour=red", "not a search parameter"),
        ("_source=st-mary&_purpose=urn", "v3-ActReason"),
        ("_source=st-mary&_purpose=BTG", "gave no records"),
    ] {
        let path = format!("/fhir/Observation?patient={here}&{query}");
        let answer = clinician.get(&path).expect(200).json();
        assert_eq!(records(&answer), 0, "{query}");
        assert!(
            remarks(&answer).contains(told),
            "{query}: {}",
            remarks(&answer)
        );
    }
    for role in [Role::Auditor, Role::Admin, Role::Researcher, Role::System] {
        let client = members.client(CLINIC, role, None);
        client.get(&path).expect(403);
    }
}

fn to_be_located(patient: &str, by: &[&str]) -> Value {
    let mut consent = to_all(patient);
    let actor = consent["provision"]["actor"][0].clone();
    let action =
        json!([{ "coding": [{ "system": "urn:salus:consent-action", "code": "locate" }] }]);
    consent["provision"] = json!({ "type": "permit", "action": action });
    if !by.is_empty() {
        let named = by.iter().map(|name| {
            let mut actor = actor.clone();
            actor["reference"]["reference"] = format!("Organization/{name}").into();
            actor
        });
        consent["provision"]["actor"] = named.collect();
    }
    consent
}

/// Files a consent at a custodian and answers its id.
fn files(client: &common::Client, consent: &Value) -> String {
    let filed = client
        .post("/fhir/Consent/$fileConsent", consent)
        .expect(201);
    let id = filed.json()["parameter"][0]["resource"]["id"].clone();
    id.as_str().unwrap().to_owned()
}

fn withdraws(client: &common::Client, consent: &str) {
    let reference = json!({ "reference": format!("Consent/{consent}") });
    let body = json!({ "resourceType": "Parameters", "parameter": [
        { "name": "consent", "valueReference": reference }
    ]});
    client
        .post("/fhir/Consent/$revokeConsent", &body)
        .expect(200);
}

#[test]
fn records_are_located_for_the_patient_who_consents_and_for_nobody_else() {
    let mut members = Members::start();
    let ids = open_book(&members, 1);
    let at = |member: usize| members.client(member, Role::Patient, Some(&ids[member]));
    let (home, laboratory, own) = (at(HOSPITAL), at(LABORATORY), at(CLINIC));
    let clinician = members.client(CLINIC, Role::Clinician, None);
    let locate = format!("/sharing/locate?patient={}", ids[CLINIC]);
    let located = |client: &common::Client| {
        let answer = client.get(&locate).expect(200).json();
        assert_eq!(answer["unanswered"], json!([]), "{answer}");
        answer["organisations"].clone()
    };
    // Linked and granted is not to be located.
    assert_eq!(located(&clinician), json!([]));
    // Another organisation's, a refusal above it, and one that was taken back, are none.
    let other = files(&home, &to_be_located(&ids[HOSPITAL], &[NAMES[LABORATORY]]));
    assert_eq!(located(&clinician), json!([]));
    withdraws(&home, &other);
    let consent = files(&home, &to_be_located(&ids[HOSPITAL], &[NAMES[CLINIC]]));
    let found = json!([{ "organisation": "st-mary", "granted": true }]);
    assert_eq!(located(&clinician), found);
    assert_eq!(located(&own), found);
    let mut refusal = to_all(&ids[HOSPITAL]);
    refusal["provision"] = json!({ "type": "deny" });
    let refusal = files(&home, &refusal);
    assert_eq!(located(&clinician), json!([]));
    withdraws(&home, &refusal);
    files(&laboratory, &to_be_located(&ids[LABORATORY], &[]));
    let bundle = format!("/fhir/Patient/{}/$locate", ids[CLINIC]);
    let bundle = clinician.get(&bundle).expect(200).json();
    assert_eq!((records(&bundle), remarks(&bundle)), (2, String::new()));
    // Where a patient says nothing, and where nobody is known, nothing is found.
    let stranger = clinician.post("/fhir/Patient", &json!({ "resourceType": "Patient" }));
    let stranger = stranger.expect(201).id();
    let nobody = clinician.get(&format!("/sharing/locate?patient={stranger}"));
    assert_eq!(nobody.expect(200).json()["organisations"], json!([]));
    // The patient sees who asked, what was told in the accounting, and what was not.
    let told = home.get("/reports/disclosures").expect(200).json();
    let told = told["lines"].as_array().unwrap();
    let by_consent = told
        .iter()
        .filter(|it| it["basis"] == format!("Consent/{consent}"));
    assert_eq!(by_consent.count(), 3, "{told:?}");
    withdraws(&home, &consent);
    assert_eq!(
        located(&own),
        json!([{ "organisation": "city-lab", "granted": true }])
    );
    refused_to_locate(&members, &locate, &home, &ids[HOSPITAL]);

    members.leaves(LABORATORY);
    let answer = clinician.get(&locate).expect(200).json();
    assert_eq!(answer["organisations"], json!([]));
    assert_eq!(answer["unanswered"][0]["organisation"], "city-lab");
}

fn refused_to_locate(members: &Members, locate: &str, home: &common::Client, patient: &str) {
    for role in [Role::Auditor, Role::Admin, Role::Researcher, Role::System] {
        members.client(CLINIC, role, None).get(locate).expect(403);
    }
    let other = members.client(CLINIC, Role::Patient, Some("somebody-else"));
    other.get(locate).expect(404);
    let plain = to_be_located(patient, &[]);
    for (name, value) in [
        ("type", json!("deny")),
        ("purpose", json!([{ "code": "TREAT" }])),
        ("provision", json!([{ "type": "deny" }])),
    ] {
        let mut wrong = plain.clone();
        wrong["provision"][name] = value;
        home.post("/fhir/Consent/$fileConsent", &wrong).expect(422);
    }
    let wrong = to_be_located(patient, &["no-member"]);
    home.post("/fhir/Consent/$fileConsent", &wrong).expect(422);
}
