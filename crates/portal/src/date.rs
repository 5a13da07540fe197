//! Dates, times and numbers as people read them in each language.

use maud::{Markup, html};

use crate::words::Language;

/// A FHIR date or instant as a day: `26 November 2026`, `November 2026`, `2026`. What is no date
/// comes back as it is.
pub(crate) fn day(language: Language, text: &str) -> String {
    let mut parts = text.get(..10).unwrap_or(text).splitn(3, '-');
    let year = parts.next().unwrap_or("");
    let month: Option<usize> = parts.next().and_then(|month| month.parse().ok());
    let day: Option<u8> = parts.next().and_then(|day| day.parse().ok());
    let known = year.len() == 4 && year.bytes().all(|digit| digit.is_ascii_digit());
    match (month, day) {
        (None, None) if known => year.to_owned(),
        (Some(month @ 1..=12), None) if known => format!("{} {year}", name(language, month)),
        (Some(month @ 1..=12), Some(day @ 1..=31)) if known => match language {
            Language::English => format!("{day} {} {year}", name(language, month)),
            Language::German => format!("{day}. {} {year}", name(language, month)),
        },
        _ => text.to_owned(),
    }
}

fn name(language: Language, month: usize) -> String {
    language.say(&format!("month-{month}"))
}

/// The time of a FHIR instant, `03:30 UTC`; empty for a day.
pub(crate) fn clock(text: &str) -> String {
    let (Some(time), Some(zone)) = (text.get(11..16), text.get(16..)) else {
        return String::new();
    };
    let zone = zone.trim_start_matches(|sign: char| sign.is_ascii_digit() || sign == ':');
    let zone = zone.trim_start_matches('.');
    let zone = zone.trim_start_matches(|sign: char| sign.is_ascii_digit());
    match zone {
        "Z" | "" => format!("{time} UTC"),
        zone => format!("{time} UTC{zone}"),
    }
}

/// Day and time.
pub(crate) fn moment(language: Language, text: &str) -> String {
    match clock(text) {
        clock if clock.is_empty() => day(language, text),
        clock => format!("{}, {clock}", day(language, text)),
    }
}

/// The same as an element that machines read.
pub(crate) fn stamp(language: Language, text: &str) -> Markup {
    html! { time datetime=(text) { (moment(language, text)) } }
}

/// Only the day, as an element.
pub(crate) fn day_stamp(language: Language, text: &str) -> Markup {
    html! { time datetime=(text) { (day(language, text)) } }
}

/// A decimal with the digits that it has, as a language writes it.
pub(crate) fn number(language: Language, digits: &str) -> String {
    match language {
        Language::English => digits.to_owned(),
        Language::German => digits.replace('.', ","),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_as_precise_as_they_were_written() {
        let english = |text| moment(Language::English, text);
        let german = |text| moment(Language::German, text);
        for (text, wanted, deutsch) in [
            ("2026", "2026", "2026"),
            ("2026-03", "March 2026", "März 2026"),
            ("2026-11-06", "6 November 2026", "6. November 2026"),
            (
                "2026-11-26T03:42:48.339Z",
                "26 November 2026, 03:42 UTC",
                "26. November 2026, 03:42 UTC",
            ),
            (
                "2026-11-26T03:42:48+01:00",
                "26 November 2026, 03:42 UTC+01:00",
                "26. November 2026, 03:42 UTC+01:00",
            ),
            ("yesterday", "yesterday", "yesterday"),
            ("2026-13-01", "2026-13-01", "2026-13-01"),
            ("", "", ""),
        ] {
            assert_eq!(english(text), wanted);
            assert_eq!(german(text), deutsch);
        }
        assert_eq!(number(Language::German, "140.70"), "140,70");
    }
}
