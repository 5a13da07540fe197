//! A new permission: the questions, the check before it is given, and the giving.

use axum::response::Response;
use maud::html;

use super::wish::{DAYS, PURPOSES, SUBJECTS, Wish};
use super::{Member, members, on_device, preview, sign, words};
use crate::form::{self, Choice, Faults};
use crate::record::text;
use crate::trouble::Trouble;
use crate::visit::{Filled, Visit};

/// `GET /portal/permissions/new`
pub(super) async fn ask(visit: Visit) -> Result<Response, Trouble> {
    visit.patient()?;
    let members = members(&visit).await?;
    let mut wish = Wish::read(&query(&visit));
    if wish.purposes.is_empty() {
        wish.purposes.push("TREAT".into());
    }
    if wish.long.is_empty() {
        wish.long = "year".into();
    }
    Ok(asked(&visit, &members, &wish, &Faults::default()))
}

fn query(visit: &Visit) -> Vec<(String, String)> {
    hospital::pairs::decode(visit.parts.uri.query().unwrap_or("")).unwrap_or_default()
}

fn asked(visit: &Visit, members: &[Member], wish: &Wish, faults: &Faults) -> Response {
    let plain = |value: &str, words: String| -> Choice { (value.to_owned(), words, String::new()) };
    let who: Vec<Choice> = members
        .iter()
        .map(|member| {
            let more = if member.linked {
                String::new()
            } else {
                visit.say("permissions-unlinked")
            };
            (member.id.clone(), member.id.clone(), more)
        })
        .collect();
    let named = |group: &str, codes: &[&str]| -> Vec<Choice> {
        codes
            .iter()
            .map(|code| plain(code, visit.say(&format!("{group}-{code}"))))
            .collect()
    };
    let long: Vec<Choice> = DAYS
        .iter()
        .map(|(name, _)| plain(name, visit.say(&format!("permissions-long-{name}"))))
        .collect();
    let title = visit.say("permissions-new");
    let shown = html! {
        p.back { a href="/portal/permissions" { (visit.say("permissions-back")) } }
        (faults.summary(visit))
        h1 { (title) }
        form method="get" action="/portal/permissions/check" {
            (form::choices("who", "radio", &visit.say("permissions-who"), "", &who, &[&wish.who],
                faults))
            p.hint { a href="/portal/links" { (visit.say("permissions-connect")) } }
            (form::choices("purpose", "checkbox", &visit.say("permissions-purpose"), "",
                &named("purpose", &PURPOSES), &ticked(&wish.purposes), faults))
            (form::choices("without", "checkbox", &visit.say("permissions-leave-out"),
                &visit.say("permissions-leave-out-hint"), &named("subject", &SUBJECTS),
                    &ticked(&wish.without), faults))
            (form::choices("long", "radio", &visit.say("permissions-long"), "", &long,
                &[&wish.long], faults))
            button type="submit" { (visit.say("permissions-check")) }
        }
    };
    visit.page(&title, &shown)
}

/// `GET /portal/permissions/check`: the permission in words, before it is given.
pub(super) async fn check(visit: Visit) -> Result<Response, Trouble> {
    let patient = visit.patient()?.to_owned();
    let members = members(&visit).await?;
    let pairs = query(&visit);
    let wish = Wish::read(&pairs);
    let faults = wish.faults(&visit, &members);
    if !faults.is_empty() {
        return Ok(asked(&visit, &members, &wish, &faults));
    }
    let now_us = visit.portal.inside.hospital().now_us();
    let consent = wish.consent(&patient, now_us);
    let kept = ["who", "purpose", "without", "long"];
    let fields: Vec<(&str, &str)> = pairs
        .iter()
        .filter(|(name, _)| kept.contains(&name.as_str()))
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let again = hospital::pairs::encode(&pairs);
    let purpose = wish.purposes.first().map_or("TREAT", String::as_str);
    let preview = preview::preview(&visit, &consent, purpose).await?;
    let give = if on_device(&visit).await? {
        sign::give(&visit, &consent)?
    } else {
        let word = visit.say("permissions-give");
        form::button(&visit, "/portal/permissions/give", "", &word, &fields)
    };
    let title = visit.say("permissions-check-title");
    let shown = html! {
        p.back { a href={ "/portal/permissions/new?" (again) } {
            (visit.say("permissions-again")) } }
        h1 { (title) }
        div.card {
            h2 { (words::heading(&visit, &consent)) }
            (words::words(&visit, &consent))
        }
        p { (visit.say("permissions-withdrawable")) }
        (give)
        (preview)
    };
    Ok(visit.page(&title, &shown))
}

/// `POST /portal/permissions/give`
pub(super) async fn give(filled: Filled) -> Result<Response, Trouble> {
    let visit = &filled.visit;
    let patient = visit.patient()?.to_owned();
    let members = members(visit).await?;
    let wish = Wish::read(&filled.form);
    let faults = wish.faults(visit, &members);
    if !faults.is_empty() {
        return Ok(asked(visit, &members, &wish, &faults));
    }
    super::ensure_key(visit).await?;
    let now_us = visit.portal.inside.hospital().now_us();
    let consent = wish.consent(&patient, now_us);
    let answer = visit.post("/fhir/Consent/$fileConsent", &consent).await?;
    let parameters = answer["parameter"].as_array().into_iter().flatten();
    let id = parameters
        .filter(|parameter| parameter["name"] == "consent")
        .map(|parameter| match text(parameter, "/resource/id") {
            "" => text(parameter, "/valueReference/reference"),
            id => id,
        })
        .next()
        .unwrap_or("");
    let id = id.rsplit('/').next().unwrap_or("");
    Ok(Visit::go(&format!("/portal/permissions/{id}")))
}

/// The values of boxes that are ticked.
fn ticked(codes: &[String]) -> Vec<&str> {
    codes.iter().map(String::as_str).collect()
}
