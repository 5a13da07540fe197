//! The sites: which version each has accepted, and how far its allocation list has come.

use hospital::Role;
use maud::{Markup, html};
use serde_json::Value;

use super::{acts, digits, entries, is, own_site, proof, strata};
use crate::record::text;
use crate::visit::Visit;

/// All sites.
pub(super) fn all(visit: &Visit, seen: &Value) -> Markup {
    html! {
        @for site in entries(seen, "sites") { (one(visit, seen, site)) }
        (accept(visit, seen))
    }
}

fn one(visit: &Visit, seen: &Value, site: &Value) -> Markup {
    let accepted = digits(&site["accepted"]);
    html! {
        section.card {
            h3 { (text(site, "/organisation")) }
            p {
                @if accepted == "0" { (visit.say("trials-site-accepted-none")) }
                @else { (visit.tell("trials-site-accepted", &[("version", &accepted)])) }
                @if accepted != "0" && site["accepted"] != seen["version"] {
                    " " strong { (visit.say("trials-site-behind")) }
                }
            }
            p { (visit.say(state(site))) }
            @if site["is_listed"] == true { (used(visit, seen, site)) }
            (proof(visit, "trials-proof-list", &[
                ("trials-beacon", text(site, "/beacon")),
                ("trials-sponsor-root", text(site, "/sponsor_root")),
                ("trials-site-root", text(site, "/site_root")),
                ("trials-sponsor-secret", text(site, "/sponsor_secret")),
                ("trials-site-secret", text(site, "/site_secret")),
            ]))
        }
    }
}

/// What is proven of the list by now.
fn state(site: &Value) -> &'static str {
    let shown = |which: &str| site[which].is_string();
    match (
        site["is_listed"] == true,
        shown("sponsor_secret"),
        shown("site_secret"),
    ) {
        (false, ..) => "trials-list-waits",
        (true, true, true) => "trials-list-shown",
        (true, false, false) => "trials-list-sealed",
        (true, ..) => "trials-list-half",
    }
}

/// How many slots of each stratum are used.
fn used(visit: &Visit, seen: &Value, site: &Value) -> Markup {
    let names = strata(seen);
    let (slots, next) = (entries(site, "slots"), entries(site, "next"));
    html! {
        ul {
            @for (place, slots) in slots.iter().enumerate() {
                @let name = names.get(place).copied().unwrap_or("–");
                @let next = next.get(place).unwrap_or(&Value::Null);
                li {
                    (name) ": "
                    (visit.tell("trials-slots",
                        &[("used", &digits(next)), ("slots", &digits(slots))]))
                }
            }
        }
    }
}

/// The button of a site that has not accepted the version in force.
fn accept(visit: &Visit, seen: &Value) -> Markup {
    let waits = own_site(visit, seen)["accepted"] != seen["version"];
    let told = super::in_force(seen)["protocol"].is_object();
    let version = digits(&seen["version"]);
    html! {
        @if is(visit, seen, "site", Role::Clinician) && waits && told {
            div.note { p { (visit.tell("trials-accept-about", &[("version", &version)])) } }
            (acts::button(visit, seen, "accept", "", &[("version", &version)]))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::words::Language;

    #[test]
    fn a_list_is_called_proven_only_when_both_hands_have_shown_their_secrets() {
        let site = |listed: bool, sponsor: bool, own: bool| {
            let secret = |shown: bool| shown.then_some("00");
            json!({ "is_listed": listed, "sponsor_secret": secret(sponsor),
                "site_secret": secret(own) })
        };
        for (site, wanted) in [
            (site(false, false, false), "trials-list-waits"),
            (site(true, false, false), "trials-list-sealed"),
            (site(true, true, false), "trials-list-half"),
            (site(true, false, true), "trials-list-half"),
            (site(true, true, true), "trials-list-shown"),
        ] {
            assert_eq!(state(&site), wanted, "{site}");
            for language in Language::ALL {
                assert!(language.has(wanted), "{wanted}");
            }
        }
    }
}
