//! One participant: where they stand, a consent to a later version, a withdrawal, and the way to
//! an emergency unblinding.

use axum::extract::Path;
use axum::response::Response;
use hospital::{Role, pairs};
use maud::{Markup, html};
use serde_json::{Value, json};

use super::{HOME, done, entries, is, participants as table, read, strata, unblind};
use crate::date;
use crate::form::{self, Choice, Faults};
use crate::pharmacy::said;
use crate::record::text;
use crate::trouble::Trouble;
use crate::visit::{Filled, Visit};

/// What was filled in.
#[derive(Default)]
pub(super) struct Given {
    pub(super) consent: String,
    pub(super) keep: String,
    pub(super) reason: String,
}

/// The path of this page.
pub(super) fn path(id: &str, subject: &str) -> String {
    let query = pairs::encode(&[("subject".to_owned(), subject.to_owned())]);
    format!("{HOME}/{id}/participant?{query}")
}

/// `GET /portal/trials/{id}/participant?subject=&done=`
pub(super) async fn show(visit: Visit, Path(id): Path<String>) -> Result<Response, Trouble> {
    let subject = visit.query("subject");
    let none = Faults::default();
    page(&visit, (&id, &subject), &Given::default(), &none, "").await
}

/// The page. `given`, `faults` and `words` are of an act that was refused.
pub(super) async fn page(
    visit: &Visit,
    (id, subject): (&str, &str),
    given: &Given,
    faults: &Faults,
    words: &str,
) -> Result<Response, Trouble> {
    let seen = read(visit, id).await?;
    let found = visit.get(&format!("/trials/{id}/participants")).await?;
    let mut all = entries(&found, "participants").iter();
    let one = all.find(|it| text(it, "/subject") == subject);
    let one = one.ok_or_else(|| visit.absent())?;
    let title = visit.tell("trials-participant", &[("subject", subject)]);
    let acts = is(visit, &seen, "site", Role::Clinician);
    let here = one["withdrawn"].is_null();
    let content = html! {
        p.back { a href={ (HOME) "/" (id) "/participants" } {
            (visit.say("trials-participants")) } }
        (faults.summary(visit))
        h1 { (title) }
        (said(visit, words))
        (done(visit))
        (facts(visit, &seen, one))
        @if acts && here && one["must_consent"] != true && !seen["lock"].is_object() {
            @let query = pairs::encode(&[("subject".to_owned(), subject.to_owned())]);
            p { a.button href={ (HOME) "/" (id) "/values?" (query) } {
                (visit.say("trials-values-link")) } }
        }
        @if acts && here && one["must_consent"] == true {
            (consent_form(visit, (id, subject), given, faults))
        }
        @if acts && one["unblinded"].is_null() {
            (unblind::ask(visit, (id, subject), given, faults))
        }
        @if acts && here { (withdraw_form(visit, (id, subject), given, faults)) }
        (super::proof(visit, "trials-proof-participant",
            &[("trials-pseudonym", text(one, "/participant"))]))
    };
    Ok(visit.page(&title, &content))
}

fn facts(visit: &Visit, seen: &Value, one: &Value) -> Markup {
    let patient = text(one, "/patient");
    let knows = visit.role() == Role::Pharmacist || one["arm"].is_string();
    html! {
        dl.facts {
            div { dt { (visit.say("trials-col-stratum")) }
                dd { (table::stratum(&strata(seen), one)) } }
            div { dt { (visit.say("trials-col-slot")) } dd { (table::slot(one)) } }
            div { dt { (visit.say("trials-col-since")) }
                dd { (date::stamp(visit.language, text(one, "/enrolled"))) } }
            div { dt { (visit.say("trials-col-consent")) } dd { (table::consent(visit, one)) } }
            div { dt { (visit.say("trials-col-state")) } dd { (table::state(visit, one)) } }
            @if knows {
                div { dt { (visit.say("trials-col-arm")) } dd { (table::arm(visit, one)) } }
            }
            @if !patient.is_empty() {
                div { dt { (visit.say("trials-record")) }
                    dd { a href={ "/portal/patients/" (pairs::encode_segment(patient)) } {
                        (visit.say("trials-record-open")) } } }
            }
        }
    }
}

/// The hidden fields of an act.
pub(super) fn hidden(subject: &str, act: &str) -> Markup {
    html! {
        input type="hidden" name="subject" value=(subject);
        input type="hidden" name="act" value=(act);
    }
}

fn consent_form(
    visit: &Visit,
    (id, subject): (&str, &str),
    given: &Given,
    faults: &Faults,
) -> Markup {
    let (label, hint) = (
        visit.say("trials-consent"),
        visit.say("trials-consent-hint"),
    );
    html! {
        h2 { (visit.say("trials-consent-again")) }
        div.note { p { (visit.say("trials-consent-again-about")) } }
        (form::form(visit, &path(id, subject), &html! {
            (hidden(subject, "consent"))
            (form::area("consent", &label, &hint, &given.consent, faults))
            button type="submit" { (visit.say("trials-consent-go")) }
        }))
    }
}

/// A withdrawal is for ever; what may be kept is the participant's word (ICH E6(R3) 2.9).
fn withdraw_form(
    visit: &Visit,
    (id, subject): (&str, &str),
    given: &Given,
    faults: &Faults,
) -> Markup {
    let offered: Vec<Choice> = ["collected", "lawful"]
        .into_iter()
        .map(|keep| {
            let words = visit.say(&format!("trials-keep-{keep}"));
            let more = visit.say(&format!("trials-keep-{keep}-more"));
            (keep.to_owned(), words, more)
        })
        .collect();
    let (label, hint) = (visit.say("trials-keep"), visit.say("trials-keep-about"));
    let open = !given.keep.is_empty() || faults.has("keep");
    html! {
        details open[open] {
            summary { (visit.say("trials-withdraw")) }
            (form::form(visit, &path(id, subject), &html! {
                (hidden(subject, "withdraw"))
                (form::choices("keep", "radio", &label, &hint, &offered, &[&given.keep], faults))
                button.warn type="submit" { (visit.say("trials-withdraw-go")) }
            }))
        }
    }
}

/// `POST /portal/trials/{id}/participant`
pub(super) async fn act(Path(id): Path<String>, filled: Filled) -> Result<Response, Trouble> {
    let visit = &filled.visit;
    read(visit, &id).await?;
    let (subject, act) = (filled.get("subject"), filled.get("act"));
    let given = Given {
        consent: filled.get("consent").to_owned(),
        keep: filled.get("keep").to_owned(),
        reason: String::new(),
    };
    let mut faults = Faults::default();
    let (last, body) = match act {
        "consent" => {
            if given.consent.is_empty() {
                faults.add("consent", visit.say("trials-fault-consent"));
            }
            ("consent", json!({ "consent": given.consent }))
        }
        "withdraw" => {
            if given.keep.is_empty() {
                faults.add("keep", visit.say("trials-fault-keep"));
            }
            ("withdrawal", json!({ "keep": given.keep }))
        }
        _ => return Err(visit.absent()),
    };
    let mut words = String::new();
    if faults.is_empty() {
        let segment = pairs::encode_segment(subject);
        let door = format!("/trials/{id}/participants/{segment}/{last}");
        let sent = (door, &body);
        match form::sent(visit, sent, visit.say("trials-fault-act"), &mut faults).await? {
            Ok(_) => return Ok(Visit::go(&format!("{}&done={act}", path(&id, subject)))),
            Err(said) => words = said,
        }
    }
    page(visit, (&id, subject), &given, &faults, &words).await
}
