//! Expiry dates as packs carry them: `YYMMDD`, the day 00 where a month is meant.

use crate::instant;

/// The last day on which a pack may be used, as `YYYY-MM-DD`. `None`: it is no date.
pub(crate) fn date(expiry: &str, year_now: u16) -> Option<String> {
    Some(gs1::ShortDate::parse(expiry)?.last_day_iso(year_now))
}

/// The year of a time.
pub(crate) fn year(now_us: i64) -> u16 {
    let now = instant::fhir(now_us);
    now.get(..4).and_then(|it| it.parse().ok()).unwrap_or(1970)
}

/// Whether the last day is over. What is no date is not past.
pub(crate) fn is_past(expiry: &str, now_us: i64) -> bool {
    let today = instant::fhir(now_us);
    let last = date(expiry, year(now_us));
    last.is_some_and(|last| today.get(..10).is_some_and(|today| today > last.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pack_may_be_used_until_its_last_day_is_over() {
        let at = |text: &str| instant::parse_fhir(text).unwrap();
        for (expiry, now, past) in [
            ("261126", "2026-11-26T23:59:59Z", false),
            ("261126", "2026-11-27T00:00:00Z", true),
            ("261100", "2026-11-30T12:00:00Z", false),
            ("261100", "2026-12-01T00:00:00Z", true),
            ("280229", "2026-11-26T00:00:00Z", false),
            ("", "2026-11-26T00:00:00Z", false),
        ] {
            assert_eq!(is_past(expiry, at(now)), past, "{expiry} at {now}");
        }
    }
}
