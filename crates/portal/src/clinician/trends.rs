//! Vital signs and values of laboratories over time.

use axum::extract::Path;
use axum::response::Response;
use maud::html;

use super::banner;
use super::elsewhere::Asked;
use super::sheet;
use crate::chart;
use crate::stretch;
use crate::trouble::Trouble;
use crate::visit::Visit;

/// `GET /portal/patients/{id}/trends?of=`: all as small drawings, and one large.
pub(super) async fn show(visit: Visit, Path(id): Path<String>) -> Result<Response, Trouble> {
    super::reader_of(&visit, &id)?;
    let record = banner::read(&visit, &id, &["Observation"]).await?;
    let trends = chart::trends(record.read.all.iter());
    let title = visit.say("trends-title");
    let content = html! {
        (banner::banner(&visit, &record, false))
        h1 { (title) }
        (sheet::tabs(&visit, &id, &Asked::default(), "trends"))
        (stretch::note(&visit, &record.read))
        (chart::gallery(&visit, &format!("/portal/patients/{id}/trends"), &trends))
    };
    Ok(visit.page(&title, &content))
}
