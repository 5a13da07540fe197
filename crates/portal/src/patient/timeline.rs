//! The record in time, each item with its seal, and one item with all that it says.

use axum::extract::Path;
use axum::response::Response;
use maud::{Markup, html};
use serde_json::Value;

use crate::record::{Line, kind, line, reference, text};
use crate::stretch;
use crate::trouble::Trouble;
use crate::visit::Visit;
use crate::{date, narrative, seal};

/// Items of a page.
const PAGE: usize = 25;
/// `GET /portal/record?kind=&until=&page=`
pub(crate) async fn show(visit: Visit) -> Result<Response, Trouble> {
    let patient = visit.patient()?;
    let wanted = visit.query("kind");
    let until = stretch::asked(&visit);
    let mut read = stretch::read(&visit, patient, stretch::TIMELINE, until).await?;
    let mut kinds: Vec<&str> = read.all.iter().map(type_of).filter_map(known).collect();
    // Of one kind alone more years fit.
    if let Some(kind) = known(&wanted) {
        kinds.push(kind);
        if read.from.is_some() {
            read = stretch::read(&visit, patient, kind, until).await?;
        }
    }
    kinds.sort_unstable();
    kinds.dedup();
    let mut items: Vec<(Line, &Value)> = read
        .all
        .iter()
        .filter(|it| wanted.is_empty() || type_of(it) == wanted)
        .filter(|it| type_of(it) != "Patient")
        .map(|it| (line(visit.language, it), it))
        .collect();
    items.sort_by(|a, b| b.0.when.cmp(&a.0.when));
    let pages = items.len().div_ceil(PAGE).max(1);
    let page = visit
        .query("page")
        .parse::<usize>()
        .unwrap_or(1)
        .clamp(1, pages);
    let shown = items.iter().skip((page - 1) * PAGE).take(PAGE);
    let year = until.map_or_else(String::new, |year| year.to_string());
    let title = visit.say("way-record");
    let content = html! {
        h1 { (title) }
        p.lead { (visit.say("record-lead")) }
        (filter(&visit, &kinds, &wanted, &year))
        (stretch::years(&visit, &read, ("/portal/record", &[("kind", &wanted)]), until))
        @if items.is_empty() { p { (visit.say("record-none")) } }
        (seal::all(visit.language))
        ol.lines.timeline {
            @for (line, resource) in shown { li { (item(&visit, line, resource)) } }
        }
        (pager(&visit, "/portal/record", &[("kind", &wanted), ("until", &year)], page, pages))
    };
    Ok(visit.page(&title, &content))
}

fn type_of(resource: &Value) -> &str {
    text(resource, "/resourceType")
}

/// The type of this name, if a timeline has it.
fn known(name: &str) -> Option<&'static str> {
    stretch::TIMELINE.split(',').find(|type_| *type_ == name)
}

fn filter(visit: &Visit, kinds: &[&str], wanted: &str, until: &str) -> Markup {
    html! {
        form.filter method="get" action="/portal/record" {
            @if !until.is_empty() { input type="hidden" name="until" value=(until); }
            label for="kind" { (visit.say("record-kind")) }
            select id="kind" name="kind" {
                option value="" { (visit.say("record-kind-all")) }
                @for type_ in kinds {
                    option value=(type_) selected[*type_ == wanted] {
                        (kind(visit.language, type_)) }
                }
            }
            button.second type="submit" { (visit.say("record-show")) }
        }
    }
}

/// Links to the pages before and after.
pub(crate) fn pager(
    visit: &Visit,
    path: &str,
    keep: &[(&str, &str)],
    page: usize,
    pages: usize,
) -> Markup {
    let to = |page: usize| {
        let mut query: Vec<(String, String)> = keep
            .iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        query.push(("page".into(), page.to_string()));
        format!("{path}?{}", hospital::pairs::encode(&query))
    };
    html! {
        @if pages > 1 {
            nav.pager aria-label=(visit.say("pager")) {
                @if page > 1 { a href=(to(page - 1)) rel="prev" { (visit.say("pager-newer")) } }
                span { (visit.tell("pager-here", &[("page", &page.to_string()),
                    ("pages", &pages.to_string())])) }
                @if page < pages { a href=(to(page + 1)) rel="next" { (visit.say("pager-older")) } }
            }
        }
    }
}

/// An item of a list: kind, title, value, date, seal.
pub(crate) fn item(visit: &Visit, line: &Line, resource: &Value) -> Markup {
    let (type_, id, version) = reference(resource);
    html! {
        div.item {
            p.kind { (line.kind) " · " (date::day_stamp(visit.language, &line.when)) }
            p.title { a href={ "/portal/record/" (type_) "/" (id) } { (line.title) } }
            @if !line.value.is_empty() { p.value { (line.value) } }
            @if !line.status.is_empty() { p.tag { (status(visit, &line.status)) } }
            @if line.redacted { p.tag { (visit.say("record-redacted")) } }
            @if !line.redacted { (seal::seal(visit.language, type_, id, version)) }
        }
    }
}

fn status(visit: &Visit, code: &str) -> String {
    visit.language.coded("status", code)
}

/// `GET /portal/record/{type}/{id}`
pub(crate) async fn one(
    visit: Visit,
    Path((type_, id)): Path<(String, String)>,
) -> Result<Response, Trouble> {
    visit.patient()?;
    if !hospital::request::is_id(&type_) || !hospital::request::is_id(&id) {
        return Err(visit.absent());
    }
    let resource = visit.get(&format!("/fhir/{type_}/{id}")).await?;
    let line = line(visit.language, &resource);
    let title = line.title.clone();
    let (_, _, version) = reference(&resource);
    let said = |key: &str, words: &Markup| {
        html! { div { dt { (visit.say(key)) } dd { (words) } } }
    };
    let stored = text(&resource, "/meta/lastUpdated");
    let content = html! {
        p.back { a href="/portal/record" { (visit.say("record-back")) } }
        h1 { (title) }
        dl.facts {
            (said("record-kind", &html! { (line.kind) }))
            @if !line.value.is_empty() { (said("record-value", &html! { (line.value) })) }
            (said("record-when", &date::stamp(visit.language, &line.when)))
            @if !line.status.is_empty() { (said("record-status",
                &html! { (status(&visit, &line.status)) })) }
            (said("record-stored", &date::stamp(visit.language, stored)))
            (said("record-version", &html! { (version) }))
        }
        (seal::seal(visit.language, &type_, &id, version))
        (narrative::frame(&visit, &resource))
        details {
            summary { (visit.say("record-source")) }
            pre tabindex="0" { code {
                (serde_json::to_string_pretty(&resource).unwrap_or_default()) } }
        }
    };
    Ok(visit.page(&title, &content))
}
