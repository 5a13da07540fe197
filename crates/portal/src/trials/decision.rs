//! The lock of the data and the decisions about it: who proposed, who said yes, what can be done.

use hospital::Role;
use maud::{Markup, html};
use serde_json::Value;

use super::acts::{self, Given};
use super::{digits, entries, is, own_site, proof};
use crate::date;
use crate::form::{self, Faults, Line};
use crate::record::text;
use crate::visit::Visit;

/// The lock, the decisions, and what this person can do about them.
pub(super) fn all(visit: &Visit, seen: &Value, given: &Given, faults: &Faults) -> Markup {
    let decisions = entries(seen, "decisions");
    let lock = &seen["lock"];
    let quorum = digits(&seen["quorum"]);
    html! {
        @if lock.is_object() {
            div.done {
                p { (visit.tell("trials-locked-rows", &[("rows", &digits(&lock["rows"]))])) }
            }
            (proof(visit, "trials-proof-lock", &[
                ("trials-snapshot", text(lock, "/snapshot")),
                ("trials-programs", text(lock, "/programs")),
            ]))
        } @else { p { (visit.say("trials-open-about")) } }
        p { (visit.tell("trials-quorum", &[("quorum", &quorum)])) }
        @if !decisions.is_empty() {
            ol.lines { @for decision in decisions { li { (one(visit, seen, decision)) } } }
        }
        (confirm(visit, seen))
        (propose(visit, seen, given, faults))
        (reveal(visit, seen))
    }
}

fn one(visit: &Visit, seen: &Value, decision: &Value) -> Markup {
    let voices = entries(decision, "voices");
    let voices: Vec<&str> = voices.iter().filter_map(Value::as_str).collect();
    let number = digits(&decision["number"]);
    let kind = if decision["locks"] == true {
        "trials-decision-lock"
    } else {
        "trials-decision-unlock"
    };
    let effective = text(decision, "/effective");
    html! {
        p.title { (visit.tell(kind, &[("number", &number)])) }
        p {
            (visit.say("trials-voices")) " " (voices.join(", "))
        }
        p.kind {
            @if !effective.is_empty() {
                (visit.say("trials-effective")) " " (date::stamp(visit.language, effective))
            } @else if is_latest(seen, decision) {
                (visit.tell("trials-waits",
                    &[("have", &voices.len().to_string()), ("need", &digits(&seen["quorum"]))]))
            } @else { (visit.say("trials-fallen")) }
        }
    }
}

/// What was proposed before another proposal and had no quorum falls.
fn is_latest(seen: &Value, decision: &Value) -> bool {
    let last = entries(seen, "decisions").last();
    last.is_some_and(|it| it["number"] == decision["number"])
}

/// The proposal that this person can add the voice of the organisation to.
fn open_for<'a>(visit: &Visit, seen: &'a Value) -> Option<&'a Value> {
    let latest = entries(seen, "decisions").last()?;
    let voices = entries(latest, "voices");
    let said_so = voices.iter().any(|it| it == visit.organisation());
    let may = match text(seen, "/role") {
        "site" => visit.role() == Role::Clinician,
        "monitor" | "regulator" => matches!(visit.role(), Role::Auditor | Role::Researcher),
        _ => false,
    };
    (latest["effective"].is_null() && !said_so && may).then_some(latest)
}

fn confirm(visit: &Visit, seen: &Value) -> Markup {
    let Some(open) = open_for(visit, seen) else {
        return html! {};
    };
    let about = match (open["locks"] == true, text(seen, "/role")) {
        (true, "site") => "trials-confirm-site",
        (true, _) => "trials-confirm-lock",
        (false, _) => "trials-confirm-unlock",
    };
    html! {
        div.note { p { (visit.say(about)) } }
        (acts::button(visit, seen, "confirm", "", &[("number", &digits(&open["number"]))]))
    }
}

/// The sponsor proposes the opposite of what is so.
fn propose(visit: &Visit, seen: &Value, given: &Given, faults: &Faults) -> Markup {
    if !is(visit, seen, "sponsor", Role::Researcher) {
        return html! {};
    }
    let wrong = !faults.is_empty();
    if seen["lock"].is_object() {
        let reason = visit.say("trials-unlock-reason");
        let hint = visit.say("trials-unlock-hint");
        return html! {
            details open[wrong] {
                summary { (visit.say("trials-unlock")) }
                (acts::form(visit, seen, "unlock", "warn", &html! {
                    (form::area("reason", &reason, &hint, &given.reason, faults))
                }))
            }
        };
    }
    let source = visit.say("trials-program-text");
    html! {
        details open[wrong] {
            summary { (visit.say("trials-lock")) }
            p { (visit.say("trials-lock-about")) }
            (acts::form(visit, seen, "lock", "", &html! {
                (Line {
                    name: "program",
                    kind: "text",
                    label: visit.say("trials-program"),
                    hint: visit.say("trials-program-hint"),
                    value: &given.program,
                    autocomplete: "off",
                }.show(faults))
                (form::area("source", &source, "", &given.source, faults))
            }))
        }
    }
}

/// After the lock each hand shows its secret, once.
fn reveal(visit: &Visit, seen: &Value) -> Markup {
    let waits = |site: &Value, which: &str| site["is_listed"] == true && !site[which].is_string();
    let sites = entries(seen, "sites");
    let sponsor = is(visit, seen, "sponsor", Role::Researcher)
        && sites.iter().any(|it| waits(it, "sponsor_secret"));
    let site =
        is(visit, seen, "site", Role::Clinician) && waits(own_site(visit, seen), "site_secret");
    html! {
        @if seen["lock"].is_object() && (sponsor || site) {
            h3 { (visit.say("trials-reveal")) }
            p { (visit.say("trials-reveal-about")) }
            (acts::button(visit, seen, "reveal", "second", &[]))
        }
    }
}
