//! The canonical form of a value in the pre-hash text. CBV 2.0 8.9, rules 5 to 9 and 14 to 18.
//!
//! XML has no types, so that JSON must not have any here either: whatever reads as a number is
//! written as one. The published hashes were made with binary64 numbers, which rounds integers
//! past 2^53; so does this, by integers alone.

use std::borrow::Cow;

use serde_json::Value;

use crate::identifier;
use crate::time;

/// Prefixes of GS1, and URNs of CBV 1, with what stands for them.
const EXPANSIONS: &[(&str, &str)] = &[
    ("cbv:", "https://ref.gs1.org/cbv/"),
    ("gs1:", "https://gs1.org/voc/"),
    ("epcis:", "https://ref.gs1.org/epcis/"),
    (
        "urn:epcglobal:cbv:bizstep:",
        "https://ref.gs1.org/cbv/BizStep-",
    ),
    ("urn:epcglobal:cbv:disp:", "https://ref.gs1.org/cbv/Disp-"),
    ("urn:epcglobal:cbv:btt:", "https://ref.gs1.org/cbv/BTT-"),
    ("urn:epcglobal:cbv:sdt:", "https://ref.gs1.org/cbv/SDT-"),
    ("urn:epcglobal:cbv:er:", "https://ref.gs1.org/cbv/ER-"),
];

/// The largest integer up to which binary64 has all.
const EXACT_BITS: u32 = 53;

/// A value as text, without white space around it; `None` for nothing.
pub(super) fn text_of(value: &Value) -> Option<Cow<'_, str>> {
    let text = match value {
        Value::String(text) => Cow::Borrowed(text.trim()),
        Value::Number(number) => Cow::Owned(number.to_string()),
        Value::Bool(is_true) => Cow::Borrowed(if *is_true { "true" } else { "false" }),
        _ => return None,
    };
    (!text.is_empty()).then_some(text)
}

/// In UTC with milliseconds; what is no timestamp stays.
pub(super) fn timestamp(text: &str) -> String {
    time::millis(text).map_or_else(|| text.to_owned(), time::format_millis)
}

/// The canonical form of a text, a number or an identifier.
pub(super) fn canonical(text: &str) -> String {
    for (from, to) in EXPANSIONS {
        if let Some(rest) = text.strip_prefix(from) {
            return format!("{to}{rest}");
        }
    }
    if let Some(number) = number(text) {
        return number;
    }
    identifier::canonical_or_same(text)
}

/// A number without a plus sign, leading zeros, trailing zeros; `None` for what is none.
fn number(text: &str) -> Option<String> {
    let (sign, unsigned) = match text.as_bytes().first()? {
        b'-' => ("-", &text[1..]),
        b'+' => ("", &text[1..]),
        _ => ("", text),
    };
    let (digits, exponent) = match unsigned.find(['e', 'E']) {
        Some(at) => (&unsigned[..at], unsigned[at + 1..].parse::<i32>().ok()?),
        None => (unsigned, 0),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let are_digits = identifier::all_digits(whole) && identifier::all_digits(fraction);
    if !are_digits || whole.len() + fraction.len() == 0 || exponent.unsigned_abs() > 400 {
        return None;
    }
    let joined = format!("{whole}{fraction}");
    let significant = joined.trim_start_matches('0');
    if significant.is_empty() {
        return Some("0".to_owned());
    }
    let zeros = significant.len() - significant.trim_end_matches('0').len();
    let significant = &significant[..significant.len() - zeros];
    let shift = i32::try_from(zeros).ok()? + exponent - i32::try_from(fraction.len()).ok()?;
    Some(format!("{sign}{}", written(significant, shift)?))
}

/// `digits × 10^shift`, the digits without zeros at either end.
fn written(digits: &str, shift: i32) -> Option<String> {
    let count = i32::try_from(digits.len()).ok()?;
    if shift >= 0 {
        let zeros = usize::try_from(shift).ok()?;
        let integer = format!("{digits}{}", "0".repeat(zeros));
        return Some(
            integer
                .parse()
                .map_or(integer, |value| rounded(value).to_string()),
        );
    }
    // Where the point stands, counted from the first digit.
    let point = count + shift;
    Some(if point > 0 {
        let (whole, fraction) = digits.split_at(usize::try_from(point).ok()?);
        format!("{whole}.{fraction}")
    } else if point > -4 {
        let zeros = usize::try_from(-point).ok()?;
        format!("0.{}{digits}", "0".repeat(zeros))
    } else {
        let (first, rest) = digits.split_at(1);
        let dot = if rest.is_empty() { "" } else { "." };
        format!("{first}{dot}{rest}e-{:02}", 1 - point)
    })
}

/// The nearest integer of 53 significant bits, the even one of two.
fn rounded(value: u128) -> u128 {
    let surplus = (u128::BITS - value.leading_zeros()).saturating_sub(EXACT_BITS);
    if surplus == 0 {
        return value;
    }
    let (kept, lost) = (value >> surplus, value & ((1 << surplus) - 1));
    let half = 1 << (surplus - 1);
    let up = lost > half || (lost == half && kept & 1 == 1);
    kept.saturating_add(u128::from(up))
        .checked_mul(1 << surplus)
        .unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_one_form() {
        for (text, form) in [
            ("1.0", "1"),
            ("0.3434", "0.3434"),
            ("+5", "5"),
            ("-0.50", "-0.5"),
            ("007", "7"),
            ("1e3", "1000"),
            ("0.000010", "1e-05"),
            ("0.00012", "0.00012"),
            ("120", "120"),
            ("1.20e1", "12"),
            ("0", "0"),
            ("26.", "26"),
            ("9007199254740993", "9007199254740992"),
            ("111100001111000011110000", "111100001111000003641344"),
        ] {
            assert_eq!(canonical(text), form, "{text}");
        }
        for text in [
            "1e-2147483648",
            "1e999",
            "1-2",
            "",
            "e5",
            ".",
            "A12",
            "1.2.3",
            "2019-10-07",
        ] {
            assert_eq!(canonical(text), text);
        }
    }
}
