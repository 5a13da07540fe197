//! A cohort as a form asks for it, and as a person reads it.

use hospital::pairs::Pairs;
use hospital::research::{AGES, SEXES};
use maud::{Markup, html};
use serde_json::{Value, json};

use crate::form::{self, Faults, Line};
use crate::record::text;
use crate::visit::{Visit, field};

/// Code systems of conditions that the form offers.
const SYSTEMS: [(&str, &str); 3] = [
    ("http://snomed.info/sct", "SNOMED CT"),
    ("http://hl7.org/fhir/sid/icd-10-cm", "ICD-10-CM"),
    ("http://hl7.org/fhir/sid/icd-10", "ICD-10"),
];
const LOINC: &str = "http://loinc.org";

/// The fields of the form.
pub(super) const FIELDS: [&str; 8] = [
    "system",
    "condition",
    "observed",
    "from",
    "to",
    "unit",
    "sex",
    "ages",
];

/// What was filled in.
#[derive(Default)]
pub(super) struct Wish(Pairs);

impl Wish {
    /// Of a form or an address; other fields stay out.
    pub(super) fn read(pairs: &Pairs) -> Self {
        let kept = FIELDS.iter().map(|name| {
            let value = field(pairs, name).trim().to_owned();
            ((*name).to_owned(), value)
        });
        Self(kept.collect())
    }

    fn get(&self, name: &str) -> &str {
        field(&self.0, name)
    }

    /// The same as an address.
    pub(super) fn query(&self) -> String {
        let given: Pairs = self
            .0
            .iter()
            .filter(|(_, value)| !value.is_empty())
            .cloned()
            .collect();
        hospital::pairs::encode(&given)
    }

    /// The fields, hidden, for a form that goes on.
    pub(super) fn hidden(&self) -> Markup {
        html! {
            @for (name, value) in self.0.iter().filter(|(_, value)| !value.is_empty()) {
                input type="hidden" name=(name) value=(value);
            }
        }
    }

    /// The cohort in JSON. The door judges it.
    pub(super) fn cohort(&self) -> Value {
        let mut cohort = json!({});
        if !self.get("condition").is_empty() {
            cohort["condition"] =
                json!({ "system": self.get("system"), "code": self.get("condition") });
        }
        if !self.get("observed").is_empty() {
            let mut measure = json!({ "system": LOINC, "code": self.get("observed") });
            for name in ["from", "to", "unit"] {
                if !self.get(name).is_empty() {
                    measure[name] = self.get(name).into();
                }
            }
            cohort["observation"] = measure;
        }
        for name in ["sex", "ages"] {
            if !self.get(name).is_empty() {
                cohort[name] = self.get(name).into();
            }
        }
        cohort
    }

    /// The fields to fill in.
    pub(super) fn show(&self, visit: &Visit, faults: &Faults) -> Markup {
        let line = |name: &'static str| {
            Line {
                name,
                kind: "text",
                label: visit.say(&format!("research-field-{name}")),
                hint: visit.say(&format!("research-field-{name}-about")),
                value: self.get(name),
                autocomplete: "off",
            }
            .show(faults)
        };
        let systems = SYSTEMS.map(|(uri, name)| (uri.to_owned(), name.to_owned()));
        let any = (String::new(), visit.say("research-any"));
        let of = |word: fn(&Visit, &str) -> String, all: &[&str]| -> Vec<(String, String)> {
            let each = all.iter().map(|it| ((*it).to_owned(), word(visit, it)));
            std::iter::once(any.clone()).chain(each).collect()
        };
        html! {
            (form::select("system", &visit.say("research-field-system"), &systems,
                self.get("system"), faults))
            (line("condition"))
            (line("observed"))
            (line("from"))
            (line("to"))
            (line("unit"))
            (form::select("sex", &visit.say("research-field-sex"), &of(sex, &SEXES),
                self.get("sex"), faults))
            (form::select("ages", &visit.say("research-field-ages"), &of(ages, &AGES),
                self.get("ages"), faults))
        }
    }
}

/// A sex in words.
pub(super) fn sex(visit: &Visit, sex: &str) -> String {
    visit.language.coded("research-sex", sex)
}

/// A band of ages in words.
pub(super) fn ages(visit: &Visit, band: &str) -> String {
    let name = band.trim_end_matches('+');
    visit.language.coded("research-ages", name)
}

/// A cohort in words.
pub(super) fn words(visit: &Visit, cohort: &Value) -> Markup {
    let condition = &cohort["condition"];
    let measure = &cohort["observation"];
    let bound = |name: &str| text(measure, &format!("/{name}"));
    let interval = [bound("from"), bound("to")];
    html! {
        ul {
            @if condition.is_object() {
                li { (visit.say("research-with-condition")) " " code { (text(condition, "/code")) }
                    " " span.soft { (text(condition, "/system")) } }
            }
            @if measure.is_object() {
                li {
                    (visit.say("research-with-observation")) " " code { (bound("code")) }
                    " " span.soft { (bound("system")) }
                    @if interval.iter().any(|it| !it.is_empty()) {
                        " " (visit.tell("research-interval", &[("from", interval[0]),
                            ("to", interval[1]), ("unit", bound("unit"))]))
                    }
                }
            }
            @if let Some(one) = cohort["sex"].as_str() {
                li { (visit.say("research-field-sex")) ": " (sex(visit, one)) }
            }
            @if let Some(band) = cohort["ages"].as_str() {
                li { (visit.say("research-field-ages")) ": " (ages(visit, band)) }
            }
            @if cohort.as_object().is_none_or(serde_json::Map::is_empty) {
                li { (visit.say("research-everybody")) }
            }
        }
    }
}
