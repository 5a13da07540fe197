//! Dates and times as trials write them: complete, cut short, with parts that are not known
//! (`2003---15`), as intervals (`2003/2004`). ISO 8601; SDTM Implementation Guide 3.3, 4.4.

/// Full date of the calendar.
pub(crate) fn is_full_date(text: &str) -> bool {
    let bytes = text.as_bytes();
    let shape = bytes.len() == 10 && bytes[4] == b'-' && bytes[7] == b'-';
    shape
        && is_day(
            number(&text[..4], 4),
            number(&text[5..7], 2),
            number(&text[8..], 2),
        )
}

/// `hh:mm` or `hh:mm:ss`, with a fraction.
pub(super) fn is_full_time(text: &str) -> bool {
    is_clock(text) && text.len() >= 5 && !text.contains('-')
}

/// A full date and a full time.
pub(crate) fn is_full_datetime(text: &str) -> bool {
    text.split_once('T')
        .is_some_and(|(date, time)| is_full_date(date) && is_full_time(time))
}

/// A time, cut short, or with unknown parts; or an interval of two.
pub(super) fn is_time(text: &str) -> bool {
    is_each(text, |part| is_clock(split_zone(part)))
}

/// A date, or a date and a time; or an interval of two.
pub(super) fn is_datetime(text: &str) -> bool {
    is_each(text, |part| match part.split_once('T') {
        Some((date, time)) => is_whole_date(date) && is_clock(split_zone(time)),
        None => is_partial_date(part),
    })
}

fn is_each(text: &str, is_one: impl Fn(&str) -> bool) -> bool {
    text.is_ascii() && text.split('/').count() <= 2 && text.split('/').all(is_one)
}

/// Before a time every part of the date is there, if only as a hyphen.
fn is_whole_date(date: &str) -> bool {
    is_partial_date(date) && parts(date).is_some_and(|(_, count)| count == 3)
}

fn is_partial_date(text: &str) -> bool {
    match parts(text) {
        Some(([Some(year), Some(month), Some(day)], 3)) => {
            is_day(Some(year), Some(month), Some(day))
        }
        Some(([_, month, day], _)) => {
            month.is_none_or(|month| (1..=12).contains(&month))
                && day.is_none_or(|day| (1..=31).contains(&day))
        }
        None => false,
    }
}

/// Year, month and day where they are known, and how many places there are. A part that is not
/// known is a hyphen in its place: `2003---15`, `--12-15`.
fn parts(text: &str) -> Option<([Option<u32>; 3], usize)> {
    let mut found = [None; 3];
    let mut rest = text;
    for (place, (digits, part)) in [4, 2, 2].into_iter().zip(&mut found).enumerate() {
        if place > 0 {
            if rest.is_empty() {
                return Some((found, place));
            }
            rest = rest.strip_prefix('-')?;
        }
        if let Some(after) = rest.strip_prefix('-') {
            rest = after;
        } else {
            let text = rest.get(..digits)?;
            *part = Some(number(text, digits)?);
            rest = &rest[digits..];
        }
    }
    rest.is_empty().then_some((found, 3))
}

/// `hh`, `hh:mm`, `hh:mm:ss` with a fraction; an unknown part is a hyphen.
fn is_clock(text: &str) -> bool {
    let mut parts = text.split(':');
    let within =
        |part: &str, most: u32| part == "-" || number(part, 2).is_some_and(|number| number <= most);
    let hour = parts.next().is_some_and(|part| within(part, 23));
    let minute = parts.next().is_none_or(|part| within(part, 59));
    let second = parts.next().is_none_or(|part| {
        let (whole, fraction) = part.split_once('.').unwrap_or((part, "0"));
        let is_digits = !fraction.is_empty() && fraction.bytes().all(|b| b.is_ascii_digit());
        within(whole, 59) && is_digits
    });
    hour && minute && second && parts.next().is_none()
}

/// The clock without its zone.
fn split_zone(text: &str) -> &str {
    if let Some(clock) = text.strip_suffix('Z') {
        return clock;
    }
    let Some(at) = text.len().checked_sub(6) else {
        return text;
    };
    let Some((clock, zone)) = text.split_at_checked(at) else {
        return text;
    };
    let is_zone = zone.starts_with(['+', '-']) && zone[3..].starts_with(':');
    let is_bounded = number(&zone[1..3], 2).is_some_and(|hours| hours <= 14)
        && number(&zone[4..], 2).is_some_and(|minutes| minutes <= 59);
    if is_zone && is_bounded { clock } else { text }
}

fn is_day(year: Option<u32>, month: Option<u32>, day: Option<u32>) -> bool {
    let (Some(year), Some(month), Some(day)) = (year, month, day) else {
        return false;
    };
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let last = match month {
        4 | 6 | 9 | 11 => 30,
        2 if is_leap => 29,
        2 => 28,
        1..=12 => 31,
        _ => 0,
    };
    (1..=last).contains(&day)
}

fn number(text: &str, digits: usize) -> Option<u32> {
    let is_digits = text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit());
    is_digits.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_cut_short_and_with_unknown_parts_are_dates() {
        for text in [
            "2003",
            "2003-12",
            "2003-12-15",
            "2003---15",
            "--12-15",
            "----15",
            "2003-12-15/2004",
            "2024-02-29",
        ] {
            assert!(is_datetime(text), "{text}");
        }
        for text in [
            "",
            "03",
            "2003-13",
            "2003-02-29",
            "2003-1-5",
            "2003/2/3",
            "2003-12-",
            "15DEC2003",
            "２００３",
        ] {
            assert!(!is_datetime(text), "{text}");
        }
    }

    #[test]
    fn times_stand_after_whole_dates() {
        for text in [
            "2003-12-15T13:14:17",
            "2003-12-15T13:14",
            "2003-12-15T13",
            "2003-12",
            "2003-12-15T13:14:17.123+02:00",
            "2003-12-15T13:14Z",
            "2003-12-15T-:15",
            "-----T07:15",
            "2003-12-15T10:00/2003-12-15T10:30",
        ] {
            assert!(is_datetime(text), "{text}");
        }
        for text in [
            "2003-12T10",
            "2003-12-15T",
            "2003-12-15T24:00",
            "2003-12-15T10:60",
            "2003-12-15 10:00",
            "2003-02-30T10:00",
        ] {
            assert!(!is_datetime(text), "{text}");
        }
        assert!(is_full_datetime("2003-12-15T13:14:17.5"));
        assert!(!is_full_datetime("2003-12-15T13"));
        assert!(!is_full_datetime("2003-12-15T13:14:17Z"));
        assert!(is_full_time("07:15") && !is_full_time("07") && !is_full_time("-:15"));
        assert!(is_time("07") && is_time("07:15:30+01:00") && !is_time("7:15"));
    }
}
