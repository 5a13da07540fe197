//! What the index of a resource holds.
#![allow(clippy::expect_used, reason = "a test may fail loudly")]

mod support;

use std::collections::{BTreeMap, BTreeSet};

use fhir::Decimal;
use fhir::search::{self, IndexValue, Kind, Place};
use serde_json::{Value, json};

/// The values of one parameter.
fn values(resource: &Value, name: &str) -> Vec<IndexValue> {
    let type_ = resource["resourceType"].as_str().expect("a type");
    let parameter = search::parameter(type_, name).unwrap_or_else(|| panic!("{type_}.{name}"));
    let entries = search::values(resource).into_iter();
    entries
        .filter(|entry| entry.parameter == parameter.id)
        .map(|entry| entry.value)
        .collect()
}

fn token(system: Option<&str>, code: &str) -> IndexValue {
    IndexValue::Token {
        system: system.map(str::to_owned),
        code: Some(code.to_owned()),
    }
}

fn text(normalised: &str, original: &str) -> IndexValue {
    IndexValue::String {
        normalised: normalised.to_owned(),
        original: original.to_owned(),
    }
}

fn decimal(text: &str) -> Option<Decimal> {
    Decimal::parse(text)
}

fn local(type_: &str, id: &str, version: Option<&str>) -> IndexValue {
    IndexValue::Reference {
        type_: Some(type_.to_owned()),
        id: Some(id.to_owned()),
        url: None,
        version: version.map(str::to_owned),
    }
}

fn remote(url: &str, version: Option<&str>) -> IndexValue {
    IndexValue::Reference {
        type_: None,
        id: None,
        url: Some(url.to_owned()),
        version: version.map(str::to_owned),
    }
}

#[test]
fn tokens_carry_system_and_code() {
    let patient = json!({"resourceType": "Patient", "active": true, "gender": "male",
        "identifier": [{"system": "urn:x", "value": "1"}, {"value": "2"}],
        "telecom": [{"system": "phone", "value": "5", "use": "home"},
                    {"system": "email", "value": "a@b"}],
        "communication": [{"language": {"coding": [
            {"system": "urn:ietf:bcp:47", "code": "de"}, {"code": "en"}]}}]});
    assert_eq!(values(&patient, "active"), [token(None, "true")]);
    let gender = "http://hl7.org/fhir/administrative-gender";
    assert_eq!(values(&patient, "gender"), [token(Some(gender), "male")]);
    assert_eq!(
        values(&patient, "identifier"),
        [token(Some("urn:x"), "1"), token(None, "2")]
    );
    assert_eq!(values(&patient, "phone"), [token(Some("home"), "5")]);
    assert_eq!(values(&patient, "email"), [token(None, "a@b")]);
    assert_eq!(values(&patient, "telecom").len(), 2);
    assert_eq!(
        values(&patient, "language"),
        [token(Some("urn:ietf:bcp:47"), "de"), token(None, "en")]
    );
}

#[test]
fn deceased_is_true_false_or_a_date() {
    let with = |extra: Value| {
        let mut patient = json!({"resourceType": "Patient"});
        let map = patient.as_object_mut().expect("an object");
        map.extend(extra.as_object().expect("an object").clone());
        values(&patient, "deceased")
    };
    assert_eq!(with(json!({})), [token(None, "false")]);
    assert_eq!(
        with(json!({"deceasedBoolean": false})),
        [token(None, "false")]
    );
    assert_eq!(
        with(json!({"deceasedBoolean": true})),
        [token(None, "true")]
    );
    assert_eq!(
        with(json!({"deceasedDateTime": "2020"})),
        [token(None, "true")]
    );
}

#[test]
fn names_and_addresses_give_each_part() {
    let patient = json!({"resourceType": "Patient",
        "name": [{"family": "Müller-Lüdenscheidt", "given": ["Ána", "O'Neil"], "prefix": ["Dr."]}],
        "address": [{"line": ["1  High St."], "city": "Łódź", "postalCode": "90-001"}]});
    assert_eq!(
        values(&patient, "name"),
        [
            text("muller ludenscheidt", "Müller-Lüdenscheidt"),
            text("ana", "Ána"),
            text("oneil", "O'Neil"),
            text("dr", "Dr."),
        ]
    );
    assert_eq!(values(&patient, "given").len(), 2);
    assert_eq!(
        values(&patient, "address"),
        [
            text("1 high st", "1  High St."),
            text("lodz", "Łódź"),
            text("90 001", "90-001")
        ]
    );
    assert_eq!(values(&patient, "address-city"), [text("lodz", "Łódź")]);
}

#[test]
fn dates_are_half_open_stretches_of_utc() {
    let span = |effective: Value| {
        let mut observation = json!({"resourceType": "Observation"});
        let map = observation.as_object_mut().expect("an object");
        map.extend(effective.as_object().expect("an object").clone());
        match values(&observation, "date").as_slice() {
            [IndexValue::Date { from_us, to_us }] => Some((*from_us, *to_us)),
            [] => None,
            other => panic!("{other:?}"),
        }
    };
    let day = 86_400_000_000;
    let at = |text: &str| span(json!({"effectiveDateTime": text}));
    assert_eq!(at("1970"), Some((0, 365 * day)));
    assert_eq!(at("1970-02"), Some((31 * day, 59 * day)));
    assert_eq!(at("1970-01-02"), Some((day, 2 * day)));
    assert_eq!(at("1970-01-01T01:00:00+01:00"), Some((0, 1_000_000)));
    assert_eq!(at("1970-01-01T00:00:00.5Z"), Some((500_000, 600_000)));
    assert_eq!(
        at("1969-12-31T23:59:59-00:30"),
        Some((1_799_000_000, 1_800_000_000))
    );
    assert_eq!(
        at("2000-02-29"),
        Some((951_782_400_000_000, 951_868_800_000_000))
    );
    assert_eq!(
        span(json!({"effectivePeriod": {"start": "1970-01-02"}})),
        Some((day, i64::MAX))
    );
    assert_eq!(
        span(json!({"effectivePeriod": {"end": "1970-01-01"}})),
        Some((i64::MIN, day))
    );
    assert_eq!(span(json!({"effectivePeriod": {}})), None);
    assert_eq!(
        span(json!({"effectiveTiming": {"event": ["1970-01-03", "1970-01-01"]}})),
        Some((0, 3 * day))
    );
    assert_eq!(
        span(json!({"effectiveTiming": {"repeat": {"boundsPeriod": {"start": "1970"}}}})),
        Some((0, i64::MAX))
    );
}

#[test]
fn numbers_and_quantities_keep_their_digits_and_open_ends() {
    let value = |quantity: Value| {
        values(
            &json!({"resourceType": "Observation", "valueQuantity": quantity}),
            "value-quantity",
        )
    };
    let quantity = |low, high, code: Option<&str>| IndexValue::Quantity {
        low,
        high,
        system: code.map(|_| "http://unitsofmeasure.org".to_owned()),
        code: code.map(str::to_owned),
        unit: Some("mg".to_owned()),
    };
    let ucum = "http://unitsofmeasure.org";
    assert_eq!(
        value(json!({"value": 5.40, "unit": "mg", "system": ucum, "code": "mg"})),
        [quantity(decimal("5.40"), decimal("5.4"), Some("mg"))]
    );
    assert_eq!(
        value(json!({"value": 5, "comparator": "<", "unit": "mg"})),
        [quantity(None, decimal("5"), None)]
    );
    assert_eq!(value(json!({"unit": "mg"})), []);
    let risk = json!({"resourceType": "RiskAssessment", "prediction": [
        {"probabilityDecimal": 0.5}, {"probabilityRange": {"low": {"value": 1}}}]});
    assert_eq!(
        values(&risk, "probability"),
        [
            IndexValue::Number {
                low: decimal("0.5"),
                high: decimal("0.5")
            },
            IndexValue::Number {
                low: decimal("1"),
                high: None
            },
        ]
    );
    let invoice = json!({"resourceType": "Invoice", "totalNet": {"value": 40, "currency": "EUR"}});
    let [IndexValue::Quantity { code, system, .. }] = &values(&invoice, "totalnet")[..] else {
        panic!("one amount")
    };
    assert_eq!(code.as_deref(), Some("EUR"));
    assert_eq!(system.as_deref(), Some("urn:iso:std:iso:4217"));
}

#[test]
fn references_are_relative_absolute_or_canonical() {
    let subject = |reference: &str, name: &str| {
        let subject = json!({"reference": reference});
        values(
            &json!({"resourceType": "Observation", "subject": subject}),
            name,
        )
    };
    assert_eq!(
        subject("Patient/1", "subject"),
        [local("Patient", "1", None)]
    );
    assert_eq!(
        subject("Patient/1/_history/2", "patient"),
        [local("Patient", "1", Some("2"))]
    );
    assert_eq!(subject("Group/1", "patient"), []);
    assert_eq!(subject("#1", "subject"), []);
    assert_eq!(
        subject("urn:uuid:x", "subject"),
        [remote("urn:uuid:x", None)]
    );
    assert_eq!(subject("urn:uuid:x", "patient"), []);
    assert_eq!(
        subject("http://a/fhir/Patient/1", "patient"),
        [remote("http://a/fhir/Patient/1", None)]
    );
    assert_eq!(
        subject("http://a/Patient/1/_history/3", "subject"),
        [remote("http://a/Patient/1", Some("3"))]
    );
    let typed = json!({"resourceType": "Observation",
        "subject": {"reference": "urn:uuid:x", "type": "Patient"}});
    assert_eq!(values(&typed, "patient").len(), 1);
    let response = json!({"resourceType": "QuestionnaireResponse", "questionnaire": "http://q|2"});
    assert_eq!(
        values(&response, "questionnaire"),
        [remote("http://q", Some("2"))]
    );
}

#[test]
fn casts_conditions_and_resource_level_parameters_work() {
    let plan = json!({"resourceType": "PlanDefinition", "url": "http://p",
        "meta": {"profile": ["http://x|1"], "source": "urn:s",
                 "tag": [{"system": "t", "code": "c"}], "security": [{"code": "R"}]},
        "useContext": [{"code": {"code": "age"}, "valueRange": {"low": {"value": 1}}},
                       {"code": {"code": "focus"}, "valueCodeableConcept":
                            {"coding": [{"code": "f"}]}}],
        "relatedArtifact": [{"type": "depends-on", "resource": "http://d"},
                            {"type": "successor", "resource": "http://s"}]});
    assert_eq!(values(&plan, "depends-on"), [remote("http://d", None)]);
    assert_eq!(values(&plan, "successor"), [remote("http://s", None)]);
    assert_eq!(values(&plan, "context"), [token(None, "f")]);
    assert_eq!(values(&plan, "context-quantity").len(), 1);
    assert_eq!(values(&plan, "_tag"), [token(Some("t"), "c")]);
    assert_eq!(values(&plan, "_security"), [token(None, "R")]);
    assert_eq!(
        values(&plan, "_source"),
        [IndexValue::Uri("urn:s".to_owned())]
    );
    assert_eq!(
        values(&plan, "_profile"),
        ["http://x|1", "http://x"].map(|uri| IndexValue::Uri(uri.to_owned()))
    );
    assert_eq!(values(&plan, "_id"), []);
    assert_eq!(
        search::parameter("PlanDefinition", "_id")
            .expect("claimed")
            .place,
        Place::Id
    );
}

#[test]
fn composite_special_and_phonetic_parameters_are_not_claimed() {
    assert!(search::unclaimed("Observation").contains(&"code-value-quantity"));
    assert!(search::unclaimed("Location").contains(&"near"));
    assert!(search::unclaimed("Patient").contains(&"phonetic"));
    assert!(search::parameter("Observation", "code-value-quantity").is_none());
    assert_eq!(search::parameters("Nothing"), []);
}

/// The numbers stand in databases: this list changes only by additions at its end.
#[test]
fn the_numbers_of_parameters_are_frozen() {
    let mut sum: u64 = 0;
    let (mut claimed, mut unclaimed) = (0, 0);
    for type_ in fhir::resource_types() {
        unclaimed += search::unclaimed(type_).len();
        for parameter in search::parameters(type_) {
            claimed += 1;
            // FNV-1a, so that a changed number or name is seen.
            let line = format!("{} {type_} {}", parameter.id, parameter.name);
            for byte in line.bytes() {
                sum = (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
            }
            assert!(
                parameter
                    .url
                    .starts_with("http://hl7.org/fhir/SearchParameter/")
            );
        }
    }
    assert_eq!(
        (fhir::resource_types().len(), claimed, unclaimed, sum),
        (146, 2492, 516, 13_077_937_916_986_845_241)
    );
}

#[test]
fn the_examples_exercise_every_kind_and_most_parameters() {
    let Some(paths) = support::files(support::EXAMPLES) else {
        return;
    };
    let mut kinds: BTreeMap<Kind, usize> = BTreeMap::new();
    let mut used = BTreeSet::new();
    for path in &paths {
        let resource = support::read(path);
        let type_ = resource["resourceType"].as_str().expect("a type");
        for entry in search::values(&resource) {
            let parameters = search::parameters(type_);
            let parameter = parameters
                .iter()
                .find(|one| one.id == entry.parameter)
                .expect("of its type");
            *kinds.entry(parameter.kind).or_default() += 1;
            used.insert(entry.parameter);
            let fits = matches!(
                (parameter.kind, &entry.value),
                (Kind::Token, IndexValue::Token { .. })
                    | (Kind::String, IndexValue::String { .. })
                    | (Kind::Date, IndexValue::Date { .. })
                    | (Kind::Number, IndexValue::Number { .. })
                    | (Kind::Quantity, IndexValue::Quantity { .. })
                    | (Kind::Reference, IndexValue::Reference { .. })
                    | (Kind::Uri, IndexValue::Uri(_))
            );
            assert!(fits, "{} {:?}", parameter.name, entry.value);
        }
    }
    assert_eq!(kinds.len(), 7, "{kinds:?}");
    assert!(used.len() > 700, "{} parameters", used.len());
}
