//! Writing into a record: a note, a measurement, a prescription. Each goes through the door as any
//! record does; what the door refuses stands at the form, with everything that was filled in.

pub(super) mod measure;
pub(super) mod note;
pub(super) mod prescribe;

use axum::response::Response;
use maud::{Markup, html};
use serde_json::{Value, json};

use super::banner;
use crate::form::{self, Faults};
use crate::record::{reference, text};
use crate::trouble::Trouble;
use crate::visit::Visit;

/// A page with a form about a patient.
async fn page(
    visit: &Visit,
    id: &str,
    act: &str,
    faults: &Faults,
    fields: &Markup,
) -> Result<Response, Trouble> {
    let chart = banner::read(visit, id, &["AllergyIntolerance"]).await?;
    let title = visit.say(&format!("act-{act}"));
    let content = html! {
        (banner::banner(visit, &chart, false))
        p.back { a href={ "/portal/patients/" (id) } { (visit.say("chart-back")) } }
        (faults.summary(visit))
        h1 { (title) }
        (form::form(visit, &format!("/portal/patients/{id}/{act}"), &html! {
            (fields)
            button type="submit" { (visit.say(&format!("{act}-go"))) }
        }))
    };
    Ok(visit.page(&title, &content))
}

/// Stores a record and goes back to the chart; or the words of the door where it refused.
async fn store(
    visit: &Visit,
    id: &str,
    resource: &Value,
) -> Result<Result<Response, String>, Trouble> {
    let path = format!("/fhir/{}", text(resource, "/resourceType"));
    match visit.post(&path, resource).await {
        Ok(stored) => {
            let (type_, record, version) = reference(&stored);
            let saved = format!("{type_}/{record}/{version}");
            Ok(Ok(Visit::go(&format!(
                "/portal/patients/{id}?saved={saved}"
            ))))
        }
        Err(trouble) => match trouble.words() {
            Some(words) => Ok(Err(words.to_owned())),
            None => Err(trouble),
        },
    }
}

/// Now, as FHIR writes it.
fn now(visit: &Visit) -> String {
    hospital::instant::fhir(visit.portal.inside.hospital().now_us())
}

/// Who writes, by the name of the user: the record of a practitioner may not be here.
fn writer(visit: &Visit) -> Value {
    let username = &visit.caller().username;
    json!({
        "identifier": { "system": "urn:salus:user", "value": username },
        "display": username,
    })
}

fn subject(id: &str) -> Value {
    json!({ "reference": format!("Patient/{id}") })
}
