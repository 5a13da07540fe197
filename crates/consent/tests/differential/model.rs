//! Consents, records and requests in the test's own words, drawn from small pools so that they
//! meet often, and their form as FHIR.

use consent::Asking;
use consent::coding::{ACT_REASON, Coding};
use consent::terms::{Action, Actions, Purpose};
use serde_json::{Map, Value, json};

/// Seeded dice (SplitMix64), so that a failure is found again.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    pub(crate) fn one_in(&mut self, count: u64) -> bool {
        self.below(count) == 0
    }

    pub(crate) fn pick<T: Copy>(&mut self, pool: &[T]) -> T {
        pool[usize::try_from(self.below(pool.len() as u64)).unwrap()]
    }

    /// One to three of a pool.
    fn some<T: Copy>(&mut self, pool: &[T]) -> Vec<T> {
        (0..=self.below(3)).map(|_| self.pick(pool)).collect()
    }
}

/// A day of January 2026; provisions end with a day, records happen on one.
pub(crate) type Day = i64;
pub(crate) const DAY_US: i64 = 86_400_000_000;
pub(crate) const JANUARY_US: i64 = 1_767_225_600_000_000;

/// What stands in a list of FHIR that nobody can read.
pub(crate) const GARBLED: &str = "?garbled";

#[derive(Clone, Debug, Default)]
pub(crate) struct Rule {
    /// `permit`, `deny`, or `None`.
    pub(crate) type_: Option<bool>,
    pub(crate) modified: bool,
    pub(crate) odd_role: bool,
    /// First and last day; `None` inside is a date that is none.
    pub(crate) period: Option<Option<(Day, Day)>>,
    pub(crate) recipient: Option<Vec<&'static str>>,
    pub(crate) custodian: Option<Vec<&'static str>>,
    pub(crate) author: Option<Vec<&'static str>>,
    pub(crate) purpose: Option<Vec<&'static str>>,
    pub(crate) action: Option<Vec<&'static str>>,
    pub(crate) class: Option<Vec<&'static str>>,
    pub(crate) code: Option<Vec<&'static str>>,
    pub(crate) label: Option<Vec<&'static str>>,
    pub(crate) data: Option<Vec<(&'static str, &'static str)>>,
    pub(crate) data_period: Option<Option<(Day, Day)>>,
    pub(crate) below: Vec<Rule>,
}

#[derive(Clone, Debug)]
pub(crate) struct Consent {
    pub(crate) id: &'static str,
    pub(crate) version: u64,
    pub(crate) status: &'static str,
    pub(crate) scope: &'static str,
    /// `OPTIN`, `OPTOUT`, a form's name, or something else.
    pub(crate) policy_rule: Option<&'static str>,
    pub(crate) modified: bool,
    pub(crate) root: Option<Rule>,
}

#[derive(Clone, Debug)]
pub(crate) struct Record {
    pub(crate) type_: &'static str,
    pub(crate) id: &'static str,
    pub(crate) codes: Vec<&'static str>,
    pub(crate) labels: Vec<&'static str>,
    pub(crate) days: Option<(Day, Day)>,
    pub(crate) authors: Vec<&'static str>,
    pub(crate) links: Vec<&'static str>,
}

#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) organisation: Vec<&'static str>,
    pub(crate) practitioner: Vec<&'static str>,
    pub(crate) role: Vec<&'static str>,
    pub(crate) groups: Option<Vec<&'static str>>,
    pub(crate) custodian: Vec<&'static str>,
    pub(crate) purpose: Option<&'static str>,
    pub(crate) actions: Vec<&'static str>,
    pub(crate) day: Day,
}

const RECIPIENTS: &[&str] = &[
    "Organization/a",
    "Organization/b",
    "Practitioner/p",
    "Practitioner/q",
    "PractitionerRole/r",
    "Group/g",
    GARBLED,
];
const PURPOSES: &[&str] = &[
    "TREAT",
    "ETREAT",
    "ERTREAT",
    "HRESCH",
    "BIORCH",
    "BTG",
    "HPAYMT",
    "urn:own|x",
    GARBLED,
];
const CODES: &[&str] = &["F32.9", "F10.1", "B20", "E11.9", "I10"];
const LABELS: &[&str] = &[
    "N",
    "R",
    "V",
    "PSY",
    "MH",
    "HIV",
    "ETH",
    "ETHUD",
    "SUD",
    "NORDSCLCD",
];
const REFERENCES: &[&str] = &[
    "Encounter/e",
    "Encounter/f",
    "Observation/o",
    "Condition/c",
    "Practitioner/p",
];
const MEANINGS: &[&str] = &["instance", "related", "dependents", "authoredby", GARBLED];

impl Rule {
    fn random(dice: &mut Dice, depth: u64) -> Self {
        let mut rule = Self {
            type_: if dice.one_in(8) {
                None
            } else {
                Some(dice.one_in(2))
            },
            modified: dice.one_in(60),
            odd_role: dice.one_in(40),
            ..Self::default()
        };
        for _ in 0..dice.below(3) {
            rule.name_one(dice);
        }
        if depth < 3 {
            let below = if dice.one_in(2) { 0 } else { dice.below(3) };
            rule.below = (0..below).map(|_| Self::random(dice, depth + 1)).collect();
        }
        rule
    }

    fn name_one(&mut self, dice: &mut Dice) {
        match dice.below(11) {
            0 => self.period = Some(days(dice)),
            1 => self.recipient = Some(dice.some(RECIPIENTS)),
            2 => self.custodian = Some(dice.some(&["Organization/k", "Organization/a"])),
            3 => self.author = Some(dice.some(&["Practitioner/p", "Organization/a"])),
            4 => self.purpose = Some(dice.some(PURPOSES)),
            5 => self.action = Some(dice.some(&["access", "disclose", "correct", GARBLED])),
            6 => self.class = Some(dice.some(&["Observation", "Condition", "urn:mime|x"])),
            7 => self.code = Some(dice.some(&["F32.9", "F10.1", "B20", "E11.9", GARBLED])),
            8 => self.label = Some(dice.some(LABELS)),
            9 => {
                let one = |dice: &mut Dice| (dice.pick(MEANINGS), dice.pick(REFERENCES));
                self.data = Some((0..=dice.below(2)).map(|_| one(dice)).collect());
            }
            _ => self.data_period = Some(days(dice)),
        }
    }

    #[allow(clippy::too_many_lines, reason = "one element after the other")]
    fn json(&self) -> Value {
        let mut map = Map::new();
        let mut put = |key: &str, value: Value| map.insert(key.to_owned(), value);
        if let Some(permit) = self.type_ {
            put("type", json!(if permit { "permit" } else { "deny" }));
        }
        if self.modified {
            put(
                "modifierExtension",
                json!([{"url": "urn:x", "valueBoolean": true}]),
            );
        }
        for (key, days) in [("period", &self.period), ("dataPeriod", &self.data_period)] {
            match days {
                None => None,
                Some(Some((first, last))) => {
                    put(key, json!({"start": date(*first), "end": date(*last)}))
                }
                Some(None) => put(key, json!({"start": "soon"})),
            };
        }
        let mut actors = Vec::new();
        let roles = [
            ("IRCP", &self.recipient),
            ("CST", &self.custodian),
            ("AUT", &self.author),
        ];
        for (role, parties) in roles {
            actors.extend(parties.iter().flatten().map(|party| actor(role, party)));
        }
        if self.odd_role {
            actors.push(actor("WIT", "Organization/a"));
        }
        if !actors.is_empty() {
            put("actor", json!(actors));
        }
        let reason = "http://terminology.hl7.org/CodeSystem/v3-ActReason";
        if let Some(list) = &self.purpose {
            put(
                "purpose",
                list.iter().map(|one| coding(reason, one)).collect(),
            );
        }
        let of_action = "http://terminology.hl7.org/CodeSystem/consentaction";
        if let Some(list) = &self.action {
            put(
                "action",
                list.iter().map(|one| concept(of_action, one)).collect(),
            );
        }
        if let Some(list) = &self.class {
            let system = "http://hl7.org/fhir/resource-types";
            put(
                "class",
                list.iter().map(|one| coding(system, one)).collect(),
            );
        }
        if let Some(list) = &self.code {
            put("code", list.iter().map(|one| concept(ICD, one)).collect());
        }
        if let Some(list) = &self.label {
            put("securityLabel", list.iter().map(|one| label(one)).collect());
        }
        if let Some(list) = &self.data {
            let one = |(meaning, target): &(&str, &str)| {
                let reference = json!({"reference": target});
                json!({"meaning": meaning, "reference": reference})
            };
            put("data", list.iter().map(one).collect());
        }
        if !self.below.is_empty() {
            put("provision", self.below.iter().map(Self::json).collect());
        }
        Value::Object(map)
    }
}

const ICD: &str = "http://hl7.org/fhir/sid/icd-10-cm";

/// Days, or a period that cannot be read.
fn days(dice: &mut Dice) -> Option<(Day, Day)> {
    let first = i64::try_from(dice.below(20)).unwrap();
    let length = i64::try_from(dice.below(12)).unwrap();
    (!dice.one_in(10)).then_some((first, first + length))
}

fn date(day: Day) -> String {
    format!("2026-01-{:02}", day + 1)
}

fn coding(system: &str, code: &str) -> Value {
    match code.split_once('|') {
        Some((own, code)) => json!({"system": own, "code": code}),
        None if code == GARBLED => json!({"system": system, "display": "something"}),
        None => json!({"system": system, "code": code}),
    }
}

fn concept(system: &str, code: &str) -> Value {
    match code {
        GARBLED => json!({"text": "something"}),
        code => json!({"coding": [coding(system, code)]}),
    }
}

fn label(code: &str) -> Value {
    let confidentiality = matches!(code, "N" | "R" | "V");
    let name = if confidentiality {
        "v3-Confidentiality"
    } else {
        "v3-ActCode"
    };
    coding(
        &format!("http://terminology.hl7.org/CodeSystem/{name}"),
        code,
    )
}

fn actor(role: &str, party: &str) -> Value {
    let system = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType";
    let target = match party {
        GARBLED => json!({"display": "somebody"}),
        party => json!({"reference": party}),
    };
    json!({"role": {"coding": [{"system": system, "code": role}]}, "reference": target})
}

impl Consent {
    pub(crate) fn random(dice: &mut Dice) -> Self {
        let rules = ["OPTIN", "OPTOUT", "hipaa-auth", "odd"];
        Self {
            id: dice.pick(&["c1", "c2", "c3", "c4"]),
            version: dice.below(3),
            status: if dice.one_in(8) {
                dice.pick(&["inactive", "rejected", "odd"])
            } else {
                "active"
            },
            scope: if dice.one_in(12) {
                dice.pick(&["research", "odd"])
            } else {
                "patient-privacy"
            },
            policy_rule: dice.one_in(3).then(|| dice.pick(&rules)),
            modified: dice.one_in(80),
            root: (!dice.one_in(12)).then(|| Rule::random(dice, 1)),
        }
    }

    pub(crate) fn json(&self) -> Value {
        let scope = "http://terminology.hl7.org/CodeSystem/consentscope";
        let mut consent = json!({
            "resourceType": "Consent", "id": self.id, "status": self.status,
            "meta": {"versionId": self.version.to_string()},
            "scope": concept(scope, self.scope),
        });
        let mut put = |key: &str, value| consent[key] = value;
        if let Some(rule) = self.policy_rule {
            let system = match rule {
                "hipaa-auth" => "consentpolicycodes",
                _ => "v3-ActCode",
            };
            put(
                "policyRule",
                concept(
                    &format!("http://terminology.hl7.org/CodeSystem/{system}"),
                    rule,
                ),
            );
        }
        if self.modified {
            put(
                "modifierExtension",
                json!([{"url": "urn:x", "valueBoolean": true}]),
            );
        }
        if let Some(root) = &self.root {
            put("provision", root.json());
        }
        consent
    }
}

impl Record {
    pub(crate) fn random(dice: &mut Dice) -> Self {
        let (type_, id) =
            dice.pick(&[("Observation", "o"), ("Condition", "c"), ("Condition", "d")]);
        let day = i64::try_from(dice.below(28)).unwrap();
        let link = |dice: &mut Dice| dice.pick(&["Encounter/e", "Encounter/f", "Observation/o"]);
        Self {
            type_,
            id,
            codes: (0..dice.below(3)).map(|_| dice.pick(CODES)).collect(),
            labels: (0..dice.below(3)).map(|_| dice.pick(LABELS)).collect(),
            days: (!dice.one_in(6)).then(|| (day, day + i64::try_from(dice.below(3)).unwrap())),
            authors: (0..dice.below(3))
                .map(|_| dice.pick(&["Practitioner/p", "Practitioner/q", "Organization/a"]))
                .collect(),
            links: (0..dice.below(3)).map(|_| link(dice)).collect(),
        }
    }

    pub(crate) fn json(&self) -> Value {
        let reference = |target: &&str| json!({"reference": target});
        let mut record = json!({
            "resourceType": self.type_, "id": self.id,
            "meta": {"security": self.labels.iter().map(|one| label(one)).collect::<Vec<_>>()},
            "code": {"coding": self.codes.iter().map(|one| coding(ICD, one)).collect::<Vec<_>>()},
        });
        let authors = |many: &[&str]| json!(many.iter().map(reference).collect::<Vec<_>>());
        match (self.type_, self.authors.as_slice()) {
            (_, []) => {}
            ("Observation", authors_) => record["performer"] = authors(authors_),
            (_, [one]) => record["asserter"] = reference(one),
            (_, [one, other, ..]) => {
                record["asserter"] = reference(one);
                record["recorder"] = reference(other);
            }
        }
        // An element that holds references in both types.
        let links: Vec<_> = self.links.iter().map(reference).collect();
        let path = if self.type_ == "Observation" {
            "derivedFrom"
        } else {
            "evidence"
        };
        record[path] = match self.type_ {
            "Observation" => json!(links),
            _ => json!([{"detail": links}]),
        };
        if let Some((first, last)) = self.days {
            let key = if self.type_ == "Observation" {
                "effectivePeriod"
            } else {
                "onsetPeriod"
            };
            record[key] = json!({"start": date(first), "end": date(last)});
        }
        record
    }
}

impl Request {
    pub(crate) fn random(dice: &mut Dice) -> Self {
        let maybe = |dice: &mut Dice, pool: &[&'static str]| match dice.one_in(8) {
            true => Vec::new(),
            false => vec![dice.pick(pool)],
        };
        Self {
            organisation: maybe(dice, &["Organization/a", "Organization/b"]),
            practitioner: maybe(dice, &["Practitioner/p", "Practitioner/q"]),
            role: maybe(dice, &["PractitionerRole/r", "PractitionerRole/s"]),
            groups: (!dice.one_in(3)).then(|| maybe(dice, &["Group/g", "Group/h"])),
            custodian: maybe(dice, &["Organization/k", "Organization/a"]),
            purpose: (!dice.one_in(8))
                .then(|| dice.pick(&["TREAT", "ETREAT", "ERTREAT", "HRESCH", "BTG", "urn:own|x"])),
            actions: match dice.below(4) {
                0 => vec!["access", "disclose"],
                1 => vec!["correct"],
                2 => Vec::new(),
                _ => vec!["access"],
            },
            day: i64::try_from(dice.below(28)).unwrap(),
        }
    }
}

/// What the evaluator is asked, at an instant `after_us` of the request's day.
pub(crate) fn asking(request: &Request, after_us: i64) -> Asking<'_> {
    let purpose = request.purpose.and_then(|code| {
        let (system, code) = code.split_once('|').unwrap_or((ACT_REASON, code));
        Coding::new(system, code).map(Purpose::of)
    });
    let actions: Vec<Action> = request
        .actions
        .iter()
        .map(|code| Action::of(code).unwrap())
        .collect();
    Asking {
        organisation: &request.organisation,
        practitioner: &request.practitioner,
        role: &request.role,
        groups: request.groups.as_deref(),
        custodian: &request.custodian,
        purpose,
        actions: Actions::of(&actions),
        at_us: JANUARY_US + request.day * DAY_US + after_us,
    }
}
