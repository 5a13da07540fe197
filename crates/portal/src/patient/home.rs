//! A patient's first page: what is new since the last visit, and what waits for an answer.

use axum::http::{HeaderValue, header};
use axum::response::Response;
use hospital::{instant, pairs};
use maud::{Markup, html};
use serde_json::Value;

use crate::record::{self, line};
use crate::trouble::Trouble;
use crate::visit::Visit;
use crate::{date, live, stretch};

/// What is told at once; the record has the rest.
const NEW_MAX: usize = 8;
const ACCESSES_MAX: usize = 20;
/// Where nothing is known of a last visit, so many days are looked back.
const FIRST_DAYS: i64 = 30;
const DAY_US: i64 = 86_400_000_000;

/// `GET /portal`, for a patient.
pub(crate) async fn show(visit: Visit) -> Result<Response, Trouble> {
    let patient = visit.patient()?.to_owned();
    let (since, mark) = since(&visit);
    let person = visit.get(&format!("/fhir/Patient/{patient}")).await?;
    let query = pairs::encode(&[
        ("_since".into(), since.clone()),
        ("_type".into(), stretch::TIMELINE.into()),
        ("_count".into(), "200".into()),
    ]);
    let bundle = visit
        .get(&format!("/fhir/Patient/{patient}/$everything?{query}"))
        .await?;
    let mut fresh: Vec<&Value> = record::records(&bundle).collect();
    fresh.reverse();
    let accesses = super::accesses::of_others(&visit, &since, ACCESSES_MAX).await?;
    let title = visit.tell("home-hello", &[("name", &record::name(&person))]);
    let content = html! {
        h1 { (title) }
        p.lead { (visit.tell("home-since", &[("when", &date::moment(visit.language, &since))])) }
        (live::listener())
        section aria-labelledby="home-record" {
            h2 id="home-record" { (visit.say("home-record")) }
            (news(&visit, &fresh))
            p { a href="/portal/record" { (visit.say("home-record-all")) } }
        }
        section aria-labelledby="home-accesses" {
            h2 id="home-accesses" { (visit.say("home-accesses")) }
            @if accesses.lines.is_empty() { p { (visit.say("home-accesses-none")) } }
            @else { (super::accesses::list(&visit,
                &accesses.lines[..accesses.lines.len().min(ACCESSES_MAX)])) }
            p { a href="/portal/accesses" { (visit.say("home-accesses-all")) } }
        }
    };
    let mut response = visit.page(&title, &content);
    if let Some(mark) = mark {
        response.headers_mut().append(header::SET_COOKIE, mark);
    }
    Ok(response)
}

fn news(visit: &Visit, fresh: &[&Value]) -> Markup {
    html! {
        @if fresh.is_empty() { p { (visit.say("home-record-none")) } }
        @else {
            ul.lines {
                @for resource in fresh.iter().take(NEW_MAX) {
                    li { (super::timeline::item(visit, &line(visit.language, resource), resource)) }
                }
            }
            @if fresh.len() > NEW_MAX {
                p { (visit.tell("home-record-more", &[("count",
                    &(fresh.len() - NEW_MAX).to_string())])) }
            }
        }
    }
}

/// Since when, by the cookie `<session began>.<last visit before it>`; and the cookie anew when
/// the session is another than the one in it.
fn since(visit: &Visit) -> (String, Option<HeaderValue>) {
    let name = format!("salus_last_{}", visit.organisation());
    let began_us = visit.visitor.session.began_us;
    let kept = api::find_cookie(&visit.parts.headers, &name).and_then(|kept| {
        let (began, last) = kept.split_once('.')?;
        Some((began.parse::<i64>().ok()?, last.parse::<i64>().ok()?))
    });
    let first = began_us.saturating_sub(FIRST_DAYS * DAY_US);
    let (since_us, anew) = match kept {
        Some((began, last)) if began == began_us => (last, false),
        // The last visit was the session before this one, whenever it began.
        Some((began, _)) if began < began_us => (began, true),
        _ => (first, true),
    };
    let secure = if visit.portal.inside.base().starts_with("https:") {
        "; Secure"
    } else {
        ""
    };
    let mark = anew.then(|| {
        let text = format!(
            "{name}={began_us}.{since_us}; Path=/portal; Max-Age=31536000; HttpOnly; \
             SameSite=Lax{secure}"
        );
        HeaderValue::from_str(&text).ok()
    });
    (instant::fhir(since_us), mark.flatten())
}
