//! Synthetic patients with plausible histories, the same on every run.

use serde_json::{Value, json};

const FAMILIES: [&str; 12] = [
    "Smith",
    "Garcia",
    "Müller",
    "Nguyen",
    "Okafor",
    "Silva",
    "Kowalski",
    "Sato",
    "Singh",
    "Andersson",
    "Haddad",
    "Novak",
];
const READINGS: [(&str, &str, &str, &str); 6] = [
    ("8480-6", "Systolic blood pressure", "mm[Hg]", "vital-signs"),
    (
        "8462-4",
        "Diastolic blood pressure",
        "mm[Hg]",
        "vital-signs",
    ),
    ("29463-7", "Body weight", "kg", "vital-signs"),
    ("2339-0", "Glucose in blood", "mg/dL", "laboratory"),
    ("4548-4", "Hemoglobin A1c", "%", "laboratory"),
    ("72514-3", "Pain severity", "{score}", "survey"),
];

fn id(kind: &str, person: usize, number: usize) -> String {
    let mixed = (person * 1_000_003 + number * 7919).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    format!("{mixed:016x}-{kind}-{person:05}-{number:04}")
}

fn day(person: usize, number: usize) -> String {
    let (year, month) = (2014 + number % 11, 1 + (number * 5 + person) % 12);
    format!("{year}-{month:02}-{:02}", 1 + (person * 3 + number) % 28)
}

/// Everything of one patient: 52 resources.
pub(crate) fn history_of(person: usize) -> Vec<Value> {
    let subject = format!("p{person}");
    let mut all = vec![patient(person)];
    for number in 0..6 {
        all.push(encounter(person, &subject, number));
    }
    for number in 0..40 {
        let mut one = reading(&id("obs", person, number), &subject, number + person);
        one["effectiveDateTime"] =
            format!("{}T08:{:02}:00+01:00", day(person, number), number).into();
        one["issued"] = format!("{}T09:{:02}:00.123+01:00", day(person, number), number).into();
        one["encounter"] =
            json!({"reference": format!("Encounter/{}", id("enc", person, number % 6))});
        all.push(one);
    }
    for number in 0..5 {
        all.push(condition(person, &subject, number));
    }
    all
}

fn patient(person: usize) -> Value {
    let family = FAMILIES[person % FAMILIES.len()];
    json!({
        "resourceType": "Patient", "id": format!("p{person}"),
        "meta": {"versionId": "1", "lastUpdated": "2026-11-23T09:00:00.000Z"},
        "identifier": [
            {"system": "urn:mrn", "value": format!("mrn-{person}")},
            {"system": "http://hl7.org/fhir/sid/us-ssn", "value": format!("999-{person:06}")}],
        "name": [{"use": "official", "family": format!("{family}{}", person % 300),
            "given": [format!("Given{}", person % 977), "Middle"]}],
        "telecom": [{"system": "phone", "value": format!("555-{person:06}"), "use": "home"}],
        "gender": if person.is_multiple_of(2) { "female" } else { "male" },
        "birthDate": format!("19{:02}-{:02}-10", 30 + person % 70, 1 + person % 12),
        "address": [{"line": [format!("{person} Main Street")],
            "city": format!("City{}", person % 50),
            "state": "MA", "postalCode": format!("{:05}", person % 3000), "country": "US"}],
        "maritalStatus": {"coding": [{
            "system": "http://terminology.hl7.org/CodeSystem/v3-MaritalStatus", "code": "M"}]},
        "managingOrganization": {"reference": "Organization/st-mary"},
    })
}

fn encounter(person: usize, subject: &str, number: usize) -> Value {
    json!({
        "resourceType": "Encounter", "id": id("enc", person, number), "status": "finished",
        "meta": {"versionId": "1", "lastUpdated": "2026-11-23T09:00:00.000Z"},
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
        "type": [{"coding": [{"system": "http://snomed.info/sct", "code": "162673000",
            "display": "General examination of patient (procedure)"}]}],
        "subject": {"reference": format!("Patient/{subject}")},
        "participant": [{"individual": {"reference": format!("Practitioner/dr{}", person % 40)}}],
        "period": {"start": format!("{}T08:00:00+01:00", day(person, number)),
            "end": format!("{}T08:30:00+01:00", day(person, number))},
        "serviceProvider": {"reference": "Organization/st-mary"},
    })
}

/// One vital sign or laboratory value.
pub(crate) fn reading(id: &str, subject: &str, number: usize) -> Value {
    let (code, display, unit, category) = READINGS[number % READINGS.len()];
    let value: serde_json::Number = format!("{}.{}", 60 + number * 7 % 120, number % 10)
        .parse()
        .unwrap();
    json!({
        "resourceType": "Observation", "id": id, "status": "final",
        "meta": {"versionId": "1", "lastUpdated": "2026-11-23T09:00:00.000Z"},
        "category": [{"coding": [{
            "system": "http://terminology.hl7.org/CodeSystem/observation-category",
            "code": category, "display": category}]}],
        "code": {"coding": [{"system": "http://loinc.org", "code": code, "display": display}],
            "text": display},
        "subject": {"reference": format!("Patient/{subject}")},
        "effectiveDateTime": "2024-03-05T08:00:00+01:00",
        "valueQuantity": {"value": value, "unit": unit,
            "system": "http://unitsofmeasure.org", "code": unit},
    })
}

fn condition(person: usize, subject: &str, number: usize) -> Value {
    let code = ["44054006", "38341003", "195662009", "10509002", "15777000"][number];
    json!({
        "resourceType": "Condition", "id": id("con", person, number),
        "meta": {"versionId": "1", "lastUpdated": "2026-11-23T09:00:00.000Z"},
        "clinicalStatus": {"coding": [{
            "system": "http://terminology.hl7.org/CodeSystem/condition-clinical",
            "code": "active"}]},
        "verificationStatus": {"coding": [{
            "system": "http://terminology.hl7.org/CodeSystem/condition-ver-status",
            "code": "confirmed"}]},
        "code": {"coding": [{"system": "http://snomed.info/sct", "code": code}]},
        "subject": {"reference": format!("Patient/{subject}")},
        "encounter": {"reference": format!("Encounter/{}", id("enc", person, number))},
        "onsetDateTime": day(person, number),
        "recordedDate": day(person, number),
    })
}
