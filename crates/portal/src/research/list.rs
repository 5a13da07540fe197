//! The requests: a researcher's own, or all for the privacy officer.

use axum::response::Response;
use hospital::{Role, pairs};
use maud::{Markup, html};
use serde_json::Value;

use super::{HOME, looks};
use crate::date;
use crate::pharmacy::list as entries;
use crate::record::text;
use crate::trouble::Trouble;
use crate::visit::Visit;

/// `GET /portal/research?after=`
pub(super) async fn show(visit: Visit) -> Result<Response, Trouble> {
    looks(&visit)?;
    let after = visit.query("after");
    let mut path = "/research/requests".to_owned();
    if !after.is_empty() {
        path = format!("{path}?{}", pairs::encode(&[("after".into(), after)]));
    }
    let found = visit.get(&path).await?;
    let requests = entries(&found, "requests");
    let asks = visit.role() == Role::Researcher;
    let title = visit.say("way-research");
    let lead = if asks {
        "research-lead"
    } else {
        "research-officer-lead"
    };
    let content = html! {
        h1 { (title) }
        p.lead { (visit.say(lead)) }
        @if asks {
            p {
                a.button href="/portal/research/counts" { (visit.say("research-count-title")) } " "
                a.button.second href="/portal/research/new" { (visit.say("research-ask-title")) }
            }
        }
        h2 { (visit.say("research-requests")) }
        @if requests.is_empty() { p { (visit.say("research-requests-empty")) } }
        @else { ul.lines { @for one in requests { li { (item(&visit, one)) } } } }
        @if let Some(next) = found["next"].as_str() {
            @let query = pairs::encode(&[("after".into(), next.into())]);
            nav.pager aria-label=(visit.say("pager")) {
                a href={ (HOME) "?" (query) } rel="next" { (visit.say("research-next")) }
            }
        }
    };
    Ok(visit.page(&title, &content))
}

fn item(visit: &Visit, one: &Value) -> Markup {
    html! {
        div.item {
            p.kind {
                span.tag { (visit.language.coded("research-state", text(one, "/state"))) } " "
                (text(one, "/by")) ", " (date::stamp(visit.language, text(one, "/asked")))
            }
            p.title {
                a href={ (HOME) "/requests/" (text(one, "/id")) } { (text(one, "/purpose")) }
            }
            p.soft { (text(one, "/approval")) }
        }
    }
}
