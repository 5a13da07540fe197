//! The forms of the primitive types. FHIR R4 2.24.0.1.

use serde_json::{Number, Value};

use super::xhtml;
use crate::moment::{self, Form};
use crate::tables::Primitive;

/// FHIR R4 2.24.0.1: strings have at most 1 MB.
const STRING_BYTES_MAX: usize = 1 << 20;

pub(super) struct Fault {
    pub(super) code: &'static str,
    pub(super) text: &'static str,
}

const fn form(text: &'static str) -> Result<(), Fault> {
    Err(Fault {
        code: "value",
        text,
    })
}

const fn json(text: &'static str) -> Result<(), Fault> {
    Err(Fault {
        code: "structure",
        text,
    })
}

pub(super) fn check(primitive: Primitive, value: &Value) -> Result<(), Fault> {
    match (primitive, value) {
        (Primitive::Boolean, Value::Bool(_)) | (Primitive::Decimal, Value::Number(_)) => Ok(()),
        (Primitive::Boolean, _) => json("true or false is expected"),
        (
            Primitive::Integer | Primitive::UnsignedInt | Primitive::PositiveInt,
            Value::Number(number),
        ) => integer(primitive, number),
        (
            Primitive::Integer
            | Primitive::UnsignedInt
            | Primitive::PositiveInt
            | Primitive::Decimal,
            _,
        ) => json("a number is expected"),
        (_, Value::String(text)) => string(primitive, text),
        _ => json("a string is expected"),
    }
}

fn integer(primitive: Primitive, number: &Number) -> Result<(), Fault> {
    // 1.0 and 1e3 are not integers of FHIR.
    let Some(value) = number.as_str().parse::<i32>().ok() else {
        return form("a whole number of 32 bits is expected");
    };
    match primitive {
        Primitive::UnsignedInt if value < 0 => form("the number must not be negative"),
        Primitive::PositiveInt if value < 1 => form("the number must be positive"),
        _ => Ok(()),
    }
}

fn string(primitive: Primitive, text: &str) -> Result<(), Fault> {
    if text.is_empty() {
        return form("a string must not be empty");
    }
    let fine = match primitive {
        Primitive::String | Primitive::Markdown => return free_text(text),
        Primitive::Xhtml => {
            return xhtml::check(text).map_err(|text| Fault {
                code: "value",
                text,
            });
        }
        Primitive::Base64Binary => is_base64(text),
        Primitive::Canonical | Primitive::Uri | Primitive::Url => {
            !text.contains(char::is_whitespace)
        }
        Primitive::Code => is_code(text),
        Primitive::Date => moment::span(text, Form::Date).is_some(),
        Primitive::DateTime => moment::span(text, Form::DateTime).is_some(),
        Primitive::Instant => moment::span(text, Form::Instant).is_some(),
        Primitive::Time => moment::is_time(text),
        Primitive::Id => is_id(text),
        Primitive::Oid => text.strip_prefix("urn:oid:").is_some_and(is_oid),
        Primitive::Uuid => text.strip_prefix("urn:uuid:").is_some_and(is_uuid),
        _ => return json("this type is not a string"),
    };
    if fine {
        Ok(())
    } else {
        form(expected(primitive))
    }
}

fn expected(primitive: Primitive) -> &'static str {
    match primitive {
        Primitive::Base64Binary => "not base64",
        Primitive::Code => "not a code: no outer and no double white space",
        Primitive::Date => "not a date: YYYY, YYYY-MM or YYYY-MM-DD of the calendar",
        Primitive::DateTime => "not a dateTime: a date, or a date with time, seconds and zone",
        Primitive::Instant => "not an instant: date, time, seconds and zone are needed",
        Primitive::Time => "not a time: hh:mm:ss",
        Primitive::Id => "not an id: 1 to 64 letters, digits, `-` and `.`",
        Primitive::Oid => "not an oid: urn:oid:1.2.3",
        Primitive::Uuid => "not a uuid: urn:uuid: and 32 lower-case hexadecimal digits",
        _ => "not a uri: it has white space",
    }
}

fn free_text(text: &str) -> Result<(), Fault> {
    if text.len() > STRING_BYTES_MAX {
        return Err(Fault {
            code: "too-long",
            text: "a string has at most 1 MB",
        });
    }
    let control = |b: u8| b < 0x20 && !matches!(b, b'\t' | b'\n' | b'\r');
    if text.bytes().any(control) {
        form("a string has no control characters")
    } else {
        Ok(())
    }
}

/// `[^\s]+(\s[^\s]+)*`.
fn is_code(text: &str) -> bool {
    let mut after_space = true;
    for found in text.chars() {
        let space = found.is_whitespace();
        if space && after_space {
            return false;
        }
        after_space = space;
    }
    !after_space
}

/// `[A-Za-z0-9\-\.]{1,64}`.
pub(crate) fn is_id(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.')
}

fn is_oid(text: &str) -> bool {
    let mut arcs = text.split('.');
    let first = arcs
        .next()
        .is_some_and(|arc| matches!(arc, "0" | "1" | "2"));
    let mut more = false;
    let rest = arcs.all(|arc| {
        more = true;
        let digits = !arc.is_empty() && arc.bytes().all(|b| b.is_ascii_digit());
        digits && (arc == "0" || !arc.starts_with('0'))
    });
    first && more && rest
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, b)| match at {
            8 | 13 | 18 | 23 => b == b'-',
            _ => b.is_ascii_digit() || (b'a'..=b'f').contains(&b),
        })
}

/// RFC 4648 4 with padding; white space is allowed between.
fn is_base64(text: &str) -> bool {
    let (mut count, mut padding) = (0_usize, 0_usize);
    for b in text.bytes().filter(|b| !b.is_ascii_whitespace()) {
        if b == b'=' {
            padding += 1;
        } else if padding > 0 || !(b.is_ascii_alphanumeric() || b == b'+' || b == b'/') {
            return false;
        }
        count += 1;
    }
    count > 0 && count.is_multiple_of(4) && padding <= 2
}
