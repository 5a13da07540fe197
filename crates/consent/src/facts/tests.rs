//! What facts hold, how long they are, and that they have one form.

use std::fmt::Write as _;

use serde_json::json;

use super::*;
use crate::labels::Subject;

fn typical() -> Value {
    json!({
        "resourceType": "Observation",
        "id": "0c1e2f3a-1111-4222-8333-444455556666",
        "status": "final",
        "category": [{"coding": [{
            "system": "http://terminology.hl7.org/CodeSystem/observation-category",
            "code": "vital-signs", "display": "Vital signs"}]}],
        "code": {"coding": [{"system": "http://loinc.org", "code": "29463-7",
            "display": "Body Weight"}], "text": "Weight of Mr Secret"},
        "subject": {"reference": "Patient/1c1e2f3a-1111-4222-8333-444455556666",
            "display": "Mr Secret"},
        "encounter": {"reference": "Encounter/2c1e2f3a-1111-4222-8333-444455556666"},
        "effectiveDateTime": "2022-06-13T10:00:00Z",
        "issued": "2022-06-13T10:00:00.123Z",
        "valueQuantity": {"value": 80, "unit": "kg",
            "system": "http://unitsofmeasure.org", "code": "kg"},
        "note": [{"text": "Mr Secret is heavy"}]
    })
}

#[test]
fn a_typical_observation_takes_less_than_a_hundred_bytes() {
    let bytes = of(&typical());
    assert!(bytes.len() < 100, "{}", bytes.len());
}

#[test]
fn facts_hold_no_text() {
    let bytes = of(&typical());
    let text = String::from_utf8_lossy(&bytes);
    for word in ["Secret", "Weight", "Vital", "kg", "heavy"] {
        assert!(!text.contains(word), "{word}");
    }
}

#[test]
fn facts_are_read_as_the_record_states_them() {
    let mut record = typical();
    record["performer"] = json!([{"reference": "Practitioner/p/_history/3"}]);
    record["meta"] = json!({"security": [
        {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "PSY"},
        {"system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "HTEST"}]});
    let facts = Facts::read(&record, ValueSets::built_in());
    assert_eq!(facts.resource_type(), Some("Observation"));
    assert_eq!(facts.codes.len(), 2);
    assert_eq!(facts.authors, ["Practitioner/p"]);
    assert_eq!(facts.links.len(), 2);
    assert_eq!(facts.level(), Level::RESTRICTED);
    assert_eq!(
        facts.subjects(),
        Subjects::NONE.with(Subject::of("PSY").unwrap())
    );
    assert_eq!(facts.labels.len(), 1);
    let dates = facts.dates.unwrap();
    assert_eq!(dates.to_us - dates.from_us, 1_000_000);
    assert!(facts.complete);
}

#[test]
fn what_does_not_fit_is_said_to_be_missing() {
    let coding = |at: usize| json!({"system": "urn:house", "code": format!("code-{at}")});
    let mut record = typical();
    record["code"]["coding"] = (0..500).map(coding).collect();
    record["derivedFrom"] = (0..500)
        .map(|at| json!({"reference": format!("Observation/o{at}")}))
        .collect();
    let bytes = of(&record);
    assert!(bytes.len() <= BYTES_MAX, "{}", bytes.len());
    assert!(!Facts::from_bytes(&bytes).unwrap().complete);
}

#[test]
fn bytes_are_canonical() {
    let facts = Facts::read(&typical(), ValueSets::built_in());
    assert_eq!(Facts::from_bytes(&facts.to_bytes()).unwrap(), facts);
}

/// Whatever is read writes the same bytes again, so that no two byte strings are one value.
#[test]
fn every_other_byte_string_is_refused() {
    let mut record = typical();
    record["performer"] = json!([{"reference": "Practitioner/p"}]);
    let bytes = of(&record);
    for at in 0..bytes.len() {
        assert!(Facts::from_bytes(&bytes[..at]).is_err(), "cut at {at}");
        for value in 0..=255 {
            let mut changed = bytes.clone();
            changed[at] = value;
            if let Ok(facts) = Facts::from_bytes(&changed) {
                assert_eq!(facts.to_bytes(), changed, "byte {at} as {value}");
            }
        }
    }
    let longer = [bytes, vec![0]].concat();
    assert!(Facts::from_bytes(&longer).is_err());
}

#[test]
fn facts_of_anything_are_bounded_and_readable() {
    for value in [
        json!(null),
        json!([]),
        json!({}),
        json!({"resourceType": "Thing", "id": 3}),
    ] {
        let bytes = of(&value);
        assert!(Facts::from_bytes(&bytes).is_ok());
    }
}

#[test]
fn the_bytes_are_frozen() {
    let record = json!({
        "resourceType": "Observation", "id": "o",
        "code": {"coding": [{"system": "http://loinc.org", "code": "74013-4"}]},
        "effectiveDateTime": "2022-06-13", "performer": [{"reference": "Practitioner/p"}]});
    let mut hex = String::new();
    for byte in of(&record) {
        let _ = write!(hex, "{byte:02x}");
    }
    assert_eq!(hex, FROZEN);
}

/// To change it is to approve a new format: raise the version byte.
const FROZEN: &str =
    "015f1704005f016f8005e148f81b80008005e15d15f2e0000000000401010737343031332d3401006b017000";
