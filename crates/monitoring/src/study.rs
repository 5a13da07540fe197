//! What is monitored: sites, participants, visits and values, without names, forms or formats.

use serde::{Deserialize, Serialize};

/// A trial as central monitoring sees it.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Study {
    /// What is measured at visits; values stand in this order.
    pub items: Vec<Item>,
    /// The visits that the protocol asks for.
    pub plan: Vec<PlannedVisit>,
    /// Which days are no working days.
    pub calendar: Calendar,
    /// The last day of which data are in, days since 1970.
    pub cut_day: i64,
    /// The sites.
    pub sites: Vec<Site>,
}

/// Something that is measured at visits.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Item {
    /// Its name, e.g. `SYSBP`.
    pub name: String,
    /// What its numbers are.
    pub kind: Kind,
    /// Decimals that are usually written.
    pub decimals: u8,
}

/// What the numbers of an item are.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Somebody reads an instrument and writes the number down: also its last digit tells.
    Reading,
    /// A laboratory or a device reports it: nobody chooses the last digit.
    Report,
    /// A count or a score of few steps: last digits say nothing.
    Count,
}

/// A visit that the protocol asks for.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct PlannedVisit {
    /// Its code, e.g. `V3`.
    pub code: String,
    /// Days after the first visit.
    pub day: i64,
}

/// Days without visits.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Calendar {
    /// Days of the week, 0 is Monday.
    pub days_off: Vec<u8>,
    /// Holidays, days since 1970.
    pub holidays: Vec<i64>,
}

impl Calendar {
    /// Whether the day is a day off or a holiday.
    pub fn is_off(&self, day: i64) -> bool {
        self.days_off.contains(&weekday(day)) || self.holidays.contains(&day)
    }
}

/// The day of the week of a day since 1970: 0 is Monday. 1970-01-01 was a Thursday.
pub fn weekday(day: i64) -> u8 {
    u8::try_from((day + 3).rem_euclid(7)).unwrap_or(0)
}

/// A day as people write it, `YYYY-MM-DD`; far outside of any trial its number since 1970.
pub(crate) fn date(day: i64) -> String {
    let since_1970 = i32::try_from(day).ok();
    let julian = since_1970.and_then(|it| it.checked_add(JULIAN_1970));
    let date = julian.and_then(|it| time::Date::from_julian_day(it).ok());
    date.map_or_else(|| day.to_string(), |date| date.to_string())
}

/// 1970-01-01 in Julian days.
const JULIAN_1970: i32 = 2_440_588;

/// A site.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Site {
    /// Its identifier.
    pub id: String,
    /// Who takes part there.
    pub subjects: Vec<Subject>,
}

/// A participant.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Subject {
    /// The identifier in the trial.
    pub id: String,
    /// Birth, days since 1970.
    pub born_day: Option<i64>,
    /// As the form says it.
    pub sex: Option<String>,
    /// When consent was given, days since 1970.
    pub consent_day: Option<i64>,
    /// Adverse events that were reported.
    pub adverse_events: u32,
    /// The visits that took place, in the order of the form.
    pub visits: Vec<Visit>,
}

/// A visit that took place.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Visit {
    /// Which of [`Study::plan`].
    pub planned: usize,
    /// When, as a clock at the site showed it.
    pub at: Option<Moment>,
    /// A value for each of [`Study::items`]; none where it is missing.
    pub values: Vec<Option<Value>>,
}

/// A day, and a time if it is known, as a clock at the site showed them.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub struct Moment {
    /// Days since 1970.
    pub day: i64,
    /// Minutes since midnight.
    pub minute: Option<u16>,
}

impl Moment {
    /// Out of minutes since 1970 in UTC, and the minutes by which the site is ahead of it.
    pub fn of_utc(minutes: i64, offset: i64) -> Self {
        let local = minutes + offset;
        Self {
            day: local.div_euclid(1_440),
            minute: u16::try_from(local.rem_euclid(1_440)).ok(),
        }
    }
}

/// A number as it was written.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct Value {
    /// The number.
    pub number: f64,
    /// Decimals that were written.
    pub decimals: u8,
}

impl Value {
    /// The last digit that was written with so many decimals: 7 of 36.70 with one.
    pub fn last_digit(self, decimals: u8) -> Option<u8> {
        let scaled = (self.number.abs() * 10_f64.powi(i32::from(decimals.min(9)))).round();
        (scaled < 1e15).then(|| digit(scaled))
    }
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a whole number below ten"
)]
fn digit(whole: f64) -> u8 {
    (whole % 10.0) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_the_calendar() {
        assert_eq!(weekday(0), 3);
        assert_eq!((weekday(-1), weekday(20_094)), (2, 0));
        assert_eq!(date(0), "1970-01-01");
        assert_eq!(date(20_094), "2025-01-06");
        assert_eq!(date(i64::MAX), i64::MAX.to_string());
        let late = Moment::of_utc(-1, -120);
        assert_eq!((late.day, late.minute), (-1, Some(1_319)));
    }

    #[test]
    fn the_last_digit_is_the_one_that_was_written() {
        let digit = |number, decimals| Value { number, decimals }.last_digit(decimals);
        assert_eq!(
            (digit(36.7, 1), digit(36.0, 1), digit(140.0, 0)),
            (Some(7), Some(0), Some(0))
        );
        assert_eq!(
            (digit(-5.3, 1), digit(f64::NAN, 1), digit(1e300, 0)),
            (Some(3), None, None)
        );
    }
}
