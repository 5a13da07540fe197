//! Legal holds: while one stands, nothing of a patient is erased.

use axum::Router;
use axum::http::{Method, StatusCode};
use axum::response::Response;
use axum::routing::{get, post};
use hospital::Role;
use maud::{Markup, html};
use serde_json::{Value, json};

use super::line::list;
use crate::Portal;
use crate::date;
use crate::form::{self, Faults, Line};
use crate::record::text;
use crate::trouble::Trouble;
use crate::visit::{Filled, Visit};

/// Longest reason, in bytes.
const WORDS_MAX: usize = 2_000;

pub(super) fn routes() -> Router<Portal> {
    Router::new()
        .route("/portal/holds", get(show).post(place))
        .route("/portal/holds/lift", post(lift))
}

fn allowed(visit: &Visit) -> Result<(), Trouble> {
    match visit.role() {
        Role::Auditor | Role::Admin => Ok(()),
        _ => Err(visit.refused(StatusCode::FORBIDDEN, "denied")),
    }
}

/// What somebody wrote.
#[derive(Default)]
struct Given {
    patient: String,
    words: String,
    /// Whether it is a hold to lift.
    lifts: bool,
}

/// `GET /portal/holds?patient=&lift=`
async fn show(visit: Visit) -> Result<Response, Trouble> {
    allowed(&visit)?;
    let given = Given {
        patient: visit.query("patient"),
        words: String::new(),
        lifts: visit.query("lift") == "1",
    };
    page(&visit, &given, &Faults::default()).await
}

async fn page(visit: &Visit, given: &Given, faults: &Faults) -> Result<Response, Trouble> {
    let found = visit.get("/erasures/holds").await?;
    let title = visit.say("holds-title");
    let done = visit.query("done");
    let content = html! {
        (faults.summary(visit))
        h1 { (title) }
        p.lead { (visit.say("holds-lead")) }
        @if done == "placed" { div.done role="status" { p { (visit.say("holds-placed")) } } }
        @if done == "lifted" { div.done role="status" { p { (visit.say("holds-lifted")) } } }
        @if given.lifts { (lift_form(visit, given, faults)) }
        @else {
            h2 { (visit.say("holds-standing")) }
            (standing(visit, list(&found, "holds")))
            h2 { (visit.say("holds-place")) }
            p { (visit.say("holds-place-hint")) }
            (place_form(visit, given, faults))
        }
    };
    Ok(visit.page(&title, &content))
}

fn standing(visit: &Visit, holds: &[Value]) -> Markup {
    html! {
        @if holds.is_empty() { p { (visit.say("holds-none")) } }
        @else {
            ul.cards {
                @for hold in holds {
                    @let patient = text(hold, "/patient");
                    @let query = hospital::pairs::encode(&[("patient".into(), patient.into()),
                        ("lift".into(), "1".into())]);
                    li {
                        h3 { (visit.say("openings-patient")) " " code { (patient) } }
                        p { q { (text(hold, "/words")) } }
                        p.soft {
                            (text(hold, "/by"))
                            ", " (date::stamp(visit.language, text(hold, "/since")))
                        }
                        p { a href={ "/portal/holds?" (query) } { (visit.say("holds-lift")) } }
                    }
                }
            }
        }
    }
}

fn patient_line<'a>(visit: &Visit, value: &'a str) -> Line<'a> {
    Line {
        name: "patient",
        kind: "text",
        label: visit.say("reports-patient"),
        hint: visit.say("reports-patient-hint"),
        value,
        autocomplete: "off",
    }
}

fn place_form(visit: &Visit, given: &Given, faults: &Faults) -> Markup {
    form::form(
        visit,
        "/portal/holds",
        &html! {
            (patient_line(visit, &given.patient).show(faults))
            (form::area("words", &visit.say("holds-why"), &visit.say("holds-why-hint"),
                &given.words, faults))
            button type="submit" { (visit.say("holds-place-go")) }
        },
    )
}

fn lift_form(visit: &Visit, given: &Given, faults: &Faults) -> Markup {
    html! {
        h2 { (visit.say("holds-lift")) }
        p { (visit.say("openings-patient")) " " code { (given.patient) } }
        div.note { p { (visit.say("holds-lift-hint")) } }
        (form::form(visit, "/portal/holds/lift", &html! {
            input type="hidden" name="patient" value=(given.patient);
            (form::area("words", &visit.say("holds-why-lift"), &visit.say("holds-why-hint"),
                &given.words, faults))
            button.warn type="submit" { (visit.say("holds-lift-go")) }
        }))
        p { a href="/portal/holds" { (visit.say("holds-keep")) } }
    }
}

/// `POST /portal/holds`
async fn place(filled: Filled) -> Result<Response, Trouble> {
    act(filled, false).await
}

/// `POST /portal/holds/lift`
async fn lift(filled: Filled) -> Result<Response, Trouble> {
    act(filled, true).await
}

async fn act(filled: Filled, lifts: bool) -> Result<Response, Trouble> {
    let visit = &filled.visit;
    allowed(visit)?;
    let given = Given {
        patient: filled.get("patient").to_owned(),
        words: filled.get("words").to_owned(),
        lifts,
    };
    let mut faults = Faults::default();
    if !hospital::request::is_id(&given.patient) {
        faults.add("patient", visit.say("reports-fault-patient"));
    }
    if given.words.is_empty() || given.words.len() > WORDS_MAX {
        faults.add("words", visit.say("holds-fault-words"));
    }
    if faults.is_empty() {
        let (method, done) = if lifts {
            (Method::DELETE, "lifted")
        } else {
            (Method::POST, "placed")
        };
        let body = json!({ "patient": given.patient, "words": given.words });
        match visit.send(method, "/erasures/holds", Some(&body)).await {
            Ok(_) => return Ok(Visit::go(&format!("/portal/holds?done={done}"))),
            Err(trouble) if trouble.has_status(404) => {
                faults.add("patient", visit.say("holds-fault-nobody"));
            }
            Err(trouble) => match trouble.words() {
                Some(said) => faults.add("", said.to_owned()),
                None => return Err(trouble),
            },
        }
    }
    page(visit, &given, &faults).await
}
