//! The participants of a site: who takes part, in which slot, under which version.

use axum::extract::Path;
use axum::response::Response;
use hospital::{Role, pairs};
use maud::{Markup, html};
use serde_json::{Value, json};

use super::{HOME, digits, done, entries, is, own_site, read, strata};
use crate::date;
use crate::form::{self, Faults, Line};
use crate::patient::pager;
use crate::pharmacy::said;
use crate::record::text;
use crate::trouble::Trouble;
use crate::visit::{Filled, Visit};

/// Participants of a page.
const PAGE: usize = 50;

/// Somebody who is to take part.
#[derive(Default)]
struct Wish {
    subject: String,
    stratum: String,
    consent: String,
}

/// `GET /portal/trials/{id}/participants?page=&done=`
pub(super) async fn show(visit: Visit, Path(id): Path<String>) -> Result<Response, Trouble> {
    page(&visit, &id, &Wish::default(), &Faults::default(), "").await
}

async fn page(
    visit: &Visit,
    id: &str,
    wish: &Wish,
    faults: &Faults,
    words: &str,
) -> Result<Response, Trouble> {
    let seen = read(visit, id).await?;
    let found = visit.get(&format!("/trials/{id}/participants")).await?;
    let all = entries(&found, "participants");
    let pages = all.len().div_ceil(PAGE).max(1);
    let page = visit.query("page").parse().unwrap_or(1).clamp(1, pages);
    let shown = all.iter().skip((page - 1) * PAGE).take(PAGE);
    let shown: Vec<&Value> = shown.collect();
    let title = visit.say("trials-participants");
    let path = format!("{HOME}/{id}/participants");
    let content = html! {
        p.back { a href={ (HOME) "/" (id) } { (super::title(visit, &seen)) } }
        (faults.summary(visit))
        h1 { (title) }
        (said(visit, words))
        (done(visit))
        p.lead { (visit.say("trials-participants-about")) }
        @if all.is_empty() { p { (visit.say("trials-participants-none")) } }
        @else {
            p { (visit.tell("trials-participants-count", &[("count", &all.len().to_string())])) }
            (table(visit, &seen, &shown))
            (pager(visit, &path, &[], page, pages))
        }
        (enrol_form(visit, &seen, wish, faults))
    };
    Ok(visit.page(&title, &content))
}

/// A table that becomes a list of cards where it is narrow.
fn table(visit: &Visit, seen: &Value, shown: &[&Value]) -> Markup {
    let arms = visit.role() == Role::Pharmacist || shown.iter().any(|it| it["arm"].is_string());
    let mut columns = vec!["subject", "stratum", "slot", "since", "consent", "state"];
    if arms {
        columns.push("arm");
    }
    let columns = columns.into_iter();
    let columns: Vec<String> = columns
        .map(|it| visit.say(&format!("trials-col-{it}")))
        .collect();
    let names = strata(seen);
    html! {
        table.stack {
            caption.unseen { (visit.say("trials-participants")) }
            thead { tr { @for column in &columns { th scope="col" { (column) } } } }
            tbody {
                @for one in shown {
                    tr data-subject=(text(one, "/subject")) {
                        @let cells = cells(visit, seen, &names, one, arms);
                        @for (column, cell) in columns.iter().zip(&cells) {
                            td data-label=(column) { div { (cell) } }
                        }
                    }
                }
            }
        }
    }
}

fn cells(visit: &Visit, seen: &Value, names: &[&str], one: &Value, arms: bool) -> Vec<Markup> {
    let subject = text(one, "/subject");
    let query = pairs::encode(&[("subject".to_owned(), subject.to_owned())]);
    let link = format!("{HOME}/{}/participant?{query}", text(seen, "/id"));
    let mut cells = vec![
        html! { a href=(link) { (subject) } },
        html! { (stratum(names, one)) },
        html! { (slot(one)) },
        date::day_stamp(visit.language, text(one, "/enrolled")),
        consent(visit, one),
        state(visit, one),
    ];
    if arms {
        cells.push(arm(visit, one));
    }
    cells
}

/// The name of the stratum.
pub(super) fn stratum(names: &[&str], one: &Value) -> String {
    let place = one["stratum"]
        .as_u64()
        .and_then(|it| usize::try_from(it).ok());
    let name = place.and_then(|place| names.get(place));
    name.map_or_else(|| "–".to_owned(), |name| (*name).to_owned())
}

/// The slot as people count: from 1.
pub(super) fn slot(one: &Value) -> String {
    (one["slot"].as_u64().unwrap_or_default().saturating_add(1)).to_string()
}

/// The version that was consented to, and whether that is not enough.
pub(super) fn consent(visit: &Visit, one: &Value) -> Markup {
    html! {
        (visit.tell("trials-version", &[("version", &digits(&one["version"]))]))
        @if one["must_consent"] == true && one["withdrawn"].is_null() {
            " " strong.mark { (visit.say("trials-must-consent")) }
        }
    }
}

/// Whether somebody has withdrawn, or was unblinded.
pub(super) fn state(visit: &Visit, one: &Value) -> Markup {
    let (withdrawn, unblinded) = (text(one, "/withdrawn"), text(one, "/unblinded"));
    html! {
        @if withdrawn.is_empty() { (visit.say("trials-takes-part")) }
        @else {
            strong { (visit.say("trials-withdrawn")) } " "
            (date::day_stamp(visit.language, withdrawn))
        }
        @if !unblinded.is_empty() {
            br; strong.mark { (visit.say("trials-unblinded")) } " "
            (date::day_stamp(visit.language, unblinded))
        }
    }
}

/// The arm, for whoever the door tells it.
pub(super) fn arm(visit: &Visit, one: &Value) -> Markup {
    html! {
        @match one["arm"].as_str() {
            Some(arm) => { strong { (arm) } }
            None if one["is_opened"] == true => { (visit.say("trials-arm-blind")) }
            None => { (visit.say("trials-arm-waits")) }
        }
    }
}

/// What stands in the way of an enrolment; `None`: nothing.
fn hindrance(visit: &Visit, seen: &Value) -> Option<&'static str> {
    let site = own_site(visit, seen);
    if seen["lock"].is_object() {
        Some("trials-enrol-locked")
    } else if site["accepted"] != seen["version"] {
        Some("trials-enrol-accept")
    } else if site["is_listed"] != true {
        Some("trials-list-waits")
    } else {
        None
    }
}

fn enrol_form(visit: &Visit, seen: &Value, wish: &Wish, faults: &Faults) -> Markup {
    if !is(visit, seen, "site", Role::Clinician) {
        return html! {};
    }
    if let Some(hindrance) = hindrance(visit, seen) {
        return html! { div.note { p { (visit.say(hindrance)) } } };
    }
    let none = (String::new(), visit.say("trials-choose"));
    let names = strata(seen).into_iter();
    let names = names.map(|name| (name.to_owned(), name.to_owned()));
    let offered: Vec<(String, String)> = std::iter::once(none).chain(names).collect();
    let (label, words) = (visit.say("trials-stratum"), visit.say("trials-consent"));
    let hint = visit.say("trials-consent-hint");
    let path = format!("{HOME}/{}/participants", text(seen, "/id"));
    html! {
        h2 { (visit.say("trials-enrol")) }
        p { (visit.say("trials-enrol-about")) }
        (form::form(visit, &path, &html! {
            (Line {
                name: "subject",
                kind: "text",
                label: visit.say("trials-subject"),
                hint: visit.say("trials-subject-hint"),
                value: &wish.subject,
                autocomplete: "off",
            }.show(faults))
            (form::select("stratum", &label, &offered, &wish.stratum, faults))
            (form::area("consent", &words, &hint, &wish.consent, faults))
            button type="submit" { (visit.say("trials-enrol-go")) }
        }))
    }
}

/// `POST /portal/trials/{id}/participants`
pub(super) async fn enrol(Path(id): Path<String>, filled: Filled) -> Result<Response, Trouble> {
    let visit = &filled.visit;
    let wish = Wish {
        subject: filled.get("subject").to_owned(),
        stratum: filled.get("stratum").to_owned(),
        consent: filled.get("consent").to_owned(),
    };
    let seen = read(visit, &id).await?;
    let mut faults = Faults::default();
    let mut check = |field: &'static str, good: bool| {
        if !good {
            faults.add(field, visit.say(&format!("trials-fault-{field}")));
        }
    };
    check("subject", !wish.subject.is_empty());
    check("stratum", strata(&seen).contains(&wish.stratum.as_str()));
    check("consent", !wish.consent.is_empty());
    let mut words = String::new();
    if faults.is_empty() {
        let body = json!({ "participants": [{ "subject": wish.subject,
            "stratum": wish.stratum, "consent": wish.consent }] });
        let sent = (format!("/trials/{id}/participants"), &body);
        match form::sent(visit, sent, visit.say("trials-fault-enrol"), &mut faults).await? {
            Ok(_) => {
                return Ok(Visit::go(&format!("{HOME}/{id}/participants?done=enrol")));
            }
            Err(said) => words = said,
        }
    }
    page(visit, &id, &wish, &faults, &words).await
}
