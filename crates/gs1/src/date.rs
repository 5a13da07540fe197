//! Dates of six digits.

use std::fmt;

/// A date as a bar code has it: two digits for the year, and `00` where the day is left open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShortDate {
    yy: u8,
    month: u8,
    day: u8,
}

impl ShortDate {
    /// From `YYMMDD`. `None` where it is no date in any century.
    pub fn parse(digits: &str) -> Option<Self> {
        if digits.len() != 6 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let two = |at: usize| digits.get(at..at + 2)?.parse().ok();
        let (yy, month, day) = (two(0)?, two(2)?, two(4)?);
        // 2000 is a leap year, and so is every fourth year but 1900 and 2100.
        let days = days_in_month(2000 + u16::from(yy), u16::from(month))?;
        (u16::from(day) <= days).then_some(Self { yy, month, day })
    }

    /// The last day it may mean: the given one, or the last of its month where the day is `00`
    /// (GS1 General Specifications 3.4.7). `year_now` settles the century (7.12).
    pub fn last_day(self, year_now: u16) -> (u16, u8, u8) {
        let year = full_year(u16::from(self.yy), year_now);
        let days = days_in_month(year, u16::from(self.month)).unwrap_or(31);
        let days = u8::try_from(days).unwrap_or(31);
        let day = if self.day == 0 {
            days
        } else {
            self.day.min(days)
        };
        (year, self.month, day)
    }

    /// The same as `YYYY-MM-DD`.
    pub fn last_day_iso(self, year_now: u16) -> String {
        let (year, month, day) = self.last_day(year_now);
        format!("{year:04}-{month:02}-{day:02}")
    }

    /// The same in days since 1970, to compare with a clock. `None` before.
    pub fn last_day_since_1970(self, year_now: u16) -> Option<u32> {
        let (year, month, day) = self.last_day(year_now);
        let before = (1970..year).map(days_in_year).sum::<u32>();
        let months = (1..u16::from(month)).filter_map(|month| days_in_month(year, month));
        let within = months.map(u32::from).sum::<u32>() + u32::from(day);
        (year >= 1970).then(|| before + within - 1)
    }

    /// Whether the day was left open.
    pub fn day_is_open(self) -> bool {
        self.day == 0
    }
}

impl fmt::Display for ShortDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}{:02}{:02}", self.yy, self.month, self.day)
    }
}

/// The year that two digits mean in a year: at most 49 years back, at most 50 ahead (GS1 General
/// Specifications 7.12).
pub(crate) fn full_year(yy: u16, year_now: u16) -> u16 {
    let century = year_now / 100 * 100;
    let now = year_now % 100;
    if yy >= now + 51 {
        century.saturating_sub(100) + yy
    } else if yy + 50 <= now {
        century + 100 + yy
    } else {
        century + yy
    }
}

fn days_in_year(year: u16) -> u32 {
    days_in_month(year, 2).map_or(365, |february| 337 + u32::from(february))
}

/// `None` where there is no such month.
pub(crate) fn days_in_month(year: u16, month: u16) -> Option<u16> {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => Some(31),
        4 | 6 | 9 | 11 => Some(30),
        2 => Some(if leap { 29 } else { 28 }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_digits_mean_a_year_within_half_a_century() {
        // GS1 General Specifications, figure 7.12-1.
        let cases = [
            (26, 2026, 2026),
            (76, 2026, 2076),
            (77, 2026, 1977),
            (99, 2026, 1999),
            (0, 2026, 2000),
            (0, 2049, 2000),
            (0, 2050, 2100),
            (48, 2098, 2148),
            (49, 2098, 2049),
            (98, 1998, 1998),
            (48, 1998, 2048),
        ];
        for (yy, now, year) in cases {
            assert_eq!(full_year(yy, now), year, "{yy} in {now}");
        }
    }

    #[test]
    fn an_open_day_is_the_last_of_its_month() {
        let last = |text: &str| ShortDate::parse(text).unwrap().last_day_iso(2026);
        assert_eq!(last("270200"), "2027-02-28");
        assert_eq!(last("280200"), "2028-02-29");
        assert_eq!(last("271231"), "2027-12-31");
        assert_eq!(last("770100"), "1977-01-31");
    }

    #[test]
    fn a_last_day_is_counted_from_1970() {
        let cases = [
            ("700101", 1980, Some(0)),
            ("770100", 2026, Some(2_587)),
            ("000301", 2026, Some(11_017)),
            ("271231", 2026, Some(21_183)),
            ("280200", 2026, Some(21_243)),
            ("690101", 1980, None),
        ];
        for (text, year_now, day) in cases {
            let date = ShortDate::parse(text).unwrap();
            assert_eq!(date.last_day_since_1970(year_now), day, "{text}");
        }
    }

    #[test]
    fn what_is_no_date_is_refused() {
        for text in [
            "",
            "26123",
            "2612311",
            "261301",
            "260001",
            "270229",
            "26-1-1",
            "26010\u{e9}",
        ] {
            assert_eq!(ShortDate::parse(text), None, "{text}");
        }
        for text in ["280229", "260100", "991231"] {
            assert_eq!(ShortDate::parse(text).unwrap().to_string(), text);
        }
    }
}
