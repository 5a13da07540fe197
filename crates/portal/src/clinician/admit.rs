//! Admitting a new patient, and looking first whether the patient is here already.

use axum::response::Response;
use hospital::pairs;
use maud::html;
use serde_json::{Value, json};

use super::search;
use crate::form::{self, Choice, Faults, Line};
use crate::record::{records, text};
use crate::trouble::Trouble;
use crate::visit::{Filled, Visit};

/// Longest name that a form takes.
const NAME_BYTES_MAX: usize = 200;
/// FHIR R4 administrative-gender.
const SEXES: [&str; 4] = ["female", "male", "other", "unknown"];

/// What was filled in.
#[derive(Default)]
struct Wish {
    given: String,
    family: String,
    born: String,
    sex: String,
    number: String,
}

impl Wish {
    fn read(filled: &Filled) -> Self {
        let get = |name: &str| filled.get(name).to_owned();
        Self {
            given: get("given"),
            family: get("family"),
            born: get("born"),
            sex: get("sex"),
            number: get("number"),
        }
    }

    fn faults(&self, visit: &Visit) -> Faults {
        let mut faults = Faults::default();
        let mut check = |field: &'static str, good: bool| {
            if !good {
                faults.add(field, visit.say(&format!("admit-fault-{field}")));
            }
        };
        let is_name = |text: &str| !text.is_empty() && text.len() <= NAME_BYTES_MAX;
        check("given", is_name(&self.given));
        check("family", is_name(&self.family));
        check("born", is_past_day(visit, &self.born));
        check("sex", SEXES.contains(&self.sex.as_str()));
        check("number", self.number.len() <= 64);
        faults
    }

    fn patient(&self) -> Value {
        let mut patient = json!({
            "resourceType": "Patient",
            "active": true,
            "name": [{ "use": "official", "family": self.family, "given": [self.given] }],
            "gender": self.sex,
            "birthDate": self.born,
        });
        if !self.number.is_empty() {
            patient["identifier"] = json!([{ "value": self.number }]);
        }
        patient
    }
}

/// Whether it is a day that has been.
fn is_past_day(visit: &Visit, text: &str) -> bool {
    let day = hospital::instant::parse_fhir(&format!("{text}T00:00:00Z"));
    let now_us = visit.portal.inside.hospital().now_us();
    text.len() == 10 && day.is_some_and(|day_us| day_us <= now_us)
}

/// `GET /portal/patients/new`
pub(super) async fn ask(visit: Visit) -> Result<Response, Trouble> {
    super::clinician_of(&visit, "new")?;
    Ok(asked(&visit, &Wish::default(), &Faults::default(), &[]))
}

fn asked(visit: &Visit, wish: &Wish, faults: &Faults, known: &[&Value]) -> Response {
    let line = |name, kind, value| Line {
        name,
        kind,
        label: visit.say(&format!("admit-{name}")),
        hint: String::new(),
        value,
        autocomplete: "off",
    };
    let sexes: Vec<Choice> = SEXES
        .iter()
        .map(|code| {
            (
                (*code).to_owned(),
                visit.say(&format!("sex-{code}")),
                String::new(),
            )
        })
        .collect();
    let title = visit.say("patients-new");
    let fields = html! {
        (line("given", "text", &wish.given).show(faults))
        (line("family", "text", &wish.family).show(faults))
        (line("born", "date", &wish.born).show(faults))
        (form::choices("sex", "radio", &visit.say("admit-sex"), "", &sexes, &[&wish.sex], faults))
        (line("number", "text", &wish.number).show(faults))
        @if !known.is_empty() {
            div.note role="alert" {
                p { (visit.say("admit-known")) }
                (search::list(visit, known))
            }
            (form::choices("another", "checkbox", &visit.say("admit-known-question"), "",
                &[("yes".into(), visit.say("admit-another"), String::new())], &[], faults))
        }
        button type="submit" { (visit.say("admit-go")) }
    };
    let content = html! {
        p.back { a href="/portal" { (visit.say("admit-back")) } }
        (faults.summary(visit))
        h1 { (title) }
        (form::form(visit, "/portal/patients", &fields))
    };
    visit.page(&title, &content)
}

/// `POST /portal/patients`
pub(super) async fn admit(filled: Filled) -> Result<Response, Trouble> {
    let visit = &filled.visit;
    super::clinician_of(visit, "new")?;
    let wish = Wish::read(&filled);
    let faults = wish.faults(visit);
    if !faults.is_empty() {
        return Ok(asked(visit, &wish, &faults, &[]));
    }
    if filled.get("another") != "yes" {
        let query = pairs::encode(&[
            ("family".into(), search::plain(&wish.family)),
            ("birthdate".into(), wish.born.clone()),
            ("_count".into(), "5".into()),
        ]);
        let bundle = visit.get(&format!("/fhir/Patient?{query}")).await?;
        let known: Vec<&Value> = records(&bundle).collect();
        if !known.is_empty() {
            return Ok(asked(visit, &wish, &faults, &known));
        }
    }
    let made = visit.post("/fhir/Patient", &wish.patient()).await?;
    let id = text(&made, "/id");
    let version = text(&made, "/meta/versionId");
    Ok(Visit::go(&format!(
        "/portal/patients/{id}?saved=Patient/{id}/{version}"
    )))
}
