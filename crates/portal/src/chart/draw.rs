//! The drawing of a trend as SVG. Attributes only: the policy of the pages allows no styles.

use maud::{Markup, html};

use super::{Line, Trend};
use crate::date;
use crate::words::Language;

/// The edges of what is drawn, in units of the drawing.
struct Paper {
    width: f64,
    height: f64,
    margin: f64,
}

const SMALL: Paper = Paper {
    width: 300.0,
    height: 80.0,
    margin: 8.0,
};
const LARGE: Paper = Paper {
    width: 720.0,
    height: 240.0,
    margin: 16.0,
};

/// From times and values to places on the paper.
struct Scale<'a> {
    paper: &'a Paper,
    from_us: i64,
    over_us: f64,
    low: f64,
    over: f64,
}

impl<'a> Scale<'a> {
    fn of(paper: &'a Paper, trend: &Trend) -> Option<Self> {
        let from_us = trend.rows.first()?.at_us;
        let to_us = trend.rows.last()?.at_us;
        let numbers = trend
            .rows
            .iter()
            .flat_map(|row| row.values.iter().flatten());
        let edges = trend
            .lines
            .iter()
            .flat_map(|it| it.low.iter().chain(&it.high));
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for number in numbers.chain(edges) {
            low = low.min(number.value);
            high = high.max(number.value);
        }
        if !low.is_finite() || !high.is_finite() {
            return None;
        }
        let room = ((high - low) * 0.1).max(0.5);
        Some(Self {
            paper,
            from_us,
            over_us: lossy(to_us.saturating_sub(from_us)).max(1.0),
            low: low - room,
            over: high - low + 2.0 * room,
        })
    }

    fn x(&self, at_us: i64, alone: bool) -> f64 {
        let room = self.paper.width - 2.0 * self.paper.margin;
        // One value stands at the right, where the newest ones are.
        let part = if alone {
            1.0
        } else {
            lossy(at_us.saturating_sub(self.from_us)) / self.over_us
        };
        self.paper.margin + room * part
    }

    fn y(&self, value: f64) -> f64 {
        let room = self.paper.height - 2.0 * self.paper.margin;
        self.paper.margin + room * (1.0 - (value - self.low) / self.over)
    }

    fn band(&self, line: &Line) -> Option<(f64, f64)> {
        if line.low.is_none() && line.high.is_none() {
            return None;
        }
        let top = line.high.as_ref().map_or(0.0, |it| self.y(it.value));
        let bottom = line
            .low
            .as_ref()
            .map_or(self.paper.height, |it| self.y(it.value));
        Some((top, (bottom - top).max(1.0)))
    }
}

/// A number of microseconds as a place needs it: a drawing has no more than a thousand.
#[expect(clippy::cast_precision_loss, reason = "places of a drawing")]
fn lossy(us: i64) -> f64 {
    us as f64
}

/// Decimals that a place has.
fn place(value: f64) -> String {
    format!("{value:.1}")
}

pub(super) fn svg(language: Language, trend: &Trend, large: bool) -> Markup {
    let paper = if large { &LARGE } else { &SMALL };
    let Some(scale) = Scale::of(paper, trend) else {
        return html! {};
    };
    html! {
        svg.chart role="img" aria-label=(words(language, trend))
            viewBox={ "0 0 " (place(paper.width)) " " (place(paper.height)) }
            width=(place(paper.width)) height=(place(paper.height)) {
            @for line in &trend.lines {
                @if let Some((top, height)) = scale.band(line) {
                    rect.band x="0" y=(place(top)) width=(place(paper.width))
                        height=(place(height)) {}
                }
            }
            line.axis x1="0" x2=(place(paper.width)) y1=(place(paper.height - 1.0))
                y2=(place(paper.height - 1.0)) {}
            @for index in 0..trend.lines.len() { (stroke(trend, &scale, index)) }
        }
    }
}

fn stroke(trend: &Trend, scale: &Scale<'_>, index: usize) -> Markup {
    let alone = trend.rows.len() == 1;
    let points: Vec<(String, String)> = trend
        .rows
        .iter()
        .filter_map(|row| {
            let number = row.values.get(index)?.as_ref()?;
            Some((
                place(scale.x(row.at_us, alone)),
                place(scale.y(number.value)),
            ))
        })
        .collect();
    let joined: Vec<String> = points.iter().map(|(x, y)| format!("{x},{y}")).collect();
    html! {
        @if points.len() > 1 { polyline.stroke points=(joined.join(" ")) {} }
        @if let Some((x, y)) = points.last() { circle.dot cx=(x) cy=(y) r="4" {} }
    }
}

/// What the drawing shows, in a sentence.
fn words(language: Language, trend: &Trend) -> String {
    let first = trend.rows.first().map_or("", |row| row.when.as_str());
    let inserted = [
        ("name", trend.name.as_str()),
        ("count", &trend.rows.len().to_string()),
        ("from", &date::day(language, first)),
        ("to", &date::day(language, trend.last_when())),
        ("last", &trend.last(language)),
    ];
    language.tell("chart-words", &inserted)
}
