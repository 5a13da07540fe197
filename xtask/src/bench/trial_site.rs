//! A trial for measurements: sealed, accepted, drawn by both hands, with participants enrolled.

use super::client::Client;
use super::trade::{answer, bytes, until};
use crate::consortium::Consortium;
use anyhow::{Context, Result};
use serde_json::{Value, json};
use std::path::PathBuf;

pub(super) const SPONSOR: usize = 0;
pub(super) const SITE: usize = 1;
/// Participants, each with many visits.
const SUBJECTS: usize = 500;
const STRATUM: &str = "all";

/// A running trial.
pub(super) struct TrialSite {
    consortium: Consortium,
    id: String,
}

impl TrialSite {
    /// Starts four nodes, and seals a trial with one site of them.
    pub(super) fn open() -> Result<Self> {
        let mut trial = Self {
            consortium: Consortium::start(0)?,
            id: String::new(),
        };
        let site = &trial.consortium.report["organisations"][SITE]["id"];
        let body = json!({
            "protocol": protocol(), "quorum": 2,
            "parties": [{ "organisation": site, "role": "site" }],
        });
        let sealed = trial.does(SPONSOR, "researcher", "", &body)?;
        let id = sealed["id"].as_str().context("the id of a trial")?;
        id.clone_into(&mut trial.id);
        let seen = trial.client(SITE, "auditor");
        until("the protocol", || {
            let (status, body) = seen.get(&trial.path(""))?;
            let told: Value = serde_json::from_slice(&body).unwrap_or_default();
            Ok(status == 200 && told["versions"][0]["protocol"].is_object())
        })?;
        trial.does(SITE, "clinician", "/acceptance", &json!({ "version": 1 }))?;
        until("the list", || {
            let told = seen.json(&trial.path(""))?;
            Ok(told["sites"][0]["is_listed"] == true)
        })?;
        let participants = (0..SUBJECTS).map(
            |number| json!({ "subject": subject(number), "stratum": STRATUM, "consent": "signed" }),
        );
        let body = json!({ "participants": participants.collect::<Vec<_>>() });
        trial.does(SITE, "clinician", "/participants", &body)?;
        Ok(trial)
    }

    fn does(&self, index: usize, role: &str, path: &str, body: &Value) -> Result<Value> {
        let client = self.client(index, role);
        let answered = client.post_as(&self.path(path), JSON, &bytes(body))?;
        answer(answered).with_context(|| format!("POST {path}"))
    }

    /// A path of the trial.
    pub(super) fn path(&self, path: &str) -> String {
        let slash = if self.id.is_empty() { "" } else { "/" };
        format!("/trials{slash}{}{path}", self.id)
    }

    /// Where an organisation answers, and the token of somebody there.
    pub(super) fn at(&self, index: usize, role: &str) -> (String, String) {
        let token = self.consortium.token_of(index, role);
        (self.consortium.base(index), token)
    }

    pub(super) fn client(&self, index: usize, role: &str) -> Client {
        let (base, token) = self.at(index, role);
        Client::new(&base, &token)
    }

    /// The trust file of the ledger.
    pub(super) fn trust(&self) -> PathBuf {
        self.consortium.dir.join("trust.policy")
    }

    /// Waits until a row has its receipt.
    pub(super) fn has_receipt(&self, client: &Client, number: usize, event: &str) -> Result<()> {
        let (subject, repeat) = (subject(number % SUBJECTS), number / SUBJECTS);
        let key = format!("{subject}|{event}|{repeat}|F.VS||IG.VS|");
        // A stroke of the value itself is escaped (FHIR R4 3.1.1.4.1).
        let key = key.replace('|', "%5C%7C");
        let path = "/fhir/QuestionnaireResponse?identifier=urn:salus:trial:";
        let found = client.json(&format!("{path}{}%7C{key}", self.id))?;
        let id = found["entry"][0]["resource"]["id"].as_str();
        let id = id.context("the last row")?;
        let path = format!("/fhir/QuestionnaireResponse/{id}/_history/1/$receipt");
        until("a receipt", || Ok(client.get(&path)?.0 == 200))
    }

    /// Captures rows that are all new.
    pub(super) fn captured(&self, client: &Client, body: &[u8]) -> Result<()> {
        let told = answer(client.post_as(&self.path("/rows"), JSON, body)?)?;
        anyhow::ensure!(told["same"] == 0 && told["changed"] == 0, "{told}");
        Ok(())
    }
}

/// The body of rows with these numbers.
pub(super) fn body(numbers: &[usize], event: &str) -> Vec<u8> {
    let rows = numbers.iter().map(|number| row(*number, event));
    bytes(&json!({ "rows": rows.collect::<Vec<_>>() }))
}

const JSON: &str = "application/json";

fn subject(number: usize) -> String {
    format!("S{number:03}")
}

/// Vital signs of a visit: five items.
fn row(number: usize, event: &str) -> Value {
    let value = |from: usize, span: usize| (from + number * 7 % span).to_string();
    let item = |oid: &str, value: String| json!({ "oid": oid, "value": value });
    json!({
        "subject": subject(number % SUBJECTS),
        "event": event, "event_repeat": (number / SUBJECTS).to_string(),
        "form": "F.VS", "group": "IG.VS",
        "items": [
            item("IT.SYSBP", value(100, 60)), item("IT.DIABP", value(60, 30)),
            item("IT.PULSE", value(55, 45)), item("IT.DATE", "2026-11-02".to_owned()),
            { "oid": "IT.NOTE", "value": null },
        ],
    })
}

fn protocol() -> Value {
    json!({
        "title": "A trial for measurements",
        "arms": [{ "name": "active", "ratio": 1 }, { "name": "placebo", "ratio": 1 }],
        "block": 4, "strata": [STRATUM], "slots": SUBJECTS,
        "endpoints": [{ "id": "SYSBP", "name": "change in blood pressure", "rank": "primary",
            "measure": "mmHg", "timing": "week 12", "analysis": "ANCOVA" }],
    })
}
