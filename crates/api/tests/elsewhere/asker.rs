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

/// Records by custodian and id, and how they come.
type Expected<'a> = BTreeMap<(usize, &'a str), (&'a Kept, &'static str)>;

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
        match self.dice.below(8) {
            0 => self.everything(&client, &manner, patient),
            1 | 2 => self.one(&client, &manner, patient),
            _ => self.search(&client, &manner, patient),
        }
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
        let links = match (type_, self.dice.below(3)) {
            ("Observation" | "Condition", 0) => Some(("_include", format!("{type_}:subject"))),
            ("Patient", 0 | 1) => Some(("_revinclude", "Observation:subject".to_owned())),
            _ => None,
        };
        pairs.extend(
            links
                .iter()
                .map(|(name, of)| ((*name).to_owned(), of.clone())),
        );
        let totalled = self.dice.one_in(2);
        if totalled {
            pairs.push(("_total".into(), "accurate".into()));
        }
        let path = format!("/fhir/{type_}?{}", pairs::encode(&pairs));
        let query = query::parse(type_, &own, &Options::default()).unwrap();
        let found = |it: &Kept| {
            let entries = search::values(&it.body);
            it.model.type_ == type_
                && query::matches(&query.query, it.model.id, it.updated_us, &entries)
        };
        let linked = match &links {
            Some(("_include", _)) => "Patient",
            Some(_) => "Observation",
            None => "",
        };
        let mut expected = self.expected(manner, patient, &asked, found);
        let matches = expected.len();
        for chart in patient
            .charts
            .iter()
            .filter(|it| asked.contains(&it.custodian))
        {
            if expected.keys().any(|key| key.0 == chart.custodian) {
                let own = manner.shows(self.members, chart).into_iter();
                let own = own.filter(|it| it.model.type_ == linked);
                expected.extend(own.map(|it| ((chart.custodian, it.model.id), (it, "include"))));
            }
        }
        let bundle = client.get(&path).expect(200).json();
        self.compare(&path, &bundle, expected);
        if totalled {
            assert_eq!(bundle["total"], matches, "{path}");
        }
    }

    /// One record: it, one version of it, or its history.
    fn one(&mut self, client: &Client, manner: &Manner, patient: &Patient) {
        let chart = &patient.charts[usize::try_from(self.dice.below(2)).unwrap()];
        let at = usize::try_from(self.dice.below(chart.records.len() as u64)).unwrap();
        let it = &chart.records[at];
        let (sources, asked) = self.sources();
        let own = it.model.type_ == "Patient";
        let id = if own {
            patient.here.as_str()
        } else {
            it.model.id
        };
        let ending = self.dice.pick(&["", "/_history/1", "/_history"]);
        let about = if own {
            String::new()
        } else {
            format!("patient={}&", patient.here)
        };
        let (type_, purpose) = (it.model.type_, manner.purpose);
        let path =
            format!("/fhir/{type_}/{id}{ending}?{about}_source={sources}&_purpose={purpose}");
        let meant =
            |other: &Kept| other.model.type_ == type_ && (own || other.model.id == it.model.id);
        let expected = self.expected(manner, patient, &asked, meant);
        let bundle = client.get(&path).expect(200).json();
        self.compare(&path, &bundle, expected);
    }

    fn everything(&mut self, client: &Client, manner: &Manner, patient: &Patient) {
        let (sources, asked) = self.sources();
        let types = self
            .dice
            .pick(&["Observation", "Patient,Condition", "Observation,Condition"]);
        let (here, purpose) = (&patient.here, manner.purpose);
        let path = format!(
            "/fhir/Patient/{here}/$everything?_source={sources}&_purpose={purpose}&_type={types}"
        );
        let of_type = |it: &Kept| types.split(',').any(|one| one == it.model.type_);
        let expected = self.expected(manner, patient, &asked, of_type);
        let bundle = client.get(&path).expect(200).json();
        self.compare(&path, &bundle, expected);
    }

    /// What is to be answered, of everything that those who are asked keep.
    fn expected<'p>(
        &mut self,
        manner: &Manner,
        patient: &'p Patient,
        asked: &[usize],
        found: impl Fn(&Kept) -> bool,
    ) -> Expected<'p> {
        let mut expected = Expected::new();
        for chart in patient
            .charts
            .iter()
            .filter(|it| asked.contains(&it.custodian))
        {
            let all = chart.records.iter().filter(|it| found(it)).count();
            let shown = manner.shows(self.members, chart).into_iter();
            let shown: Vec<&Kept> = shown.filter(|it| found(it)).collect();
            self.tally.hidden += (all - shown.len()) as u64;
            let keyed = shown.into_iter();
            expected.extend(keyed.map(|it| ((chart.custodian, it.model.id), (it, "match"))));
        }
        expected
    }

    /// Takes what is answered from what is expected; each record is whole or says that it is not.
    fn compare(&mut self, path: &str, bundle: &Value, mut expected: Expected<'_>) {
        let mut proofs = 0_usize;
        let mut shown = 0_usize;
        for entry in bundle["entry"].as_array().into_iter().flatten() {
            let resource = &entry["resource"];
            let mode = entry["search"]["mode"].as_str().unwrap();
            match mode {
                "include" if resource["resourceType"] == "Provenance" => {
                    proofs += 1;
                    continue;
                }
                "match" | "include" => {}
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
            let (kept, by) = expected.remove(&key).unwrap();
            assert_eq!(mode, by, "{path}: {url}");
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
        assert!(
            expected.is_empty(),
            "{path}: {} are missing",
            expected.len()
        );
    }
}
