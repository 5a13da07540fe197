//! Vital signs and values of laboratories over time.

use axum::extract::Path;
use axum::response::Response;
use maud::{Markup, html};

use super::banner;
use super::elsewhere::Asked;
use super::sheet;
use crate::chart::{self, Trend};
use crate::date;
use crate::trouble::Trouble;
use crate::visit::Visit;

/// `GET /portal/patients/{id}/trends?of=`: all as small drawings, and one large.
pub(super) async fn show(visit: Visit, Path(id): Path<String>) -> Result<Response, Trouble> {
    super::reader_of(&visit, &id)?;
    let record = banner::read(&visit, &id, &["Observation"]).await?;
    let trends = chart::trends(record.all.iter());
    let wanted = visit.query("of").parse::<usize>().unwrap_or(0);
    let title = visit.say("trends-title");
    let content = html! {
        (banner::banner(&visit, &record, false))
        h1 { (title) }
        (sheet::tabs(&visit, &id, &Asked::default(), "trends"))
        @if record.more { p.note { (visit.say("chart-more")) } }
        @if trends.is_empty() { p { (visit.say("trends-none")) } }
        @if let Some(trend) = trends.get(wanted).or_else(|| trends.first()) {
            section aria-labelledby="large" {
                h2 id="large" { (trend.name) }
                (said(&visit, trend))
                (chart::chart(visit.language, trend))
            }
        }
        (group(&visit, &id, &trends, false, "trends-vitals"))
        (group(&visit, &id, &trends, true, "trends-labs"))
    };
    Ok(visit.page(&title, &content))
}

/// The newest value and what is usual.
fn said(visit: &Visit, trend: &Trend) -> Markup {
    html! {
        p {
            strong { (trend.last(visit.language)) } " "
            span.soft { (date::day_stamp(visit.language, trend.last_when())) }
            @if trend.is_unusual() { " " span.tag.strong { (visit.say("chart-unusual")) } }
        }
        @for line in &trend.lines {
            @let range = line.range(visit.language);
            @if !range.is_empty() {
                @if trend.lines.len() == 1 { p.soft { (visit.tell("trends-usual", &[("range", &range)])) } }
                @else { p.soft { (visit.tell("trends-range", &[("name", &line.name), ("range", &range)])) } }
            }
        }
    }
}

fn group(visit: &Visit, id: &str, trends: &[Trend], laboratory: bool, key: &str) -> Markup {
    let of: Vec<(usize, &Trend)> = trends
        .iter()
        .enumerate()
        .filter(|(_, trend)| trend.laboratory == laboratory)
        .collect();
    html! {
        @if !of.is_empty() {
            h2 { (visit.say(key)) }
            ul.cards {
                @for (place, trend) in of {
                    li {
                        h3 { a href={ "/portal/patients/" (id) "/trends?of=" (place) } { (trend.name) } }
                        (said(visit, trend))
                        (chart::spark(visit.language, trend))
                    }
                }
            }
        }
    }
}
