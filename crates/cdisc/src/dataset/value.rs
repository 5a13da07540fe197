//! A value of a dataset, exact.

use std::cmp::Ordering;

/// The longest expansion of a number: digits of the largest and the smallest double, and more.
const EXPONENT_MAX: i64 = 400;
const DIGITS_MAX: usize = 100;

/// One cell.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Value {
    /// `null`, or a SAS missing value `.`.
    Missing,
    /// A SAS missing value that says why: `.A` to `.Z` and `._`. Only a transport file has it;
    /// Dataset-JSON writes `null`.
    SpecialMissing(u8),
    /// `true` or `false`.
    Boolean(bool),
    /// A number.
    Number(Number),
    /// Everything else, with dates, times and decimals that are exchanged as text.
    Text(Box<str>),
}

impl Value {
    /// A text.
    pub fn text(text: &str) -> Self {
        Self::Text(text.into())
    }

    /// A number by its lexeme; `None` when it is not one, or beyond what a double reaches.
    pub fn number(lexeme: &str) -> Option<Self> {
        Number::new(lexeme).map(Self::Number)
    }

    /// Whether there is no value.
    pub fn is_missing(&self) -> bool {
        matches!(self, Self::Missing | Self::SpecialMissing(_))
    }

    /// What the value is called in an issue.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Missing | Self::SpecialMissing(_) => "null",
            Self::Boolean(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::Text(_) => "a string",
        }
    }
}

/// A number as it was written: `1.50` stays `1.50`. Two numbers are equal when their values are.
#[derive(Clone, Debug)]
pub struct Number(Box<str>);

impl Number {
    /// Reads the lexeme of a JSON number.
    pub fn new(lexeme: &str) -> Option<Self> {
        Parts::of(lexeme)?;
        Some(Self(lexeme.into()))
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The one lexeme of the value: plain decimal, no exponent, no needless zero, no `-0`.
    pub fn canonical(&self) -> String {
        self.parts().map_or_else(String::new, |parts| parts.plain())
    }

    /// Whether the value is a whole number.
    pub fn is_integer(&self) -> bool {
        self.parts().is_some_and(|parts| parts.exponent >= 0)
    }

    pub(super) fn parts(&self) -> Option<Parts> {
        Parts::of(&self.0)
    }
}

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0 || self.parts() == other.parts()
    }
}

impl Eq for Number {}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self.parts(), other.parts()) {
            (Some(left), Some(right)) => left.cmp(&right),
            // Only what `Parts::of` accepts is ever made.
            (left, right) => left.is_some().cmp(&right.is_some()),
        }
    }
}

/// `±0.digits × 10^places`: no zero at either end of the digits; zero has no digits.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct Parts {
    is_negative: bool,
    digits: Vec<u8>,
    /// The power of ten of the last digit.
    exponent: i64,
}

impl Parts {
    fn of(lexeme: &str) -> Option<Self> {
        let (number, power) = match lexeme.find(['e', 'E']) {
            Some(at) => (&lexeme[..at], lexeme[at + 1..].parse::<i64>().ok()?),
            None => (lexeme, 0),
        };
        let unsigned = number.strip_prefix('-').unwrap_or(number);
        let (whole, fraction) = match unsigned.split_once('.') {
            Some((_, "")) => return None,
            Some(parts) => parts,
            None => (unsigned, ""),
        };
        let is_plain = whole
            .bytes()
            .chain(fraction.bytes())
            .all(|b| b.is_ascii_digit());
        let is_padded = whole.len() > 1 && whole.starts_with('0');
        let is_bounded = power.abs() <= EXPONENT_MAX && whole.len() + fraction.len() <= DIGITS_MAX;
        if whole.is_empty() || !is_plain || is_padded || !is_bounded {
            return None;
        }
        let mut digits: Vec<u8> = whole.bytes().chain(fraction.bytes()).collect();
        let mut exponent = power - i64::try_from(fraction.len()).ok()?;
        while digits.last() == Some(&b'0') {
            digits.pop();
            exponent += 1;
        }
        let zeros = digits.iter().take_while(|digit| **digit == b'0').count();
        digits.drain(..zeros);
        if digits.is_empty() {
            exponent = 0;
        }
        Some(Self {
            is_negative: lexeme.starts_with('-') && !digits.is_empty(),
            digits,
            exponent,
        })
    }

    /// The power of ten just above the first digit.
    fn places(&self) -> i64 {
        self.exponent + i64::try_from(self.digits.len()).unwrap_or(i64::MAX)
    }

    fn plain(&self) -> String {
        if self.digits.is_empty() {
            return "0".to_owned();
        }
        let mut text = String::from(if self.is_negative { "-" } else { "" });
        let places = usize::try_from(self.places()).unwrap_or(0);
        let (whole, fraction) = self.digits.split_at(places.min(self.digits.len()));
        text.extend(whole.iter().map(|digit| char::from(*digit)));
        text.extend(std::iter::repeat_n('0', places - whole.len()));
        if places == 0 {
            text.push('0');
        }
        if !fraction.is_empty() {
            text.push('.');
            let below = usize::try_from(-self.places()).unwrap_or(0);
            text.extend(std::iter::repeat_n('0', below));
            text.extend(fraction.iter().map(|digit| char::from(*digit)));
        }
        text
    }
}

impl PartialOrd for Parts {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Parts {
    fn cmp(&self, other: &Self) -> Ordering {
        let rank = |parts: &Self| match (parts.digits.is_empty(), parts.is_negative) {
            (true, _) => 1,
            (false, true) => 0,
            (false, false) => 2,
        };
        let magnitude = || {
            let places = self.places().cmp(&other.places());
            places.then_with(|| self.digits.cmp(&other.digits))
        };
        rank(self).cmp(&rank(other)).then_with(|| {
            if self.is_negative {
                magnitude().reverse()
            } else {
                magnitude()
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_one_canonical_lexeme() {
        for (lexeme, canonical) in [
            ("0", "0"),
            ("-0", "0"),
            ("-0.00e7", "0"),
            ("1.50", "1.5"),
            ("1e3", "1000"),
            ("12.5E-3", "0.0125"),
            ("-120", "-120"),
            ("1E+2", "100"),
            ("9007199254740993", "9007199254740993"),
            ("0.1", "0.1"),
            ("100.001", "100.001"),
        ] {
            assert_eq!(
                Number::new(lexeme).unwrap().canonical(),
                canonical,
                "{lexeme}"
            );
        }
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for text in [
            "", "-", "1.", ".5", "01", "1e", "1e999", "NaN", "0x1", "1,5", "+1", "--1",
        ] {
            assert!(Number::new(text).is_none(), "{text}");
        }
    }

    #[test]
    fn numbers_order_by_value() {
        let sorted = [
            "-1e3", "-2", "-1.5", "-0.001", "0", "1e-9", "0.5", "1.50", "9", "10", "1e2",
        ];
        let numbers: Vec<Number> = sorted.iter().map(|it| Number::new(it).unwrap()).collect();
        for pair in numbers.windows(2) {
            assert!(pair[0] < pair[1], "{pair:?}");
        }
        assert_eq!(Number::new("1.5"), Number::new("1.50"));
        assert_ne!(Number::new("1.5"), Number::new("-1.5"));
    }
}
