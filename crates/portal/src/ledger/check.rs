//! The integrity check between two heights. The server hands out headers and proofs and judges
//! nothing: `web/src/history.ts` does, in the browser.

use axum::Json;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use hospital::pairs;
use maud::{Markup, html};
use serde_json::{Value, json};

use super::{number, when};
use crate::form::{Faults, Line};
use crate::record::text;
use crate::trouble::Trouble;
use crate::visit::Visit;

/// So many blocks are followed one by one; between more, the history's proof is what is checked.
const CHAIN_MAX: u64 = 500;
/// What the form offers.
const OFFERED: u64 = 100;
/// As wide as a hash.
const HASH: &str = "0000000000000000000000000000000000000000000000000000000000000000";
/// What is checked: the words of each step.
const STEPS: [&str; 4] = ["headers", "history", "covered", "cosigned"];

/// `GET /portal/ledger/check?from=&to=`
pub(super) async fn show(visit: Visit) -> Result<Response, Trouble> {
    let status = visit.get("/ledger/status").await?;
    let height = number(&status["height"]);
    let (given_from, given_to) = (visit.query("from"), visit.query("to"));
    let asked = !given_from.is_empty() || !given_to.is_empty();
    let mut faults = Faults::default();
    let (from, to) = (given_from.parse::<u64>(), given_to.parse::<u64>());
    let mut blocks = None;
    if asked {
        match (from, to) {
            (Ok(from), Ok(to)) if from >= 1 && from < to && to <= height => {
                blocks = Some((one(&visit, from).await?, one(&visit, to).await?));
            }
            _ => {
                let told = visit.tell("check-fault", &[("height", &height.to_string())]);
                faults.add("from", told);
            }
        }
    }
    let offered_to = height.saturating_sub(20).max(2);
    let offered_from = offered_to.saturating_sub(OFFERED).max(1);
    let (from, to) = if asked {
        (given_from, given_to)
    } else {
        (offered_from.to_string(), offered_to.to_string())
    };
    let title = visit.say("ledger-check");
    let content = html! {
        p.back { a href="/portal/ledger" { (visit.say("block-back")) } }
        (faults.summary(&visit))
        h1 { (title) }
        p.lead { (visit.say("check-lead")) }
        (form(&visit, &from, &to, &faults))
        @if let Some((first, last)) = &blocks {
            h2 { (visit.say("check-verdict")) }
            (island(&visit, &from, &to, &validators(&status)))
            h2 { (visit.say("check-blocks")) }
            (facts(&visit, first))
            (facts(&visit, last))
        }
        h2 { (visit.say("check-proves")) }
        p { (visit.say("check-proves-hint")) }
        p { (visit.say("check-not")) }
        pre tabindex="0" { code { "salus audit --dir DIR" } }
    };
    Ok(visit.page(&title, &content))
}

fn form(visit: &Visit, from: &str, to: &str, faults: &Faults) -> Markup {
    let line = |name: &'static str, value| {
        Line {
            name,
            kind: "number",
            label: visit.say(&format!("check-{name}")),
            hint: String::new(),
            value,
            autocomplete: "off",
        }
        .show(faults)
    };
    html! {
        form method="get" action="/portal/ledger/check" {
            div.columns { (line("from", from)) (line("to", to)) }
            button type="submit" { (visit.say("check-go")) }
        }
    }
}

fn validators(status: &Value) -> String {
    let all = status["validators"].as_array().into_iter().flatten();
    all.filter_map(Value::as_str).collect::<Vec<_>>().join(", ")
}

/// The element that checks, with the words of each step.
fn island(visit: &Visit, from: &str, to: &str, cosigners: &str) -> Markup {
    let query = pairs::encode(&[("from".into(), from.into()), ("to".into(), to.into())]);
    html! {
        salus-history data-src={ "/portal/ledger/check/data?" (query) } {
            p data-part="verdict" { (visit.say("seal-waiting")) }
            ol.checks {
                @for step in STEPS {
                    li data-check=(step) {
                        strong { (visit.say(&format!("check-{step}"))) } " "
                        span data-part="state" {}
                    }
                }
            }
            // Holds the place, unseen, until there is something proven to say.
            dl.facts data-part="proven" data-unproven {
                div { dt { (visit.say("check-size")) } dd data-proven="size" { "0" } }
                div { dt { (visit.say("check-cosigners")) } dd data-proven="names" { (cosigners) } }
                div { dt { (visit.say("check-root")) } dd { code data-proven="root" { (HASH) } } }
                div {
                    dt { (visit.say("check-trust")) }
                    dd { code data-proven="trust-hash" { (HASH) } }
                }
            }
            @for word in ["checking", "valid", "changed", "failed", "ok", "wrong", "skipped"] {
                span hidden data-say=(word) { (visit.say(&format!("check-say-{word}"))) }
            }
            noscript { p.note { (visit.say("seal-no-script")) } }
        }
    }
}

fn facts(visit: &Visit, block: &Value) -> Markup {
    let header = &block["header"];
    let height = number(&header["height"]);
    html! {
        dl.facts {
            div { dt { (visit.say("ledger-height")) } dd {
                a href={ "/portal/ledger/blocks/" (height) } { (height) } ", "
                (when(visit, number(&header["time_ms"]))) } }
            div { dt { (visit.say("block-history")) } dd {
                (visit.tell("block-history-size",
                    &[("count", &number(&header["history_size"]).to_string())]))
                br; code { (text(header, "/history_root")) } } }
            div { dt { (visit.say("block-digest")) } dd { code { (text(block, "/digest")) } } }
        }
    }
}

async fn one(visit: &Visit, height: u64) -> Result<Value, Trouble> {
    let path = format!("/ledger/blocks?before={}&count=1", height.saturating_add(1));
    let found = visit.get(&path).await?;
    let block = &found["blocks"][0];
    if number(&block["header"]["height"]) == height {
        Ok(block.clone())
    } else {
        Err(visit.absent())
    }
}

/// The path of the proof that one size of the history continues another.
async fn proof(visit: &Visit, from: u64, to: u64) -> Result<Value, Trouble> {
    let found = visit
        .get(&format!("/ledger/consistency?from={from}&to={to}"))
        .await?;
    Ok(found["path"].clone())
}

/// `GET /portal/ledger/check/data?from=&to=`: what the browser needs to judge by itself.
pub(super) async fn data(visit: Visit) -> Result<Response, Trouble> {
    let height = |name: &str| visit.query(name).parse::<u64>().map_err(|_| visit.absent());
    let (from, to) = (height("from")?, height("to")?);
    if from < 1 || from >= to {
        return Err(visit.absent());
    }
    let (first, last) = (one(&visit, from).await?, one(&visit, to).await?);
    let chain = if to - from < CHAIN_MAX {
        let path = format!("/ledger/blocks?before={}&count={}", to + 1, to - from + 1);
        let found = visit.get(&path).await?;
        let blocks = found["blocks"].as_array().cloned().unwrap_or_default();
        blocks
            .iter()
            .rev()
            .map(|it| it["header_bytes"].clone())
            .collect()
    } else {
        Vec::new()
    };
    let size = |block: &Value| number(&block["header"]["history_size"]);
    let (old, new) = (size(&first), size(&last));
    // The receipt of the last entry brings a checkpoint that covers it.
    let entry = new.saturating_sub(1);
    let path = format!("/ledger/entries/{entry}/receipt");
    let (status, receipt) = visit.ask(Method::GET, &path, None).await?;
    if status == StatusCode::ACCEPTED {
        return Ok(Json(json!({ "status": "pending", "retry_ms": 1_000 })).into_response());
    }
    let receipt = String::from_utf8_lossy(&receipt).into_owned();
    let note = receipt.split_once("\n\n").map_or("", |(_, note)| note);
    let covered = note
        .lines()
        .nth(1)
        .and_then(|line| line.parse::<u64>().ok());
    let covered = covered.ok_or_else(|| visit.refused(StatusCode::BAD_GATEWAY, ""))?;
    let (_, trust) = visit.ask(Method::GET, "/ledger/trust", None).await?;
    Ok(Json(json!({
        "status": "ready",
        "first": first["header_bytes"],
        "last": last["header_bytes"],
        "chain": chain,
        "between": proof(&visit, old, new).await?,
        "after": proof(&visit, new, covered).await?,
        "checkpoint": note,
        "trust": String::from_utf8_lossy(&trust),
    }))
    .into_response())
}
