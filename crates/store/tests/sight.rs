//! A decision holds in every query: against a filter over all records in memory.
#![allow(clippy::unwrap_used, reason = "a test")]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use fhir::query::{Chain, Condition, Query};
use fhir::search::{self, IndexValue, Parameter};
use serde_json::Value;
use store::{
    Guard, History, HistoryScope, Page, RecordKey, Scope, Sieve, SieveRow, StoreError, Write,
};
use support::hospital::{QUERIES, hospital};
use support::*;

/// Admits by the toss of a seeded die, and withholds some parameters of some records.
struct Dice {
    seed: u64,
    admitted_percent: u64,
    withheld_percent: u64,
}

fn toss(parts: &[&[u8]]) -> u64 {
    // FNV-1a, with its bits mixed once more.
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in parts.iter().flat_map(|part| part.iter().chain(&[0xff])) {
        hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    }
    (hash ^ (hash >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 33
}

impl Sieve for Dice {
    fn id(&self) -> String {
        format!("dice {} {}", self.seed, self.admitted_percent)
    }

    fn admits(&self, row: &SieveRow<'_>) -> bool {
        // What is kept beside a version is its own.
        assert_eq!(row.facts, row.id.as_bytes(), "{row:?}");
        let (seed, version) = (self.seed.to_be_bytes(), row.version.to_be_bytes());
        let patients = row.patients.join(" ");
        let parts: [&[u8]; 5] = [
            &seed,
            row.type_.as_bytes(),
            row.id.as_bytes(),
            &version,
            patients.as_bytes(),
        ];
        toss(&parts) % 100 < self.admitted_percent
    }

    fn withholds(&self, row: &SieveRow<'_>, parameter: &'static Parameter) -> bool {
        let seed = self.seed.to_be_bytes();
        toss(&[&seed, row.id.as_bytes(), parameter.name.as_bytes()]) % 100 < self.withheld_percent
    }
}

/// A version, as the test knows it.
struct Known {
    type_: String,
    id: String,
    version: u64,
    updated_us: i64,
    deleted: bool,
    patients: Vec<String>,
    entries: Vec<search::Entry>,
}

impl Known {
    fn of(resource: &Value, version: u64, updated_us: i64) -> Self {
        Self {
            type_: resource["resourceType"].as_str().unwrap().to_owned(),
            id: resource["id"].as_str().unwrap().to_owned(),
            version,
            updated_us,
            deleted: false,
            patients: fhir::compartment::patients(resource),
            entries: search::values(resource),
        }
    }

    fn admitted(&self, sieve: &Dice, asked: impl IntoIterator<Item = &'static Parameter>) -> bool {
        let patients: Vec<&str> = self.patients.iter().map(String::as_str).collect();
        let row = SieveRow {
            type_: &self.type_,
            id: &self.id,
            version: self.version,
            patients: &patients,
            facts: self.id.as_bytes(),
        };
        let mut asked = asked.into_iter();
        sieve.admits(&row) && !asked.any(|parameter| sieve.withholds(&row, parameter))
    }

    fn points_at(&self, parameter: &Parameter, other: &Known) -> bool {
        let same = |value: &IndexValue| {
            matches!(value, IndexValue::Reference { type_: Some(type_), id: Some(id), .. }
                if *type_ == other.type_ && *id == other.id)
        };
        let own = self.entries.iter();
        let mut own = own.filter(|entry| entry.parameter == parameter.id);
        own.any(|entry| same(&entry.value))
    }
}

/// Everything that was ever stored, oldest first.
struct Archive(Vec<Known>);

impl Archive {
    fn live(&self) -> impl Iterator<Item = &Known> {
        let newest: BTreeMap<_, _> = self.0.iter().map(|it| ((&it.type_, &it.id), it)).collect();
        newest.into_values().filter(|it| !it.deleted)
    }

    fn holds(&self, sieve: &Dice, chain: &Chain, of: &Known) -> bool {
        chain.branches.iter().any(|branch| {
            self.live().any(|other| {
                let linked = if chain.reverse {
                    other.points_at(chain.parameter, of)
                } else {
                    of.points_at(chain.parameter, other)
                };
                let mut asked: Vec<&'static Parameter> = Vec::new();
                asked.extend(chain.reverse.then_some(chain.parameter));
                linked
                    && other.type_ == branch.resource_type
                    && match &branch.condition {
                        Condition::Filter(filter) => {
                            asked.push(filter.parameter);
                            filter.holds(&other.id, other.updated_us, &other.entries)
                        }
                        Condition::Chain(next) => {
                            asked.extend((!next.reverse).then_some(next.parameter));
                            self.holds(sieve, next, other)
                        }
                    }
                    && other.admitted(sieve, asked)
            })
        })
    }

    /// What the query means, record by record.
    fn found(&self, sieve: &Dice, query: &Query) -> BTreeSet<String> {
        let asked = || {
            let filters = query.filters.iter().map(|filter| filter.parameter);
            let sorts = query.sort.iter().map(|sort| sort.parameter);
            let links = query.chains.iter().filter(|chain| !chain.reverse);
            filters
                .chain(sorts)
                .chain(links.map(|chain| chain.parameter))
        };
        let all = self.live().filter(|it| it.type_ == query.resource_type);
        all.filter(|it| it.admitted(sieve, asked()))
            .filter(|it| fhir::query::matches(query, &it.id, it.updated_us, &it.entries))
            .filter(|it| query.chains.iter().all(|one| self.holds(sieve, one, it)))
            .map(|it| it.id.clone())
            .collect()
    }
}

/// The hospital, with second versions, deletions, and records of other patients than before.
async fn filled() -> (Ward, Archive) {
    let ward = ward().await;
    let mut archive = Archive(Vec::new());
    let mut time = 1_700_000_000_000_000;
    for (place, mut resource) in hospital().into_iter().enumerate() {
        time += 1_000_000;
        ward.store
            .commit(puts(vec![put(&resource, None, time)]))
            .await
            .unwrap();
        archive.0.push(Known::of(&resource, 1, time));
        if place % 5 == 2 && resource["subject"].is_object() {
            resource["subject"]["reference"] = "Patient/p0".into();
            time += 1_000_000;
            let second = put(&resource, Some(1), time);
            ward.store.commit(puts(vec![second])).await.unwrap();
            archive.0.push(Known::of(&resource, 2, time));
        }
        if place % 9 == 8 {
            time += 1_000_000;
            let last = archive.0.last().unwrap();
            let gone = tombstone(&last.type_, &last.id, last.version, time);
            let gone_known = Known {
                type_: last.type_.clone(),
                id: last.id.clone(),
                version: last.version + 1,
                updated_us: time,
                deleted: true,
                patients: last.patients.clone(),
                entries: Vec::new(),
            };
            ward.store.commit(puts(vec![gone])).await.unwrap();
            archive.0.push(gone_known);
        }
    }
    (ward, archive)
}

fn dice(seed: u64) -> Arc<Dice> {
    Arc::new(Dice {
        seed,
        admitted_percent: [0, 30, 60, 90, 100][usize::try_from(seed % 5).unwrap()],
        withheld_percent: if seed.is_multiple_of(2) { 0 } else { 15 },
    })
}

/// Conditions on linked records.
const CHAINS: &[(&str, &str)] = &[
    ("Observation", "subject:Patient.name=byron"),
    ("Observation", "subject.name=o"),
    ("Observation", "patient.birthdate=lt1940&code=8480-6"),
    ("Observation", "subject:Patient.birthdate:missing=true"),
    (
        "Observation",
        "subject:Patient._has:Condition:subject:evidence-detail=Observation/o1",
    ),
    ("Patient", "_has:Observation:patient:code=8480-6"),
    ("Patient", "_has:Observation:patient:code:not=8480-6"),
    (
        "Patient",
        "_has:Condition:subject:evidence-detail:Observation.code=8462-4",
    ),
    (
        "Patient",
        "_has:Observation:subject:_has:Condition:evidence-detail:_id=c1,c2,c3",
    ),
    (
        "Condition",
        "evidence-detail:Observation.subject:Patient.name=byron",
    ),
    (
        "Condition",
        "subject.active=true&evidence-detail:Observation.code=8480-6",
    ),
    ("Condition", "patient:Patient._id=p1"),
];

/// Searches, totals, orders and pages of every kind, chains among them.
#[tokio::test(flavor = "multi_thread")]
async fn a_sieve_hides_the_rest_everywhere() {
    let (ward, archive) = filled().await;
    let sorts = ["", "_sort=-_lastUpdated", "_sort=date,-_id", "_sort=-code"];
    for seed in 0..20 {
        let sieve = dice(seed);
        let scope = Scope::all().through(sieve.clone());
        for (number, (type_, text)) in QUERIES.iter().chain(CHAINS).enumerate() {
            let mut text = (*text).to_owned();
            let sort = sorts[(number + usize::try_from(seed).unwrap()) % sorts.len()];
            if *type_ == "Observation" || sort.contains("_last") {
                text = format!("{text}&{sort}");
            }
            let asked = query(type_, &text);
            let expected = archive.found(&sieve, &asked);
            let limit = 1 + u32::try_from(seed % 7).unwrap();
            let found = find(&ward.store, type_, &text, &scope, limit).await;
            let unique: BTreeSet<String> = found.iter().cloned().collect();
            assert_eq!(unique.len(), found.len(), "{type_}?{text}");
            assert_eq!(unique, expected, "seed {seed}: {type_}?{text}");
            let counted = query(type_, &format!("{text}&_total=accurate"));
            let page = ward.store.search(counted, scope.clone(), Page::first(1));
            let total = page.await.unwrap().total;
            assert_eq!(total, Some(expected.len() as u64), "{type_}?{text}");
            let first = ward
                .store
                .matching(asked, scope.clone(), 1000)
                .await
                .unwrap();
            let first: BTreeSet<String> = first.into_iter().map(|key| key.id).collect();
            assert_eq!(first, expected, "seed {seed}: matching {type_}?{text}");
        }
    }
}

/// The same with every condition too frequent to be looked up first.
#[tokio::test(flavor = "multi_thread")]
async fn chains_mean_the_same_whichever_way_they_are_found() {
    let (ward, archive) = filled().await;
    let options = store::Options {
        rare: 0,
        ..store::Options::default()
    };
    let path = ward.folder.path().join("salus.db");
    let other = store::Store::open_read_only(&path, &options).unwrap();
    for seed in 0..20 {
        let sieve = dice(seed);
        let scope = Scope::all().through(sieve.clone());
        for (type_, text) in CHAINS {
            let expected = archive.found(&sieve, &query(type_, text));
            let found = find(&other, type_, text, &scope, 3).await;
            let found: BTreeSet<String> = found.into_iter().collect();
            assert_eq!(found, expected, "seed {seed}: {type_}?{text}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_included_is_decided_on_too() {
    let (ward, archive) = filled().await;
    for seed in 0..20 {
        let sieve = dice(seed);
        let scope = Scope::all().through(sieve.clone());
        let text = "_include=Observation:subject&_revinclude=Condition:evidence-detail";
        let asked = query("Observation", text);
        let found = ward.store.search(asked.clone(), scope, Page::first(1000));
        let found = found.await.unwrap();
        let matches: Vec<&Known> = archive
            .live()
            .filter(|it| it.type_ == "Observation" && it.admitted(&sieve, []))
            .collect();
        let (subject, detail) = (asked.includes[0].parameter, asked.revincludes[0].parameter);
        let expected: BTreeSet<String> = archive
            .live()
            .filter(|it| {
                let forward = matches
                    .iter()
                    .any(|one| one.points_at(subject, it) && one.admitted(&sieve, [subject]));
                let back = matches.iter().any(|one| it.points_at(detail, one));
                (forward && it.admitted(&sieve, [])) || (back && it.admitted(&sieve, [detail]))
            })
            .map(|it| it.id.clone())
            .collect();
        let included: BTreeSet<String> = ids(&found.included).into_iter().collect();
        assert_eq!(included, expected, "seed {seed}");
        assert!(!found.included_cut);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_version_is_decided_on_by_its_own_facts() {
    let (ward, archive) = filled().await;
    for seed in 0..10 {
        let sieve = dice(seed);
        for patients in [None, Some(vec!["p0".to_owned()])] {
            let scope = Scope {
                patients: patients.clone(),
                ..Scope::all().through(sieve.clone())
            };
            let seen = |it: &&Known| {
                let own = |list: &Vec<String>| list.iter().any(|id| it.patients.contains(id));
                patients.as_ref().is_none_or(own) && it.admitted(&sieve, [])
            };
            let name = |it: &Known| format!("{}/{}/{}", it.type_, it.id, it.version);
            let expected: Vec<String> = archive.0.iter().rev().filter(seen).map(name).collect();
            let mut page = Page::first(4);
            let mut found = Vec::new();
            loop {
                let history = History {
                    of: HistoryScope::System,
                    scope: scope.clone(),
                    since_us: None,
                    page: page.clone(),
                };
                let read = ward.store.history(history).await.unwrap();
                let rows = read.rows.iter();
                found.extend(rows.map(|it| format!("{}/{}/{}", it.type_, it.id, it.version)));
                page.after = read.next;
                if page.after.is_none() {
                    break;
                }
            }
            assert_eq!(found, expected, "seed {seed}");
            for it in &archive.0 {
                let (type_, id) = (it.type_.as_str(), it.id.as_str());
                let read = ward.store.seen(type_, id, Some(it.version), scope.clone());
                assert_eq!(read.await.unwrap().is_some(), seen(&it), "{}", name(it));
            }
        }
    }
}

#[tokio::test]
async fn a_guard_sees_what_its_scope_sees() {
    let (ward, archive) = filled().await;
    let sieve = dice(1);
    let hidden = archive
        .live()
        .find(|it| it.type_ == "Patient" && !it.admitted(&sieve, []));
    let text = format!("_id={}", hidden.unwrap().id);
    let guard = |scope| Write {
        guards: vec![Guard {
            query: query("Patient", &text),
            scope,
            expected: Vec::new(),
        }],
        ..Write::default()
    };
    let narrowed = Scope::all().through(sieve);
    ward.store.commit(guard(narrowed)).await.unwrap();
    let failed = ward.store.commit(guard(Scope::all())).await;
    assert!(matches!(failed, Err(StoreError::GuardFailed { .. })));
}

struct Panics;

impl Sieve for Panics {
    fn id(&self) -> String {
        "panics".into()
    }

    fn admits(&self, _row: &SieveRow<'_>) -> bool {
        panic!("a decision that panics")
    }
}

/// Nothing is admitted then, and nothing of the decision stays for the next query.
#[tokio::test]
async fn a_decision_that_panics_fails_its_query_and_no_other() {
    let options = store::Options {
        readers: 1,
        ..store::Options::default()
    };
    let ward = ward_with(&options).await;
    admit(&ward.store, &patient("p1", "Byron", "1815"), 1)
        .await
        .unwrap();
    let broken = Scope::all().through(Arc::new(Panics));
    let search = |scope| {
        ward.store
            .search(query("Patient", ""), scope, Page::first(5))
    };
    for _ in 0..3 {
        assert!(search(broken.clone()).await.is_err());
        assert!(
            ward.store
                .seen("Patient", "p1", None, broken.clone())
                .await
                .is_err()
        );
        assert_eq!(search(Scope::all()).await.unwrap().rows.len(), 1);
        let none = Arc::new(Dice {
            seed: 1,
            admitted_percent: 0,
            withheld_percent: 0,
        });
        let hidden = search(Scope::all().through(none)).await.unwrap();
        assert!(hidden.rows.is_empty());
    }
}

#[tokio::test]
async fn a_page_token_of_one_view_is_useless_in_another() {
    let (ward, _) = filled().await;
    let view = |seed| {
        Scope::all().through(Arc::new(Dice {
            seed,
            admitted_percent: 90,
            withheld_percent: 0,
        }))
    };
    let asked = query("Observation", "_sort=date");
    let first = ward.store.search(asked.clone(), view(1), Page::first(2));
    let token = first.await.unwrap().next;
    assert!(token.is_some());
    let page = Page {
        limit: 2,
        after: token,
    };
    for other in [Scope::all(), view(2)] {
        let refused = ward.store.search(asked.clone(), other, page.clone()).await;
        assert_eq!(refused.unwrap_err(), StoreError::PageToken);
    }
    assert!(ward.store.search(asked, view(1), page).await.is_ok());
    let of = HistoryScope::Instance(RecordKey {
        type_: "Observation".into(),
        id: "o2".into(),
    });
    let history = |scope, page| History {
        of: of.clone(),
        scope,
        since_us: None,
        page,
    };
    let all = Scope::all();
    let first = ward
        .store
        .history(history(all, Page::first(1)))
        .await
        .unwrap();
    if let Some(token) = first.next {
        let page = Page {
            limit: 1,
            after: Some(token),
        };
        let refused = ward.store.history(history(view(1), page)).await;
        assert_eq!(refused.unwrap_err(), StoreError::PageToken);
    }
}
