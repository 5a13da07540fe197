//! Records of other organisations in a chart. They are asked for after the page stands, since each
//! answer waits for its disclosure to be final; whoever has no script follows a link.

use axum::extract::Path;
use axum::response::{Html, IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hospital::pairs::{self, Pairs};
use maud::{Markup, html};
use serde_json::Value;

use super::banner;
use super::entry;
use super::sheet::{self, Tab};
use crate::date;
use crate::record::text;
use crate::trouble::Trouble;
use crate::visit::Visit;

/// Items of one organisation on a page.
const PAGE: usize = 25;
/// The header by which htmx names itself.
const BY_SCRIPT: &str = "hx-request";

/// A record of another organisation.
pub(super) struct Sourced {
    pub(super) organisation: String,
    pub(super) resource: Value,
    /// Whether its proof came along.
    pub(super) proven: bool,
}

/// What is asked elsewhere: of all that granted, or in an emergency of one.
#[derive(Debug, Clone, Default)]
pub(super) struct Asked {
    /// The organisation whose glass was broken; empty: all that granted.
    glass: String,
}

/// What other organisations answered.
#[derive(Default)]
struct Answer {
    found: Vec<Sourced>,
    /// What went wrong, or must be known, in the words of the door.
    remarks: Vec<(bool, String)>,
}

impl Asked {
    pub(super) fn read(visit: &Visit) -> Self {
        let glass = visit.query("glass");
        Self {
            glass: if hospital::request::is_id(&glass) {
                glass
            } else {
                String::new()
            },
        }
    }

    fn pairs(&self, tab: Tab) -> Pairs {
        let mut query = vec![("tab".to_owned(), tab.name().to_owned())];
        if !self.glass.is_empty() {
            query.push(("glass".into(), self.glass.clone()));
        }
        query
    }

    /// The path of a part of the chart that asks the same.
    pub(super) fn path(&self, patient: &str, below: &str, tab: Tab) -> String {
        format!(
            "/portal/patients/{patient}{below}?{}",
            pairs::encode(&self.pairs(tab))
        )
    }

    /// The question to the door.
    fn question(&self, patient: &str, tab: Tab) -> String {
        let mut query: Pairs = Vec::new();
        if self.glass.is_empty() {
            query.push(("_source".into(), "all".into()));
        } else {
            query.push(("_source".into(), self.glass.clone()));
            query.push(("_purpose".into(), "BTG".into()));
        }
        if !tab.types().is_empty() {
            let types = [&["AllergyIntolerance", "Condition"], tab.types()].concat();
            query.push(("_type".into(), types.join(",")));
        }
        format!(
            "/fhir/Patient/{patient}/$everything?{}",
            pairs::encode(&query)
        )
    }
}

/// The banner of a broken glass. Whether it is open is known here from its answer alone: an address
/// that merely says so is told as what it asks for.
pub(super) fn glass(visit: &Visit, patient: &str, asked: &Asked) -> Markup {
    let until = visit.portal.shelf.opening(visit, patient, &asked.glass);
    html! {
        @if let Some(until) = until {
            div.alarm.glass role="status" {
                p { strong { (visit.tell("glass-open", &[("organisation", &asked.glass)])) } }
                p { (visit.tell("glass-open-until", &[("when", &date::moment(visit.language,
                    &until))])) }
                p { (visit.say("glass-open-hint")) }
            }
        } @else if !asked.glass.is_empty() {
            div.alarm.glass role="status" {
                p { strong { (visit.tell("glass-asked", &[("organisation", &asked.glass)])) } }
                p { (visit.say("glass-asked-hint")) }
            }
        }
    }
}

/// The place where the records from elsewhere will stand.
pub(super) fn promise(visit: &Visit, patient: &str, tab: Tab, asked: &Asked) -> Markup {
    let path = asked.path(patient, "/elsewhere", tab);
    html! {
        section id="elsewhere" aria-labelledby="elsewhere-title" aria-busy="true"
            hx-get=(path) hx-trigger="load" hx-swap="outerHTML" {
            h2 id="elsewhere-title" { (visit.say("elsewhere-title")) }
            p.soft { (visit.say("elsewhere-asking")) }
            p { a href=(path) { (visit.say("elsewhere-link")) } }
        }
    }
}

/// `GET /portal/patients/{id}/elsewhere?tab=&glass=`: for htmx a part of a page, else a page.
pub(super) async fn show(visit: Visit, Path(id): Path<String>) -> Result<Response, Trouble> {
    super::reader_of(&visit, &id)?;
    let tab = Tab::of(&visit);
    let asked = Asked::read(&visit);
    let answer = match visit.get(&asked.question(&id, tab)).await {
        Ok(bundle) => read(&visit, &bundle),
        // The rest of the page stands: what failed is told in its place.
        Err(Trouble::Refused(refusal)) => Answer {
            remarks: vec![(true, refusal.text.clone())],
            ..Answer::default()
        },
        Err(trouble) => return Err(trouble),
    };
    let part = part(&visit, &id, tab, &asked, &answer);
    if visit.parts.headers.contains_key(BY_SCRIPT) {
        let in_sight = html! {
            p id="banner-elsewhere" hx-swap-oob="true" { (in_banner(&visit, &answer)) }
        };
        return Ok(Html(html! { (part) (in_sight) }.into_string()).into_response());
    }
    let chart = banner::read(&visit, &id, &["AllergyIntolerance"]).await?;
    let name = banner::called(&visit, &chart.patient);
    let content = html! {
        (banner::banner(&visit, &chart, false))
        p.back { a href=(asked.path(&id, "", tab)) { (visit.say("chart-back")) } }
        h1 { (visit.tell("chart-title", &[("name", &name)])) }
        (glass(&visit, &id, &asked))
        (part)
    };
    Ok(visit.page(&name, &content))
}

/// Takes an answer apart: each record comes before its Provenance.
fn read(visit: &Visit, bundle: &Value) -> Answer {
    let mut answer = Answer::default();
    for entry in bundle["entry"].as_array().into_iter().flatten() {
        let resource = &entry["resource"];
        match text(resource, "/resourceType") {
            "OperationOutcome" => {
                for issue in resource["issue"].as_array().into_iter().flatten() {
                    let bad = issue["severity"] == "error" || issue["code"] == "too-costly";
                    let words = match text(issue, "/details/text") {
                        "" => text(issue, "/diagnostics"),
                        words => words,
                    };
                    answer.remarks.push((bad, words.to_owned()));
                }
            }
            "Provenance" if is_of(resource, answer.found.last()) => {
                if let Some(last) = answer.found.last_mut() {
                    prove(visit, last, resource);
                }
            }
            // A Provenance that is a record itself comes before its own.
            _ => answer.found.push(Sourced {
                organisation: String::new(),
                resource: resource.clone(),
                proven: false,
            }),
        }
    }
    answer
        .found
        .retain(|it| sheet::is_of_timeline(&it.resource));
    answer
}

/// Whether a Provenance names this version of this record as its target.
fn is_of(provenance: &Value, record: Option<&Sourced>) -> bool {
    let target = text(provenance, "/target/0/reference");
    record.is_some_and(|it| target.ends_with(&format!("/{}", version(&it.resource))))
}

/// `Type/id/_history/version`
fn version(resource: &Value) -> String {
    let (type_, id, version) = crate::record::reference(resource);
    format!("{type_}/{id}/_history/{version}")
}

/// Names the custodian and puts the proof by, if one came.
fn prove(visit: &Visit, record: &mut Sourced, provenance: &Value) {
    let who = text(provenance, "/agent/0/who/reference");
    let who = who.strip_prefix("Organization/").unwrap_or(who);
    who.clone_into(&mut record.organisation);
    let receipt = STANDARD.decode(text(provenance, "/signature/0/data"));
    let receipt = receipt.ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let Some(receipt) = receipt.filter(|it| !it.is_empty()) else {
        return;
    };
    // A record is written by the same printer at its home: printed again it is the same bytes,
    // which
    // the browser holds against the receipt.
    let Ok(bytes) = serde_json::to_vec(&record.resource) else {
        return;
    };
    let reference = version(&record.resource);
    let shelf = &visit.portal.shelf;
    shelf.keep(visit, &record.organisation, &reference, receipt, bytes);
    record.proven = true;
}

fn part(visit: &Visit, patient: &str, tab: Tab, asked: &Asked, answer: &Answer) -> Markup {
    let mut organisations: Vec<&str> = answer
        .found
        .iter()
        .map(|it| it.organisation.as_str())
        .collect();
    organisations.sort_unstable();
    organisations.dedup();
    html! {
        section id="elsewhere" aria-labelledby="elsewhere-title" {
            h2 id="elsewhere-title" { (visit.say("elsewhere-title")) }
            @for (bad, words) in &answer.remarks {
                div.alarm[*bad].note[!*bad] role=[bad.then_some("alert")] {
                    @if *bad { p { strong { (visit.say("elsewhere-missing")) } } }
                    p { q lang="en" { (words) } }
                }
            }
            @if organisations.is_empty() {
                p { (visit.say("elsewhere-none")) }
                p { a href={ "/portal/patients/" (patient) "/reach" } { (visit.say("act-reach")) } }
            }
            @for organisation in organisations {
                (of_one(visit, organisation, tab, answer))
            }
            @if !answer.found.is_empty() {
                p.soft {
                    (visit.say("elsewhere-logged")) " "
                    a href=(asked.path(patient, "/elsewhere", tab)) {
                        (visit.say("elsewhere-alone")) }
                }
            }
        }
    }
}

/// What one organisation released.
fn of_one(visit: &Visit, organisation: &str, tab: Tab, answer: &Answer) -> Markup {
    let records: Vec<&Sourced> = answer
        .found
        .iter()
        .filter(|it| it.organisation == organisation)
        .collect();
    let all = || records.iter().map(|it| &it.resource);
    let groups: Vec<(&str, Vec<&Value>)> = match tab {
        Tab::Summary => vec![
            ("problems", banner::problems(all())),
            ("allergies", banner::allergies(all())),
            ("medicines", sheet::medicines(all())),
            (
                "vitals",
                latest(visit, all().filter(|it| sheet::is_vital(it)).collect()),
            ),
        ],
        Tab::Timeline => vec![("timeline", all().collect())],
        Tab::Labs => vec![("labs", sheet::labs(all()))],
        Tab::Visits => {
            let of = |it: &&Value| matches!(text(it, "/resourceType"), "Encounter" | "Procedure");
            vec![("visits", all().filter(of).collect())]
        }
    };
    let sourced = |resource: &Value| {
        records
            .iter()
            .find(|it| std::ptr::eq(&raw const it.resource, resource))
    };
    html! {
        h3 { (organisation) }
        @for (key, items) in groups {
            h4 { (visit.say(&format!("chart-{key}"))) }
            @if items.is_empty() { p { (visit.say(&format!("chart-{key}-none"))) } }
            @else {
                ul.lines {
                    @for resource in sheet::newest(visit, items.clone()).into_iter().take(PAGE) {
                        @if let Some(sourced) = sourced(resource) {
                            li { (entry::of_another(visit, sourced)) }
                        }
                    }
                }
                @if items.len() > PAGE {
                    p { (visit.tell("chart-over", &[("count", &(items.len() - PAGE).to_string())]))
                        }
                }
            }
        }
    }
}

/// The newest of each code.
fn latest<'a>(visit: &Visit, records: Vec<&'a Value>) -> Vec<&'a Value> {
    let mut seen: Vec<&str> = Vec::new();
    let mut kept = Vec::new();
    for resource in sheet::newest(visit, records) {
        let code = crate::record::concept(&resource["code"]);
        if !seen.contains(&code) {
            seen.push(code);
            kept.push(resource);
        }
    }
    kept
}

/// What the banner says of elsewhere: allergies and problems, never less than was asked.
fn in_banner(visit: &Visit, answer: &Answer) -> Markup {
    let all = || answer.found.iter().map(|it| &it.resource);
    let (allergies, problems) = (banner::allergies(all()), banner::problems(all()));
    let failed = answer.remarks.iter().any(|(bad, _)| *bad);
    let nothing = allergies.is_empty() && problems.is_empty();
    html! {
        span.mark.quiet { (visit.say("banner-elsewhere")) } " "
        @if failed { strong { (visit.say("banner-elsewhere-failed")) } " " }
        // Where somebody did not answer, nobody knows that there is nothing.
        @else if nothing { (visit.say("banner-elsewhere-none")) }
        @if !allergies.is_empty() {
            span.mark { (visit.say("banner-allergies")) } " "
            (banner::named(visit, &allergies, allergies.len())) " "
        }
        @if !problems.is_empty() {
            span.mark.quiet { (visit.say("banner-problems")) } " "
            (banner::named(visit, &problems, 6))
        }
    }
}
