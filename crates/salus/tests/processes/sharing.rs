//! A patient's records are read at another organisation under consent, and only then.

use crate::consortium::{Consortium, eventually, salus, signal};
use crate::http::{Answer, Http};
use serde_json::{Value, json};
use std::time::Duration;

pub(crate) const HOME: usize = 0;
pub(crate) const CLINIC: usize = 1;
const LABORATORY: usize = 2;
pub(crate) const SOON: Duration = Duration::from_secs(20);

/// A patient at home at the hospital, known at the clinic under another id.
pub(crate) struct Visit<'a> {
    pub(crate) consortium: &'a Consortium,
    pub(crate) http: Http,
    pub(crate) home_id: String,
    pub(crate) clinic_id: String,
    pub(crate) patient: String,
    pub(crate) clinic: String,
}

impl<'a> Visit<'a> {
    pub(crate) fn begin(consortium: &'a Consortium) -> Self {
        Self::begin_with(consortium, |_| true)
    }

    fn begin_with(consortium: &'a Consortium, is: impl Fn(&Value) -> bool) -> Self {
        let http = Http::new();
        let home = consortium.id(HOME);
        let patients = consortium.report["patients"].as_array().unwrap();
        let mut at_home = patients.iter().filter(|it| it["home"] == home);
        let patient = at_home.find(|it| is(it)).unwrap();
        let clinic = consortium.token(CLINIC, "clinician");
        let visitor = json!({ "resourceType": "Patient", "name": [{ "text": "A visitor" }] });
        let url = format!("{}/Patient", consortium.fhir(CLINIC));
        let admitted = http.post(&url, &clinic, &visitor).unwrap();
        assert_eq!(admitted.status, 201, "{}", admitted.text());
        Self {
            consortium,
            http,
            home_id: patient["id"].as_str().unwrap().to_owned(),
            clinic_id: admitted.json()["id"].as_str().unwrap().to_owned(),
            patient: patient["token"].as_str().unwrap().to_owned(),
            clinic,
        }
    }

    /// The visit of a patient whom both know already.
    pub(crate) fn again(consortium: &'a Consortium, clinic_id: &str, home_id: &str) -> Self {
        let patients = consortium.report["patients"].as_array().unwrap();
        let patient = patients.iter().find(|it| it["id"] == home_id).unwrap();
        Self {
            consortium,
            http: Http::new(),
            home_id: home_id.to_owned(),
            clinic_id: clinic_id.to_owned(),
            patient: patient["token"].as_str().unwrap().to_owned(),
            clinic: consortium.token(CLINIC, "clinician"),
        }
    }

    /// Another patient of the same home.
    fn of_another_patient(consortium: &'a Consortium, than: &str) -> Self {
        Self::begin_with(consortium, |patient| patient["id"] != than)
    }

    pub(crate) fn post(&self, index: usize, path: &str, token: &str, body: &Value) -> Answer {
        let url = format!("{}{path}", self.consortium.base(index));
        self.http.post(&url, token, body).unwrap()
    }

    pub(crate) fn get(&self, index: usize, path: &str, token: &str) -> Answer {
        let url = format!("{}{path}", self.consortium.base(index));
        self.http.get(&url, token).unwrap()
    }

    /// The clinic's clinician breaks the glass at the hospital.
    pub(crate) fn breaks_glass(&self, second: Option<&str>) -> Answer {
        let form = json!({
            "patient": self.clinic_id,
            "organisation": self.consortium.id(HOME),
            "reason": "emergency",
            "words": "found unconscious, unknown medication",
            "hours": 1,
            "second": second,
        });
        self.post(CLINIC, "/sharing/break-glass", &self.clinic, &form)
    }

    /// What the patient gets.
    pub(crate) fn get_own(&self, index: usize, path: &str) -> Answer {
        let url = format!("{}{path}", self.consortium.base(index));
        self.http.get(&url, &self.patient).unwrap()
    }

    pub(crate) fn code(&self) -> String {
        let form = json!({ "patient": self.home_id });
        let made = self.post(HOME, "/sharing/codes", &self.patient, &form);
        assert_eq!(made.status, 201, "{}", made.text());
        made.json()["code"].as_str().unwrap().to_owned()
    }

    pub(crate) fn bring(&self, code: &str) -> Answer {
        let form = json!({
            "patient": self.clinic_id,
            "organisation": self.consortium.id(HOME),
            "code": code,
        });
        self.post(CLINIC, "/sharing/links", &self.clinic, &form)
    }

    pub(crate) fn file(&self, token: &str, consent: &Value) -> Answer {
        self.post(HOME, "/fhir/Consent/$fileConsent", token, consent)
    }

    /// Files a consent and answers its id.
    pub(crate) fn consents(&self, consent: &Value) -> String {
        let filed = self.file(&self.patient, consent);
        assert_eq!(filed.status, 201, "{}", filed.text());
        let filed = filed.json();
        let parameters = filed["parameter"].as_array().unwrap();
        for recipient in parameters.iter().filter(|it| it["name"] == "recipient") {
            assert_eq!(recipient["part"][1]["valueBoolean"], true, "{recipient}");
        }
        let id = &parameters[0]["resource"]["id"];
        id.as_str().unwrap().to_owned()
    }

    pub(crate) fn withdraws(&self, consent: &str) -> Answer {
        let reference = json!({ "reference": format!("Consent/{consent}") });
        let body = json!({ "resourceType": "Parameters", "parameter": [
            { "name": "consent", "valueReference": reference }
        ]});
        self.post(HOME, "/fhir/Consent/$revokeConsent", &self.patient, &body)
    }

    fn elsewhere(&self, query: &str) -> Answer {
        let (base, patient) = (self.consortium.fhir(CLINIC), &self.clinic_id);
        let url = format!("{base}/{query}patient={patient}&_source=all");
        self.http.get(&url, &self.clinic).unwrap()
    }

    pub(crate) fn read(&self, query: &str) -> Bundle {
        let found = self.elsewhere(query);
        assert_eq!(found.status, 200, "{}", found.text());
        Bundle(found.json())
    }

    /// What the custodian itself shows the patient.
    pub(crate) fn at_home(&self, query: &str) -> Bundle {
        let base = self.consortium.fhir(HOME);
        let url = format!("{base}/{query}_count=1000");
        Bundle(self.http.get(&url, &self.patient).unwrap().json())
    }

    pub(crate) fn consent(&self) -> Value {
        let code = |system: &str, code: &str| json!({ "system": system, "code": code });
        let terminology = |name: &str| format!("http://terminology.hl7.org/CodeSystem/{name}");
        let clinic = format!("Organization/{}", self.consortium.id(CLINIC));
        json!({
            "resourceType": "Consent",
            "status": "active",
            "scope": { "coding": [code(&terminology("consentscope"), "patient-privacy")] },
            "category": [{ "coding": [code("http://loinc.org", "59284-0")] }],
            "patient": { "reference": format!("Patient/{}", self.home_id) },
            "policy": [{ "uri": "https://salus.example/policy/sharing" }],
            "provision": {
                "type": "permit",
                "actor": [{
                    "role": { "coding": [code(&terminology("v3-ParticipationType"), "IRCP")] },
                    "reference": { "reference": clinic }
                }],
                "purpose": [code(&terminology("v3-ActReason"), "TREAT")]
            }
        })
    }
}

pub(crate) struct Bundle(pub(crate) Value);

impl Bundle {
    fn of_mode(&self, mode: &str) -> Vec<&Value> {
        let entries = self.0["entry"].as_array().into_iter().flatten();
        let of_mode = entries.filter(|it| it["search"]["mode"] == mode);
        of_mode.map(|it| &it["resource"]).collect()
    }

    pub(crate) fn ids(&self) -> Vec<String> {
        let matches = self.of_mode("match").into_iter();
        let mut ids: Vec<String> = matches.map(|it| it["id"].to_string()).collect();
        ids.sort();
        ids
    }

    pub(crate) fn remarks(&self) -> String {
        let outcomes = self.of_mode("outcome").into_iter();
        outcomes.map(Value::to_string).collect()
    }
}

#[test]
fn nothing_is_read_elsewhere_without_a_consent_and_all_of_it_with_one() {
    let consortium = Consortium::start(3);
    let visit = Visit::begin(&consortium);

    // Known at the clinic, but not as the same person: there is nobody to ask.
    assert!(visit.read("Observation?").ids().is_empty());

    // A code is good once, and for whom it was made.
    let code = visit.code();
    let wrong = visit.bring("ABCD-EFGH-JKLM-NPQR");
    assert_eq!(wrong.status, 502, "{}", wrong.text());
    assert_eq!(visit.bring("hello").status, 400);
    assert_eq!(visit.bring(&code).status, 201);
    assert_eq!(visit.bring(&code).status, 502, "a code is good once");

    // Linked is not granted.
    assert!(visit.read("Observation?").ids().is_empty());
    only_the_patient_consents(&visit);

    let consent = visit.consents(&visit.consent());
    let shared = visit.read("Observation?");
    assert_eq!(shared.remarks(), "");
    let own = visit.at_home(&format!("Observation?patient={}&", visit.home_id));
    assert!(!own.ids().is_empty());
    assert_eq!(shared.ids(), own.ids(), "all and nothing else");
    each_has_its_receipt(&visit, &shared);
    the_patient_sees_who_read(&visit);
    one_record_and_everything_are_read_too(&visit, &shared);
    records_are_located_by_consent_only(&visit);
    a_credential_epoch_ends_credentials_and_new_ones_work(&visit);
    crate::copied::a_copy_of_everything_opens_nothing(&visit);

    // Only what was asked for, and no records of the custodian's own affairs.
    let vital = "Observation?category=vital-signs&";
    assert!(visit.read(vital).ids().len() <= own.ids().len());
    assert!(visit.read("AuditEvent?").ids().is_empty());
    assert!(visit.read("Consent?").ids().is_empty());

    let withdrawn = visit.withdraws(&consent);
    assert_eq!(withdrawn.status, 200, "{}", withdrawn.text());
    assert!(visit.read("Observation?").ids().is_empty());
    assert_eq!(visit.withdraws(&consent).status, 404, "withdrawn once");

    crate::research::data_go_to_research_under_consent_and_name_nobody(&consortium);
    crate::misconduct::honest_sharing_leaves_no_evidence(&visit);
    let (clinic_id, home_id) = (visit.clinic_id.clone(), visit.home_id.clone());
    drop(visit);

    // Another patient takes the keys to a device.
    let visit = Visit::of_another_patient(&consortium, &home_id);
    crate::device::a_patient_with_a_device_links_grants_and_withdraws(&visit);
    drop(visit);

    crate::misconduct::withdrawn_unheard(consortium, &clinic_id, &home_id);
}

/// Nobody else gives consent, and what is merely posted permits nothing.
fn only_the_patient_consents(visit: &Visit<'_>) {
    let consent = visit.consent();
    for role in ["clinician", "admin", "auditor"] {
        let token = visit.consortium.token(HOME, role);
        let filed = visit.file(&token, &consent);
        assert_eq!(filed.status, 403, "{role}: {}", filed.text());
    }
    let clinician = visit.consortium.token(HOME, "clinician");
    let posted = visit.post(HOME, "/fhir/Consent", &clinician, &consent);
    assert_eq!(posted.status, 201, "{}", posted.text());
    assert!(visit.read("Observation?").ids().is_empty());
    let mut others = consent.clone();
    others["patient"] = json!({ "reference": "Patient/somebody-else" });
    let mut nobody = consent;
    nobody["provision"]["actor"] = json!([]);
    for wrong in [others, nobody, json!({ "resourceType": "Parameters" })] {
        let filed = visit.file(&visit.patient, &wrong);
        assert_eq!(filed.status, 400, "{}", filed.text());
    }
}

fn each_has_its_receipt(visit: &Visit<'_>, shared: &Bundle) {
    let folder = visit.consortium.folder.path();
    let (receipt, record) = (folder.join("shared.receipt"), folder.join("shared.json"));
    let proofs = shared.of_mode("include");
    assert_eq!(proofs.len(), shared.of_mode("match").len());
    for (proof, resource) in proofs.into_iter().zip(shared.of_mode("match")).take(3) {
        let data = proof["signature"][0]["data"].as_str().unwrap();
        std::fs::write(&receipt, from_base64(data)).unwrap();
        std::fs::write(&record, resource.to_string()).unwrap();
        let trust = visit.consortium.trust();
        let verified = salus(&[
            "verify",
            receipt.to_str().unwrap(),
            "--trust",
            trust.to_str().unwrap(),
            "--record",
            record.to_str().unwrap(),
        ]);
        let said = String::from_utf8_lossy(&verified.stdout).into_owned();
        assert!(
            verified.status.success() && said.contains("st-mary"),
            "{said}"
        );
    }
}

fn one_record_and_everything_are_read_too(visit: &Visit<'_>, shared: &Bundle) {
    let (id, here) = (&shared.ids()[0], &visit.clinic_id);
    let path = format!("/fhir/Observation/{}", id.trim_matches('"'));
    for part in ["", "/_history", "/_history/1"] {
        let path = format!("{path}{part}?patient={here}&_source=all");
        let found = Bundle(visit.get(CLINIC, &path, &visit.clinic).json());
        assert_eq!(found.ids(), std::slice::from_ref(id), "{path}");
        assert_eq!(found.of_mode("include").len(), 1, "{path}");
    }
    let path = format!("/fhir/Patient/{here}/$everything?_source=all&_type=Observation");
    let found = Bundle(visit.get(CLINIC, &path, &visit.clinic).json());
    assert_eq!(
        (found.ids(), found.remarks()),
        (shared.ids(), String::new())
    );
}

fn records_are_located_by_consent_only(visit: &Visit<'_>) {
    let path = format!("/sharing/locate?patient={}", visit.clinic_id);
    let located = || visit.get(CLINIC, &path, &visit.clinic).json();
    let nobody = json!({ "organisations": [], "unanswered": [] });
    assert_eq!(located(), nobody, "a grant is not enough");
    let mut consent = visit.consent();
    let action = json!({ "system": "urn:salus:consent-action", "code": "locate" });
    consent["provision"] = json!({ "type": "permit", "action": [{ "coding": [action] }] });
    let consent = visit.consents(&consent);
    let home = json!({ "organisation": visit.consortium.id(HOME), "granted": true });
    assert_eq!(
        located(),
        json!({ "organisations": [home], "unanswered": [] })
    );
    assert_eq!(visit.withdraws(&consent).status, 200);
    assert_eq!(located(), nobody);
}

fn the_patient_sees_who_read(visit: &Visit<'_>) {
    let seen = visit.at_home(&format!("AuditEvent?patient={}&", visit.home_id));
    let clinic = visit.consortium.id(CLINIC);
    let disclosures = seen.of_mode("match");
    let told = disclosures.iter().any(|it| it.to_string().contains(clinic));
    assert!(told, "no AuditEvent names {clinic}");
}

fn a_credential_epoch_ends_credentials_and_new_ones_work(visit: &Visit<'_>) {
    let admin = visit.consortium.token(CLINIC, "admin");
    let ended = visit.post(CLINIC, "/sharing/credentials/end", &admin, &json!({}));
    assert_eq!(ended.status, 200, "{}", ended.text());
    assert_eq!(ended.json()["credential_epoch"], 2);
    eventually("new credentials are accepted", SOON, || {
        visit.read("Observation?").remarks().is_empty()
    });
}

#[test]
fn an_organisation_that_is_away_is_named_and_a_stale_ledger_discloses_nothing() {
    let consortium = Consortium::start(2);
    let visit = Visit::begin(&consortium);
    assert_eq!(visit.bring(&visit.code()).status, 201);
    visit.consents(&visit.consent());
    assert!(!visit.read("Observation?").ids().is_empty());

    // Two of four stand still: the custodian's state grows old, and nothing leaves.
    for index in [LABORATORY, 3] {
        signal("STOP", consortium.pid(index));
    }
    eventually("disclosures stop", Duration::from_secs(40), || {
        let found = visit.read("Observation?");
        found.ids().is_empty() && found.remarks().contains("st-mary gave no records")
    });
    for index in [LABORATORY, 3] {
        signal("CONT", consortium.pid(index));
    }
    eventually("and go on", Duration::from_secs(40), || {
        !visit.read("Observation?").ids().is_empty()
    });

    // The custodian is gone: the answer says so, and is an answer.
    signal("KILL", consortium.pid(HOME));
    let found = visit.read("Observation?");
    assert!(found.ids().is_empty());
    assert!(
        found.remarks().contains("st-mary gave no records"),
        "{}",
        found.remarks()
    );
}

pub(crate) fn from_base64(text: &str) -> Vec<u8> {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD
        .decode(text)
        .unwrap()
}

#[test]
fn what_a_patient_refuses_is_hidden_at_home_too() {
    let consortium = Consortium::start(2);
    let visit = Visit::begin(&consortium);
    let clinician = consortium.token(HOME, "clinician");
    let found = |type_: &str| {
        let path = format!("/fhir/{type_}?patient={}&_count=1000", visit.home_id);
        Bundle(visit.get(HOME, &path, &clinician).json())
            .ids()
            .len()
    };
    let (observations, conditions) = (found("Observation"), found("Condition"));
    assert!(observations > 0 && conditions > 0);
    let mut refusal = visit.consent();
    refusal["provision"] = json!({
        "type": "deny",
        "class": [{ "system": "http://hl7.org/fhir/resource-types", "code": "Observation" }]
    });
    let refused = visit.consents(&refusal);
    assert_eq!(found("Observation"), 0);
    assert_eq!(found("Condition"), conditions);
    let own = visit.at_home(&format!("Observation?patient={}&", visit.home_id));
    assert_eq!(own.ids().len(), observations, "the patient sees all of it");
    assert_eq!(visit.withdraws(&refused).status, 200);
    assert_eq!(found("Observation"), observations);
}
