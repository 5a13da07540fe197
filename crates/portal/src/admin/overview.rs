//! Whether all is well with the node, and what waits for a decision.

use axum::response::Response;
use maud::{Markup, html};
use serde_json::Value;

use super::fields::{bytes, count, fact, list, moment};
use super::{operations, proposals};
use crate::ledger;
use crate::trouble::Trouble;
use crate::visit::Visit;

/// `GET /portal`, for an administrator.
pub(crate) async fn show(visit: Visit) -> Result<Response, Trouble> {
    super::admin(&visit)?;
    let status = visit.get("/ledger/status").await?;
    let peers = visit.get("/operations/peers").await?;
    let storage = visit.get("/operations/storage").await?;
    let backups = visit.get("/operations/backups").await?;
    let open = visit.get("/ledger/proposals").await?;
    let members = visit.get("/ledger/organisations").await?;
    let waiting: Vec<&Value> = list(&open, "proposals")
        .iter()
        .filter(|one| proposals::own_vote(&visit, one).is_none())
        .collect();
    let title = visit.say("way-overview");
    let content = html! {
        h1 { (title) }
        (health(&visit, &status, &backups))
        @if !waiting.is_empty() {
            section aria-labelledby="admin-votes" {
                h2 id="admin-votes" { (visit.say("admin-votes")) }
                ul.cards {
                    @for one in &waiting {
                        li { (proposals::card(&visit, one, &members["parameters"])) }
                    }
                }
            }
        }
        section aria-labelledby="admin-peers" {
            h2 id="admin-peers" { (visit.say("admin-peers")) }
            (operations::peers(&visit, &peers))
        }
        section aria-labelledby="admin-node" {
            h2 id="admin-node" { (visit.say("admin-node")) }
            (ledger::state(&visit, &status))
            dl.facts {
                (fact(&visit, "admin-pending", &html! { (count(&status["receipts_pending"])) }))
                (fact(&visit, "storage-records",
                    &html! { (bytes(&visit, &storage["records_bytes"])) }))
                (fact(&visit, "storage-free", &html! { (bytes(&visit, &storage["free_bytes"])) }))
                (fact(&visit, "backup-last",
                    &moment(&visit, &backups["last_made"], "backup-never")))
                (fact(&visit, "backup-proven",
                    &moment(&visit, &backups["last_proven"], "backup-never")))
            }
            p { a href="/portal/operations" { (visit.say("admin-operations")) } }
        }
    };
    Ok(visit.page(&title, &content))
}

fn health(visit: &Visit, status: &Value, backups: &Value) -> Markup {
    let well = status["ready"] == true && status["halted"].is_null();
    html! {
        @if well { div.done { p { (visit.say("admin-well")) } } }
        @if backups["last_made"].is_null() {
            div.note { p { (visit.say("admin-no-backup")) } }
        } @else if backups["last_proven"].is_null() {
            div.note { p { (visit.say("admin-no-restore")) } }
        }
    }
}
