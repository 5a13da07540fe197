//! Patients who are known at two custodians and at a clinic, with random records and consents.

use hospital::{Role, instant};
use serde_json::{Value, json};

use super::members::{CLINIC, HOSPITAL, LABORATORY, Members, NAMES};
use crate::common::Client;
use crate::model::{Consent, DAY_US, Dice, Record, Rule};

/// The day of the requests in the model; periods reach at least three days to both sides of it, so
/// that a test that runs at midnight sees one truth.
pub const TODAY: i64 = 14;
pub const CUSTODIANS: [usize; 2] = [HOSPITAL, LABORATORY];
const RECORDS: usize = 24;

/// A record as the custodian keeps it, and as the oracle knows it.
pub struct Kept {
    pub model: Record,
    pub body: Value,
    pub updated_us: i64,
}

/// What one custodian has of a patient.
pub struct Chart {
    pub custodian: usize,
    pub patient: String,
    pub records: Vec<Kept>,
    pub consents: Vec<Consent>,
}

/// A patient.
pub struct Patient {
    pub here: String,
    pub charts: Vec<Chart>,
}

fn leaked(text: String) -> &'static str {
    text.leak()
}

impl Patient {
    /// Admits a patient everywhere, links, writes records and files consents.
    pub fn admit(members: &Members, dice: &mut Dice) -> Self {
        let here = admitted(&members.client(CLINIC, Role::Clinician, None));
        let mut charts: Vec<Chart> = Vec::new();
        for custodian in CUSTODIANS {
            let client = members.client(custodian, Role::Clinician, None);
            let patient = admitted(&client);
            let records = written(&client, &patient, dice);
            charts.push(Chart {
                custodian,
                patient,
                records,
                consents: Vec::new(),
            });
        }
        for chart in &charts {
            link(members, chart.custodian, &chart.patient, CLINIC, &here);
        }
        let (one, other) = (&charts[0], &charts[1]);
        link(
            members,
            one.custodian,
            &one.patient,
            other.custodian,
            &other.patient,
        );
        let practitioner = members.practitioner(CLINIC, Role::Clinician);
        let practitioner = leaked(format!("Practitioner/{practitioner}"));
        for chart in &mut charts {
            chart.consents = consents(members, chart, practitioner, dice);
        }
        Self { here, charts }
    }
}

fn admitted(client: &Client) -> String {
    let body = json!({ "resourceType": "Patient", "name": [{ "family": "Visitor" }] });
    client.post("/fhir/Patient", &body).expect(201).id()
}

pub fn link(members: &Members, from: usize, patient: &str, to: usize, there: &str) {
    let own = members.client(from, Role::Patient, Some(patient));
    let code = own.post("/sharing/codes", &json!({ "patient": patient }));
    let code = code.expect(201).json()["code"].clone();
    let form = json!({ "patient": there, "organisation": NAMES[from], "code": code });
    let clinician = members.client(to, Role::Clinician, None);
    clinician.post("/sharing/links", &form).expect(201);
}

/// Records in one transaction, read back as they are kept; the patient's own record is one.
fn written(client: &Client, patient: &str, dice: &mut Dice) -> Vec<Kept> {
    let mut kept = Vec::new();
    for _ in 0..RECORDS {
        let mut model = Record::random(dice);
        possible(&mut model);
        let body = resource(&model, patient, dice);
        let made = client.post(&format!("/fhir/{}", model.type_), &body);
        let body = made.expect(201).json();
        model.id = leaked(body["id"].as_str().unwrap().to_owned());
        kept.push(of(model, body));
    }
    let body = client.get(&format!("/fhir/Patient/{patient}")).expect(200);
    let model = Record {
        type_: "Patient",
        id: leaked(patient.to_owned()),
        codes: Vec::new(),
        labels: Vec::new(),
        days: None,
        authors: Vec::new(),
        links: Vec::new(),
    };
    kept.push(of(model, body.json()));
    kept
}

fn of(model: Record, body: Value) -> Kept {
    let updated = body["meta"]["lastUpdated"].as_str().unwrap();
    Kept {
        updated_us: instant::parse_fhir(updated).unwrap(),
        model,
        body,
    }
}

/// The model may say what no record of R4 can.
fn possible(model: &mut Record) {
    model.id = "";
    let observation = model.type_ == "Observation";
    model
        .authors
        .retain(|one| observation || one.starts_with("Practitioner/"));
    model
        .links
        .retain(|one| !observation || one.starts_with("Observation/"));
    model.authors.dedup();
    model.authors.truncate(2);
    model.links.dedup();
}

fn resource(model: &Record, patient: &str, dice: &mut Dice) -> Value {
    let mut body = model.json();
    let map = body.as_object_mut().unwrap();
    map.remove("id");
    let subject = json!({ "reference": format!("Patient/{patient}") });
    map.insert("subject".into(), subject);
    if model.type_ == "Observation" {
        map.insert("status".into(), "final".into());
    }
    if dice.one_in(2) {
        let div = "<div xmlns=\"http://www.w3.org/1999/xhtml\">told in words</div>";
        map.insert("text".into(), json!({ "status": "generated", "div": div }));
    }
    if model.codes.is_empty() {
        map.insert("code".into(), json!({ "text": "something" }));
    }
    if model.labels.is_empty() {
        map.remove("meta");
    }
    if model.links.is_empty() {
        map.remove("derivedFrom");
        map.remove("evidence");
    }
    body
}

/// Files random consents, of which at least one names the clinic; answers those that stand.
fn consents(
    members: &Members,
    chart: &Chart,
    practitioner: &'static str,
    dice: &mut Dice,
) -> Vec<Consent> {
    let own = members.client(chart.custodian, Role::Patient, Some(&chart.patient));
    let wanted = 1 + usize::try_from(dice.below(3)).unwrap();
    let mut filed = Vec::new();
    for attempt in 0..40 {
        if filed.len() == wanted {
            break;
        }
        let plain = attempt < 30;
        let Some((mut consent, body)) =
            candidate(chart, practitioner, (filed.is_empty(), plain), dice)
        else {
            continue;
        };
        let answer = own.post("/fhir/Consent/$fileConsent", &body);
        if answer.status != 201 {
            assert!([400, 422].contains(&answer.status), "{}", answer.text());
            continue;
        }
        let kept = answer.json()["parameter"][0]["resource"].clone();
        consent.id = leaked(kept["id"].as_str().unwrap().to_owned());
        filed.push(consent);
    }
    assert!(!filed.is_empty());
    filed
}

/// A random consent of a patient, and as it is filed. The first is the pass to ask with; a plain
/// one permits something as a rule.
pub fn candidate(
    chart: &Chart,
    practitioner: &'static str,
    (first, plain): (bool, bool),
    dice: &mut Dice,
) -> Option<(Consent, Value)> {
    let mut consent = Consent::random(dice);
    let root = consent.root.as_mut()?;
    localise(root, chart, practitioner);
    let clinic = leaked(format!("Organization/{}", NAMES[CLINIC]));
    if first || dice.one_in(2) {
        root.recipient = Some(vec![clinic]);
        root.period = None;
        root.type_ = Some(first || dice.one_in(2));
    }
    if first && plain && !dice.one_in(4) {
        (consent.policy_rule, consent.modified) = (None, false);
        (root.modified, root.odd_role) = (false, false);
        (root.purpose, root.action) = (None, None);
    }
    consent.status = "active";
    consent.version = 1;
    let body = as_filed(&consent, &chart.patient);
    Some((consent, body))
}

/// The names of the model as those of this custodian's world.
fn localise(rule: &mut Rule, chart: &Chart, practitioner: &'static str) {
    let custodian = NAMES[chart.custodian];
    let other = NAMES[CUSTODIANS[0] + CUSTODIANS[1] - chart.custodian];
    let rename = |name: &'static str| match name {
        "Organization/a" => leaked(format!("Organization/{}", NAMES[CLINIC])),
        "Organization/b" => leaked(format!("Organization/{other}")),
        "Organization/k" => leaked(format!("Organization/{custodian}")),
        "Practitioner/p" => practitioner,
        "PractitionerRole/r" => "PractitionerRole/clinician",
        name => name,
    };
    for list in [&mut rule.recipient, &mut rule.custodian] {
        for name in list.iter_mut().flatten() {
            *name = rename(name);
        }
    }
    for (_, target) in rule.data.iter_mut().flatten() {
        let of_type = target.split('/').next().unwrap();
        let mut alike = chart.records.iter().filter(|it| it.model.type_ == of_type);
        if let Some(it) = alike.next() {
            *target = leaked(format!("{of_type}/{}", it.model.id));
        }
    }
    // What is no date is no Consent of R4.
    rule.period = rule.period.filter(Option::is_some);
    rule.data_period = rule.data_period.filter(Option::is_some);
    for below in &mut rule.below {
        localise(below, chart, practitioner);
    }
}

fn as_filed(consent: &Consent, patient: &str) -> Value {
    let mut body = consent.json();
    let map = body.as_object_mut().unwrap();
    map.remove("id");
    map.remove("meta");
    map.insert(
        "patient".into(),
        json!({ "reference": format!("Patient/{patient}") }),
    );
    let category = json!([{ "coding": [{ "system": "http://loinc.org", "code": "59284-0" }] }]);
    map.insert("category".into(), category);
    let policy = json!([{ "uri": "https://salus.example/policy/sharing" }]);
    map.insert("policy".into(), policy);
    around_today(&mut body["provision"]);
    body
}

/// Periods in which a rule is in force lie in the model's January: they are moved around now.
fn around_today(provision: &mut Value) {
    let now_us = hospital::Clock::now_us(&hospital::SystemClock);
    for (name, more) in [("start", -3), ("end", 3)] {
        let day = provision["period"][name]
            .as_str()
            .map(|text| text[8..10].parse::<i64>().unwrap() - 1);
        if let Some(day) = day {
            let us = now_us + ((day - TODAY) * 10 + more) * DAY_US;
            provision["period"][name] = instant::fhir(us)[..10].into();
        }
    }
    let below = provision.get_mut("provision").and_then(Value::as_array_mut);
    below.into_iter().flatten().for_each(around_today);
}
