//! The second half of the story: a patient shares, somebody reads, the patient withdraws.

use super::{MEDIA_TYPE, Report, Story};
use crate::client::Client;
use crate::demo::report::PatientEntry;
use crate::failure::{Explain, Failure, Outcome};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use std::time::Instant;

/// At home at the hospital, reads at the clinic, refused at the laboratory.
const HOME: usize = 0;
const CLINIC: usize = 1;
const LABORATORY: usize = 2;

const JSON: &str = "application/json";

/// A patient of the hospital who visits the clinic.
struct Visit {
    patient: Client,
    clinic: Client,
    laboratory: Client,
    /// The privacy officer of the hospital.
    officer: Client,
    /// The patient's id at home and at the clinic.
    home_id: String,
    clinic_id: String,
    home: String,
}

/// What a search elsewhere brought.
struct Brought {
    /// Records with their receipts.
    records: Vec<(Value, Vec<u8>)>,
    /// Why something is missing.
    remarks: Vec<String>,
}

impl Story<'_> {
    /// Plays the steps about sharing.
    pub(super) fn sharing(&mut self, report: &Report) -> Outcome {
        let home = &report.organisations[HOME].id;
        let Some(patient) = report.patients.iter().find(|it| it.home == *home) else {
            return Ok(());
        };
        let visit = Visit::begin(report, patient)?;
        self.nothing_without_consent(&visit)?;
        self.a_code_links(&visit)?;
        let consent = self.a_consent_is_granted(&visit)?;
        self.a_record_is_read_elsewhere(&visit)?;
        self.another_is_refused(&visit)?;
        self.a_consent_is_withdrawn(&visit, &consent)?;
        self.the_glass_is_broken(&visit)
    }

    fn nothing_without_consent(&mut self, visit: &Visit) -> Outcome {
        let brought = visit.read(&visit.clinic)?;
        if !brought.records.is_empty() || brought.remarks.is_empty() {
            return Err(Failure::new("records were read without a consent"));
        }
        let told = "The clinic asks the hospital for a patient and gets nothing: no grant.";
        self.tell(told, &visit.command());
        Ok(())
    }

    fn a_code_links(&mut self, visit: &Visit) -> Outcome {
        let form = json!({ "patient": visit.home_id }).to_string();
        let code = visit
            .patient
            .post("/sharing/codes", JSON, form.as_bytes())?;
        let code = code.expect_ok("no code was made")?.json();
        let form = json!({
            "patient": visit.clinic_id,
            "organisation": visit.home,
            "code": code["code"],
        });
        let linked = visit
            .clinic
            .post("/sharing/links", JSON, form.to_string().as_bytes())?;
        linked.expect_ok("the code was not taken")?;
        let check = format!(
            "curl -H \"Authorization: Bearer $TOKEN\" '{}/sharing/links?patient={}'",
            visit.clinic.base(),
            visit.clinic_id
        );
        let told = "The patient carries a code from the hospital to the clinic: now both know \
                    whom they speak of.";
        self.tell(told, &check);
        Ok(())
    }

    fn a_consent_is_granted(&mut self, visit: &Visit) -> Outcome<String> {
        let body = consent(&visit.home_id, "Organization/north-clinic").to_string();
        let started = Instant::now();
        let path = "/fhir/Consent/$fileConsent";
        let filed = visit.patient.post(path, MEDIA_TYPE, body.as_bytes())?;
        let filed = filed.expect_ok("the consent was refused")?.json();
        let seconds = started.elapsed().as_secs_f64();
        let grant = parameter(&filed, "grant")["valueString"].to_string();
        let id = &parameter(&filed, "consent")["resource"]["id"];
        let id = id
            .as_str()
            .ok_or_else(|| Failure::new("the filed consent has no id"))?;
        let told = format!(
            "The patient consents: treatment at the clinic, nothing about substance use. \
             {seconds:.1} s later grant {} is on the ledger of all four.",
            grant.trim_matches('"').get(..8).unwrap_or_default()
        );
        let check = format!(
            "curl -H \"Authorization: Bearer $TOKEN\" {}/fhir/Consent/{id}",
            visit.patient.base()
        );
        self.tell(&told, &check);
        Ok(id.to_owned())
    }

    fn a_record_is_read_elsewhere(&mut self, visit: &Visit) -> Outcome {
        let started = Instant::now();
        let brought = visit.read(&visit.clinic)?;
        let milliseconds = started.elapsed().as_millis();
        let first = brought.records.first();
        let Some((record, receipt)) = first.filter(|_| brought.remarks.is_empty()) else {
            let cause = brought.remarks.join("; ");
            return Err(Failure::new("the clinic got no records").cause(cause));
        };
        let kept = super::Kept {
            record: self.folder.join("shared.json"),
            receipt: self.folder.join("shared.receipt"),
        };
        let told = || "the story's files cannot be written".to_owned();
        std::fs::write(&kept.record, record.to_string()).explain(told)?;
        std::fs::write(&kept.receipt, receipt).explain(told)?;
        self.verify(&kept.record, &kept.receipt)?;
        let check = self.command(&kept.record, &kept.receipt);
        let told = format!(
            "The clinic reads {} records of the hospital in {milliseconds} ms, the disclosure \
             final before the first byte left; each comes with its receipt.",
            brought.records.len()
        );
        self.tell(&told, &check);
        Ok(())
    }

    fn another_is_refused(&mut self, visit: &Visit) -> Outcome {
        // The laboratory knows no such patient, so it is not even asked elsewhere.
        let found = visit.laboratory.get(&visit.path())?;
        if found.is_ok() {
            return Err(Failure::new("the laboratory read without a grant"));
        }
        let told = "The laboratory asks for the same and gets nothing.";
        self.tell(told, &visit.command_at(visit.laboratory.base(), ""));
        Ok(())
    }

    fn a_consent_is_withdrawn(&mut self, visit: &Visit, consent: &str) -> Outcome {
        let reference = json!({ "reference": format!("Consent/{consent}") });
        let body = json!({ "resourceType": "Parameters", "parameter": [
            { "name": "consent", "valueReference": reference }
        ]});
        let started = Instant::now();
        let path = "/fhir/Consent/$revokeConsent";
        let body = body.to_string();
        let withdrawn = visit.patient.post(path, MEDIA_TYPE, body.as_bytes())?;
        withdrawn.expect_ok("the consent was not withdrawn")?;
        let milliseconds = started.elapsed().as_millis();
        if !visit.read(&visit.clinic)?.records.is_empty() {
            return Err(Failure::new(
                "records were read after the consent was withdrawn",
            ));
        }
        let told = format!(
            "The patient withdraws: in force after {milliseconds} ms, and the clinic reads \
             nothing any more."
        );
        self.tell(&told, &visit.command());
        Ok(())
    }
}

impl Story<'_> {
    fn the_glass_is_broken(&mut self, visit: &Visit) -> Outcome {
        let form = json!({
            "patient": visit.clinic_id,
            "organisation": visit.home,
            "reason": "emergency",
            "words": "found unconscious, unknown medication",
            "hours": 1,
        });
        let started = Instant::now();
        let opened =
            visit
                .clinic
                .post("/sharing/break-glass", JSON, form.to_string().as_bytes())?;
        let opened = opened.expect_ok("the glass was not broken")?.json();
        let read = visit.read_for(&visit.clinic, "&_purpose=BTG")?;
        let milliseconds = started.elapsed().as_millis();
        if read.records.is_empty() {
            let cause = read.remarks.join("; ");
            return Err(Failure::new("an emergency read nothing").cause(cause));
        }
        let told = format!(
            "In an emergency the clinic breaks the glass and reads {} records within \
             {milliseconds} ms; the ledger had it before.",
            read.records.len()
        );
        self.tell(&told, &visit.command_for("&_purpose=BTG"));
        let path = format!("/fhir/Communication?patient={}", visit.home_id);
        let notices = visit.patient.get(&path)?.json();
        if notices["entry"].as_array().is_none_or(Vec::is_empty) {
            return Err(Failure::new("the patient was not told"));
        }
        let glass = opened["glass"].as_str().unwrap_or_default();
        let path = format!("/sharing/break-glass/{glass}/review");
        let form = json!({ "verdict": "justified", "words": "unconscious on arrival" });
        let reviewed = visit
            .officer
            .post(&path, JSON, form.to_string().as_bytes())?;
        reviewed.expect_ok("the opening was not reviewed")?;
        let check = format!(
            "curl -H \"Authorization: Bearer $TOKEN\" {}/sharing/break-glass",
            visit.patient.base()
        );
        let told = "The patient has a notice, and the hospital's privacy officer has reviewed it.";
        self.tell(told, &check);
        Ok(())
    }
}

impl Visit {
    /// The clinic admits the patient under an id of its own.
    fn begin(report: &Report, patient: &PatientEntry) -> Outcome<Self> {
        let at = |index: usize| &report.organisations[index];
        let clinic = Client::new(&at(CLINIC).base, Some(report.token(CLINIC, "clinician")?))?;
        let body = json!({
            "resourceType": "Patient",
            "active": true,
            "name": [{ "text": "A visitor" }]
        });
        let admitted = clinic.post("/fhir/Patient", MEDIA_TYPE, body.to_string().as_bytes())?;
        let admitted = admitted.expect_ok("the clinic admits nobody")?.json();
        let laboratory = report.token(LABORATORY, "clinician")?;
        Ok(Self {
            patient: Client::new(&at(HOME).base, Some(&patient.token))?,
            clinic,
            officer: Client::new(&at(HOME).base, Some(report.token(HOME, "auditor")?))?,
            laboratory: Client::new(&at(LABORATORY).base, Some(laboratory))?,
            home_id: patient.id.clone(),
            clinic_id: admitted["id"].as_str().unwrap_or_default().to_owned(),
            home: at(HOME).id.clone(),
        })
    }

    fn path(&self) -> String {
        let (patient, source) = (&self.clinic_id, &self.home);
        format!("/fhir/Observation?patient={patient}&_source={source}")
    }

    fn command(&self) -> String {
        self.command_for("")
    }

    fn command_for(&self, purpose: &str) -> String {
        self.command_at(self.clinic.base(), purpose)
    }

    fn command_at(&self, base: &str, purpose: &str) -> String {
        let path = self.path();
        format!("curl -H \"Authorization: Bearer $TOKEN\" '{base}{path}{purpose}'")
    }

    fn read(&self, client: &Client) -> Outcome<Brought> {
        self.read_for(client, "")
    }

    fn read_for(&self, client: &Client, purpose: &str) -> Outcome<Brought> {
        let found = client.get(&format!("{}{purpose}", self.path()))?;
        let bundle = found.expect_ok("a search elsewhere was refused")?.json();
        let entries = bundle["entry"].as_array().cloned().unwrap_or_default();
        let of_mode = |mode: &str| {
            let entries = entries.iter().filter(|it| it["search"]["mode"] == mode);
            entries.map(|it| it["resource"].clone()).collect::<Vec<_>>()
        };
        let receipts = of_mode("include").into_iter().filter_map(|provenance| {
            let data = provenance["signature"][0]["data"].as_str()?.to_owned();
            STANDARD.decode(data).ok()
        });
        let records = of_mode("match").into_iter().zip(receipts).collect();
        let issues = of_mode("outcome")
            .into_iter()
            .flat_map(|outcome| outcome["issue"].as_array().cloned().unwrap_or_default());
        let remarks = issues.map(|issue| issue["diagnostics"].to_string());
        Ok(Brought {
            records,
            remarks: remarks.collect(),
        })
    }
}

fn parameter<'a>(parameters: &'a Value, name: &str) -> &'a Value {
    let all = parameters["parameter"].as_array();
    let found = all.into_iter().flatten().find(|it| it["name"] == name);
    found.unwrap_or(&Value::Null)
}

/// A consent as IHE PCF profiles it: treatment at one organisation, without what is sensitive.
fn consent(patient: &str, recipient: &str) -> Value {
    let code = |system: &str, code: &str| json!({ "system": system, "code": code });
    let terminology = |name: &str| format!("http://terminology.hl7.org/CodeSystem/{name}");
    let recipient = json!({
        "role": { "coding": [code(&terminology("v3-ParticipationType"), "IRCP")] },
        "reference": { "reference": recipient }
    });
    json!({
        "resourceType": "Consent",
        "status": "active",
        "scope": { "coding": [code(&terminology("consentscope"), "patient-privacy")] },
        "category": [{ "coding": [code("http://loinc.org", "59284-0")] }],
        "patient": { "reference": format!("Patient/{patient}") },
        "policy": [{ "uri": "https://salus.example/policy/sharing" }],
        "provision": {
            "type": "permit",
            "actor": [recipient],
            "purpose": [code(&terminology("v3-ActReason"), "TREAT")],
            "provision": [{
                "type": "deny",
                "securityLabel": [code(&terminology("v3-ActCode"), "ETH")]
            }]
        }
    })
}
