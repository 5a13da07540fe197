//! The trials in which a patient takes part here, and what is proven of each in plain words. The
//! arm is on no page of a participant.

use axum::extract::Path;
use axum::response::Response;
use maud::{Markup, html};
use serde_json::Value;

use crate::date;
use crate::pharmacy::list as entries;
use crate::record::text;
use crate::trouble::Trouble;
use crate::visit::Visit;

const HOME: &str = "/portal/my-trials";

/// `GET /portal/my-trials`
pub(super) async fn list(visit: Visit) -> Result<Response, Trouble> {
    visit.patient()?;
    let found = visit.get("/research/participations").await?;
    let all = entries(&found, "participations");
    let title = visit.say("more-trials");
    let content = html! {
        h1 { (title) }
        p.lead { (visit.say("my-trials-lead")) }
        @if all.is_empty() { p { (visit.say("my-trials-empty")) } }
        @else {
            ul.cards {
                @for one in all {
                    li {
                        h2 { a href={ (HOME) "/" (text(one, "/trial")) } { (name(&visit, one)) } }
                        p { (visit.say("my-trials-since")) " "
                            (date::stamp(visit.language, text(one, "/enrolled"))) }
                        @if one["withdrawn"].is_object() { p { span.tag {
                            (visit.say("my-trials-withdrawn")) } } }
                        @if one["must_consent"] == true { p { span.tag {
                            (visit.say("my-trials-must")) } } }
                    }
                }
            }
        }
    };
    Ok(visit.page(&title, &content))
}

fn name(visit: &Visit, one: &Value) -> String {
    match text(one, "/title") {
        "" => {
            let id = text(one, "/trial");
            visit.tell("trials-untitled", &[("id", id.get(..8).unwrap_or(id))])
        }
        title => title.to_owned(),
    }
}

/// `GET /portal/my-trials/{trial}`
pub(super) async fn show(visit: Visit, Path(trial): Path<String>) -> Result<Response, Trouble> {
    visit.patient()?;
    let found = visit.get("/research/participations").await?;
    let mut all = entries(&found, "participations").iter();
    let one = all.find(|it| text(it, "/trial") == trial);
    let one = one.ok_or_else(|| visit.absent())?;
    let title = name(&visit, one);
    let content = html! {
        p.back { a href=(HOME) { (visit.say("my-trials-back")) } }
        h1 { (title) }
        @if one["must_consent"] == true {
            div.note { p { (visit.say("my-trials-must-about")) } }
        }
        p.lead { (visit.tell("my-trials-about", &[("sponsor", text(one, "/sponsor"))])) }
        h2 { (visit.say("my-trials-proven")) }
        ol {
            li { (sealed(&visit, one)) }
            li { (drawn(&visit, one)) }
            li { (kept(&visit, one)) }
            @if one["withdrawn"].is_object() { li { (left(&visit, one)) } }
        }
        h2 { (visit.say("my-trials-consents")) }
        (consents(&visit, one))
        h2 { (visit.say("my-trials-versions")) }
        (versions(&visit, one))
        h2 { (visit.say("my-trials-who")) }
        (who(&visit, one))
        (digests(&visit, one))
    };
    Ok(visit.page(&title, &content))
}

/// The protocol was sealed before there was anybody to see results of.
fn sealed(visit: &Visit, one: &Value) -> Markup {
    let first = entries(one, "versions").first().unwrap_or(&Value::Null);
    let before = first["enrolled_before"].as_u64() == Some(0);
    html! {
        h3 { (visit.say("my-trials-sealed")) }
        p { (visit.say("my-trials-sealed-on")) " "
            (date::stamp(visit.language, text(first, "/sealed"))) ". "
            @if before { (visit.say("my-trials-sealed-before")) }
        }
        @if first["is_the_sealed"] == true { p { (visit.say("my-trials-sealed-same")) } }
        @if first["is_the_sealed"] == false {
            div.alarm { p { (visit.say("my-trials-sealed-other")) } }
        }
    }
}

/// Who gets what was drawn by two, neither of whom can read or steer it.
fn drawn(visit: &Visit, one: &Value) -> Markup {
    html! {
        h3 { (visit.say("my-trials-drawn")) }
        @if one["is_listed"] == true { p { (visit.say("my-trials-drawn-about")) } }
        @else { p { (visit.say("my-trials-drawn-not-yet")) } }
        @if let Some(opened) = one["unblinded"].as_str() {
            p { (visit.say("my-trials-unblinded")) " " (date::stamp(visit.language, opened)) "." }
        } @else { p { (visit.say("my-trials-blind")) } }
    }
}

/// What was collected cannot be changed in silence.
fn kept(visit: &Visit, one: &Value) -> Markup {
    html! {
        h3 { (visit.say("my-trials-kept")) }
        p { (visit.say("my-trials-kept-about")) }
        @if one["is_locked"] == true { p { (visit.say("my-trials-locked")) } }
    }
}

fn left(visit: &Visit, one: &Value) -> Markup {
    let withdrawn = &one["withdrawn"];
    let keep = format!("my-trials-keep-{}", text(withdrawn, "/keep"));
    html! {
        h3 { (visit.say("my-trials-left")) }
        p { (visit.say("my-trials-left-on")) " "
            (date::stamp(visit.language, text(withdrawn, "/at"))) ". "
            (visit.say("my-trials-left-about")) }
        p { (visit.say(&keep)) }
        (receipt(visit, &withdrawn["entry"]))
    }
}

fn consents(visit: &Visit, one: &Value) -> Markup {
    let all = entries(one, "consents");
    html! {
        ul.cards {
            @for consent in all {
                li {
                    h3 { (visit.tell("my-trials-consent", &[("version",
                        &digits(&consent["version"]))])) }
                    p.said { (text(consent, "/text")) }
                    (receipt(visit, &consent["entry"]))
                    details {
                        summary { (visit.say("my-trials-check")) }
                        p { (visit.say("my-trials-check-about")) }
                        dl.facts {
                            div { dt { (visit.say("my-trials-commitment")) }
                                dd { code { (text(consent, "/commitment")) } } }
                            div { dt { (visit.say("my-trials-key")) }
                                dd { code { (text(consent, "/key")) } } }
                        }
                    }
                }
            }
        }
    }
}

/// The way to the receipt of an entry of the ledger, as a file that anybody can verify.
fn receipt(visit: &Visit, entry: &Value) -> Markup {
    html! {
        @if let Some(index) = entry.as_u64() {
            p { a href={ "/portal/ledger/entries/" (index) } download {
                (visit.tell("my-trials-receipt", &[("entry", &index.to_string())])) } }
        }
    }
}

fn versions(visit: &Visit, one: &Value) -> Markup {
    let yours = digits(&one["version"]);
    html! {
        p { (visit.tell("my-trials-yours", &[("version", &yours),
            ("current", &digits(&one["in_force"]))])) }
        ul.lines {
            @for version in entries(one, "versions") {
                @let count = digits(&version["enrolled_before"]);
                li {
                    p.title { (visit.tell("trials-version",
                        &[("version", &digits(&version["version"]))])) }
                    p.kind {
                        (visit.say("trials-sealed")) " "
                        (date::stamp(visit.language, text(version, "/sealed"))) ". "
                        @if count == "0" { (visit.say("trials-before-first")) }
                        @else { (visit.tell("trials-after", &[("count", &count)])) }
                    }
                    @if let Some(reason) = version["reason"].as_str() {
                        p { (visit.say("trials-reason")) " " (reason) }
                    }
                }
            }
        }
    }
}

fn who(visit: &Visit, one: &Value) -> Markup {
    let part = |part: &str| visit.language.coded("trials-is", part);
    html! {
        ul.lines {
            li { (text(one, "/sponsor")) " " span.tag { (part("sponsor")) } }
            @for party in entries(one, "parties") {
                li { (text(party, "/organisation")) " " span.tag { (part(text(party, "/role"))) } }
            }
        }
    }
}

/// What a program compares.
fn digests(visit: &Visit, one: &Value) -> Markup {
    let fact = |key: &str, digest: &str| {
        html! {
            @if !digest.is_empty() {
                div { dt { (visit.say(key)) } dd { code { (digest) } } }
            }
        }
    };
    html! {
        details {
            summary { (visit.say("trials-proof")) }
            p { (visit.say("my-trials-digests")) }
            dl.facts {
                (fact("trials-id", text(one, "/trial")))
                (fact("trials-pseudonym", text(one, "/participant")))
                @for version in entries(one, "versions") {
                    (fact("my-trials-protocol", text(version, "/commitment")))
                }
                (fact("my-trials-root-sponsor", text(one, "/sponsor_root")))
                (fact("my-trials-root-site", text(one, "/site_root")))
                (fact("my-trials-beacon", text(one, "/beacon")))
            }
        }
    }
}

fn digits(value: &Value) -> String {
    value.as_u64().unwrap_or_default().to_string()
}
