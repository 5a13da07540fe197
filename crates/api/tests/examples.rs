//! The official examples: each valid one is accepted, comes back as it was sent, and is found.

#![allow(
    clippy::unwrap_used,
    clippy::needless_pass_by_value,
    clippy::print_stdout,
    reason = "a test may panic, print and copy"
)]

mod common;

use std::path::PathBuf;

use common::{Client, World, ids};
use fhir::search::{Entry, IndexValue, parameters};
use hospital::pairs;
use serde_json::Value;

fn examples() -> Vec<PathBuf> {
    let folder =
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/fhir/hl7-r4-examples");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .map(|entries| entries.flatten().map(|entry| entry.path()).collect())
        .unwrap_or_default();
    files.retain(|path| path.extension().is_some_and(|kind| kind == "json"));
    files.sort();
    files
}

#[test]
fn every_valid_example_comes_back_as_sent_and_is_found() {
    let files = examples();
    if files.is_empty() {
        println!("skipped: the official examples are not here");
        return;
    }
    let world = World::new();
    let client = world.clinician();
    let (mut accepted, mut refused, mut wrong) = (0, 0, Vec::new());
    for path in &files {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let bytes = std::fs::read(path).unwrap();
        let sent: Value = serde_json::from_slice(&bytes).unwrap();
        let valid = fhir::validate::resource(&sent)
            .iter()
            .all(|issue| issue.severity != fhir::validate::Severity::Error);
        let type_ = sent["resourceType"].as_str().unwrap();
        let (answer, url) = if let Some(id) = sent["id"].as_str() {
            let url = format!("/fhir/{type_}/{id}");
            (client.send("PUT", &url, &[], Some(&bytes)), url)
        } else {
            let answer = client.send("POST", &format!("/fhir/{type_}"), &[], Some(&bytes));
            let url = format!("/fhir/{type_}/{}", answer.id());
            (answer, url)
        };
        if type_ == "AuditEvent" {
            // The log is the node's own.
            if answer.status != 403 {
                wrong.push(format!("{name}: {} {}", answer.status, answer.text()));
            }
            continue;
        }
        if !valid {
            refused += 1;
            if answer.status != 422 || answer.expression().is_empty() {
                wrong.push(format!("{name}: {} {}", answer.status, answer.text()));
            }
            continue;
        }
        accepted += 1;
        if !matches!(answer.status, 200 | 201) {
            wrong.push(format!("{name}: {} {}", answer.status, answer.text()));
            continue;
        }
        let read = client.get(&url).expect(200);
        let mut came = without_stamp(read.json());
        if sent.get("id").is_none() {
            came.as_object_mut().unwrap().remove("id");
        }
        if came != without_stamp(sent.clone()) {
            wrong.push(format!("{name}: it came back changed"));
        }
        if let Err(reason) = found(&client, &sent, &read.json()) {
            wrong.push(format!("{name}: {reason}"));
        }
    }
    println!("{accepted} accepted, {refused} refused");
    assert!(
        wrong.is_empty(),
        "{} of {}:\n{}",
        wrong.len(),
        files.len(),
        wrong.join("\n")
    );
    assert!(accepted >= 700, "{accepted}");
}

/// The resource without what the server sets.
fn without_stamp(mut value: Value) -> Value {
    if let Some(meta) = value.get_mut("meta").and_then(Value::as_object_mut) {
        meta.remove("versionId");
        meta.remove("lastUpdated");
        if meta.is_empty() {
            value.as_object_mut().unwrap().remove("meta");
        }
    }
    value
}

fn found(client: &Client, sent: &Value, stored: &Value) -> Result<(), String> {
    let type_ = sent["resourceType"].as_str().unwrap();
    let id = stored["id"].as_str().unwrap().to_owned();
    let by_id = client
        .get(&format!("/fhir/{type_}?_id={id}"))
        .expect(200)
        .json();
    if ids(&by_id) != [id.clone()] {
        return Err("not found by its id".into());
    }
    // Parameters of every resource (_profile, _tag) do not count where there is another.
    let queries: Vec<(String, String)> = fhir::search::values(stored)
        .iter()
        .filter_map(|entry| query(type_, entry))
        .collect();
    if queries.is_empty() {
        return Ok(());
    }
    for pair in &queries {
        let query = pairs::encode(std::slice::from_ref(pair));
        let answer = client.get(&format!("/fhir/{type_}?{query}&_id={id}"));
        if answer.status != 200 || ids(&answer.json()) != [id.clone()] {
            return Err(format!("not found by {query}: {}", answer.text()));
        }
    }
    Ok(())
}

fn query(type_: &str, entry: &Entry) -> Option<(String, String)> {
    let parameter = parameters(type_)
        .iter()
        .find(|one| one.id == entry.parameter)?;
    let escape = |text: &str| {
        let text = text.replace('\\', "\\\\").replace('|', "\\|");
        text.replace(',', "\\,").replace('$', "\\$")
    };
    let value = match &entry.value {
        IndexValue::Token { system, code } => match (system, code) {
            (Some(system), Some(code)) => format!("{}|{}", escape(system), escape(code)),
            (None, Some(code)) => escape(code),
            (Some(system), None) => format!("{}|", escape(system)),
            (None, None) => return None,
        },
        IndexValue::String { original, .. } if !original.trim().is_empty() => escape(original),
        IndexValue::Reference {
            type_: Some(target),
            id: Some(id),
            ..
        } => format!("{target}/{id}"),
        // A link within the resource, `#part`, cannot be asked for.
        IndexValue::Reference { url: Some(url), .. } if !url.contains(':') => return None,
        IndexValue::Reference { url: Some(url), .. } | IndexValue::Uri(url) => escape(url),
        _ => return None,
    };
    let exact = matches!(entry.value, IndexValue::String { .. });
    let name = if exact {
        format!("{}:exact", parameter.name)
    } else {
        parameter.name.into()
    };
    Some((name, value))
}
