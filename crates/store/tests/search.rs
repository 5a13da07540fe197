//! Searching: the same answers as the plain meaning of a query, whatever the plan.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test"
)]

mod support;

use proptest::prelude::*;
use serde_json::{Value, json};
use store::{Options, Page, Scope, Store, StoreError};
use support::hospital::{QUERIES, hospital};
use support::*;

/// Small enough that every plan is taken: conditions that drive, walks, streams, probes.
const RARE: [usize; 3] = [3000, 6, 0];

async fn filled() -> (Ward, Vec<Value>) {
    filled_with(3000).await
}

async fn filled_with(rare: usize) -> (Ward, Vec<Value>) {
    let options = Options {
        rare,
        ..Options::default()
    };
    let ward = ward_with(&options).await;
    let all = hospital();
    let items = (1_700_000_000_000_000..).step_by(1_000_000).zip(&all);
    let items = items.map(|(time, resource)| put(resource, None, time));
    ward.store.commit(puts(items.collect())).await.unwrap();
    (ward, all)
}

/// The answer of `fhir::query::matches`, which is the meaning of a query in plain code.
fn meant(all: &[Value], type_: &str, text: &str) -> Vec<String> {
    let query = query(type_, text);
    let times = (1_700_000_000_000_000..).step_by(1_000_000);
    let mut found: Vec<String> = times
        .zip(all)
        .filter(|(_, resource)| resource["resourceType"] == type_)
        .filter(|(time, resource)| {
            let entries = fhir::search::values(resource);
            fhir::query::matches(&query, resource["id"].as_str().unwrap(), *time, &entries)
        })
        .map(|(_, resource)| resource["id"].as_str().unwrap().to_owned())
        .collect();
    found.sort();
    found
}

async fn agrees(store: &Store, all_: &[Value], type_: &str, text: &str) -> usize {
    let expected = meant(all_, type_, text);
    let mut found = all(store, type_, text).await;
    found.sort();
    assert_eq!(found, expected, "{type_}?{text}");
    let mut counted = query(type_, text);
    counted.total = fhir::query::Total::Accurate;
    let page = store
        .search(counted, Scope::all(), Page::first(1))
        .await
        .unwrap();
    assert_eq!(page.total, Some(expected.len() as u64), "{type_}?{text}");
    expected.len()
}

#[tokio::test]
async fn every_kind_of_condition_finds_what_it_means() {
    for rare in RARE {
        let (ward, resources) = filled_with(rare).await;
        let mut found = 0;
        for (type_, text) in QUERIES {
            found += agrees(&ward.store, &resources, type_, text).await;
        }
        assert!(found > 300, "the table finds hardly anything: {found}");
    }
}

#[tokio::test]
async fn every_prefix_of_a_date_finds_what_it_means() {
    let (ward, resources) = filled().await;
    for prefix in ["", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap"] {
        for time in [
            "2024",
            "2024-03",
            "2024-03-05",
            "2024-03-05T10:00:00Z",
            "2023-12-31",
        ] {
            let text = format!("date={prefix}{time}");
            agrees(&ward.store, &resources, "Observation", &text).await;
            agrees(
                &ward.store,
                &resources,
                "Condition",
                &format!("onset-{text}"),
            )
            .await;
        }
    }
}

#[test]
fn any_mixture_of_conditions_finds_what_it_means_in_any_order() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let wards = RARE.map(|rare| runtime.block_on(filled_with(rare)));
    let conditions: Vec<&str> = QUERIES
        .iter()
        .filter(|(type_, text)| *type_ == "Observation" && !text.is_empty())
        .map(|(_, text)| *text)
        .collect();
    let sorts = [
        "",
        "_sort=date",
        "_sort=-date",
        "_sort=code,-date",
        "_sort=-value-quantity",
        "_sort=_id",
        "_sort=-_lastUpdated",
        "_sort=subject,date",
    ];
    let case = (
        proptest::sample::subsequence(conditions, 0..4),
        proptest::sample::select(sorts.to_vec()),
        1_u32..20,
        0..RARE.len(),
    );
    proptest!(ProptestConfig::with_cases(600), |((chosen, sort, limit, which) in case)| {
        let (ward, resources) = &wards[which];
        let mut parts = chosen;
        parts.push(sort);
        let text: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        let text = text.join("&");
        let found = runtime.block_on(find(&ward.store, "Observation", &text, &Scope::all(), limit));
        let whole = runtime.block_on(all(&ward.store, "Observation", &text));
        prop_assert_eq!(&found, &whole, "{} in pages of {}", text, limit);
        let mut sorted = found;
        sorted.sort();
        prop_assert_eq!(sorted, meant(resources, "Observation", &text), "{}", text);
    });
}

/// With `ge` and `lt` a stretch of time is looked up at once; a record may satisfy the two by
/// different values, on either side of the stretch.
#[tokio::test]
async fn two_ends_of_a_stretch_may_be_satisfied_by_two_values() {
    for rare in [3000, 5] {
        let options = Options {
            rare,
            ..Options::default()
        };
        let ward = ward_with(&options).await;
        let goal = |id: &str, due: &[String]| {
            let targets: Vec<Value> = due.iter().map(|due| json!({"dueDate": due})).collect();
            json!({"resourceType": "Goal", "id": id, "target": targets})
        };
        for number in 0..20 {
            let one = goal(&format!("g{number}"), &[format!("{}-05-05", 2010 + number)]);
            admit(&ward.store, &one, 1).await.unwrap();
        }
        let two = goal("two", &["2012-01-01".to_owned(), "2028-01-01".to_owned()]);
        admit(&ward.store, &two, 1).await.unwrap();
        let found = all(&ward.store, "Goal", "target-date=ge2020&target-date=lt2022").await;
        assert_eq!(found, ["g10", "g11", "two"], "{rare}");
        let found = all(&ward.store, "Goal", "target-date=ge2020&target-date=lt2015").await;
        assert_eq!(found, ["two"], "{rare}");
    }
}

#[tokio::test]
async fn rows_come_in_the_order_asked_for_and_those_without_a_value_last() {
    let (ward, _) = filled().await;
    let store = &ward.store;
    let up = all(store, "Patient", "_sort=birthdate").await;
    assert_eq!(up, ["p0", "p1", "p2", "p3", "p4", "p5", "p6"]);
    let down = all(store, "Patient", "_sort=-birthdate").await;
    assert_eq!(down, ["p5", "p4", "p3", "p2", "p1", "p0", "p6"]);
    let by_name = all(store, "Patient", "_sort=family").await;
    assert_eq!(by_name[..2], ["p0", "p1"]);
    assert_eq!(by_name[6], "p6");
    let by_two = all(store, "Patient", "_sort=active,-birthdate").await;
    assert_eq!(by_two, ["p5", "p3", "p1", "p4", "p2", "p0", "p6"]);
    let by_reference = all(store, "Observation", "_sort=-subject&code=8480-6").await;
    assert_eq!(by_reference.len(), 16);
    let last = all(store, "Patient", "_sort=-_lastUpdated").await;
    assert_eq!(last, ["p6", "p5", "p4", "p3", "p2", "p1", "p0"]);
}

#[tokio::test]
async fn pages_are_stable_while_others_write() {
    for rare in RARE {
        let (ward, _) = filled_with(rare).await;
        stable_pages(&ward.store).await;
    }
}

async fn stable_pages(store: &Store) {
    for sort in ["", "_sort=-date", "_sort=date", "_sort=_id"] {
        let asked = query("Observation", &format!("category=vital-signs&{sort}"));
        let before = all(
            store,
            "Observation",
            &format!("category=vital-signs&{sort}"),
        )
        .await;
        let mut page = Page::first(10);
        let mut seen = Vec::new();
        for round in 0.. {
            let found = store
                .search(asked.clone(), Scope::all(), page)
                .await
                .unwrap();
            seen.extend(ids(&found.rows));
            let Some(next) = found.next else { break };
            let id = format!("new{}{round}", sort.len());
            let new = observation(&id, "p1", "8480-6", "2024-03-05", "1");
            admit(store, &new, 1_800_000_000_000_000).await.unwrap();
            page = Page {
                limit: 10,
                after: Some(next),
            };
        }
        assert_eq!(seen, before, "{sort}");
    }
}

#[tokio::test]
async fn a_page_token_is_sealed_and_serves_its_own_search_only() {
    let (ward, _) = filled().await;
    let store = &ward.store;
    let asked = query("Patient", "_sort=family");
    let first = store
        .search(asked.clone(), Scope::all(), Page::first(2))
        .await
        .unwrap();
    let token = first.next.unwrap();
    assert!(!token.to_lowercase().contains("byron"));
    let page = |token: &str| Page {
        limit: 2,
        after: Some(token.to_owned()),
    };
    for other in ["_sort=-family", "_sort=family&active=true"] {
        let other = query("Patient", other);
        let error = store
            .search(other, Scope::all(), page(&token))
            .await
            .unwrap_err();
        assert_eq!(error, StoreError::PageToken);
    }
    let scope = Scope::patient("p1");
    let error = store
        .search(asked.clone(), scope, page(&token))
        .await
        .unwrap_err();
    assert_eq!(error, StoreError::PageToken);
    for bad in ["", "!", "AAAA", &token[1..], &format!("{token}A")] {
        let error = store
            .search(asked.clone(), Scope::all(), page(bad))
            .await
            .unwrap_err();
        assert_eq!(error, StoreError::PageToken, "{bad}");
    }
}

#[tokio::test]
async fn a_scope_hides_the_rest_everywhere() {
    for rare in RARE {
        let (ward, resources) = filled_with(rare).await;
        scoped_searches(&ward.store, &resources).await;
        scoped_includes(&ward.store).await;
    }
}

async fn scoped_searches(store: &Store, resources: &[Value]) {
    let scope = Scope::patient("p1");
    for (type_, text) in QUERIES {
        let mut found = find(store, type_, text, &scope, 3).await;
        found.sort();
        let expected: Vec<String> = meant(resources, type_, text)
            .into_iter()
            .filter(|id| {
                let own = |one: &&Value| one["resourceType"] == *type_ && one["id"] == **id;
                let resource = resources.iter().find(own).unwrap();
                fhir::compartment::patients(resource).contains(&"p1".to_owned())
            })
            .collect();
        assert_eq!(found, expected, "{type_}?{text}");
        let mut counted = query(type_, text);
        counted.total = fhir::query::Total::Accurate;
        let page = store
            .search(counted, scope.clone(), Page::first(1))
            .await
            .unwrap();
        assert_eq!(page.total, Some(expected.len() as u64), "{type_}?{text}");
    }
    assert!(
        find(store, "Patient", "", &Scope::patient("nobody"), 5)
            .await
            .is_empty()
    );
    let nobody = Scope {
        patients: Some(Vec::new()),
        ..Scope::all()
    };
    assert!(find(store, "Patient", "", &nobody, 5).await.is_empty());
    let two = Scope {
        patients: Some(vec!["p1".into(), "p2".into()]),
        ..Scope::all()
    };
    assert_eq!(find(store, "Patient", "", &two, 5).await, ["p1", "p2"]);
}

async fn scoped_includes(store: &Store) {
    let scope = Scope::patient("p1");
    // Included records too: c0 of p0 points at o0 of p0.
    let asked = query(
        "Observation",
        "_id=o1&_revinclude=Condition:evidence-detail&_include=Observation:subject",
    );
    let own = store
        .search(asked.clone(), scope.clone(), Page::first(5))
        .await
        .unwrap();
    assert_eq!(ids(&own.included), ["p1", "c1"]);
    let mut other = observation("mixed", "p1", "8480-6", "2024", "1");
    other["performer"] = json!([{"reference": "Patient/p2"}]);
    admit(store, &other, 1).await.unwrap();
    let asked = query("Observation", "_id=mixed&_include=Observation:performer");
    let hidden = store
        .search(asked.clone(), scope, Page::first(5))
        .await
        .unwrap();
    assert!(hidden.included.is_empty());
    let shown = store
        .search(asked, Scope::all(), Page::first(5))
        .await
        .unwrap();
    assert_eq!(ids(&shown.included), ["p2"]);
}

#[tokio::test]
async fn includes_bring_each_record_once_and_no_match_twice() {
    let (ward, _) = filled().await;
    let store = &ward.store;
    let asked = query("Observation", "code=8480-6&_include=Observation:subject");
    let found = store
        .search(asked, Scope::all(), Page::first(100))
        .await
        .unwrap();
    assert_eq!(found.rows.len(), 16);
    assert_eq!(ids(&found.included), ["p0", "p3"]);
    assert!(!found.included_cut);
    let asked = query("Observation", "_include=Observation:subject:Group");
    let found = store
        .search(asked, Scope::all(), Page::first(100))
        .await
        .unwrap();
    assert!(found.included.is_empty());
    let asked = query("Patient", "_id=p1&_revinclude=Observation:subject");
    let found = store
        .search(asked, Scope::all(), Page::first(100))
        .await
        .unwrap();
    assert_eq!(found.included.len(), 8);
    store
        .commit(puts(vec![tombstone("Patient", "p0", 1, 9)]))
        .await
        .unwrap();
    let asked = query("Observation", "code=8480-6&_include=Observation:subject");
    let found = store
        .search(asked, Scope::all(), Page::first(100))
        .await
        .unwrap();
    assert_eq!(ids(&found.included), ["p3"]);
}

#[tokio::test]
async fn an_update_replaces_what_is_found_by() {
    let (ward, _) = filled().await;
    let changed = patient("p0", "Lovelace", "1815-12-10");
    ward.store
        .commit(puts(vec![put(&changed, Some(1), 9)]))
        .await
        .unwrap();
    assert_eq!(all(&ward.store, "Patient", "family=lovelace").await, ["p0"]);
    assert_eq!(
        all(&ward.store, "Patient", "family:exact=Byron").await,
        Vec::<String>::new()
    );
    assert_eq!(
        all(&ward.store, "Patient", "active:missing=true").await,
        ["p0"]
    );
    let asked = query("Patient", "family=lovelace");
    let keys = ward.store.matching(asked, Scope::all(), 2).await.unwrap();
    assert_eq!((keys.len(), keys[0].id.as_str()), (1, "p0"));
}
