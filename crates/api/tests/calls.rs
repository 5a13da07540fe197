//! The EPCIS calls of other people's collections, sent to a real node. A call passes if it is
//! answered as it expects and as GS1's OpenAPI allows; every other one stands, with what is odd
//! about it, in the table of docs/reference/epcis.md. And every path of the OpenAPI, one after the
//! other.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test may panic and print"
)]

#[path = "calls/collection.rs"]
mod collection;
mod common;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use collection::{Call, bruno, postman};
use common::{Client, World};
use hospital::{Role, pairs};
use serde_json::{Value, json};

const TITLE: &str = "## Calls of others";

/// The table: name of the call, and the status that it gets; none: it is not sent.
fn table() -> BTreeMap<String, Option<u16>> {
    let document = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/epcis.md");
    let document = std::fs::read_to_string(document).unwrap();
    let section = document.split(TITLE).nth(1).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let rows = section
        .lines()
        .filter(|line| line.starts_with("| B") || line.starts_with("| P"));
    let rows = rows.map(|line| {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        assert!(
            cells.len() == 5 && cells[3].len() > 10,
            "{line}: what is odd about it?"
        );
        (cells[1].to_owned(), cells[2].parse().ok())
    });
    rows.collect()
}

fn data(path: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    root.join("../../../shared/data/epcis").join(path)
}

/// What GS1's OpenAPI allows as an answer; none: it has no such path or verb.
fn allowed(api: &Value, method: &str, path: &str) -> Option<Vec<u16>> {
    let path = path.split('?').next().unwrap();
    let parts: Vec<&str> = path.split('/').collect();
    let fits = |template: &str| {
        let template: Vec<&str> = template.split('/').collect();
        let same = |(want, have): (&&str, &&str)| {
            want == have || (want.starts_with('{') && !have.is_empty())
        };
        template.len() == parts.len() && template.iter().zip(&parts).all(same)
    };
    let paths = api["paths"].as_object().unwrap();
    let found = paths.iter().find(|(template, _)| fits(template))?.1;
    let answers = found.get(method.to_lowercase())?["responses"].as_object()?;
    Some(
        answers
            .keys()
            .map(|status| status.parse().unwrap())
            .collect(),
    )
}

/// The path below the base, put right where the call has it in a way that no server could mean.
fn path(call: &Call) -> Option<(String, bool)> {
    let rest = call.url.strip_prefix("{base}")?;
    let right = match rest {
        "events" | "capture" => format!("/{rest}"),
        "/Capture" => "/capture".to_owned(),
        _ => rest.strip_prefix("/epcis").unwrap_or(rest).to_owned(),
    };
    let is_odd = right != rest;
    Some((right, is_odd))
}

fn sent(client: &Client, call: &Call, path: &str) -> u16 {
    let headers: Vec<(&str, &str)> = call.headers.iter().map(|it| (&*it.0, &*it.1)).collect();
    let body = call.body.as_deref().map(str::as_bytes);
    let answer = client.send(&call.method, &format!("/epcis{path}"), &headers, body);
    println!("{} {} {path}: {}", call.name, call.method, answer.status);
    if answer.status >= 400 {
        println!("    {}", answer.text());
    }
    answer.status
}

#[test]
fn every_call_of_others_passes_or_its_deviation_is_written_down() {
    let folder = data("fastnt-api");
    if !folder.exists() {
        println!("skipped: the calls of others are not here");
        return;
    }
    let api = std::fs::read(data("gs1-EPCIS/REST Bindings/openapi.json")).unwrap();
    let api: Value = serde_json::from_slice(&api).unwrap();
    let world = World::with(|config| config.outgoing = api::Reach::Loopback);
    let client = world.client(Role::System, None);
    let mut calls = bruno(&folder.join("API/EPCIS 2.0"));
    assert_eq!(calls.len(), 39, "calls of Bruno");
    calls.extend(postman(&folder.join("EPCIS 2.0.postman_collection.json")));
    let mut table = table();
    let (mut wrong, mut passed, mut odd) = (Vec::new(), 0, 0);
    for call in &calls {
        let noted = table.remove(&call.name);
        let Some((path, is_corrected)) = path(call) else {
            if noted != Some(None) {
                wrong.push(format!(
                    "{} leads elsewhere and is not in the table",
                    call.name
                ));
            }
            odd += 1;
            continue;
        };
        let status = sent(&client, call, &path);
        let allows = allowed(&api, &call.method, &path);
        let Some(allows) = allows else {
            wrong.push(format!(
                "{}: the OpenAPI has no {} {path}",
                call.name, call.method
            ));
            continue;
        };
        if !allows.contains(&status) {
            wrong.push(format!("{}: {status} is not one of {allows:?}", call.name));
        }
        let is_good = (200..300).contains(&status)
            && !is_corrected
            && call.status.is_none_or(|expected| expected == status);
        match noted {
            None if is_good => passed += 1,
            Some(Some(noted)) if !is_good && noted == status => odd += 1,
            noted => wrong.push(format!("{}: {status}, the table says {noted:?}", call.name)),
        }
    }
    wrong.extend(
        table
            .keys()
            .map(|name| format!("{name} is in the table only")),
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    println!("{passed} calls pass, {odd} deviate");
}

const EVENT_ID: &str = "urn:uuid:00000000-0000-4000-8000-000000000001";

fn event() -> Value {
    json!({
        "@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"],
        "type": "ObjectEvent", "eventID": EVENT_ID, "action": "OBSERVE", "bizStep": "shipping",
        "disposition": "in_transit", "eventTime": "2026-05-01T08:00:00Z",
        "eventTimeZoneOffset": "+02:00", "epcList": ["urn:epc:id:sgtin:0614141.107346.2018"],
        "readPoint": { "id": "urn:epc:id:sgln:4012345.00001.0" },
        "bizLocation": { "id": "urn:epc:id:sgln:4012345.00002.0" },
    })
}

fn document() -> Value {
    let mut event = event();
    event.as_object_mut().unwrap().remove("@context");
    json!({
        "@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"],
        "type": "EPCISDocument", "schemaVersion": "2.0", "creationDate": "2026-05-01T08:00:00Z",
        "epcisBody": { "eventList": [event] },
    })
}

/// What the paths of the OpenAPI lead to.
struct Made {
    capture: String,
    subscription: String,
}

impl Made {
    /// A query, a subscription to it, a capture.
    fn new(client: &Client) -> Self {
        let post = |path: &str, body: &Value| {
            let headers = [("content-type", "application/json")];
            client.send("POST", path, &headers, Some(body.to_string().as_bytes()))
        };
        let capture = post("/epcis/capture", &document()).expect(202);
        let query = json!({ "name": "seen", "query": {} });
        post("/epcis/queries", &query).expect(201);
        let body = json!({ "dest": "http://127.0.0.1:9/", "stream": true });
        let made = post("/epcis/queries/seen/subscriptions", &body).expect(201);
        Self {
            capture: capture
                .header("location")
                .rsplit('/')
                .next()
                .unwrap()
                .to_owned(),
            subscription: made.json()["subscriptionID"].as_str().unwrap().to_owned(),
        }
    }

    fn path(&self, template: &str) -> String {
        let mut path = template.to_owned();
        for (name, value) in [
            ("captureID", &*self.capture),
            ("subscriptionID", &*self.subscription),
            ("eventID", EVENT_ID),
            ("eventType", "ObjectEvent"),
            ("epc", "urn:epc:id:sgtin:0614141.107346.2018"),
            ("bizStep", "shipping"),
            ("bizLocation", "urn:epc:id:sgln:4012345.00002.0"),
            ("readPoint", "urn:epc:id:sgln:4012345.00001.0"),
            ("disposition", "in_transit"),
            ("queryName", "seen"),
            ("token", "1.61"),
        ] {
            path = path.replace(&format!("{{{name}}}"), &pairs::encode_segment(value));
        }
        assert!(!path.contains('{'), "{path}");
        path
    }
}

fn body(template: &str) -> Value {
    match template {
        "/capture" => document(),
        "/events" => event(),
        "/queries" => json!({ "name": "another", "query": {} }),
        _ => json!({ "dest": "http://127.0.0.1:9/", "schedule": { "hour": "1" } }),
    }
}

/// Names of the headers that an answer of the OpenAPI has to have here.
fn headers_of(api: &Value, answer: &Value) -> Vec<String> {
    let answer = match answer["$ref"].as_str() {
        Some(reference) => api.pointer(reference.trim_start_matches('#')).unwrap(),
        None => answer,
    };
    let headers = answer["headers"].as_object().into_iter().flatten();
    let always = [
        "Allow",
        "GS1-EPCIS-Version",
        "GS1-EPCIS-Min",
        "GS1-EPCIS-Max",
        "GS1-CBV-Version",
        "GS1-CBV-Min",
        "GS1-CBV-Max",
        "GS1-Vendor-Version",
        "Location",
        "GS1-EPCIS-Capture-Limit",
        "GS1-EPCIS-Capture-File-Size-Limit",
        "GS1-Capture-Error-Behaviour",
    ];
    let names = headers.map(|(name, _)| name.clone());
    names
        .filter(|name| always.contains(&name.as_str()))
        .collect()
}

#[test]
fn every_path_and_verb_of_the_openapi_is_answered_as_it_says() {
    let file = data("gs1-EPCIS/REST Bindings/openapi.json");
    let Ok(api) = std::fs::read(file) else {
        println!("skipped: the OpenAPI of GS1 is not here");
        return;
    };
    let api: Value = serde_json::from_slice(&api).unwrap();
    let world = World::with(|config| config.outgoing = api::Reach::Loopback);
    let client = world.client(Role::System, None);
    let made = Made::new(&client);
    let verbs = ["options", "post", "get", "delete"];
    let mut all = Vec::new();
    for (template, path) in api["paths"].as_object().unwrap() {
        let found = path
            .as_object()
            .unwrap()
            .iter()
            .filter(|it| verbs.contains(&it.0.as_str()));
        all.extend(found.map(|(verb, operation)| (verb.as_str(), template, operation)));
    }
    // What is taken away goes last, and what is below before what is above.
    all.sort_by_key(|(verb, path, _)| (*verb == "delete", std::cmp::Reverse(path.len())));
    let paths = api["paths"].as_object().unwrap().len();
    assert_eq!((paths, all.len()), (29, 63));
    for (verb, template, operation) in all {
        let typed = [("content-type", "application/json")];
        let (headers, bytes) = match verb {
            "post" => (&typed[..], Some(body(template).to_string().into_bytes())),
            _ => (&[][..], None),
        };
        let path = format!("/epcis{}", made.path(template));
        let answer = client.send(&verb.to_uppercase(), &path, headers, bytes.as_deref());
        println!(
            "{:<8} {template:<55} {}",
            verb.to_uppercase(),
            answer.status
        );
        let wanted = operation["responses"].as_object().unwrap();
        let good = wanted
            .iter()
            .find(|(status, _)| status.starts_with('2'))
            .unwrap();
        assert_eq!(
            answer.status.to_string(),
            *good.0,
            "{verb} {path}: {}",
            answer.text()
        );
        for name in headers_of(&api, good.1) {
            assert!(
                !answer.header(&name).is_empty(),
                "{verb} {path} has no {name}"
            );
        }
    }
}
