//! Reading a patient's record that may be larger than a page reads: what happened last comes first,
//! and the page says from which year on.

use maud::{Markup, html};
use serde_json::Value;

use crate::record::{line, records};
use crate::trouble::Trouble;
use crate::visit::Visit;

/// Records that are read for a page at most, in pages of the door.
const DOOR_PAGE: usize = 1_000;
const DOOR_PAGES_MAX: usize = 5;
/// Of a larger record so many years before the last one are tried, and taken where they fit.
const YEARS_BEFORE: [i32; 3] = [9, 2, 0];
/// What most records of a large record are; its newest ones say which year is the last.
const LAST: [&str; 2] = ["Observation", "Encounter"];

/// All types of the patient's compartment but the patient and the log: what a timeline is made of.
/// The log grows with every look at the record.
/// <https://hl7.org/fhir/R4/compartmentdefinition-patient.html>
pub(crate) const TIMELINE: &str = "Account,AdverseEvent,AllergyIntolerance,Appointment,\
    AppointmentResponse,Basic,BodyStructure,CarePlan,CareTeam,ChargeItem,Claim,ClaimResponse,\
    ClinicalImpression,Communication,CommunicationRequest,Composition,Condition,Consent,Coverage,\
    CoverageEligibilityRequest,CoverageEligibilityResponse,DetectedIssue,DeviceRequest,\
    DeviceUseStatement,DiagnosticReport,DocumentManifest,DocumentReference,Encounter,\
    EnrollmentRequest,EpisodeOfCare,ExplanationOfBenefit,FamilyMemberHistory,Flag,Goal,Group,\
    ImagingStudy,Immunization,ImmunizationEvaluation,ImmunizationRecommendation,Invoice,List,\
    MeasureReport,Media,MedicationAdministration,MedicationDispense,MedicationRequest,\
    MedicationStatement,MolecularSequence,NutritionOrder,Observation,Person,Procedure,\
    QuestionnaireResponse,RelatedPerson,RequestGroup,ResearchSubject,RiskAssessment,Schedule,\
    ServiceRequest,Specimen,SupplyDelivery,SupplyRequest,VisionPrescription";

/// What was read of a record.
#[derive(Debug, Default)]
pub(crate) struct Stretch {
    /// The records, in no order.
    pub(crate) all: Vec<Value>,
    /// From this year on; none: from the beginning.
    pub(crate) from: Option<i32>,
    /// Whether even these years have more than was read.
    pub(crate) cut: bool,
}

/// Reads what is in the compartment of a patient, of these types (with commas), until the end of a
/// year if one is given.
pub(crate) async fn read(
    visit: &Visit,
    patient: &str,
    types: &str,
    until: Option<i32>,
) -> Result<Stretch, Trouble> {
    if until.is_none() {
        let whole = within(visit, patient, types, None).await?;
        if !whole.cut {
            return Ok(whole);
        }
    }
    let last = match until {
        Some(year) => year,
        None => last_year(visit, patient).await?,
    };
    let mut found = Stretch::default();
    for before in YEARS_BEFORE {
        found = within(visit, patient, types, Some((last - before, until))).await?;
        if !found.cut {
            break;
        }
    }
    Ok(found)
}

/// Reads what happened in some years, or all.
async fn within(
    visit: &Visit,
    patient: &str,
    types: &str,
    years: Option<(i32, Option<i32>)>,
) -> Result<Stretch, Trouble> {
    let mut query = vec![
        ("_count".to_owned(), DOOR_PAGE.to_string()),
        ("_type".to_owned(), types.to_owned()),
    ];
    if let Some((from, until)) = years {
        query.push(("start".into(), format!("{from:04}-01-01")));
        query.extend(until.map(|until| ("end".into(), format!("{until:04}-12-31"))));
    }
    let query = hospital::pairs::encode(&query);
    let mut path = format!("/fhir/Patient/{patient}/$everything?{query}");
    let mut stretch = Stretch {
        from: years.map(|(from, _)| from),
        ..Stretch::default()
    };
    for _ in 0..DOOR_PAGES_MAX {
        let mut bundle = visit.get(&path).await?;
        let next = next(&bundle, visit.portal.inside.base());
        let entries = bundle["entry"].as_array_mut().into_iter().flatten();
        let shown = entries.filter(|it| it["search"]["mode"] != "outcome");
        stretch
            .all
            .extend(shown.map(|entry| entry["resource"].take()));
        stretch.cut = next.is_some();
        let Some(next) = next else { break };
        path = next;
    }
    // What has no date of its own is in every stretch of the door; here it is where it was stored.
    if let Some((_, Some(until))) = years {
        stretch
            .all
            .retain(|it| year(visit, it).is_none_or(|year| year <= until));
    }
    Ok(stretch)
}

/// The path of the next page of a bundle.
fn next(bundle: &Value, base: &str) -> Option<String> {
    let links = bundle["link"].as_array()?;
    let link = links.iter().find(|link| link["relation"] == "next")?;
    Some(link["url"].as_str()?.strip_prefix(base)?.to_owned())
}

/// The year in which something happened last, as far as the newest records say; else this year.
async fn last_year(visit: &Visit, patient: &str) -> Result<i32, Trouble> {
    let mut last = None;
    for type_ in LAST {
        let query = hospital::pairs::encode(&[
            ("patient".into(), patient.into()),
            ("_sort".into(), "-date".into()),
            ("_count".into(), "1".into()),
        ]);
        let found = visit.get(&format!("/fhir/{type_}?{query}")).await?;
        last = last.max(records(&found).filter_map(|it| year(visit, it)).max());
    }
    let now = hospital::instant::fhir(visit.portal.inside.hospital().now_us());
    Ok(last.or_else(|| year_of(&now)).unwrap_or(0))
}

fn year(visit: &Visit, resource: &Value) -> Option<i32> {
    year_of(&line(visit.language, resource).when)
}

fn year_of(when: &str) -> Option<i32> {
    when.get(..4)?.parse().ok()
}

/// Says what a page of a large record leaves out.
pub(crate) fn note(visit: &Visit, read: &Stretch) -> Markup {
    let from = read.from.map(|year| year.to_string());
    let count = read.all.len().to_string();
    html! {
        @if let Some(from) = from {
            p.note {
                (visit.tell("record-from", &[("from", &from)]))
                @if read.cut { " " (visit.tell("record-cut", &[("count", &count)])) }
            }
        }
    }
}

/// Which years of a large record are shown, with the ways to the others: pages of this path with
/// these fields.
pub(crate) fn years(
    visit: &Visit,
    read: &Stretch,
    (path, keep): (&str, &[(&str, &str)]),
    until: Option<i32>,
) -> Markup {
    let Some(from) = read.from else {
        return html! {};
    };
    let to = |until: Option<i32>| {
        let kept = keep.iter().filter(|(_, value)| !value.is_empty());
        let kept = kept.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let until = until.map(|year| ("until".to_owned(), year.to_string()));
        let query: hospital::pairs::Pairs = kept.chain(until).collect();
        format!("{path}?{}", hospital::pairs::encode(&query))
    };
    let (count, from_year) = (read.all.len().to_string(), from.to_string());
    let before = (from - 1).to_string();
    html! {
        div.note {
            p {
                @match until {
                    Some(until) => { (visit.tell("record-years",
                        &[("from", &from_year), ("until", &until.to_string())])) }
                    None => { (visit.tell("record-from", &[("from", &from_year)])) }
                }
                @if read.cut { " " (visit.tell("record-cut", &[("count", &count)])) }
            }
            p {
                a href=(to(Some(from - 1))) { (visit.tell("record-before", &[("year", &before)])) }
                @if until.is_some() { " · " a href=(to(None)) { (visit.say("record-newest")) } }
            }
        }
    }
}

/// A year that a person may ask for.
pub(crate) fn asked(visit: &Visit) -> Option<i32> {
    let year = year_of(&visit.query("until"))?;
    (1..=9999).contains(&year).then_some(year)
}

#[cfg(test)]
mod tests {
    use super::TIMELINE;

    #[test]
    fn a_timeline_is_made_of_all_that_may_be_about_a_patient() {
        let all = fhir::resource_types().iter().copied();
        let about = all.filter(|type_| !fhir::compartment::patient_parameters(type_).is_empty());
        let mut wanted: Vec<&str> = about
            .filter(|type_| !["AuditEvent", "Provenance", "Patient"].contains(type_))
            .collect();
        wanted.sort_unstable();
        let mut named: Vec<&str> = TIMELINE.split(',').collect();
        named.sort_unstable();
        assert_eq!(named, wanted);
    }
}
