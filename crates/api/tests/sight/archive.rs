//! Everything that is stored, in memory, and what a query means on it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use fhir::query::{Chain, Condition, Query};
use fhir::search::{self, Entry, IndexValue, Parameter};
use serde_json::{Value, json};

use super::dice::Dice;
use crate::common::{Client, link};

/// Bundles of synthetic patients that are loaded, where they are there.
const BUNDLES: usize = 2;

/// One version.
pub struct Known {
    pub type_: String,
    pub id: String,
    pub version: u64,
    pub updated_us: i64,
    pub deleted: bool,
    pub patients: Vec<String>,
    pub body: Value,
    pub entries: Vec<Entry>,
}

impl Known {
    pub fn points_at(&self, parameter: &Parameter, type_: &str, id: &str) -> bool {
        let own = self.entries.iter();
        let mut own = own.filter(|entry| entry.parameter == parameter.id);
        own.any(|entry| {
            matches!(&entry.value, IndexValue::Reference { type_: Some(own), id: Some(named), .. }
                if own == type_ && named == id)
        })
    }
}

/// Versions, oldest first, with the place of the current one of each record.
pub struct Archive {
    all: Vec<Known>,
    current: BTreeMap<(String, String), usize>,
}

/// Some patients with all that hangs on them.
fn ward() -> Vec<Value> {
    let mut all = Vec::new();
    for number in 0..40_usize {
        let patient = format!("ward-p{number}");
        let organisation = format!("ward-g{}", number % 5);
        if number < 5 {
            all.push(json!({ "resourceType": "Organization", "id": organisation,
                "name": (["North", "South", "East", "West", "Ost"][number]) }));
        }
        all.push(
            json!({ "resourceType": "Patient", "id": patient, "active": number % 3 == 0,
            "identifier": [{ "system": "urn:mrn", "value": format!("{number}") }],
            "name": [{ "given": ["Ada"],
                "family": (["Elion", "Salk", "Curie", "Koch"][number % 4]) }],
            "managingOrganization": { "reference": format!("Organization/{organisation}") },
            "birthDate": format!("19{}0-0{}-11", 3 + number % 6, 1 + number % 9) }),
        );
        for place in 0..12_usize {
            let observation = format!("ward-o{number}-{place}");
            all.push(json!({ "resourceType": "Observation", "id": observation,
                "status": (["final", "amended"][place % 2]),
                "text": { "status": "generated",
                    "div": "<div xmlns=\"http://www.w3.org/1999/xhtml\">told in words</div>" },
                "code": { "coding": [{ "system": "http://loinc.org",
                    "code": (["8480-6", "8462-4", "29463-7"][place % 3]) }] },
                "note": [{ "text": "a note" }],
                "subject": { "reference": format!("Patient/{patient}") },
                "effectiveDateTime": format!("202{}-0{}-1{}", place % 5, 1 + place % 9, number % 9),
                "valueQuantity": { "value": 60 + number + place, "unit": "kg",
                    "system": "http://unitsofmeasure.org", "code": "kg" } }));
            if place % 4 == 0 {
                all.push(json!({ "resourceType": "Condition",
                    "id": format!("ward-c{number}-{place}"),
                    "subject": { "reference": format!("Patient/{patient}") },
                    "code": { "coding": [
                        { "system": "http://snomed.info/sct", "code": "38341003" }] },
                    "evidence": [{ "detail": [
                        { "reference": format!("Observation/{observation}") }] }],
                    "onsetDateTime": format!("202{}-01-01", place % 5) }));
            }
        }
    }
    all
}

impl Archive {
    /// Fills a world: patients of our own, some of Synthea, second versions and deletions.
    pub fn load(client: &Client) {
        let entries: Vec<Value> = ward()
            .into_iter()
            .map(|one| {
                let url = format!(
                    "{}/{}",
                    one["resourceType"].as_str().unwrap(),
                    one["id"].as_str().unwrap()
                );
                json!({ "resource": one, "request": { "method": "PUT", "url": url } })
            })
            .collect();
        let bundle = json!({ "resourceType": "Bundle", "type": "transaction", "entry": entries });
        client.post("/fhir", &bundle).expect(200);
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
            .join("../../../shared/data/fhir/synthea-r4-transactions");
        let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
            .map(|files| files.flatten().map(|file| file.path()).collect())
            .unwrap_or_default();
        files.sort();
        if files.is_empty() {
            println!("without Synthea: its bundles are not here");
        }
        // The smallest have all kinds of records too.
        files.sort_by_key(|file| std::fs::metadata(file).map_or(u64::MAX, |it| it.len()));
        for file in files.iter().take(BUNDLES) {
            let bytes = std::fs::read(file).unwrap();
            let answer = client.send("POST", "/fhir", &[], Some(&bytes));
            println!("{}: {}", file.display(), answer.status);
        }
        for number in 0..40 {
            let path = format!("/fhir/Observation/ward-o{number}-{}", number % 12);
            let mut body = client.get(&path).expect(200).json();
            body["status"] = "corrected".into();
            body["subject"]["reference"] = format!("Patient/ward-p{}", (number + 1) % 40).into();
            client.put(&path, &body).expect(200);
            if number % 4 == 0 {
                client.delete(&path).expect(204);
            }
        }
    }

    /// Reads every version back, as somebody who sees everything.
    pub fn read(client: &Client) -> Self {
        let mut all: Vec<Known> = Vec::new();
        let mut next = Some("/fhir/_history?_count=1000".to_owned());
        while let Some(path) = next {
            let page = client.get(&path).expect(200).json();
            for entry in page["entry"].as_array().into_iter().flatten() {
                all.push(known(entry));
            }
            next = link(&page, "next");
        }
        all.reverse();
        for place in 0..all.len() {
            if all[place].deleted {
                let of = (all[place].type_.clone(), all[place].id.clone());
                let before = all[..place]
                    .iter()
                    .rfind(|it| (&it.type_, &it.id) == (&of.0, &of.1));
                let patients = before.unwrap().patients.clone();
                all[place].patients = patients;
            }
        }
        let current = all.iter().enumerate();
        let current = current.map(|(place, it)| ((it.type_.clone(), it.id.clone()), place));
        Self {
            current: current.collect(),
            all,
        }
    }

    pub fn versions(&self) -> &[Known] {
        &self.all
    }

    /// The current version of a record, deleted or not.
    pub fn current(&self, type_: &str, id: &str) -> Option<&Known> {
        let place = self.current.get(&(type_.to_owned(), id.to_owned()))?;
        Some(&self.all[*place])
    }

    pub fn live(&self) -> impl Iterator<Item = &Known> {
        let all = self.current.values().map(|place| &self.all[*place]);
        all.filter(|it| !it.deleted)
    }

    fn of_type(&self, type_: &str) -> impl Iterator<Item = &Known> {
        let from = (type_.to_owned(), String::new());
        let own = move |(key, _): &(&(String, String), &usize)| key.0 == from.0;
        let start = (type_.to_owned(), String::new());
        let range = self.current.range(start..).take_while(own);
        range
            .map(|(_, place)| &self.all[*place])
            .filter(|it| !it.deleted)
    }

    /// The matches of a query under a decision.
    pub fn found(&self, dice: &Dice, query: &Query) -> Vec<&Known> {
        let asked = || {
            let filters = query.filters.iter().map(|filter| filter.parameter);
            let sorts = query.sort.iter().map(|sort| sort.parameter);
            let links = query.chains.iter().filter(|chain| !chain.reverse);
            filters
                .chain(sorts)
                .chain(links.map(|chain| chain.parameter))
        };
        self.of_type(query.resource_type)
            .filter(|it| dice.finds(it, asked()))
            .filter(|it| fhir::query::matches(query, &it.id, it.updated_us, &it.entries))
            .filter(|it| query.chains.iter().all(|chain| self.holds(dice, chain, it)))
            .collect()
    }

    fn holds(&self, dice: &Dice, chain: &Chain, of: &Known) -> bool {
        chain.branches.iter().any(|branch| {
            self.of_type(branch.resource_type).any(|other| {
                let linked = if chain.reverse {
                    other.points_at(chain.parameter, &of.type_, &of.id)
                } else {
                    of.points_at(chain.parameter, &other.type_, &other.id)
                };
                let mut asked: Vec<&'static Parameter> = Vec::new();
                asked.extend(chain.reverse.then_some(chain.parameter));
                linked
                    && match &branch.condition {
                        Condition::Filter(filter) => {
                            asked.push(filter.parameter);
                            filter.holds(&other.id, other.updated_us, &other.entries)
                        }
                        Condition::Chain(next) => {
                            asked.extend((!next.reverse).then_some(next.parameter));
                            self.holds(dice, next, other)
                        }
                    }
                    && dice.finds(other, asked)
            })
        })
    }
}

fn known(entry: &Value) -> Known {
    let response = &entry["response"];
    let url = entry["fullUrl"].as_str().unwrap();
    let mut parts = url.rsplit('/');
    let (id, type_) = (parts.next().unwrap(), parts.next().unwrap());
    let tag = response["etag"].as_str().unwrap();
    let body = entry["resource"].clone();
    let updated = response["lastModified"].as_str().unwrap();
    Known {
        type_: type_.to_owned(),
        id: id.to_owned(),
        version: tag.trim_matches(['W', '/', '"']).parse().unwrap(),
        updated_us: hospital::instant::parse_fhir(updated).unwrap(),
        deleted: body.is_null(),
        patients: fhir::compartment::patients(&body),
        entries: search::values(&body),
        body,
    }
}
