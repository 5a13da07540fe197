//! What a scanner hands over: a symbology identifier (ISO/IEC 15424) and the data.

use crate::error::{Defect, Error};
use crate::gtin;
use crate::{BYTES_MAX, Elements, brackets, digital_link, separated};

/// Symbologies in their GS1 form: the data is elements with separators.
const ELEMENT_STRINGS: &[(&str, &str)] = &[
    ("]C1", "GS1-128"),
    ("]e0", "GS1 DataBar"),
    ("]d2", "GS1 DataMatrix"),
    ("]Q3", "GS1 QR Code"),
    ("]J1", "GS1 DotCode"),
];
/// Symbologies without FNC1: a Digital Link or nothing of GS1.
const PLAIN: &[&str] = &["]d1", "]Q1", "]J0"];
/// Digits only: EAN-13, UPC-A and UPC-E as thirteen, EAN-8 as eight, ITF-14 as fourteen.
const NUMBERS: &[(&str, usize)] = &[("]E0", 13), ("]E4", 8), ("]I0", 14), ("]I1", 14)];

/// Reads what a scanner handed over, or a person typed: with a symbology identifier as this says,
/// else by its form: a URI, elements with brackets, a retail number of 8, 12 or 13 digits, else
/// elements, else a number of 14 digits.
///
/// ```
/// let read = gs1::scan("]d201095060001343521727123110ABC\u{1d}2112345")?;
/// assert_eq!(read.serial(), Some("12345"));
/// assert_eq!(
///     read.digital_link().as_deref(),
///     Some("https://id.gs1.org/01/09506000134352/10/ABC/21/12345?17=271231")
/// );
/// # Ok::<(), gs1::Error>(())
/// ```
pub fn scan(text: &str) -> Result<Elements, Error> {
    if text.is_empty() {
        return Err(Error::Empty);
    }
    if text.len() > BYTES_MAX {
        return Err(Error::TooMuch {
            limit: BYTES_MAX,
            unit: "bytes",
        });
    }
    if !text.starts_with(']') {
        return unmarked(text);
    }
    let (symbology, data) = text.split_at_checked(3).ok_or(Error::Symbology)?;
    if ELEMENT_STRINGS.iter().any(|(known, _)| *known == symbology) {
        return separated::parse(data);
    }
    if PLAIN.contains(&symbology) {
        return digital_link::parse(data);
    }
    let number = NUMBERS.iter().find(|(known, _)| *known == symbology);
    let (_, length) = number.ok_or(Error::Symbology)?;
    if data.len() == *length {
        trade_item(data)
    } else {
        Err(Error::Retail(Defect::Length))
    }
}

fn unmarked(text: &str) -> Result<Elements, Error> {
    if digital_link::is_uri(text) {
        return digital_link::parse(text);
    }
    // No identifier begins with a bracket.
    if text.starts_with('(') {
        return brackets::parse(text);
    }
    // Eight, twelve or thirteen digits could be elements too, such as `90123456`; where they carry
    // a check digit that holds, they are a retail number.
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let is_retail = digits && [8, 12, 13].contains(&text.len());
    if let Some(Ok(read)) = is_retail.then(|| trade_item(text)) {
        return Ok(read);
    }
    let is_long = digits && text.len() == 14;
    separated::parse(text).or_else(|error| {
        let number = is_long.then(|| trade_item(text));
        number.and_then(Result::ok).ok_or(error)
    })
}

fn trade_item(digits: &str) -> Result<Elements, Error> {
    let number = gtin::normal(digits).map_err(Error::Retail)?;
    Elements::new([("01", number.as_str())])
}

/// The bar code of a symbology identifier, where it is one that carries GS1 data.
pub fn symbology(text: &str) -> Option<&'static str> {
    let prefix = text.get(..3)?;
    let named = ELEMENT_STRINGS.iter().find(|(known, _)| *known == prefix);
    named.map(|(_, name)| *name).or(match prefix {
        "]E0" => Some("EAN-13 or UPC"),
        "]E4" => Some("EAN-8"),
        "]I0" | "]I1" => Some("ITF-14"),
        "]d1" => Some("DataMatrix"),
        "]Q1" => Some("QR Code"),
        "]J0" => Some("DotCode"),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scan_is_read_by_its_symbology() {
        let cases = [
            ("]d2010950600013435210A", "(01)09506000134352(10)A"),
            ("]C100095060001343521113", "(00)095060001343521113"),
            (
                "]Q1https://example.org/01/09506000134352",
                "(01)09506000134352",
            ),
            (
                "]d1HTTP://example.org/x/01/09506000134352",
                "(01)09506000134352",
            ),
            ("]E09506000134352", "(01)09506000134352"),
            ("]E0614141007349", ""),
            ("]E00614141007349", "(01)00614141007349"),
            ("]E496385074", "(01)00000096385074"),
            ("010950600013435210A", "(01)09506000134352(10)A"),
            ("9506000134352", "(01)09506000134352"),
            ("614141007349", "(01)00614141007349"),
            ("96385074", "(01)00000096385074"),
            ("]I109506000134352", "(01)09506000134352"),
            ("09506000134352", "(01)09506000134352"),
            ("(01)09506000134352(10)A", "(01)09506000134352(10)A"),
            (
                "https://example.org/01/09506000134352",
                "(01)09506000134352",
            ),
            ("90123456", "(90)123456"),
        ];
        for (text, read) in cases {
            let outcome = scan(text).map(|read| read.bracketed());
            assert_eq!(
                outcome.as_deref().unwrap_or_default(),
                read,
                "{text}: {outcome:?}"
            );
        }
    }

    #[test]
    fn what_is_no_scan_of_gs1_is_refused() {
        let cases = [
            ("", Error::Empty),
            ("]", Error::Symbology),
            ("]d", Error::Symbology),
            ("]A0123", Error::Symbology),
            ("]\u{e9}1", Error::Symbology),
            ("]d2", Error::Empty),
            ("]E0123", Error::Retail(Defect::Length)),
            ("]E09506000134353", Error::Retail(Defect::CheckDigit)),
        ];
        for (text, error) in cases {
            assert_eq!(scan(text), Err(error), "{text}");
        }
    }
}
