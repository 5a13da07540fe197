//! The verdict on a pack: words, colour and sign, so that none of them is needed to read it.

use maud::{Markup, html};
use serde_json::Value;

use super::{case, list, printed};
use crate::date;
use crate::record::text;
use crate::sign::Sign;
use crate::visit::Visit;

/// How grave a verdict is: the class of its notice.
fn class(verdict: &str) -> &'static str {
    match verdict {
        "real" => "done",
        "elsewhere" => "note",
        _ => "alarm",
    }
}

/// Its sign.
fn sign(verdict: &str) -> Sign {
    match verdict {
        "real" => Sign::Tick,
        "suspect" | "recalled" | "expired" => Sign::Triangle,
        "elsewhere" => Sign::Arrow,
        _ => Sign::Cross,
    }
}

/// The verdict, why, and what to do.
pub(super) fn show(visit: &Visit, found: &Value) -> Markup {
    let verdict = text(found, "/verdict");
    let word = |part: &str| {
        visit
            .language
            .coded("packs", &format!("verdict-{verdict}{part}"))
    };
    let because = list(found, "because");
    html! {
        section class={ "pack-verdict " (class(verdict)) } role="status" data-verdict=(verdict) {
            (sign(verdict).show())
            div {
                h2 { (word("")) }
                p { strong { (word("-do")) } }
                @if !because.is_empty() {
                    ul { @for reason in because { li { (why(visit, reason)) } } }
                }
                @if verdict == "real" { p { (place(visit, found)) } }
            }
        }
    }
}

/// One reason, with the time since when it holds.
pub(super) fn why(visit: &Visit, reason: &Value) -> Markup {
    let code = text(reason, "/code");
    let since = text(reason, "/since");
    html! {
        @if let Some(reason) = code.strip_prefix("decommissioned-") {
            (visit.tell("packs-why-decommissioned",
                &[("reason", &visit.language.coded("packs-reason", reason))]))
        } @else if let Some(rule) = code.strip_prefix("detected-") {
            (visit.language.coded("packs-rule", rule))
        } @else {
            (visit.language.coded("packs-why", code))
        }
        @if !since.is_empty() {
            " " (visit.say("packs-since")) " " (date::stamp(visit.language, since)) "."
        }
    }
}

/// Where the pack is, seen from here.
pub(super) fn place(visit: &Visit, pack: &Value) -> String {
    let other = text(pack, "/other");
    let place = match text(pack, "/place") {
        "" => "nowhere",
        place => place,
    };
    let key = match (place, other) {
        (place, "") => format!("packs-place-{place}"),
        (place, _) => format!("packs-place-{place}-other"),
    };
    if visit.language.has(&key) {
        visit.tell(&key, &[("other", other)])
    } else {
        visit.language.coded("packs-place", place)
    }
}

/// What the rules of detection say, also what is no alarm.
pub(super) fn suspicions(visit: &Visit, found: &Value) -> Markup {
    let all = list(found, "suspicions");
    html! {
        @if !all.is_empty() {
            h2 { (visit.say("packs-suspicions")) }
            p { (visit.say("packs-suspicions-about")) }
            ul.lines {
                @for one in all {
                    li {
                        p.title { (visit.language.coded("packs-rule", text(one, "/rule"))) }
                        p {
                            (visit.language.coded("packs-certainty", text(one, "/certainty")))
                            " " q lang="en" { (text(one, "/reason")) }
                        }
                    }
                }
            }
        }
    }
}

/// What is printed, what was mended, where it is, and on what the answer rests.
pub(super) fn details(visit: &Visit, found: &Value) -> Markup {
    let proof = text(found, "/proof");
    let height = found["ledger"]["height"].to_string();
    html! {
        @if let Some(mended) = found["mended"].as_str() {
            div.note {
                p { (visit.say("packs-mended")) " " q lang="en" { (mended) } }
                p { (visit.say("packs-mended-do")) }
            }
        }
        h2 { (visit.say("packs-printed")) }
        dl.facts {
            (printed::facts(visit, &found["pack"]))
            div { dt { (visit.say("packs-place")) } dd { (place(visit, found)) } }
            @if let Some(case) = found["case"].as_str() {
                div { dt { (visit.say("packs-case")) } dd { (case::open(visit, case)) } }
            }
            div {
                dt { (visit.say("packs-state")) }
                dd {
                    (visit.tell("packs-height", &[("height", &height)])) ", "
                    (date::stamp(visit.language, text(found, "/ledger/time")))
                }
            }
        }
        @if proof.is_empty() { p.soft { (visit.say("packs-proof-none")) } }
        @else {
            details {
                summary { (visit.say("packs-proof")) }
                p { (visit.say("packs-proof-hint")) }
                pre tabindex="0" aria-label=(visit.say("packs-proof")) { code { (proof) } }
            }
        }
    }
}
