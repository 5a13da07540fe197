//! My keys: where they are, the cards by which they are recovered, and moving them to a device.

mod device;

use axum::Router;
use axum::response::Response;
use axum::routing::{get, post};
use maud::{Markup, html};
use serde_json::{Value, json};

use crate::Portal;
use crate::date;
use crate::form;
use crate::record::text;
use crate::trouble::Trouble;
use crate::visit::{Filled, Visit};

pub(super) use device::passphrases;

/// The routes of keys.
pub(super) fn routes() -> Router<Portal> {
    Router::new()
        .route("/portal/keys", get(show))
        .route("/portal/keys/make", post(make))
        .route("/portal/keys/cards", post(cards))
}

/// `GET /portal/keys`
async fn show(visit: Visit) -> Result<Response, Trouble> {
    shown(&visit, None).await
}

async fn shown(visit: &Visit, cards: Option<&Value>) -> Result<Response, Trouble> {
    visit.patient()?;
    let keys = visit.find("/identity/keys").await?;
    let title = visit.say("more-keys");
    let content = html! {
        p.back { a href="/portal/more" { (visit.say("more-back")) } }
        h1 { (title) }
        p.lead { (visit.say("keys-lead")) }
        @match &keys {
            None => {
                p { (visit.say("keys-none")) }
                (form::button(visit, "/portal/keys/make", "", &visit.say("keys-make"), &[]))
            }
            Some(keys) => { (told(visit, keys, cards)) }
        }
        @if visit.acting_for.is_none() { (device::element(visit)?) }
    };
    Ok(visit.page(&title, &content))
}

fn told(visit: &Visit, keys: &Value, cards: Option<&Value>) -> Markup {
    let current = &keys["current"];
    let custodial = current["mode"] == "custodial";
    let history = keys["history"].as_array().map_or(&[][..], Vec::as_slice);
    html! {
        dl.facts {
            div { dt { (visit.say("keys-where")) } dd {
                (visit.say(if custodial { "keys-custodial" } else { "keys-device" })) } }
            div { dt { (visit.say("keys-since")) } dd {
                (date::stamp(visit.language, text(current, "/since"))) } }
            div { dt { (visit.say("keys-public")) } dd {
                code { (text(current, "/consent_key")) } } }
            div { dt { (visit.say("keys-changes")) } dd { (history.len()) } }
        }
        @if custodial {
            h2 { (visit.say("keys-recover")) }
            @if let Some(cards) = cards { (three(visit, cards)) }
            @else {
                p { (visit.say("keys-recover-hint")) }
                (form::button(visit, "/portal/keys/cards", "", &visit.say("keys-cards"), &[]))
            }
        }
    }
}

fn three(visit: &Visit, cards: &Value) -> Markup {
    let shares = cards["shares"].as_array().map_or(&[][..], Vec::as_slice);
    html! {
        div.note role="status" { p { (visit.say("keys-cards-once")) } }
        ol.cards {
            @for share in shares {
                li {
                    h3 { (visit.tell("keys-card", &[("number", &share["number"].to_string())])) }
                    p { code { (text(share, "/text")) } }
                }
            }
        }
    }
}

/// `POST /portal/keys/make`
async fn make(filled: Filled) -> Result<Response, Trouble> {
    let visit = &filled.visit;
    visit.patient()?;
    visit
        .post("/identity/keys", &json!({ "mode": "custodial" }))
        .await?;
    Ok(Visit::go("/portal/keys"))
}

/// `POST /portal/keys/cards`: three shares, shown this once.
async fn cards(filled: Filled) -> Result<Response, Trouble> {
    let visit = &filled.visit;
    visit.patient()?;
    let made = visit.post("/identity/recovery", &json!({})).await?;
    shown(visit, Some(&made)).await
}
