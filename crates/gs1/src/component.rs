//! A value against the components of its identifier.

use crate::error::{Charset, Defect};
use crate::table::{Ai, Component};

/// What is wrong, and at which byte of the value.
pub(crate) type Fault = (usize, Defect);

/// Checks one whole value.
pub(crate) fn check(ai: &Ai, value: &str) -> Result<(), Fault> {
    if value.is_empty() {
        return Err((0, Defect::Empty));
    }
    if value.len() < ai.min() {
        return Err((value.len(), Defect::TooShort));
    }
    if value.len() > ai.max() {
        return Err((ai.max(), Defect::TooLong));
    }
    let mut at = 0;
    for component in &ai.components {
        // A byte that begins no character belongs to one outside every set.
        let Some(rest) = value.get(at..) else {
            return Err((at, Defect::Character(component.charset)));
        };
        if component.optional && rest.is_empty() {
            continue;
        }
        let end = rest.len().min(component.max);
        let Some(part) = rest.get(..end) else {
            return Err((at, Defect::Character(component.charset)));
        };
        one(component, part).map_err(|(place, defect)| (at + place, defect))?;
        at += part.len();
    }
    if at < value.len() {
        Err((at, Defect::TooLong))
    } else {
        Ok(())
    }
}

fn one(component: &Component, part: &str) -> Result<(), Fault> {
    if part.len() < component.min {
        return Err((0, Defect::Length));
    }
    characters(component.charset, part)?;
    component
        .linters
        .iter()
        .try_for_each(|linter| linter.check(part))
}

/// GS1 General Specifications 7.11.
fn characters(set: Charset, part: &str) -> Result<(), Fault> {
    let body = match set {
        // Padding is allowed where it makes the length a multiple of three.
        Charset::Cset64 => {
            let body = part.trim_end_matches('=');
            let pads = part.len() - body.len();
            if pads > 2 || (pads > 0 && !part.len().is_multiple_of(3)) {
                return Err((body.len(), Defect::Form("the padding of base64url")));
            }
            body
        }
        _ => part,
    };
    match body.bytes().position(|byte| !set.has(byte)) {
        Some(at) => Err((at, Defect::Character(set))),
        None => Ok(()),
    }
}

impl Charset {
    /// Whether a byte is a character of the set.
    pub(crate) fn has(self, byte: u8) -> bool {
        match self {
            Self::Numeric => byte.is_ascii_digit(),
            Self::Cset82 => {
                byte.is_ascii_alphanumeric() || b"!\"%&'()*+,-./:;<=>?_".contains(&byte)
            }
            Self::Cset39 => {
                byte.is_ascii_digit() || byte.is_ascii_uppercase() || b"#-/".contains(&byte)
            }
            Self::Cset64 => byte.is_ascii_alphanumeric() || b"-_".contains(&byte),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::named;

    #[test]
    fn character_set_82_has_82_characters_and_39_has_39() {
        let count = |set: Charset| (0..=255).filter(|byte| set.has(*byte)).count();
        assert_eq!(count(Charset::Cset82), 82);
        assert_eq!(count(Charset::Cset39), 39);
        assert_eq!(count(Charset::Cset64), 64);
    }

    #[test]
    fn each_component_is_checked_at_its_place() {
        let cases = [
            ("8008", "26022812", None),
            ("8008", "260228123059", None),
            ("8008", "2602281230590", Some((12, Defect::TooLong))),
            ("8008", "26022812305", Some((10, Defect::Length))),
            ("8008", "260229123059", Some((4, Defect::Day))),
            ("8008", "260228126059", Some((8, Defect::Time))),
            ("4330", "002500-", None),
            ("4330", "002500", None),
            (
                "4330",
                "002500+",
                Some((6, Defect::Form("a hyphen or nothing"))),
            ),
            ("423", "276250", None),
            ("423", "276999", Some((3, Defect::Code("ISO 3166")))),
            ("421", "27610115", None),
            ("421", "276", Some((3, Defect::TooShort))),
            (
                "8030",
                "abcd_-==",
                Some((6, Defect::Form("the padding of base64url"))),
            ),
            ("8030", "abcd_-abc", None),
            ("8030", "abcd_-a==", None),
            ("10", "", Some((0, Defect::Empty))),
            (
                "10",
                "A\u{e9}",
                Some((1, Defect::Character(Charset::Cset82))),
            ),
            (
                "421",
                "27\u{e9}1",
                Some((0, Defect::Character(Charset::Numeric))),
            ),
        ];
        for (code, value, fault) in cases {
            let ai = named(code).unwrap();
            assert_eq!(
                check(ai, value),
                fault.map_or(Ok(()), Err),
                "({code}){value}"
            );
        }
    }
}
