//! A patient's chart: what is kept here at once, and what other organisations release beside it.

use axum::extract::Path;
use axum::response::Response;
use hospital::Role;
use maud::{Markup, html};
use serde_json::Value;

use super::banner::{self, Chart};
use super::elsewhere::{self, Asked};
use super::entry;
use crate::chart;
use crate::date;
use crate::record::{line, text};
use crate::seal;
use crate::stretch;
use crate::trouble::Trouble;
use crate::visit::Visit;

/// Items of a page of the timeline; other sections have as many at most.
const PAGE: usize = 25;

/// A part of the chart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tab {
    Summary,
    Timeline,
    Labs,
    Visits,
}

impl Tab {
    const ALL: [Self; 4] = [Self::Summary, Self::Timeline, Self::Labs, Self::Visits];

    pub(super) fn of(visit: &Visit) -> Self {
        let asked = visit.query("tab");
        let found = Self::ALL.into_iter().find(|tab| tab.name() == asked);
        found.unwrap_or(Self::Summary)
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Summary => "summary",
            Self::Timeline => "timeline",
            Self::Labs => "labs",
            Self::Visits => "visits",
        }
    }

    /// The types of records that it is made of; none: all.
    pub(super) fn types(self) -> &'static [&'static str] {
        match self {
            Self::Summary => &["MedicationRequest", "MedicationStatement", "Observation"],
            Self::Timeline => &[],
            Self::Labs => &["Observation", "DiagnosticReport"],
            Self::Visits => &["Encounter", "Procedure"],
        }
    }
}

/// `GET /portal/patients/{id}?tab=&page=&saved=`
pub(super) async fn show(visit: Visit, Path(id): Path<String>) -> Result<Response, Trouble> {
    super::reader_of(&visit, &id)?;
    let tab = Tab::of(&visit);
    let asked = Asked::read(&visit);
    let until = stretch::asked(&visit).filter(|_| tab == Tab::Timeline);
    let chart = banner::read_until(&visit, &id, tab.types(), until).await?;
    let name = banner::called(&visit, &chart.patient);
    let content = html! {
        (banner::banner(&visit, &chart, true))
        h1 { (visit.tell("chart-title", &[("name", &name)])) }
        (saved(&visit, &id))
        (elsewhere::glass(&visit, &id, &asked))
        (acts(&visit, &id))
        (tabs(&visit, &id, &asked, tab.name()))
        @if tab == Tab::Timeline { (years(&visit, &chart, until)) }
        @else { (stretch::note(&visit, &chart.read)) }
        section aria-labelledby="here" {
            h2 id="here" { (visit.tell("chart-here", &[("organisation", visit.organisation())])) }
            (sections(&visit, &chart, tab))
        }
        (elsewhere::promise(&visit, &id, tab, &asked))
    };
    Ok(visit.page(&name, &content))
}

/// The years of a large record that the timeline shows.
fn years(visit: &Visit, chart: &Chart, until: Option<i32>) -> Markup {
    let path = format!("/portal/patients/{}", chart.id);
    stretch::years(visit, &chart.read, (&path, &[("tab", "timeline")]), until)
}

/// What can be done for this patient.
fn acts(visit: &Visit, id: &str) -> Markup {
    let act = |path: &str, key: &str| {
        html! { li { a href={ "/portal/patients/" (id) "/" (path) } { (visit.say(key)) } } }
    };
    html! {
        nav.acts aria-label=(visit.say("chart-acts")) {
            ul {
                @if visit.role() == Role::Clinician {
                    (act("note", "act-note"))
                    (act("measure", "act-measure"))
                }
                (act("prescribe", "act-prescribe"))
                (act("reach", "act-reach"))
            }
        }
    }
}

/// The parts of the chart, with that of trends.
pub(super) fn tabs(visit: &Visit, id: &str, asked: &Asked, here: &str) -> Markup {
    let tab = |name: &str, path: String| {
        html! {
            li { a href=(path) aria-current=[(name == here).then_some("page")] {
                (visit.say(&format!("tab-{name}")))
            } }
        }
    };
    html! {
        nav.tabs aria-label=(visit.say("chart-tabs")) {
            ul {
                @for one in Tab::ALL { (tab(one.name(), asked.path(id, "", one))) }
                (tab("trends", format!("/portal/patients/{id}/trends")))
            }
        }
    }
}

/// What was just written, with its seal.
fn saved(visit: &Visit, patient: &str) -> Markup {
    let saved = visit.query("saved");
    let parts: Vec<&str> = saved.split('/').collect();
    let [type_, id, version] = parts.as_slice() else {
        return html! {};
    };
    if !parts.iter().all(|part| hospital::request::is_id(part)) {
        return html! {};
    }
    html! {
        div.done role="status" {
            p {
                (visit.say("chart-saved")) " "
                a href={ "/portal/patients/" (patient) "/records/" (type_) "/" (id) } {
                    (visit.say("chart-saved-see"))
                }
            }
            (seal::seal(visit.language, type_, id, version))
        }
    }
}

/// A section of a chart with at most so many items.
fn section(visit: &Visit, chart: &Chart, key: &str, items: &[&Value]) -> Markup {
    html! {
        h3 { (visit.say(&format!("chart-{key}"))) }
        @if items.is_empty() { p { (visit.say(&format!("chart-{key}-none"))) } }
        @else {
            ul.lines {
                @for resource in items.iter().take(PAGE) {
                    li { (entry::own(visit, &chart.id, resource)) }
                }
            }
            @if items.len() > PAGE {
                p { (visit.tell("chart-over", &[("count", &(items.len() - PAGE).to_string())])) }
            }
        }
    }
}

fn sections(visit: &Visit, chart: &Chart, tab: Tab) -> Markup {
    let all = || chart.read.all.iter();
    match tab {
        Tab::Summary => html! {
            (section(visit, chart, "problems", &newest(visit, banner::problems(all()))))
            (section(visit, chart, "allergies", &newest(visit, banner::allergies(all()))))
            (section(visit, chart, "medicines", &newest(visit, medicines(all()))))
            h3 { (visit.say("chart-vitals")) }
            (vitals(visit, chart))
        },
        Tab::Timeline => timeline(visit, chart),
        Tab::Labs => html! {
            (section(visit, chart, "labs", &newest(visit, labs(all()))))
        },
        Tab::Visits => {
            let visits = all()
                .filter(|it| is_one_of(it, &["Encounter", "Procedure"]))
                .collect();
            html! { (section(visit, chart, "visits", &newest(visit, visits))) }
        }
    }
}

/// The newest first.
pub(super) fn newest<'a>(visit: &Visit, mut records: Vec<&'a Value>) -> Vec<&'a Value> {
    records.sort_by_cached_key(|it| std::cmp::Reverse(line(visit.language, it).when));
    records
}

fn is_one_of(resource: &Value, types: &[&str]) -> bool {
    types.contains(&text(resource, "/resourceType"))
}

/// Medicines that are taken now.
pub(super) fn medicines<'a>(of: impl Iterator<Item = &'a Value>) -> Vec<&'a Value> {
    of.filter(|it| is_one_of(it, &["MedicationRequest", "MedicationStatement"]))
        .filter(|it| {
            matches!(
                text(it, "/status"),
                "active" | "on-hold" | "intended" | "unknown"
            )
        })
        .collect()
}

/// Values and reports of laboratories.
pub(super) fn labs<'a>(of: impl Iterator<Item = &'a Value>) -> Vec<&'a Value> {
    of.filter(|it| {
        it["resourceType"] == "DiagnosticReport"
            || (it["resourceType"] == "Observation" && !is_vital(it))
    })
    .collect()
}

pub(super) fn is_vital(resource: &Value) -> bool {
    let all = resource["category"].as_array().into_iter().flatten();
    let codings = all.flat_map(|it| it["coding"].as_array().into_iter().flatten());
    codings.into_iter().any(|it| it["code"] == "vital-signs")
}

/// The newest of each vital sign, with how it was before.
fn vitals(visit: &Visit, chart: &Chart) -> Markup {
    let trends = chart::trends(chart.read.all.iter().filter(|it| is_vital(it)));
    html! {
        @if trends.is_empty() { p { (visit.say("chart-vitals-none")) } }
        @else {
            ul.cards {
                @for trend in &trends {
                    li {
                        h4 { (trend.name) }
                        p {
                            strong { (trend.last(visit.language)) } " "
                            span.soft { (date::day_stamp(visit.language, trend.last_when())) }
                        }
                        (chart::spark(visit.language, trend))
                    }
                }
            }
            p { a href={ "/portal/patients/" (chart.id) "/trends" } {
                (visit.say("chart-trends-all")) } }
        }
    }
}

/// What the timeline leaves to pages of its own.
pub(super) fn is_of_timeline(resource: &Value) -> bool {
    !is_one_of(resource, &["AuditEvent", "Provenance", "Patient"])
}

fn timeline(visit: &Visit, chart: &Chart) -> Markup {
    let all = chart
        .read
        .all
        .iter()
        .filter(|it| is_of_timeline(it))
        .collect();
    let items = newest(visit, all);
    let pages = items.len().div_ceil(PAGE).max(1);
    let page = visit
        .query("page")
        .parse::<usize>()
        .unwrap_or(1)
        .clamp(1, pages);
    let shown = items.iter().skip((page - 1) * PAGE).take(PAGE);
    let path = format!("/portal/patients/{}", chart.id);
    html! {
        @if items.is_empty() { p { (visit.say("record-none")) } }
        (seal::all(visit.language))
        ol.lines.timeline { @for resource in shown { li { (entry::own(visit, &chart.id, resource))
            } } }
        (crate::patient::pager(visit, &path,
            &[("tab", "timeline"), ("until", &visit.query("until"))], page, pages))
    }
}
