//! The node itself: peers and their lag, keys and their age, backups, storage, figures over time.

use axum::Router;
use axum::response::Response;
use axum::routing::get;
use hospital::instant;
use maud::{Markup, html};
use serde_json::Value;

use super::fields::{bytes, count, fact, list, moment, span};
use crate::Portal;
use crate::date;
use crate::record::text;
use crate::trouble::Trouble;
use crate::visit::Visit;

/// What is drawn, in this order.
const FIGURES: [&str; 6] = [
    "records_admitted",
    "requests",
    "p99_ms",
    "receipts_pending",
    "height",
    "database_bytes",
];
/// Rows of a table of figures: the newest.
const ROWS_MAX: usize = 240;
/// A key older than this is worth a thought: a year.
const OLD_S: u64 = 365 * 86_400;

pub(super) fn routes() -> Router<Portal> {
    Router::new().route("/portal/operations", get(show))
}

/// `GET /portal/operations`
async fn show(visit: Visit) -> Result<Response, Trouble> {
    super::admin(&visit)?;
    let found_peers = visit.get("/operations/peers").await?;
    let keys = visit.get("/operations/keys").await?;
    let backups = visit.get("/operations/backups").await?;
    let storage = visit.get("/operations/storage").await?;
    let figures = visit.get("/operations/figures").await?;
    let title = visit.say("way-operations");
    let content = html! {
        h1 { (title) }
        h2 { (visit.say("admin-peers")) }
        p { (visit.say("peers-hint")) }
        (peers(&visit, &found_peers))
        h2 { (visit.say("backup-title")) }
        (copies(&visit, &backups))
        h2 { (visit.say("storage-title")) }
        (stored(&visit, &storage))
        h2 { (visit.say("node-keys-title")) }
        p { (visit.say("node-keys-hint")) }
        (own_keys(&visit, &keys))
        h2 { (visit.say("figures-title")) }
        p { (visit.say("figures-hint")) }
        @for name in FIGURES { (figure(&visit, name, &figures)) }
    };
    Ok(visit.page(&title, &content))
}

/// The other members and how far they are.
pub(super) fn peers(visit: &Visit, found: &Value) -> Markup {
    let say = |key| visit.say(key);
    html! {
        table.stack {
            caption.unseen { (say("admin-peers")) }
            thead { tr {
                th scope="col" { (say("openings-organisation")) }
                th scope="col" { (say("peers-connected")) }
                th.number scope="col" { (say("peers-behind")) }
                th.number scope="col" { (say("peers-entries")) }
            } }
            tbody { @for peer in list(found, "peers") {
                tr {
                    td data-label=(say("openings-organisation")) { div {
                        (text(peer, "/organisation"))
                        @if peer["validator"] == true {
                            " " span.tag { (say("organisations-validator")) }
                        }
                    } }
                    td data-label=(say("peers-connected")) {
                        @if peer["connected"] == true { (say("peers-yes")) }
                        @else if let Some(silent_s) = peer["silent_s"].as_u64() {
                            span.tag.strong {
                                (visit.tell("peers-silent", &[("span", &span(visit, silent_s))]))
                            }
                        } @else { span.tag.strong { (say("peers-never")) } }
                    }
                    td.number data-label=(say("peers-behind")) { (count(&peer["behind_blocks"])) }
                    td.number data-label=(say("peers-entries")) { (count(&peer["behind_entries"])) }
                }
            } }
        }
    }
}

fn copies(visit: &Visit, found: &Value) -> Markup {
    let damaged = found["lines_damaged"].as_u64().unwrap_or(0);
    html! {
        dl.facts {
            (fact(visit, "backup-last", &moment(visit, &found["last_made"], "backup-never")))
            (fact(visit, "backup-proven", &moment(visit, &found["last_proven"], "backup-never")))
        }
        @if found["last_made"].is_null() {
            div.note {
                p { (visit.say("admin-no-backup")) }
                pre tabindex="0" { code { "salus backup --help" } }
            }
        }
        @if damaged > 0 {
            div.alarm { p { (visit.tell("backup-damaged", &[("count", &damaged.to_string())])) } }
        }
        @for copy in list(found, "key_tree_copies") {
            @if copy["current"] == false {
                div.alarm {
                    p { (visit.say("backup-tree-old")) }
                    p { code { (text(copy, "/file")) } }
                }
            }
        }
        @if !list(found, "backups").is_empty() {
            ul.lines { @for one in list(found, "backups") {
                li { div.item {
                    p.kind { (moment(visit, &one["made"], "backup-never")) }
                    p.title { code { (text(one, "/file")) } }
                    p { (bytes(visit, &one["bytes"])) ", "
                        (visit.tell("backup-versions",
                            &[("count", &count(&one["versions"])),
                                ("height", &count(&one["height"]))])) }
                    p {
                        (visit.say("backup-proven"))
                        ": " (moment(visit, &one["proven"], "backup-never"))
                    }
                } }
            } }
        }
    }
}

fn stored(visit: &Visit, storage: &Value) -> Markup {
    let size = |key: &str, name: &str| fact(visit, key, &html! { (bytes(visit, &storage[name])) });
    let number = |key: &str, name: &str| fact(visit, key, &html! { (count(&storage[name])) });
    html! {
        dl.facts {
            (size("storage-records", "records_bytes"))
            (size("storage-log", "write_ahead_log_bytes"))
            (size("storage-ledger", "ledger_bytes"))
            (size("storage-tree", "key_tree_bytes"))
            (size("storage-free", "free_bytes"))
            (number("storage-made", "records_made"))
            (number("storage-versions", "versions"))
            (number("storage-erased", "versions_erased"))
            (number("storage-batches", "batches"))
            (number("storage-erasures", "erasures"))
        }
    }
}

fn own_keys(visit: &Visit, found: &Value) -> Markup {
    let say = |key| visit.say(key);
    html! {
        table.stack {
            caption.unseen { (say("node-keys-title")) }
            thead { tr {
                th scope="col" { (say("node-keys-purpose")) }
                th scope="col" { (say("node-keys-age")) }
                th scope="col" { (say("node-keys-registered")) }
                th scope="col" { (say("node-keys-public")) }
            } }
            tbody { @for key in list(found, "keys") {
                @let purpose = text(key, "/purpose").replace(' ', "-");
                tr {
                    td data-label=(say("node-keys-purpose")) {
                        (visit.say(&format!("key-{purpose}")))
                    }
                    td data-label=(say("node-keys-age")) { div {
                        @match key["age_s"].as_u64() {
                            Some(age_s) => {
                                (span(visit, age_s))
                                @if age_s > OLD_S { " " span.tag.strong { (say("node-keys-old")) } }
                            }
                            None => { "–" }
                        }
                    } }
                    td data-label=(say("node-keys-registered")) {
                        @match key["registered"].as_bool() {
                            Some(true) => { (say("yes")) }
                            Some(false) => { span.tag.strong { (say("no")) } }
                            None => { "–" }
                        }
                    }
                    td data-label=(say("node-keys-public")) {
                        @match text(key, "/public") {
                            "" => { "–" }
                            public => { code { (public) } }
                        }
                    }
                }
            } }
        }
    }
}

/// One figure as a chart, with its table.
fn figure(visit: &Visit, name: &str, figures: &Value) -> Markup {
    let times = list(figures, "time_ms");
    let values = list(figures, name);
    let skipped = times.len().saturating_sub(ROWS_MAX);
    let rows: Vec<(i64, &Value)> = times
        .iter()
        .zip(values)
        .skip(skipped)
        .filter_map(|(time, value)| Some((time.as_i64()?, value)))
        .collect();
    // Of the size so many millionths are told.
    let scaled = |value: &Value| match (name, value.as_u64()) {
        ("database_bytes", Some(bytes)) => {
            let hundredths = bytes / 10_000;
            format!("{}.{:02}", hundredths / 100, hundredths % 100)
        }
        _ => value.to_string(),
    };
    let key = format!("figure-{}", name.replace('_', "-"));
    let title = visit.say(&key);
    html! {
        h3 { (title) }
        @if rows.is_empty() { p { (visit.say("figures-none")) } }
        @else {
            salus-chart aria-label=(title) {
                div data-part="plot" {}
                p data-part="value" {}
                details {
                    summary { (visit.say("figures-table")) }
                    div.wide.tall tabindex="0" role="region" aria-label=(title) {
                        table {
                            caption { (title) }
                            thead {
                                tr {
                                    th scope="col" { (visit.say("block-time")) }
                                    th.number scope="col" { (title) }
                                }
                            }
                            tbody { @for (time_ms, value) in &rows {
                                @let at = instant::fhir(time_ms.saturating_mul(1_000));
                                tr {
                                    td {
                                        time datetime=(at) { (date::moment(visit.language, &at)) }
                                    }
                                    @match value.as_f64() {
                                        Some(_) => {
                                            td.number data-value=(scaled(value)) {
                                                (date::number(visit.language, &scaled(value)))
                                            }
                                        }
                                        None => { td.number { "–" } }
                                    }
                                }
                            } }
                        }
                    }
                }
            }
        }
    }
}
