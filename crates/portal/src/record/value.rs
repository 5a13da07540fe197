//! Values: codes, quantities, whatever an Observation holds. FHIR R4 `Observation.value[x]`.

use serde_json::Value;

use super::text;
use crate::date;
use crate::words::Language;

/// The words of a CodeableConcept: its text, else the first display, else the first code.
pub(crate) fn concept(concept: &Value) -> &str {
    let codings = || concept["coding"].as_array().into_iter().flatten();
    let display = || codings().find_map(|coding| coding["display"].as_str());
    let code = || codings().find_map(|coding| coding["code"].as_str());
    let said = concept["text"].as_str().or_else(display).or_else(code);
    said.unwrap_or("")
}

/// A Quantity with its unit: `140.7 cm`.
pub(crate) fn quantity(language: Language, quantity: &Value) -> String {
    let Some(digits) = quantity["value"].as_number() else {
        return String::new();
    };
    let digits = date::number(language, &digits.to_string());
    let sign = text(quantity, "/comparator");
    format!("{sign}{digits} {}", unit(quantity))
        .trim_end()
        .to_owned()
}

/// The unit of a Quantity.
pub(crate) fn unit(quantity: &Value) -> &str {
    let written = match text(quantity, "/unit") {
        "" => text(quantity, "/code"),
        unit => unit,
    };
    unit_words(written)
}

/// A code of UCUM as people write it; what is none stays.
pub(crate) fn unit_words(code: &str) -> &str {
    match code {
        "Cel" => "°C",
        "mm[Hg]" => "mmHg",
        "10*3/uL" => "10³/µL",
        "10*6/uL" => "10⁶/µL",
        "m[IU]/L" => "mIU/L",
        "kg/m2" => "kg/m²",
        unit => unit,
    }
}

/// What an Observation or one of its components says; empty where it says nothing.
pub(crate) fn value(language: Language, of: &Value) -> String {
    if of["valueQuantity"].is_object() {
        return quantity(language, &of["valueQuantity"]);
    }
    if of["valueCodeableConcept"].is_object() {
        return concept(&of["valueCodeableConcept"]).to_owned();
    }
    for name in ["valueString", "valueTime"] {
        if let Some(said) = of[name].as_str() {
            return said.to_owned();
        }
    }
    if let Some(when) = of["valueDateTime"].as_str() {
        return date::moment(language, when);
    }
    if let Some(number) = of["valueInteger"].as_number() {
        return number.to_string();
    }
    match of["valueBoolean"].as_bool() {
        Some(true) => return language.say("value-yes"),
        Some(false) => return language.say("value-no"),
        None => {}
    }
    let components = of["component"].as_array().into_iter().flatten();
    let told: Vec<String> = components
        .take(20)
        .map(|part| {
            let (name, said) = (concept(&part["code"]), value_of(language, part));
            if said.is_empty() {
                name.to_owned()
            } else {
                format!("{name}: {said}")
            }
        })
        .collect();
    if !told.is_empty() {
        return told.join(", ");
    }
    concept(&of["dataAbsentReason"]).to_owned()
}

/// A component holds no components.
fn value_of(language: Language, part: &Value) -> String {
    let mut part = part.clone();
    if let Some(fields) = part.as_object_mut() {
        fields.remove("component");
    }
    value(language, &part)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_value_reads_as_it_was_written() {
        let say = |of| value(Language::English, &of);
        for (of, wanted) in [
            (
                json!({ "valueQuantity": { "value": 140.7, "unit": "cm" } }),
                "140.7 cm",
            ),
            (
                json!({ "valueQuantity": { "value": 5, "comparator": "<", "code": "mg" } }),
                "<5 mg",
            ),
            (
                json!({ "valueCodeableConcept": { "coding": [{ "code": "a" }] } }),
                "a",
            ),
            (json!({ "valueBoolean": true }), "yes"),
            (json!({ "valueString": "none seen" }), "none seen"),
            (
                json!({ "component": [
                    { "code": { "text": "Systolic" },
                      "valueQuantity": { "value": 120, "unit": "mmHg" } },
                    { "code": { "text": "Diastolic" }, "component": [{ "component": [] }] } ] }),
                "Systolic: 120 mmHg, Diastolic",
            ),
            (
                json!({ "dataAbsentReason": { "text": "not asked" } }),
                "not asked",
            ),
            (json!({ "valueQuantity": "x" }), ""),
        ] {
            assert_eq!(say(of), wanted);
        }
        let german = json!({ "valueQuantity": { "value": 37.5, "unit": "Cel" } });
        assert_eq!(value(Language::German, &german), "37,5 °C");
    }
}
