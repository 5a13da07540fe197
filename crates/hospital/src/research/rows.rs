//! From a record to rows that name nobody.
//!
//! 45 CFR 164.514(b)(2): a row is made of what is known to be harmless, and nothing is taken over
//! and then cleaned. It has codes of public systems, numbers with units of UCUM, and years. There
//! is no text that somebody wrote, no identifier, no place, no name, no day; nor a year by which
//! somebody is over 89.

use serde_json::{Map, Value};

use super::request::Element;
use crate::error::HospitalError;

/// Systems whose codes are public: a code of another one may be anything, a number of a file too.
const SYSTEMS: [&str; 11] = [
    "http://loinc.org",
    "http://snomed.info/sct",
    "http://www.nlm.nih.gov/research/umls/rxnorm",
    "http://hl7.org/fhir/sid/icd-10-cm",
    "http://hl7.org/fhir/sid/icd-10",
    "http://hl7.org/fhir/sid/cvx",
    "http://hl7.org/fhir/sid/ndc",
    "http://www.ama-assn.org/go/cpt",
    "http://www.whocc.no/atc",
    "http://fhir.de/CodeSystem/bfarm/icd-10-gm",
    "http://fhir.de/CodeSystem/bfarm/ops",
];
const UCUM: &str = "http://unitsofmeasure.org";
/// Longest code and number.
const WORD_BYTES_MAX: usize = 32;
/// 45 CFR 164.514(b)(2)(i)(C): over 89.
const YEARS_MAX: i32 = 89;

/// A row in the making.
type Row = Map<String, Value>;

/// The row of a person: what is told of sex and age.
pub(super) fn of_person(
    pseudonym: &str,
    told: Option<(&str, &str)>,
) -> Result<String, HospitalError> {
    let mut row = begun(pseudonym, "person");
    put(&mut row, "sex", told.map(|it| it.0));
    put(&mut row, "age", told.map(|it| it.1));
    printed(row)
}

/// The rows of a record: one, or for an Observation with components one for each of these that has
/// a value. None if it has no code of a public system.
pub(super) fn of_record(
    pseudonym: &str,
    element: Element,
    body: &Value,
    this_year: i32,
) -> Result<Vec<String>, HospitalError> {
    let mut all = Vec::new();
    let coded = match element {
        Element::Medication => &body["medicationCodeableConcept"],
        Element::Immunization => &body["vaccineCode"],
        _ => &body["code"],
    };
    let year = year(element, body, this_year);
    let components = body["component"].as_array().map_or(&[][..], Vec::as_slice);
    for component in components {
        let valued = coding(&component["code"]).zip(value(component));
        if let Some((code, value)) = valued {
            all.push(row(pseudonym, element, (code, year, Some(value)))?);
        }
    }
    let has_value = value(body);
    if let Some(code) = coding(coded)
        && (has_value.is_some() || all.is_empty())
    {
        all.push(row(pseudonym, element, (code, year, has_value))?);
    }
    Ok(all)
}

/// A value, as field and text each.
type Valued = Vec<(&'static str, String)>;

fn row(
    pseudonym: &str,
    element: Element,
    ((system, code), year, value): ((&str, &str), Option<i32>, Option<Valued>),
) -> Result<String, HospitalError> {
    let mut row = begun(pseudonym, element.word());
    put(&mut row, "system", Some(system));
    put(&mut row, "code", Some(code));
    put(&mut row, "year", year.map(|it| it.to_string()).as_deref());
    for (field, text) in value.into_iter().flatten() {
        put(&mut row, field, Some(&text));
    }
    printed(row)
}

fn begun(pseudonym: &str, kind: &str) -> Row {
    let mut row = Row::new();
    put(&mut row, "person", Some(pseudonym));
    put(&mut row, "kind", Some(kind));
    row
}

fn put(row: &mut Row, field: &str, text: Option<&str>) {
    row.insert(field.to_owned(), text.map_or(Value::Null, Value::from));
}

/// The one form of a row: canonical JSON, RFC 8785.
fn printed(row: Row) -> Result<String, HospitalError> {
    let text = proof::json::canonical(Value::Object(row).to_string().as_bytes()).ok();
    let text = text.and_then(|it| String::from_utf8(it).ok());
    text.ok_or_else(|| HospitalError::Internal("a row has no canonical form".into()))
}

/// The first coding of a concept whose system is public.
fn coding(concept: &Value) -> Option<(&'static str, &str)> {
    let codings = concept["coding"].as_array()?;
    codings.iter().find_map(|it| {
        let system = it["system"].as_str()?;
        let system = SYSTEMS.iter().find(|known| **known == system)?;
        Some((*system, it["code"].as_str().filter(|it| is_word(it))?))
    })
}

fn is_word(text: &str) -> bool {
    let plain = |it: u8| it.is_ascii_alphanumeric() || matches!(it, b'.' | b'-');
    (1..=WORD_BYTES_MAX).contains(&text.len()) && text.bytes().all(plain)
}

/// What was measured or found. A text is none: anything may stand in it.
fn value(of: &Value) -> Option<Valued> {
    if let Some((system, code)) = coding(&of["valueCodeableConcept"]) {
        return Some(vec![
            ("value_system", system.to_owned()),
            ("value_code", code.to_owned()),
        ]);
    }
    let quantity = &of["valueQuantity"];
    let number = [&quantity["value"], &of["valueInteger"]]
        .into_iter()
        .find_map(|it| {
            let text = it.as_number()?.to_string();
            (text.len() <= WORD_BYTES_MAX).then_some(text)
        })?;
    let unit = quantity["code"].as_str().filter(|it| {
        let plain = it.bytes().all(|it| it.is_ascii_graphic());
        quantity["system"] == UCUM && plain && it.len() <= WORD_BYTES_MAX
    });
    let mut valued = vec![("value", number)];
    valued.extend(unit.map(|it| ("unit", it.to_owned())));
    Some(valued)
}

/// The year of a record; none, if somebody who was there then is over 89 by now.
fn year(element: Element, body: &Value, this_year: i32) -> Option<i32> {
    let dates: &[&Value] = match element {
        Element::Condition => &[&body["onsetDateTime"], &body["recordedDate"]],
        Element::Observation => &[
            &body["effectiveDateTime"],
            &body["effectivePeriod"]["start"],
            &body["effectiveInstant"],
        ],
        Element::Medication => &[&body["authoredOn"]],
        Element::Procedure => &[
            &body["performedDateTime"],
            &body["performedPeriod"]["start"],
        ],
        Element::Immunization => &[&body["occurrenceDateTime"]],
    };
    let date = dates.iter().find_map(|it| it.as_str())?;
    let year: i32 = date.get(..4)?.parse().ok()?;
    (this_year - YEARS_MAX..=this_year)
        .contains(&year)
        .then_some(year)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;
    use serde_json::json;

    const YEAR: i32 = 2026;

    fn rows(element: Element, body: &Value) -> Vec<Value> {
        let rows = of_record("p", element, body, YEAR).unwrap();
        rows.iter()
            .map(|it| serde_json::from_str(it).unwrap())
            .collect()
    }

    fn code(code: &str) -> Value {
        json!({ "coding": [{ "system": "http://loinc.org", "code": code,
            "display": "MARKER display" }], "text": "MARKER text" })
    }

    /// Everything that a record may hold stands in it as a marker; nothing of it comes out.
    #[test]
    fn nothing_that_somebody_wrote_and_nothing_that_names_anybody_is_in_a_row() {
        let marked = json!({
            "resourceType": "Observation", "id": "MARKER-id",
            "identifier": [{ "system": "MARKER", "value": "MARKER" }],
            "meta": { "source": "MARKER" },
            "text": { "status": "generated", "div": "<div>MARKER</div>" },
            "contained": [{ "resourceType": "Patient", "id": "MARKER" }],
            "extension": [{ "url": "http://MARKER", "valueString": "MARKER" }],
            "subject": { "reference": "Patient/MARKER", "display": "MARKER" },
            "performer": [{ "display": "MARKER" }], "device": { "display": "MARKER" },
            "note": [{ "text": "MARKER" }], "status": "final",
            "code": code("8867-4"),
            "effectiveDateTime": "2024-03-17T11:22:33Z", "issued": "2024-03-18T00:00:00Z",
            "valueQuantity": { "value": 72, "unit": "MARKER", "system": "http://unitsofmeasure.org",
                "code": "/min", "comparator": "<" },
            "interpretation": [{ "text": "MARKER" }], "bodySite": { "text": "MARKER" },
            "component": [
                { "code": code("8480-6"), "valueString": "MARKER" },
                { "code": code("8462-4"), "valueCodeableConcept": code("LA6576-8") },
                { "code": { "coding": [{ "system": "http://MARKER", "code": "MARKER" }] },
                  "valueInteger": 7 },
                { "code": { "coding": [{ "system": "http://loinc.org", "code": "MARK ER" }] },
                  "valueInteger": 7 },
            ],
        });
        let text = of_record("p", Element::Observation, &marked, YEAR).unwrap();
        assert_eq!(
            text,
            [
                concat!(
                    r#"{"code":"8462-4","kind":"observation","person":"p","#,
                    r#""system":"http://loinc.org","value_code":"LA6576-8","#,
                    r#""value_system":"http://loinc.org","year":"2024"}"#,
                ),
                concat!(
                    r#"{"code":"8867-4","kind":"observation","person":"p","#,
                    r#""system":"http://loinc.org","unit":"/min","value":"72","year":"2024"}"#,
                ),
            ]
        );
    }

    #[test]
    fn a_text_or_a_code_of_an_own_system_is_left_out() {
        let own = json!({ "coding": [{ "system": "urn:oid:1.2.3", "code": "7" }], "text": "x" });
        assert!(rows(Element::Condition, &json!({ "code": own })).is_empty());
        assert!(rows(Element::Condition, &json!({ "code": { "text": "x" } })).is_empty());
        let said = rows(
            Element::Observation,
            &json!({ "code": code("1-1"), "valueString": "MARKER" }),
        );
        assert_eq!(said.len(), 1);
        assert_eq!(said[0].get("value"), None);
        let local_unit = json!({ "code": code("1-1"),
            "valueQuantity": { "value": 1.50, "unit": "x", "code": "x", "system": "urn:x" } });
        let said = rows(Element::Observation, &local_unit);
        assert_eq!(said[0].get("unit"), None);
    }

    #[test]
    fn of_a_date_the_year_is_left_and_none_that_tells_of_somebody_over_89() {
        let year = |date: &str| {
            rows(
                Element::Condition,
                &json!({ "code": code("1-1"), "onsetDateTime": date }),
            )[0]["year"]
                .clone()
        };
        assert_eq!(year("2024-05-06"), "2024");
        assert_eq!(year("1937"), "1937");
        assert_eq!(year("1936-12-31"), Value::Null);
        assert_eq!(year("2027-01-01"), Value::Null);
    }

    #[test]
    fn a_person_of_the_pool_has_neither_sex_nor_age() {
        let told = of_person("p", Some(("female", "18-34"))).unwrap();
        assert_eq!(
            told,
            r#"{"age":"18-34","kind":"person","person":"p","sex":"female"}"#
        );
        let pooled = of_person("p", None).unwrap();
        assert_eq!(
            pooled,
            r#"{"age":null,"kind":"person","person":"p","sex":null}"#
        );
    }
}
