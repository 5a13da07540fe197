//! A measurement: an Observation (FHIR R4 10.1). Numbers keep the digits that were typed. What is
//! hardly possible is asked about, not refused: patients are not always plausible.

use axum::extract::Path;
use axum::response::Response;
use maud::{Markup, html};
use serde_json::{Number, Value, json};

use super::{now, page, store, subject, writer};
use crate::form::{self, Choice, Faults, Line};
use crate::record::unit_words;
use crate::trouble::Trouble;
use crate::visit::{Filled, Visit};

const LOINC: &str = "http://loinc.org";
const UCUM: &str = "http://unitsofmeasure.org";
const CATEGORY: &str = "http://terminology.hl7.org/CodeSystem/observation-category";

/// A vital sign: its name here, LOINC code and display, UCUM unit, and between what it lies in
/// nearly everybody alive.
struct Vital {
    name: &'static str,
    code: &'static str,
    display: &'static str,
    unit: &'static str,
    from: f64,
    to: f64,
}

const fn vital(
    name: &'static str,
    code: &'static str,
    display: &'static str,
    unit: &'static str,
    from: f64,
    to: f64,
) -> Vital {
    Vital {
        name,
        code,
        display,
        unit,
        from,
        to,
    }
}

const VITALS: [Vital; 8] = [
    vital("pulse", "8867-4", "Heart rate", "/min", 20.0, 250.0),
    vital("breaths", "9279-1", "Respiratory rate", "/min", 4.0, 70.0),
    vital(
        "temperature",
        "8310-5",
        "Body temperature",
        "Cel",
        30.0,
        43.0,
    ),
    vital(
        "oxygen",
        "2708-6",
        "Oxygen saturation in Arterial blood",
        "%",
        50.0,
        100.0,
    ),
    vital("weight", "29463-7", "Body weight", "kg", 0.3, 350.0),
    vital("height", "8302-2", "Body height", "cm", 20.0, 250.0),
    vital(
        "head",
        "9843-4",
        "Head Occipital-frontal circumference",
        "cm",
        20.0,
        70.0,
    ),
    vital(
        "glucose",
        "2339-0",
        "Glucose [Mass/volume] in Blood",
        "mg/dL",
        20.0,
        700.0,
    ),
];
/// The two of a blood pressure, which is one measurement. LOINC 85354-9.
const UPPER: Vital = vital(
    "upper",
    "8480-6",
    "Systolic blood pressure",
    "mm[Hg]",
    50.0,
    260.0,
);
const LOWER: Vital = vital(
    "lower",
    "8462-4",
    "Diastolic blood pressure",
    "mm[Hg]",
    20.0,
    160.0,
);
const PRESSURE: &str = "pressure";
const OTHER: &str = "other";

#[derive(Default)]
struct Wish {
    what: String,
    value: String,
    lower: String,
    name: String,
    code: String,
    unit: String,
    sure: bool,
}

/// A decimal as people type it, with a point or a comma; its digits stay.
pub(super) fn number(text: &str) -> Option<(Number, f64)> {
    let digits = text.replace(',', ".");
    let plain = |letter: char| letter.is_ascii_digit() || matches!(letter, '.' | '-');
    if digits.is_empty() || digits.len() > 18 || !digits.chars().all(plain) {
        return None;
    }
    let number: Number = serde_json::from_str(&digits).ok()?;
    let value = digits.parse::<f64>().ok()?;
    Some((number, value))
}

impl Wish {
    /// The vital signs that are measured, each with what was typed.
    fn measured(&self) -> Vec<(&'static Vital, &str)> {
        if self.what == PRESSURE {
            return vec![(&UPPER, &self.value), (&LOWER, &self.lower)];
        }
        let one = VITALS.iter().find(|vital| vital.name == self.what);
        one.map(|vital| (vital, self.value.as_str()))
            .into_iter()
            .collect()
    }

    fn faults(&self, visit: &Visit) -> Faults {
        let mut faults = Faults::default();
        let mut check = |field: &'static str, good: bool| {
            if !good {
                faults.add(field, visit.say(&format!("measure-fault-{field}")));
            }
        };
        let other = self.what == OTHER;
        check("what", other || !self.measured().is_empty());
        check("value", number(&self.value).is_some());
        check(
            "lower",
            self.what != PRESSURE || number(&self.lower).is_some(),
        );
        check(
            "name",
            !other || (!self.name.is_empty() && self.name.len() <= 200),
        );
        check(
            "code",
            self.code.len() <= 64 && !self.code.contains(char::is_whitespace),
        );
        check("unit", self.unit.len() <= 64);
        faults
    }

    /// Values that are hardly possible, in words.
    fn doubts(&self, visit: &Visit) -> Vec<String> {
        let doubted = self.measured().into_iter().filter_map(|(vital, text)| {
            let (_, value) = number(text)?;
            if (vital.from..=vital.to).contains(&value) {
                return None;
            }
            let name = visit.say(&format!("measure-{}", vital.name));
            Some(visit.tell(
                "measure-doubt",
                &[
                    ("name", &name),
                    ("value", text),
                    ("from", &vital.from.to_string()),
                    ("to", &vital.to.to_string()),
                    ("unit", unit_words(vital.unit)),
                ],
            ))
        });
        doubted.collect()
    }

    fn resource(&self, visit: &Visit, id: &str) -> Value {
        let now = now(visit);
        let mut resource = json!({
            "resourceType": "Observation",
            "status": "final",
            "subject": subject(id),
            "effectiveDateTime": now,
            "issued": now,
            "performer": [writer(visit)],
        });
        let measured = self.measured();
        match measured.as_slice() {
            [(vital, text)] => {
                resource["code"] = coded(vital.code, vital.display);
                resource["valueQuantity"] = quantity(text, vital.unit);
            }
            [] => {
                resource["code"] = match self.code.as_str() {
                    "" => json!({ "text": self.name }),
                    code => coded(code, &self.name),
                };
                resource["valueQuantity"] = free(&self.value, &self.unit);
            }
            parts => {
                resource["code"] =
                    coded("85354-9", "Blood pressure panel with all children optional");
                let parts = parts.iter().map(|(vital, text)| {
                    json!({ "code": coded(vital.code, vital.display),
                        "valueQuantity": quantity(text, vital.unit) })
                });
                resource["component"] = parts.collect();
            }
        }
        if !measured.is_empty() && self.what != "glucose" {
            resource["category"] =
                json!([{ "coding": [{ "system": CATEGORY, "code": "vital-signs" }] }]);
        }
        resource
    }
}

fn coded(code: &str, display: &str) -> Value {
    json!({ "coding": [{ "system": LOINC, "code": code, "display": display }], "text": display })
}

fn quantity(text: &str, unit: &str) -> Value {
    let value = number(text).map_or(Value::Null, |(number, _)| Value::Number(number));
    json!({ "value": value, "unit": unit_words(unit), "system": UCUM, "code": unit })
}

/// A unit that somebody typed is no code of UCUM until somebody checked it.
fn free(text: &str, unit: &str) -> Value {
    let value = number(text).map_or(Value::Null, |(number, _)| Value::Number(number));
    if unit.is_empty() {
        json!({ "value": value })
    } else {
        json!({ "value": value, "unit": unit })
    }
}

/// `GET /portal/patients/{id}/measure`
pub(in crate::clinician) async fn ask(
    visit: Visit,
    Path(id): Path<String>,
) -> Result<Response, Trouble> {
    super::super::clinician_of(&visit, &id)?;
    let fields = fields(&visit, &Wish::default(), &Faults::default(), &[]);
    page(&visit, &id, "measure", &Faults::default(), &fields).await
}

fn fields(visit: &Visit, wish: &Wish, faults: &Faults, doubts: &[String]) -> Markup {
    let line = |name, value| Line {
        name,
        kind: "text",
        label: visit.say(&format!("measure-{name}")),
        hint: visit.say(&format!("measure-{name}-hint")),
        value,
        autocomplete: "off",
    };
    let offered = |name: &str, unit: &str| {
        (
            name.to_owned(),
            format!(
                "{} ({})",
                visit.say(&format!("measure-{name}")),
                unit_words(unit)
            ),
        )
    };
    let mut offers: Vec<(String, String)> = vec![offered(PRESSURE, UPPER.unit)];
    offers.extend(VITALS.iter().map(|vital| offered(vital.name, vital.unit)));
    offers.push((OTHER.to_owned(), visit.say("measure-other")));
    let sure: Choice = (
        "yes".to_owned(),
        visit.say("measure-sure-yes"),
        String::new(),
    );
    html! {
        @if !doubts.is_empty() {
            div.note role="alert" { @for doubt in doubts { p { (doubt) } } }
            (form::choices("sure", "checkbox", &visit.say("measure-sure"), "", &[sure], &[],
                faults))
        }
        (form::select("what", &visit.say("measure-what"), &offers, &wish.what, faults))
        div.columns {
            (line("value", &wish.value).show(faults))
            (line("lower", &wish.lower).show(faults))
        }
        fieldset.field {
            legend { (visit.say("measure-other-title")) }
            div.columns {
                (line("name", &wish.name).show(faults))
                (line("code", &wish.code).show(faults))
                (line("unit", &wish.unit).show(faults))
            }
        }
    }
}

/// `POST /portal/patients/{id}/measure`
pub(in crate::clinician) async fn save(
    Path(id): Path<String>,
    filled: Filled,
) -> Result<Response, Trouble> {
    let visit = &filled.visit;
    super::super::clinician_of(visit, &id)?;
    let get = |name: &str| filled.get(name).to_owned();
    let wish = Wish {
        what: get("what"),
        value: get("value"),
        lower: get("lower"),
        name: get("name"),
        code: get("code"),
        unit: get("unit"),
        sure: filled.get("sure") == "yes",
    };
    let mut faults = wish.faults(visit);
    let mut doubts = Vec::new();
    if faults.is_empty() {
        doubts = wish.doubts(visit);
        if doubts.is_empty() || wish.sure {
            match store(visit, &id, &wish.resource(visit, &id)).await? {
                Ok(response) => return Ok(response),
                Err(refused) => faults.add("", refused),
            }
        }
    }
    let fields = fields(visit, &wish, &faults, &doubts);
    page(visit, &id, "measure", &faults, &fields).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_keeps_its_digits() {
        for (text, wanted) in [
            ("72", Some("72")),
            ("36.50", Some("36.50")),
            ("36,5", Some("36.5")),
            ("-1", Some("-1")),
            ("1e9", None),
            ("", None),
            ("7 2", None),
            ("1.2.3", None),
            ("NaN", None),
            ("01", None),
            ("1234567890123456789", None),
        ] {
            let read = number(text).map(|(number, _)| number.to_string());
            assert_eq!(read.as_deref(), wanted, "{text}");
        }
    }
}
