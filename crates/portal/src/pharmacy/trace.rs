//! Where a pack has been: from its maker, organisation by organisation, to here.

use axum::response::Response;
use maud::{Markup, html};
use proof::event::Event;
use serde_json::{Value, json};

use super::{HOME, check, list, map, printed, verdict};
use crate::record::text;
use crate::trouble::Trouble;
use crate::visit::{Filled, Visit};
use crate::{date, form, shelf};

/// How a member is named as a party of an event.
const MEMBER: &str = "urn:salus:organisation:";

/// `POST /portal/packs/trace`
pub(super) async fn show(filled: Filled) -> Result<Response, Trouble> {
    let visit = &filled.visit;
    super::looks(visit)?;
    let scan = filled.get("scan");
    let traced = match visit.post("/packs/trace", &json!({ "scan": scan })).await {
        Ok(traced) => traced,
        Err(trouble) => return check::unread(visit, scan, trouble).await,
    };
    // The door begins here and goes back; people read it as it happened.
    let steps: Vec<&Value> = list(&traced, "steps").iter().rev().collect();
    let way: Vec<&str> = steps.iter().map(|it| text(it, "/organisation")).collect();
    let nothing = steps.iter().all(|it| list(it, "events").is_empty());
    let title = visit.say("packs-trace");
    let content = html! {
        p.back { a href=(HOME) { (visit.say("packs-back")) } }
        h1 { (title) }
        p.lead { (visit.say("packs-trace-about")) }
        dl.facts { (printed::facts(visit, &traced["pack"])) }
        @if nothing { div.note { p { (visit.say("packs-trace-none")) } } }
        @else {
            (map::draw(visit, &way))
            @for step in &steps { (one(visit, step)) }
        }
        (verdict::suspicions(visit, &traced))
        (form::button(visit, "/portal/packs/check", "second", &visit.say("packs-check-again"),
            &[("scan", scan)]))
    };
    Ok(visit.page(&title, &content))
}

/// What one organisation knows.
pub(super) fn one(visit: &Visit, step: &Value) -> Markup {
    let organisation = text(step, "/organisation");
    let events = list(step, "events");
    html! {
        section {
            h2 { (organisation) }
            @if let Some(problem) = step["problem"].as_str() {
                div.note {
                    p { (visit.say("packs-trace-gap")) }
                    (super::said(visit, problem))
                }
            }
            @if events.is_empty() { p { (visit.say("packs-trace-no-events")) } }
            @else {
                ol.lines {
                    @for event in events { li { (happened(visit, organisation, event)) } }
                }
            }
        }
    }
}

/// One event in words, with its time and its seal.
fn happened(visit: &Visit, organisation: &str, told: &Value) -> Markup {
    let event = &told["event"];
    let time = text(event, "/eventTime");
    html! {
        div.item {
            p.title { (words(visit, event)) }
            p { (date::stamp(visit.language, time)) }
            details {
                summary { (visit.say("packs-event")) }
                @let pretty = serde_json::to_string_pretty(event).unwrap_or_default();
                pre tabindex="0" aria-label=(visit.say("packs-event")) { code { (pretty) } }
                @if let Some(receipt) = told["receipt"].as_str() {
                    p { (visit.say("packs-receipt")) }
                    pre tabindex="0" aria-label=(visit.say("packs-receipt")) {
                        code { (receipt) }
                    }
                }
            }
            (sealed(visit, organisation, told))
        }
    }
}

/// The seal, checked by the browser: it came with the answer, and lies on the shelf until then.
fn sealed(visit: &Visit, organisation: &str, told: &Value) -> Markup {
    let receipt = told["receipt"].as_str();
    let named = receipt.and_then(|it| Some((it, reference(organisation, it)?)));
    let Some((receipt, reference)) = named else {
        return html! { p.soft { (visit.say("packs-unsealed")) } };
    };
    let record = told["event"].to_string().into_bytes();
    let shelf = &visit.portal.shelf;
    shelf.keep(visit, organisation, &reference, receipt.to_owned(), record);
    shelf::seal(visit, organisation, &reference)
}

/// Of which version of which record of this organisation a receipt is.
fn reference(organisation: &str, receipt: &str) -> Option<String> {
    let receipt = proof::receipt::parse(receipt.as_bytes()).ok()?;
    let Event::RecordVersion(it) = receipt.opening.event;
    let name = format!(
        "{}/{}/_history/{}",
        it.record_type, it.record_id, it.version
    );
    (it.organisation == organisation).then_some(name)
}

/// What happened, by business step and disposition (CBV 2.0, 7.1 and 7.2).
fn words(visit: &Visit, event: &Value) -> String {
    let bare = |path: &str| {
        let word = text(event, path);
        let word = word.rsplit(['/', ':']).next().unwrap_or("");
        let word = word
            .trim_start_matches("BizStep-")
            .trim_start_matches("Disp-");
        word.replace('_', "-")
    };
    let (step, disposition) = (bare("/bizStep"), bare("/disposition"));
    let to = list(event, "destinationList");
    let to = to.first().map_or("", |it| text(it, "/destination"));
    let to = to.strip_prefix(MEMBER).unwrap_or(to);
    let exact = format!("packs-step-{step}-{disposition}");
    let known = format!("packs-step-{step}");
    match (visit.language.has(&exact), visit.language.has(&known)) {
        (true, _) => visit.say(&exact),
        (_, true) if step == "shipping" && !to.is_empty() => {
            visit.tell("packs-step-shipping-to", &[("other", to)])
        }
        (_, true) => visit.say(&known),
        _ => visit.tell("packs-step-other", &[("step", &step)]),
    }
}
