//! What a patient wishes to permit, and the Consent that says it.

use serde_json::{Value, json};

use super::Member;
use crate::form::Faults;
use crate::visit::Visit;

/// Sensitive subjects that a patient may leave out, by codes of v3-ActCode.
pub(super) const SUBJECTS: [&str; 5] = ["ETH", "MH", "HIV", "SEX", "GDIS"];
/// Purposes that a patient may allow, by codes of v3-ActReason.
pub(super) const PURPOSES: [&str; 3] = ["TREAT", "HPAYMT", "HRESCH"];
/// How long, in days.
pub(super) const DAYS: [(&str, i64); 4] = [("month", 30), ("half", 182), ("year", 365), ("day", 1)];
const DAY_US: i64 = 86_400_000_000;

/// What a patient chose.
pub(super) struct Wish {
    pub(super) who: String,
    pub(super) purposes: Vec<String>,
    pub(super) without: Vec<String>,
    pub(super) long: String,
}

impl Wish {
    pub(super) fn read(pairs: &[(String, String)]) -> Self {
        let all = |name: &str| -> Vec<String> {
            let named = pairs.iter().filter(|(found, _)| found == name);
            named.map(|(_, value)| value.clone()).collect()
        };
        let one = |name: &str| all(name).into_iter().next().unwrap_or_default();
        Self {
            who: one("who"),
            purposes: all("purpose"),
            without: all("without"),
            long: one("long"),
        }
    }

    pub(super) fn faults(&self, visit: &Visit, members: &[Member]) -> Faults {
        let mut faults = Faults::default();
        match members.iter().find(|member| member.id == self.who) {
            None => faults.add("who", visit.say("permissions-fault-who")),
            Some(member) if !member.linked => {
                let words = visit.tell("permissions-fault-unlinked", &[("who", &member.id)]);
                faults.add("who", words);
            }
            Some(_) => {}
        }
        let known = |code: &String| PURPOSES.contains(&code.as_str());
        if self.purposes.is_empty() || !self.purposes.iter().all(known) {
            faults.add("purpose", visit.say("permissions-fault-purpose"));
        }
        if !self
            .without
            .iter()
            .all(|code| SUBJECTS.contains(&code.as_str()))
        {
            faults.add("without", visit.say("permissions-fault-without"));
        }
        if self.days().is_none() {
            faults.add("long", visit.say("permissions-fault-long"));
        }
        faults
    }

    fn days(&self) -> Option<i64> {
        let found = DAYS.iter().find(|(name, _)| *name == self.long);
        found.map(|(_, days)| *days)
    }

    /// The Consent as IHE Privacy Consent on FHIR has it.
    pub(super) fn consent(&self, patient: &str, now_us: i64) -> Value {
        let system = |name: &str| format!("http://terminology.hl7.org/CodeSystem/{name}");
        let coded = |name: &str, code: &str| json!({ "system": system(name), "code": code });
        let end_us = now_us.saturating_add(self.days().unwrap_or(1) * DAY_US);
        let mut provision = json!({
            "type": "permit",
            "period": { "start": hospital::instant::fhir(now_us), "end":
                hospital::instant::fhir(end_us) },
            "actor": [{
                "role": { "coding": [coded("v3-ParticipationType", "IRCP")] },
                "reference": { "reference": format!("Organization/{}", self.who) },
            }],
            "purpose": self.purposes.iter().map(|code|
                coded("v3-ActReason", code)).collect::<Vec<_>>(),
        });
        if !self.without.is_empty() {
            let labels: Vec<Value> = self
                .without
                .iter()
                .map(|code| coded("v3-ActCode", code))
                .collect();
            provision["provision"] = json!([{ "type": "deny", "securityLabel": labels }]);
        }
        json!({
            "resourceType": "Consent",
            "status": "active",
            "scope": { "coding": [coded("consentscope", "patient-privacy")] },
            "category": [{ "coding": [{ "system": "http://loinc.org", "code": "59284-0" }] }],
            "patient": { "reference": format!("Patient/{patient}") },
            "dateTime": hospital::instant::fhir(now_us),
            "policy": [{ "uri": "https://salus.example/policy/sharing" }],
            "provision": provision,
        })
    }
}
