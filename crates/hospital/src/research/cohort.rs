//! A cohort: a bounded question about persons, and who they are.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::wrong;
use crate::caller::Caller;
use crate::error::HospitalError;
use crate::instant;
use crate::pairs::Pairs;
use crate::record::Record;
use crate::search::PAGE_TOKEN;
use crate::setup::Hospital;

/// Sexes, as FHIR R4 administrative-gender has them.
pub const SEXES: [&str; 4] = ["female", "male", "other", "unknown"];
/// The one grid of ages: questions about other bands would let numbers be subtracted. The last band
/// holds everybody over 89, as 45 CFR 164.514(b)(2)(i)(C) asks.
pub const AGES: [&str; 7] = ["0-17", "18-34", "35-49", "50-64", "65-79", "80+", "unknown"];
/// The first years of the bands after the first.
const BAND_FROM: [i32; 5] = [18, 35, 50, 65, 80];
/// Records that are looked at for one part of a question.
pub(super) const LOOKED_MAX: usize = 100_000;
const PAGE: &str = "1000";
/// Longest code system, code and number.
const WORD_BYTES_MAX: usize = 200;
/// What says that a record is not so: of a Condition, an Observation, and others.
const NOT_SO: [&str; 5] = [
    "refuted",
    "entered-in-error",
    "cancelled",
    "not-done",
    "draft",
];

/// A code of a system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Code {
    /// Its URI.
    pub system: String,
    /// The code.
    pub code: String,
}

/// A measured value within an interval.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measure {
    /// Its URI.
    pub system: String,
    /// The code.
    pub code: String,
    /// The least value, a decimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The greatest value, a decimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// The unit of both, a code of UCUM.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
}

/// Persons whom all parts fit; none: everybody.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cohort {
    /// They have this Condition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<Code>,
    /// They have such an Observation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observation: Option<Measure>,
    /// One of [`SEXES`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sex: Option<String>,
    /// One of [`AGES`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ages: Option<String>,
}

/// Somebody in a cohort.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Person {
    pub(super) id: String,
    /// The version of the Patient record that says the rest.
    pub(super) version: u64,
    /// Places in [`SEXES`] and [`AGES`].
    pub(super) sex: usize,
    pub(super) age: usize,
}

impl Cohort {
    /// Refuses what no search can be made of.
    pub(super) fn check(&self) -> Result<(), HospitalError> {
        let is_of = |given: &Option<String>, all: &[&str]| {
            given.as_deref().is_none_or(|it| all.contains(&it))
        };
        if !is_of(&self.sex, &SEXES) {
            return Err(wrong("`sex` is female, male, other or unknown"));
        }
        if !is_of(&self.ages, &AGES) {
            return Err(wrong(format!("`ages` is one of {}", AGES.join(", "))));
        }
        if let Some(it) = &self.condition {
            is_word("condition", &[&it.system, &it.code])?;
        }
        let Some(it) = &self.observation else {
            return Ok(());
        };
        is_word("observation", &[&it.system, &it.code])?;
        for number in [&it.from, &it.to].into_iter().flatten() {
            let plain = number.bytes().all(|it| b"0123456789.-".contains(&it));
            if !plain || number.parse::<f64>().is_err() || number.len() > WORD_BYTES_MAX {
                return Err(wrong("`from` and `to` are decimals in text, as \"7.5\""));
            }
        }
        match &it.unit {
            Some(unit) => is_word("observation.unit", &[unit]),
            None if it.from.is_none() && it.to.is_none() => Ok(()),
            None => Err(wrong("an interval needs its `unit`, a code of UCUM")),
        }
    }
}

/// What may stand in a search as it is. FHIR R4 3.1.1.3: `\`, `,`, `|` and `$` part it.
fn is_word(field: &str, given: &[&str]) -> Result<(), HospitalError> {
    let sound = |it: &&str| {
        let plain = |byte: u8| byte.is_ascii_graphic() && !b"\\,|$".contains(&byte);
        !it.is_empty() && it.len() <= WORD_BYTES_MAX && it.bytes().all(plain)
    };
    if given.iter().all(sound) {
        return Ok(());
    }
    Err(wrong(format!(
        "`{field}` takes a system and a code of 1 to {WORD_BYTES_MAX} signs, without blanks"
    )))
}

impl Hospital {
    /// The persons of a cohort, as far as this caller's decision shows them.
    pub(super) async fn persons(
        &self,
        caller: &Caller,
        cohort: &Cohort,
    ) -> Result<Vec<Person>, HospitalError> {
        let with_condition = match &cohort.condition {
            Some(it) => Some(self.having(caller, "Condition", condition(it)).await?),
            None => None,
        };
        let with_observation = match &cohort.observation {
            Some(it) => Some(self.having(caller, "Observation", observation(it)).await?),
            None => None,
        };
        let today: String = instant::fhir(self.now_us()).chars().take(10).collect();
        let mut found = Vec::new();
        self.walk_records(caller, "Patient", Pairs::new(), |record, body| {
            let person = person(record, body, &today);
            let is_in = |set: &Option<BTreeSet<String>>| {
                set.as_ref().is_none_or(|it| it.contains(&person.id))
            };
            let has = |given: &Option<String>, is: &str| given.as_deref().is_none_or(|it| it == is);
            if is_in(&with_condition)
                && is_in(&with_observation)
                && has(&cohort.sex, SEXES[person.sex])
                && has(&cohort.ages, AGES[person.age])
            {
                found.push(person);
            }
        })
        .await?;
        Ok(found)
    }

    /// Whose records a search finds that say that it is so.
    async fn having(
        &self,
        caller: &Caller,
        type_: &'static str,
        pairs: Pairs,
    ) -> Result<BTreeSet<String>, HospitalError> {
        let mut whose = BTreeSet::new();
        self.walk_records(caller, type_, pairs, |record, body| {
            if is_so(body) {
                whose.extend(record.patients.iter().cloned());
            }
        })
        .await?;
        Ok(whose)
    }

    /// Looks at all records that a search finds, within a bound.
    pub(super) async fn walk_records(
        &self,
        caller: &Caller,
        type_: &'static str,
        pairs: Pairs,
        mut look: impl FnMut(&Record, &Value),
    ) -> Result<(), HospitalError> {
        let (mut after, mut looked) = (None::<String>, 0_usize);
        loop {
            let mut asked = pairs.clone();
            asked.push(("_count".to_owned(), PAGE.to_owned()));
            asked.extend(after.map(|it| (PAGE_TOKEN.to_owned(), it)));
            let page = self.search(caller, type_, asked, true).await?;
            looked += page.matches.len();
            for record in &page.matches {
                let body: Value = serde_json::from_slice(&record.body).unwrap_or_default();
                look(record, &body);
            }
            after = page.next;
            if after.is_none() {
                return Ok(());
            }
            if looked >= LOOKED_MAX {
                return Err(HospitalError::request(
                    "too-costly",
                    format!("more than {LOOKED_MAX} records of type {type_} fit"),
                    "ask a narrower question",
                ));
            }
        }
    }
}

fn condition(it: &Code) -> Pairs {
    vec![("code".to_owned(), format!("{}|{}", it.system, it.code))]
}

fn observation(it: &Measure) -> Pairs {
    let mut pairs = vec![("code".to_owned(), format!("{}|{}", it.system, it.code))];
    let unit = it.unit.as_deref().unwrap_or_default();
    for (sign, number) in [("ge", &it.from), ("le", &it.to)] {
        let value = number.iter();
        let value = value.map(|number| format!("{sign}{number}|http://unitsofmeasure.org|{unit}"));
        pairs.extend(value.map(|value| ("value-quantity".to_owned(), value)));
    }
    pairs
}

/// Whether a record says that what it holds is so, and not that it is not.
pub(super) fn is_so(body: &Value) -> bool {
    let verified = body["verificationStatus"]["coding"].as_array();
    let codes = verified.into_iter().flatten().map(|it| &it["code"]);
    let mut said = codes.chain([&body["status"]]).filter_map(Value::as_str);
    !said.any(|it| NOT_SO.contains(&it))
}

fn person(record: &Record, body: &Value, today: &str) -> Person {
    let sex = body["gender"].as_str().unwrap_or("unknown");
    let unknown = SEXES.len() - 1;
    Person {
        id: record.id.clone(),
        version: record.version,
        sex: SEXES.iter().position(|it| *it == sex).unwrap_or(unknown),
        age: body["birthDate"]
            .as_str()
            .and_then(|born| band(born, today))
            .unwrap_or(AGES.len() - 1),
    }
}

/// The band of somebody born on a FHIR date, which may be a year alone. It is known only if it is
/// the same however the date were completed.
fn band(born: &str, today: &str) -> Option<usize> {
    let (year, rest) = (born.get(..4)?, born.get(4..)?);
    let this_year: i32 = today.get(..4)?.parse().ok()?;
    let year: i32 = year.parse().ok()?;
    let age = |rest: &str| this_year - year - i32::from(today.get(4..).unwrap_or("") < rest);
    let (least, most) = match rest.len() {
        0 => (age("-12-31"), age("-01-01")),
        3 => (age(&format!("{rest}-31")), age(&format!("{rest}-01"))),
        _ => (age(rest), age(rest)),
    };
    let of = |age: i32| BAND_FROM.iter().take_while(|from| age >= **from).count();
    (least >= 0 && of(least) == of(most)).then(|| of(least))
}

/// How many of each sex and band, in the order of both.
pub(super) fn grid(persons: &[Person]) -> BTreeMap<(usize, usize), Vec<&str>> {
    let mut cells: BTreeMap<(usize, usize), Vec<&str>> = BTreeMap::new();
    for person in persons {
        let cell = cells.entry((person.sex, person.age)).or_default();
        cell.push(&person.id);
    }
    cells
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_band_is_known_only_if_every_completion_of_the_date_says_so() {
        let today = "2026-11-26";
        let named = |born: &str| band(born, today).map(|it| AGES[it]);
        for (born, expected) in [
            ("2026-11-26", Some("0-17")),
            ("2008-11-26", Some("18-34")),
            ("2008-11-27", Some("0-17")),
            ("1946-11-27", Some("65-79")),
            ("1946-11-26", Some("80+")),
            ("1930", Some("80+")),
            ("1936-11-25", Some("80+")),
            ("1990", Some("35-49")),
            ("2008", None),
            ("2008-11", None),
            ("2008-10", Some("18-34")),
            ("2008-12", Some("0-17")),
            ("2027-01-01", None),
            ("20", None),
        ] {
            assert_eq!(named(born), expected, "{born}");
        }
    }

    #[test]
    fn what_was_refuted_or_entered_in_error_is_not_so() {
        let verified =
            |code: &str| json!({ "verificationStatus": { "coding": [{ "code": code }] } });
        for (body, expected) in [
            (verified("confirmed"), true),
            (verified("refuted"), false),
            (verified("entered-in-error"), false),
            (json!({ "status": "final" }), true),
            (json!({ "status": "entered-in-error" }), false),
            (json!({ "status": "cancelled" }), false),
            (json!({}), true),
        ] {
            assert_eq!(is_so(&body), expected, "{body}");
        }
    }

    #[test]
    fn nothing_in_a_cohort_can_add_to_the_search() {
        let measure = |from: &str, unit: Option<&str>| Cohort {
            observation: Some(Measure {
                system: "http://loinc.org".into(),
                code: "4548-4".into(),
                from: Some(from.into()),
                to: None,
                unit: unit.map(str::to_owned),
            }),
            ..Cohort::default()
        };
        assert!(measure("7.5", Some("%")).check().is_ok());
        for (from, unit) in [
            ("7.5", None),
            ("7,5", Some("%")),
            ("1e3", Some("%")),
            ("7|5", Some("%")),
            ("", Some("%")),
            ("7.5", Some("a|b")),
        ] {
            assert!(measure(from, unit).check().is_err(), "{from} {unit:?}");
        }
        for code in ["", "a,b", "a b", "a|b", "a\\b", "a$b"] {
            let cohort = Cohort {
                condition: Some(Code {
                    system: "http://snomed.info/sct".into(),
                    code: code.into(),
                }),
                ..Cohort::default()
            };
            assert!(cohort.check().is_err(), "{code:?}");
        }
        for (sex, ages) in [(Some("f"), None), (None, Some("80-85"))] {
            let cohort = Cohort {
                sex: sex.map(str::to_owned),
                ages: ages.map(str::to_owned),
                ..Cohort::default()
            };
            assert!(cohort.check().is_err(), "{sex:?} {ages:?}");
        }
    }
}
