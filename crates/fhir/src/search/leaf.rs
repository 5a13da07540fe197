//! What each FHIR type gives to the index. FHIR R4 3.1.1.4.

use serde_json::Value;

use super::{IndexValue, Kind};
use crate::decimal::Decimal;
use crate::moment::{self, Form, Span};
use crate::references;
use crate::tables::{Leaf, Path};

type Push<'a> = &'a mut dyn FnMut(IndexValue);

pub(super) fn read(kind: Kind, path: &Path, value: &Value, push: Push<'_>) {
    match kind {
        Kind::Token => token(path, value, push),
        Kind::String => string(path.leaf, value, push),
        Kind::Date => date(path.leaf, value, push),
        Kind::Number => number(path.leaf, value, push),
        Kind::Quantity => quantity(path.leaf, value, push),
        Kind::Reference => reference(path, value, push),
        Kind::Uri => uri(path.leaf, value, push),
    }
}

fn member<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    value.get(name).and_then(Value::as_str)
}

fn items<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value
        .get(name)
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default()
}

fn token(path: &Path, value: &Value, push: Push<'_>) {
    let mut pair = |system: Option<&str>, code: Option<&str>| {
        if system.is_some() || code.is_some() {
            let (system, code) = (system.map(str::to_owned), code.map(str::to_owned));
            push(IndexValue::Token { system, code });
        }
    };
    match path.leaf {
        Leaf::Coding => pair(member(value, "system"), member(value, "code")),
        Leaf::CodeableConcept => {
            for coding in items(value, "coding") {
                pair(member(coding, "system"), member(coding, "code"));
            }
        }
        Leaf::Identifier => pair(member(value, "system"), member(value, "value")),
        // R4 takes the use as namespace of a ContactPoint.
        Leaf::ContactPoint => pair(member(value, "use"), member(value, "value")),
        Leaf::Boolean => pair(
            None,
            value
                .as_bool()
                .map(|one| if one { "true" } else { "false" }),
        ),
        Leaf::Code => pair(path.system, value.as_str()),
        Leaf::Text | Leaf::Uri => pair(None, value.as_str()),
        Leaf::Exists => {
            let stem = path.steps.first().map_or("", |step| step.name);
            pair(
                None,
                Some(if holds(value, stem) { "true" } else { "false" }),
            );
        }
        _ => {}
    }
}

/// Whether a choice has a value other than false.
fn holds(value: &Value, stem: &str) -> bool {
    value.as_object().is_some_and(|map| {
        map.iter().any(|(key, one)| {
            let rest = key.strip_prefix(stem).unwrap_or_default();
            rest.starts_with(|c: char| c.is_ascii_uppercase()) && *one != Value::Bool(false)
        })
    })
}

fn string(leaf: Leaf, value: &Value, push: Push<'_>) {
    let mut text = |value: &Value| {
        if let Some(text) = value.as_str() {
            push(IndexValue::of_text(text));
        }
    };
    let parts: &[&str] = match leaf {
        Leaf::Text => return text(value),
        Leaf::HumanName => &["text", "family", "given", "prefix", "suffix"],
        Leaf::Address => &[
            "text",
            "line",
            "city",
            "district",
            "state",
            "postalCode",
            "country",
        ],
        Leaf::CodeableConcept => &["text"],
        _ => &[],
    };
    for part in parts.iter().filter_map(|name| value.get(name)) {
        match part {
            Value::Array(items) => items.iter().for_each(&mut text),
            one => text(one),
        }
    }
}

fn date(leaf: Leaf, value: &Value, push: Push<'_>) {
    let span = match leaf {
        Leaf::Date => value.as_str().and_then(moment),
        Leaf::Period => period(value),
        Leaf::Timing => timing(value),
        _ => None,
    };
    if let Some(Span { from_us, to_us }) = span {
        push(IndexValue::Date { from_us, to_us });
    }
}

fn moment(text: &str) -> Option<Span> {
    moment::span(text, Form::DateTime)
}

/// A missing end is open. FHIR R4 3.1.1.4.7.
fn period(value: &Value) -> Option<Span> {
    let (start, end) = (member(value, "start"), member(value, "end"));
    if start.is_none() && end.is_none() {
        return None;
    }
    let from_us = start.map_or(Some(i64::MIN), |text| moment(text).map(|one| one.from_us))?;
    let to_us = end.map_or(Some(i64::MAX), |text| moment(text).map(|one| one.to_us))?;
    Some(Span { from_us, to_us })
}

/// From the first event or bound to the last.
fn timing(value: &Value) -> Option<Span> {
    let events = items(value, "event")
        .iter()
        .filter_map(Value::as_str)
        .filter_map(moment);
    let bounds = value.pointer("/repeat/boundsPeriod").and_then(period);
    events.chain(bounds).reduce(|one, other| Span {
        from_us: one.from_us.min(other.from_us),
        to_us: one.to_us.max(other.to_us),
    })
}

fn decimal(value: Option<&Value>) -> Option<Decimal> {
    match value? {
        Value::Number(number) => Decimal::parse(number.as_str()),
        _ => None,
    }
}

fn number(leaf: Leaf, value: &Value, push: Push<'_>) {
    let (low, high) = match leaf {
        Leaf::Number => (decimal(Some(value)), decimal(Some(value))),
        Leaf::Range => range(value),
        _ => return,
    };
    if low.is_some() || high.is_some() {
        push(IndexValue::Number { low, high });
    }
}

fn range(value: &Value) -> (Option<Decimal>, Option<Decimal>) {
    (
        decimal(value.pointer("/low/value")),
        decimal(value.pointer("/high/value")),
    )
}

fn quantity(leaf: Leaf, value: &Value, push: Push<'_>) {
    let own = |name| member(value, name).map(str::to_owned);
    let (low, high, system, code, unit) = match leaf {
        Leaf::Quantity => {
            let (low, high) = compared(value);
            (low, high, own("system"), own("code"), own("unit"))
        }
        Leaf::Money => {
            let amount = decimal(value.get("value"));
            (
                amount,
                amount,
                Some("urn:iso:std:iso:4217".to_owned()),
                own("currency"),
                None,
            )
        }
        Leaf::Range => {
            let (low, high) = range(value);
            let end = value.get("low").or_else(|| value.get("high"));
            let of = |name| end.and_then(|end| member(end, name)).map(str::to_owned);
            (low, high, of("system"), of("code"), of("unit"))
        }
        _ => return,
    };
    if low.is_some() || high.is_some() {
        push(IndexValue::Quantity {
            low,
            high,
            system,
            code,
            unit,
        });
    }
}

/// `< 5` is everything below 5.
fn compared(value: &Value) -> (Option<Decimal>, Option<Decimal>) {
    let amount = decimal(value.get("value"));
    match member(value, "comparator") {
        Some("<" | "<=") => (None, amount),
        Some(">" | ">=") => (amount, None),
        _ => (amount, amount),
    }
}

fn reference(path: &Path, value: &Value, push: Push<'_>) {
    let found = match path.leaf {
        Leaf::Reference => link(path.target, value),
        Leaf::Canonical | Leaf::Uri => value.as_str().map(canonical),
        _ => None,
    };
    if let Some(found) = found {
        push(found);
    }
}

/// `target` keeps only references that are known to be of that type: `where(resolve() is X)`.
fn link(target: Option<&str>, value: &Value) -> Option<IndexValue> {
    let text = member(value, "reference")?;
    let is_target = |type_: &str| target.is_none_or(|target| target == type_);
    match references::form(text) {
        references::Form::Relative { type_, .. } if is_target(type_) => {
            IndexValue::of_relative(text)
        }
        references::Form::Absolute(url) => {
            let tail = match references::absolute_tail(url) {
                Some(references::Form::Relative { type_, version, .. }) => Some((type_, version)),
                _ => None,
            };
            let type_ = member(value, "type").or(tail.map(|(type_, _)| type_));
            if target.is_some() && !type_.is_some_and(is_target) {
                return None;
            }
            let version = tail.and_then(|(_, version)| version);
            let plain = url.split("/_history/").next().filter(|_| version.is_some());
            Some(IndexValue::Reference {
                type_: None,
                id: None,
                url: Some(plain.unwrap_or(url).to_owned()),
                version: version.map(str::to_owned),
            })
        }
        _ => None,
    }
}

/// `http://x|2`. FHIR R4 2.3.0.2.
fn canonical(text: &str) -> IndexValue {
    let (url, version) = match text.split_once('|') {
        Some((url, version)) => (url, Some(version.to_owned())),
        None => (text, None),
    };
    IndexValue::Reference {
        type_: None,
        id: None,
        url: Some(url.to_owned()),
        version,
    }
}

fn uri(leaf: Leaf, value: &Value, push: Push<'_>) {
    let Some(text) = value.as_str() else { return };
    push(IndexValue::Uri(text.to_owned()));
    // `_profile=http://x` finds `http://x|2`.
    if leaf == Leaf::Canonical
        && let Some((url, _)) = text.split_once('|')
    {
        push(IndexValue::Uri(url.to_owned()));
    }
}
