//! One request: what is asked, the decision, and the dataset.

use axum::extract::Path;
use axum::http::{HeaderValue, Method, header};
use axum::response::{IntoResponse, Response};
use hospital::Role;
use maud::{Markup, html};
use serde_json::{Value, json};

use super::{HOME, cohort, looks, researcher};
use crate::date;
use crate::form::{self, Faults};
use crate::pharmacy::said;
use crate::record::text;
use crate::trouble::Trouble;
use crate::visit::{Filled, Visit};

/// `GET /portal/research/requests/{id}?done=`
pub(super) async fn show(visit: Visit, Path(id): Path<String>) -> Result<Response, Trouble> {
    page(&visit, &id, "", &Faults::default(), "").await
}

async fn page(
    visit: &Visit,
    id: &str,
    given: &str,
    faults: &Faults,
    words: &str,
) -> Result<Response, Trouble> {
    looks(visit)?;
    if !hospital::request::is_id(id) {
        return Err(visit.absent());
    }
    let one = visit.get(&format!("/research/requests/{id}")).await?;
    let state = text(&one, "/state");
    let title = visit.say("research-request");
    let content = html! {
        p.back { a href=(HOME) { (visit.say("research-back")) } }
        (faults.summary(visit))
        h1 { (title) }
        (said(visit, words))
        @match visit.query("done").as_str() {
            "asked" => { div.done role="status" { p { (visit.say("research-done-asked")) } } }
            "decided" => { div.done role="status" { p { (visit.say("research-done-decided")) } } }
            _ => {}
        }
        (facts(visit, &one))
        @if visit.role() == Role::Auditor {
            @if state == "asked" { (decision_form(visit, id, given, faults)) }
        } @else if state == "approved" {
            h2 { (visit.say("research-dataset")) }
            p { (visit.say("research-dataset-about")) }
            (form::button(visit, &format!("{HOME}/requests/{id}/dataset"), "",
                &visit.say("research-dataset-go"), &[]))
            p.hint { (visit.say("research-dataset-verify")) }
        } @else if state == "asked" { p { (visit.say("research-waits")) } }
    };
    Ok(visit.page(&title, &content))
}

fn facts(visit: &Visit, one: &Value) -> Markup {
    let decided = &one["decided"];
    let elements = one["elements"].as_array().into_iter().flatten();
    let elements: Vec<String> = elements
        .filter_map(Value::as_str)
        .map(|it| visit.language.coded("research-element", it))
        .collect();
    html! {
        div.card { p.said { (text(one, "/purpose")) } }
        dl.facts {
            div { dt { (visit.say("research-state")) }
                dd { (visit.language.coded("research-state", text(one, "/state"))) } }
            div { dt { (visit.say("research-by")) }
                dd { (text(one, "/by")) ", " (date::stamp(visit.language, text(one, "/asked"))) } }
            div { dt { (visit.say("research-approval")) } dd { (text(one, "/approval")) } }
            div { dt { (visit.say("research-elements")) } dd { (elements.join(", ")) } }
        }
        h2 { (visit.say("research-cohort")) }
        (cohort::words(visit, &one["cohort"]))
        @if decided.is_object() {
            h2 { (visit.say("research-decision")) }
            div.card {
                p.said { (text(decided, "/text")) }
                p.soft { (text(decided, "/by")) ", "
                    (date::stamp(visit.language, text(decided, "/at"))) }
            }
        }
    }
}

fn decision_form(visit: &Visit, id: &str, given: &str, faults: &Faults) -> Markup {
    html! {
        h2 { (visit.say("research-decide")) }
        p { (visit.say("research-decide-about")) }
        (form::form(visit, &format!("{HOME}/requests/{id}"), &html! {
            (form::area("text", &visit.say("research-why"), &visit.say("research-why-about"),
                given, faults))
            button type="submit" name="decision" value="approve" {
                (visit.say("research-approve")) } " "
            button.warn type="submit" name="decision" value="refuse" {
                (visit.say("research-refuse")) }
        }))
    }
}

/// `POST /portal/research/requests/{id}`
pub(super) async fn decide(Path(id): Path<String>, filled: Filled) -> Result<Response, Trouble> {
    let visit = &filled.visit;
    looks(visit)?;
    if !hospital::request::is_id(&id) {
        return Err(visit.absent());
    }
    let words = filled.get("text").replace("\r\n", "\n");
    let mut faults = Faults::default();
    if words.is_empty() {
        faults.add("text", visit.say("research-fault-why"));
        return page(visit, &id, &words, &faults, "").await;
    }
    let body = json!({ "decision": filled.get("decision"), "text": words });
    let path = format!("/research/requests/{id}/decision");
    match visit.post(&path, &body).await {
        Ok(_) => Ok(Visit::go(&format!("{HOME}/requests/{id}?done=decided"))),
        Err(trouble) => match trouble.words() {
            Some(said) => {
                let said = said.to_owned();
                faults.add("", visit.say("research-fault-act"));
                page(visit, &id, &words, &faults, &said).await
            }
            None => Err(trouble),
        },
    }
}

/// `POST /portal/research/requests/{id}/dataset`: the dataset as a file. It is a form, because each
/// patient in it is told.
pub(super) async fn download(Path(id): Path<String>, filled: Filled) -> Result<Response, Trouble> {
    let visit = &filled.visit;
    researcher(visit)?;
    if !hospital::request::is_id(&id) {
        return Err(visit.absent());
    }
    let path = format!("/research/requests/{id}/dataset");
    let bytes = match visit.ask(Method::GET, &path, None).await {
        Ok((_, bytes)) => bytes,
        Err(trouble) => match trouble.words() {
            Some(said) => {
                let said = said.to_owned();
                let mut faults = Faults::default();
                faults.add("", visit.say("research-fault-dataset"));
                return page(visit, &id, "", &faults, &said).await;
            }
            None => return Err(trouble),
        },
    };
    let mut response = bytes.into_response();
    let headers = response.headers_mut();
    let media = HeaderValue::from_static("application/x-ndjson");
    headers.insert(header::CONTENT_TYPE, media);
    let name = format!("attachment; filename=\"research-{id}.ndjson\"");
    if let Ok(name) = HeaderValue::from_str(&name) {
        headers.insert(header::CONTENT_DISPOSITION, name);
    }
    Ok(response)
}
