//! Rules of the data types.

use serde_json::{Map, Number, Value};

use super::{Broken, items, text};
use crate::decimal::Decimal;
use crate::moment::{self, Form};

type Object = Map<String, Value>;

pub(super) fn period(map: &Object, broken: Broken<'_>) {
    let span = |name| text(map, name).and_then(|text| moment::span(text, Form::DateTime));
    // Partial dates: in order if they can be.
    if let (Some(start), Some(end)) = (span("start"), span("end"))
        && start.from_us >= end.to_us
    {
        broken("per-1", "the start must not be after the end");
    }
}

/// age-1, cnt-3, dis-1 and drt-1: quantities of a fixed dimension are in UCUM.
pub(super) fn measure(type_name: &str, map: &Object, broken: Broken<'_>) {
    const UCUM: &str = "http://unitsofmeasure.org";
    let key = match type_name {
        "Age" => "age-1",
        "Count" => "cnt-3",
        "Distance" => "dis-1",
        _ => "drt-1",
    };
    let has = |name: &str| map.contains_key(name);
    let value = map
        .get("value")
        .and_then(Value::as_number)
        .map(Number::as_str);
    if type_name == "Duration" {
        if has("code") && (text(map, "system") != Some(UCUM) || !has("value")) {
            broken(key, "a code is one of UCUM, with a value");
        }
        return;
    }
    if has("value") && !has("code") || has("system") && text(map, "system") != Some(UCUM) {
        broken(key, "a value needs a code of UCUM");
    }
    if type_name == "Age"
        && value
            .and_then(Decimal::parse)
            .is_some_and(|one| one.mantissa <= 0)
    {
        broken(key, "an age is positive");
    }
    let whole = value.is_none_or(|lexeme| !lexeme.contains('.'));
    let one = text(map, "code").is_none_or(|code| code == "1");
    if type_name == "Count" && !(whole && one) {
        broken(key, "a count is whole and its code is 1");
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

/// tim-4, -5 and -9; the others are in the table.
pub(super) fn repeat(map: &Object, broken: Broken<'_>) {
    let negative = |name: &str| {
        let number = map.get(name).and_then(Value::as_number).map(Number::as_str);
        number.is_some_and(|lexeme| lexeme.starts_with('-'))
    };
    if negative("duration") {
        broken("tim-4", "a duration is not negative");
    }
    if negative("period") {
        broken("tim-5", "a period is not negative");
    }
    let meals = ["C", "CM", "CD", "CV"];
    let at_meal = items(map, "when")
        .iter()
        .filter_map(Value::as_str)
        .any(|one| meals.contains(&one));
    if map.contains_key("offset") && at_meal {
        broken("tim-9", "no offset from a meal itself");
    }
}
