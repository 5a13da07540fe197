//! Days and times as documents and bar codes write them.

use gs1::ShortDate;
use supply::detect::DAY_MS;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// The first day of every trade: 2026-01-05, a Monday, whatever the clock says.
pub(crate) const START_MS: u64 = 1_767_571_200_000;

fn moment(time_ms: u64) -> OffsetDateTime {
    let nanos = i128::from(time_ms) * 1_000_000;
    OffsetDateTime::from_unix_timestamp_nanos(nanos).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

/// RFC 3339, in UTC.
pub(crate) fn written(time_ms: u64) -> String {
    moment(time_ms).format(&Rfc3339).unwrap_or_default()
}

/// Milliseconds since 1970 of an RFC 3339 timestamp.
pub(crate) fn read(text: &str) -> Option<u64> {
    let micros = epcis::time::micros(text)?;
    u64::try_from(micros / 1_000).ok()
}

/// `YYMMDD`, as AI (17) has it.
pub(crate) fn six_digits(time_ms: u64) -> String {
    let date = moment(time_ms).date();
    let yy = date.year().rem_euclid(100);
    format!("{yy:02}{:02}{:02}", u8::from(date.month()), date.day())
}

/// `YYYY-MM-DD` of the last day that AI (17) means.
pub(crate) fn iso(six_digits: &str, now_ms: u64) -> Option<String> {
    Some(ShortDate::parse(six_digits)?.last_day_iso(year(now_ms)))
}

/// The last day that AI (17) means, in days since 1970.
pub(crate) fn last_day(six_digits: &str, now_ms: u64) -> Option<u32> {
    ShortDate::parse(six_digits)?.last_day_since_1970(year(now_ms))
}

fn year(time_ms: u64) -> u16 {
    u16::try_from(moment(time_ms).year()).unwrap_or(0)
}

/// The number of the day since 1970.
pub(crate) fn day(time_ms: u64) -> u64 {
    time_ms / DAY_MS
}
