//! Percent encoding of values in URIs (RFC 3986 2.1 to 2.3).

use std::fmt::Write as _;

/// Letters, digits and `-._~` stand for themselves, everything else is encoded.
pub(crate) fn encode(out: &mut String, value: &str) {
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a String does not fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
}

/// A `%` without two hexadecimal digits stands for itself. `None` where the bytes are no UTF-8.
pub(crate) fn decode(text: &str, plus_is_space: bool) -> Option<String> {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let encoded = text.get(at + 1..at + 3).filter(|_| *byte == b'%');
        let hex = encoded.filter(|two| two.bytes().all(|digit| digit.is_ascii_hexdigit()));
        if let Some(decoded) = hex.and_then(|two| u8::from_str_radix(two, 16).ok()) {
            out.push(decoded);
            at += 3;
            continue;
        }
        let is_space = plus_is_space && *byte == b'+';
        out.push(if is_space { b' ' } else { *byte });
        at += 1;
    }
    String::from_utf8(out).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_encoded_is_decoded() {
        let value = "a-._~%25 +/?&=()\u{e9}";
        let mut encoded = String::new();
        encode(&mut encoded, value);
        assert_eq!(encoded, "a-._~%2525%20%2B%2F%3F%26%3D%28%29%C3%A9");
        assert_eq!(decode(&encoded, true).as_deref(), Some(value));
        assert_eq!(decode(&encoded, false).as_deref(), Some(value));
    }

    #[test]
    fn a_percent_sign_by_itself_stays() {
        let cases = [
            ("%", "%"),
            ("%4", "%4"),
            ("%4g", "%4g"),
            ("%41", "A"),
            ("a%", "a%"),
        ];
        for (text, decoded) in cases {
            assert_eq!(decode(text, false).as_deref(), Some(decoded), "{text}");
        }
        assert_eq!(decode("a+b", true).as_deref(), Some("a b"));
        assert_eq!(decode("a+b", false).as_deref(), Some("a+b"));
        assert_eq!(decode("%FF", false), None);
    }
}
