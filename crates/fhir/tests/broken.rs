//! Broken variants of official examples are refused, each at the right place.
#![allow(clippy::expect_used, reason = "a test may fail loudly")]

mod support;

use serde_json::{Value, json};
use support::broken::{Change, VARIANTS};

#[test]
fn every_broken_variant_is_refused_at_its_place() {
    let Some(paths) = support::files(support::EXAMPLES) else {
        return;
    };
    let folder = paths[0].parent().expect("a folder");
    assert!(VARIANTS.len() >= 50, "{} variants", VARIANTS.len());
    let mut wrong = Vec::new();
    for (file, change, pointer, place, code) in VARIANTS {
        let mut resource = support::read(&folder.join(format!("{file}.json")));
        assert_eq!(
            fhir::validate::resource(&resource),
            [],
            "{file} was valid before"
        );
        apply(&mut resource, change, pointer);
        let issues = fhir::validate::resource(&resource);
        let right =
            |issue: &fhir::validate::Issue| issue.expression == *place && issue.code == *code;
        if issues.is_empty() || !issues.iter().all(right) {
            wrong.push(format!(
                "{file} {change:?} {pointer}: {issues:#?}, not {place} {code}"
            ));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

fn apply(resource: &mut Value, change: &Change, pointer: &str) {
    let (parent, name) = pointer.rsplit_once('/').expect("a pointer");
    match change {
        Change::Set(text) => {
            let value: Value = serde_json::from_str(text).expect("JSON in the table");
            let parent = resource.pointer_mut(parent).expect("a parent");
            match parent {
                Value::Array(items) => items[name.parse::<usize>().expect("an index")] = value,
                Value::Object(map) => {
                    map.insert(name.to_owned(), value);
                }
                _ => panic!("{pointer} has no parent"),
            }
        }
        Change::Remove => {
            let map = resource.pointer_mut(parent).and_then(Value::as_object_mut);
            assert!(
                map.expect("an object").remove(name).is_some(),
                "{pointer} was there"
            );
        }
        Change::Wrap => {
            let value = resource.pointer_mut(pointer).expect("a value");
            *value = json!([value.take()]);
        }
        Change::Unwrap => {
            let value = resource.pointer_mut(pointer).expect("a list");
            *value = value[0].take();
        }
    }
}

/// One step down from the root.
#[derive(Clone)]
enum Step {
    Member(String),
    Item(usize),
}

fn objects(value: &Value, at: &mut Vec<Step>, found: &mut Vec<Vec<Step>>) {
    match value {
        Value::Object(map) => {
            found.push(at.clone());
            for (key, value) in map {
                at.push(Step::Member(key.clone()));
                objects(value, at, found);
                at.pop();
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                at.push(Step::Item(index));
                objects(item, at, found);
                at.pop();
            }
        }
        _ => {}
    }
}

fn node<'a>(resource: &'a mut Value, steps: &[Step]) -> &'a mut Value {
    steps.iter().fold(resource, |value, step| match step {
        Step::Member(name) => &mut value[name.as_str()],
        Step::Item(index) => &mut value[*index],
    })
}

/// Whether a FHIRPath location names these steps; a choice is named by its stem.
fn names(location: &str, type_name: &str, steps: &[Step]) -> bool {
    let mut parts = vec![type_name.to_owned()];
    for step in steps {
        match step {
            Step::Member(name) => parts.push(name.trim_start_matches('_').to_owned()),
            Step::Item(index) => {
                let last = parts.last_mut().expect("a list has a name");
                *last = format!("{last}[{index}]");
            }
        }
    }
    let found: Vec<&str> = location.split('.').collect();
    found.len() == parts.len()
        && found
            .iter()
            .zip(&parts)
            .all(|(found, part)| part == found || part.starts_with(found))
}

#[test]
fn an_unknown_element_is_found_in_every_object_of_every_example() {
    let Some(paths) = support::files(support::EXAMPLES) else {
        return;
    };
    let mut tried = 0;
    for path in paths {
        let mut resource = support::read(&path);
        if !fhir::validate::resource(&resource).is_empty() {
            continue;
        }
        let mut places = Vec::new();
        objects(&resource, &mut Vec::new(), &mut places);
        let type_name = resource["resourceType"]
            .as_str()
            .expect("a type")
            .to_owned();
        // All objects of a long bundle would take minutes and show nothing new.
        let stride = places.len() / 200 + 1;
        for steps in places.iter().step_by(stride) {
            let map = node(&mut resource, steps)
                .as_object_mut()
                .expect("an object");
            map.insert("surname".to_owned(), Value::from("x"));
            let issues = fhir::validate::resource(&resource);
            let (place, last) = issues[0].expression.rsplit_once('.').expect("a parent");
            assert_eq!((issues.len(), last), (1, "surname"), "{path:?} {issues:?}");
            assert!(names(place, &type_name, steps), "{path:?} {place}");
            let map = node(&mut resource, steps)
                .as_object_mut()
                .expect("an object");
            map.shift_remove("surname");
            tried += 1;
        }
    }
    assert!(tried > 15_000, "{tried}");
}
