//! What each form of a query finds.
#![allow(clippy::expect_used, reason = "a test may fail loudly")]

mod support;

use fhir::query;
use fhir::search;
use serde_json::{Value, json};

fn finds(query: &str, resource: &Value) -> bool {
    let type_ = resource["resourceType"].as_str().expect("a type");
    let parsed = support::parse(type_, query).unwrap_or_else(|error| panic!("{query}: {error}"));
    assert!(
        parsed.unknown.is_empty() && parsed.unsupported.is_empty(),
        "{parsed:?}"
    );
    let id = resource["id"].as_str().unwrap_or_default();
    query::matches(&parsed.query, id, 1_000_000, &search::values(resource))
}

/// Each line: a query and whether it finds the resource.
fn check(resource: &Value, table: &[(&str, bool)]) {
    for (query, expected) in table {
        assert_eq!(finds(query, resource), *expected, "{query}");
    }
}

#[test]
fn tokens_are_found_by_code_system_and_absence() {
    let patient = json!({"resourceType": "Patient", "id": "p1", "gender": "male",
        "identifier": [{"system": "urn:x", "value": "a|b"}, {"value": "2"}]});
    check(
        &patient,
        &[
            ("_id=p1", true),
            ("_id=p2", false),
            ("_id=p2,p1", true),
            ("gender=male", true),
            ("gender=female", false),
            ("gender=female,male", true),
            ("gender:not=male", false),
            ("gender:not=female", true),
            ("active:not=true", true),
            ("gender:missing=true", false),
            ("gender:missing=false", true),
            ("active:missing=true", true),
            (
                "gender=http://hl7.org/fhir/administrative-gender|male",
                true,
            ),
            ("gender=http://other|male", false),
            (r"identifier=urn:x|a\|b", true),
            (r"identifier=a\|b", true),
            ("identifier=urn:x|", true),
            ("identifier=urn:y|", false),
            ("identifier=|2", true),
            (r"identifier=|a\|b", false),
            ("identifier=urn:x|2", false),
            ("gender=male&identifier=3", false),
        ],
    );
}

#[test]
fn strings_are_found_by_beginning_part_and_exactly() {
    let patient = json!({"resourceType": "Patient",
        "name": [{"family": "Müller-Lüdenscheidt", "given": ["Anna, Maria"]}]});
    check(
        &patient,
        &[
            ("family=mull", true),
            ("family=MÜLLER", true),
            ("family=muller%", true),
            ("family=ludenscheidt", false),
            ("family:contains=lüden", true),
            ("family:exact=Müller-Lüdenscheidt", true),
            ("family:exact=muller-ludenscheidt", false),
            (r"given=anna\, maria", true),
            ("given=xaver,anna", true),
            ("name=anna", true),
        ],
    );
}

/// FHIR R4 3.1.1.4.4 and 3.1.1.4.7.
#[test]
fn dates_follow_their_prefixes() {
    let patient = json!({"resourceType": "Patient", "birthDate": "2013-03-14"});
    check(
        &patient,
        &[
            ("birthdate=2013", true),
            ("birthdate=eq2013-03-14", true),
            ("birthdate=2013-03-14T10:00", false),
            ("birthdate=ne2013-03-15", true),
            ("birthdate=ne2013-03", false),
            ("birthdate=gt2013-03-14", false),
            ("birthdate=gt2013-03-13", true),
            ("birthdate=lt2013-03-14", false),
            ("birthdate=lt2013-03-15", true),
            ("birthdate=ge2013-03-14", true),
            ("birthdate=ge2013-03-15", false),
            ("birthdate=le2013-03-14", true),
            ("birthdate=sa2013-03-13", true),
            ("birthdate=sa2013-03-14", false),
            ("birthdate=eb2013-03-15", true),
            ("birthdate=eb2013-03-14", false),
            ("birthdate=ap2013-04", true),
            ("birthdate=ap1980", false),
            ("birthdate=ge2013-03-01&birthdate=lt2013-04-01", true),
            ("_lastUpdated=lt2000", true),
            ("_lastUpdated=1970-01-01T00:00:01Z", true),
        ],
    );
    let period = json!({"resourceType": "Encounter", "period": {"start": "2013-01-23"}});
    check(
        &period,
        &[
            ("date=gt2020", true),
            ("date=lt2013-01-24", true),
            ("date=sa2012", true),
            ("date=eb2030", false),
            ("date=2013", false),
        ],
    );
    let zoned =
        json!({"resourceType": "Observation", "effectiveDateTime": "2013-01-14T23:30:00-02:00"});
    check(
        &zoned,
        &[
            ("date=2013-01-15", true),
            ("date=2013-01-14", false),
            ("date=2013-01-15T03:30:00+02:00", true),
            ("date=2013-01-15T03:30:00 02:00", true),
        ],
    );
}

/// FHIR R4 3.1.1.4.5: 100 is [99.5, 100.5), 100.00 is [99.995, 100.005), 1e2 is [95, 105).
#[test]
fn numbers_are_as_precise_as_written() {
    let risk = |probability: &str| {
        let prediction = format!(r#"{{"probabilityDecimal":{probability}}}"#);
        let text = format!(r#"{{"resourceType":"RiskAssessment","prediction":[{prediction}]}}"#);
        fhir::json::parse(text.as_bytes(), fhir::json::Limits::default()).expect("JSON")
    };
    check(
        &risk("100.4"),
        &[
            ("probability=100", true),
            ("probability=100.00", false),
            ("probability=1e2", true),
            ("probability=gt100", true),
            ("probability=gt100.4", false),
            ("probability=ge100.4", true),
            ("probability=lt100.41", true),
            ("probability=ne100", false),
            ("probability=sa100", true),
            ("probability=eb100.40", false),
            ("probability=ap95", true),
            ("probability=ap90", false),
        ],
    );
    check(&risk("99.5"), &[("probability=100", true)]);
    check(&risk("100.5"), &[("probability=100", false)]);
    check(
        &risk("-0.05"),
        &[("probability=-0.05", true), ("probability=lt-0.049", true)],
    );
}

#[test]
fn quantities_are_found_with_and_without_unit() {
    let weight = json!({"resourceType": "Observation", "valueQuantity": {"value": 5.4,
        "unit": "milligram", "system": "http://unitsofmeasure.org", "code": "mg"}});
    check(
        &weight,
        &[
            ("value-quantity=5.4", true),
            ("value-quantity=5.40", true),
            ("value-quantity=5.41", false),
            ("value-quantity=5.4|http://unitsofmeasure.org|mg", true),
            ("value-quantity=5.4|http://unitsofmeasure.org|g", false),
            ("value-quantity=5.4||mg", true),
            ("value-quantity=5.4||milligram", true),
            (
                "value-quantity=5.4|http://unitsofmeasure.org|milligram",
                false,
            ),
            ("value-quantity=gt5||mg", true),
            ("combo-value-quantity=le5.4", true),
        ],
    );
    let range = json!({"resourceType": "Condition",
        "onsetRange": {"low": {"value": 20, "code": "a"}, "high": {"value": 30, "code": "a"}}});
    check(
        &range,
        &[
            ("onset-age=gt25", true),
            ("onset-age=lt25", true),
            ("onset-age=sa25", false),
            ("onset-age=sa19", true),
            ("onset-age=25", false),
        ],
    );
}

#[test]
fn references_are_found_in_every_form() {
    let observation = |reference: &str| {
        let subject = json!({"reference": reference});
        json!({"resourceType": "Observation", "subject": subject})
    };
    check(
        &observation("Patient/1"),
        &[
            ("subject=Patient/1", true),
            ("subject=1", true),
            ("subject=2", false),
            ("subject:Patient=1", true),
            ("subject:Group=1", false),
            ("subject=https://own/fhir/Patient/1", true),
            ("subject=https://other/fhir/Patient/1", false),
            ("patient=1", true),
            ("patient=Patient/1", true),
            ("subject=Group/1", false),
            ("subject:missing=false", true),
            ("encounter:missing=true", true),
        ],
    );
    let elsewhere = observation("https://other/fhir/Patient/1");
    check(
        &elsewhere,
        &[
            ("subject=https://other/fhir/Patient/1", true),
            ("subject=Patient/1", false),
            ("subject=1", false),
        ],
    );
    check(
        &observation("Patient/1/_history/3"),
        &[
            ("subject=Patient/1", true),
            ("subject=Patient/1/_history/3", true),
            ("subject=Patient/1/_history/2", false),
        ],
    );
    check(
        &observation("https://other/fhir/Patient/1/_history/3"),
        &[
            ("subject=https://other/fhir/Patient/1", true),
            ("subject=https://other/fhir/Patient/1/_history/3", true),
            ("subject=https://other/fhir/Patient/1/_history/2", false),
        ],
    );
    let answer = json!({"resourceType": "QuestionnaireResponse",
        "questionnaire": "https://own/fhir/Questionnaire/q|2"});
    check(
        &answer,
        &[
            ("questionnaire=https://own/fhir/Questionnaire/q", true),
            ("questionnaire=https://own/fhir/Questionnaire/q|2", true),
            ("questionnaire=https://own/fhir/Questionnaire/q|3", false),
        ],
    );
}

#[test]
fn uris_are_exact_or_below_or_above() {
    let set = json!({"resourceType": "ValueSet", "url": "http://acme.org/fhir/ValueSet/123"});
    check(
        &set,
        &[
            ("url=http://acme.org/fhir/ValueSet/123", true),
            ("url=http://acme.org/fhir/ValueSet/12", false),
            ("url:below=http://acme.org/fhir/", true),
            ("url:below=http://acme.org/fhir/Val", false),
            (
                "url:above=http://acme.org/fhir/ValueSet/123/_history/5",
                true,
            ),
        ],
    );
}
