//! A read across organisations: four processes, real consent, the disclosure final before release.

use super::Row;
use super::client::Client;
use super::stats::Times;
use crate::ci::cargo;
use crate::consortium::Consortium;
use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use std::process::Stdio;
use std::time::Instant;

const READS: usize = 200;
const ROUNDS: usize = 20;

/// The decision on one record, as the example of `consent` measures it.
pub(super) fn decision() -> Result<Vec<Row>> {
    let output = cargo("run --release --quiet --package consent --example measure_consent")
        .current_dir(crate::root())
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()?;
    if !output.status.success() {
        bail!("the example of consent failed");
    }
    let text = String::from_utf8(output.stdout).context("the example's output")?;
    let lines: Vec<&str> = text.lines().collect();
    Ok(vec![Row {
        what: "consent decision at 100 consents of the patient",
        wanted: "50 microseconds",
        measured: lines.join("; "),
        timer: "terms and facts at hand, one record, reasons included where it refuses",
    }])
}

/// Reads and withdrawals between the hospital and the clinic of a demo.
pub(super) fn across() -> Result<Vec<Row>> {
    let consortium = Consortium::start(2)?;
    let visit = Visit::begin(&consortium)?;
    visit.link()?;
    visit.grant()?;
    let mut reads = Vec::with_capacity(READS);
    let mut records = 0;
    for _ in 0..READS {
        let start = Instant::now();
        records = visit.read()?;
        reads.push(start.elapsed());
    }
    let mut withdrawals = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        let consent = visit.grant()?;
        let start = Instant::now();
        visit.withdraw(&consent)?;
        withdrawals.push(start.elapsed());
    }
    Ok(vec![
        Row {
            what: "read across organisations, disclosure final",
            wanted: "p50 under two block times plus 50 ms: 250 ms",
            measured: format!("{}; {records} records each", Times::new(reads).words()),
            timer: "one search over HTTP at the clinic: credential, call, decision, AuditEvent \
                    under a cosigned checkpoint, release, opening, receipts checked, the \
                    clinic's own AuditEvent",
        },
        Row {
            what: "withdrawal of a consent",
            wanted: "p99 from click to effect under 2 s",
            measured: Times::new(withdrawals).words(),
            timer: "the patient's request over HTTP until the ledger has the `Revoke`",
        },
    ])
}

/// A patient of the hospital at the clinic.
struct Visit {
    patient: Client,
    clinic: Client,
    home: String,
    home_id: String,
    clinic_id: String,
    recipient: String,
}

impl Visit {
    fn begin(consortium: &Consortium) -> Result<Self> {
        let organisations = &consortium.report["organisations"];
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let home = text(&organisations[0]["id"]);
        let patients = consortium.report["patients"].as_array();
        let patient = patients
            .into_iter()
            .flatten()
            .find(|it| it["home"] == home.as_str())
            .context("the demo has no patient at home at the hospital")?;
        let clinic = Client::new(&consortium.base(1), &consortium.token(1));
        let visitor = json!({ "resourceType": "Patient", "name": [{ "text": "A visitor" }] });
        let admitted = answer(clinic.post("/fhir/Patient", visitor.to_string().as_bytes())?)?;
        Ok(Self {
            patient: Client::new(&consortium.base(0), &text(&patient["token"])),
            clinic,
            home_id: text(&patient["id"]),
            clinic_id: text(&admitted["id"]),
            recipient: text(&organisations[1]["id"]),
            home,
        })
    }

    fn link(&self) -> Result<()> {
        let form = json!({ "patient": self.home_id }).to_string();
        let code = answer(self.patient.post("/sharing/codes", form.as_bytes())?)?;
        let form = json!({
            "patient": self.clinic_id, "organisation": self.home, "code": code["code"]
        });
        answer(
            self.clinic
                .post("/sharing/links", form.to_string().as_bytes())?,
        )?;
        Ok(())
    }

    fn grant(&self) -> Result<String> {
        let code = |name: &str, code: &str| {
            json!({
                "system": format!("http://terminology.hl7.org/CodeSystem/{name}"), "code": code
            })
        };
        let consent = json!({
            "resourceType": "Consent", "status": "active",
            "scope": { "coding": [code("consentscope", "patient-privacy")] },
            "category": [{ "coding": [{ "system": "http://loinc.org", "code": "59284-0" }] }],
            "patient": { "reference": format!("Patient/{}", self.home_id) },
            "policy": [{ "uri": "https://salus.example/policy/sharing" }],
            "provision": {
                "type": "permit",
                "actor": [{
                    "role": { "coding": [code("v3-ParticipationType", "IRCP")] },
                    "reference": { "reference": format!("Organization/{}", self.recipient) }
                }],
                "purpose": [code("v3-ActReason", "TREAT")]
            }
        });
        let path = "/fhir/Consent/$fileConsent";
        let filed = answer(self.patient.post(path, consent.to_string().as_bytes())?)?;
        let id = filed["parameter"][0]["resource"]["id"].as_str();
        Ok(id.context("the filed consent has no id")?.to_owned())
    }

    fn withdraw(&self, consent: &str) -> Result<()> {
        let reference = json!({ "reference": format!("Consent/{consent}") });
        let body = json!({ "resourceType": "Parameters", "parameter": [
            { "name": "consent", "valueReference": reference }
        ]});
        let path = "/fhir/Consent/$revokeConsent";
        answer(self.patient.post(path, body.to_string().as_bytes())?)?;
        Ok(())
    }

    /// How many records came.
    fn read(&self) -> Result<usize> {
        let (id, home) = (&self.clinic_id, &self.home);
        let path = format!("/fhir/Observation?patient={id}&_source={home}");
        let found = self.clinic.json(&path)?;
        let entries = found["entry"].as_array().map_or(&[][..], Vec::as_slice);
        let records = entries
            .iter()
            .filter(|it| it["search"]["mode"] == "match")
            .count();
        if records == 0 {
            bail!("nothing was read: {found}");
        }
        Ok(records)
    }
}

fn answer((status, body): (u16, Vec<u8>)) -> Result<Value> {
    if !(200..300).contains(&status) {
        bail!("{status}: {}", String::from_utf8_lossy(&body));
    }
    Ok(serde_json::from_slice(&body)?)
}
