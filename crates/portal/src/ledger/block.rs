//! One block: its header, and what it ordered.

use axum::extract::Path;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use serde_json::Value;

use super::{number, when};
use crate::record::text;
use crate::trouble::Trouble;
use crate::visit::Visit;

/// Transactions that are listed; the JSON has all.
const SHOWN_MAX: usize = 500;

/// `GET /portal/ledger/blocks/{height}`
pub(super) async fn show(visit: Visit, Path(height): Path<String>) -> Result<Response, Trouble> {
    let height: u64 = height.parse().map_err(|_| visit.absent())?;
    let block = visit.get(&format!("/ledger/blocks/{height}")).await?;
    let head = visit.get("/ledger/status").await?;
    let transactions = block["transactions"]
        .as_array()
        .map_or(&[][..], Vec::as_slice);
    let title = visit.tell("block-title", &[("height", &height.to_string())]);
    let content = html! {
        p.back { a href="/portal/ledger" { (visit.say("block-back")) } }
        h1 { (title) }
        (header_facts(&visit, &block))
        h2 { (visit.say("block-transactions")) }
        @if transactions.is_empty() { p { (visit.say("block-empty")) } }
        @else {
            ul.lines {
                @for one in transactions.iter().take(SHOWN_MAX) {
                    li { (transaction(&visit, one)) }
                }
            }
            @if transactions.len() > SHOWN_MAX {
                p {
                    (visit.tell("block-more",
                        &[("count", &(transactions.len() - SHOWN_MAX).to_string())]))
                }
            }
        }
        nav.pager aria-label=(visit.say("block-around")) {
            @if height < number(&head["height"]) {
                a href={ "/portal/ledger/blocks/" (height + 1) } { (visit.say("block-next")) }
            }
            @if height > 1 {
                a href={ "/portal/ledger/blocks/" (height - 1) } { (visit.say("block-parent")) }
            }
            a href={ "/ledger/blocks/" (height) } { (visit.say("block-json")) }
        }
    };
    Ok(visit.page(&title, &content))
}

fn header_facts(visit: &Visit, block: &Value) -> Markup {
    let header = &block["header"];
    let fact = |key: &str, value: Markup| {
        html! { div { dt { (visit.say(key)) } dd { (value) } } }
    };
    let digest = |value: &Value, path: &str| html! { code { (text(value, path)) } };
    html! {
        dl.facts {
            (fact("block-time", when(visit, number(&header["time_ms"]))))
            (fact("block-epoch", html! { (number(&header["epoch"])) }))
            (fact("block-digest", digest(block, "/digest")))
            (fact("block-parent-digest", digest(header, "/parent")))
            (fact("block-history", html! {
                (visit.tell("block-history-size",
                    &[("count", &number(&header["history_size"]).to_string())]))
                br; (digest(header, "/history_root"))
            }))
            (fact("block-state", digest(header, "/state_root")))
            (fact("block-root", digest(header, "/transactions_root")))
        }
        p.soft { (visit.say("block-facts-hint")) }
    }
}

fn transaction(visit: &Visit, one: &Value) -> Markup {
    let kind = text(one, "/kind");
    let key = format!("act-{kind}");
    let known = visit.language.has(&key);
    let named = if known {
        visit.say(&key)
    } else {
        visit.say("act-unknown")
    };
    let count = |path: &str| one[path].as_u64().map(|it| it.to_string());
    html! {
        div.item {
            p.kind { (text(one, "/organisation")) }
            p.title { (named) }
            @if known { p.soft { (visit.say(&format!("{key}-more"))) } }
            @if let Some(index) = one["index"].as_u64() {
                p { (visit.tell("transaction-entry", &[("index", &index.to_string())])) " "
                    a href={ "/portal/ledger/entries/" (index) }
                    download { (visit.say("transaction-receipt")) }
                    }
            } @else {
                p.tag.strong { (refusal(visit, &one["refused"])) }
            }
            details {
                summary { (visit.say("transaction-details")) }
                dl.facts {
                    div { dt { (visit.say("transaction-id")) } dd { code { (text(one, "/id")) } } }
                    @if let Some(sequence) = count("sequence") {
                        div { dt { (visit.say("transaction-sequence")) } dd { (sequence) } }
                    }
                    @if let Some(expires) = count("expires") {
                        div { dt { (visit.say("transaction-expires")) } dd { (expires) } }
                    }
                    @if one["batch"].is_object() { (batch(visit, &one["batch"])) }
                }
            }
        }
    }
}

fn batch(visit: &Visit, batch: &Value) -> Markup {
    html! {
        div { dt { (visit.say("batch-sequence")) } dd { (number(&batch["sequence"])) } }
        div { dt { (visit.say("batch-root")) } dd { code { (text(batch, "/root")) } } }
        div { dt { (visit.say("batch-previous")) } dd { code { (text(batch, "/previous")) } } }
    }
}

/// Why the ledger refused: docs/reference/ledger.md has the codes.
fn refusal(visit: &Visit, code: &Value) -> String {
    let code = number(code);
    let key = format!("refusal-{code}");
    let why = if visit.language.has(&key) {
        visit.say(&key)
    } else {
        String::new()
    };
    let code = code.to_string();
    visit.tell("transaction-refused", &[("code", &code), ("why", &why)])
}

/// `GET /portal/ledger/entries/{index}`: the receipt of an accepted transaction, as a file.
pub(super) async fn receipt(visit: Visit, Path(index): Path<String>) -> Result<Response, Trouble> {
    let index: u64 = index.parse().map_err(|_| visit.absent())?;
    let path = format!("/ledger/entries/{index}/receipt");
    let (status, bytes) = visit.ask(Method::GET, &path, None).await?;
    if status == StatusCode::ACCEPTED {
        return Err(visit.refused(StatusCode::SERVICE_UNAVAILABLE, "pending"));
    }
    let mut response = bytes.into_response();
    let headers = response.headers_mut();
    let media = HeaderValue::from_static("application/vnd.c2sp.tlog-proof");
    headers.insert(header::CONTENT_TYPE, media);
    let name = format!("attachment; filename=\"entry-{index}.tlog-proof\"");
    if let Ok(name) = HeaderValue::from_str(&name) {
        headers.insert(header::CONTENT_DISPOSITION, name);
    }
    Ok(response)
}
