//! Element strings as people write them: `(01)09506000134352(10)ABC`.

use crate::elements::{Elements, Reader};
use crate::error::Error;
use crate::{BYTES_MAX, table};

/// Reads a bracketed element string. A bracket that belongs to a value is written `\(`.
pub fn parse(text: &str) -> Result<Elements, Error> {
    if text.is_empty() {
        return Err(Error::Empty);
    }
    if text.len() > BYTES_MAX {
        return Err(Error::TooMuch {
            limit: BYTES_MAX,
            unit: "bytes",
        });
    }
    let mut reader = Reader::default();
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let (code, after) = rest
            .strip_prefix('(')
            .and_then(|inner| inner.split_once(')'))
            .ok_or(Error::Brackets { at })?;
        let ai = table::named(code).ok_or(Error::UnknownIdentifier { at: at + 1 })?;
        let (value, length) = value(after);
        if length == 0 {
            return Err(Error::Brackets {
                at: at + code.len() + 2,
            });
        }
        reader.push(ai, &value)?;
        at += code.len() + 2 + length;
    }
    reader.finish()
}

/// The value up to the next bracket that is not escaped, and how many bytes it took.
fn value(text: &str) -> (String, usize) {
    let mut value = String::new();
    let mut previous = None;
    for (at, c) in text.char_indices() {
        if c == '(' {
            if previous != Some('\\') {
                return (value, at);
            }
            value.pop();
        }
        value.push(c);
        previous = Some(c);
    }
    (value, text.len())
}

/// Writes it.
pub(crate) fn write(elements: &Elements) -> String {
    let mut out = String::new();
    for element in elements.list() {
        out.push('(');
        out.push_str(element.ai.code);
        out.push(')');
        out.push_str(&element.value.replace('(', "\\("));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bracket_in_a_value_is_escaped() {
        let read = parse(r"(01)09506000134352(10)A\(B)\((21)1").unwrap();
        assert_eq!(read.lot(), Some("A(B)("));
        assert_eq!(read.bracketed(), r"(01)09506000134352(10)A\(B)\((21)1");
        assert_eq!(read.separated(), "010950600013435210A(B)(\u{1d}211");
    }

    #[test]
    fn what_is_not_bracketed_is_refused_at_its_place() {
        let cases = [
            ("01", Error::Brackets { at: 0 }),
            ("(01", Error::Brackets { at: 0 }),
            ("(01)", Error::Brackets { at: 4 }),
            ("(01)09506000134352(", Error::Brackets { at: 18 }),
            ("(01)09506000134352(10)(21)1", Error::Brackets { at: 22 }),
            ("()1", Error::UnknownIdentifier { at: 1 }),
            ("(1)1", Error::UnknownIdentifier { at: 1 }),
            (
                "(01)09506000134352(AB)1",
                Error::UnknownIdentifier { at: 19 },
            ),
            ("", Error::Empty),
        ];
        for (text, error) in cases {
            assert_eq!(parse(text), Err(error), "{text}");
        }
        assert!(matches!(
            parse(&"(".repeat(9_000)),
            Err(Error::TooMuch { .. })
        ));
        assert!(matches!(
            parse(&"(90)1".repeat(65)),
            Err(Error::TooMuch { limit: 64, .. })
        ));
    }
}
