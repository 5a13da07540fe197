//! Sizes, ages and facts as an administrator reads them.

use maud::{Markup, html};
use serde_json::Value;

use crate::date;
use crate::visit::Visit;

/// The list of an answer of the door.
pub(super) fn list<'a>(answer: &'a Value, name: &str) -> &'a [Value] {
    answer[name].as_array().map_or(&[], Vec::as_slice)
}

/// One fact of a list of facts.
pub(super) fn fact(visit: &Visit, key: &str, value: &Markup) -> Markup {
    html! { div { dt { (visit.say(key)) } dd { (value) } } }
}

/// A moment, or the word for none.
pub(super) fn moment(visit: &Visit, value: &Value, none: &str) -> Markup {
    if let Some(at) = value.as_str() {
        date::stamp(visit.language, at)
    } else {
        html! { (visit.say(none)) }
    }
}

/// Bytes with three digits and a unit: 4.12 MB.
pub(super) fn bytes(visit: &Visit, value: &Value) -> String {
    let Some(bytes) = value.as_u64() else {
        return visit.say("operations-unknown");
    };
    let units = ["bytes", "kB", "MB", "GB", "TB"];
    let (mut scale, mut unit) = (1_u64, 0);
    while bytes / scale >= 1_000 && unit + 1 < units.len() {
        scale *= 1_000;
        unit += 1;
    }
    let name = units[unit];
    if unit == 0 {
        return format!("{bytes} {name}");
    }
    let hundredths = bytes / (scale / 100);
    let digits = format!("{}.{:02}", hundredths / 100, hundredths % 100);
    format!("{} {name}", date::number(visit.language, &digits))
}

/// Seconds as the largest unit that fits: days, hours, minutes or seconds.
pub(super) fn span(visit: &Visit, seconds: u64) -> String {
    let (key, count) = match seconds {
        0..120 => ("span-seconds", seconds),
        120..7_200 => ("span-minutes", seconds / 60),
        7_200..172_800 => ("span-hours", seconds / 3_600),
        _ => ("span-days", seconds / 86_400),
    };
    visit.tell(key, &[("count", &count.to_string())])
}

/// A number; a dash where there is none.
pub(super) fn count(value: &Value) -> String {
    value
        .as_u64()
        .map_or_else(|| "–".to_owned(), |it| it.to_string())
}
