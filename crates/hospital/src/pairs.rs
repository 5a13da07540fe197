//! Query strings as lists of pairs, and back (`application/x-www-form-urlencoded`).

/// Most parameters in one query.
pub const PAIRS_MAX: usize = 256;

/// Name and value, decoded, in the order of the query.
pub type Pairs = Vec<(String, String)>;

/// Decodes a query string; `None` when it has more than [`PAIRS_MAX`] pairs or is not UTF-8.
pub fn decode(query: &str) -> Option<Pairs> {
    let mut pairs = Pairs::new();
    for part in query.split('&').filter(|part| !part.is_empty()) {
        if pairs.len() == PAIRS_MAX {
            return None;
        }
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        pairs.push((decode_part(name)?, decode_part(value)?));
    }
    Some(pairs)
}

/// Encodes pairs as a query string without the `?`.
pub fn encode(pairs: &[(String, String)]) -> String {
    let mut query = String::new();
    for (name, value) in pairs {
        if !query.is_empty() {
            query.push('&');
        }
        encode_part(&mut query, name);
        query.push('=');
        encode_part(&mut query, value);
    }
    query
}

fn decode_part(text: &str) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'+' => out.push(b' '),
            b'%' => {
                let high = char::from(bytes.next()?).to_digit(16)?;
                let low = char::from(bytes.next()?).to_digit(16)?;
                out.push(u8::try_from(high * 16 + low).ok()?);
            }
            other => out.push(other),
        }
    }
    String::from_utf8(out).ok()
}

/// A value as one part of a path: a slash in it is none of the path.
pub fn encode_segment(text: &str) -> String {
    let mut out = String::new();
    encode_part(&mut out, text);
    out.replace('/', "%2F")
}

fn encode_part(out: &mut String, text: &str) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for byte in text.bytes() {
        // RFC 3986 2.3, and the characters that FHIR queries are full of and that are harmless
        // in a query component (RFC 3986 3.4).
        if byte.is_ascii_alphanumeric() || b"-._~:/,$!*()@".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push(char::from(HEX[usize::from(byte >> 4)]));
            out.push(char::from(HEX[usize::from(byte & 15)]));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_survives_decoding_and_encoding() {
        let pairs = decode("name=Ren%C3%A9e+M&identifier=http://x%7C1&_sort=-date").unwrap();
        assert_eq!(pairs[0], ("name".into(), "Renée M".into()));
        assert_eq!(pairs[1], ("identifier".into(), "http://x|1".into()));
        assert_eq!(decode(&encode(&pairs)), Some(pairs));
    }

    #[test]
    fn broken_escapes_and_too_many_pairs_are_refused() {
        assert_eq!(decode("a=%G1"), None);
        assert_eq!(decode("a=%4"), None);
        assert_eq!(decode("a=%FF"), None);
        assert_eq!(decode(&"a=1&".repeat(PAIRS_MAX + 1)), None);
    }
}
