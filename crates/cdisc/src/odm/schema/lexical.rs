//! What may be written for the built-in types of XML Schema part 2, without floats or a clock.

use std::borrow::Cow;

pub(super) const BUILTINS: &[&str] = &[
    "xs:string",
    "xs:token",
    "xs:anyURI",
    "xs:NMTOKEN",
    "xs:NMTOKENS",
    "xs:NCName",
    "xs:ID",
    "xs:IDREF",
    "xs:IDREFS",
    "xs:language",
    "xs:integer",
    "xs:nonNegativeInteger",
    "xs:positiveInteger",
    "xs:decimal",
    "xs:float",
    "xs:double",
    "xs:boolean",
    "xs:date",
    "xs:time",
    "xs:dateTime",
    "xs:gYear",
    "xs:gYearMonth",
    "xs:duration",
    "xs:hexBinary",
    "xs:base64Binary",
];

#[cfg(test)]
pub(super) fn is_known(name: &str) -> bool {
    BUILTINS.contains(&name)
}

/// White space collapses in every type but `string` (XML Schema part 2, 4.3.6).
pub(super) fn collapsed<'a>(builtin: &str, value: &'a str) -> Cow<'a, str> {
    if builtin == "xs:string" {
        return Cow::Borrowed(value);
    }
    let is_plain = !value.contains([' ', '\t', '\n', '\r']);
    if is_plain {
        return Cow::Borrowed(value);
    }
    let words = value
        .split([' ', '\t', '\n', '\r'])
        .filter(|word| !word.is_empty());
    Cow::Owned(words.collect::<Vec<_>>().join(" "))
}

/// Octets of what is encoded, characters of all else (XML Schema part 2, 4.3.1).
pub(super) fn length(builtin: &str, value: &str) -> usize {
    match builtin {
        "xs:hexBinary" => value.len() / 2,
        "xs:base64Binary" => {
            let digits = value.bytes().filter(|byte| !matches!(byte, b' ' | b'='));
            digits.count() * 3 / 4
        }
        _ => value.chars().count(),
    }
}

/// What is wrong with a value of a built-in type.
pub(super) fn fault(builtin: &str, value: &str) -> Option<String> {
    let value = collapsed(builtin, value);
    let value = &*value;
    let (is_right, what) = match builtin {
        "xs:anyURI" => (is_uri(value), "a URI"),
        "xs:NMTOKEN" => (is_nmtoken(value), "a word of letters, digits and . - _ :"),
        "xs:NMTOKENS" => (words(value, is_nmtoken), "words of letters and digits"),
        "xs:NCName" | "xs:ID" | "xs:IDREF" => (
            is_nc_name(value),
            "a name: a letter or _, then letters, digits, . - _",
        ),
        "xs:IDREFS" => (words(value, is_nc_name), "names apart by spaces"),
        "xs:language" => (is_language(value), "a language tag, as `en` or `en-GB`"),
        "xs:integer" => (is_integer(value), "a whole number"),
        "xs:nonNegativeInteger" => (
            is_integer(value) && (!value.starts_with('-') || is_zero(value)),
            "a whole number, 0 or more",
        ),
        "xs:positiveInteger" => (
            is_integer(value) && !value.starts_with('-') && !is_zero(value),
            "a whole number, 1 or more",
        ),
        "xs:decimal" => (is_decimal(value), "a decimal number, without an exponent"),
        "xs:float" | "xs:double" => (is_double(value), "a number"),
        "xs:boolean" => (
            matches!(value, "true" | "false" | "1" | "0"),
            "true, false, 1 or 0",
        ),
        "xs:date" => (zoned(value, is_date), "a date, YYYY-MM-DD"),
        "xs:time" => (zoned(value, is_time), "a time, HH:MM:SS"),
        "xs:dateTime" => (
            zoned(value, is_date_time),
            "a date and time, YYYY-MM-DDTHH:MM:SS",
        ),
        "xs:gYear" => (zoned(value, |text| year(text) == Some("")), "a year, YYYY"),
        "xs:gYearMonth" => (zoned(value, is_year_month), "a year and month, YYYY-MM"),
        "xs:duration" => (is_duration(value), "a duration, as P1DT2H"),
        "xs:hexBinary" => (
            value.len().is_multiple_of(2) && value.bytes().all(|byte| byte.is_ascii_hexdigit()),
            "pairs of hexadecimal digits",
        ),
        "xs:base64Binary" => (is_base64(value), "base64"),
        _ => return None,
    };
    (!is_right).then(|| format!("it must be {what}"))
}

fn words(value: &str, is_word: fn(&str) -> bool) -> bool {
    !value.is_empty() && value.split(' ').all(is_word)
}

/// What stands before a colon is a scheme, or a path has begun (RFC 3986 4.2).
fn is_uri(value: &str) -> bool {
    let mut escapes = value.split('%').skip(1).map(str::as_bytes);
    if !escapes.all(|rest| rest.len() > 1 && rest[..2].iter().all(u8::is_ascii_hexdigit)) {
        return false;
    }
    let Some((scheme, _)) = value
        .split_once(':')
        .filter(|(to, _)| !to.contains(['/', '?', '#']))
    else {
        return true;
    };
    let is_scheme_char = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
    scheme.starts_with(|c: char| c.is_ascii_alphabetic()) && scheme.chars().all(is_scheme_char)
}

fn is_name_char(char: char) -> bool {
    char.is_alphanumeric() || matches!(char, '.' | '-' | '_' | '\u{b7}')
}

fn is_nmtoken(value: &str) -> bool {
    !value.is_empty() && value.chars().all(|char| is_name_char(char) || char == ':')
}

/// A name without a colon (Namespaces in XML, 4).
pub(crate) fn is_nc_name(value: &str) -> bool {
    let first = value.chars().next();
    first.is_some_and(|char| char.is_alphabetic() || char == '_') && value.chars().all(is_name_char)
}

fn is_language(value: &str) -> bool {
    value.split('-').enumerate().all(|(at, part)| {
        let is_short = (1..=8).contains(&part.len());
        let is_letters = part.bytes().all(|byte| byte.is_ascii_alphabetic());
        is_short && (is_letters || (at > 0 && part.bytes().all(|b| b.is_ascii_alphanumeric())))
    })
}

fn unsigned(value: &str) -> &str {
    value.strip_prefix(['+', '-']).unwrap_or(value)
}

fn is_digits(value: &str) -> bool {
    !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_integer(value: &str) -> bool {
    is_digits(unsigned(value))
}

fn is_zero(value: &str) -> bool {
    unsigned(value).bytes().all(|byte| byte == b'0')
}

fn is_decimal(value: &str) -> bool {
    let value = unsigned(value);
    match value.split_once('.') {
        None => is_digits(value),
        Some((whole, part)) => {
            !(whole.is_empty() && part.is_empty())
                && (whole.is_empty() || is_digits(whole))
                && (part.is_empty() || is_digits(part))
        }
    }
}

fn is_double(value: &str) -> bool {
    if matches!(value, "INF" | "-INF" | "NaN") {
        return true;
    }
    match value.split_once(['e', 'E']) {
        None => is_decimal(value),
        Some((number, exponent)) => is_decimal(number) && is_integer(exponent),
    }
}

/// With or without a zone at the end: `Z` or `+HH:MM`, up to 14 hours.
fn zoned(value: &str, is_right: impl Fn(&str) -> bool) -> bool {
    if let Some(local) = value.strip_suffix('Z') {
        return is_right(local);
    }
    let split = value
        .len()
        .checked_sub(6)
        .filter(|at| value.is_char_boundary(*at));
    let Some((local, zone)) = split.map(|at| value.split_at(at)) else {
        return is_right(value);
    };
    let Some(zone) = zone
        .strip_prefix(['+', '-'])
        .filter(|zone| zone.contains(':'))
    else {
        return is_right(value);
    };
    let is_zone = match zone.split_once(':') {
        Some((hours, minutes)) => match (two(hours), two(minutes)) {
            (Some(hours), Some(minutes)) => {
                hours < 14 && minutes < 60 || hours == 14 && minutes == 0
            }
            _ => false,
        },
        None => false,
    };
    is_zone && is_right(local)
}

fn two(text: &str) -> Option<u32> {
    (text.len() == 2 && is_digits(text))
        .then(|| text.parse().ok())
        .flatten()
}

/// What follows the year; a year has four digits or more, and is not 0000.
fn year(text: &str) -> Option<&str> {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let length = unsigned.bytes().take_while(u8::is_ascii_digit).count();
    let (digits, rest) = unsigned.split_at(length);
    let is_year = length == 4 || (length > 4 && length < 10 && !digits.starts_with('0'));
    (is_year && !is_zero(digits)).then_some(rest)
}

fn is_year_month(text: &str) -> bool {
    let month = year(text)
        .and_then(|rest| rest.strip_prefix('-'))
        .and_then(two);
    month.is_some_and(|month| (1..=12).contains(&month))
}

fn is_date(text: &str) -> bool {
    let Some((year_month, day)) = text.rsplit_once('-') else {
        return false;
    };
    let Some((year, month)) = year_month.rsplit_once('-') else {
        return false;
    };
    if !is_year_month(year_month) {
        return false;
    }
    let year: u64 = unsigned(year).parse().unwrap_or(1);
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match two(month) {
        Some(4 | 6 | 9 | 11) => 30,
        Some(2) if is_leap => 29,
        Some(2) => 28,
        _ => 31,
    };
    two(day).is_some_and(|day| (1..=days).contains(&day))
}

fn is_time(text: &str) -> bool {
    let (clock, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let parts: Vec<Option<u32>> = clock.split(':').map(two).collect();
    let [Some(hour), Some(minute), Some(second)] = parts.as_slice() else {
        return false;
    };
    let is_midnight = *hour == 24 && *minute == 0 && *second == 0 && is_zero(fraction);
    is_digits(fraction) && (*hour < 24 || is_midnight) && *minute < 60 && *second < 60
}

fn is_date_time(text: &str) -> bool {
    text.split_once('T')
        .is_some_and(|(date, time)| is_date(date) && is_time(time))
}

fn is_duration(value: &str) -> bool {
    let Some(rest) = value.strip_prefix('-').unwrap_or(value).strip_prefix('P') else {
        return false;
    };
    let (days, time) = match rest.split_once('T') {
        Some((days, time)) => (days, Some(time)),
        None => (rest, None),
    };
    let is_time = time.is_none_or(|time| !time.is_empty() && counted(time, "HMS"));
    counted(days, "YMD") && is_time && !(days.is_empty() && time.is_none())
}

/// Numbers each followed by one of these letters, in their order; only seconds have a fraction.
fn counted(text: &str, units: &str) -> bool {
    let (mut rest, mut units) = (text, units.chars());
    while !rest.is_empty() {
        let length = rest
            .bytes()
            .take_while(|b| b.is_ascii_digit() || *b == b'.')
            .count();
        let (number, tail) = rest.split_at(length);
        let Some(unit) = tail.chars().next() else {
            return false;
        };
        if !units.any(|known| known == unit) {
            return false;
        }
        let is_number = match number.split_once('.') {
            None => is_digits(number),
            Some((whole, part)) => unit == 'S' && is_digits(whole) && is_digits(part),
        };
        if !is_number {
            return false;
        }
        rest = tail.get(unit.len_utf8()..).unwrap_or_default();
    }
    true
}

fn is_base64(value: &str) -> bool {
    let digits: Vec<u8> = value.bytes().filter(|byte| *byte != b' ').collect();
    let padding = digits
        .iter()
        .rev()
        .take_while(|byte| **byte == b'=')
        .count();
    let (body, _) = digits.split_at(digits.len() - padding);
    let is_digit = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    digits.len().is_multiple_of(4) && padding <= 2 && body.iter().all(is_digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_built_in_type_has_its_form() {
        for (builtin, right, wrong) in [
            ("xs:integer", "0|-12|+3| 4 ", "1.0|x||1 2|--1"),
            ("xs:positiveInteger", "1|+007", "0|-1"),
            ("xs:nonNegativeInteger", "0|-0|9", "-1"),
            ("xs:decimal", "1|.5|5.|-0.25", "1e3|.|NaN|1,5"),
            ("xs:double", "1e3|INF|NaN|-2.5E-7", "1e|e3|inf"),
            (
                "xs:date",
                "2024-02-29|2000-02-29Z|1999-12-31+14:00",
                "2023-02-29|1900-02-29|2024-2-1|0000-01-01|2024-01-01+14:01",
            ),
            (
                "xs:time",
                "23:59:59|24:00:00|10:00:00.25-05:00",
                "24:00:01|9:00:00|10:00|10:00:00.",
            ),
            (
                "xs:dateTime",
                "2024-01-01T00:00:00|2009-05-27T11:08:30-05:00",
                "2024-01-01|2024-01-01 00:00:00|2024-01-01T00:00",
            ),
            ("xs:gYear", "2024|12024", "24|02024|2024-01"),
            ("xs:gYearMonth", "2024-12", "2024-13|2024"),
            (
                "xs:duration",
                "P1Y2M3DT4H5M6.5S|-P1D|PT0S",
                "P|PT|1D|P1S|P1.5D|P1M1Y",
            ),
            ("xs:hexBinary", "0aFF|", "0a0|xx"),
            ("xs:base64Binary", "AAAA|AA==|", "A|====|AA=A"),
            (
                "xs:language",
                "en|en-GB|x-klingon",
                "|en_GB|toolonglanguage|1",
            ),
            ("xs:ID", "a|_1.b-c", "1a|a:b|a b"),
            ("xs:IDREFS", "a b", "a 1"),
            ("xs:NMTOKENS", "1 a:b", "a$"),
            ("xs:boolean", "true|0", "yes|TRUE"),
            (
                "xs:anyURI",
                "http://x/ y|a/b:c||#a:b|urn:x|%20",
                "1:2|:x|a b:c|%|%2",
            ),
        ] {
            for value in right.split('|') {
                assert_eq!(fault(builtin, value), None, "{builtin} {value}");
            }
            for value in wrong.split('|') {
                assert!(fault(builtin, value).is_some(), "{builtin} {value}");
            }
        }
    }
}
