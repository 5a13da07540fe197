//! Points in time as FHIR and HTTP write them.

use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use time::{OffsetDateTime, PrimitiveDateTime};

const MS: i64 = 1_000;
const SECOND_US: i64 = 1_000_000;

// RFC 9110 5.6.7, IMF-fixdate.
const HTTP_DATE: &[BorrowedFormatItem<'static>] = format_description!(
    "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT"
);

/// Cuts a time to milliseconds, the precision of `meta.lastUpdated`.
pub fn floor_ms(time_us: i64) -> i64 {
    time_us - time_us.rem_euclid(MS)
}

/// A FHIR `instant` in UTC with milliseconds: `2026-11-23T08:00:00.000Z`.
pub fn fhir(time_us: i64) -> String {
    let at = moment(time_us);
    let (hour, minute, second, ms) = at.to_hms_milli();
    format!(
        "{:04}-{:02}-{:02}T{hour:02}:{minute:02}:{second:02}.{ms:03}Z",
        at.year(),
        u8::from(at.month()),
        at.day()
    )
}

/// The same point as an HTTP date, for `Last-Modified`.
pub fn http(time_us: i64) -> String {
    moment(time_us).format(HTTP_DATE).unwrap_or_default()
}

/// Reads an HTTP date; `None` when it is not one (RFC 9110 13.1.3: then ignore it).
pub fn parse_http(text: &str) -> Option<i64> {
    let at = PrimitiveDateTime::parse(text.trim(), HTTP_DATE).ok()?;
    at.assume_utc().unix_timestamp().checked_mul(SECOND_US)
}

/// Reads a FHIR `instant` (as `_since` and `ifModifiedSince` carry it).
pub fn parse_fhir(text: &str) -> Option<i64> {
    let at = OffsetDateTime::parse(text, &time::format_description::well_known::Rfc3339).ok()?;
    i64::try_from(at.unix_timestamp_nanos() / 1_000).ok()
}

fn moment(time_us: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(time_us) * 1_000)
        .unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_comes_back_as_it_was_written() {
        let now = 1_795_423_710_123_000;
        assert_eq!(parse_fhir(&fhir(now)), Some(now));
        assert_eq!(fhir(0), "1970-01-01T00:00:00.000Z");
    }

    #[test]
    fn an_http_date_has_seconds_only() {
        assert_eq!(http(784_111_777_999_000), "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(
            parse_http("Sun, 06 Nov 1994 08:49:37 GMT"),
            Some(784_111_777_000_000)
        );
        assert_eq!(parse_http("yesterday"), None);
    }
}
