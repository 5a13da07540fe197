//! Random questions to other organisations, each answered a second time from everything they keep.

use std::collections::BTreeMap;

use fhir::query::{self, Options};
use fhir::search;
use hospital::Role;
use hospital::pairs::{self, Pairs};
use serde_json::Value;

use super::members::{CLINIC, Members, NAMES};
use super::ward::{CUSTODIANS, Chart, Kept, Patient, TODAY};
use crate::common::Client;
use crate::model::{Dice, Request};
use crate::naive;

/// What the questions of one asker saw.
#[derive(Default)]
pub struct Tally {
    pub asked: u64,
    pub shown: u64,
    pub hidden: u64,
    pub shortened: u64,
}

pub struct Asker<'a> {
    pub members: &'a Members,
    pub patients: &'a [Patient],
    pub dice: Dice,
    pub tally: Tally,
}

/// Who asks, what for.
struct Manner {
    role: Role,
    purpose: &'static str,
}

impl Manner {
    /// The policy that the organisations have, read from its text by hand.
    fn policy_permits(&self, type_: &str) -> bool {
        let treats = ["TREAT", "ETREAT", "ERTREAT"].contains(&self.purpose);
        self.role == Role::Clinician && treats && type_ != "Consent" && type_ != "AuditEvent"
    }

    fn request(&self, members: &Members, custodian: usize) -> Request {
        let leaked = |text: String| -> &'static str { text.leak() };
        let practitioner = members.practitioner(CLINIC, self.role);
        Request {
            organisation: vec![leaked(format!("Organization/{}", NAMES[CLINIC]))],
            practitioner: vec![leaked(format!("Practitioner/{practitioner}"))],
            role: vec![leaked(format!("PractitionerRole/{}", self.role))],
            groups: None,
            custodian: vec![leaked(format!("Organization/{}", NAMES[custodian]))],
            purpose: Some(self.purpose),
            actions: vec!["access", "disclose"],
            day: TODAY,
        }
    }

    /// What this custodian may show, of everything that it keeps.
    fn shows<'c>(&self, members: &Members, chart: &'c Chart) -> Vec<&'c Kept> {
        let request = self.request(members, chart.custodian);
        let all = chart.records.iter();
        all.filter(|it| {
            self.policy_permits(it.model.type_)
                && naive::permits(&chart.consents, false, &request, &it.model)
        })
        .collect()
    }
}

impl Asker<'_> {
    pub fn ask(&mut self) {
        let manner = Manner {
            role: if self.dice.one_in(8) {
                Role::Pharmacist
            } else {
                Role::Clinician
            },
            purpose: self.dice.pick(&[
                "TREAT", "TREAT", "TREAT", "ETREAT", "ERTREAT", "HRESCH", "HPAYMT",
            ]),
        };
        let client = self.members.client(CLINIC, manner.role, None);
        let place = usize::try_from(self.dice.below(self.patients.len() as u64)).unwrap();
        let patients = self.patients;
        let patient = &patients[place];
        self.search(&client, &manner, patient);
        self.tally.asked += 1;
    }

    /// Which custodians are asked, and how.
    fn sources(&mut self) -> (String, Vec<usize>) {
        match self.dice.below(4) {
            0 => ("all".into(), CUSTODIANS.to_vec()),
            1 => (
                CUSTODIANS.map(|it| NAMES[it]).join(","),
                CUSTODIANS.to_vec(),
            ),
            _ => {
                let one = self.dice.pick(&CUSTODIANS);
                (NAMES[one].into(), vec![one])
            }
        }
    }

    /// A condition that some record, shown or not, fulfils.
    fn condition(&mut self, type_: &str, patient: &Patient) -> Option<(String, String)> {
        let charts = patient.charts.iter();
        let all = charts.flat_map(|chart| &chart.records);
        let alike: Vec<&Kept> = all.filter(|it| it.model.type_ == type_).collect();
        let at = usize::try_from(self.dice.below(alike.len().max(1) as u64)).unwrap();
        let it = alike.get(at)?;
        let dated = if type_ == "Observation" {
            "date"
        } else {
            "onset-date"
        };
        let code = it.model.codes.first().copied().unwrap_or("I10");
        let pair = match (self.dice.below(8), type_) {
            (0, _) => ("_id", it.model.id.to_owned()),
            (1 | 2, "Observation" | "Condition") => ("code", code.to_owned()),
            (3, "Observation" | "Condition") => ("code:not", code.to_owned()),
            (4, "Observation" | "Condition") => (dated, "ge2026-01-10".to_owned()),
            (5, "Observation") => ("derived-from:missing", "true".to_owned()),
            (6, _) => ("_security:not", "R".to_owned()),
            _ => ("_lastUpdated", "gt2020-01-01".to_owned()),
        };
        Some((pair.0.to_owned(), pair.1))
    }

    fn search(&mut self, client: &Client, manner: &Manner, patient: &Patient) {
        let type_ = self.dice.pick(&[
            "Observation",
            "Observation",
            "Condition",
            "Condition",
            "Patient",
            "Consent",
            "AuditEvent",
        ]);
        let mut own = Pairs::new();
        for _ in 0..self.dice.below(3) {
            own.extend(self.condition(type_, patient));
        }
        if type_ == "Patient" {
            own.retain(|(name, _)| name != "_id");
        }
        let (sources, asked) = self.sources();
        let mut pairs = own.clone();
        let about = if type_ == "Patient" { "_id" } else { "patient" };
        pairs.push((about.into(), patient.here.clone()));
        pairs.push(("_source".into(), sources));
        pairs.push(("_purpose".into(), manner.purpose.into()));
        let path = format!("/fhir/{type_}?{}", pairs::encode(&pairs));
        let query = query::parse(type_, &own, &Options::default()).unwrap();
        let found = |it: &&Kept| {
            let entries = search::values(&it.body);
            it.model.type_ == type_
                && query::matches(&query.query, it.model.id, it.updated_us, &entries)
        };
        let mut expected = BTreeMap::new();
        for chart in patient
            .charts
            .iter()
            .filter(|it| asked.contains(&it.custodian))
        {
            let shown = manner.shows(self.members, chart);
            self.tally.hidden += chart.records.iter().filter(found).count() as u64;
            for it in shown.into_iter().filter(|it| found(it)) {
                self.tally.hidden -= 1;
                expected.insert((chart.custodian, it.model.id), it);
            }
        }
        let bundle = client.get(&path).expect(200).json();
        self.compare(&path, &bundle, &mut expected);
        assert!(
            expected.is_empty(),
            "{path}: {} are missing",
            expected.len()
        );
    }

    /// Takes what is answered from what is expected; each record is whole or says that it is not.
    fn compare(
        &mut self,
        path: &str,
        bundle: &Value,
        expected: &mut BTreeMap<(usize, &str), &Kept>,
    ) {
        let mut proofs = 0_usize;
        let mut shown = 0_usize;
        for entry in bundle["entry"].as_array().into_iter().flatten() {
            let resource = &entry["resource"];
            match entry["search"]["mode"].as_str().unwrap() {
                "match" => {}
                "include" => {
                    proofs += 1;
                    continue;
                }
                // The notice of 42 CFR 2.32; nobody failed and nothing was cut.
                _ if resource["issue"][0]["code"] == "informational" => continue,
                _ => panic!("{path}: {resource}"),
            }
            shown += 1;
            let url = entry["fullUrl"].as_str().unwrap();
            let custodian = CUSTODIANS
                .into_iter()
                .find(|it| url.starts_with(self.members.base(*it)));
            let custodian = custodian.unwrap();
            let id = resource["id"].as_str().unwrap();
            let key = expected.keys().find(|it| **it == (custodian, id)).copied();
            let key = key.unwrap_or_else(|| panic!("{path}: {url} leaks, or is there twice"));
            let kept = expected.remove(&key).unwrap();
            self.tally.shown += 1;
            if *resource != kept.body {
                self.tally.shortened += 1;
                let security = resource["meta"]["security"].to_string();
                assert!(security.contains("REDACTED"), "{path}: {resource}");
                assert!(resource.get("text").is_none(), "{path}: {resource}");
                let mut left = kept.body.clone();
                left.as_object_mut().unwrap().remove("text");
                left["meta"] = resource["meta"].clone();
                assert_eq!(*resource, left, "{path}");
            }
        }
        assert_eq!(proofs, shown, "{path}: each has its provenance");
    }
}
