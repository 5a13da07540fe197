//! The ledger as people look through it: newest blocks, one block, an integrity check that the
//! browser does, and a page that verifies files. What is here is public: every role sees it.

mod block;
mod check;
mod verify;

use axum::Router;
use axum::response::Response;
use axum::routing::get;
use hospital::{Role, instant, pairs};
use maud::{Markup, html};
use serde_json::Value;

use crate::Portal;
use crate::date;
use crate::record::text;
use crate::trouble::Trouble;
use crate::visit::Visit;

/// Blocks of a page.
const PAGE: u64 = 20;

/// The routes of the ledger's pages.
pub(crate) fn routes() -> Router<Portal> {
    Router::new()
        .route("/portal/ledger", get(show))
        .route("/portal/ledger/go", get(go))
        .route("/portal/ledger/blocks/{height}", get(block::show))
        .route("/portal/ledger/entries/{index}", get(block::receipt))
        .route("/portal/ledger/check", get(check::show))
        .route("/portal/ledger/check/data", get(check::data))
        .route("/portal/verify", get(verify::show))
}

/// When a block was made, to the second: several come in each.
fn when(visit: &Visit, time_ms: u64) -> Markup {
    let us = i64::try_from(time_ms).unwrap_or(0).saturating_mul(1_000);
    let stamp = instant::fhir(us);
    let day = date::day(visit.language, &stamp);
    html! { time datetime=(stamp) { (day) ", " (stamp.get(11..19).unwrap_or("")) " UTC" } }
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or(0)
}

/// Where the ledger stands, in facts.
pub(crate) fn state(visit: &Visit, status: &Value) -> Markup {
    let time_ms = number(&status["time_ms"]);
    let here_us = visit.portal.inside.hospital().now_us();
    let clock_ms = u64::try_from(here_us / 1_000).unwrap_or(0);
    let age_s = (clock_ms.saturating_sub(time_ms) / 1_000).to_string();
    let peers = status["peers"].as_array().map_or(&[][..], Vec::as_slice);
    let connected = peers
        .iter()
        .filter(|it| it["connected"] == true)
        .count()
        .to_string();
    let fact = |key: &str, value: Markup| {
        html! { div { dt { (visit.say(key)) } dd { (value) } } }
    };
    html! {
        @if let Some(reason) = status["halted"].as_str() {
            div.alarm { p { (visit.say("ledger-halted")) } p { q lang="en" { (reason) } } }
        } @else if status["ready"] != true {
            div.note { p { (visit.say("ledger-behind")) } }
        }
        dl.facts {
            (fact("ledger-height", html! { (number(&status["height"])) }))
            (fact("ledger-last", html! {
                (when(visit, time_ms))
                " " span.tag { (visit.tell("ledger-age", &[("seconds", &age_s)])) }
            }))
            (fact("ledger-entries", html! { (number(&status["history_size"])) }))
            (fact("ledger-peers", html! {
                (visit.tell("ledger-peers-of",
                    &[("connected", &connected), ("all", &peers.len().to_string())]))
            }))
        }
    }
}

/// `GET /portal/ledger?before=`
async fn show(visit: Visit) -> Result<Response, Trouble> {
    let before = visit.query("before").parse::<u64>().ok();
    let status = visit.get("/ledger/status").await?;
    let mut query = vec![("count".to_owned(), PAGE.to_string())];
    if let Some(before) = before {
        query.push(("before".to_owned(), before.to_string()));
    }
    let found = visit
        .get(&format!("/ledger/blocks?{}", pairs::encode(&query)))
        .await?;
    let blocks = found["blocks"].as_array().map_or(&[][..], Vec::as_slice);
    let members = visit.get("/ledger/organisations").await?;
    let title = visit.say("way-ledger");
    let content = html! {
        h1 { (title) }
        p.lead { (visit.say("ledger-lead")) }
        (state(&visit, &status))
        (tools(&visit))
        h2 { (visit.say("ledger-blocks")) }
        @if blocks.is_empty() { p { (visit.say("ledger-blocks-none")) } }
        @else { (listed(&visit, blocks)) (pager(&visit, before, blocks)) }
        h2 { (visit.say("ledger-batches")) }
        p { (visit.say("ledger-batches-hint")) }
        (batches(&visit, &members))
    };
    Ok(visit.page(&title, &content))
}

fn tools(visit: &Visit) -> Markup {
    let staff = visit.role() != Role::Patient;
    html! {
        form.filter method="get" action="/portal/ledger/go" {
            label for="height" { (visit.say("ledger-go")) }
            input id="height" name="height" type="text" inputmode="numeric" autocomplete="off";
            button.second type="submit" { (visit.say("ledger-go-go")) }
        }
        ul {
            @if staff { li { a href="/portal/ledger/check" { (visit.say("ledger-check")) } } }
            li { a href="/portal/verify" { (visit.say("verify-title")) } }
            li { a href="/ledger/checkpoint" { (visit.say("ledger-checkpoint")) } }
            li { a href="/ledger/trust" { (visit.say("ledger-trust")) } }
        }
    }
}

fn listed(visit: &Visit, blocks: &[Value]) -> Markup {
    let say = |key| visit.say(key);
    html! {
        table.stack {
            caption.unseen { (say("ledger-blocks")) }
            thead { tr {
                th scope="col" { (say("ledger-height")) }
                th scope="col" { (say("block-time")) }
                th.number scope="col" { (say("block-transactions")) }
                th.number scope="col" { (say("block-refused")) }
            } }
            tbody {
                @for block in blocks {
                    @let height = number(&block["header"]["height"]);
                    tr {
                        td data-label=(say("ledger-height")) {
                            a href={ "/portal/ledger/blocks/" (height) } { (height) }
                        }
                        td data-label=(say("block-time")) {
                            (when(visit, number(&block["header"]["time_ms"])))
                        }
                        td.number data-label=(say("block-transactions")) {
                            (number(&block["transactions"]))
                        }
                        td.number data-label=(say("block-refused")) { (number(&block["refused"])) }
                    }
                }
            }
        }
    }
}

fn pager(visit: &Visit, before: Option<u64>, blocks: &[Value]) -> Markup {
    let last = blocks
        .last()
        .map_or(0, |it| number(&it["header"]["height"]));
    html! {
        nav.pager aria-label=(visit.say("pager")) {
            @if let Some(before) = before {
                a href={ "/portal/ledger?before=" (before.saturating_add(PAGE)) }
                rel="prev" { (visit.say("pager-newer")) }
            }
            @if last > 1 {
                a href={ "/portal/ledger?before=" (last) } rel="next" { (visit.say("pager-older")) }
            }
        }
    }
}

fn batches(visit: &Visit, members: &Value) -> Markup {
    let members = members["organisations"]
        .as_array()
        .map_or(&[][..], Vec::as_slice);
    let say = |key| visit.say(key);
    html! {
        table.stack {
            caption.unseen { (say("ledger-batches")) }
            thead { tr {
                th scope="col" { (say("openings-organisation")) }
                th.number scope="col" { (say("batch-sequence")) }
                th scope="col" { (say("batch-root")) }
            } }
            tbody {
                @for member in members {
                    tr {
                        td data-label=(say("openings-organisation")) { (text(member, "/id")) }
                        td.number data-label=(say("batch-sequence")) {
                            (number(&member["batch"]["sequence"]))
                        }
                        td data-label=(say("batch-root")) { code { (text(member, "/batch/root")) } }
                    }
                }
            }
        }
    }
}

/// `GET /portal/ledger/go?height=`
async fn go(visit: Visit) -> Result<Response, Trouble> {
    match visit.query("height").parse::<u64>() {
        Ok(height) => Ok(Visit::go(&format!("/portal/ledger/blocks/{height}"))),
        Err(_) => Err(visit.absent()),
    }
}
