//! What a consent to share asks for: whom it names, and for which hours.

use std::collections::BTreeSet;

use consent::acts::HOUR_MS;
use consent::acts::grant::GRANT_HOURS_MAX;
use consent::terms::Terms;
use serde_json::Value;

use super::ORGANISATION_REFERENCE;
use crate::error::HospitalError;
use crate::instant;

/// Levels of provisions that are looked at; `consent::terms` refuses deeper ones.
const DEPTH_MAX: usize = consent::terms::DEPTH_MAX;
/// A consent without an end holds for a year.
const HOURS_DEFAULT: u32 = 366 * 24;

/// What a consent asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Organisations that it names, sorted.
    pub recipients: Vec<String>,
    /// Whether its rule refuses: then it may name nobody.
    pub refuses: bool,
    /// First hour, since 1970.
    pub from_hour: u32,
    /// The hour at whose beginning it ends.
    pub until_hour: u32,
}

/// Reads a consent that a patient is about to give. A device reads its own with the same function.
pub fn asked(consent: &Value, patient: &str, now_us: i64) -> Result<Asked, HospitalError> {
    if consent["resourceType"] != "Consent" {
        return Err(refused("invalid", "the resource is no Consent"));
    }
    let own = format!("Patient/{patient}");
    if consent["patient"]["reference"].as_str() != Some(own.as_str()) {
        return Err(refused(
            "invalid",
            "Consent.patient is not the patient who consents",
        ));
    }
    if consent["status"] != "active" {
        return Err(refused("invalid", "Consent.status must be `active`"));
    }
    let mut recipients = BTreeSet::new();
    gather(&consent["provision"], DEPTH_MAX, &mut recipients);
    let (from_hour, until_hour) = hours(&consent["provision"]["period"], now_us)?;
    Ok(Asked {
        recipients: recipients.into_iter().collect(),
        refuses: consent["provision"]["type"] == "deny",
        from_hour,
        until_hour,
    })
}

/// The terms of a stored consent; one that cannot be read refuses everything.
pub(super) fn of(body: &[u8], id: &str) -> Terms {
    serde_json::from_slice::<Value>(body)
        .ok()
        .and_then(|value| Terms::read(&value).ok())
        .unwrap_or_else(|| Terms::unreadable(id))
}

fn gather(provision: &Value, depth: usize, found: &mut BTreeSet<String>) {
    let Some(left) = depth.checked_sub(1) else {
        return;
    };
    for actor in list(&provision["actor"]) {
        // Who keeps or wrote the records is named as well, and gets nothing by it.
        let roles = list(&actor["role"]["coding"]);
        if roles
            .iter()
            .any(|role| role["code"] == "CST" || role["code"] == "AUT")
        {
            continue;
        }
        let reference = actor["reference"]["reference"].as_str();
        let name = reference.and_then(|it| it.strip_prefix(ORGANISATION_REFERENCE));
        found.extend(name.map(str::to_owned));
    }
    for inner in list(&provision["provision"]) {
        gather(inner, left, found);
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// The hours of a period: the first one begun, the last one ended.
fn hours(period: &Value, now_us: i64) -> Result<(u32, u32), HospitalError> {
    let moment = |name: &str| -> Result<Option<i64>, HospitalError> {
        let Some(text) = period[name].as_str() else {
            return Ok(None);
        };
        let found = instant::parse_fhir(text).or_else(|| instant::parse_fhir(&at_midnight(text)));
        found.map(Some).ok_or_else(|| {
            refused(
                "value",
                "provision.period takes days, or instants with a time zone",
            )
        })
    };
    let from = hour_of(moment("start")?.unwrap_or(now_us));
    let until = match moment("end")? {
        Some(end) => hour_of(end).saturating_add(1),
        None => from.saturating_add(HOURS_DEFAULT),
    };
    if until <= from || until - from > GRANT_HOURS_MAX || until <= hour_of(now_us) {
        return Err(refused(
            "value",
            "provision.period has ended, or ends before it begins, or is longer than ten years",
        ));
    }
    Ok((from, until))
}

fn at_midnight(day: &str) -> String {
    format!("{day}T00:00:00Z")
}

pub(super) fn hour_of(us: i64) -> u32 {
    let hour = us.div_euclid(i64::try_from(HOUR_MS * 1_000).unwrap_or(i64::MAX));
    u32::try_from(hour).unwrap_or(0)
}

fn refused(code: &'static str, text: &str) -> HospitalError {
    HospitalError::request(
        code,
        text,
        "docs/guides/share.md has a consent to begin with",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const NOW_US: i64 = 1_790_000_000_000_000;

    fn consent(changes: &Value) -> Value {
        let mut consent = json!({
            "resourceType": "Consent", "status": "active",
            "patient": { "reference": "Patient/p" },
            "provision": {
                "period": { "start": "2026-09-01", "end": "2027-09-01" },
                "actor": [{ "reference": { "reference": "Organization/north-clinic" } }],
                "provision": [{
                    "actor": [{ "reference": { "reference": "Organization/city-lab" } },
                              { "role": { "coding": [{ "code": "CST" }] },
                                "reference": { "reference": "Organization/st-mary" } },
                              { "reference": { "reference": "Practitioner/x" } }]
                }]
            }
        });
        for (name, value) in changes.as_object().unwrap() {
            consent[name] = value.clone();
        }
        consent
    }

    #[test]
    fn a_consent_names_recipients_and_hours() {
        let asked = asked(&consent(&json!({})), "p", NOW_US).unwrap();
        assert_eq!(asked.recipients, ["city-lab", "north-clinic"]);
        assert_eq!(asked.until_hour - asked.from_hour, 365 * 24 + 1);
    }

    #[test]
    fn what_is_no_consent_of_this_patient_is_refused() {
        for changes in [
            json!({ "resourceType": "Patient" }),
            json!({ "status": "draft" }),
            json!({ "patient": { "reference": "Patient/q" } }),
            json!({ "patient": {} }),
            json!({ "provision": { "period": { "end": "2020-01-01" } } }),
            json!({ "provision": { "period": { "start": "soon" } } }),
            json!({ "provision": { "period": { "start": "2026-01-01", "end": "2046-01-01" } } }),
        ] {
            assert!(asked(&consent(&changes), "p", NOW_US).is_err(), "{changes}");
        }
    }
}
