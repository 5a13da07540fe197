//! Measured values over time: a small drawing made here, a table, and the element that draws large
//! ones (`web/src/chart.ts`). A drawing says nothing that the table beside it does not.

use maud::{Markup, html};
use serde_json::Value;

use crate::date;
use crate::record::{concept, text, unit};
use crate::words::Language;

mod draw;
mod gallery;

pub(crate) use gallery::gallery;

/// Kinds of values that a page shows at most.
pub(crate) const TRENDS_MAX: usize = 60;
/// Rows of a table; the newest.
const ROWS_MAX: usize = 500;

/// Larger numbers are no measured values, and a drawing could not place them.
const VALUE_MAX: f64 = 1e15;

/// What was measured at one time, one number for each line.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Row {
    pub(crate) when: String,
    at_us: i64,
    values: Vec<Option<Number>>,
}

/// A number, and its digits as they were written.
#[derive(Debug, Clone, PartialEq)]
struct Number {
    value: f64,
    digits: String,
    comparator: String,
}

/// One line of a chart: a blood pressure has two.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Line {
    pub(crate) name: String,
    pub(crate) unit: String,
    /// Edges of the newest `Observation.referenceRange`.
    low: Option<Number>,
    high: Option<Number>,
    code: String,
}

/// Everything measured under one code and in one unit, oldest first.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Trend {
    pub(crate) name: String,
    /// Whether it is a value of a laboratory.
    pub(crate) laboratory: bool,
    pub(crate) lines: Vec<Line>,
    pub(crate) rows: Vec<Row>,
    /// Older values that are left out.
    pub(crate) left: usize,
    code: String,
}

fn number(quantity: &Value) -> Option<Number> {
    let digits = quantity["value"].as_number()?.to_string();
    let value: f64 = digits.parse().ok()?;
    (value.abs() < VALUE_MAX).then(|| Number {
        value,
        digits,
        comparator: text(quantity, "/comparator").to_owned(),
    })
}

/// The first code, with its system; the words where there is none.
fn code(concept_: &Value) -> String {
    let coding = &concept_["coding"][0];
    match text(coding, "/code") {
        "" => format!("|{}", concept(concept_)),
        code => format!("{}|{code}", text(coding, "/system")),
    }
}

/// The numbers of an Observation with the lines that they belong to.
fn measured(observation: &Value) -> Vec<(Line, Number)> {
    let whole = std::iter::once(observation);
    let parts = observation["component"].as_array().into_iter().flatten();
    let found = whole.chain(parts.take(8)).filter_map(|part| {
        let quantity = &part["valueQuantity"];
        let number_ = number(quantity)?;
        let range = &part["referenceRange"][0];
        let edge = |name: &str| number(&range[name]);
        let line = Line {
            name: concept(&part["code"]).to_owned(),
            unit: unit(quantity).to_owned(),
            low: edge("low"),
            high: edge("high"),
            code: code(&part["code"]),
        };
        Some((line, number_))
    });
    found.collect()
}

/// When it was measured: as written, and for the place on the axis.
fn when(observation: &Value) -> Option<(&str, i64)> {
    for path in [
        "/effectiveDateTime",
        "/effectiveInstant",
        "/effectivePeriod/start",
        "/issued",
    ] {
        let written = text(observation, path);
        if let Some(at_us) = moment(written) {
            return Some((written, at_us));
        }
    }
    None
}

/// A FHIR date as precise as it was written, at its beginning in UTC.
fn moment(written: &str) -> Option<i64> {
    let whole = match written.len() {
        4 => format!("{written}-01-01T00:00:00Z"),
        7 => format!("{written}-01T00:00:00Z"),
        10 => format!("{written}T00:00:00Z"),
        _ => written.to_owned(),
    };
    hospital::instant::parse_fhir(&whole)
}

/// What a status makes no measured value.
fn is_valid(observation: &Value) -> bool {
    observation["resourceType"] == "Observation"
        && !matches!(
            text(observation, "/status"),
            "entered-in-error" | "cancelled" | "registered"
        )
}

/// Observations with numbers, by what was measured: vital signs first, then by name. Values in
/// different units stand apart: nothing is converted.
pub(crate) fn trends<'a>(observations: impl Iterator<Item = &'a Value>) -> Vec<Trend> {
    let mut trends: Vec<Trend> = Vec::new();
    for observation in observations.filter(|it| is_valid(it)) {
        let Some((written, at_us)) = when(observation) else {
            continue;
        };
        let found = measured(observation);
        if found.is_empty() {
            continue;
        }
        let of = code(&observation["code"]);
        let same = |trend: &Trend| trend.code == of && trend.has_units(&found);
        let place = match trends.iter().position(same) {
            Some(place) => place,
            None if trends.len() >= TRENDS_MAX => continue,
            None => {
                trends.push(Trend::begin(observation, of));
                trends.len() - 1
            }
        };
        trends[place].add(written, at_us, found);
    }
    for trend in &mut trends {
        trend.rows.sort_by_key(|row| row.at_us);
        let over = trend.rows.len().saturating_sub(ROWS_MAX);
        trend.rows.drain(..over);
        trend.left = over;
    }
    trends.sort_by(|a, b| (a.laboratory, &a.name).cmp(&(b.laboratory, &b.name)));
    trends
}

impl Trend {
    fn begin(observation: &Value, code: String) -> Self {
        let categories = observation["category"].as_array().into_iter().flatten();
        let mut categories = categories.map(|it| text(it, "/coding/0/code"));
        Self {
            name: concept(&observation["code"]).to_owned(),
            laboratory: categories.any(|it| it == "laboratory"),
            lines: Vec::new(),
            rows: Vec::new(),
            left: 0,
            code,
        }
    }

    fn has_units(&self, found: &[(Line, Number)]) -> bool {
        found.iter().all(|(line, _)| {
            let mut same = self.lines.iter().filter(|it| it.code == line.code);
            same.next().is_none_or(|it| it.unit == line.unit)
        })
    }

    fn add(&mut self, written: &str, at_us: i64, found: Vec<(Line, Number)>) {
        let newest = self.rows.iter().all(|row| row.at_us <= at_us);
        let mut values = vec![None; self.lines.len()];
        for (line, number) in found {
            let place = self.lines.iter().position(|it| it.code == line.code);
            let place = place.unwrap_or_else(|| {
                self.lines.push(line.clone());
                self.lines.len() - 1
            });
            if newest && (line.low.is_some() || line.high.is_some()) {
                self.lines[place].low = line.low;
                self.lines[place].high = line.high;
            }
            values.resize(values.len().max(place + 1), None);
            values[place] = Some(number);
        }
        self.rows.push(Row {
            when: written.to_owned(),
            at_us,
            values,
        });
    }

    /// The newest values in words: `120 / 80 mmHg`.
    pub(crate) fn last(&self, language: Language) -> String {
        let Some(row) = self.rows.last() else {
            return String::new();
        };
        let said = row.values.iter().flatten();
        let said: Vec<String> = said.map(|number| number.say(language)).collect();
        let unit = self.lines.first().map_or("", |line| line.unit.as_str());
        format!("{} {unit}", said.join(" / ")).trim_end().to_owned()
    }

    /// When the newest value was measured.
    pub(crate) fn last_when(&self) -> &str {
        self.rows.last().map_or("", |row| row.when.as_str())
    }

    /// Whether the newest value lies outside of its reference range.
    pub(crate) fn is_unusual(&self) -> bool {
        let Some(row) = self.rows.last() else {
            return false;
        };
        row.values.iter().zip(&self.lines).any(|(number, line)| {
            number
                .as_ref()
                .is_some_and(|number| line.is_outside(number))
        })
    }
}

impl Number {
    fn say(&self, language: Language) -> String {
        format!(
            "{}{}",
            self.comparator,
            date::number(language, &self.digits)
        )
    }
}

impl Line {
    fn is_outside(&self, number: &Number) -> bool {
        let below = self
            .low
            .as_ref()
            .is_some_and(|low| number.value < low.value);
        below
            || self
                .high
                .as_ref()
                .is_some_and(|high| number.value > high.value)
    }

    /// The reference range in words; empty where there is none.
    pub(crate) fn range(&self, language: Language) -> String {
        match (&self.low, &self.high) {
            (Some(low), Some(high)) => {
                format!(
                    "{} – {} {}",
                    low.say(language),
                    high.say(language),
                    self.unit
                )
            }
            (Some(low), None) => format!("≥ {} {}", low.say(language), self.unit),
            (None, Some(high)) => format!("≤ {} {}", high.say(language), self.unit),
            (None, None) => String::new(),
        }
    }
}

/// A small drawing with the band of the reference range. A screen reader hears its words.
pub(crate) fn spark(language: Language, trend: &Trend) -> Markup {
    draw::svg(language, trend, false)
}

/// All values as a table.
pub(crate) fn table(language: Language, trend: &Trend) -> Markup {
    html! {
        div.wide tabindex="0" role="group" aria-label=(trend.name) {
            table {
                caption { (trend.name) }
                thead {
                    tr {
                        th scope="col" { (language.say("chart-when")) }
                        @for line in &trend.lines {
                            th.number scope="col" data-unit=(line.unit)
                                data-low=[line.low.as_ref().map(|it| &it.digits)]
                                data-high=[line.high.as_ref().map(|it| &it.digits)] {
                                (line.name) @if !line.unit.is_empty() { " (" (line.unit) ")" }
                            }
                        }
                    }
                }
                tbody {
                    @for row in trend.rows.iter().rev() {
                        tr {
                            td { (date::stamp(language, &row.when)) }
                            @for (index, line) in trend.lines.iter().enumerate() {
                                (cell(language, line, row.values.get(index)))
                            }
                        }
                    }
                }
            }
        }
    }
}

fn cell(language: Language, line: &Line, number: Option<&Option<Number>>) -> Markup {
    html! {
        @match number.and_then(Option::as_ref) {
            Some(number) => td.number data-value=(number.digits) {
                (number.say(language))
                @if line.is_outside(number) { " " strong { (language.say("chart-unusual")) } }
            },
            None => td.number {},
        }
    }
}

/// The chart that a person moves along, with its table. Without script: the drawing and the table.
pub(crate) fn chart(language: Language, trend: &Trend) -> Markup {
    html! {
        salus-chart aria-label=(trend.name) {
            div data-part="plot" { (draw::svg(language, trend, true)) }
            p data-part="value" {}
            span hidden data-say="low" { (language.say("chart-low")) }
            span hidden data-say="high" { (language.say("chart-high")) }
            details {
                summary { (language.say("chart-table")) }
                (table(language, trend))
            }
        }
    }
}

#[cfg(test)]
mod tests;
