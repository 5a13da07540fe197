//! What is printed on a pack, as people read it.

use hospital::instant;
use maud::{Markup, html};
use serde_json::Value;

use crate::date;
use crate::record::text;
use crate::visit::Visit;

/// Product, serial number, lot and expiry of a pack.
pub(super) fn facts(visit: &Visit, pack: &Value) -> Markup {
    let or_none = |value: &str| match value {
        "" => html! { span.soft { (visit.say("packs-not-printed")) } },
        value => html! { code { (value) } },
    };
    html! {
        @for (key, name) in [("packs-gtin", "/gtin"), ("packs-serial", "/serial"),
            ("packs-lot", "/lot")] {
            div { dt { (visit.say(key)) } dd { (or_none(text(pack, name))) } }
        }
        div {
            dt { (visit.say("packs-expiry")) }
            dd {
                @match text(pack, "/expiry") {
                    "" => { span.soft { (visit.say("packs-not-printed")) } }
                    expiry => { (expires(visit, expiry)) }
                }
            }
        }
    }
}

/// The expiry of a pack as a date.
pub(super) fn expires(visit: &Visit, expiry: &str) -> String {
    let now = instant::fhir(visit.portal.inside.hospital().now_us());
    let year = now.get(..4).and_then(|year| year.parse().ok());
    let day = iso(expiry, year.unwrap_or(1970)).unwrap_or_else(|| expiry.to_owned());
    date::day(visit.language, &day)
}

/// `YYMMDD` as a FHIR date; day 00 is the whole month. GS1 General Specifications 7.12: the century
/// is the one that brings the year within 50 years of now.
fn iso(expiry: &str, year_now: i32) -> Option<String> {
    if expiry.len() != 6 || !expiry.bytes().all(|it| it.is_ascii_digit()) {
        return None;
    }
    let (short, month, day) = (&expiry[..2], &expiry[2..4], &expiry[4..]);
    let short: i32 = short.parse().ok()?;
    let same = year_now - year_now.rem_euclid(100) + short;
    let year = match same - year_now {
        51.. => same - 100,
        ..=-50 => same + 100,
        _ => same,
    };
    Some(match day {
        "00" => format!("{year:04}-{month}"),
        day => format!("{year:04}-{month}-{day}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expiry_is_a_date_in_the_nearest_century() {
        for (expiry, now, wanted) in [
            ("271231", 2026, Some("2027-12-31")),
            ("270200", 2026, Some("2027-02")),
            ("770101", 2026, Some("1977-01-01")),
            ("760101", 2026, Some("2076-01-01")),
            ("010101", 2090, Some("2101-01-01")),
            ("2701", 2026, None),
            ("27010x", 2026, None),
        ] {
            assert_eq!(iso(expiry, now).as_deref(), wanted, "{expiry} in {now}");
        }
    }
}
