//! Asking for a dataset.

use axum::response::Response;
use hospital::pairs;
use hospital::research::Element;
use maud::html;
use serde_json::json;

use super::cohort::{self, Wish};
use super::{HOME, researcher};
use crate::form::{self, Choice, Faults, Line};
use crate::record::text;
use crate::trouble::Trouble;
use crate::visit::{Filled, Visit};

/// What was filled in beside the cohort.
#[derive(Default)]
struct Given {
    purpose: String,
    approval: String,
    elements: Vec<String>,
}

/// `GET /portal/research/new`: the cohort may come with the address, from a count.
pub(super) async fn show(visit: Visit) -> Result<Response, Trouble> {
    researcher(&visit)?;
    let query = pairs::decode(visit.parts.uri.query().unwrap_or("")).unwrap_or_default();
    let wish = Wish::read(&query);
    Ok(page(&visit, &wish, &Given::default(), &Faults::default()))
}

fn page(visit: &Visit, wish: &Wish, given: &Given, faults: &Faults) -> Response {
    let elements: Vec<Choice> = Element::ALL
        .iter()
        .map(|it| {
            let words = visit.language.coded("research-element", it.word());
            (it.word().to_owned(), words, String::new())
        })
        .collect();
    let chosen: Vec<&str> = given.elements.iter().map(String::as_str).collect();
    let approval = Line {
        name: "approval",
        kind: "text",
        label: visit.say("research-approval"),
        hint: visit.say("research-approval-about"),
        value: &given.approval,
        autocomplete: "off",
    };
    let title = visit.say("research-ask-title");
    let content = html! {
        p.back { a href=(HOME) { (visit.say("research-back")) } }
        (faults.summary(visit))
        h1 { (title) }
        p.lead { (visit.say("research-ask-lead")) }
        h2 { (visit.say("research-cohort")) }
        (cohort::words(visit, &wish.cohort()))
        p { a href={ "/portal/research/counts?" (wish.query()) } {
            (visit.say("research-other-cohort")) } }
        (form::form(visit, "/portal/research/new", &html! {
            (wish.hidden())
            (form::area("purpose", &visit.say("research-purpose"),
                &visit.say("research-purpose-about"), &given.purpose, faults))
            (approval.show(faults))
            (form::choices("elements", "checkbox", &visit.say("research-elements"),
                &visit.say("research-elements-about"), &elements, &chosen, faults))
            button type="submit" { (visit.say("research-ask-go")) }
        }))
    };
    visit.page(&title, &content)
}

/// `POST /portal/research/new`
pub(super) async fn send(filled: Filled) -> Result<Response, Trouble> {
    let visit = &filled.visit;
    researcher(visit)?;
    let wish = Wish::read(&filled.form);
    let given = Given {
        // A form sends lines with a carriage return.
        purpose: filled.get("purpose").replace("\r\n", "\n"),
        approval: filled.get("approval").to_owned(),
        elements: filled
            .all("elements")
            .into_iter()
            .map(str::to_owned)
            .collect(),
    };
    let mut faults = Faults::default();
    if given.purpose.is_empty() {
        faults.add("purpose", visit.say("research-fault-purpose"));
    }
    if given.approval.is_empty() {
        faults.add("approval", visit.say("research-fault-approval"));
    }
    if given.elements.is_empty() {
        faults.add("elements", visit.say("research-fault-elements"));
    }
    if faults.is_empty() {
        let body = json!({ "purpose": given.purpose, "approval": given.approval,
            "cohort": wish.cohort(), "elements": given.elements });
        match visit.post("/research/requests", &body).await {
            Ok(asked) => {
                let id = text(&asked, "/id");
                return Ok(Visit::go(&format!("{HOME}/requests/{id}?done=asked")));
            }
            Err(trouble) => match trouble.words() {
                Some(said) => faults.add("", said.to_owned()),
                None => return Err(trouble),
            },
        }
    }
    Ok(page(visit, &wish, &given, &faults))
}
