//! Proposing: what the consortium may change, read once more before it is sent.

use axum::Router;
use axum::response::Response;
use axum::routing::{get, post};
use maud::{Markup, html};
use serde_json::{Value, json};

use super::fields::list;
use super::organisations::{self, PARAMETERS};
use super::proposals::{consequences, heading, in_force};
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
        @for name in &MEMBER_FIELDS[1..] { (line(visit, name, field(given, name), faults)) }
        (validator(visit, given, faults))
    }
}

fn who(visit: &Visit, members: &[Value], given: &[(String, String)], faults: &Faults) -> Markup {
    let offered: Vec<Choice> = members
        .iter()
        .map(|member| {
            let id = text(member, "/id").to_owned();
            (id.clone(), id, organisations::part(visit, member))
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
                @let offered = ["yes",
                    "no"].map(|value| (value.to_owned(), visit.say(value), String::new()));
                (form::choices(name, "radio", &visit.say("parameter-early-batches"),
                    &visit.say("propose-early-batches-hint"), &offered,
                        &[if is { "yes" } else { "no" }], faults))
            } @else {
                @let value = if asked { field(given,
                    name).to_owned() } else { now[name].to_string() };
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
