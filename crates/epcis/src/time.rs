//! Timestamps of RFC 3339 as integers, without a clock.

const DAY_US: i64 = 86_400_000_000;
const MINUTE_US: i64 = 60_000_000;

/// Microseconds since 1970 UTC of an RFC 3339 timestamp; `None` where it is none. Digits past the
/// sixth of the fraction are cut off.
pub fn micros(text: &str) -> Option<i64> {
    let bytes = text.as_bytes();
    if bytes.len() < 20 || !text.is_ascii() {
        return None;
    }
    let fixed = |from: usize, to: usize| digits(bytes.get(from..to)?);
    let marks = [(4, b'-'), (7, b'-'), (13, b':'), (16, b':')];
    if marks.iter().any(|(at, mark)| bytes[*at] != *mark) || !matches!(bytes[10], b'T' | b't') {
        return None;
    }
    let (year, month, day) = (fixed(0, 4)?, fixed(5, 7)?, fixed(8, 10)?);
    let (hour, minute, second) = (fixed(11, 13)?, fixed(14, 16)?, fixed(17, 19)?);
    let is_day = (1..=12).contains(&month) && day >= 1 && day <= month_days(year, month);
    // RFC 3339 5.6 knows the second 60 of a leap second.
    if !is_day || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let rest = &bytes[19..];
    let (fraction, zone) = match rest.split_first() {
        Some((b'.', tail)) => {
            let end = tail.iter().position(|byte| !byte.is_ascii_digit())?;
            (fraction_us(&tail[..end])?, &tail[end..])
        }
        _ => (0, rest),
    };
    let clock = (hour * 3600 + minute * 60 + second) * 1_000_000 + fraction;
    Some(days(year, month, day) * DAY_US + clock - zone_us(zone)?)
}

/// As [`micros`], rounded to milliseconds, half up (CBV 2.0 8.9, rule 9 of the event hash).
pub(crate) fn millis(text: &str) -> Option<i64> {
    Some((micros(text)? + 500).div_euclid(1000))
}

/// `2020-03-04T10:00:30.000Z`.
pub fn format_millis(millis: i64) -> String {
    let (day, clock) = (millis.div_euclid(86_400_000), millis.rem_euclid(86_400_000));
    let (year, month, date) = civil(day);
    let (hour, minute) = (clock / 3_600_000, clock / 60_000 % 60);
    let (second, milli) = (clock / 1000 % 60, clock % 1000);
    format!("{year:04}-{month:02}-{date:02}T{hour:02}:{minute:02}:{second:02}.{milli:03}Z")
}

fn digits(text: &[u8]) -> Option<i64> {
    text.iter().try_fold(0_i64, |sum, byte| {
        byte.is_ascii_digit()
            .then(|| sum * 10 + i64::from(byte - b'0'))
    })
}

fn fraction_us(text: &[u8]) -> Option<i64> {
    if text.is_empty() || text.len() > 30 {
        return None;
    }
    let six: Vec<u8> = text.iter().copied().chain([b'0'; 6]).take(6).collect();
    digits(&six)
}

fn zone_us(zone: &[u8]) -> Option<i64> {
    let sign = match zone {
        b"Z" | b"z" => return Some(0),
        [b'+', ..] => 1,
        [b'-', ..] => -1,
        _ => return None,
    };
    if zone.len() != 6 || zone[3] != b':' {
        return None;
    }
    let (hours, minutes) = (digits(&zone[1..3])?, digits(&zone[4..6])?);
    (hours <= 23 && minutes <= 59).then_some(sign * (hours * 60 + minutes) * MINUTE_US)
}

fn month_days(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Days since 1970 of a date of the Gregorian calendar. The year begins in March here, so that
/// the leap day is its last.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

fn civil(day: i64) -> (i64, i64, i64) {
    let shifted = day + 719_468;
    let (era, of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let date = of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = (shifted_month + 2) % 12 + 1;
    let year = year + era * 400 + i64::from(month <= 2);
    (year, month, date)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timestamp_is_shown_in_utc_with_milliseconds() {
        for (text, shown) in [
            ("2020-03-04T11:00:30.000+01:00", "2020-03-04T10:00:30.000Z"),
            ("2022-02-16T08:40:21.3142715Z", "2022-02-16T08:40:21.314Z"),
            ("2023-01-18T11:04:03.1415Z", "2023-01-18T11:04:03.142Z"),
            ("2019-10-21T01:58:56+02:00", "2019-10-20T23:58:56.000Z"),
            ("2024-02-29T23:59:59.9996Z", "2024-03-01T00:00:00.000Z"),
            ("1969-12-31T23:59:59.5Z", "1969-12-31T23:59:59.500Z"),
        ] {
            assert_eq!(format_millis(millis(text).unwrap()), shown);
        }
    }

    #[test]
    fn what_is_no_timestamp_is_refused() {
        for text in [
            "2020-03-04",
            "2020-03-04T11:00:30",
            "2020-13-04T11:00:30Z",
            "2021-02-29T11:00:30Z",
            "2020-03-04T24:00:30Z",
            "2020-03-04T11:00:30.Z",
            "2020-03-04T11:00:30+1:00",
            "2020-03-04T11:00:30+01:00x",
            "2020-03-04 11:00:30Z",
            "２020-03-04T11:00:30Z",
        ] {
            assert_eq!(micros(text), None, "{text}");
        }
    }
}
