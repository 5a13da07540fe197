//! A page of trends: one large, all of them as small drawings.

use maud::{Markup, html};

use super::{Trend, chart, spark};
use crate::date;
use crate::visit::Visit;

/// All trends; the one that the address asks for (`of`) large. `address` is the page itself.
pub(crate) fn gallery(visit: &Visit, address: &str, trends: &[Trend]) -> Markup {
    let wanted = visit.query("of").parse::<usize>().unwrap_or(0);
    html! {
        @if trends.is_empty() { p { (visit.say("trends-none")) } }
        @if let Some(trend) = trends.get(wanted).or_else(|| trends.first()) {
            section aria-labelledby="large" {
                h2 id="large" { (trend.name) }
                (said(visit, trend))
                @if trend.left > 0 {
                    p.soft { (visit.tell("trends-newest",
                        &[("count", &trend.rows.len().to_string())])) }
                }
                (chart(visit.language, trend))
            }
        }
        (group(visit, address, trends, false, "trends-vitals"))
        (group(visit, address, trends, true, "trends-labs"))
    }
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
                @if trend.lines.len() == 1 { p.soft { (visit.tell("trends-usual",
                    &[("range", &range)])) } }
                @else { p.soft { (visit.tell("trends-range",
                    &[("name", &line.name), ("range", &range)])) } }
            }
        }
    }
}

fn group(visit: &Visit, address: &str, trends: &[Trend], laboratory: bool, key: &str) -> Markup {
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
                        h3 { a href={ (address) "?of=" (place) } { (trend.name) } }
                        (said(visit, trend))
                        (spark(visit.language, trend))
                    }
                }
            }
        }
    }
}
