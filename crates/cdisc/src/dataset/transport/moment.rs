//! Dates and times as SAS counts them: days, or seconds, since 1960.

use crate::dataset::DataType;

const DAY_S: i64 = 86_400;
/// Days from 1960-01-01 to 1970-01-01.
const EPOCH_DAYS: i64 = 3653;
/// The first day of SAS's calendar, 1582-01-01, and the last of year 9999.
const DAYS: std::ops::RangeInclusive<i64> = -138_061..=2_936_549;

/// The lexeme of the number of a complete value; `None` when it is none.
pub(super) fn to_sas(text: &str, data_type: DataType) -> Option<String> {
    match data_type {
        DataType::Date => days(text).map(|days| days.to_string()),
        DataType::Time => seconds(text).map(|(seconds, rest)| format!("{seconds}{rest}")),
        DataType::Datetime => {
            let (date, time) = text.split_once('T')?;
            let (seconds, rest) = seconds(time)?;
            let all = days(date)? * DAY_S + seconds;
            // A fraction of a second below zero would have to be counted from the other side.
            (all >= 0 || rest.is_empty()).then(|| format!("{all}{rest}"))
        }
        _ => None,
    }
}

/// The text of a number; `None` when it is no such moment.
pub(super) fn from_sas(canonical: &str, data_type: DataType) -> Option<String> {
    let (whole, rest) = match canonical.find('.') {
        Some(at) => canonical.split_at(at),
        None => (canonical, ""),
    };
    let whole: i64 = whole.parse().ok()?;
    let is_below = canonical.starts_with('-');
    match data_type {
        DataType::Date => (rest.is_empty() && DAYS.contains(&whole)).then(|| date(whole)),
        DataType::Time => {
            let is_clock = (0..DAY_S).contains(&whole) && !is_below;
            is_clock.then(|| format!("{}{rest}", clock(whole)))
        }
        DataType::Datetime => {
            let days = whole.div_euclid(DAY_S);
            let is_moment = DAYS.contains(&days) && (!is_below || rest.is_empty());
            let clock = clock(whole.rem_euclid(DAY_S));
            is_moment.then(|| format!("{}T{clock}{rest}", date(days)))
        }
        _ => None,
    }
}

fn clock(seconds: i64) -> String {
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    format!("{hours:02}:{minutes:02}:{:02}", seconds % 60)
}

/// Whole seconds, and the fraction as it is written, without zeros at its end.
fn seconds(text: &str) -> Option<(i64, &str)> {
    let (clock, rest) = match text.find('.') {
        Some(at) => text.split_at(at),
        None => (text, ""),
    };
    let mut total = 0;
    let mut parts = clock.split(':');
    for unit in [3600, 60, 1] {
        let part: i64 = parts.next().unwrap_or("0").parse().ok()?;
        total += part * unit;
    }
    let rest = rest.trim_end_matches('0');
    Some((total, if rest == "." { "" } else { rest }))
}

/// Days since 1960 of a full date.
fn days(text: &str) -> Option<i64> {
    let (from_us, _) = fhir::moment::stretch_us(text)?;
    let days = from_us.div_euclid(DAY_S * 1_000_000) + EPOCH_DAYS;
    (text.len() == 10 && DAYS.contains(&days)).then_some(days)
}

/// The day of the Gregorian calendar.
fn date(days_since_1960: i64) -> String {
    let days = days_since_1960 - EPOCH_DAYS + DAYS_TO_1970;
    // 400 years have 146,097 days; the guess is off by one year at most.
    let guess = days * 400 / 146_097 + 1;
    let mut years = [guess + 1, guess, guess - 1].into_iter();
    let year = years
        .find(|year| days_before(*year) <= days)
        .unwrap_or(guess);
    let mut day = days - days_before(year) + 1;
    let mut month = 1;
    for length in month_lengths(year) {
        if day <= length {
            break;
        }
        day -= length;
        month += 1;
    }
    format!("{year:04}-{month:02}-{day:02}")
}

/// Days from 0001-01-01 to 1970-01-01.
const DAYS_TO_1970: i64 = 719_162;

/// Days from 0001-01-01 to the first of a year.
fn days_before(year: i64) -> i64 {
    let past = year - 1;
    past * 365 + past / 4 - past / 100 + past / 400
}

fn month_lengths(year: i64) -> [i64; 12] {
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let february = if is_leap { 29 } else { 28 };
    [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
}

const MONTHS: [&str; 12] = [
    "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC",
];

/// `ddMMMyy:hh:mm:ss` of a header as ISO 8601. Years from 60 on are of the last century: SAS
/// counts from 1960.
pub(super) fn from_header(text: &str) -> Option<String> {
    if !text.is_ascii() || text.len() != 16 {
        return None;
    }
    let month = MONTHS.iter().position(|month| *month == &text[2..5])? + 1;
    let year: u32 = text[5..7].parse().ok()?;
    let year = if year < 60 { 2000 + year } else { 1900 + year };
    let moment = format!("{year}-{month:02}-{}T{}", &text[..2], &text[8..]);
    super::super::iso8601::is_full_datetime(&moment).then_some(moment)
}

/// The other way round; a fraction and a zone are not kept.
pub(super) fn to_header(moment: &str) -> Option<String> {
    let month: usize = moment.get(5..7)?.parse().ok()?;
    let month = MONTHS.get(month.checked_sub(1)?)?;
    let (year, day, time) = (moment.get(2..4)?, moment.get(8..10)?, moment.get(11..19)?);
    Some(format!("{day}{month}{year}:{time}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_go_both_ways() {
        for (text, number, data_type) in [
            ("1960-01-01", "0", DataType::Date),
            ("1959-12-31", "-1", DataType::Date),
            ("1582-01-01", "-138061", DataType::Date),
            ("2000-02-29", "14669", DataType::Date),
            ("2026-11-26", "24436", DataType::Date),
            ("9999-12-31", "2936549", DataType::Date),
            ("00:00:00", "0", DataType::Time),
            ("23:59:59.25", "86399.25", DataType::Time),
            ("1960-01-02T00:00:01", "86401", DataType::Datetime),
            ("1959-12-31T23:59:59", "-1", DataType::Datetime),
            ("2020-08-21T09:14:29.5", "1913620469.5", DataType::Datetime),
        ] {
            assert_eq!(to_sas(text, data_type).as_deref(), Some(number), "{text}");
            assert_eq!(
                from_sas(number, data_type).as_deref(),
                Some(text),
                "{number}"
            );
        }
        assert_eq!(to_sas("07:15", DataType::Time).as_deref(), Some("26100"));
        for (number, data_type) in [
            ("0.5", DataType::Date),
            ("-138062", DataType::Date),
            ("86400", DataType::Time),
            ("-0.5", DataType::Time),
        ] {
            assert_eq!(from_sas(number, data_type), None, "{number}");
        }
    }

    #[test]
    fn every_day_of_the_calendar_has_its_number() {
        for day in DAYS.step_by(17) {
            let text = date(day);
            assert_eq!(days(&text), Some(day), "{text}");
        }
    }

    #[test]
    fn the_time_of_a_header_goes_both_ways() {
        let moment = from_header("21AUG20:09:14:29").unwrap();
        assert_eq!(moment, "2020-08-21T09:14:29");
        assert_eq!(to_header(&moment).as_deref(), Some("21AUG20:09:14:29"));
        assert_eq!(
            from_header("01JAN60:00:00:00").as_deref(),
            Some("1960-01-01T00:00:00")
        );
        assert_eq!(from_header("31FEB20:00:00:00"), None);
        assert_eq!(from_header("                "), None);
    }
}
