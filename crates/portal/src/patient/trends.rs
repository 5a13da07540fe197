//! A patient's measurements over time.

use axum::response::Response;
use maud::html;

use crate::chart;
use crate::record::text;
use crate::stretch;
use crate::trouble::Trouble;
use crate::visit::Visit;

/// `GET /portal/trends?of=`
pub(super) async fn show(visit: Visit) -> Result<Response, Trouble> {
    let read = stretch::read(&visit, visit.patient()?, "Observation", None).await?;
    let observations = read
        .all
        .iter()
        .filter(|it| text(it, "/resourceType") == "Observation");
    let trends = chart::trends(observations);
    let title = visit.say("way-trends");
    let content = html! {
        h1 { (title) }
        p.lead { (visit.say("trends-lead")) }
        (stretch::note(&visit, &read))
        (chart::gallery(&visit, "/portal/trends", &trends))
    };
    Ok(visit.page(&title, &content))
}
