//! What this person did: the own lines of the log of accesses, each with its proof.

use axum::response::Response;
use hospital::pairs::{self, Pairs};
use maud::{Markup, html};
use serde_json::Value;

use crate::record::{records, reference, text};
use crate::trouble::Trouble;
use crate::visit::Visit;
use crate::{date, record, seal};

/// Lines of a page.
const PAGE: usize = 25;

/// `GET /portal/my-accesses?page=`
pub(super) async fn show(visit: Visit) -> Result<Response, Trouble> {
    super::reader(&visit)?;
    let page = visit.query("page");
    let all = visit.query("all") == "1";
    let mut query = question(&visit, all);
    if !page.is_empty() {
        query.push(("_page".to_owned(), page));
    }
    let bundle = visit
        .get(&format!("/fhir/AuditEvent?{}", pairs::encode(&query)))
        .await?;
    let mine: Vec<&Value> = records(&bundle).filter(|it| is_mine(&visit, it)).collect();
    let title = visit.say("way-my-accesses");
    let content = html! {
        h1 { (title) }
        p.lead { (visit.say("mine-lead")) }
        p {
            @if all { a href="/portal/my-accesses" { (visit.say("mine-patients")) } }
            @else { a href="/portal/my-accesses?all=1" { (visit.say("mine-all")) } }
        }
        @if mine.is_empty() { p { (visit.say("mine-none")) } }
        @else {
            (seal::all(visit.language))
            ol.lines { @for event in mine { li { (line(&visit, event)) } } }
        }
        @if let Some(next) = super::search::next(&bundle) {
            nav.pager aria-label=(visit.say("pager")) {
                a href=(older(all, next)) rel="next" {
                    (visit.say("pager-older"))
                }
            }
        }
    };
    Ok(visit.page(&title, &content))
}

/// Own events; without `all` those about patients, and not the checks of seals that pages make.
fn question(visit: &Visit, all: bool) -> Pairs {
    let username = super::search::plain(&visit.caller().username);
    let mut query: Pairs = vec![
        ("agent-name:exact".to_owned(), username),
        ("_sort".to_owned(), "-date".to_owned()),
        ("_count".to_owned(), PAGE.to_string()),
    ];
    if !all {
        query.push(("patient:missing".into(), "false".into()));
        query.push(("subtype:not".into(), "vread,operation".into()));
    }
    query
}

fn older(all: bool, next: String) -> String {
    let mut query = vec![("page".to_owned(), next)];
    if all {
        query.push(("all".into(), "1".into()));
    }
    format!("/portal/my-accesses?{}", pairs::encode(&query))
}

/// Whether this person asked: the name of an agent may also be that of a recipient.
fn is_mine(visit: &Visit, event: &Value) -> bool {
    let agents = event["agent"].as_array().into_iter().flatten();
    let mut asked = agents.filter(|agent| agent["requestor"] == true);
    asked.any(|agent| text(agent, "/name") == visit.caller().username)
}

fn line(visit: &Visit, event: &Value) -> Markup {
    let (_, id, version) = reference(event);
    let entities = || event["entity"].as_array().into_iter().flatten();
    let refers = |entity: &Value| text(entity, "/what/reference").to_owned();
    let patient = entities().map(refers).find(|it| it.starts_with("Patient/"));
    let patient = patient
        .as_deref()
        .and_then(|it| it.strip_prefix("Patient/"));
    let patient = patient.filter(|it| hospital::request::is_id(it));
    let agents = || event["agent"].as_array().into_iter().flatten();
    let purpose = agents().map(|it| text(it, "/purposeOfUse/0/coding/0/code"));
    let purpose = purpose.into_iter().find(|it| !it.is_empty()).unwrap_or("");
    html! {
        div.item {
            p.kind { (date::stamp(visit.language, text(event, "/recorded"))) }
            p.title { (deed(visit, event)) }
            @let kinds = kinds(visit, event);
            @if !kinds.is_empty() { p.value { (kinds) } }
            @if let Some(patient) = patient {
                p.value { a href={ "/portal/patients/" (patient) } { (visit.tell("mine-patient",
                    &[("patient", patient)])) } }
            }
            @if !purpose.is_empty() { p.value {
                (visit.say("accesses-purpose")) ": " (visit.language.coded("purpose", purpose))
            } }
            @match text(event, "/outcome") {
                "0" => {}
                "8" => p.tag.strong { (visit.say("accesses-refused")) },
                _ => p.tag.strong { (visit.say("accesses-failed")) },
            }
            (seal::seal(visit.language, "AuditEvent", id, version))
        }
    }
}

/// What was done, in words where there are some.
fn deed(visit: &Visit, event: &Value) -> String {
    let subtypes = event["subtype"].as_array().into_iter().flatten();
    let codes: Vec<&str> = subtypes.map(|it| text(it, "/code")).collect();
    // The door logs the reading of a whole record as that of its history.
    let keys = codes
        .iter()
        .flat_map(|code| [format!("mine-deed-{code}"), format!("deed-{code}")]);
    let known = keys.into_iter().find(|key| visit.language.has(key));
    match known {
        Some(key) => visit.say(&key),
        None => codes.first().map_or_else(
            || text(event, "/type/code").to_owned(),
            |it| (*it).to_owned(),
        ),
    }
}

/// Kinds of the records that it was about.
fn kinds(visit: &Visit, event: &Value) -> String {
    let mut kinds: Vec<String> = Vec::new();
    for entity in event["entity"].as_array().into_iter().flatten() {
        let reference = text(entity, "/what/reference");
        let type_ = match reference.split('/').next().unwrap_or("") {
            "" if text(entity, "/type/system").ends_with("resource-types") => {
                text(entity, "/type/code")
            }
            type_ => type_,
        };
        if type_.is_empty() || type_ == "Patient" {
            continue;
        }
        let kind = record::kind(visit.language, type_);
        if !kinds.contains(&kind) && kinds.len() < 8 {
            kinds.push(kind);
        }
    }
    kinds.join(", ")
}
