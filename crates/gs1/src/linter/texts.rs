//! Company prefixes, bank accounts, percent-encoded text.

use super::codes;
use crate::component::Fault;
use crate::error::{Charset, Defect};

/// The shortest GS1 Company Prefix.
const PREFIX_MIN: usize = 4;

/// A company prefix begins with digits. Whether it was ever assigned, only GS1 knows.
pub(super) fn company_prefix(part: &str, skip: usize) -> Result<(), Fault> {
    let Some(prefix) = part.as_bytes().get(skip..skip + PREFIX_MIN) else {
        return Err((0, Defect::Form("too short for a company prefix")));
    };
    match prefix.iter().position(|byte| !byte.is_ascii_digit()) {
        Some(at) => Err((skip + at, Defect::Character(Charset::Numeric))),
        None => Ok(()),
    }
}

const IBAN_LENGTHS: std::ops::RangeInclusive<usize> = 11..=34;

/// ISO 13616 with ISO 7064 MOD 97-10: country and check digits moved to the end, letters as two
/// digits, the remainder is one.
pub(super) fn iban(part: &str) -> Result<(), Fault> {
    if !part.get(..2).is_some_and(codes::is_country_alpha) {
        return Err((0, Defect::Code("ISO 3166")));
    }
    if !IBAN_LENGTHS.contains(&part.len()) {
        return Err((0, Defect::Length));
    }
    let bytes = part.as_bytes();
    let mut remainder = 0;
    for at in (4..bytes.len()).chain(0..4) {
        remainder = match bytes.get(at) {
            Some(digit @ b'0'..=b'9') => remainder * 10 + u32::from(digit - b'0'),
            Some(letter @ b'A'..=b'Z') => remainder * 100 + u32::from(letter - b'A') + 10,
            _ => return Err((at, Defect::Form("an IBAN"))),
        } % 97;
    }
    if remainder == 1 {
        Ok(())
    } else {
        Err((2, Defect::CheckPair))
    }
}

/// After each `%` two hexadecimal digits (RFC 3986 2.1).
pub(super) fn percent_encoded(part: &str) -> Result<(), Fault> {
    let bytes = part.as_bytes();
    for (at, _) in bytes.iter().enumerate().filter(|(_, byte)| **byte == b'%') {
        let digits = bytes.get(at + 1..at + 3);
        if !digits.is_some_and(|two| two.iter().all(u8::is_ascii_hexdigit)) {
            return Err((at, Defect::Form("percent encoding")));
        }
    }
    Ok(())
}
