//! Research inside an organisation: who consented is counted and released, and nobody else.

use crate::consortium::{Consortium, SALUS, sign_in};
use crate::http::{Answer, Http};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::process::Command;

const HOME: usize = 0;
/// Consenting women of one band of ages, consenting men, and those who said nothing.
const WOMEN: usize = 12;
const MEN: usize = 2;
const SILENT: usize = 3;
const BAND: &str = "35-49";

struct Person {
    id: String,
    token: String,
    consent: Option<String>,
}

/// The hospital with people of this test alone.
struct Clinic<'a> {
    consortium: &'a Consortium,
    http: Http,
    people: Vec<Person>,
}

fn coded(system: &str, code: &str) -> Value {
    json!({ "coding": [{ "system": system, "code": code, "display": "MARKER-DISPLAY" }],
        "text": "MARKER-TEXT" })
}

fn term(name: &str, code: &str) -> Value {
    json!({ "system": format!("http://terminology.hl7.org/CodeSystem/{name}"), "code": code })
}

impl<'a> Clinic<'a> {
    fn open(consortium: &'a Consortium) -> Self {
        let mut clinic = Self {
            consortium,
            http: Http::new(),
            people: Vec::new(),
        };
        for number in 0..WOMEN + MEN + SILENT {
            let is_woman = number < WOMEN || number == WOMEN + MEN;
            let person = clinic.admits(number, if is_woman { "female" } else { "male" });
            clinic.people.push(person);
        }
        clinic
    }

    fn token(&self, role: &str) -> String {
        self.consortium.token(HOME, role)
    }

    fn post(&self, token: &str, path: &str, body: &Value) -> Answer {
        let url = format!("{}{path}", self.consortium.base(HOME));
        self.http.post(&url, token, body).unwrap()
    }

    fn get(&self, token: &str, path: &str) -> Answer {
        let url = format!("{}{path}", self.consortium.base(HOME));
        self.http.get(&url, token).unwrap()
    }

    fn done(&self, token: &str, path: &str, body: &Value) -> Value {
        let done = self.post(token, path, body);
        assert_eq!(done.status / 100, 2, "{path}: {}", done.text());
        done.json()
    }

    /// A patient with diabetes, a measured value, and a user.
    fn admits(&self, number: usize, sex: &str) -> Person {
        let clinician = self.token("clinician");
        let patient = json!({
            "resourceType": "Patient", "gender": sex, "birthDate": "1985-04-05",
            "name": [{ "family": "MARKER-NAME" }],
            "identifier": [{ "system": "urn:test:research", "value": format!("MARKER-{number}") }],
            "address": [{ "city": "MARKER-CITY" }]
        });
        let id = self.done(&clinician, "/fhir/Patient", &patient)["id"]
            .as_str()
            .unwrap()
            .to_owned();
        let subject = json!({ "reference": format!("Patient/{id}") });
        let condition = json!({
            "resourceType": "Condition", "subject": subject, "onsetDateTime": "2019-03-04",
            "clinicalStatus": { "coding": [term("condition-clinical", "active")] },
            "code": coded("http://snomed.info/sct", "44054006"),
            "note": [{ "text": "MARKER-NOTE" }]
        });
        self.done(&clinician, "/fhir/Condition", &condition);
        let observation = json!({
            "resourceType": "Observation", "status": "final", "subject": subject,
            "effectiveDateTime": "2025-06-07T08:09:10Z",
            "code": coded("http://loinc.org", "4548-4"),
            "valueQuantity": { "value": 7.2, "unit": "%", "code": "%",
                "system": "http://unitsofmeasure.org" }
        });
        self.done(&clinician, "/fhir/Observation", &observation);
        let (username, password) = (format!("study.{number}"), format!("pass word {number}"));
        let user = json!({ "username": username, "password": password, "role": "patient",
            "patient": id });
        self.done(&self.token("admin"), "/auth/users", &user);
        let password = password.replace(' ', "%20");
        let token = sign_in(&self.consortium.base(HOME), &username, &password);
        let keys = json!({ "mode": "custodial" });
        self.done(&token, "/identity/keys", &keys);
        Person {
            id,
            token,
            consent: None,
        }
    }

    fn consent(&self, person: &Person, purpose: &str) -> Value {
        json!({
            "resourceType": "Consent", "status": "active",
            "scope": { "coding": [term("consentscope", "patient-privacy")] },
            "category": [{ "coding": [{ "system": "http://loinc.org", "code": "59284-0" }] }],
            "patient": { "reference": format!("Patient/{}", person.id) },
            "policy": [{ "uri": "https://salus.example/policy/research" }],
            "provision": {
                "type": "permit",
                "actor": [{
                    "role": { "coding": [term("v3-ParticipationType", "IRCP")] },
                    "reference": {
                        "reference": format!("Organization/{}", self.consortium.id(HOME)) }
                }],
                "purpose": [term("v3-ActReason", purpose)]
            }
        })
    }

    fn consents(&mut self, number: usize) {
        let person = &self.people[number];
        let filed = self.done(
            &person.token,
            "/fhir/Consent/$fileConsent",
            &self.consent(person, "HRESCH"),
        );
        let parameters = filed["parameter"].as_array().unwrap();
        assert!(parameters.iter().any(|it| it["name"] == "grant"), "{filed}");
        let id = parameters[0]["resource"]["id"].as_str().unwrap().to_owned();
        self.people[number].consent = Some(id);
    }

    fn withdraws(&self, number: usize) {
        let person = &self.people[number];
        let consent = person.consent.as_ref().unwrap();
        let reference = json!({ "reference": format!("Consent/{consent}") });
        let body = json!({ "resourceType": "Parameters", "parameter": [
            { "name": "consent", "valueReference": reference }
        ]});
        self.done(&person.token, "/fhir/Consent/$revokeConsent", &body);
    }

    fn counts(&self, cohort: &Value) -> Value {
        self.done(&self.token("researcher"), "/research/counts", cohort)
    }

    fn dataset(&self, request: &str) -> Answer {
        let path = format!("/research/requests/{request}/dataset");
        self.get(&self.token("researcher"), &path)
    }

    fn uses(&self, person: &Person) -> Vec<Value> {
        let seen = self.get(&person.token, "/research/uses");
        assert_eq!(seen.status, 200, "{}", seen.text());
        seen.json()["uses"].as_array().unwrap().clone()
    }

    fn verifies(&self, dataset: &str) -> (bool, String) {
        let file = self.consortium.folder.path().join("research.ndjson");
        std::fs::write(&file, dataset).unwrap();
        let output = Command::new(SALUS)
            .arg("verify")
            .arg(&file)
            .arg("--trust")
            .arg(self.consortium.trust())
            .output()
            .unwrap();
        let said = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8(said).unwrap())
    }
}

fn cell(counts: &Value, sex: &str) -> Value {
    let cells = counts["cells"].as_array().unwrap();
    let found = cells
        .iter()
        .find(|it| it["sex"] == sex && it["ages"] == BAND);
    found.unwrap()["persons"].clone()
}

fn diabetes() -> Value {
    json!({ "condition": { "system": "http://snomed.info/sct", "code": "44054006" } })
}

/// The whole way, among the four of another test.
pub(crate) fn data_go_to_research_under_consent_and_name_nobody(consortium: &Consortium) {
    let mut clinic = Clinic::open(consortium);
    nobody_is_counted_without_a_consent(&clinic);
    for number in 0..WOMEN + MEN {
        clinic.consents(number);
    }
    small_cells_are_withheld(&clinic);
    let request = a_second_person_decides(&clinic);
    let first = clinic.dataset(&request);
    assert_eq!(first.status, 200, "{}", first.text());
    let names = nobody_is_named(&clinic, &first.text());
    each_row_verifies_and_a_changed_one_does_not(&clinic, &first.text());
    each_patient_sees_it(&clinic, &request);
    what_is_withdrawn_does_not_leave(&clinic, &request, &names);
}

fn nobody_is_counted_without_a_consent(clinic: &Clinic<'_>) {
    let counts = clinic.counts(&diabetes());
    let cells = counts["cells"].as_array().unwrap();
    assert_eq!(cells.len(), 28);
    assert!(cells.iter().all(|it| it["persons"].is_null()), "{counts}");
    assert_eq!(counts["at_least"], 0);
    for role in ["clinician", "pharmacist", "auditor", "admin"] {
        let refused = clinic.post(&clinic.token(role), "/research/counts", &diabetes());
        assert_eq!(refused.status, 403, "{role}: {}", refused.text());
    }
    let wrong = json!({ "ages": "36-37" });
    let refused = clinic.post(&clinic.token("researcher"), "/research/counts", &wrong);
    assert_eq!(refused.status, 400, "{}", refused.text());
    // Treatment at home needs no consent, and one that says so is still refused.
    let person = &clinic.people[0];
    let consent = clinic.consent(person, "TREAT");
    let refused = clinic.post(&person.token, "/fhir/Consent/$fileConsent", &consent);
    assert_eq!(refused.status, 422, "{}", refused.text());
    // What is merely posted permits nothing.
    let consent = clinic.consent(person, "HRESCH");
    clinic.done(&clinic.token("clinician"), "/fhir/Consent", &consent);
    assert_eq!(clinic.counts(&diabetes())["at_least"], 0);
}

fn small_cells_are_withheld(clinic: &Clinic<'_>) {
    let measured = |from: &str| {
        json!({ "observation": { "system": "http://loinc.org", "code": "4548-4", "from": from,
            "to": "9", "unit": "%" } })
    };
    for cohort in [diabetes(), measured("7.2"), json!({ "ages": BAND })] {
        let counts = clinic.counts(&cohort);
        assert_eq!(cell(&counts, "female"), WOMEN, "{cohort}: {counts}");
        assert_eq!(cell(&counts, "male"), Value::Null, "{cohort}: {counts}");
        assert_eq!(counts["at_least"], WOMEN, "{cohort}: {counts}");
        assert_eq!(counts["total"], Value::Null, "{cohort}: {counts}");
    }
    assert_eq!(clinic.counts(&measured("7.3"))["at_least"], 0);
    // The researcher reads no record by it.
    let read = clinic.get(&clinic.token("researcher"), "/fhir/Observation");
    assert_eq!(read.status, 403, "{}", read.text());
}

/// Answers the id of the approved request.
fn a_second_person_decides(clinic: &Clinic<'_>) -> String {
    let (researcher, auditor) = (clinic.token("researcher"), clinic.token("auditor"));
    let new = json!({
        "purpose": "Does sugar fall under the new diet?", "approval": "EK 2026/14, protocol 3",
        "cohort": diabetes(), "elements": ["condition", "observation"]
    });
    let refused = clinic.post(&clinic.token("clinician"), "/research/requests", &new);
    assert_eq!(refused.status, 403, "{}", refused.text());
    let asked = clinic.done(&researcher, "/research/requests", &new);
    let id = asked["id"].as_str().unwrap().to_owned();
    assert_eq!(asked["state"], "asked");
    let early = clinic.dataset(&id);
    assert_eq!(early.status, 422, "{}", early.text());
    let decision = format!("/research/requests/{id}/decision");
    let approve = json!({ "decision": "approve", "text": "The committee agreed." });
    let own = clinic.post(&researcher, &decision, &approve);
    assert_eq!(own.status, 403, "{}", own.text());
    let approved = clinic.done(&auditor, &decision, &approve);
    assert_eq!(approved["state"], "approved");
    let twice = clinic.post(&auditor, &decision, &approve);
    assert_eq!(twice.status, 409, "{}", twice.text());
    let other = json!({ "decision": "refuse", "text": "No." });
    let second = clinic.done(&researcher, "/research/requests", &new);
    let path = format!(
        "/research/requests/{}/decision",
        second["id"].as_str().unwrap()
    );
    assert_eq!(clinic.done(&auditor, &path, &other)["state"], "refused");
    let refused = clinic.dataset(second["id"].as_str().unwrap());
    assert_eq!(refused.status, 422, "{}", refused.text());
    // Nobody writes a decision by another way.
    let url = format!("/fhir/Task/{id}");
    let task = clinic.get(&clinic.token("clinician"), &url).json();
    assert_eq!(task["status"], "accepted");
    let full = format!("{}{url}", clinic.consortium.base(HOME));
    let put = clinic.http.put(&full, &clinic.token("clinician"), &task);
    assert_eq!(put.unwrap().status, 403);
    id
}

/// Answers the pseudonyms.
fn nobody_is_named(clinic: &Clinic<'_>, dataset: &str) -> BTreeSet<String> {
    let mut lines = dataset.lines();
    let head: Value = serde_json::from_str(lines.next().unwrap()).unwrap();
    assert_eq!(head["persons"], WOMEN + MEN);
    assert_eq!(head["rows"], 3 * (WOMEN + MEN));
    let rows: Vec<Value> = lines
        .map(|it| {
            let line: Value = serde_json::from_str(it).unwrap();
            serde_json::from_str(line["row"].as_str().unwrap()).unwrap()
        })
        .collect();
    let of_kind = |kind: &'static str| rows.iter().filter(move |it| it["kind"] == kind);
    // Two men would be alone, and twelve women with them are told of neither.
    assert!(of_kind("person").all(|it| it["sex"].is_null() && it["age"].is_null()));
    for row in of_kind("observation") {
        assert_eq!((&row["value"], &row["unit"]), (&json!("7.2"), &json!("%")));
        assert_eq!(row["year"], "2025");
    }
    assert!(of_kind("condition").all(|it| it["code"] == "44054006" && it["year"] == "2019"));
    for word in ["MARKER", "1985", "2019-03", "2025-06", "study."] {
        assert!(!dataset.contains(word), "{word}");
    }
    for person in &clinic.people {
        assert!(!dataset.contains(&person.id));
    }
    pseudonyms(dataset)
}

fn pseudonyms(dataset: &str) -> BTreeSet<String> {
    let rows = dataset.lines().skip(1).map(|it| {
        let line: Value = serde_json::from_str(it).unwrap();
        let row: Value = serde_json::from_str(line["row"].as_str().unwrap()).unwrap();
        row["person"].as_str().unwrap().to_owned()
    });
    rows.collect()
}

fn each_row_verifies_and_a_changed_one_does_not(clinic: &Clinic<'_>, dataset: &str) {
    let (valid, said) = clinic.verifies(dataset);
    assert!(valid && said.contains("a dataset for research"), "{said}");
    let rows = 3 * (WOMEN + MEN);
    for (changed, wrong) in [
        (dataset.replacen("7.2", "6.2", 1), "1 of"),
        (
            dataset.replacen("\\\"year\\\":\\\"2019", "\\\"year\\\":\\\"2020", 1),
            "1 of",
        ),
        (dataset.replacen("\"at\":5,", "\"at\":6,", 1), "of"),
        (
            dataset.replacen(&format!("\"rows\":{rows}"), "\"rows\":9", 1),
            "NOT VALID",
        ),
    ] {
        assert_ne!(changed, dataset, "{wrong}");
        let (valid, said) = clinic.verifies(&changed);
        assert!(
            !valid && said.contains("NOT VALID") && said.contains(wrong),
            "{said}"
        );
    }
    let mut lines: Vec<&str> = dataset.lines().collect();
    lines.pop();
    let (valid, said) = clinic.verifies(&lines.join("\n"));
    assert!(!valid && said.contains("not whole"), "{said}");
}

fn each_patient_sees_it(clinic: &Clinic<'_>, request: &str) {
    for person in &clinic.people {
        let uses = clinic.uses(person);
        let lines = clinic.get(&person.token, "/reports/disclosures").json();
        let lines = lines["lines"].as_array().unwrap().clone();
        let research = lines.iter().filter(|it| it["purpose"] == "HRESCH").count();
        let Some(consent) = &person.consent else {
            assert!(uses.is_empty() && research == 0, "{lines:?}");
            continue;
        };
        assert_eq!((uses.len(), research), (1, 1), "{lines:?}");
        assert_eq!(uses[0]["request"], request);
        assert_eq!(uses[0]["consent"], *consent);
        assert_eq!(uses[0]["purpose"], "Does sugar fall under the new diet?");
        assert_eq!(uses[0]["approval"], "EK 2026/14, protocol 3");
        // It was final before the data left: the receipt is there at once.
        let event = uses[0]["event"].as_str().unwrap();
        let path = format!("/fhir/AuditEvent/{event}/_history/1/$receipt");
        assert_eq!(clinic.get(&person.token, &path).status, 200);
    }
    let refused = clinic.get(&clinic.token("researcher"), "/research/uses");
    assert_eq!(refused.status, 403, "{}", refused.text());
}

fn what_is_withdrawn_does_not_leave(clinic: &Clinic<'_>, request: &str, names: &BTreeSet<String>) {
    clinic.withdraws(0);
    let second = clinic.dataset(request);
    assert_eq!(second.status, 200, "{}", second.text());
    let left = pseudonyms(&second.text());
    assert!(left.is_subset(names));
    assert_eq!(left.len(), WOMEN + MEN - 1);
    assert!(clinic.verifies(&second.text()).0);
    assert_eq!(clinic.uses(&clinic.people[0]).len(), 1);
    assert_eq!(clinic.uses(&clinic.people[1]).len(), 2);
    // Eleven women are left: one fewer is told as before, since the difference would tell.
    assert_eq!(cell(&clinic.counts(&diabetes()), "female"), WOMEN);
    for number in 1..=MEN + 1 {
        clinic.withdraws(number);
    }
    let last = clinic.dataset(request);
    assert_eq!(last.status, 422, "{}", last.text());
    assert_eq!(cell(&clinic.counts(&diabetes()), "female"), Value::Null);
}
