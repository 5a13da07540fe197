//! The records that searches are tried on, and the searches.

use serde_json::{Value, json};

use super::{observation, patient};

/// A small hospital with all kinds of values, ties, gaps and odd spellings.
#[allow(
    clippy::too_many_lines,
    reason = "a table of records, and rustfmt breaks it up"
)]
pub(crate) fn hospital() -> Vec<Value> {
    let mut all = Vec::new();
    let names = [
        "Byron",
        "Byrons",
        "Müller",
        "muller",
        "O'Neill",
        "Ó Néill",
        "Zuse",
    ];
    for (place, name) in names.into_iter().enumerate() {
        let mut one = patient(
            &format!("p{place}"),
            name,
            &format!("19{}0-0{}", place + 1, place + 1),
        );
        one["active"] = json!(place % 2 == 0);
        if place == 6 {
            one.as_object_mut().unwrap().remove("birthDate");
        }
        all.push(one);
    }
    let times = [
        "2024",
        "2024-03",
        "2024-03-05",
        "2024-03-05T10:00:00Z",
        "2024-03-05T10:00:00+05:00",
        "2023-12-31T23:59:59.999Z",
        "2024-03-06",
        "2025-01-01",
    ];
    for number in 0..48_usize {
        let code = ["8480-6", "8462-4", "29463-7"][number % 3];
        let value = ["120", "120.0", "119.6", "-3", "0", "1e2", "80.50"][number % 7];
        let mut one = observation(
            &format!("o{number}"),
            &format!("p{}", number % 6),
            code,
            times[number % times.len()],
            value,
        );
        if number % 11 == 3 {
            let times = ["2024-03-01", "2025-06-01"];
            one["effectiveTiming"] = json!({"event": times});
            one.as_object_mut().unwrap().remove("effectiveDateTime");
        }
        match number % 8 {
            1 => drop(one.as_object_mut().unwrap().remove("effectiveDateTime")),
            2 => {
                one.as_object_mut().unwrap().remove("effectiveDateTime");
                one["effectivePeriod"] = json!({"start": "2024-02-01", "end": "2024-04-30"});
            }
            3 => {
                one.as_object_mut().unwrap().remove("effectiveDateTime");
                one["effectivePeriod"] = json!({"start": "2024-03-01"});
            }
            4 => one["code"]["coding"][0] = json!({"system": "urn:other", "code": code}),
            5 => {
                let coding = json!({"code": code});
                one["code"]["coding"].as_array_mut().unwrap().push(coding);
            }
            6 => drop(one.as_object_mut().unwrap().remove("valueQuantity")),
            7 => one["valueQuantity"] = json!({"value": 7, "unit": "mmHg"}),
            _ => {}
        }
        all.push(one);
    }
    for number in 0..6 {
        all.push(json!({
            "resourceType": "Condition", "id": format!("c{number}"),
            "subject": {"reference": format!("Patient/p{number}")},
            "evidence": [{"detail": [{"reference": format!("Observation/o{number}")}]}],
            "onsetPeriod": {"start": format!("201{number}-01-01")},
        }));
    }
    all.push(json!({
        "resourceType": "ValueSet", "id": "v1", "status": "active",
        "url": "http://example.org/fhir/ValueSet/one",
    }));
    all.push(json!({
        "resourceType": "ValueSet", "id": "v2", "status": "active",
        "url": "http://example.org/fhir/ValueSetter",
    }));
    all
}

/// Every kind of condition.
pub(crate) const QUERIES: &[(&str, &str)] = &[
    ("Patient", ""),
    ("Patient", "_id=p1"),
    ("Patient", "_id=p1,p2,nobody"),
    ("Patient", "name=byron"),
    ("Patient", "name=MULLER"),
    ("Patient", "name:exact=Müller"),
    ("Patient", "name:exact=Muller"),
    ("Patient", "name:contains=ul"),
    ("Patient", "family=o"),
    ("Patient", "given=ada&family=zuse"),
    ("Patient", "identifier=urn:mrn|mrn-p3"),
    ("Patient", "identifier=mrn-p3,mrn-p4"),
    ("Patient", "identifier=urn:mrn|"),
    ("Patient", "identifier=urn:other|mrn-p3"),
    ("Patient", "identifier=|mrn-p3"),
    ("Patient", "active=true"),
    ("Patient", "active:not=true"),
    ("Patient", "birthdate:missing=true"),
    ("Patient", "birthdate:missing=false"),
    ("Patient", "birthdate=1910"),
    ("Patient", "birthdate=ge1930&birthdate=lt1950"),
    ("Observation", "code=8480-6"),
    ("Observation", "code=http://loinc.org|8480-6"),
    ("Observation", "code=|8480-6"),
    ("Observation", "code=8480-6,8462-4"),
    ("Observation", "code:not=8480-6"),
    ("Observation", "code:not=8480-6,8462-4"),
    ("Observation", "category=vital-signs&status=final"),
    ("Observation", "patient=p1"),
    ("Observation", "patient=Patient/p1"),
    ("Observation", "subject=Patient/p1,Patient/p2"),
    ("Observation", "subject:Patient=p1"),
    ("Observation", "subject:Group=p1"),
    ("Observation", "patient=p1&code=8480-6&date=ge2024"),
    ("Observation", "date=ge2024-03-01&date=lt2024-03-06"),
    ("Observation", "date=gt2024-03-05&date=le2025"),
    ("Observation", "date=ge2024-03-05T10:00:00Z"),
    ("Observation", "date=le2024-03-05"),
    ("Observation", "date=sa2024-02"),
    ("Observation", "date=eb2024-03-06"),
    ("Observation", "date=ap2024-03-05"),
    ("Observation", "date=2024-03-05"),
    ("Observation", "patient:missing=true"),
    ("Observation", "date:missing=true"),
    ("Observation", "value-quantity=120"),
    ("Observation", "value-quantity=120.0"),
    ("Observation", "value-quantity=gt100"),
    ("Observation", "value-quantity=ge120"),
    ("Observation", "value-quantity=lt0"),
    ("Observation", "value-quantity=le0"),
    ("Observation", "value-quantity=ne120"),
    ("Observation", "value-quantity=ap100"),
    ("Observation", "value-quantity=sa80"),
    ("Observation", "value-quantity=eb80"),
    ("Observation", "value-quantity=120||mmHg"),
    (
        "Observation",
        "value-quantity=120|http://unitsofmeasure.org|mm[Hg]",
    ),
    ("Observation", "value-quantity=7||mmHg"),
    (
        "Observation",
        "value-quantity=7|http://unitsofmeasure.org|mm[Hg]",
    ),
    ("Observation", "value-quantity=gt100,lt0"),
    ("Observation", "_lastUpdated=ge2023-11-14T22:14:00Z"),
    ("Observation", "_lastUpdated=lt2023-11-14T22:13:40Z"),
    ("Condition", "evidence-detail=Observation/o1"),
    ("Condition", "evidence-detail=o1"),
    ("ValueSet", "url=http://example.org/fhir/ValueSet/one"),
    ("ValueSet", "url:below=http://example.org/fhir/ValueSet"),
    (
        "ValueSet",
        "url:above=http://example.org/fhir/ValueSet/one/more",
    ),
];
