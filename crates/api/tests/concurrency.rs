//! Many at the same time: conditions hold, versions follow each other, pages do not shift.

mod common;

use std::collections::HashSet;
use std::thread;

use common::{World, ids, link};
use serde_json::json;

#[test]
fn conditional_creates_make_one_of_each() {
    let world = World::new();
    let client = world.clinician();
    let made: Vec<u16> = thread::scope(|scope| {
        let tasks: Vec<_> = (0..100)
            .map(|task| {
                let client = client.clone();
                scope.spawn(move || {
                    let key = format!("http://example.org/mrn|{}", task % 20);
                    let body = json!({ "resourceType": "Patient", "identifier": [
                        { "system": "http://example.org/mrn", "value": (task % 20).to_string() }] });
                    let headers = [("if-none-exist", format!("identifier={key}"))];
                    let headers: Vec<_> =
                        headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
                    let body = body.to_string();
                    client.send("POST", "/fhir/Patient", &headers, Some(body.as_bytes())).status
                })
            })
            .collect();
        tasks.into_iter().map(|task| task.join().unwrap()).collect()
    });
    assert_eq!(
        made.iter().filter(|status| **status == 201).count(),
        20,
        "{made:?}"
    );
    assert_eq!(
        made.iter().filter(|status| **status == 200).count(),
        80,
        "{made:?}"
    );
    let found = client
        .get("/fhir/Patient?_total=accurate")
        .expect(200)
        .json();
    assert_eq!(found["total"], 20);
}

#[test]
fn versions_follow_each_other_and_if_match_loses_no_update() {
    let world = World::new();
    let client = world.clinician();
    let body = json!({ "resourceType": "Patient", "id": "one", "active": true });
    client.put("/fhir/Patient/one", &body).expect(201);
    let statuses: Vec<u16> = thread::scope(|scope| {
        let tasks: Vec<_> = (0..40)
            .map(|task| {
                let (client, body) = (client.clone(), body.to_string());
                scope.spawn(move || {
                    let guarded = [("if-match", "W/\"1\"")];
                    let headers = if task % 2 == 0 { &guarded[..] } else { &[] };
                    client
                        .send("PUT", "/fhir/Patient/one", headers, Some(body.as_bytes()))
                        .status
                })
            })
            .collect();
        tasks.into_iter().map(|task| task.join().unwrap()).collect()
    });
    let stored = statuses.iter().filter(|status| **status == 200).count();
    let stale = statuses.iter().filter(|status| **status == 412).count();
    assert_eq!(stored + stale, 40, "{statuses:?}");
    assert!(
        stored >= 20 && stale >= 19,
        "at most one If-Match can win: {statuses:?}"
    );
    let history = client
        .get("/fhir/Patient/one/_history?_count=100")
        .expect(200)
        .json();
    assert_eq!(history["entry"].as_array().unwrap().len(), stored + 1);
}

#[test]
fn pages_stay_as_they_are_while_others_write() {
    let world = World::new();
    let client = world.clinician();
    let patient = |number: usize| json!({ "resourceType": "Patient", "name": [{ "family": format!("Page{number:03}") }] });
    let mut before = HashSet::new();
    for number in 0..60 {
        before.insert(
            client
                .post("/fhir/Patient", &patient(number))
                .expect(201)
                .id(),
        );
    }
    for path in [
        "/fhir/Patient?_count=7",
        "/fhir/Patient?_count=7&_sort=family",
        "/fhir/Patient?name=page&_count=7&_sort=-_lastUpdated",
    ] {
        let mut seen = Vec::new();
        let mut page = client.get(path).expect(200).json();
        loop {
            seen.extend(ids(&page));
            client.post("/fhir/Patient", &patient(1)).expect(201);
            match link(&page, "next") {
                Some(next) => page = client.get(&next).expect(200).json(),
                None => break,
            }
        }
        let distinct: HashSet<String> = seen.iter().cloned().collect();
        assert_eq!(distinct.len(), seen.len(), "no record twice: {path}");
        assert!(before.is_subset(&distinct), "none left out: {path}");
    }
    let posted = client.send(
        "POST",
        "/fhir/Patient/_search?_count=3",
        &[("content-type", "application/x-www-form-urlencoded")],
        Some(b"name=page"),
    );
    let page = posted.expect(200).json();
    assert_eq!(ids(&page).len(), 3);
    assert_eq!(
        ids(&client.get(&link(&page, "next").unwrap()).expect(200).json()).len(),
        3
    );
}
