//! A trial: who takes part, what was sealed and when, the sites, the decisions, the reports.

use axum::extract::Path;
use axum::response::Response;
use hospital::Role;
use maud::{Markup, html};
use serde_json::Value;

use super::acts::Given;
use super::{
    HOME, decision, digits, done, entries, is, monitoring, proof, read, report, site, version,
};
use crate::date;
use crate::form::Faults;
use crate::pharmacy::said;
use crate::record::text;
use crate::trouble::Trouble;
use crate::visit::Visit;

/// `GET /portal/trials/{id}?done=`
pub(super) async fn show(visit: Visit, Path(id): Path<String>) -> Result<Response, Trouble> {
    page(&visit, &id, &Given::default(), &Faults::default(), "").await
}

/// The page. `given`, `faults` and `words` are of an act that was refused.
pub(super) async fn page(
    visit: &Visit,
    id: &str,
    given: &Given,
    faults: &Faults,
    words: &str,
) -> Result<Response, Trouble> {
    let seen = read(visit, id).await?;
    let title = super::title(visit, &seen);
    let content = html! {
        p.back { a href=(HOME) { (visit.say("trials-back")) } }
        (faults.summary(visit))
        h1 { (title) }
        (said(visit, words))
        (done(visit))
        (standing(visit, &seen))
        (parties(visit, &seen))
        h2 { (visit.say("trials-protocol")) }
        (version::all(visit, &seen))
        @if is(visit, &seen, "sponsor", Role::Researcher) && !seen["lock"].is_object() {
            p { a href={ (HOME) "/" (id) "/amendment" } { (visit.say("trials-amend")) } }
        }
        h2 { (visit.say("trials-sites")) }
        p { (visit.say("trials-hands")) }
        (site::all(visit, &seen))
        h2 { (visit.say("trials-data")) }
        (decision::all(visit, &seen, given, faults))
        h2 { (visit.say("trials-reports")) }
        (reports(visit, &seen))
        @if report::may(visit, &seen) {
            p { a href={ (HOME) "/" (id) "/report" } { (visit.say("trials-tell")) } }
        }
        (proof(visit, "trials-proof-trial", &[("trials-id", text(&seen, "/id"))]))
    };
    Ok(visit.page(&title, &content))
}

/// In one look: what this organisation is, and how far the trial has come.
fn standing(visit: &Visit, seen: &Value) -> Markup {
    let here = visit.language.coded("trials-part", text(seen, "/role"));
    let is_site = text(seen, "/role") == "site";
    html! {
        dl.facts {
            div { dt { (visit.say("trials-here")) } dd { (here) } }
            div { dt { (visit.say("trials-enrolled")) } dd { (digits(&seen["enrolled"])) } }
            div {
                dt { (visit.say("trials-version-in-force")) }
                dd { (digits(&seen["version"])) }
            }
            div {
                dt { (visit.say("trials-data")) }
                dd { (visit.say(if seen["lock"].is_object() { "trials-locked" }
                    else { "trials-open" })) }
            }
        }
        @if is_site {
            p { a.button href={ (HOME) "/" (text(seen, "/id")) "/participants" } {
                (visit.say("trials-participants"))
            } }
        }
        @if monitoring::oversees(visit, seen) {
            p { a.button href={ (HOME) "/" (text(seen, "/id")) "/monitoring" } {
                (visit.say("trials-monitoring-link"))
            } }
        }
    }
}

/// Who takes part, as what.
fn parties(visit: &Visit, seen: &Value) -> Markup {
    let part = |part: &str| visit.language.coded("trials-is", part);
    html! {
        h2 { (visit.say("trials-parties")) }
        ul.lines {
            li { (text(seen, "/sponsor")) " " span.tag { (part("sponsor")) } }
            @for party in entries(seen, "parties") {
                @if text(party, "/organisation") != text(seen, "/sponsor") {
                    li {
                        (text(party, "/organisation")) " "
                        span.tag { (part(text(party, "/role"))) }
                    }
                }
            }
        }
    }
}

/// The reports, each with the way to its comparison.
fn reports(visit: &Visit, seen: &Value) -> Markup {
    let reports = entries(seen, "reports");
    html! {
        @if reports.is_empty() { p { (visit.say("trials-reports-none")) } }
        @else {
            p { (visit.say("trials-reports-about")) }
            ul.lines {
                @for report in reports {
                    @let number = digits(&report["number"]);
                    li {
                        p.title {
                            a href={ (HOME) "/" (text(seen, "/id")) "/reports/" (number) } {
                                (visit.tell("trials-report", &[("number", &number)]))
                            }
                        }
                        p.kind {
                            (date::stamp(visit.language, text(report, "/reported"))) ", "
                            (visit.tell("trials-version",
                                &[("version", &digits(&report["version"]))]))
                        }
                    }
                }
            }
        }
    }
}
