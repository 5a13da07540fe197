//! The pages of clinical trials: what was sealed and when, who takes part, what was decided, and
//! what became of each endpoint. Sponsors, sites, monitors and regulators have the same pages; what
//! can be done on them is what the door would let them do.

mod act;
mod acts;
mod compared;
mod decision;
mod lines;
pub(crate) mod list;
mod monitoring;
mod one;
mod participant;
mod participants;
mod report;
mod seal;
mod site;
mod unblind;
mod values;
mod version;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use hospital::Role;
use maud::{Markup, html};
use serde_json::Value;

use crate::Portal;
use crate::pharmacy::list as entries;
use crate::record::text;
use crate::trouble::Trouble;
use crate::visit::Visit;

/// The page that all others lead back to.
const HOME: &str = "/portal/trials";

/// The routes below `/portal` that are about trials.
pub(crate) fn routes() -> Router<Portal> {
    Router::new()
        .route(HOME, get(list::show))
        .route(seal::PATH, get(seal::show).post(seal::seal))
        .route("/portal/trials/{id}", get(one::show).post(act::act))
        .route(
            "/portal/trials/{id}/amendment",
            get(seal::ask).post(seal::amend),
        )
        .route(
            "/portal/trials/{id}/report",
            get(report::ask).post(report::report),
        )
        .route(
            "/portal/trials/{id}/values",
            get(values::ask).post(values::write),
        )
        .route(
            "/portal/trials/{id}/participants",
            get(participants::show).post(participants::enrol),
        )
        .route(
            "/portal/trials/{id}/participant",
            get(participant::show).post(participant::act),
        )
        .route(
            "/portal/trials/{id}/unblinding",
            get(participant::show).post(unblind::unblind),
        )
        .route("/portal/trials/{id}/monitoring", get(monitoring::show))
        .route("/portal/trials/{id}/reports/{number}", get(compared::show))
}

/// Lets those in who look at trials; the door decides again.
fn looks(visit: &Visit) -> Result<(), Trouble> {
    match visit.role() {
        Role::Clinician | Role::Researcher | Role::Pharmacist | Role::Auditor => Ok(()),
        _ => Err(visit.refused(StatusCode::FORBIDDEN, "denied")),
    }
}

/// What is known of a trial here.
async fn read(visit: &Visit, id: &str) -> Result<Value, Trouble> {
    looks(visit)?;
    if id.parse::<proof::Digest>().is_err() {
        return Err(visit.absent());
    }
    visit.get(&format!("/trials/{id}")).await
}

/// The version in force, with what was told of it.
fn in_force(seen: &Value) -> &Value {
    entries(seen, "versions").last().unwrap_or(&Value::Null)
}

/// Its title, or the beginning of its id while the protocol has not come yet.
fn title(visit: &Visit, seen: &Value) -> String {
    match text(in_force(seen), "/protocol/title") {
        "" => {
            let id = text(seen, "/id");
            visit.tell("trials-untitled", &[("id", id.get(..8).unwrap_or(id))])
        }
        title => title.to_owned(),
    }
}

/// The strata, by name.
fn strata(seen: &Value) -> Vec<&str> {
    let strata = in_force(seen)["protocol"]["strata"].as_array();
    let strata = strata.map_or(&[][..], Vec::as_slice);
    strata.iter().filter_map(Value::as_str).collect()
}

/// This organisation as a site of the trial; null where it is none.
fn own_site<'a>(visit: &Visit, seen: &'a Value) -> &'a Value {
    let here = visit.organisation();
    let mut sites = entries(seen, "sites").iter();
    let own = sites.find(|it| text(it, "/organisation") == here);
    own.unwrap_or(&Value::Null)
}

/// Whether this organisation has this part, and this person this role.
fn is(visit: &Visit, seen: &Value, part: &str, role: Role) -> bool {
    text(seen, "/role") == part && visit.role() == role
}

/// A number of an answer in digits.
fn digits(value: &Value) -> String {
    value.as_u64().unwrap_or_default().to_string()
}

/// What proves what is said above, folded away: digests that a program compares.
fn proof(visit: &Visit, about: &str, digests: &[(&str, &str)]) -> Markup {
    html! {
        details {
            summary { (visit.say("trials-proof")) }
            p { (visit.say(about)) }
            dl.facts {
                @for (name, digest) in digests.iter().filter(|(_, digest)| !digest.is_empty()) {
                    div { dt { (visit.say(name)) } dd { code { (digest) } } }
                }
            }
        }
    }
}

/// That something was done, on the page that follows.
fn done(visit: &Visit) -> Markup {
    let key = format!("trials-done-{}", visit.query("done"));
    html! {
        @if visit.language.has(&key) {
            div.done role="status" { p { (visit.say(&key)) } }
        }
    }
}
