//! When a scheduled query is run. EPCIS 2.0, 8.2.5.3; all times are UTC.
//!
//! A field is a list of numbers and of ranges in brackets: `0,[10-14],30`. `0/30`, every thirty
//! from nought, is not in the grammar of the standard but in an example of its OpenAPI, and is read
//! too. A field that is left out matches anything, unless it is finer than every one that is given:
//! then it is nought, so that "hour 1, minute 5" is once a morning.

use serde::{Deserialize, Serialize};
use time::{Date, OffsetDateTime, Time};

/// Days that are looked at for the next run: 29 February comes at the latest after eight years.
const DAYS_MAX: u32 = 9 * 366;
const SECOND_US: i64 = 1_000_000;
/// Longest field.
const FIELD_BYTES_MAX: usize = 256;

/// A schedule, as a subscription gives it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct QuerySchedule {
    /// 0 to 59.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second: Option<String>,
    /// 0 to 59.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minute: Option<String>,
    /// 0 to 23.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hour: Option<String>,
    /// 1 to 31.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day_of_month: Option<String>,
    /// 1 to 12.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub month: Option<String>,
    /// 1, Monday, to 7, Sunday.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day_of_week: Option<String>,
}

/// The same, read: a bit for each value that matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Fields {
    second: u64,
    minute: u64,
    hour: u64,
    day_of_month: u64,
    month: u64,
    day_of_week: u64,
}

impl QuerySchedule {
    /// Whether there is no field at all.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The first run after a time; the error says what cannot be read. `None`: it never runs.
    pub(super) fn next_us(&self, after_us: i64) -> Result<Option<i64>, String> {
        Ok(self.read()?.next_us(after_us))
    }

    fn read(&self) -> Result<Fields, String> {
        if self.is_empty() {
            return Err("a schedule has at least one field".to_owned());
        }
        let given = [&self.second, &self.minute, &self.hour];
        let finest = given.iter().position(|field| field.is_some());
        let finest = finest.unwrap_or(given.len());
        let time = |level: usize, name, most| {
            field(name, given[level].as_deref(), (0, most), level < finest)
        };
        let day =
            |name, text: &Option<String>, most| field(name, text.as_deref(), (1, most), false);
        Ok(Fields {
            second: time(0, "second", 59)?,
            minute: time(1, "minute", 59)?,
            hour: time(2, "hour", 23)?,
            day_of_month: day("dayOfMonth", &self.day_of_month, 31)?,
            month: day("month", &self.month, 12)?,
            day_of_week: day("dayOfWeek", &self.day_of_week, 7)?,
        })
    }
}

impl Fields {
    fn next_us(&self, after_us: i64) -> Option<i64> {
        let from = (after_us.div_euclid(SECOND_US)).checked_add(1)?;
        let from = OffsetDateTime::from_unix_timestamp(from).ok()?;
        let (mut date, mut at) = (from.date(), from.time());
        for _ in 0..DAYS_MAX {
            if self.has_day(date)
                && let Some(time) = self.first_time(at)
            {
                let found = date.with_time(time).assume_utc();
                return found.unix_timestamp().checked_mul(SECOND_US);
            }
            date = date.next_day()?;
            at = Time::MIDNIGHT;
        }
        None
    }

    fn has_day(&self, date: Date) -> bool {
        has(self.day_of_month, date.day())
            && has(self.month, u8::from(date.month()))
            && has(self.day_of_week, date.weekday().number_from_monday())
    }

    /// The first time of a day that is not before `from`.
    fn first_time(&self, from: Time) -> Option<Time> {
        let (from_hour, from_minute, from_second) = from.as_hms();
        for hour in (from_hour..24).filter(|hour| has(self.hour, *hour)) {
            let begun = hour == from_hour;
            let minutes = if begun { from_minute } else { 0 }..60;
            for minute in minutes.filter(|minute| has(self.minute, *minute)) {
                let begun = begun && minute == from_minute;
                let mut seconds = if begun { from_second } else { 0 }..60;
                if let Some(second) = seconds.find(|second| has(self.second, *second)) {
                    return Time::from_hms(hour, minute, second).ok();
                }
            }
        }
        None
    }
}

fn has(bits: u64, value: u8) -> bool {
    bits & (1 << value) != 0
}

fn field(
    name: &str,
    text: Option<&str>,
    (least, most): (u8, u8),
    is_nought: bool,
) -> Result<u64, String> {
    let Some(text) = text else {
        return Ok(if is_nought { 1 } else { u64::MAX });
    };
    let wrong = || {
        format!(
            "{name} is a list of numbers from {least} to {most} and of ranges as [{least}-{most}]"
        )
    };
    if text.len() > FIELD_BYTES_MAX {
        return Err(wrong());
    }
    let number = |text: &str| {
        let is_number = (1..=2).contains(&text.len()) && text.bytes().all(|it| it.is_ascii_digit());
        let value = text.parse::<u8>().ok().filter(|_| is_number);
        value
            .filter(|value| (least..=most).contains(value))
            .ok_or_else(wrong)
    };
    let mut bits = 0;
    for element in text.split(',') {
        let range = element
            .strip_prefix('[')
            .and_then(|it| it.strip_suffix(']'));
        let (from, to, step) = match (
            range.and_then(|it| it.split_once('-')),
            element.split_once('/'),
        ) {
            (Some((from, to)), _) => (number(from)?, number(to)?, 1),
            (None, Some((from, step))) => {
                let step = step
                    .parse::<u8>()
                    .ok()
                    .filter(|step| (1..=most).contains(step));
                (number(from)?, most, step.ok_or_else(wrong)?)
            }
            (None, None) => (number(element)?, number(element)?, 1),
        };
        if from > to {
            return Err(wrong());
        }
        for value in (from..=to).step_by(usize::from(step)) {
            bits |= 1 << value;
        }
    }
    Ok(bits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::instant;

    fn schedule(json: &str) -> QuerySchedule {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn the_next_run_is_the_first_time_that_matches_every_field() {
        // 26 November 2026 is a Thursday.
        for (json, after, next) in [
            (
                r#"{"hour":"1","minute":"5"}"#,
                "2026-11-26T10:00:00Z",
                "2026-11-27T01:05:00.000Z",
            ),
            (
                r#"{"hour":"1","minute":"5"}"#,
                "2026-11-27T01:04:59Z",
                "2026-11-27T01:05:00.000Z",
            ),
            (
                r#"{"hour":"1","minute":"5"}"#,
                "2026-11-27T01:05:00Z",
                "2026-11-28T01:05:00.000Z",
            ),
            (
                r#"{"second":"0/30"}"#,
                "2026-11-26T10:00:00Z",
                "2026-11-26T10:00:30.000Z",
            ),
            (
                r#"{"second":"5,[10-12]"}"#,
                "2026-11-26T10:00:11.5Z",
                "2026-11-26T10:00:12.000Z",
            ),
            (
                r#"{"second":"5,[10-12]"}"#,
                "2026-11-26T10:00:12Z",
                "2026-11-26T10:01:05.000Z",
            ),
            (
                r#"{"minute":"0"}"#,
                "2026-12-31T23:30:00Z",
                "2027-01-01T00:00:00.000Z",
            ),
            (
                r#"{"hour":"6"}"#,
                "2026-11-26T06:00:00Z",
                "2026-11-27T06:00:00.000Z",
            ),
            (
                r#"{"dayOfWeek":"1"}"#,
                "2026-11-26T10:00:00Z",
                "2026-11-30T00:00:00.000Z",
            ),
            (
                r#"{"dayOfWeek":"7","hour":"[22-23]"}"#,
                "2026-11-26T10:00:00Z",
                "2026-11-29T22:00:00.000Z",
            ),
            (
                r#"{"dayOfMonth":"29","month":"2"}"#,
                "2026-11-26T10:00:00Z",
                "2028-02-29T00:00:00.000Z",
            ),
            // Fields before a given one match anything.
            (
                r#"{"second":"7","month":"12"}"#,
                "2026-11-26T10:00:00Z",
                "2026-12-01T00:00:07.000Z",
            ),
        ] {
            let after_us = instant::parse_fhir(after).unwrap();
            let found = schedule(json).next_us(after_us).unwrap().map(instant::fhir);
            assert_eq!(found.as_deref(), Some(next), "{json} after {after}");
        }
        let never = schedule(r#"{"dayOfMonth":"30","month":"2"}"#);
        assert_eq!(never.next_us(0), Ok(None));
    }

    #[test]
    fn what_the_grammar_does_not_have_is_refused_and_the_field_named() {
        for (json, named) in [
            ("{}", "at least one"),
            (r#"{"second":"60"}"#, "second"),
            (r#"{"minute":""}"#, "minute"),
            (r#"{"minute":"*"}"#, "minute"),
            (r#"{"hour":"24"}"#, "hour"),
            (r#"{"hour":"[5-3]"}"#, "hour"),
            (r#"{"hour":"[5-3"}"#, "hour"),
            (r#"{"hour":"1-3"}"#, "hour"),
            (r#"{"hour":"+1"}"#, "hour"),
            (r#"{"dayOfMonth":"0"}"#, "dayOfMonth"),
            (r#"{"month":"1,,2"}"#, "month"),
            (r#"{"dayOfWeek":"8"}"#, "dayOfWeek"),
            (r#"{"second":"0/0"}"#, "second"),
        ] {
            let error = schedule(json).next_us(0).unwrap_err();
            assert!(error.contains(named), "{json}: {error}");
        }
    }
}
