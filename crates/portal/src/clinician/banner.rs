//! Who the patient is, and what must never be out of sight: allergies and active problems.

use maud::{Markup, html};
use serde_json::Value;

use crate::date;
use crate::record::{self, concept, text};
use crate::stretch::{self, Stretch};
use crate::trouble::Trouble;
use crate::visit::Visit;

/// Problems that the banner names; the summary has all.
const PROBLEMS_MAX: usize = 6;

/// What is read of every patient, however large the record.
const ALWAYS: [&str; 3] = ["Patient", "AllergyIntolerance", "Condition"];

/// A patient with what a page is made of.
pub(super) struct Chart {
    pub(super) id: String,
    pub(super) patient: Value,
    /// What was read, the patient left out.
    pub(super) read: Stretch,
}

/// Reads a patient with records of these types, and always allergies and problems; no types: all.
pub(super) async fn read(visit: &Visit, id: &str, types: &[&str]) -> Result<Chart, Trouble> {
    read_until(visit, id, types, None).await
}

/// The same until the end of a year.
pub(super) async fn read_until(
    visit: &Visit,
    id: &str,
    types: &[&str],
    until: Option<i32>,
) -> Result<Chart, Trouble> {
    let types = if types.is_empty() {
        stretch::TIMELINE.to_owned()
    } else {
        types.join(",")
    };
    let always = ALWAYS.join(",");
    let mut read = stretch::read(visit, id, &format!("{always},{types}"), until).await?;
    if read.from.is_some() {
        // Of a large record the last years were read: an allergy of any year must be in sight.
        let first = stretch::read(visit, id, &always, None).await?;
        read.all
            .retain(|it| !ALWAYS.contains(&text(it, "/resourceType")));
        read.all.extend(first.all);
    }
    let own = |it: &Value| text(it, "/resourceType") == "Patient" && text(it, "/id") == id;
    let at = read.all.iter().position(own);
    let patient = at.map(|at| read.all.swap_remove(at));
    Ok(Chart {
        id: id.to_owned(),
        patient: patient.ok_or_else(|| visit.absent())?,
        read,
    })
}

/// What no longer holds, or never did.
fn holds(resource: &Value) -> bool {
    let code = |path: &str| text(resource, path).to_owned();
    let clinical = code("/clinicalStatus/coding/0/code");
    let verified = code("/verificationStatus/coding/0/code");
    !matches!(clinical.as_str(), "inactive" | "resolved" | "remission")
        && !matches!(verified.as_str(), "refuted" | "entered-in-error")
}

/// Allergies that hold, of any records.
pub(super) fn allergies<'a>(of: impl Iterator<Item = &'a Value>) -> Vec<&'a Value> {
    of.filter(|it| it["resourceType"] == "AllergyIntolerance" && holds(it))
        .collect()
}

/// Problems that hold, of any records.
pub(super) fn problems<'a>(of: impl Iterator<Item = &'a Value>) -> Vec<&'a Value> {
    of.filter(|it| it["resourceType"] == "Condition" && holds(it))
        .collect()
}

/// What a patient is called; the words for it where no name is written.
pub(super) fn called(visit: &Visit, patient: &Value) -> String {
    match record::name(patient).trim() {
        "" => visit.say("patient-nameless"),
        name => name.to_owned(),
    }
}

/// How old somebody is, or was.
pub(super) fn age(visit: &Visit, patient: &Value) -> String {
    let now = hospital::instant::fhir(visit.portal.inside.hospital().now_us());
    let died = text(patient, "/deceasedDateTime");
    let dead = !died.is_empty() || patient["deceasedBoolean"] == true;
    if dead {
        return visit.say("patient-died");
    }
    match years(text(patient, "/birthDate"), &now) {
        Some(years) => visit.tell("patient-age", &[("years", &years.to_string())]),
        None => String::new(),
    }
}

/// Whole years between two dates as FHIR writes them. Of a year alone nobody knows the age.
fn years(born: &str, now: &str) -> Option<i32> {
    let year = |text: &str| text.get(..4)?.parse::<i32>().ok();
    let (from, to) = (born.get(5..10)?, now.get(5..10)?);
    let years = year(now)? - year(born)? - i32::from(to < from);
    (0..=150).contains(&years).then_some(years)
}

/// The sex in words.
pub(super) fn sex(visit: &Visit, patient: &Value) -> String {
    let code = text(patient, "/gender");
    let key = format!("sex-{code}");
    if visit.language.has(&key) {
        visit.say(&key)
    } else {
        visit.say("sex-unknown")
    }
}

/// The numbers by which a patient is known, that of the record last.
pub(super) fn numbers(visit: &Visit, patient: &Value) -> String {
    let all = patient["identifier"].as_array().into_iter().flatten();
    let mut shown: Vec<String> = all
        .map(|it| text(it, "/value").to_owned())
        .filter(|value| !value.is_empty())
        .take(4)
        .collect();
    shown.push(text(patient, "/id").to_owned());
    visit.tell("patient-numbers", &[("numbers", &shown.join(", "))])
}

/// The banner that stays in sight. `elsewhere` says that records from elsewhere follow.
pub(super) fn banner(visit: &Visit, chart: &Chart, elsewhere: bool) -> Markup {
    let allergies = allergies(chart.read.all.iter());
    let problems = problems(chart.read.all.iter());
    let born = text(&chart.patient, "/birthDate");
    html! {
        div.sticky.banner role="region" aria-label=(visit.say("banner-label")) {
            p.who-is {
                strong { a href={ "/portal/patients/" (chart.id) } { (called(visit,
                    &chart.patient)) } }
                " " span {
                    @if born.is_empty() { (visit.say("patient-born-unknown")) }
                    @else {
                        (visit.tell("patient-born", &[("when", &date::day(visit.language, born))]))
                        " · " (age(visit, &chart.patient))
                    }
                    " · " (sex(visit, &chart.patient))
                }
                " " span.soft { (numbers(visit, &chart.patient)) }
            }
            p {
                span.mark { (visit.say("banner-allergies")) } " "
                @if allergies.is_empty() { (visit.say("banner-allergies-none")) }
                @else { (named(visit, &allergies, allergies.len())) }
            }
            p {
                span.mark.quiet { (visit.say("banner-problems")) } " "
                @if problems.is_empty() { (visit.say("banner-problems-none")) }
                @else { (named(visit, &problems, PROBLEMS_MAX)) }
            }
            p id="banner-elsewhere" {
                (visit.say(if elsewhere { "banner-elsewhere-asked" } else { "banner-elsewhere-not"
                    }))
            }
        }
    }
}

/// Names, the serious ones marked in words.
pub(super) fn named(visit: &Visit, records: &[&Value], most: usize) -> Markup {
    let over = records.len().saturating_sub(most);
    html! {
        @for (index, resource) in records.iter().take(most).enumerate() {
            @if index > 0 { "; " }
            @let words = concept(&resource["code"]);
            @let words = if words.is_empty() { visit.say("banner-unnamed") } else {
                words.to_owned() };
            @if resource["criticality"] == "high" {
                strong { (words) " (" (visit.say("banner-serious")) ")" }
            } @else { (words) }
        }
        @if over > 0 { " " (visit.tell("banner-more", &[("count", &over.to_string())])) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_age_is_told_where_it_is_known() {
        for (born, wanted) in [
            ("1970-11-26", Some(56)),
            ("1970-11-27", Some(55)),
            ("2026-11-26", Some(0)),
            ("1970", None),
            ("1970-11", None),
            ("", None),
            ("2027-01-01", None),
        ] {
            assert_eq!(years(born, "2026-11-26T04:00:00.000Z"), wanted, "{born}");
        }
    }

    #[test]
    fn what_is_over_is_no_active_problem_and_what_has_no_status_is_one() {
        let status = |name: &str, code: &str| json!({ name: { "coding": [{ "code": code }] } });
        for (resource, wanted) in [
            (json!({}), true),
            (status("clinicalStatus", "active"), true),
            (status("clinicalStatus", "recurrence"), true),
            (status("clinicalStatus", "resolved"), false),
            (status("clinicalStatus", "remission"), false),
            (status("verificationStatus", "refuted"), false),
            (status("verificationStatus", "unconfirmed"), true),
        ] {
            assert_eq!(holds(&resource), wanted, "{resource}");
        }
    }
}
