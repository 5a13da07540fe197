//! Dates, dateTimes, instants and times: their form, their calendar, and the stretch they cover.

const DAY_US: i64 = 86_400_000_000;
const SECOND_US: i64 = 1_000_000;

/// `[from, to)` in microseconds since 1970 UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) from_us: i64,
    pub(crate) to_us: i64,
}

/// How much of a timestamp may be missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// Year, year-month or full date.
    Date,
    /// Those, or a full timestamp with zone.
    DateTime,
    /// A full timestamp with zone.
    Instant,
    /// As in a query: seconds and zone may be missing (then UTC). FHIR R4 3.1.1.4.7.
    Query,
}

/// The stretch that a text covers, or `None` when it is not of that form.
pub(crate) fn span(text: &str, form: Form) -> Option<Span> {
    let (date, time) = match text.split_once('T') {
        Some((date, time)) => (date, Some(time)),
        None => (text, None),
    };
    let mut parts = date.split('-');
    let year = i64::from(digits(parts.next()?, 4)?);
    let month = parts
        .next()
        .map(|part| digits(part, 2))
        .map_or(Some(None), |found| found.map(Some));
    let day = parts
        .next()
        .map(|part| digits(part, 2))
        .map_or(Some(None), |found| found.map(Some));
    let (month, day) = (month?, day?);
    if parts.next().is_some() || (form == Form::Instant && time.is_none()) || year == 0 {
        return None;
    }
    let Some(time) = time else {
        return days(year, month, day);
    };
    if form == Form::Date || day.is_none() {
        return None;
    }
    let start = days(year, month, day)?.from_us;
    let (clock, offset_us) = split_zone(time, form)?;
    let clock = clock_span(clock, form == Form::Query)?;
    let shift = start - offset_us;
    Some(Span {
        from_us: shift + clock.from_us,
        to_us: shift + clock.to_us,
    })
}

/// `[from, to)` in microseconds since 1970 UTC of a date, dateTime or instant of a
/// resource.
pub fn stretch_us(text: &str) -> Option<(i64, i64)> {
    let span = span(text, Form::DateTime)?;
    Some((span.from_us, span.to_us))
}

/// Whether a text is a FHIR time (`14:35:00.5`, no zone).
pub(crate) fn is_time(text: &str) -> bool {
    clock_span(text, false).is_some()
}

fn digits(text: &str, count: usize) -> Option<u32> {
    if text.len() != count || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

fn days(year: i64, month: Option<u32>, day: Option<u32>) -> Option<Span> {
    let (from, to) = match (month, day) {
        (None, _) => (civil(year, 1, 1), civil(year + 1, 1, 1)),
        (Some(month), None) => {
            let next = if month == 12 {
                (year + 1, 1)
            } else {
                (year, month + 1)
            };
            (
                civil(year, valid_month(month)?, 1),
                civil(next.0, next.1, 1),
            )
        }
        (Some(month), Some(day)) => {
            if day == 0 || day > month_days(year, valid_month(month)?) {
                return None;
            }
            let first = civil(year, month, day);
            (first, first + 1)
        }
    };
    Some(Span {
        from_us: from * DAY_US,
        to_us: to * DAY_US,
    })
}

fn valid_month(month: u32) -> Option<u32> {
    (1..=12).contains(&month).then_some(month)
}

fn month_days(year: i64, month: u32) -> u32 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Days since 1970-01-01 in the proleptic Gregorian calendar.
fn civil(year: i64, month: u32, day: u32) -> i64 {
    // The year starts in March, so that the leap day is its last.
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let shifted = i64::from((month + 9) % 12);
    let of_year = (153 * shifted + 2) / 5 + i64::from(day) - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// The clock part and the offset from UTC.
fn split_zone(time: &str, form: Form) -> Option<(&str, i64)> {
    if let Some(clock) = time.strip_suffix('Z') {
        return Some((clock, 0));
    }
    let Some(at) = time.rfind(['+', '-']) else {
        return (form == Form::Query).then_some((time, 0));
    };
    let (hours, minutes) = time[at + 1..].split_once(':')?;
    let (hours, minutes) = (digits(hours, 2)?, digits(minutes, 2)?);
    if minutes > 59 || hours > 14 || (hours == 14 && minutes > 0) {
        return None;
    }
    let offset = i64::from(hours * 60 + minutes) * 60 * SECOND_US;
    Some((
        &time[..at],
        if time[at..].starts_with('-') {
            -offset
        } else {
            offset
        },
    ))
}

/// `hh:mm:ss(.f+)` since midnight; in a query also `hh:mm`.
fn clock_span(clock: &str, in_query: bool) -> Option<Span> {
    let mut parts = clock.split(':');
    let hour = i64::from(digits(parts.next()?, 2)?);
    let minute = i64::from(digits(parts.next()?, 2)?);
    let seconds = parts.next();
    if hour > 23 || minute > 59 || parts.next().is_some() {
        return None;
    }
    let minutes_us = (hour * 60 + minute) * 60 * SECOND_US;
    let Some(seconds) = seconds else {
        let to_us = minutes_us + 60 * SECOND_US;
        return in_query.then_some(Span {
            from_us: minutes_us,
            to_us,
        });
    };
    let (second, fraction) = match seconds.split_once('.') {
        Some((second, fraction)) => (second, Some(fraction)),
        None => (seconds, None),
    };
    // A leap second is allowed. FHIR R4 2.24.0.1.
    let second = i64::from(digits(second, 2).filter(|second| *second <= 60)?);
    let (mut fraction_us, mut width_us) = (0, SECOND_US);
    if let Some(fraction) = fraction {
        if fraction.is_empty() || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        for digit in fraction.bytes().take(6) {
            width_us /= 10;
            fraction_us += i64::from(digit - b'0') * width_us;
        }
    }
    let from_us = minutes_us + second * SECOND_US + fraction_us;
    Some(Span {
        from_us,
        to_us: from_us + width_us,
    })
}
