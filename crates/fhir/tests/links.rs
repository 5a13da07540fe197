//! References, the Patient compartment, and parts of resources.
#![allow(clippy::expect_used, reason = "a test may fail loudly")]

mod support;

use fhir::query::Summary;
use fhir::references::{self, Form, Link};
use fhir::{compartment, subset, validate};
use serde_json::{Value, json};

#[test]
fn the_form_of_a_reference_is_read() {
    let relative = |type_, id, version| Form::Relative { type_, id, version };
    let table = [
        ("#a", Form::Contained("a")),
        ("#", Form::Contained("")),
        ("#a b", Form::Malformed),
        ("Patient/1", relative("Patient", "1", None)),
        ("Patient/1/_history/2", relative("Patient", "1", Some("2"))),
        ("Patient/1/_history", Form::Malformed),
        ("Patient/1/x/2", Form::Malformed),
        ("Patient/a_b", Form::Malformed),
        ("Ghost/1", Form::Malformed),
        ("/Patient/1", Form::Malformed),
        ("Patient", Form::Malformed),
        ("", Form::Malformed),
        (
            "Patient?a=b",
            Form::Conditional {
                type_: "Patient",
                query: "a=b",
            },
        ),
        ("urn:uuid:x", Form::Absolute("urn:uuid:x")),
        ("http://a/Patient/1", Form::Absolute("http://a/Patient/1")),
        ("http://a b", Form::Malformed),
        ("http:", Form::Malformed),
    ];
    for (text, expected) in table {
        assert_eq!(references::form(text), expected, "{text}");
    }
}

fn linked() -> Value {
    json!({"resourceType": "Observation",
        "text": {"status": "generated",
            "div": "<div><a href=\"urn:uuid:1\">x</a><img src='urn:uuid:2'/></div>"},
        "contained": [{"resourceType": "Patient", "id": "p",
            "generalPractitioner": [{"reference": "urn:uuid:3"}]}],
        "subject": {"reference": "urn:uuid:1", "display": "urn:uuid:1"},
        "instantiates": "x",
        "extension": [{"url": "http://x", "valueUri": "urn:uuid:4"}],
        "_status": {"extension": [{"url": "http://x",
            "valueReference": {"reference": "urn:uuid:5"}}]},
        "derivedFrom": [{"reference": "Observation/1"}, {"reference": "urn:uuid:6"}],
        "valueString": "urn:uuid:1"})
}

#[test]
fn every_link_is_seen_and_text_is_not() {
    let mut seen = Vec::new();
    references::visit(&linked(), &mut |link, text| {
        seen.push((link, text.to_owned()));
    });
    let of = |kind: Link| {
        let own = seen.iter().filter(|(link, _)| *link == kind);
        own.map(|(_, text)| text.as_str()).collect::<Vec<_>>()
    };
    assert_eq!(of(Link::Narrative), ["urn:uuid:1", "urn:uuid:2"]);
    assert_eq!(
        of(Link::Reference),
        [
            "urn:uuid:3",
            "urn:uuid:1",
            "urn:uuid:5",
            "Observation/1",
            "urn:uuid:6"
        ]
    );
    assert_eq!(of(Link::Uri), ["http://x", "urn:uuid:4", "http://x"]);
}

/// FHIR R4 3.1.0.11.2.
#[test]
fn links_are_rewritten_everywhere_and_text_is_not() {
    let mut resource = linked();
    references::rewrite(&mut resource, &mut |_, text| {
        text.strip_prefix("urn:uuid:")
            .map(|id| format!("Patient/{id}?a&b"))
    });
    assert_eq!(
        resource["text"]["div"],
        "<div><a href=\"Patient/1?a&amp;b\">x</a><img src='Patient/2?a&amp;b'/></div>"
    );
    assert_eq!(resource["subject"]["reference"], "Patient/1?a&b");
    assert_eq!(resource["subject"]["display"], "urn:uuid:1");
    assert_eq!(resource["valueString"], "urn:uuid:1");
    assert_eq!(resource["extension"][0]["valueUri"], "Patient/4?a&b");
    assert_eq!(resource["derivedFrom"][1]["reference"], "Patient/6?a&b");
    assert_eq!(resource["derivedFrom"][0]["reference"], "Observation/1");
}

/// What a transaction does to the links of Synthea, and that the result is valid.
#[test]
fn synthea_is_valid_once_its_links_are_resolved() {
    let Some(paths) = support::files(support::SYNTHEA) else {
        return;
    };
    let (mut resources, mut links) = (0, 0);
    for path in paths {
        let bundle = support::read(&path);
        for entry in bundle["entry"].as_array().expect("entries") {
            let mut resource = entry["resource"].clone();
            assert_eq!(validate::unresolved(&resource), []);
            references::rewrite(&mut resource, &mut |link, text| {
                links += usize::from(link == Link::Reference);
                let (type_, _) = text.split_once("?identifier=")?;
                Some(format!("{type_}/1"))
            });
            assert_eq!(
                validate::resource(&resource),
                [],
                "{}",
                support::name(&path)
            );
            resources += 1;
        }
    }
    assert!(resources > 3000 && links > 5000, "{resources} {links}");
}

#[test]
fn a_resource_is_in_the_compartment_of_its_patients() {
    let patients = |resource: Value| compartment::patients(&resource);
    let subject = |reference: &str| {
        json!({"resourceType": "Observation",
        "subject": {"reference": reference}, "performer": [{"reference": "Patient/b"}]})
    };
    assert_eq!(
        patients(json!({"resourceType": "Patient", "id": "a"})),
        ["a"]
    );
    assert_eq!(patients(subject("Patient/a")), ["a", "b"]);
    assert_eq!(patients(subject("Patient/b/_history/1")), ["b"]);
    assert_eq!(patients(subject("Group/a")), ["b"]);
    assert_eq!(patients(subject("http://x/Patient/a")), ["b"]);
    let appointment = json!({"resourceType": "Appointment", "participant": [
        {"actor": {"reference": "Patient/a"}}, {"actor": {"reference": "Location/l"}}]});
    assert_eq!(patients(appointment), ["a"]);
    let organization = json!({"resourceType": "Organization", "id": "o"});
    assert_eq!(patients(organization), Vec::<String>::new());
    assert_eq!(
        compartment::patient_parameters("Observation"),
        ["subject", "performer"]
    );
    assert!(compartment::patient_parameters("Medication").is_empty());
}

#[test]
fn every_patient_whom_a_resource_names_is_found() {
    let named = |resource: Value| compartment::named(&resource);
    let observation = json!({"resourceType": "Observation",
        "subject": {"reference": "Patient/b"}, "focus": [{"reference": "Patient/a/_history/2"}],
        "contained": [{"resourceType": "Task", "id": "t", "for": {"reference": "Patient/c"}}],
        "extension": [{"url": "urn:x", "valueReference": {"reference": "Patient/d"}}],
        "note": [{"text": "Patient/e"}], "hasMember": [{"reference": "Group/f"}]});
    assert_eq!(compartment::patients(&observation), ["b"]);
    assert_eq!(named(observation), ["a", "b", "c", "d"]);
    assert_eq!(named(json!({"resourceType": "Patient", "id": "a"})), ["a"]);
    let task = json!({"resourceType": "Task", "for": {"reference": "Patient/a"}});
    assert_eq!(named(task), ["a"]);
    assert!(named(json!({"resourceType": "Organization", "id": "a"})).is_empty());
}

#[test]
fn a_part_of_a_resource_is_marked() {
    let patient = json!({"resourceType": "Patient", "id": "p", "text": {"div": "x"},
        "active": true, "gender": "male", "_birthDate": {"id": "x"},
        "maritalStatus": {"text": "x"}, "link": [{"other": {"reference": "Patient/2"}}]});
    let keys = |summary, elements: &[&str]| {
        let elements: Vec<String> = elements.iter().map(|one| (*one).to_owned()).collect();
        let part = subset::of(&patient, summary, &elements);
        let tag = part.pointer("/meta/tag/0/code").and_then(Value::as_str);
        let names: Vec<String> = part
            .as_object()
            .expect("an object")
            .keys()
            .cloned()
            .collect();
        assert!(tag == Some("SUBSETTED") || part == patient);
        names.join(" ")
    };
    assert_eq!(
        keys(Summary::True, &[]),
        "resourceType id active gender _birthDate link meta"
    );
    assert_eq!(keys(Summary::Text, &[]), "resourceType id text meta");
    assert_eq!(
        keys(Summary::Data, &[]),
        "resourceType id active gender _birthDate maritalStatus link meta"
    );
    assert_eq!(
        keys(Summary::False, &["gender"]),
        "resourceType id gender meta"
    );
    assert_eq!(subset::of(&patient, Summary::False, &[]), patient);
    assert_eq!(subset::of(&patient, Summary::Count, &[]), patient);
}
