//! Trade item numbers of 8, 12, 13 and 14 digits, as one of 14.

use crate::check_digit;
use crate::error::{Charset, Defect};

/// The number in 14 digits, with zeros before it (GS1 General Specifications 3.3.2).
///
/// ```
/// assert_eq!(gs1::gtin::normal("96385074").as_deref(), Ok("00000096385074"));
/// ```
pub fn normal(digits: &str) -> Result<String, Defect> {
    if digits.bytes().any(|byte| !byte.is_ascii_digit()) {
        return Err(Defect::Character(Charset::Numeric));
    }
    if ![8, 12, 13, 14].contains(&digits.len()) {
        return Err(Defect::Length);
    }
    if !check_digit::holds(digits) {
        return Err(Defect::CheckDigit);
    }
    Ok(format!("{digits:0>14}"))
}

/// The National Drug Code inside a GTIN of the United States, ten digits without its dashes: they
/// have the prefix 03 (21 CFR 207.33; GS1 US, National Drug Code and GTIN).
pub fn national_drug_code(gtin: &str) -> Option<&str> {
    let is_drug = gtin.len() == 14 && gtin.get(1..3) == Some("03");
    gtin.get(3..13).filter(|_| is_drug)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drug_of_the_united_states_has_its_code_in_its_number() {
        let cases = [
            ("00301430957010", Some("0143095701")),
            ("50301430957015", Some("0143095701")),
            ("09506000134352", None),
            ("0301430957010", None),
        ];
        for (gtin, code) in cases {
            assert_eq!(national_drug_code(gtin), code, "{gtin}");
        }
    }

    #[test]
    fn each_length_becomes_fourteen_digits() {
        let cases = [
            ("96385074", Ok("00000096385074")),
            ("614141007349", Ok("00614141007349")),
            ("9506000134352", Ok("09506000134352")),
            ("09506000134352", Ok("09506000134352")),
            ("9506000134353", Err(Defect::CheckDigit)),
            ("", Err(Defect::Length)),
            ("950600013435", Err(Defect::CheckDigit)),
            ("9506000134352000", Err(Defect::Length)),
            ("950600013435X", Err(Defect::Character(Charset::Numeric))),
        ];
        for (digits, expected) in cases {
            assert_eq!(
                normal(digits).as_deref(),
                expected.as_ref().copied(),
                "{digits}"
            );
        }
    }
}
