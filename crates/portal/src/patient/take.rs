//! Take my record with me: one file with everything and its proofs.

use axum::response::Response;
use maud::html;

use crate::trouble::Trouble;
use crate::visit::Visit;

/// `GET /portal/take`
pub(super) async fn show(visit: Visit) -> Result<Response, Trouble> {
    visit.patient()?;
    let title = visit.say("more-take");
    let content = html! {
        p.back { a href="/portal/more" { (visit.say("more-back")) } }
        h1 { (title) }
        p.lead { (visit.say("take-lead")) }
        h2 { (visit.say("take-file")) }
        ul {
            @for key in ["take-file-records", "take-file-receipts", "take-file-page"] {
                li { (visit.say(key)) }
            }
        }
        p.note { (visit.say("take-care")) }
        p { a.button href="/portal/api/reports/export" download="record.zip" { (visit.say("take-download")) } }
    };
    Ok(visit.page(&title, &content))
}
