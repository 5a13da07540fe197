//! Random requests, and whether their answers are right.

use std::collections::{BTreeMap, BTreeSet};

use fhir::query::{self, Options, Query};
use fhir::search::{self, IndexValue, Parameter};
use hospital::{Shown, pairs};
use serde_json::{Value, json};

use super::archive::{Archive, Known};
use super::dice::{Dice, Random};
use crate::common::{Answer, Client, link};

/// Types that are asked about.
const TYPES: [&str; 8] = [
    "Patient",
    "Observation",
    "Condition",
    "Organization",
    "Encounter",
    "Procedure",
    "MedicationRequest",
    "Claim",
];
const NOBODY: &str = "11111111-1111-4111-8111-111111111111";
/// Pages that are followed, at most.
const PAGES: usize = 40;

type Pairs = Vec<(String, String)>;

/// Somebody who asks under a decision.
pub struct Asker<'a> {
    pub client: Client,
    pub archive: &'a Archive,
    pub dice: Dice,
    pub random: Random,
}

impl Asker<'_> {
    /// One request (its pages are part of it).
    pub fn ask(&mut self, number: u64) {
        match number % 20 {
            0..=3 => self.read(),
            4..=5 => self.read_version(),
            6 => self.history_of_one(),
            7 if number % 100 == 7 => self.history_of_all(),
            7 => self.history_of_type(),
            8 => self.everything(),
            9 => self.batch(),
            10 => self.receipt(),
            11..=13 => self.search(true),
            _ => self.search(false),
        }
    }

    fn part(&mut self) -> &'static str {
        ["", "_elements=status,code", "_summary=data"][self.random.below(3)]
    }

    fn any(&mut self) -> &Known {
        self.random.one(self.archive.versions())
    }

    /// A resource is shown as the decision says.
    fn check(&self, shown: &Value, it: &Known, partly: bool) {
        let name = format!("{}/{}/{}", it.type_, it.id, it.version);
        match self.dice.of(it) {
            Shown::Hidden => panic!("{name} is hidden and shown"),
            Shown::Whole if partly => assert_eq!(shown["id"], it.body["id"], "{name}"),
            Shown::Whole => assert_eq!(*shown, it.body, "{name}"),
            Shown::Redacted(redaction) => {
                for (key, value) in shown.as_object().unwrap() {
                    let out = |part: &String| {
                        let rest = key.trim_start_matches('_').strip_prefix(part.as_str());
                        rest.is_some_and(|it| !it.starts_with(|c: char| c.is_ascii_lowercase()))
                    };
                    assert!(!redaction.elements.iter().any(out), "{name}: {key}");
                    assert!(key != "text", "{name}: a narrative");
                    let nested = redaction.elements.iter().any(|part| part.contains('.'));
                    if key != "meta" && key != "contained" && !nested && !partly {
                        assert_eq!(*value, it.body[key], "{name}: {key}");
                    }
                }
                let security = shown["meta"]["security"].to_string();
                assert!(security.contains("REDACTED"), "{name}: {security}");
            }
        }
    }

    /// What is hidden answers as what was never there, but for the id.
    fn same_as_absent(&self, answer: &Answer, path: &str, id: &str) {
        let absent = self.client.get(&path.replace(id, NOBODY));
        assert_eq!(answer.status, absent.status, "{path}");
        assert_eq!(answer.text().replace(id, NOBODY), absent.text(), "{path}");
        let names = |answer: &Answer| -> BTreeMap<String, String> {
            let all = answer.headers.iter().filter(|(name, _)| *name != "date");
            let text = |value: &ureq::http::HeaderValue| value.to_str().unwrap_or("").to_owned();
            all.map(|(name, value)| (name.to_string(), text(value)))
                .filter(|(name, _)| name != "content-length")
                .collect()
        };
        assert_eq!(names(answer), names(&absent), "{path}");
    }

    fn read(&mut self) {
        let part = self.part();
        let (type_, id) = {
            let it = self.any();
            (it.type_.clone(), it.id.clone())
        };
        let it = self.archive.current(&type_, &id).unwrap();
        let path = format!("/fhir/{type_}/{id}");
        let answer = self.client.get(&format!("{path}?{part}"));
        self.single(answer, it, &path, !part.is_empty());
    }

    fn single(&self, answer: Answer, it: &Known, path: &str, partly: bool) {
        if self.dice.hides(it) {
            assert_eq!(answer.status, 404, "{path}");
            self.same_as_absent(&self.client.get(path), path, &it.id);
        } else if it.deleted {
            assert_eq!(answer.status, 410, "{path}");
        } else {
            let shown = answer.expect(200).json();
            self.check(&shown, it, partly);
        }
    }

    fn read_version(&mut self) {
        let place = self.random.below(self.archive.versions().len());
        let it = &self.archive.versions()[place];
        let path = format!("/fhir/{}/{}/_history/{}", it.type_, it.id, it.version);
        self.single(self.client.get(&path), it, &path, false);
    }

    fn receipt(&mut self) {
        let place = self.random.below(self.archive.versions().len());
        let it = &self.archive.versions()[place];
        let path = format!(
            "/fhir/{}/{}/_history/{}/$receipt",
            it.type_, it.id, it.version
        );
        let answer = self.client.get(&path);
        if self.dice.hides(it) {
            self.same_as_absent(&answer, &path, &it.id);
        } else if it.deleted || self.dice.redacts(it).is_some() {
            assert_eq!(answer.status, 404, "{path}");
        } else {
            assert!(
                [200, 202].contains(&answer.status),
                "{path}: {}",
                answer.status
            );
        }
    }

    /// Follows the pages of a bundle, calls `see` for each entry, and answers the totals told.
    fn pages(&self, path: &str, mut see: impl FnMut(&Value)) -> Vec<u64> {
        let mut totals = Vec::new();
        let mut next = Some(path.to_owned());
        for _ in 0..PAGES {
            let Some(path) = next else { break };
            let page = self.client.get(&path).expect(200).json();
            totals.extend(page["total"].as_u64());
            page["entry"]
                .as_array()
                .into_iter()
                .flatten()
                .for_each(&mut see);
            next = link(&page, "next");
        }
        totals
    }

    fn history(&self, path: &str, of: impl Fn(&Known) -> bool) {
        let seen = |it: &&Known| of(it) && !self.dice.hides(it);
        let mut expected = self.archive.versions().iter().rev().filter(seen);
        self.pages(path, |entry| {
            let it = expected
                .next()
                .unwrap_or_else(|| panic!("{path}: too much"));
            let tag = format!("W/\"{}\"", it.version);
            assert_eq!(entry["response"]["etag"], tag, "{path}");
            let url = entry["fullUrl"].as_str().unwrap();
            assert!(
                url.ends_with(&format!("{}/{}", it.type_, it.id)),
                "{path}: {url}"
            );
            if !it.deleted {
                self.check(&entry["resource"], it, false);
            }
        });
        let rest = expected.count();
        assert_eq!(rest, 0, "{path}: too little");
    }

    fn history_of_one(&mut self) {
        let (type_, id) = {
            let it = self.any();
            (it.type_.clone(), it.id.clone())
        };
        let own = |it: &Known| it.type_ == type_ && it.id == id;
        let path = format!("/fhir/{type_}/{id}/_history");
        let mut all = self.archive.versions().iter().filter(|it| own(it));
        if all.all(|it| self.dice.hides(it)) {
            self.same_as_absent(&self.client.get(&path), &path, &id);
        } else {
            self.history(&format!("{path}?_count=1"), own);
        }
    }

    fn history_of_type(&mut self) {
        let type_ = *self.random.one(&TYPES);
        let path = format!("/fhir/{type_}/_history?_count=200");
        self.history(&path, |it| it.type_ == type_);
    }

    fn history_of_all(&mut self) {
        self.history("/fhir/_history?_count=500", |_| true);
    }

    fn everything(&mut self) {
        let patients: Vec<&Known> = self
            .archive
            .live()
            .filter(|it| it.type_ == "Patient")
            .collect();
        let it = *self.random.one(&patients);
        let path = format!("/fhir/Patient/{}/$everything", it.id);
        if self.dice.hides(it) {
            return self.same_as_absent(&self.client.get(&path), &path, &it.id);
        }
        let type_ = *self
            .random
            .one(&["", "Observation", "Condition", "Patient"]);
        let own = |other: &&Known| {
            (type_.is_empty() || other.type_ == type_)
                && other.patients.contains(&it.id)
                && !self.dice.hides(other)
        };
        let expected: BTreeSet<String> = self.archive.live().filter(own).map(name).collect();
        let only = if type_.is_empty() {
            String::new()
        } else {
            format!("&_type={type_}")
        };
        let mut found = BTreeSet::new();
        self.pages(&format!("{path}?_count=25{only}"), |entry| {
            let it = self.known(&entry["resource"]);
            self.check(&entry["resource"], it, false);
            assert!(found.insert(name(it)), "{path}: twice");
        });
        assert_eq!(found, expected, "{path}{only}");
    }

    fn known(&self, resource: &Value) -> &Known {
        let text = |name: &str| resource[name].as_str().unwrap();
        self.archive
            .current(text("resourceType"), text("id"))
            .unwrap()
    }

    fn batch(&mut self) {
        let mut asked = Vec::new();
        for _ in 0..4 {
            let it = self.any();
            asked.push((it.type_.clone(), it.id.clone()));
        }
        let entries: Vec<Value> = asked
            .iter()
            .map(|(type_, id)| {
                json!({ "request": { "method": "GET", "url": format!("{type_}/{id}") } })
            })
            .collect();
        let kind = *self.random.one(&["batch", "transaction"]);
        let bundle = json!({ "resourceType": "Bundle", "type": kind, "entry": entries });
        let answer = self.client.post("/fhir", &bundle).expect(200).json();
        for ((type_, id), entry) in asked.iter().zip(answer["entry"].as_array().unwrap()) {
            let it = self.archive.current(type_, id).unwrap();
            let status = entry["response"]["status"].as_str().unwrap();
            if self.dice.hides(it) {
                assert!(status.starts_with("404"), "{status}");
                assert!(entry["response"].get("etag").is_none());
            } else if it.deleted {
                assert!(status.starts_with("410"), "{status}");
            } else {
                self.check(&entry["resource"], it, false);
            }
        }
    }

    /// A condition that some record, seen or not, fulfils.
    fn condition(&mut self, type_: &str) -> Option<(String, String)> {
        let own: Vec<&Known> = self.archive.live().filter(|it| it.type_ == type_).collect();
        if own.is_empty() {
            return None;
        }
        let it = *self.random.one(&own);
        let entry = self.random.one(&it.entries);
        let all = search::parameters(type_).iter();
        let parameter = all.clone().find(|one| one.id == entry.parameter)?;
        let (mut name, mut value) = (parameter.name.to_owned(), written(&entry.value)?);
        match self.random.below(12) {
            0 => (name, value) = (format!("{name}:missing"), "true".into()),
            1 if matches!(entry.value, IndexValue::Token { .. }) => name.push_str(":not"),
            2 => (name, value) = ("_id".into(), it.id.clone()),
            3 if matches!(entry.value, IndexValue::Date { .. }) => value.insert_str(0, "ge"),
            4 if matches!(entry.value, IndexValue::Date { .. }) => value.insert_str(0, "lt"),
            _ => {}
        }
        Some((name, value))
    }

    fn chain(&mut self) -> Option<(&'static str, String, String)> {
        let (type_, prefix, other) = *self.random.one(&[
            ("Observation", "subject:Patient.", "Patient"),
            (
                "Observation",
                "subject:Patient.organization.",
                "Organization",
            ),
            (
                "Observation",
                "subject:Patient._has:Condition:subject:",
                "Condition",
            ),
            ("Condition", "evidence-detail:Observation.", "Observation"),
            (
                "Condition",
                "evidence-detail:Observation.subject:Patient.",
                "Patient",
            ),
            ("Condition", "subject.", "Patient"),
            ("Patient", "_has:Observation:patient:", "Observation"),
            (
                "Patient",
                "_has:Observation:subject:_has:Condition:evidence-detail:",
                "Condition",
            ),
            ("Organization", "_has:Patient:organization:", "Patient"),
            (
                "Organization",
                "_has:Patient:organization:_has:Observation:subject:",
                "Observation",
            ),
            ("Encounter", "subject:Patient.", "Patient"),
        ]);
        let (name, value) = self.condition(other)?;
        Some((type_, format!("{prefix}{name}"), value))
    }

    fn search(&mut self, chained: bool) {
        let mut pairs = Pairs::new();
        let mut type_ = *self.random.one(&TYPES);
        if chained && let Some((of, name, value)) = self.chain() {
            type_ = of;
            pairs.push((name, value));
        }
        for _ in 0..self.random.below(3) {
            pairs.extend(self.condition(type_));
        }
        let mut add = |name: &str, value: &str| pairs.push((name.to_owned(), value.to_owned()));
        match self.random.below(6) {
            0 => add("_sort", "-_lastUpdated"),
            1 => add("_sort", "_id"),
            2 if type_ == "Observation" => add("_sort", "date,-code"),
            3 if type_ == "Patient" => add("_sort", "family"),
            _ => {}
        }
        if self.random.below(3) == 0 {
            add("_elements", "status,code");
        }
        match (self.random.below(3), type_) {
            (0, "Observation") => add("_include", "Observation:subject"),
            (0, "Patient") => add("_revinclude", "Observation:subject"),
            (1, "Patient") => add("_include", "Patient:organization"),
            (1, "Observation") => add("_revinclude", "Condition:evidence-detail"),
            _ => {}
        }
        add("_total", "accurate");
        add("_count", ["7", "50", "1000"][self.random.below(3)]);
        self.searched(type_, &pairs);
    }

    fn searched(&self, type_: &'static str, pairs: &Pairs) {
        let path = format!("/fhir/{type_}?{}", pairs::encode(pairs));
        let base = format!("{}/fhir", self.client.base);
        let options = Options {
            base: Some(&base),
            ..Options::default()
        };
        let Ok(parsed) = query::parse(type_, pairs, &options) else {
            assert_eq!(self.client.get(&path).status, 400, "{path}");
            return;
        };
        let left_out = [parsed.unknown, parsed.unsupported].concat();
        assert!(left_out.is_empty(), "{path}: {left_out:?}");
        let matches = self.archive.found(&self.dice, &parsed.query);
        let expected: BTreeSet<&str> = matches.iter().map(|it| it.id.as_str()).collect();
        let partly = !parsed.query.elements.is_empty();
        let (mut found, mut included, mut entries) = (BTreeSet::new(), BTreeSet::new(), 0);
        let mut complete = true;
        let totals = self.pages(&path, |entry| {
            entries += 1;
            match entry["search"]["mode"].as_str().unwrap() {
                "match" => {
                    let it = self.known(&entry["resource"]);
                    self.check(&entry["resource"], it, partly);
                    self.tells_nothing(&entry["resource"], it, &parsed.query, &path);
                    assert!(found.insert(it.id.as_str()), "{path}: twice");
                }
                "include" => {
                    let it = self.known(&entry["resource"]);
                    self.check(&entry["resource"], it, partly);
                    included.insert(name(it));
                }
                _ => complete = false,
            }
        });
        for total in &totals {
            assert_eq!(*total, expected.len() as u64, "{path}");
        }
        let cut = expected.len() > PAGES * 7;
        assert!(
            cut || found == expected,
            "{path}: {found:?} is not {expected:?}"
        );
        if !cut && complete {
            self.includes(&matches, &parsed.query, &included, &path);
        }
    }

    /// What was found for a value does not have it where the value is withheld: with the whole
    /// record gone, only what is shown can have matched.
    fn tells_nothing(&self, shown: &Value, it: &Known, query: &Query, path: &str) {
        if self.dice.redacts(it).is_none() || !query.elements.is_empty() {
            return;
        }
        let entries = search::values(shown);
        let marks = |name: &str| matches!(name, "_tag" | "_security");
        let mut filters = query
            .filters
            .iter()
            .filter(|one| !marks(one.parameter.name));
        let holds = filters.all(|one| one.holds(&it.id, it.updated_us, &entries));
        assert!(holds, "{path}: {} matched by what is withheld", it.id);
    }

    fn includes(&self, matches: &[&Known], query: &Query, got: &BTreeSet<String>, path: &str) {
        let found: BTreeSet<String> = matches.iter().map(|it| name(it)).collect();
        let mut expected = BTreeSet::new();
        let links = |from: &Known, by: &'static Parameter, to: &Known| {
            from.points_at(by, &to.type_, &to.id) && self.dice.finds(from, [by])
        };
        for other in self.archive.live().filter(|it| !self.dice.hides(it)) {
            let forward =
                |one: &query::Include| matches.iter().any(|it| links(it, one.parameter, other));
            let back =
                |one: &query::Include| matches.iter().any(|it| links(other, one.parameter, it));
            if query.includes.iter().any(forward) || query.revincludes.iter().any(back) {
                expected.insert(name(other));
            }
        }
        assert!(
            got.is_subset(&expected),
            "{path}: included {got:?}, not {expected:?}"
        );
        let shown: BTreeSet<String> = got.union(&found).cloned().collect();
        assert!(
            expected.is_subset(&shown),
            "{path}: {expected:?} is not all in {shown:?}"
        );
    }
}

fn name(it: &Known) -> String {
    format!("{}/{}", it.type_, it.id)
}

/// An index value as a query writes it.
fn written(value: &IndexValue) -> Option<String> {
    let escaped = |text: &str| {
        let mut out = String::new();
        for letter in text.chars() {
            if matches!(letter, ',' | '|' | '$' | '\\') {
                out.push('\\');
            }
            out.push(letter);
        }
        out
    };
    Some(match value {
        IndexValue::Token { system, code } => match (system, code) {
            (Some(system), Some(code)) => format!("{}|{}", escaped(system), escaped(code)),
            (Some(system), None) => format!("{}|", escaped(system)),
            (None, Some(code)) => escaped(code),
            (None, None) => return None,
        },
        IndexValue::String { normalised, .. } => {
            escaped(&normalised.chars().take(3).collect::<String>())
        }
        IndexValue::Date { from_us, .. } if (0..4_000_000_000_000_000).contains(from_us) => {
            hospital::instant::fhir(*from_us)[..10].to_owned()
        }
        IndexValue::Reference {
            type_: Some(type_),
            id: Some(id),
            ..
        } => format!("{type_}/{id}"),
        IndexValue::Uri(uri) => escaped(uri),
        _ => return None,
    })
    .filter(|text| !text.trim().is_empty() && text.len() < 500)
}
