//! How far a recall has come: for the maker of the lot.

use axum::response::Response;
use maud::{Markup, html};
use serde_json::{Value, json};

use super::{HOME, check, list, printed};
use crate::form;
use crate::record::text;
use crate::trouble::Trouble;
use crate::visit::{Filled, Visit};

/// `POST /portal/packs/recall`: the reach; with `tell`, everybody is told anew.
pub(super) async fn show(filled: Filled) -> Result<Response, Trouble> {
    let visit = &filled.visit;
    super::looks(visit)?;
    let (scan, tell) = (filled.get("scan"), !filled.get("tell").is_empty());
    let asked = json!({ "scan": scan, "tell": tell });
    let found = match visit.post("/packs/recalls", &asked).await {
        Ok(found) => found,
        Err(trouble) => return check::unread(visit, scan, trouble).await,
    };
    let title = visit.say("packs-reach");
    let again = visit.say("packs-reach-tell");
    let content = html! {
        p.back { a href=(HOME) { (visit.say("packs-back")) } }
        h1 { (title) }
        @if tell { div.done role="status" { p { (visit.say("packs-reach-told")) } } }
        p.lead { code { (scan) } }
        (shares(visit, &found))
        (counts(visit, &found["counts"]))
        (told(visit, list(&found, "told")))
        @if super::handles(visit) {
            p { (visit.say("packs-reach-hint")) }
            (form::button(visit, "/portal/packs/recall", "", &again,
                &[("scan", scan), ("tell", "1")]))
        }
        (form::button(visit, "/portal/packs/check", "second", &visit.say("packs-check-again"),
            &[("scan", scan)]))
    };
    Ok(visit.page(&title, &content))
}

fn shares(visit: &Visit, found: &Value) -> Markup {
    html! {
        dl.facts {
            @for share in ["secured", "reached", "answered"] {
                div {
                    dt { (visit.say(&format!("packs-reach-{share}"))) }
                    dd { (text(found, &format!("/{share}_percent"))) " %" }
                }
            }
            div {
                dt { (visit.say("packs-reach-unreached")) }
                dd { (found["unreached"].to_string()) }
            }
        }
    }
}

fn counts(visit: &Visit, counts: &Value) -> Markup {
    html! {
        h2 { (visit.say("packs-reach-packs")) }
        dl.facts {
            @for what in ["made", "dispensed", "decommissioned", "here", "out"] {
                div {
                    dt { (visit.say(&format!("packs-reach-{what}"))) }
                    dd { (counts[what].to_string()) }
                }
            }
        }
    }
}

fn told(visit: &Visit, told: &[Value]) -> Markup {
    let words = |one: &Value| {
        let count = |what: &str| one[what].to_string();
        visit.tell(
            "packs-reach-one",
            &[
                ("here", &count("here")),
                ("ended", &count("ended")),
                ("passed", &count("passed_on")),
                ("awaited", &count("awaited")),
            ],
        )
    };
    html! {
        h2 { (visit.say("packs-reach-who")) }
        @if told.is_empty() { p { (visit.say("packs-reach-nobody")) } }
        ul.lines {
            @for one in told {
                li {
                    p.title { (text(one, "/organisation")) }
                    @if one["answered"] == true { p { (words(one)) } }
                    @else {
                        p { (visit.say("packs-reach-silent")) " "
                            q lang="en" { (text(one, "/problem")) } }
                    }
                }
            }
        }
    }
}

/// The way to this page, on that of a pack of a lot that was made here.
pub(super) fn link(visit: &Visit, found: &Value) -> Markup {
    let code = text(found, "/pack/code");
    html! {
        @if !text(found, "/pack/lot").is_empty() {
            (form::button(visit, "/portal/packs/recall", "second", &visit.say("packs-reach-go"),
                &[("scan", code)]))
        }
    }
}

/// What an authority finds out about a pack: from everybody who had it.
pub(super) async fn inspect(filled: Filled) -> Result<Response, Trouble> {
    let visit = &filled.visit;
    super::looks(visit)?;
    let scan = filled.get("scan");
    let found = match visit
        .post("/packs/inspection", &json!({ "scan": scan }))
        .await
    {
        Ok(found) => found,
        Err(trouble) => return check::unread(visit, scan, trouble).await,
    };
    let title = visit.say("packs-inspection");
    let whole = found["whole"] == true;
    let content = html! {
        p.back { a href=(HOME) { (visit.say("packs-back")) } }
        h1 { (title) }
        div class=(if whole { "done" } else { "note" }) {
            p { (visit.say(if whole { "packs-inspection-whole" } else { "packs-inspection-gap" })) }
        }
        dl.facts { (printed::facts(visit, &found["pack"])) }
        @for step in list(&found, "steps") {
            (super::trace::one(visit, step))
            (papers(visit, list(step, "papers")))
        }
        @let silent = list(&found, "silent");
        @if !silent.is_empty() {
            h2 { (visit.say("packs-inspection-silent")) }
            ul.lines { @for one in silent { li {
                p.title { (text(one, "/organisation")) }
                p { q lang="en" { (text(one, "/problem")) } }
            } } }
        }
    };
    Ok(visit.page(&title, &content))
}

/// Transaction information and statement of each change of hands, as they were given.
fn papers(visit: &Visit, papers: &[Value]) -> Markup {
    let label = visit.say("packs-inspection-papers");
    html! {
        @for paper in papers {
            details {
                summary { (label) " " (text(paper, "/with")) }
                @if let Some(problem) = paper["problem"].as_str() {
                    p { q lang="en" { (problem) } }
                }
                @let pretty = serde_json::to_string_pretty(&json!({
                    "information": paper["information"], "statement": paper["statement"],
                })).unwrap_or_default();
                pre tabindex="0" aria-label=(label) { code { (pretty) } }
            }
        }
    }
}
