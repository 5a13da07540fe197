//! The dataset of an approved request, made anew for each download.
//!
//! A de-identified row is not the body that was committed to, so the rows have a tree of their
//! own, and its root is in a record of the organisation: a leaf with a receipt, like any. Each
//! patient of whom there are rows has an event that is final before a row leaves.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use proof::tree::{inclusion_path, leaf_hash, root};
use proof::{Digest, keyed_hash, sha256};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::Drawer;

use super::cohort::{AGES, Person, SEXES, is_so};
use super::request::{Study, StudyState};
use super::{SMALL, pool, purpose, reader, rows, studies};
use crate::access_log::{Access, AccessAgent, AccessDeed, Touched};
use crate::admit::new_id;
use crate::caller::Caller;
use crate::error::HospitalError;
use crate::instant;
use crate::own::RESEARCH;
use crate::pairs::Pairs;
use crate::setup::Hospital;
use crate::sharing::ByResearch;
use crate::sight::Decide;

/// The first word of a dataset: what `salus verify` knows it by.
pub const RESEARCH_FORM: &str = "salus-research-dataset/1";
/// Most rows of a dataset.
const ROWS_MAX: usize = 20_000;
/// How long a dataset can be had after it was approved.
const DAYS_MAX: i64 = 366;
const DAY_US: i64 = 86_400 * 1_000_000;
const PSEUDONYM: &str = "salus/research-person/v1";
const PROVENANCE: &str = "Provenance";
/// The kind of these rows in the drawer.
const CHOSEN: u8 = 2;

/// A dataset as it leaves.
#[derive(Debug, Clone)]
pub struct ResearchDataset {
    /// Whose it is.
    pub organisation: String,
    /// The id of the request.
    pub request: String,
    /// The rows in the order of the tree, each canonical JSON, with its path to the root.
    pub rows: Vec<(String, Vec<Digest>)>,
    /// Persons in it.
    pub persons: usize,
    /// Records that had no code of a public system.
    pub left_out: usize,
    /// The record that names the root, byte for byte.
    pub record: String,
    /// Its receipt.
    pub receipt: String,
}

/// Who is in the datasets of a request: those of the first one, and nobody who comes later.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Chosen {
    pseudonyms: BTreeSet<String>,
}

/// Rows in the making.
#[derive(Default)]
struct Gathered {
    rows: Vec<String>,
    touched: BTreeMap<String, Vec<Touched>>,
    left_out: usize,
}

impl Hospital {
    /// Makes and releases the dataset of an approved request to the researcher who asked for it.
    pub async fn research_dataset(
        &self,
        caller: &Caller,
        agent: AccessAgent,
        id: &str,
    ) -> Result<ResearchDataset, HospitalError> {
        studies(caller)?;
        let study = self.study(caller, id).await?;
        self.is_open(&study)?;
        let decision = self.for_research(&caller.username).await?;
        let reader = reader(caller, Arc::clone(&decision));
        let secret = format!("research-key-{}", study.id);
        let key = self.trial_secret(&secret).await?;
        let persons = self.persons(&reader, &study.of.cohort).await?;
        let persons = self.chosen(&study, &key, persons).await?;
        let gathered = self.gathered(&reader, &study, &key, &persons).await?;
        let leaves: Vec<Digest> = gathered
            .rows
            .iter()
            .map(|row| leaf_hash(row.as_bytes()))
            .collect();
        let record_id = new_id()?;
        let record = self.commitment(&study, &record_id, &root(&leaves), leaves.len());
        let draft = self.own_draft(PROVENANCE, record).await?;
        let record = String::from_utf8_lossy(&draft.body).into_owned();
        self.store_acted(vec![draft], &[]).await??;
        self.tell_patients(agent, &study, (&decision, &gathered))
            .await?;
        self.anchored(PROVENANCE, &record_id, 1).await?;
        // As for any disclosure: what was withdrawn until here does not leave.
        let now = self.for_research(&caller.username).await?;
        if now.id() != decision.id() {
            return Err(HospitalError::Contended("the consents to research".into()));
        }
        let receipt = self.receipt_text(PROVENANCE, &record_id, 1).await?;
        let missing = || HospitalError::Busy("the ledger vouches for it in a moment".into());
        let paths = (0..).map(|at| inclusion_path(&leaves, at).unwrap_or_default());
        Ok(ResearchDataset {
            organisation: self.0.organisation.clone(),
            request: study.id,
            rows: gathered.rows.into_iter().zip(paths).collect(),
            persons: persons.len(),
            left_out: gathered.left_out,
            record,
            receipt: receipt.ok_or_else(missing)?,
        })
    }

    /// Approved, and not so long ago.
    fn is_open(&self, study: &Study) -> Result<(), HospitalError> {
        let refused = |text: &str| {
            HospitalError::request("business-rule", text, "ask again: POST /research/requests")
        };
        match study.state {
            StudyState::Asked => return Err(refused("a privacy officer has not decided yet")),
            StudyState::Refused => return Err(refused("the request was refused")),
            StudyState::Approved => {}
        }
        let at = study.decided.as_ref();
        let at_us = at.and_then(|it| instant::parse_fhir(&it.at)).unwrap_or(0);
        if self.now_us() - at_us > DAYS_MAX * DAY_US {
            return Err(refused("the approval has ended: it holds for a year"));
        }
        Ok(())
    }

    /// Of the cohort now, those of the first dataset of the request: one of a later day would tell
    /// who came between.
    async fn chosen(
        &self,
        study: &Study,
        key: &Digest,
        persons: Vec<Person>,
    ) -> Result<Vec<(String, Person)>, HospitalError> {
        let named = persons.into_iter().map(|it| (pseudonym(key, &it.id), it));
        let mut named: Vec<(String, Person)> = named.collect();
        let id = [&[CHOSEN][..], &sha256(study.id.as_bytes()).0].concat();
        let rows = self.0.store.sealed(Drawer::Research, vec![id.clone()]);
        let before = match rows.await?.pop() {
            Some(row) => Some(self.opened_row::<Chosen>(Drawer::Research, &row)?),
            None => None,
        };
        if let Some(chosen) = &before {
            named.retain(|(name, _)| chosen.pseudonyms.contains(name));
        }
        if (named.len() as u64) < SMALL {
            return Err(HospitalError::request(
                "business-rule",
                format!("fewer than {SMALL} persons are in this cohort and consent to research"),
                "a dataset of so few is not released: ask for a wider cohort",
            ));
        }
        if before.is_none() {
            let chosen = Chosen {
                pseudonyms: named.iter().map(|(name, _)| name.clone()).collect(),
            };
            let row = self.sealed_row(Drawer::Research, (&id, self.now_us()), &chosen)?;
            self.0.store.put_sealed(Drawer::Research, vec![row]).await?;
        }
        Ok(named)
    }

    /// The rows, in an order that tells nothing.
    async fn gathered(
        &self,
        reader: &Caller,
        study: &Study,
        key: &Digest,
        persons: &[(String, Person)],
    ) -> Result<Gathered, HospitalError> {
        let mut all = Gathered::default();
        let groups: Vec<(usize, usize)> = persons.iter().map(|(_, it)| (it.sex, it.age)).collect();
        let told = pool::pooled(&groups, usize::try_from(SMALL).unwrap_or(usize::MAX));
        for ((name, person), told) in persons.iter().zip(told) {
            let told = told.map(|(sex, age)| (SEXES[sex], AGES[age]));
            all.rows.push(rows::of_person(name, told)?);
            let patient = touched("Patient", &person.id, person.version);
            all.touched.insert(person.id.clone(), vec![patient]);
        }
        let this_year = instant::fhir(self.now_us());
        let this_year = this_year
            .get(..4)
            .and_then(|it| it.parse().ok())
            .unwrap_or(0);
        for element in &study.of.elements {
            let type_ = element.type_();
            let (mut found, mut wrong) = (Vec::new(), None);
            self.walk_records(reader, type_, Pairs::new(), |record, body| {
                let [patient] = record.patients.as_slice() else {
                    return;
                };
                if !all.touched.contains_key(patient) || !is_so(body) || found.len() > ROWS_MAX {
                    return;
                }
                match rows::of_record(&pseudonym(key, patient), *element, body, this_year) {
                    Ok(rows) => {
                        let name = (record.id.clone(), record.version);
                        found.push((patient.clone(), name, rows));
                    }
                    Err(error) => wrong = Some(error),
                }
            })
            .await?;
            if let Some(error) = wrong {
                return Err(error);
            }
            for (patient, (id, version), rows) in found {
                if rows.is_empty() {
                    all.left_out += 1;
                    continue;
                }
                let entry = all.touched.entry(patient).or_default();
                entry.push(touched(type_, &id, version));
                all.rows.extend(rows);
            }
        }
        if all.rows.len() > ROWS_MAX {
            return Err(HospitalError::request(
                "too-costly",
                format!("a dataset has {ROWS_MAX} rows at most"),
                "ask for a narrower cohort, or for fewer elements",
            ));
        }
        all.rows.sort();
        Ok(all)
    }

    /// The record that names the root: `rows/root` as what was derived from the request.
    fn commitment(&self, study: &Study, id: &str, root: &Digest, rows: usize) -> Value {
        let coding = json!({ "system": RESEARCH, "code": "dataset" });
        let identified = |system: &str, value: &str| {
            let identifier = json!({ "system": system, "value": value });
            json!({ "identifier": identifier })
        };
        let request = identified(RESEARCH, &study.id);
        json!({
            "resourceType": PROVENANCE,
            "id": id,
            "meta": { "tag": [coding] },
            "target": [identified("urn:salus:research:dataset", &format!("{rows}/{root}"))],
            "recorded": instant::fhir(instant::floor_ms(self.now_us())),
            "activity": { "coding": [coding] },
            "agent": [{
                "who": identified("urn:salus:organisation", &self.0.organisation),
            }],
            "entity": [{ "role": "source", "what": request }],
        })
    }

    /// An event in the log of each patient, each of them final when this returns.
    async fn tell_patients(
        &self,
        agent: AccessAgent,
        study: &Study,
        (decision, gathered): (&ByResearch, &Gathered),
    ) -> Result<(), HospitalError> {
        let told = gathered.touched.iter().map(|(patient, touched)| Access {
            patient: Some(patient.clone()),
            purpose: Some(purpose()),
            touched: touched.clone(),
            query: Some(format!("/research/requests/{}/dataset", study.id)),
            basis: decision
                .basis(patient)
                .map(|consent| format!("Consent/{consent}")),
            ..Access::new(
                agent.clone(),
                AccessDeed::Study {
                    to: self.0.organisation.clone(),
                },
                self.now_us(),
            )
        });
        let events = self.record_accesses(told.collect()).await?;
        for event in events {
            self.anchored(&event.type_, &event.id, event.version)
                .await?;
        }
        Ok(())
    }
}

fn touched(type_: &str, id: &str, version: u64) -> Touched {
    Touched {
        type_: type_.to_owned(),
        id: id.to_owned(),
        version: Some(version),
    }
}

/// Who a person is in the datasets of a request, and nowhere else.
fn pseudonym(key: &Digest, patient: &str) -> String {
    let name = keyed_hash(&key.0, PSEUDONYM, &[patient.as_bytes()]).to_string();
    name.chars().take(32).collect()
}
