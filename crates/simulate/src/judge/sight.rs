//! What the documents of a wave tell, in the order in which they came.

use std::collections::{BTreeMap, BTreeSet};

use epcis::index::{self, Place, Role};
use epcis::{Document, Limits};
use serde_json::Value;
use supply::detect::cold::Measured;
use supply::detect::{Act, Printed};

use super::line_error;
use crate::book::Code;
use crate::wave::File;
use crate::{SimulateError, calendar};

/// A thing that an event names.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Thing {
    Pack(Code),
    Container(String),
}

/// An event, as far as it is about packs and containers.
#[derive(Clone, Debug)]
pub(super) struct Told {
    /// When its document came.
    pub(super) sent_ms: u64,
    pub(super) time_ms: u64,
    pub(super) id: String,
    pub(super) organisation: String,
    /// The place that it names.
    pub(super) gln: Option<String>,
    /// What was done; nothing, where a logger tells its readings.
    pub(super) act: Option<Act>,
    pub(super) things: Vec<Thing>,
    /// What the maker says is printed.
    pub(super) made: Option<Printed>,
    pub(super) log: Vec<Measured>,
}

/// Reads the documents of one organisation, a line each.
pub(super) fn read(file: &File, told: &mut Vec<Told>) -> Result<(), SimulateError> {
    let limits = Limits::default();
    for (at, line) in file.text.lines().enumerate() {
        let document = Document::from_json(line.as_bytes(), &limits);
        let document = document.map_err(|source| SimulateError::Document {
            file: file.path.clone(),
            line: at + 1,
            source,
        })?;
        let missing = |what: &str| line_error(file, at, format!("a document without {what}"));
        let organisation = document.header("sender").ok_or_else(|| missing("sender"))?;
        let sent = document.header("creationDate").and_then(calendar::read);
        let sent_ms = sent.ok_or_else(|| missing("creationDate"))?;
        for event in &document.events {
            told.extend(one(event, organisation, sent_ms));
        }
    }
    Ok(())
}

/// The last of each event: what is captured twice is one event.
pub(super) fn in_order(mut told: Vec<Told>) -> Vec<Told> {
    told.sort_by_key(|one| (one.sent_ms, one.time_ms));
    let mut seen = BTreeSet::new();
    told.retain(|one| seen.insert(one.id.clone()));
    told
}

/// An event that says nothing about packs is none.
fn one(event: &epcis::Event, organisation: &str, sent_ms: u64) -> Option<Told> {
    let index = epcis::index(event);
    let parent = index.epcs.iter().find(|(role, _)| *role == Role::Parent);
    let container = parent.and_then(|(_, id)| container(id));
    let things = index.epcs.iter().filter(|(role, _)| *role != Role::Parent);
    let made = |name: &str| {
        let field = index.fields.iter();
        let mut field = field.filter(|one| one.place == Place::Ilmd && one.name.ends_with(name));
        field.next().and_then(|one| one.value.clone())
    };
    let printed = Printed {
        lot: made("lotNumber"),
        expiry: made("itemExpirationDate").and_then(|date| six_digits(&date)),
    };
    let (act, log) = (act(&index, container), log(event));
    if act.is_none() && log.is_empty() {
        return None;
    }
    Some(Told {
        sent_ms,
        time_ms: u64::try_from(index.event_time_us / 1_000).ok()?,
        id: index.event_id.clone(),
        organisation: organisation.to_owned(),
        gln: index
            .read_point
            .as_deref()
            .and_then(|id| after(id, "/414/")),
        act,
        things: things.filter_map(|(_, id)| thing(id)).collect(),
        made: printed.lot.is_some().then_some(printed),
        log,
    })
}

/// CBV 2.0 7.1: what a business step says was done.
fn act(index: &index::Index, container: Option<String>) -> Option<Act> {
    let step = index.biz_step.as_deref()?.rsplit('-').next()?;
    Some(match (step, container) {
        ("commissioning", _) => Act::Commissioned,
        ("packing", Some(container)) => Act::Packed { container },
        ("unpacking", Some(container)) => Act::Unpacked { container },
        ("shipping", _) => Act::Shipped {
            to: index.destinations.iter().find_map(|it| {
                let party = it.value.strip_prefix("urn:salus:organisation:");
                party.map(str::to_owned)
            }),
        },
        ("receiving", _) => Act::Received,
        ("dispensing", _) => Act::Dispensed,
        ("decommissioning", _) => Act::Decommissioned,
        ("stocking", _) => Act::Undone,
        ("inspecting", _) => Act::Verified,
        _ => return None,
    })
}

fn after(id: &str, mark: &str) -> Option<String> {
    id.split_once(mark).map(|(_, rest)| rest.to_owned())
}

fn container(id: &str) -> Option<String> {
    after(id, "id.gs1.org/00/")
}

fn thing(id: &str) -> Option<Thing> {
    if let Some(sscc) = container(id) {
        return Some(Thing::Container(sscc));
    }
    let (product, serial) = id.split_once("id.gs1.org/01/")?.1.split_once("/21/")?;
    Some(Thing::Pack(Code {
        product: product.to_owned(),
        serial: serial.to_owned(),
    }))
}

/// `2028-01-31` as `280131`.
fn six_digits(date: &str) -> Option<String> {
    let digits: String = date.get(2..10)?.split('-').collect();
    (digits.len() == 6).then_some(digits)
}

/// Temperatures in degrees Celsius, in the order of time.
fn log(event: &epcis::Event) -> Vec<Measured> {
    let elements = event
        .members()
        .get("sensorElementList")
        .and_then(Value::as_array);
    let reports = elements.into_iter().flatten().flat_map(|element| {
        let reports = element.get("sensorReport").and_then(Value::as_array);
        reports.into_iter().flatten()
    });
    let measured = reports.filter_map(|report| {
        let text = |name: &str| report.get(name).and_then(Value::as_str);
        let is_celsius = text("type") == Some("Temperature") && text("uom") == Some("CEL");
        Some(Measured {
            time_ms: text("time").and_then(calendar::read)?,
            temperature_mc: thousandths(&report.get("value")?.to_string())
                .filter(|_| is_celsius)?,
        })
    });
    let mut measured: Vec<Measured> = measured.collect();
    measured.sort_by_key(|one| one.time_ms);
    measured
}

/// A decimal in thousandths, cut off behind them.
fn thousandths(text: &str) -> Option<i32> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let fraction: String = fraction.chars().chain("000".chars()).take(3).collect();
    let whole: i32 = whole.parse().ok()?;
    let fraction: i32 = fraction.parse().ok()?;
    whole
        .checked_mul(1_000)?
        .checked_add(fraction)
        .map(|it| sign * it)
}

/// What is in which container, as far as documents told so far.
#[derive(Debug, Default)]
pub(super) struct Contents(BTreeMap<String, BTreeSet<Thing>>);

impl Contents {
    pub(super) fn put(&mut self, container: &str, things: &[Thing]) {
        let inside = self.0.entry(container.to_owned()).or_default();
        inside.extend(things.iter().cloned());
    }

    /// Opens a container: what was declared.
    pub(super) fn open(&mut self, container: &str) -> BTreeSet<Thing> {
        self.0.remove(container).unwrap_or_default()
    }

    /// All packs in a container, however deep; three levels are all there are.
    pub(super) fn packs(&self, container: &str) -> Vec<Code> {
        let mut packs = Vec::new();
        let mut open = vec![(container, 0)];
        while let Some((container, depth)) = open.pop() {
            for thing in self.0.get(container).into_iter().flatten() {
                match thing {
                    Thing::Pack(code) => packs.push(code.clone()),
                    Thing::Container(inner) if depth < 3 => open.push((inner, depth + 1)),
                    Thing::Container(_) => {}
                }
            }
        }
        packs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_temperature_is_read_in_thousandths() {
        let cases = [
            ("5", Some(5_000)),
            ("5.1", Some(5_100)),
            ("-0.25", Some(-250)),
            ("8.0005", Some(8_000)),
            ("x", None),
            ("1e3", None),
        ];
        for (text, mc) in cases {
            assert_eq!(thousandths(text), mc, "{text}");
        }
    }
}
