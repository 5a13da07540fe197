//! Other organisations: those that know the same patient, a code for one, a code from one, and who
//! asks for access.

use axum::Router;
use axum::response::Response;
use axum::routing::{get, post};
use maud::{Markup, html};
use serde_json::{Value, json};

use crate::Portal;
use crate::date;
use crate::form::{self, Faults, Line};
use crate::record::text;
use crate::trouble::Trouble;
use crate::visit::{Filled, Visit};

/// The routes of links.
pub(super) fn routes() -> Router<Portal> {
    Router::new()
        .route("/portal/links", get(list))
        .route("/portal/links/code", post(code))
        .route("/portal/links/new", post(link))
}

/// What was typed: the organisation that gave the code, and the code.
type Typed<'a> = (&'a str, &'a str);

/// `GET /portal/links?done=`
async fn list(visit: Visit) -> Result<Response, Trouble> {
    shown(&visit, None, ("", ""), &Faults::default()).await
}

async fn shown(
    visit: &Visit,
    code: Option<&Value>,
    typed: Typed<'_>,
    faults: &Faults,
) -> Result<Response, Trouble> {
    let patient = visit.patient()?;
    let found = visit
        .get(&format!("/sharing/links?patient={patient}"))
        .await?;
    let linked: Vec<&str> = names(&found["organisations"]).collect();
    let members = super::permissions::members(visit).await?;
    let offered: Vec<(String, String)> = members
        .into_iter()
        .map(|member| (member.id.clone(), member.id))
        .collect();
    let device = super::permissions::on_device(visit).await?;
    let title = visit.say("more-links");
    let done = visit.query("done");
    let content = html! {
        p.back { a href="/portal/more" { (visit.say("more-back")) } }
        (faults.summary(visit))
        @if linked.contains(&done.as_str()) {
            div.done role="status" { p { (visit.tell("links-done", &[("who", &done)])) } }
        }
        h1 { (title) }
        p.lead { (visit.say("links-lead")) }
        h2 { (visit.say("links-now")) }
        @if linked.is_empty() { p { (visit.say("links-none")) } }
        @else { ul { @for id in &linked { li { (id) } } } }
        h2 id="code" { (visit.say("links-give")) }
        p { (visit.say("links-give-hint")) }
        @if device { (by_device(visit, &offered)?) }
        @else if let Some(code) = code { (given(visit, code)) }
        @else { (form::button(visit, "/portal/links/code", "", &visit.say("links-make"), &[])) }
        h2 { (visit.say("links-take")) }
        p { (visit.say("links-take-hint")) }
        (form::form(visit, "/portal/links/new", &html! {
            (form::select("organisation", &visit.say("links-organisation"), &offered, typed.0,
                faults))
            (Line {
                name: "code", kind: "text", label: visit.say("links-code"),
                hint: visit.say("links-code-hint"), value: typed.1, autocomplete: "off",
            }.show(faults))
            button type="submit" { (visit.say("links-connect")) }
        }))
    };
    Ok(visit.page(&title, &content))
}

/// A code that a device signs is for one organisation, which is chosen first.
fn by_device(visit: &Visit, offered: &[(String, String)]) -> Result<Markup, Trouble> {
    let to = visit.query("to");
    let known = offered.iter().any(|(id, _)| *id == to);
    Ok(html! {
        form.filter method="get" action="/portal/links" {
            label for="to" { (visit.say("links-for")) }
            select id="to" name="to" {
                @for (id, name) in offered { option value=(id) selected[*id == to] { (name) } }
            }
            button.second type="submit" { (visit.say("links-choose")) }
        }
        @if known { (super::permissions::sign::code(visit, &to)?) }
    })
}

fn names(list: &Value) -> impl Iterator<Item = &str> {
    list.as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
}

fn given(visit: &Visit, code: &Value) -> Markup {
    let until = date::moment(visit.language, text(code, "/until"));
    html! {
        div.done role="status" {
            p.code { (text(code, "/code")) }
            p { (visit.tell("links-code-until", &[("when", &until)])) }
        }
    }
}

/// `POST /portal/links/code`
async fn code(filled: Filled) -> Result<Response, Trouble> {
    let visit = &filled.visit;
    let patient = visit.patient()?;
    super::permissions::ensure_key(visit).await?;
    let made = visit
        .post("/sharing/codes", &json!({ "patient": patient }))
        .await;
    match made {
        Ok(code) => shown(visit, Some(&code), ("", ""), &Faults::default()).await,
        Err(trouble) => match trouble.words() {
            Some(_) => {
                let mut faults = Faults::default();
                faults.add("", visit.say("links-device"));
                shown(visit, None, ("", ""), &faults).await
            }
            None => Err(trouble),
        },
    }
}

/// `POST /portal/links/new`
async fn link(filled: Filled) -> Result<Response, Trouble> {
    let visit = &filled.visit;
    let patient = visit.patient()?;
    let typed = (filled.get("organisation"), filled.get("code"));
    let body = json!({ "patient": patient, "organisation": typed.0, "code": typed.1 });
    match visit.post("/sharing/links", &body).await {
        Ok(_) => {
            let done = hospital::pairs::encode(&[("done".to_owned(), typed.0.to_owned())]);
            Ok(Visit::go(&format!("/portal/links?{done}")))
        }
        Err(trouble) if trouble.has_status(404) || trouble.words().is_some() => {
            let mut faults = Faults::default();
            faults.add("code", visit.say("links-fault"));
            shown(visit, None, typed, &faults).await
        }
        Err(trouble) => Err(trouble),
    }
}
