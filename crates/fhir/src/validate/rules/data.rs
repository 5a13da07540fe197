//! Rules of the data types.

use serde_json::{Map, Value};

use super::{Broken, has_choice, text};
use crate::decimal::Decimal;
use crate::moment::{self, Form};

type Object = Map<String, Value>;

pub(super) fn extension(map: &Object, broken: Broken<'_>) {
    if has_choice(map, "value") == map.contains_key("extension") {
        broken("ext-1", "an extension has either a value or extensions");
    }
}

pub(super) fn period(map: &Object, broken: Broken<'_>) {
    let span = |name| text(map, name).and_then(|text| moment::span(text, Form::DateTime));
    // Partial dates: in order if they can be.
    if let (Some(start), Some(end)) = (span("start"), span("end"))
        && start.from_us >= end.to_us
    {
        broken("per-1", "the start must not be after the end");
    }
}

pub(super) fn quantity(map: &Object, broken: Broken<'_>) {
    if map.contains_key("code") && !map.contains_key("system") {
        broken("qty-3", "a unit code needs its system");
    }
}

pub(super) fn range(map: &Object, broken: Broken<'_>) {
    let end = |name| {
        let end = map.get(name)?;
        let value = match end.get("value")? {
            Value::Number(number) => Decimal::parse(number.as_str())?,
            _ => return None,
        };
        Some((value, end.get("code"), end.get("unit")))
    };
    if let (Some(low), Some(high)) = (end("low"), end("high"))
        && low.1 == high.1
        && low.2 == high.2
        && low.0 > high.0
    {
        broken("rng-2", "low must not be above high");
    }
}

pub(super) fn ratio(map: &Object, broken: Broken<'_>) {
    let (above, below) = (
        map.contains_key("numerator"),
        map.contains_key("denominator"),
    );
    if above != below || !(above || map.contains_key("extension")) {
        broken(
            "rat-1",
            "a ratio has both a numerator and a denominator, or an extension",
        );
    }
}

pub(super) fn attachment(map: &Object, broken: Broken<'_>) {
    if map.contains_key("data") && !map.contains_key("contentType") {
        broken("att-1", "data needs a contentType");
    }
}

pub(super) fn contact_point(map: &Object, broken: Broken<'_>) {
    if map.contains_key("value") && !map.contains_key("system") {
        broken("cpt-2", "a value needs a system");
    }
}

/// tim-1, -2, -4 to -10.
pub(super) fn repeat(map: &Object, broken: Broken<'_>) {
    let has = |name: &str| map.contains_key(name);
    let positive = |name: &str| {
        let number = map
            .get(name)
            .and_then(Value::as_number)
            .map(|one| one.as_str());
        !number.is_some_and(|lexeme| lexeme.starts_with('-'))
    };
    let needs = [
        (
            "tim-1",
            "duration",
            "durationUnit",
            "a duration needs its unit",
        ),
        ("tim-2", "period", "periodUnit", "a period needs its unit"),
        (
            "tim-6",
            "durationMax",
            "duration",
            "durationMax needs a duration",
        ),
        ("tim-7", "countMax", "count", "countMax needs a count"),
        ("tim-8", "periodMax", "period", "periodMax needs a period"),
    ];
    for (key, name, needed, rule) in needs {
        if has(name) && !has(needed) && !has(&format!("_{needed}")) {
            broken(key, rule);
        }
    }
    if !positive("duration") {
        broken("tim-4", "a duration is not negative");
    }
    if !positive("period") {
        broken("tim-5", "a period is not negative");
    }
    if has("timeOfDay") && has("when") {
        broken("tim-10", "either timeOfDay or when");
    }
}
