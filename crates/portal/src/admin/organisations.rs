//! The members of the consortium, their keys, and what they agreed on.

use axum::Router;
use axum::response::Response;
use axum::routing::get;
use maud::{Markup, html};
use serde_json::Value;

use super::fields::{fact, list};
use super::{proposals, propose};
use crate::Portal;
use crate::record::text;
use crate::trouble::Trouble;
use crate::visit::Visit;

/// What the members set by vote, in this order.
pub(super) const PARAMETERS: [&str; 7] = [
    "block_interval_ms",
    "block_bytes_max",
    "batch_interval_ms",
    "epoch_blocks",
    "early_batches",
    "expiry_blocks_max",
    "proposal_blocks",
];

pub(super) fn routes() -> Router<Portal> {
    Router::new().route("/portal/organisations", get(show))
}

/// `GET /portal/organisations`
async fn show(visit: Visit) -> Result<Response, Trouble> {
    super::admin(&visit)?;
    let found = visit.get("/ledger/organisations").await?;
    let open = visit.get("/ledger/proposals").await?;
    let members = list(&found, "organisations");
    let validators = members.iter().filter(|it| it["validator"] == true).count();
    let title = visit.say("way-organisations");
    let content = html! {
        h1 { (title) }
        p.lead { (visit.say("organisations-lead")) }
        @if visit.query("done") == "1" {
            div.done role="status" { p { (visit.say("proposals-done")) } }
        }
        h2 { (visit.say("proposals-open")) }
        @let proposed = list(&open, "proposals");
        @if proposed.is_empty() { p { (visit.say("proposals-none")) } }
        @else {
            ul.cards {
                @for one in proposed { li { (proposals::card(&visit, one, &found["parameters"])) } }
            }
        }
        h3 { (visit.say("proposals-new")) }
        ul {
            @for kind in propose::KINDS {
                li {
                    a href={ "/portal/proposals/new?kind=" (kind) }
                    { (visit.say(&format!("proposal-{kind}"))) }
                }
            }
        }
        h2 { (visit.say("organisations-members")) }
        p { (visit.tell("organisations-count", &[("count", &members.len().to_string()),
            ("validators", &validators.to_string()),
                ("needed", &quorum(validators).to_string())])) }
        ul.cards { @for member in members { li { (card(&visit, member)) } } }
        h2 { (visit.say("parameters-title")) }
        p { (visit.say("parameters-lead")) }
        (parameters(&visit, &found["parameters"]))
    };
    Ok(visit.page(&title, &content))
}

/// How many of so many validators have to agree on a block: more than two thirds.
fn quorum(validators: usize) -> usize {
    validators - validators.saturating_sub(1) / 3
}

fn card(visit: &Visit, member: &Value) -> Markup {
    let kind = text(member, "/kind");
    let own = text(member, "/id") == visit.organisation();
    let key = |key: &str, path: &str| {
        let value = text(member, path);
        html! { @if !value.is_empty() { div { dt { (visit.say(key)) } dd { code { (value) } } } } }
    };
    html! {
        h3 { (text(member, "/id")) }
        p { (visit.say(&format!("organisation-{kind}")))
            @if own { ", " (visit.say("organisations-own")) } }
        p.tag {
            (part(visit, member))
        }
        details {
            summary { (visit.say("organisations-keys")) }
            dl.facts {
                (key("organisations-address", "/address"))
                (key("key-transaction", "/transaction_key"))
                (key("key-node", "/node_key"))
                (key("key-checkpoint", "/checkpoint_key"))
                (key("organisations-service", "/service/address"))
                (key("key-link", "/service/link_key"))
                (key("key-credential", "/service/credential_key"))
                @if let Some(epoch) = member["service"]["credential_epoch"].as_u64() {
                    div { dt { (visit.say("organisations-epoch")) } dd { (epoch) } }
                }
            }
        }
    }
}

/// The part that a member has in the ledger.
pub(super) fn part(visit: &Visit, member: &Value) -> String {
    visit.say(match member["validator"].as_bool() {
        Some(true) => "organisations-validator",
        _ => "organisations-reader",
    })
}

/// The parameters in words.
pub(super) fn parameters(visit: &Visit, now: &Value) -> Markup {
    html! {
        dl.facts {
            @for name in PARAMETERS {
                (fact(visit, &format!("parameter-{}", name.replace('_', "-")),
                    &value(visit, &now[name])))
            }
        }
    }
}

fn value(visit: &Visit, value: &Value) -> Markup {
    if let Some(yes) = value.as_bool() {
        html! { (visit.say(if yes { "yes" } else { "no" })) }
    } else {
        html! { (value) }
    }
}
