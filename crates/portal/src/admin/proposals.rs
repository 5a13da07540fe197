//! Proposals: what the consortium may change, checked before it is sent, and votes.

use axum::Router;
use axum::extract::Path;
use axum::response::Response;
use axum::routing::{get, post};
use maud::{Markup, html};
use serde_json::{Value, json};

use super::fields::list;
use super::organisations::{self, PARAMETERS};
use crate::Portal;
use crate::form::{self, Choice, Faults, Line};
use crate::record::text;
use crate::trouble::Trouble;
use crate::visit::{Filled, Visit};

/// What can be proposed.
pub(super) const KINDS: [&str; 4] = ["add", "remove", "validator", "parameters"];
const ORGANISATION_KINDS: [&str; 8] = [
    "hospital",
    "clinic",
    "laboratory",
    "pharmacy",
    "manufacturer",
    "wholesaler",
    "sponsor",
    "regulator",
];
/// Fields of a new member that are written: name and kind of the line.
const MEMBER_FIELDS: [&str; 5] = [
    "id",
    "address",
    "transaction_key",
    "node_key",
    "checkpoint_key",
];

pub(super) fn routes() -> Router<Portal> {
    Router::new()
        .route("/portal/proposals/new", get(ask))
        .route("/portal/proposals/check", get(check))
        .route("/portal/proposals", post(send))
        .route("/portal/proposals/{id}", get(one).post(vote))
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
        h3 { a href={ "/portal/proposals/" (text(one, "/id")) } { (heading(visit, &one["proposal"])) } }
        (changes(visit, &one["proposal"], now))
        p { (visit.tell("proposals-by", &[("who", text(one, "/proposer"))])) }
        p { (visit.tell("proposals-votes", &[("yes", &yes.to_string()), ("needed", &one["needed"].to_string())])) }
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
async fn in_force(visit: &Visit) -> Result<Value, Trouble> {
    let found = visit.get("/ledger/organisations").await?;
    Ok(found["parameters"].clone())
}

/// A proposal in few words.
fn heading(visit: &Visit, proposal: &Value) -> String {
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
    ("remove", own("/remove_organisation"))
}

/// What it would do, in sentences.
fn consequences(visit: &Visit, proposal: &Value, now: &Value) -> Markup {
    let (kind, _) = what(proposal);
    html! {
        div.note { p { (visit.say(&format!("proposal-{kind}-more"))) } }
        @if kind == "add" {
            @let member = &proposal["add_organisation"];
            dl.facts {
                div { dt { (visit.say("organisations-kind")) } dd { (visit.say(&format!("organisation-{}", text(member, "/kind")))) } }
                div { dt { (visit.say("organisations-address")) } dd { code { (text(member, "/address")) } } }
                div { dt { (visit.say("organisations-role")) } dd {
                    (visit.say(if member["validator"] == true { "organisations-validator" } else { "organisations-reader" })) } }
                @for key in ["transaction", "node", "checkpoint"] {
                    div { dt { (visit.say(&format!("key-{key}"))) } dd { code { (text(member, &format!("/{key}_key"))) } } }
                }
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

fn query(visit: &Visit) -> Vec<(String, String)> {
    hospital::pairs::decode(visit.parts.uri.query().unwrap_or("")).unwrap_or_default()
}

fn field<'a>(given: &'a [(String, String)], name: &str) -> &'a str {
    let found = given.iter().find(|(found, _)| found == name);
    found.map_or("", |(_, value)| value.trim())
}

/// `GET /portal/proposals/new?kind=`
async fn ask(visit: Visit) -> Result<Response, Trouble> {
    super::admin(&visit)?;
    asked(&visit, &query(&visit), &Faults::default()).await
}

async fn asked(
    visit: &Visit,
    given: &[(String, String)],
    faults: &Faults,
) -> Result<Response, Trouble> {
    let kind = *KINDS
        .iter()
        .find(|kind| **kind == field(given, "kind"))
        .ok_or_else(|| visit.absent())?;
    let found = visit.get("/ledger/organisations").await?;
    let title = visit.say(&format!("proposal-{kind}"));
    let fields = match kind {
        "add" => member_fields(visit, given, faults),
        "remove" => who(visit, list(&found, "organisations"), given, faults),
        "validator" => html! {
            (who(visit, list(&found, "organisations"), given, faults))
            (validator(visit, given, faults))
        },
        _ => parameter_fields(visit, &found["parameters"], given, faults),
    };
    let content = html! {
        p.back { a href="/portal/organisations" { (visit.say("proposals-back")) } }
        (faults.summary(visit))
        h1 { (title) }
        p.lead { (visit.say("proposals-lead")) }
        form method="get" action="/portal/proposals/check" {
            input type="hidden" name="kind" value=(kind);
            (fields)
            button type="submit" { (visit.say("permissions-check")) }
        }
    };
    Ok(visit.page(&title, &content))
}

fn line(visit: &Visit, name: &'static str, value: &str, faults: &Faults) -> Markup {
    let key = format!("propose-{}", name.replace('_', "-"));
    Line {
        name,
        kind: "text",
        label: visit.say(&key),
        hint: visit.say(&format!("{key}-hint")),
        value,
        autocomplete: "off",
    }
    .show(faults)
}

fn member_fields(visit: &Visit, given: &[(String, String)], faults: &Faults) -> Markup {
    let kinds = ORGANISATION_KINDS
        .map(|kind| (kind.to_owned(), visit.say(&format!("organisation-{kind}"))));
    html! {
        (line(visit, "id", field(given, "id"), faults))
        (form::select("organisation_kind", &visit.say("organisations-kind"), &kinds,
            field(given, "organisation_kind"), faults))
        @for name in &MEMBER_FIELDS[1..] { (line(visit, *name, field(given, name), faults)) }
        (validator(visit, given, faults))
    }
}

fn who(visit: &Visit, members: &[Value], given: &[(String, String)], faults: &Faults) -> Markup {
    let offered: Vec<Choice> = members
        .iter()
        .map(|member| {
            let role = if member["validator"] == true {
                "organisations-validator"
            } else {
                "organisations-reader"
            };
            let id = text(member, "/id").to_owned();
            (id.clone(), id, visit.say(role))
        })
        .collect();
    let chosen = field(given, "organisation");
    form::choices(
        "organisation",
        "radio",
        &visit.say("propose-organisation"),
        "",
        &offered,
        &[chosen],
        faults,
    )
}

fn validator(visit: &Visit, given: &[(String, String)], faults: &Faults) -> Markup {
    let offered = [
        ("yes", "organisations-validator"),
        ("no", "organisations-reader"),
    ]
    .map(|(value, key)| {
        (
            value.to_owned(),
            visit.say(key),
            visit.say(&format!("{key}-more")),
        )
    });
    let chosen = field(given, "validator");
    form::choices(
        "validator",
        "radio",
        &visit.say("propose-validator"),
        "",
        &offered,
        &[chosen],
        faults,
    )
}

fn parameter_fields(
    visit: &Visit,
    now: &Value,
    given: &[(String, String)],
    faults: &Faults,
) -> Markup {
    let asked = given.len() > 1;
    html! {
        @for name in PARAMETERS {
            @if name == "early_batches" {
                @let is = if asked { field(given, name) == "yes" } else { now[name] == true };
                @let offered = ["yes", "no"].map(|value| (value.to_owned(), visit.say(value), String::new()));
                (form::choices(name, "radio", &visit.say("parameter-early-batches"),
                    &visit.say("propose-early-batches-hint"), &offered, &[if is { "yes" } else { "no" }], faults))
            } @else {
                @let value = if asked { field(given, name).to_owned() } else { now[name].to_string() };
                (Line {
                    name,
                    kind: "number",
                    label: visit.say(&format!("parameter-{}", name.replace('_', "-"))),
                    hint: visit.say(&format!("propose-{}-hint", name.replace('_', "-"))),
                    value: &value,
                    autocomplete: "off",
                }.show(faults))
            }
        }
    }
}

/// What was filled in as a proposal, or what is wrong with it.
fn written(visit: &Visit, given: &[(String, String)]) -> Result<Value, Faults> {
    let mut faults = Faults::default();
    let validator = match field(given, "validator") {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    };
    let proposal = match field(given, "kind") {
        "add" => {
            for name in MEMBER_FIELDS {
                let value = field(given, name);
                let key = name.ends_with("_key");
                let fits =
                    !key || (value.len() == 64 && value.bytes().all(|it| it.is_ascii_hexdigit()));
                if value.is_empty() || !fits {
                    let word = if key {
                        "propose-fault-key"
                    } else {
                        "propose-fault-field"
                    };
                    faults.add(name, visit.say(word));
                }
            }
            let mut member = json!({
                "kind": field(given, "organisation_kind"), "validator": validator == Some(true),
            });
            for name in MEMBER_FIELDS {
                member[name] = field(given, name).to_lowercase().into();
            }
            json!({ "add_organisation": member })
        }
        "remove" => json!({ "remove_organisation": field(given, "organisation") }),
        "validator" => json!({ "set_validator": {
            "organisation": field(given, "organisation"), "validator": validator == Some(true) } }),
        _ => {
            let mut new = json!({});
            for name in PARAMETERS {
                let value = field(given, name);
                new[name] = match (name, value.parse::<u64>()) {
                    ("early_batches", _) => (value == "yes").into(),
                    (_, Ok(number)) => number.into(),
                    (_, Err(_)) => {
                        faults.add(name, visit.say("propose-fault-number"));
                        Value::Null
                    }
                };
            }
            json!({ "set_parameters": new })
        }
    };
    let kind = field(given, "kind");
    if matches!(kind, "remove" | "validator") && field(given, "organisation").is_empty() {
        faults.add("organisation", visit.say("propose-fault-organisation"));
    }
    if matches!(kind, "add" | "validator") && validator.is_none() {
        faults.add("validator", visit.say("propose-fault-validator"));
    }
    if faults.is_empty() {
        Ok(proposal)
    } else {
        Err(faults)
    }
}

/// `GET /portal/proposals/check`: the proposal in words, before it is sent.
async fn check(visit: Visit) -> Result<Response, Trouble> {
    super::admin(&visit)?;
    let given = query(&visit);
    let proposal = match written(&visit, &given) {
        Ok(proposal) => proposal,
        Err(faults) => return asked(&visit, &given, &faults).await,
    };
    let now = in_force(&visit).await?;
    let again = format!("/portal/proposals/new?{}", hospital::pairs::encode(&given));
    let fields: Vec<(&str, &str)> = given
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let title = visit.say("proposals-check");
    let content = html! {
        p.back { a href=(again) { (visit.say("permissions-again")) } }
        h1 { (title) }
        h2 { (heading(&visit, &proposal)) }
        (consequences(&visit, &proposal, &now))
        p { (visit.say("proposals-check-hint")) }
        (form::button(&visit, "/portal/proposals", "", &visit.say("proposals-send"), &fields))
    };
    Ok(visit.page(&title, &content))
}

/// `POST /portal/proposals`
async fn send(filled: Filled) -> Result<Response, Trouble> {
    let visit = &filled.visit;
    super::admin(visit)?;
    let mut faults = match written(visit, &filled.form) {
        Ok(proposal) => match visit.post("/ledger/proposals", &proposal).await {
            Ok(_) => return Ok(Visit::go("/portal/organisations?done=1")),
            Err(trouble) => match trouble.words() {
                Some(said) => {
                    let mut faults = Faults::default();
                    faults.add("", said.to_owned());
                    faults
                }
                None => return Err(trouble),
            },
        },
        Err(faults) => faults,
    };
    if faults.is_empty() {
        faults.add("", visit.say("trouble-refused"));
    }
    let mut given = filled.form.clone();
    given.retain(|(name, _)| name != "token");
    asked(visit, &given, &faults).await
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
                    (visit.say(if vote["approve"] == true { "proposals-for" } else { "proposals-against" })) }
            }
        }
        h2 { (visit.say("proposals-vote")) }
        p { (visit.say("proposals-vote-hint")) }
        div.pager {
            @if own != Some(true) {
                (form::button(visit, &path, "", &visit.say("proposals-vote-yes"), &[("approve", "yes")]))
            }
            @if own != Some(false) {
                (form::button(visit, &path, "second", &visit.say("proposals-vote-no"), &[("approve", "no")]))
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
