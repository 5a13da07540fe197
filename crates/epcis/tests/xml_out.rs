//! XML out: an event that is written and read again is the same event.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test may panic and print"
)]

mod support;

use epcis::{Answer, Document, EpcisError, Event, Limits, query_document};
use serde_json::{Value, json};
use support::{data, files, hashes, read, read_unjudged};

const ANSWER: Answer<'static> = Answer {
    created: "2026-05-01T10:00:00Z",
    query: "<seen> & told",
    subscription: Some("s1"),
};

/// Written and read again.
fn again(events: &[Event]) -> Document {
    let xml = query_document(events, ANSWER).unwrap_or_else(|error| panic!("{error}"));
    let read = Document::from_xml(xml.as_bytes(), &Limits::default());
    read.unwrap_or_else(|error| panic!("{error}\n{xml}"))
}

#[test]
fn an_event_written_as_xml_keeps_its_hash() {
    let Some(folder) = data("openepcis/2.0/EPCIS/JSON/Capture/Documents") else {
        return;
    };
    let (mut documents, mut events) = (0, 0);
    for path in files(&folder, &[".json"]) {
        let partner = path.to_string_lossy().replace("/JSON/", "/XML/");
        if !std::path::Path::new(&partner)
            .with_extension("xml")
            .exists()
        {
            continue;
        }
        // Two of the pairs are not valid: what is written of them is not judged either.
        let document = read_unjudged(&path).unwrap();
        let xml = query_document(&document.events, ANSWER);
        let xml = xml.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let written = Document::unjudged(xml.as_bytes(), true, &Limits::default()).unwrap();
        assert_eq!(hashes(&written), hashes(&document), "{}", path.display());
        documents += 1;
        events += document.events.len();
    }
    assert_eq!(documents, 35);
    println!("{events} events of {documents} documents");
}

#[test]
fn the_examples_of_gs1_keep_their_hashes_as_xml() {
    let Some(folder) = data("gs1-EPCIS/JSON") else {
        return;
    };
    let (mut written, mut refused) = (0, Vec::new());
    for path in files(&folder, &[".jsonld"]) {
        let document = read(&path).unwrap();
        match query_document(&document.events, ANSWER) {
            Ok(_) => {
                assert_eq!(
                    hashes(&again(&document.events)),
                    hashes(&document),
                    "{}",
                    path.display()
                );
                written += 1;
            }
            Err(error) => refused.push(format!("{}: {error}", path.display())),
        }
    }
    // What has no name in XML is refused with its place, and nothing else is.
    assert!(
        refused.iter().all(|it| it.contains("XML cannot carry")),
        "{refused:?}"
    );
    assert!(written >= 40, "{written}: {}", refused.join("\n"));
}

fn event(more: &Value) -> Event {
    let mut event = json!({
        "@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",
            { "x": "https://ns.example.com/epcis/", "xmlish": "urn:nine:" }],
        "type": "ObjectEvent", "action": "ADD", "eventTime": "2026-05-01T08:00:00Z",
        "eventTimeZoneOffset": "+00:00", "epcList": ["urn:epc:id:sgtin:0614141.107346.1"],
    });
    for (name, value) in more.as_object().unwrap() {
        event[name] = value.clone();
    }
    Event::read(event.to_string().as_bytes(), &Limits::default()).unwrap()
}

#[test]
fn fields_of_one_s_own_go_out_and_come_back() {
    for more in [
        json!({ "x:text": "a <b> & \"c\"", "x:list": ["1", "2"] }),
        json!({ "x:deep": { "x:in": { "y": "z" } } }),
        json!({ "x:number": 1.50, "x:flag": true }),
        json!({ "xmlish:odd": "a prefix that is none in XML" }),
        json!({ "bizStep": "x:wrapping", "disposition": "https://other.example/d" }),
        json!({ "ilmd": { "x:lot": "L1" }, "readPoint": { "id": "urn:x:1", "x:floor": "2" } }),
        json!({ "errorDeclaration": { "declarationTime": "2026-05-02T08:00:00Z",
            "reason": "incorrect_data", "correctiveEventIDs": ["urn:uuid:2"], "x:why": "w" } }),
        json!({ "persistentDisposition": { "set": ["disposed"], "unset": ["damaged"] } }),
    ] {
        let event = event(&more);
        let back = again(std::slice::from_ref(&event));
        assert_eq!(back.events[0].hash(), event.hash(), "{more}");
    }
    let back = again(&[event(&json!({})), event(&json!({ "x:a": "1" }))]);
    assert_eq!(back.events.len(), 2);
    let results = &back.envelope["epcisBody"]["queryResults"];
    assert_eq!(results["queryName"], ANSWER.query);
    assert_eq!(results["subscriptionID"], "s1");
}

#[test]
fn what_xml_cannot_carry_is_refused_at_its_place() {
    for (more, place) in [
        (json!({ "x:a": [["1"]] }), "/0/x:a"),
        (json!({ "x:a": { "@value": "1" } }), "/0/@value"),
        (json!({ "x:1a": "1" }), "/0/x:1a"),
        (
            json!({ "https://other.example/ns#name": "v" }),
            "/0/https:~1~1other.example~1ns#name",
        ),
        (json!({ "x:a": "\u{1}" }), "/0/"),
    ] {
        let error = query_document(&[event(&more)], ANSWER).unwrap_err();
        let EpcisError::Invalid(issues) = &error else {
            panic!("{error}");
        };
        assert_eq!(issues[0].at, place, "{error}");
    }
}
