//! EPCIS over HTTP: GS1's examples are captured and found again, and nothing else is.

#![allow(
    clippy::unwrap_used,
    clippy::needless_pass_by_value,
    clippy::print_stdout,
    reason = "a test may panic, print and copy"
)]

mod common;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use common::{Answer, Client, World};
use hospital::{Role, pairs};
use serde_json::{Value, json};

const LD: [(&str, &str); 1] = [("content-type", "application/ld+json")];

/// GS1's examples in JSON-LD, with the simple context.
fn examples() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders = vec![root.join("../../../shared/data/epcis/gs1-EPCIS/JSON")];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|kind| kind == "jsonld") {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

/// The job of a capture when it is through.
fn captured(client: &Client, headers: &[(&str, &str)], document: &[u8]) -> Value {
    let taken = client.send("POST", "/epcis/capture", headers, Some(document));
    assert_eq!(taken.status, 202, "{}", taken.text());
    let job = taken.header("location").to_owned();
    let until = Instant::now() + Duration::from_secs(20);
    loop {
        let told = client.get(&job).expect(200).json();
        if told["running"] == false {
            return told;
        }
        assert!(Instant::now() < until, "{told}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn events(answer: &Answer) -> Vec<Value> {
    let list = &answer.json()["epcisBody"]["queryResults"]["resultsBody"]["eventList"];
    list.as_array().cloned().unwrap_or_default()
}

/// All pages of a query.
fn all(client: &Client, path: &str) -> Vec<Value> {
    let (mut found, mut next) = (Vec::new(), path.to_owned());
    for _ in 0..100 {
        let page = client.get(&next).expect(200);
        found.extend(events(&page));
        let link = page.header("link").split('>').next().unwrap_or_default();
        match link.strip_prefix('<') {
            Some(address) => address.clone_into(&mut next),
            None => return found,
        }
    }
    panic!("the pages of {path} do not end");
}

fn event(id: &str, step: &str, epc: &str) -> Value {
    json!({
        "@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"],
        "type": "ObjectEvent", "eventID": id, "action": "OBSERVE", "bizStep": step,
        "eventTime": "2026-05-01T08:00:00Z", "eventTimeZoneOffset": "+02:00",
        "epcList": [epc], "readPoint": { "id": "urn:epc:id:sgln:4012345.00001.0" },
    })
}

#[test]
fn every_example_of_gs1_is_captured_and_found_again() {
    let files = examples();
    if files.is_empty() {
        println!("skipped: the examples of GS1 are not here");
        return;
    }
    assert_eq!(files.len(), 47);
    let world = World::new();
    let client = world.client(Role::System, None);
    let (mut sent, mut found) = (0, 0);
    for path in &files {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let mut document: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        // Several say different things under one eventID: here each has one of its own.
        let mut ids = Vec::new();
        let list = [
            "/epcisBody/eventList",
            "/epcisBody/queryResults/resultsBody/eventList",
        ];
        let place = list
            .iter()
            .find(|it| document.pointer(it).is_some())
            .unwrap();
        for event in document.pointer_mut(place).unwrap().as_array_mut().unwrap() {
            let id = format!("urn:uuid:{sent:08}-0000-4000-8000-000000000000");
            event["eventID"] = id.clone().into();
            ids.push(id);
            sent += 1;
        }
        let job = captured(&client, &LD, document.to_string().as_bytes());
        assert_eq!(job["success"], true, "{name}: {job}");
        for id in &ids {
            let path = format!("/epcis/events/{}", pairs::encode_segment(id));
            let one = events(&client.get(&path).expect(200));
            assert_eq!(one.len(), 1, "{name}: {id}");
            assert_eq!(one[0]["eventID"], **id);
            found += 1;
            let things = ["epcList", "childEPCs", "inputEPCList", "outputEPCList"];
            for thing in things
                .iter()
                .filter_map(|list| one[0][list].as_array())
                .flatten()
            {
                let thing = pairs::encode_segment(thing.as_str().unwrap());
                let asked = format!("/epcis/events?MATCH_anyEPC={thing}&perPage=100");
                let by_thing = all(&client, &asked);
                assert!(
                    by_thing.iter().any(|it| it["eventID"] == **id),
                    "{name}: {id} is not found by {thing}"
                );
            }
        }
    }
    assert_eq!(sent, found);
    let everything = all(&client, "/epcis/events?perPage=7");
    assert_eq!(everything.len(), sent);
    println!("{sent} events of {} documents", files.len());
}

#[test]
fn a_document_is_captured_whole_or_not_at_all_unless_it_is_to_proceed() {
    let world = World::new();
    let client = world.client(Role::System, None);
    let epc = "urn:epc:id:sgtin:0614141.107346.2018";
    let first = event("urn:uuid:1", "receiving", epc);
    let made = client.send(
        "POST",
        "/epcis/events",
        &LD,
        Some(first.to_string().as_bytes()),
    );
    assert_eq!(made.status, 201, "{}", made.text());
    assert_eq!(made.header("gs1-epcis-version"), "2.0.0");
    let again = client.send(
        "POST",
        "/epcis/events",
        &LD,
        Some(first.to_string().as_bytes()),
    );
    assert_eq!(again.status, 201, "the same event again: {}", again.text());
    let other = event("urn:uuid:1", "shipping", epc);
    let refused = client.send(
        "POST",
        "/epcis/events",
        &LD,
        Some(other.to_string().as_bytes()),
    );
    assert!(refused.text().contains("eventID"), "{}", refused.text());
    assert!(!refused.text().is_empty() && refused.status >= 400);

    let document = json!({
        "@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"],
        "type": "EPCISDocument", "schemaVersion": "2.0", "creationDate": "2026-05-01T08:00:00Z",
        "epcisBody": { "eventList": [other, event("urn:uuid:2", "receiving", epc)] },
    });
    let mut document = document;
    for place in 0..2 {
        let event = &mut document["epcisBody"]["eventList"][place];
        event.as_object_mut().unwrap().remove("@context");
    }
    let bytes = document.to_string().into_bytes();
    let job = captured(&client, &LD, &bytes);
    assert_eq!(
        (&job["success"], job["errors"].as_array().unwrap().len()),
        (&false.into(), 1)
    );
    assert_eq!(
        client.get("/epcis/events/urn:uuid:2").status,
        404,
        "it was stored"
    );
    let proceed = [LD[0], ("gs1-capture-error-behaviour", "proceed")];
    let job = captured(&client, &proceed, &bytes);
    assert_eq!(job["success"], false, "{job}");
    client.get("/epcis/events/urn:uuid:2").expect(200);
    let jobs = client.get("/epcis/capture").expect(200).json();
    assert_eq!(jobs.as_array().unwrap().len(), 2);
}

#[test]
fn what_is_wrong_is_told_with_its_place_and_stores_nothing() {
    let world = World::new();
    let client = world.client(Role::System, None);
    let mut bad = event(
        "urn:uuid:1",
        "receiving",
        "urn:epc:id:sgtin:0614141.107346.2018",
    );
    bad["action"] = "LOOK".into();
    let send = |path: &str, kind: &str, body: &[u8]| {
        client.send("POST", path, &[("content-type", kind)], Some(body))
    };
    let bad = bad.to_string();
    for (path, kind, body, status, says) in [
        ("/epcis/events", LD[0].1, bad.as_bytes(), 400, "/action"),
        ("/epcis/capture", LD[0].1, b"{".as_slice(), 400, "JSON"),
        (
            "/epcis/capture",
            "text/plain",
            b"{}",
            415,
            "application/json",
        ),
        (
            "/epcis/capture",
            "application/xml",
            b"<!DOCTYPE a><a/>",
            400,
            "DTD",
        ),
    ] {
        let answer = send(path, kind, body);
        assert!(
            answer.status == status || answer.status == 422,
            "{path}: {} {}",
            answer.status,
            answer.text()
        );
        assert!(answer.text().contains(says), "{says}: {}", answer.text());
    }
    for (asked, says) in [
        ("foo=1", "foo"),
        ("GE_eventTime=yesterday", "GE_eventTime"),
        ("nextPageToken=abc", "page"),
        ("eventCountLimit=1&maxEventCount=1", "maxEventCount"),
    ] {
        let answer = client.get(&format!("/epcis/events?{asked}"));
        assert!(answer.status >= 400 && answer.status < 500, "{asked}");
        assert!(answer.text().contains(says), "{asked}: {}", answer.text());
    }
    assert!(all(&client, "/epcis/events").is_empty());
    assert_eq!(world.stranger().get("/epcis/events").status, 401);
    let patient = world.client(Role::Patient, Some("p1"));
    assert_eq!(patient.get("/epcis/events").status, 403);
    let look = json!({ "scan": "(01)09506000134352(21)A" });
    for path in ["verify", "trace"] {
        let looked = patient.post(&format!("/packs/{path}"), &look);
        assert_eq!(looked.status, 403, "{path}: {}", looked.text());
    }
    let clinician = world.clinician();
    let one = event(
        "urn:uuid:9",
        "receiving",
        "urn:epc:id:sgtin:0614141.107346.2018",
    );
    let written = clinician.send(
        "POST",
        "/epcis/events",
        &LD,
        Some(one.to_string().as_bytes()),
    );
    assert_eq!(written.status, 403, "{}", written.text());
}

#[test]
fn what_can_be_asked_for_is_listed_and_options_say_the_versions() {
    let world = World::new();
    let client = world.client(Role::System, None);
    for (number, step) in ["receiving", "shipping", "receiving"].iter().enumerate() {
        let epc = format!("urn:epc:id:sgtin:0614141.107346.{number}");
        let one = event(&format!("urn:uuid:{number}"), step, &epc);
        client
            .send(
                "POST",
                "/epcis/events",
                &LD,
                Some(one.to_string().as_bytes()),
            )
            .expect(201);
    }
    let steps = client.get("/epcis/bizSteps").expect(200).json();
    assert_eq!(steps["member"], json!(["receiving", "shipping"]));
    let below = client.get("/epcis/bizSteps/receiving").expect(200).json();
    assert_eq!(below["member"], json!(["events"]));
    assert_eq!(all(&client, "/epcis/bizSteps/receiving/events").len(), 2);
    assert_eq!(
        all(&client, "/epcis/eventTypes/ObjectEvent/events").len(),
        3
    );
    let link = pairs::encode_segment("https://id.gs1.org/01/10614141073464/21/1");
    assert_eq!(all(&client, &format!("/epcis/epcs/{link}/events")).len(), 1);
    let told = client.send("OPTIONS", "/epcis/capture", &[], None);
    assert_eq!(told.status, 204, "{}", told.text());
    assert_eq!(told.header("gs1-epcis-capture-limit"), "10000");
    assert_eq!(told.header("gs1-epcis-max"), "2.0.0");
}

#[test]
fn an_answer_has_the_form_that_was_asked_for_or_is_refused() {
    let world = World::new();
    let client = world.client(Role::System, None);
    let epc = "urn:epc:id:sgtin:0614141.107346.2018";
    let one = event("urn:uuid:1", "shipping", epc).to_string();
    client
        .send("POST", "/epcis/events", &LD, Some(one.as_bytes()))
        .expect(201);
    let ask =
        |path: &str, name: &str, value: &str| client.send("GET", path, &[(name, value)], None);
    let found = "/epcis/events?EQ_bizStep=shipping";
    let xml = ask(found, "accept", "application/xml").expect(200);
    assert_eq!(xml.header("content-type"), "application/xml");
    assert_eq!(xml.header("gs1-epcis-version"), "2.0.0");
    assert!(
        xml.text().contains("<epcisq:EPCISQueryDocument "),
        "{}",
        xml.text()
    );
    assert!(
        xml.text()
            .contains("https://ref.gs1.org/cbv/BizStep-shipping"),
        "{}",
        xml.text()
    );
    // It is the same event: captured again, it is passed over.
    let job = captured(&client, &[("content-type", "application/xml")], &xml.bytes);
    assert_eq!(job["success"], true, "{job}");
    assert_eq!(all(&client, "/epcis/events").len(), 1);
    let ld = ask(found, "accept", "application/ld+json").expect(200);
    assert_eq!(ld.header("content-type"), "application/ld+json");

    let as_sent = client.get(found).expect(200);
    assert_eq!(events(&as_sent)[0]["epcList"][0], epc);
    let links = ask(found, "gs1-epc-format", "Always_GS1_Digital_Link").expect(200);
    assert_eq!(links.header("gs1-epc-format"), "Always_GS1_Digital_Link");
    let link = "https://id.gs1.org/01/10614141073464/21/2018";
    assert_eq!(events(&links)[0]["epcList"][0], link);
    let one = format!("/epcis/events/{}", pairs::encode_segment("urn:uuid:1"));
    let links = ask(&one, "gs1-epc-format", "Always_GS1_Digital_Link").expect(200);
    assert_eq!(events(&links)[0]["epcList"][0], link);

    for (path, name, value) in [
        (found, "accept", "text/html"),
        ("/epcis/bizSteps", "accept", "application/xml"),
        (found, "gs1-epc-format", "Always_EPC_URN"),
        (found, "gs1-epcis-min", "2.1.0"),
        (found, "gs1-cbv-max", "1.2.0"),
    ] {
        let refused = ask(path, name, value);
        assert_eq!(refused.status, 406, "{name}: {value}: {}", refused.text());
        assert_eq!(
            refused.json()["type"],
            "epcisException:NotAcceptableException"
        );
    }
    let urns = [
        ("accept", "application/xml"),
        ("gs1-cbv-xml-format", "Always_URN"),
    ];
    assert_eq!(client.send("GET", found, &urns, None).status, 406);
    let long = format!("/epcis/events?EQ_eventID={}", "x".repeat(17_000));
    let refused = client.get(&long);
    assert_eq!(refused.status, 414, "{}", refused.text());
    assert_eq!(refused.json()["type"], "epcisException:URITooLongException");
}
