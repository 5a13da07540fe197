//! One form for an identifier, whichever it came in: the constrained canonical GS1 Digital Link
//! `https://id.gs1.org/...` (CBV 2.0 8.9, rules 17 and 18; GS1 Digital Link 1.2, 4.11).
//!
//! Check digits are not judged here: an identifier with a wrong one still has to be found.

mod link;
mod pattern;
mod urn;

pub use pattern::Pattern;

/// Where canonical links live.
pub(crate) const HOME: &str = "https://id.gs1.org/";

/// Longest text that is looked at; a longer one is no GS1 identifier.
const LENGTH_MAX: usize = 512;

/// The canonical link of an EPC URN, an EPC class or pattern URN, or a Digital Link of any
/// domain; `None` for what is no GS1 identifier.
pub fn canonical(text: &str) -> Option<String> {
    if text.len() > LENGTH_MAX {
        return None;
    }
    if let Some(name) = text.strip_prefix("urn:epc:") {
        return urn::link(name);
    }
    link::canonical(text)
}

/// The canonical link, or the text as it is.
pub fn canonical_or_same(text: &str) -> String {
    canonical(text).unwrap_or_else(|| text.to_owned())
}

/// A URN or link escapes the same character in different ways; this form has one.
/// RFC 3986 2.3: everything but unreserved characters, with upper-case digits.
pub(crate) fn reescape(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        rest = tail;
        if *first == b'%' {
            let (digits, tail) = tail.split_at_checked(2)?;
            rest = tail;
            let hex = |byte: u8| char::from(byte).to_digit(16);
            let value = hex(digits[0])? * 16 + hex(digits[1])?;
            bytes.push(u8::try_from(value).ok()?);
        } else {
            bytes.push(*first);
        }
    }
    let mut out = String::with_capacity(bytes.len());
    for byte in bytes {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            out.push('%');
            for digit in [byte >> 4, byte & 15] {
                let digit = char::from_digit(u32::from(digit), 16)?;
                out.push(digit.to_ascii_uppercase());
            }
        }
    }
    Some(out)
}

/// GS1 General Specifications 7.9: weights 3 and 1 from the right.
pub(crate) fn check_digit(digits: &str) -> Option<char> {
    let mut sum = 0;
    for (at, digit) in digits.chars().rev().enumerate() {
        sum += digit.to_digit(10)? * if at % 2 == 0 { 3 } else { 1 };
    }
    char::from_digit((10 - sum % 10) % 10, 10)
}

pub(crate) fn all_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}
