//! The generator's promises.

use super::*;
use std::collections::BTreeMap;

fn resources(bundle: &Value) -> impl Iterator<Item = &Value> {
    bundle["entry"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| &entry["resource"])
}

#[test]
fn every_generated_resource_is_valid() {
    for number in 0..40 {
        let generated = patient(SEED, number, "st-mary");
        for resource in resources(&generated.bundle) {
            let issues = fhir::validate::resource(resource);
            assert!(issues.is_empty(), "{issues:?} in {resource:#}");
        }
    }
    for resource in resources(&facility("st-mary", "St Mary")) {
        assert!(fhir::validate::resource(resource).is_empty());
    }
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_seed_others() {
    let once = patient(SEED, 3, "st-mary").bundle.to_string();
    assert_eq!(once, patient(SEED, 3, "st-mary").bundle.to_string());
    assert_ne!(once, patient(SEED + 1, 3, "st-mary").bundle.to_string());
}

#[test]
fn histories_span_years_and_all_the_kinds_the_demo_promises() {
    let mut kinds = BTreeMap::new();
    for number in 0..20 {
        for resource in resources(&patient(SEED, number, "st-mary").bundle) {
            *kinds
                .entry(resource["resourceType"].to_string())
                .or_insert(0) += 1;
        }
    }
    for kind in [
        "Patient",
        "Encounter",
        "Condition",
        "Observation",
        "MedicationRequest",
        "Immunization",
        "AllergyIntolerance",
        "Procedure",
        "DiagnosticReport",
    ] {
        assert!(
            kinds.contains_key(&format!("\"{kind}\"")),
            "{kind} in {kinds:?}"
        );
    }
    assert!(kinds["\"Observation\""] > 1000, "{kinds:?}");
}

#[test]
fn days_are_those_of_the_calendar() {
    for (year, month, day, text) in [
        (1970, 1, 1, "1970-01-01"),
        (2000, 2, 29, "2000-02-29"),
        (1938, 12, 31, "1938-12-31"),
        (2026, 11, 1, "2026-11-01"),
    ] {
        assert_eq!(Day::of(year, month, day).to_string(), text);
    }
    assert_eq!(Day::of(1970, 1, 1).0, 0);
    assert_eq!(Day::of(2000, 3, 1).0 - Day::of(2000, 2, 28).0, 2);
}

#[test]
fn nothing_happens_before_birth_or_after_the_last_day() {
    for number in 0..40 {
        let bundle = patient(SEED, number, "st-mary").bundle;
        let birth = bundle["entry"][0]["resource"]["birthDate"]
            .as_str()
            .unwrap()
            .to_owned();
        for resource in resources(&bundle) {
            for key in [
                "effectiveDateTime",
                "onsetDateTime",
                "authoredOn",
                "occurrenceDateTime",
            ] {
                if let Some(when) = resource[key].as_str() {
                    assert!(
                        when >= birth.as_str() && when < "2026-11-02",
                        "{resource:#}"
                    );
                }
            }
        }
    }
}
