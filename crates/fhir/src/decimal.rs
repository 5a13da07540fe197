//! Decimals without floats: mantissa and exponent, and a key whose byte order is their order.

use std::cmp::Ordering;

/// More digits than this are not indexed (R4 asks for 18).
const DIGITS_MAX: usize = 34;
/// Exponents beyond are not indexed.
const EXPONENT_MAX: u32 = 1000;

/// `mantissa × 10^exponent`. The written precision is kept (`1.0` has exponent -1); equality and
/// order are those of the numbers (`1.0` equals `1`).
#[derive(Clone, Copy, Debug)]
pub struct Decimal {
    /// All written digits as an integer.
    pub mantissa: i128,
    /// The power of ten.
    pub exponent: i32,
}

impl Decimal {
    /// Reads a FHIR decimal (`-1.50`, `1e3`); `None` when it is not one or has over 34 digits.
    pub fn parse(text: &str) -> Option<Self> {
        let (number, exponent) = match text.find(['e', 'E']) {
            Some(at) => (&text[..at], text[at + 1..].parse().ok()?),
            None => (text, 0_i32),
        };
        let (whole, fraction) = match number.split_once('.') {
            Some((_, "")) => return None,
            Some(parts) => parts,
            None => (number, ""),
        };
        let unsigned = whole.strip_prefix(['-', '+']).unwrap_or(whole);
        let digits = || unsigned.bytes().chain(fraction.bytes());
        let count = unsigned.len() + fraction.len();
        if unsigned.is_empty() || count > DIGITS_MAX || !digits().all(|b| b.is_ascii_digit()) {
            return None;
        }
        if exponent.unsigned_abs() > EXPONENT_MAX {
            return None;
        }
        let magnitude = digits().fold(0_i128, |sum, byte| sum * 10 + i128::from(byte - b'0'));
        let mantissa = if whole.starts_with('-') {
            -magnitude
        } else {
            magnitude
        };
        Some(Self {
            mantissa,
            exponent: exponent - i32::try_from(fraction.len()).ok()?,
        })
    }

    /// The numbers `[low, high)` that round to this one as written: `5.4` is `[5.35, 5.45)`.
    /// FHIR R4 3.1.1.4.5. `1e2` is `[95, 105)` there: one more digit where an exponent is written.
    pub fn written_range(&self, with_exponent: bool) -> (Self, Self) {
        let finer = if with_exponent { 100 } else { 10 };
        let exponent = self.exponent - if with_exponent { 2 } else { 1 };
        let middle = self.mantissa.saturating_mul(finer);
        (
            Self {
                mantissa: middle - 5,
                exponent,
            },
            Self {
                mantissa: middle + 5,
                exponent,
            },
        )
    }

    /// The numbers within a tenth: `ap`. FHIR R4 3.1.1.4.4.
    pub fn about(&self) -> (Self, Self) {
        let tenth = self.mantissa.abs();
        let middle = self.mantissa.saturating_mul(10);
        let exponent = self.exponent - 1;
        let at = |mantissa| Self { mantissa, exponent };
        (
            at(middle.saturating_sub(tenth)),
            at(middle.saturating_add(tenth)),
        )
    }

    /// A byte string; comparing two keys bytewise compares the decimals (`1.0` and `1` are equal).
    /// This is what a database column holds: 4 to 21 bytes.
    ///
    /// A sign byte, the place of the decimal point, the digits in pairs; all complemented and
    /// closed with 0xFF below zero.
    pub fn sort_key(&self) -> Vec<u8> {
        let digits = self.mantissa.unsigned_abs().to_string();
        let digits = digits.as_bytes();
        if self.mantissa == 0 {
            return vec![0x80];
        }
        let places = i32::try_from(digits.len())
            .unwrap_or(i32::MAX)
            .saturating_add(self.exponent);
        let biased = u16::try_from(places.saturating_add(0x4000).clamp(0, 0x7FFF)).unwrap_or(0);
        let mut key = vec![0xC0];
        key.extend(biased.to_be_bytes());
        let end = digits
            .iter()
            .rposition(|digit| *digit != b'0')
            .map_or(0, |at| at + 1);
        for pair in digits[..end].chunks(2) {
            let low = pair.get(1).map_or(0, |digit| digit - b'0');
            key.push((pair[0] - b'0') * 10 + low + 1);
        }
        if self.mantissa < 0 {
            for byte in &mut key {
                *byte = !*byte;
            }
            key.push(0xFF);
        }
        key
    }
}

impl PartialEq for Decimal {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Decimal {}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        if self.exponent == other.exponent {
            return self.mantissa.cmp(&other.mantissa);
        }
        self.sort_key().cmp(&other.sort_key())
    }
}
