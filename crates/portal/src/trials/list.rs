//! The trials that are known here, and what this organisation is in each.

use axum::response::Response;
use maud::html;

use super::{HOME, entries, looks, seal};
use crate::record::text;
use crate::trouble::Trouble;
use crate::visit::Visit;

/// `GET /portal/trials`
pub(crate) async fn show(visit: Visit) -> Result<Response, Trouble> {
    looks(&visit)?;
    let found = visit.get("/trials").await?;
    let trials = entries(&found, "trials");
    let title = visit.say("trials-title");
    let content = html! {
        h1 { (title) }
        p.lead { (visit.say("trials-lead")) }
        @if seal::may(&visit) {
            p { a.button href=(seal::PATH) { (visit.say("trials-seal")) } }
        }
        @if trials.is_empty() { p { (visit.say("trials-none")) } }
        @else {
            ul.lines {
                @for trial in trials {
                    li {
                        p.title {
                            a href={ (HOME) "/" (text(trial, "/id")) } { (text(trial, "/title")) }
                        }
                        p.kind {
                            (visit.language.coded("trials-part", text(trial, "/role")))
                        }
                    }
                }
            }
        }
    };
    Ok(visit.page(&title, &content))
}
