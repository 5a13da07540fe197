//! Finding a patient: by name, by birth date, by the number on a card.

use axum::response::Response;
use hospital::pairs::{self, Pairs};
use maud::{Markup, html};
use serde_json::Value;

use super::banner;
use crate::date;
use crate::form::{Faults, Line};
use crate::record::{self, records, text};
use crate::trouble::Trouble;
use crate::visit::Visit;

/// Patients of a page.
const PAGE: usize = 20;

/// What somebody looks for.
struct Wish {
    name: String,
    born: String,
    number: String,
}

impl Wish {
    fn read(visit: &Visit) -> Self {
        Self {
            name: visit.query("name"),
            born: visit.query("born"),
            number: visit.query("number"),
        }
    }

    fn is_empty(&self) -> bool {
        self.name.is_empty() && self.born.is_empty() && self.number.is_empty()
    }

    /// As search parameters of R4. Commas and bars that a person typed are part of a name.
    fn query(&self) -> Pairs {
        let fields = [
            ("name", &self.name),
            ("birthdate", &self.born),
            ("identifier", &self.number),
        ];
        let asked = fields.into_iter().filter(|(_, value)| !value.is_empty());
        let mut query: Pairs = asked
            .map(|(name, value)| (name.to_owned(), plain(value)))
            .collect();
        query.push(("_count".into(), PAGE.to_string()));
        query
    }

    /// As parameters of this page.
    fn kept(&self) -> Pairs {
        let fields = [
            ("name", &self.name),
            ("born", &self.born),
            ("number", &self.number),
        ];
        let kept = fields.into_iter().filter(|(_, value)| !value.is_empty());
        kept.map(|(name, value)| (name.to_owned(), value.clone()))
            .collect()
    }
}

/// A value in which no sign means something else. FHIR R4 3.1.1.5.7.
pub(super) fn plain(value: &str) -> String {
    let mut plain = String::with_capacity(value.len());
    for letter in value.chars() {
        if matches!(letter, '\\' | ',' | '|' | '$') {
            plain.push('\\');
        }
        plain.push(letter);
    }
    plain
}

/// `GET /portal` for clinicians and pharmacists: `name`, `born`, `number`, `page`.
pub(crate) async fn show(visit: Visit) -> Result<Response, Trouble> {
    super::reader(&visit)?;
    let wish = Wish::read(&visit);
    let mut faults = Faults::default();
    let mut found = None;
    if !wish.is_empty() {
        match find(&visit, &wish).await {
            Ok(bundle) => found = Some(bundle),
            Err(trouble) if trouble.words().is_some() => {
                faults.add("born", visit.say("patients-fault-born"));
            }
            Err(trouble) => return Err(trouble),
        }
    }
    let title = visit.say("way-patients");
    let content = html! {
        (faults.summary(&visit))
        h1 { (title) }
        (form(&visit, &wish, &faults))
        @if let Some(bundle) = &found { (results(&visit, &wish, bundle)) }
        @if super::is_clinician(&visit) {
            h2 { (visit.say("patients-new-title")) }
            p { a.button.second href="/portal/patients/new" { (visit.say("patients-new")) } }
        }
    };
    Ok(visit.page(&title, &content))
}

async fn find(visit: &Visit, wish: &Wish) -> Result<Value, Trouble> {
    let page = visit.query("page");
    let mut query = wish.query();
    if !page.is_empty() {
        query.push(("_page".to_owned(), page));
    }
    let bundle = visit
        .get(&format!("/fhir/Patient?{}", pairs::encode(&query)))
        .await?;
    let only_number = wish.name.is_empty() && wish.born.is_empty();
    if only_number && records(&bundle).next().is_none() && hospital::request::is_id(&wish.number) {
        // The number of the record itself, as each page of it shows it.
        let query = pairs::encode(&[("_id".into(), wish.number.clone())]);
        return visit.get(&format!("/fhir/Patient?{query}")).await;
    }
    Ok(bundle)
}

fn form(visit: &Visit, wish: &Wish, faults: &Faults) -> Markup {
    let line = |name, kind, value| Line {
        name,
        kind,
        label: visit.say(&format!("patients-{name}")),
        hint: visit.say(&format!("patients-{name}-hint")),
        value,
        autocomplete: "off",
    };
    html! {
        form method="get" action="/portal" role="search" aria-label=(visit.say("patients-search")) {
            div.columns {
                (line("name", "search", &wish.name).show(faults))
                (line("born", "date", &wish.born).show(faults))
                (line("number", "search", &wish.number).show(faults))
            }
            button type="submit" { (visit.say("patients-go")) }
        }
    }
}

fn results(visit: &Visit, wish: &Wish, bundle: &Value) -> Markup {
    let found: Vec<&Value> = records(bundle)
        .filter(|it| it["resourceType"] == "Patient")
        .collect();
    let next = next(bundle);
    html! {
        h2 id="found" { (visit.say("patients-found")) }
        @if found.is_empty() { p role="status" { (visit.say("patients-none")) } }
        @else {
            p role="status" {
                @if next.is_some() { (visit.tell("patients-many", &[("count",
                    &found.len().to_string())])) }
                @else { (visit.tell("patients-count", &[("count", &found.len().to_string())])) }
            }
            (list(visit, &found))
        }
        @if let Some(next) = next {
            @let query = wish.kept().into_iter().chain([("page".to_owned(),
                next)]).collect::<Vec<_>>();
            nav.pager aria-label=(visit.say("pager")) {
                a href={ "/portal?" (pairs::encode(&query)) } rel="next" {
                    (visit.say("patients-more")) }
            }
        }
    }
}

/// The token of the next page of a bundle; it goes with the same query.
pub(super) fn next(bundle: &Value) -> Option<String> {
    let links = bundle["link"].as_array()?;
    let link = links.iter().find(|link| link["relation"] == "next")?;
    let (_, query) = link["url"].as_str()?.split_once('?')?;
    let query = pairs::decode(query)?;
    query
        .into_iter()
        .find(|(name, _)| name == "_page")
        .map(|(_, token)| token)
}

/// Patients as a list of links.
pub(super) fn list(visit: &Visit, found: &[&Value]) -> Markup {
    html! {
        ul.lines {
            @for patient in found {
                @let id = text(patient, "/id");
                li {
                    div.item {
                        p.title { a href={ "/portal/patients/" (id) } { (banner::called(visit,
                            patient)) } }
                        p {
                            @let born = text(patient, "/birthDate");
                            @if born.is_empty() { (visit.say("patient-born-unknown")) }
                            @else {
                                (visit.tell("patient-born", &[("when", &date::day(visit.language,
                                    born))]))
                                " · " (banner::age(visit, patient))
                            }
                            " · " (banner::sex(visit, patient))
                        }
                        p.soft { (banner::numbers(visit, patient)) }
                        @if !record::text(patient, "/managingOrganization/display").is_empty() {
                            p.soft { (record::text(patient, "/managingOrganization/display")) }
                        }
                    }
                }
            }
        }
    }
}
