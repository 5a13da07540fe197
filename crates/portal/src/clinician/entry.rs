//! One record in a list of a chart: what it is, where it is from, and its proof.

use maud::{Markup, html};
use serde_json::Value;

use super::elsewhere::Sourced;
use crate::record::{self, line};
use crate::visit::Visit;
use crate::{date, seal, shelf};

/// A record of this organisation.
pub(super) fn own(visit: &Visit, patient: &str, resource: &Value) -> Markup {
    let (type_, id, version) = record::reference(resource);
    let path = format!("/portal/patients/{patient}/records/{type_}/{id}");
    let redacted = line(visit.language, resource).redacted;
    let proof = html! {
        @if !redacted { (seal::seal(visit.language, type_, id, version)) }
    };
    shown(visit, resource, Some(&path), visit.organisation(), &proof)
}

/// A record of another organisation.
pub(super) fn of_another(visit: &Visit, sourced: &Sourced) -> Markup {
    let (type_, id, version) = record::reference(&sourced.resource);
    let reference = format!("{type_}/{id}/_history/{version}");
    let proof = html! {
        @if sourced.proven { (shelf::seal(visit, &sourced.organisation, &reference)) }
        @else { p.tag.strong { (visit.say("elsewhere-unproven")) } }
    };
    shown(
        visit,
        &sourced.resource,
        None,
        &sourced.organisation,
        &proof,
    )
}

fn shown(
    visit: &Visit,
    resource: &Value,
    path: Option<&str>,
    origin: &str,
    proof: &Markup,
) -> Markup {
    let line = line(visit.language, resource);
    html! {
        div.item {
            p.kind {
                (line.kind) " · " (date::day_stamp(visit.language, &line.when)) " · "
                span.origin { (origin) }
            }
            p.title {
                @if let Some(path) = path { a href=(path) { (line.title) } }
                @else { (line.title) }
            }
            @if !line.value.is_empty() { p.value { (line.value) } }
            @if !line.status.is_empty() { p.tag { (status(visit, &line.status)) } }
            @if line.redacted { p.tag { (visit.say("record-redacted")) } }
            (proof)
        }
    }
}

/// A status in words, else its code.
pub(super) fn status(visit: &Visit, code: &str) -> String {
    visit.language.coded("status", code)
}
