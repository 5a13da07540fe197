//! The sites of a trial compared: which one stands out, and why, for those who oversee it. At the
//! end, what the lists say that were laid open.

use axum::extract::Path;
use axum::response::Response;
use hospital::Role;
use maud::{Markup, html};
use serde_json::Value;

use super::{HOME, digits, entries, is, read};
use crate::pharmacy::said;
use crate::record::text;
use crate::sign::Sign;
use crate::trouble::Trouble;
use crate::visit::Visit;

/// Whether this person oversees the trial; the door decides again.
pub(super) fn oversees(visit: &Visit, seen: &Value) -> bool {
    let audits =
        |part| is(visit, seen, part, Role::Auditor) || is(visit, seen, part, Role::Researcher);
    is(visit, seen, "sponsor", Role::Researcher) || audits("monitor") || audits("regulator")
}

/// How a standing looks: a colour and a sign, beside its words.
fn look(standing: &str) -> (&'static str, Sign) {
    match standing {
        "quiet" => ("done", Sign::Tick),
        "watch" => ("note", Sign::Triangle),
        _ => ("alarm", Sign::Cross),
    }
}

/// `GET /portal/trials/{id}/monitoring`
pub(super) async fn show(visit: Visit, Path(id): Path<String>) -> Result<Response, Trouble> {
    let seen = read(&visit, &id).await?;
    let title = visit.say("trials-monitoring");
    let compared = asked(&visit, &format!("/trials/{id}/monitoring"), ranked).await?;
    let mut sites = entries(&seen, "sites").iter();
    let lists = if sites.any(|it| it["site_secret"].is_string()) {
        asked(&visit, &format!("/trials/{id}/allocation"), lists).await?
    } else {
        html! { p { (visit.say("trials-lists-sealed")) } }
    };
    let content = html! {
        p.back { a href={ (HOME) "/" (id) } { (super::title(&visit, &seen)) } }
        h1 { (title) }
        p.lead { (visit.say("trials-monitoring-lead")) }
        (compared)
        h2 { (visit.say("trials-lists")) }
        (lists)
    };
    Ok(visit.page(&title, &content))
}

/// What the door answers, or its words where it cannot yet.
async fn asked(
    visit: &Visit,
    path: &str,
    told: fn(&Visit, &Value) -> Markup,
) -> Result<Markup, Trouble> {
    match visit.get(path).await {
        Ok(found) => Ok(told(visit, &found)),
        Err(trouble) => match trouble.words() {
            Some(words) => Ok(html! {
                div.note { p { (visit.say("trials-monitoring-not-yet")) } (said(visit, words)) }
            }),
            None => Err(trouble),
        },
    }
}

fn ranked(visit: &Visit, found: &Value) -> Markup {
    let sites = entries(found, "sites");
    let items: Vec<&str> = entries(found, "items")
        .iter()
        .filter_map(Value::as_str)
        .collect();
    html! {
        dl.facts {
            div { dt { (visit.say("trials-monitoring-rows")) } dd { (digits(&found["rows"])) } }
            div {
                dt { (visit.say("trials-monitoring-people")) }
                dd { (digits(&found["participants"])) }
            }
            div { dt { (visit.say("trials-monitoring-items")) } dd { (items.join(", ")) } }
        }
        (notes(visit, found))
        h2 { (visit.say("trials-sites")) }
        @if sites.is_empty() { p { (visit.say("trials-monitoring-none")) } }
        @for (site, place) in sites.iter().zip(1..) { (one(visit, site, place)) }
    }
}

/// What to know when reading it, in the words of the program.
fn notes(visit: &Visit, found: &Value) -> Markup {
    let notes = entries(found, "notes");
    html! {
        @if !notes.is_empty() {
            div.note {
                p { strong { (visit.say("trials-monitoring-notes")) } }
                ul lang="en" {
                    @for note in notes.iter().filter_map(Value::as_str) { li { (note) } }
                }
            }
        }
    }
}

/// One site.
fn one(visit: &Visit, site: &Value, place: u32) -> Markup {
    let standing = text(site, "/standing");
    let (class, sign) = look(standing);
    let findings = entries(site, "findings");
    html! {
        section class={ "pack-verdict " (class) } data-site=(text(site, "/site"))
            data-standing=(standing) {
            (sign.show())
            div {
                h3 { (place) ". " (text(site, "/site")) }
                p {
                    strong { (visit.language.coded("trials-standing", standing)) } " "
                    (visit.tell("trials-monitoring-size",
                        &[("count", &digits(&site["subjects"]))]))
                }
                @if findings.is_empty() { p { (visit.say("trials-monitoring-quiet")) } }
                @else { ul.lines { @for finding in findings { li { (reason(visit, finding)) } } } }
            }
        }
    }
}

/// One reason to look: what the rule is about, how far out the site is, whom to look at first.
fn reason(visit: &Visit, finding: &Value) -> Markup {
    let evidence = entries(finding, "evidence");
    html! {
        p.title { (visit.language.coded("trials-rule", text(finding, "/rule"))) }
        p lang="en" { (text(finding, "/why")) }
        @if !evidence.is_empty() {
            details {
                summary { (visit.say("trials-monitoring-evidence")) }
                ul {
                    @for it in evidence {
                        li {
                            (text(it, "/subject"))
                            @if it["visit"].is_string() { ", " (text(it, "/visit")) }
                            ": " span lang="en" { (text(it, "/seen")) }
                        }
                    }
                }
            }
        }
    }
}

/// The lists of a trial that were laid open.
fn lists(visit: &Visit, found: &Value) -> Markup {
    let tests = ["balance", "runs", "selection_bias"];
    let [balance, runs, bias] = tests.map(|name| entries(found, name));
    html! {
        @for list in entries(found, "lists") {
            @let good = list["is_as_sealed"] == true && entries(list, "deviations").is_empty();
            @let (class, sign) = look(if good { "quiet" } else { "alarm" });
            section class={ "pack-verdict " (class) } data-list=(text(list, "/site"))
                data-good=(good) {
                (sign.show())
                div {
                    h3 { (text(list, "/site")) }
                    p { (visit.say(if good { "trials-list-good" } else { "trials-list-bad" })) }
                    ul lang="en" {
                        @for it in entries(list, "deviations") {
                            li { (text(it, "/subject")) ": " (text(it, "/why")) }
                        }
                    }
                }
            }
        }
        h3 { (visit.say("trials-lists-tests")) }
        ul lang="en" {
            @for it in balance { li { (text(it, "/why")) } }
            @for it in runs { li { (text(it, "/stratum")) ": " (text(it, "/test/why")) } }
            @for it in bias { li { (text(it, "/item")) ": " (text(it, "/test/why")) } }
        }
        (notes(visit, found))
    }
}

#[cfg(test)]
mod tests {
    use crate::words::Language;

    #[test]
    fn every_rule_and_standing_has_words_in_both_languages() {
        let rules = [
            "digit-preference",
            "rounding",
            "steady-values",
            "unsteady-values",
            "alike-participants",
            "lost-correlation",
            "copied-participants",
            "copied-visits",
            "repeated-values",
            "impossible-dates",
            "days-off",
            "odd-hours",
            "regular-visits",
            "inliers",
            "nothing-missing",
            "mean-shift",
            "change-shift",
            "break-in-time",
            "two-hands",
            "few-adverse-events",
        ];
        for language in Language::ALL {
            for rule in rules {
                assert!(language.has(&format!("trials-rule-{rule}")), "{rule}");
            }
            for standing in ["alarm", "watch", "quiet"] {
                assert!(
                    language.has(&format!("trials-standing-{standing}")),
                    "{standing}"
                );
            }
        }
    }
}
