//! The versions of a protocol: when each was sealed, how many took part by then, what it registers.

use maud::{Markup, html};
use serde_json::Value;

use super::{digits, entries, proof};
use crate::date;
use crate::record::text;
use crate::visit::Visit;

/// The ranks of endpoints, the first one first.
const RANKS: [&str; 3] = ["primary", "secondary", "exploratory"];

/// All versions, that in force first and open.
pub(super) fn all(visit: &Visit, seen: &Value) -> Markup {
    let versions = entries(seen, "versions");
    let last = versions.len();
    html! {
        @for (place, version) in versions.iter().enumerate().rev() {
            (one(visit, seen, version, place + 1 == last))
        }
    }
}

fn one(visit: &Visit, seen: &Value, version: &Value, in_force: bool) -> Markup {
    let number = digits(&version["version"]);
    let reason = text(version, "/reason");
    let must_consent = version["version"].as_u64().unwrap_or(1) > 1
        && version["version"].as_u64() <= seen["reconsent"].as_u64();
    html! {
        section.card {
            h3 {
                (visit.tell("trials-version", &[("version", &number)]))
                @if in_force { " " span.tag { (visit.say("trials-in-force")) } }
            }
            p {
                (visit.say("trials-sealed")) " "
                (date::stamp(visit.language, text(version, "/sealed"))) ". "
                strong { (before(visit, version)) }
            }
            @if !reason.is_empty() { p { (visit.say("trials-reason")) " " q { (reason) } } }
            @if must_consent { p { (visit.say("trials-reconsent")) } }
            @if version["protocol"].is_object() { (registered(visit, version, in_force)) }
            @else { p.soft { (visit.say("trials-not-told")) } }
            (proof(visit, "trials-proof-version",
                &[("trials-commitment", text(version, "/commitment"))]))
        }
    }
}

/// Whether anybody took part when it was sealed: the order of the ledger says so.
fn before(visit: &Visit, version: &Value) -> String {
    match version["enrolled_before"].as_u64().unwrap_or_default() {
        0 => visit.say("trials-before-first"),
        count => visit.tell("trials-after", &[("count", &count.to_string())]),
    }
}

/// What a version registers. The length of a block is left out: whoever enrols and knows it
/// guesses the last arms of each (ICH E9 2.3.2).
fn registered(visit: &Visit, version: &Value, open: bool) -> Markup {
    let protocol = &version["protocol"];
    let endpoints = entries(protocol, "endpoints");
    let plan = text(protocol, "/analysis_plan");
    html! {
        details open[open] {
            summary { (visit.say("trials-registered")) }
            @for rank in RANKS {
                @let of_rank = endpoints.iter().filter(|it| text(it, "/rank") == rank);
                @let of_rank = of_rank.collect::<Vec<_>>();
                @if !of_rank.is_empty() {
                    h4 { (visit.say(&format!("trials-rank-{rank}"))) }
                    ul { @for endpoint in of_rank { li { (described(visit, endpoint)) } } }
                }
            }
            @if !plan.is_empty() {
                h4 { (visit.say("trials-plan")) }
                p.said { (plan) }
            }
            (documents(visit, protocol))
            h4 { (visit.say("trials-arms")) }
            ul {
                @for arm in entries(protocol, "arms") {
                    li { (text(arm, "/name")) " "
                        (visit.tell("trials-ratio", &[("ratio", &digits(&arm["ratio"]))])) }
                }
            }
        }
    }
}

/// The documents that are sealed with it: name and SHA-256.
fn documents(visit: &Visit, protocol: &Value) -> Markup {
    let documents = entries(protocol, "documents");
    html! {
        @if !documents.is_empty() {
            h4 { (visit.say("trials-documents")) }
            ul {
                @for document in documents {
                    li { (text(document, "/0")) " " code { (text(document, "/1")) } }
                }
            }
        }
    }
}

/// An endpoint in one line.
pub(super) fn described(visit: &Visit, endpoint: &Value) -> Markup {
    let analysis = text(endpoint, "/analysis");
    html! {
        strong { (text(endpoint, "/name")) } ": " (text(endpoint, "/measure")) ", "
        (text(endpoint, "/timing"))
        @if !analysis.is_empty() {
            span.more { (visit.say("trials-analysis")) " " (analysis) }
        }
    }
}
