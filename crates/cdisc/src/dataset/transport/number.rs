//! Numbers of SAS: IBM 370 floating point, base 16, a fraction of 56 bits.
//!
//! The one place of this crate with floats, because a double is what SAS means: a decimal goes to
//! the double nearest to it, and every double within the range of the form has an IBM number that
//! is exactly it (53 bits fit into 56 less at most 3 leading zeros). Back, an IBM number with more
//! than 53 bits goes to the nearest double; what is written out is the shortest decimal that is
//! that double.

use crate::dataset::{Number, Value};

/// A missing value is one of these bytes, then zeros.
fn is_missing_mark(byte: u8) -> bool {
    matches!(byte, b'.' | b'_' | b'A'..=b'Z')
}

/// A number or a missing value from 2 to 8 bytes; shortened ones lack the end of their fraction.
pub(super) fn read(field: &[u8]) -> Option<Value> {
    let [first, rest @ ..] = field else {
        return None;
    };
    let is_bare = rest.iter().all(|byte| *byte == 0);
    if is_bare && is_missing_mark(*first) {
        return Some(match *first {
            b'.' => Value::Missing,
            mark => Value::SpecialMissing(mark),
        });
    }
    let mut bytes = [0; 8];
    bytes.get_mut(..field.len())?.copy_from_slice(field);
    let all = u64::from_be_bytes(bytes);
    let fraction = all & 0x00FF_FFFF_FFFF_FFFF;
    let sixteens = i32::from(bytes[0] & 0x7F) - 64;
    #[allow(
        clippy::cast_precision_loss,
        reason = "to the nearest double, as documented"
    )]
    let magnitude = fraction as f64 * power_of_two(4 * sixteens - 56);
    let signed = if bytes[0] & 0x80 == 0 || fraction == 0 {
        magnitude
    } else {
        -magnitude
    };
    Number::new(&signed.to_string()).map(Value::Number)
}

/// A missing value.
pub(super) fn missing(mark: u8) -> [u8; 8] {
    let mut bytes = [0; 8];
    bytes[0] = mark;
    bytes
}

/// Why a number is not written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Unfit {
    /// Beyond 7.2e75, or nearer to zero than 5.4e-79.
    Range,
    /// A whole number that no double is.
    Integer,
}

/// The IBM number of the double nearest to a decimal; whether that double reads back as the same
/// decimal.
pub(super) fn write(number: &Number) -> Result<([u8; 8], bool), Unfit> {
    let canonical = number.canonical();
    let double: f64 = canonical.parse().map_err(|_| Unfit::Range)?;
    let is_exact = double.to_string() == canonical;
    if !is_exact && number.is_integer() {
        return Err(Unfit::Integer);
    }
    ibm(double)
        .map(|bytes| (bytes, is_exact))
        .ok_or(Unfit::Range)
}

fn ibm(double: f64) -> Option<[u8; 8]> {
    let bits = double.to_bits();
    let twos = i32::try_from(bits >> 52 & 0x7FF).ok()? - 1022;
    if double == 0.0 {
        return Some([0; 8]);
    }
    // IEEE 754: 0.1f × 2^twos. A subnormal is far below the range.
    let fraction = (1 << 52 | bits & 0x000F_FFFF_FFFF_FFFF) << 3;
    // The next power of sixteen that is not below.
    let sixteens = (twos + 3).div_euclid(4);
    let shift = 4 * sixteens - twos;
    let exponent = u8::try_from(sixteens + 64)
        .ok()
        .filter(|exponent| *exponent < 0x80)?;
    let mut bytes = (fraction >> shift).to_be_bytes();
    bytes[0] = exponent | if double.is_sign_negative() { 0x80 } else { 0 };
    Some(bytes)
}

/// `2^exponent`, exactly; within the range of a double for every IBM number.
fn power_of_two(exponent: i32) -> f64 {
    let biased = u64::try_from(exponent + 1023).unwrap_or(0);
    f64::from_bits(biased << 52)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Number {
        Number::new(text).unwrap()
    }

    #[test]
    fn known_numbers_have_their_known_bytes() {
        for (text, bytes) in [
            ("0", [0, 0, 0, 0, 0, 0, 0, 0]),
            ("1", [0x41, 0x10, 0, 0, 0, 0, 0, 0]),
            ("-1", [0xC1, 0x10, 0, 0, 0, 0, 0, 0]),
            ("2", [0x41, 0x20, 0, 0, 0, 0, 0, 0]),
            ("0.5", [0x40, 0x80, 0, 0, 0, 0, 0, 0]),
            ("100", [0x42, 0x64, 0, 0, 0, 0, 0, 0]),
            ("-118.625", [0xC2, 0x76, 0xA0, 0, 0, 0, 0, 0]),
            ("0.1", [0x40, 0x19, 0x99, 0x99, 0x99, 0x99, 0x99, 0x9A]),
        ] {
            assert_eq!(write(&number(text)).unwrap(), (bytes, true), "{text}");
            assert_eq!(read(&bytes), Value::number(text), "{text}");
        }
    }

    #[test]
    fn whole_numbers_are_exact_or_refused() {
        for power in 0..53 {
            for offset in [-1, 0, 1] {
                let text = ((1_i64 << power) + offset).to_string();
                let (bytes, is_exact) = write(&number(&text)).unwrap();
                assert!(is_exact);
                assert_eq!(read(&bytes), Value::number(&text), "{text}");
            }
        }
        assert_eq!(write(&number("9007199254740993")), Err(Unfit::Integer));
        assert_eq!(write(&number("1e76")), Err(Unfit::Range));
        assert_eq!(write(&number("-7e75")).map(|it| it.1), Ok(true));
        assert_eq!(write(&number("1e-90")), Err(Unfit::Range));
        assert!(write(&number("1e-78")).is_ok());
    }

    #[test]
    fn a_decimal_beyond_a_double_is_the_nearest_and_says_so() {
        let (bytes, is_exact) = write(&number("0.12345678901234567890123")).unwrap();
        assert!(!is_exact);
        assert_eq!(read(&bytes), Value::number("0.12345678901234568"));
    }

    #[test]
    fn missing_values_keep_their_letter() {
        assert_eq!(read(&missing(b'.')), Some(Value::Missing));
        for mark in [b'_', b'A', b'M', b'Z'] {
            assert_eq!(read(&missing(mark)), Some(Value::SpecialMissing(mark)));
        }
        // `A` is an exponent too, but of nothing: a number has a fraction.
        assert_eq!(read(&[0x41, 0x10, 0]), Value::number("1"));
        assert_eq!(read(&[0x2E, 0, 0]), Some(Value::Missing));
    }
}
