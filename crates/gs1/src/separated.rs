//! Element strings as bar codes carry them: without brackets, a separator after what varies in
//! length (GS1 General Specifications 7.8.5).

use crate::elements::{Elements, Reader};
use crate::error::{Defect, Error};
use crate::{BYTES_MAX, table};

/// What a scanner transmits for FNC1 between elements.
pub const SEPARATOR: char = '\u{1d}';

/// Reads elements one after the other. A separator at the begin is taken as the FNC1 of the first
/// position, and one after an element of predefined length is not needed, but allowed.
pub fn parse(text: &str) -> Result<Elements, Error> {
    if text.len() > BYTES_MAX {
        return Err(Error::TooMuch {
            limit: BYTES_MAX,
            unit: "bytes",
        });
    }
    let mut at = usize::from(text.starts_with(SEPARATOR));
    let mut reader = Reader::default();
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let ai = table::beginning(rest.as_bytes()).ok_or(Error::UnknownIdentifier { at })?;
        let after = rest.get(ai.code.len()..).unwrap_or_default();
        let mut end = after.find(SEPARATOR).unwrap_or(after.len());
        if ai.predefined {
            end = end.min(ai.max());
        }
        // What a predefined length cuts through is no digit.
        let value = after.get(..end).ok_or(Error::Value {
            ai: ai.code,
            at: 0,
            defect: Defect::Length,
        })?;
        reader.push(ai, value)?;
        at += ai.code.len() + end;
        at += usize::from(
            text.get(at..)
                .is_some_and(|rest| rest.starts_with(SEPARATOR)),
        );
    }
    reader.finish()
}

/// Writes it, without a separator at the begin or the end.
pub(crate) fn write(elements: &Elements) -> String {
    let mut out = String::new();
    let mut separator = false;
    for element in elements.list() {
        if separator {
            out.push(SEPARATOR);
        }
        out.push_str(element.ai.code);
        out.push_str(&element.value);
        separator = !element.ai.predefined;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separators_stand_only_where_a_length_varies() {
        let read = parse("\u{1d}0109506000134352\u{1d}1727123110A\u{1d}211\u{1d}").unwrap();
        assert_eq!(read.bracketed(), "(01)09506000134352(17)271231(10)A(21)1");
        assert_eq!(read.separated(), "01095060001343521727123110A\u{1d}211");
    }

    #[test]
    fn what_cannot_be_read_is_refused_at_its_place() {
        let defect = |ai, at, defect| Error::Value { ai, at, defect };
        let cases = [
            ("", Error::Empty),
            ("\u{1d}", Error::Empty),
            (
                "0109506000134352\u{1d}\u{1d}10A",
                Error::UnknownIdentifier { at: 17 },
            ),
            ("010950600013435", defect("01", 13, Defect::TooShort)),
            ("01095060001343", defect("01", 12, Defect::TooShort)),
            (
                "0109506000134352101234567890123456789012",
                defect("10", 20, Defect::TooLong),
            ),
            ("010950600013435\u{e9}", defect("01", 0, Defect::Length)),
            ("010950600013435210", defect("10", 0, Defect::Empty)),
        ];
        for (text, error) in cases {
            assert_eq!(parse(text), Err(error), "{text}");
        }
    }
}
