//! Accountings that an agency asked to suspend. 45 CFR 164.528(a)(2).

use axum::Router;
use axum::extract::Path;
use axum::response::Response;
use axum::routing::{get, post};
use hospital::{instant, pairs};
use maud::{Markup, html};
use serde_json::{Value, json};

use super::disclosures;
use super::line::list;
use crate::Portal;
use crate::date;
use crate::form::{self, Choice, Faults, Line};
use crate::record::text;
use crate::trouble::Trouble;
use crate::visit::{Filled, Visit};

pub(super) fn routes() -> Router<Portal> {
    Router::new()
        .route("/portal/suspensions", get(show))
        .route("/portal/suspensions/new", get(ask).post(enter))
        .route("/portal/suspensions/{id}/end", post(end))
}

fn address(path: &str, patient: &str) -> String {
    format!(
        "{path}?{}",
        pairs::encode(&[("patient".to_owned(), patient.to_owned())])
    )
}

fn patient(visit: &Visit) -> Result<String, Trouble> {
    let patient = visit.query("patient");
    if hospital::request::is_id(&patient) {
        Ok(patient)
    } else {
        Err(visit.absent())
    }
}

/// `GET /portal/suspensions?patient=`
async fn show(visit: Visit) -> Result<Response, Trouble> {
    super::officer(&visit)?;
    let patient = patient(&visit)?;
    let found = visit
        .get(&address("/reports/suspensions", &patient))
        .await?;
    let kept = list(&found, "suspensions");
    let title = visit.say("suspensions-title");
    let content = html! {
        p.back { a href=(address("/portal/disclosures", &patient)) { (visit.say("reports-back")) } }
        h1 { (title) }
        p.lead { (visit.say("suspensions-lead")) }
        p { (visit.say("openings-patient")) " " code { (patient) } }
        @if kept.is_empty() { p { (visit.say("suspensions-none")) } }
        @else { ul.cards { @for one in kept { li { (card(&visit, &patient, one)) } } } }
        p {
            a.button href=(address("/portal/suspensions/new", &patient)) {
                (visit.say("suspensions-new"))
            }
        }
    };
    Ok(visit.page(&title, &content))
}

fn card(visit: &Visit, patient: &str, one: &Value) -> Markup {
    let until = text(one, "/until");
    let now_us = visit.portal.inside.hospital().now_us();
    let in_force = instant::parse_fhir(until).is_some_and(|until_us| until_us > now_us);
    let when = date::moment(visit.language, until);
    let count = list(one, "disclosures").len().to_string();
    let written = text(one, "/statement") == "written";
    html! {
        h2 { (text(one, "/agency")) }
        p {
            (visit.tell(if in_force { "suspensions-until" } else { "suspensions-over" },
                &[("when", &when)]))
        }
        p { (visit.tell("suspensions-covers", &[("count", &count)])) }
        p.soft {
            (visit.say(if written { "suspensions-written" } else { "suspensions-oral" })) ", "
            (text(one, "/official")) ". "
            (visit.tell("suspensions-entered", &[("who", text(one, "/entered_by")),
                ("when", &date::moment(visit.language, text(one, "/entered")))]))
        }
        @if in_force {
            details {
                summary { (visit.say("suspensions-end")) }
                p { (visit.say("suspensions-end-hint")) }
                (form::button(visit,
                    &format!("/portal/suspensions/{}/end", text(one, "/suspension")), "warn",
                    &visit.say("suspensions-end-go"), &[("patient", patient)]))
            }
        }
    }
}

/// What somebody filled in.
#[derive(Default)]
struct Given {
    agency: String,
    official: String,
    statement: String,
    until: String,
    disclosures: Vec<String>,
}

/// `GET /portal/suspensions/new?patient=`
async fn ask(visit: Visit) -> Result<Response, Trouble> {
    super::officer(&visit)?;
    let patient = patient(&visit)?;
    asked(&visit, &patient, &Given::default(), &Faults::default()).await
}

async fn asked(
    visit: &Visit,
    patient: &str,
    given: &Given,
    faults: &Faults,
) -> Result<Response, Trouble> {
    let offered = disclosures::offered(visit, patient).await?;
    let title = visit.say("suspensions-new");
    let content = html! {
        p.back {
            a href=(address("/portal/suspensions", patient)) { (visit.say("suspensions-back")) }
        }
        (faults.summary(visit))
        h1 { (title) }
        div.note { p { (visit.say("suspensions-effect")) } }
        @if offered.is_empty() { p { (visit.say("suspensions-nothing")) } }
        @else { (fields(visit, patient, given, &offered, faults)) }
    };
    Ok(visit.page(&title, &content))
}

fn fields(
    visit: &Visit,
    patient: &str,
    given: &Given,
    offered: &[Choice],
    faults: &Faults,
) -> Markup {
    let line = |name: &'static str, kind: &'static str, value| {
        Line {
            name,
            kind,
            label: visit.say(&format!(
                "suspensions-{}",
                if name == "until" { "day" } else { name }
            )),
            hint: visit.say(&format!("suspensions-{name}-hint")),
            value,
            autocomplete: "off",
        }
        .show(faults)
    };
    let statements = ["written", "oral"].map(|code| {
        let words = visit.say(&format!("suspensions-{code}"));
        (
            code.to_owned(),
            words,
            visit.say(&format!("suspensions-{code}-hint")),
        )
    });
    let ticked: Vec<&str> = given.disclosures.iter().map(String::as_str).collect();
    form::form(
        visit,
        &address("/portal/suspensions/new", patient),
        &html! {
            (form::choices("disclosures", "checkbox", &visit.say("suspensions-which"),
                &visit.say("suspensions-which-hint"), offered, &ticked, faults))
            (line("agency", "text", given.agency.as_str()))
            (line("official", "text", given.official.as_str()))
            (form::choices("statement", "radio", &visit.say("suspensions-statement"), "",
                &statements,
                &[given.statement.as_str()], faults))
            (line("until", "date", given.until.as_str()))
            button type="submit" { (visit.say("suspensions-enter")) }
        },
    )
}

/// `POST /portal/suspensions/new?patient=`
async fn enter(filled: Filled) -> Result<Response, Trouble> {
    let visit = &filled.visit;
    super::officer(visit)?;
    let patient = patient(visit)?;
    let own = |name| filled.get(name).to_owned();
    let given = Given {
        agency: own("agency"),
        official: own("official"),
        statement: own("statement"),
        until: own("until"),
        disclosures: filled
            .all("disclosures")
            .into_iter()
            .map(str::to_owned)
            .collect(),
    };
    let mut faults = Faults::default();
    if given.disclosures.is_empty() {
        faults.add("disclosures", visit.say("suspensions-fault-disclosures"));
    }
    for (name, value) in [("agency", &given.agency), ("official", &given.official)] {
        if value.is_empty() {
            faults.add(name, visit.say(&format!("suspensions-fault-{name}")));
        }
    }
    let written = given.statement == "written";
    if !written && given.statement != "oral" {
        faults.add("statement", visit.say("suspensions-fault-statement"));
    }
    if written && given.until.is_empty() {
        faults.add("until", visit.say("suspensions-fault-until"));
    }
    if faults.is_empty() {
        let mut body = json!({
            "patient": patient, "agency": given.agency, "official": given.official,
            "statement": given.statement, "disclosures": given.disclosures,
        });
        if !given.until.is_empty() {
            body["until"] = given.until.clone().into();
        }
        match visit.post("/reports/suspensions", &body).await {
            Ok(_) => return Ok(Visit::go(&address("/portal/suspensions", &patient))),
            Err(trouble) => match trouble.words() {
                Some(said) => faults.add("", said.to_owned()),
                None => return Err(trouble),
            },
        }
    }
    asked(visit, &patient, &given, &faults).await
}

/// `POST /portal/suspensions/{id}/end`
async fn end(Path(id): Path<String>, filled: Filled) -> Result<Response, Trouble> {
    let visit = &filled.visit;
    super::officer(visit)?;
    if !hospital::request::is_id(&id) {
        return Err(visit.absent());
    }
    let body = json!({});
    visit
        .post(&format!("/reports/suspensions/{id}/end"), &body)
        .await?;
    Ok(Visit::go(&address(
        "/portal/suspensions",
        filled.get("patient"),
    )))
}
