//! Days and times of a history, without a clock.

use std::fmt;

/// A day, counted from 1970-01-01 (civil-from-days, Hinnant 2013).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Day(pub(crate) i64);

impl Day {
    /// The day of a calendar date.
    pub(crate) fn of(year: i64, month: i64, day: i64) -> Self {
        let year = if month <= 2 { year - 1 } else { year };
        let era = year.div_euclid(400);
        let year_of_era = year.rem_euclid(400);
        let shifted = (month + 9) % 12;
        let day_of_year = (153 * shifted + 2) / 5 + day - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        Self(era * 146_097 + day_of_era - 719_468)
    }

    fn parts(self) -> (i64, i64, i64) {
        let days = self.0 + 719_468;
        let era = days.div_euclid(146_097);
        let of_era = days.rem_euclid(146_097);
        let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted = (5 * of_year + 2) / 153;
        let day = of_year - (153 * shifted + 2) / 5 + 1;
        let month = if shifted < 10 {
            shifted + 3
        } else {
            shifted - 9
        };
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        (year, month, day)
    }

    /// The calendar year.
    pub(crate) fn year(self) -> i64 {
        self.parts().0
    }

    /// Whole years from `birth` to this day, near enough for medicine of a demo.
    pub(crate) fn age(self, birth: Self) -> i64 {
        (self.0 - birth.0) * 100 / 36_525
    }

    /// So many days later.
    pub(crate) fn plus(self, days: i64) -> Self {
        Self(self.0 + days)
    }

    /// A FHIR dateTime on this day (FHIR R4 2.24.0.1: an offset is required with a time).
    pub(crate) fn at(self, minute_of_day: i64) -> String {
        format!(
            "{self}T{:02}:{:02}:00Z",
            minute_of_day / 60 % 24,
            minute_of_day % 60
        )
    }
}

impl fmt::Display for Day {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.parts();
        write!(out, "{year:04}-{month:02}-{day:02}")
    }
}
