//! Open proposals: what each would change, and the votes.

use axum::Router;
use axum::extract::Path;
use axum::response::Response;
use axum::routing::get;
use maud::{Markup, html};
use serde_json::{Value, json};

use super::fields::list;
use super::organisations::{self, PARAMETERS};
use crate::Portal;
use crate::form::{self, Faults};
use crate::record::text;
use crate::trouble::Trouble;
use crate::visit::{Filled, Visit};

pub(super) fn routes() -> Router<Portal> {
    Router::new().route("/portal/proposals/{id}", get(one).post(vote))
}

/// How this organisation voted.
pub(super) fn own_vote(visit: &Visit, one: &Value) -> Option<bool> {
    let own = list(one, "votes")
        .iter()
        .find(|it| it["organisation"] == visit.organisation())?;
    own["approve"].as_bool()
}

/// An open proposal in a list.
pub(super) fn card(visit: &Visit, one: &Value, now: &Value) -> Markup {
    let votes = list(one, "votes");
    let yes = votes.iter().filter(|it| it["approve"] == true).count();
    html! {
        h3 {
            a href={ "/portal/proposals/" (text(one, "/id")) }
            { (heading(visit, &one["proposal"])) }
        }
        (changes(visit, &one["proposal"], now))
        p { (visit.tell("proposals-by", &[("who", text(one, "/proposer"))])) }
        p {
            (visit.tell("proposals-votes",
                &[("yes", &yes.to_string()), ("needed", &one["needed"].to_string())]))
        }
        @match own_vote(visit, one) {
            Some(true) => { p.tag { (visit.say("proposals-own-yes")) } }
            Some(false) => { p.tag { (visit.say("proposals-own-no")) } }
            None => { p.tag.strong { (visit.say("proposals-own-none")) } }
        }
    }
}

/// What a proposal of parameters would change: from what to what.
fn changes(visit: &Visit, proposal: &Value, now: &Value) -> Markup {
    let new = &proposal["set_parameters"];
    let said = |value: &Value| match value.as_bool() {
        Some(yes) => visit.say(if yes { "yes" } else { "no" }),
        None => value.to_string(),
    };
    html! {
        @if new.is_object() {
            ul { @for name in PARAMETERS {
                @if new[name] != now[name] {
                    li { (visit.say(&format!("parameter-{}", name.replace('_', "-")))) ": "
                        (said(&now[name])) " → " strong { (said(&new[name])) } }
                }
            } }
        }
    }
}

/// The parameters that hold now.
pub(super) async fn in_force(visit: &Visit) -> Result<Value, Trouble> {
    let found = visit.get("/ledger/organisations").await?;
    Ok(found["parameters"].clone())
}

/// A proposal in few words.
pub(super) fn heading(visit: &Visit, proposal: &Value) -> String {
    let (kind, who) = what(proposal);
    visit.tell(&format!("proposal-{kind}-who"), &[("who", &who)])
}

/// The kind of a proposal as pages call it, and whom it is about.
fn what(proposal: &Value) -> (&'static str, String) {
    let own = |path: &str| text(proposal, path).to_owned();
    if proposal["add_organisation"].is_object() {
        return ("add", own("/add_organisation/id"));
    }
    if proposal["set_validator"].is_object() {
        let kind = if proposal["set_validator"]["validator"] == true {
            "validator"
        } else {
            "reader"
        };
        return (kind, own("/set_validator/organisation"));
    }
    if proposal["set_parameters"].is_object() {
        return ("parameters", String::new());
    }
    if proposal["set_partner"].is_object() {
        return ("partner", own("/set_partner/organisation"));
    }
    if proposal["set_openers"].is_object() {
        return (
            "openers",
            joined(&proposal["set_openers"], "holders", str::to_owned),
        );
    }
    ("remove", own("/remove_organisation"))
}

/// The words of a list, with commas between.
fn joined(of: &Value, name: &str, word: impl Fn(&str) -> String) -> String {
    let words: Vec<_> = list(of, name)
        .iter()
        .filter_map(Value::as_str)
        .map(word)
        .collect();
    words.join(", ")
}

/// What it would do, in sentences.
pub(super) fn consequences(visit: &Visit, proposal: &Value, now: &Value) -> Markup {
    let (kind, _) = what(proposal);
    html! {
        div.note { p { (visit.say(&format!("proposal-{kind}-more"))) } }
        @if kind == "add" {
            @let member = &proposal["add_organisation"];
            dl.facts {
                div {
                    dt { (visit.say("organisations-kind")) }
                    dd { (visit.say(&format!("organisation-{}", text(member, "/kind")))) }
                }
                div {
                    dt { (visit.say("organisations-address")) }
                    dd { code { (text(member, "/address")) } }
                }
                div { dt { (visit.say("organisations-role")) } dd {
                    (organisations::part(visit, member)) } }
                @for key in ["transaction", "node", "checkpoint"] {
                    div {
                        dt { (visit.say(&format!("key-{key}"))) }
                        dd { code { (text(member, &format!("/{key}_key"))) } }
                    }
                }
            }
        }
        @if kind == "partner" {
            @let role = |it: &str| visit.say(&format!("trade-{it}"));
            @let roles = joined(&proposal["set_partner"], "roles", role);
            dl.facts { div {
                dt { (visit.say("trade-roles")) }
                dd { @if roles.is_empty() { (visit.say("trade-none")) } @else { (roles) } }
            } }
        }
        @if kind == "openers" {
            @let openers = &proposal["set_openers"];
            dl.facts {
                div {
                    dt { (visit.say("openers-holders")) }
                    dd { (joined(openers, "holders", str::to_owned)) }
                }
                div { dt { (visit.say("openers-threshold")) } dd { (openers["threshold"]) } }
            }
        }
        @if kind == "parameters" {
            h2 { (visit.say("proposals-changes")) }
            (changes(visit, proposal, now))
            details {
                summary { (visit.say("proposals-all")) }
                (organisations::parameters(visit, &proposal["set_parameters"]))
            }
        }
    }
}

async fn find(visit: &Visit, id: &str) -> Result<Value, Trouble> {
    let found = visit.get("/ledger/proposals").await?;
    let named = list(&found, "proposals").iter().find(|it| it["id"] == id);
    named.cloned().ok_or_else(|| visit.absent())
}

/// `GET /portal/proposals/{id}`
async fn one(visit: Visit, Path(id): Path<String>) -> Result<Response, Trouble> {
    super::admin(&visit)?;
    let proposal = find(&visit, &id).await?;
    let now = in_force(&visit).await?;
    Ok(page(&visit, &proposal, &now, &Faults::default()))
}

fn page(visit: &Visit, one: &Value, now: &Value, faults: &Faults) -> Response {
    let title = heading(visit, &one["proposal"]);
    let path = format!("/portal/proposals/{}", text(one, "/id"));
    let own = own_vote(visit, one);
    let content = html! {
        p.back { a href="/portal/organisations" { (visit.say("proposals-back")) } }
        (faults.summary(visit))
        h1 { (title) }
        p { (visit.tell("proposals-by", &[("who", text(one, "/proposer"))])) }
        (consequences(visit, &one["proposal"], now))
        h2 { (visit.say("proposals-votes-title")) }
        p { (visit.tell("proposals-needed", &[("needed", &one["needed"].to_string()),
            ("expires", &one["expires"].to_string())])) }
        ul {
            @for vote in list(one, "votes") {
                li { (text(vote, "/organisation")) ": "
                    (visit.say(match vote["approve"].as_bool() {
                        Some(true) => "proposals-for",
                        _ => "proposals-against",
                    })) }
            }
        }
        h2 { (visit.say("proposals-vote")) }
        p { (visit.say("proposals-vote-hint")) }
        div.pager {
            @if own != Some(true) {
                (form::button(visit, &path, "", &visit.say("proposals-vote-yes"),
                    &[("approve", "yes")]))
            }
            @if own != Some(false) {
                (form::button(visit, &path, "second", &visit.say("proposals-vote-no"),
                    &[("approve", "no")]))
            }
        }
    };
    visit.page(&title, &content)
}

/// `POST /portal/proposals/{id}`
async fn vote(Path(id): Path<String>, filled: Filled) -> Result<Response, Trouble> {
    let visit = &filled.visit;
    super::admin(visit)?;
    let proposal = find(visit, &id).await?;
    let body = json!({ "approve": filled.get("approve") == "yes" });
    match visit
        .post(&format!("/ledger/proposals/{id}/votes"), &body)
        .await
    {
        // The vote may have decided it: then it is no longer among the open ones.
        Ok(_) => Ok(Visit::go("/portal/organisations?done=1")),
        Err(trouble) => match trouble.words() {
            Some(said) => {
                let mut faults = Faults::default();
                faults.add("", said.to_owned());
                let now = in_force(visit).await?;
                Ok(page(visit, &proposal, &now, &faults))
            }
            None => Err(trouble),
        },
    }
}
