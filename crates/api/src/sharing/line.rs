//! One line about a record, for a list: what it is and when it was.

use serde_json::Value;

/// Longest line.
const CHARS_MAX: usize = 120;
/// Where FHIR R4 resources say what they are about, the most telling first.
const WHAT: [&str; 14] = [
    "code",
    "medicationCodeableConcept",
    "vaccineCode",
    "type",
    "class",
    "category",
    "scope",
    "serviceType",
    "activity",
    "title",
    "description",
    "name",
    "serviceCategory",
    "status",
];
/// Where they say when it was.
const WHEN: [&str; 17] = [
    "effectiveDateTime",
    "effectiveInstant",
    "onsetDateTime",
    "performedDateTime",
    "occurrenceDateTime",
    "authoredOn",
    "whenHandedOver",
    "started",
    "start",
    "date",
    "dateTime",
    "recordedDate",
    "recorded",
    "issued",
    "created",
    "birthDate",
    "period",
];

/// What a record is, in its own words.
pub(super) fn of(resource: &Value) -> String {
    let found = WHAT.iter().find_map(|name| said(&resource[*name], 2));
    let line = found.unwrap_or_else(|| resource["resourceType"].as_str().unwrap_or("").to_owned());
    line.chars()
        .filter(|it| !it.is_control())
        .take(CHARS_MAX)
        .collect()
}

/// When it was, as the record says it; `None` where it says nothing.
pub(super) fn date(resource: &Value) -> Option<String> {
    let found = WHEN.iter().find_map(|name| match &resource[*name] {
        Value::String(text) => Some(text.clone()),
        Value::Object(period) => period.get("start")?.as_str().map(str::to_owned),
        _ => None,
    });
    let periods = ["effectivePeriod", "performedPeriod", "onsetPeriod"].iter();
    found.or_else(|| {
        let mut starts = periods.filter_map(|name| resource[*name]["start"].as_str());
        starts.next().map(str::to_owned)
    })
}

/// The text of a name, a concept, a coding, or the first of several.
fn said(value: &Value, depth: usize) -> Option<String> {
    let text = |name: &str| value[name].as_str().map(str::to_owned);
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Array(all) => said(all.first()?, depth.checked_sub(1)?),
        Value::Object(_) => text("text")
            .or_else(|| text("display"))
            .or_else(|| said(value.get("coding")?, depth.checked_sub(1)?))
            .or_else(|| person(value))
            .or_else(|| text("code")),
        _ => None,
    }
}

fn person(name: &Value) -> Option<String> {
    let given = name["given"].as_array().into_iter().flatten();
    let mut parts: Vec<&str> = given.filter_map(Value::as_str).collect();
    parts.extend(name["family"].as_str());
    (!parts.is_empty()).then(|| parts.join(" "))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_record_is_told_in_its_own_words() {
        for (resource, line, when) in [
            (
                json!({ "resourceType": "Observation", "code": { "coding": [
                    { "code": "8867-4", "display": "Heart rate" }] },
                    "effectiveDateTime": "2026-01-02" }),
                "Heart rate",
                Some("2026-01-02"),
            ),
            (
                json!({ "resourceType": "Condition", "code": { "coding": [{ "code": "I10" }] },
                    "onsetPeriod": { "start": "2020" } }),
                "I10",
                Some("2020"),
            ),
            (
                json!({ "resourceType": "Patient", "birthDate": "1970-01-01",
                    "name": [{ "given": ["Ada", "M"], "family": "Berg" }] }),
                "Ada M Berg",
                Some("1970-01-01"),
            ),
            (
                json!({ "resourceType": "Encounter", "class": { "code": "AMB" },
                    "period": { "start": "2026-02-03" } }),
                "AMB",
                Some("2026-02-03"),
            ),
            (json!({ "resourceType": "Basic" }), "Basic", None),
        ] {
            assert_eq!(
                (of(&resource).as_str(), date(&resource).as_deref()),
                (line, when)
            );
        }
        let long = json!({ "resourceType": "Basic", "code": { "text": "x\u{7}".repeat(500) } });
        assert_eq!(of(&long).len(), CHARS_MAX);
    }
}
