//! The `format`s and `pattern`s of the schema.

/// RFC 3986: a scheme, a colon, and only characters that a URI may have.
pub(super) fn is_uri(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else {
        return false;
    };
    let mut letters = scheme.bytes();
    let is_scheme = letters
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic())
        && letters.all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'));
    is_scheme && is_rest(rest)
}

fn is_rest(rest: &str) -> bool {
    let (before, fragment) = rest.split_once('#').unwrap_or((rest, ""));
    // Brackets only around an IP address, in the authority.
    let path = match before.strip_prefix("//") {
        Some(authority) => {
            let end = authority.find(['/', '?']).unwrap_or(authority.len());
            let (host, path) = authority.split_at(end);
            if !is_authority(host) {
                return false;
            }
            path
        }
        None => before,
    };
    characters(path, b"/?:@") && characters(fragment, b"/?:@")
}

/// A name with user and port, or an IP address in brackets.
fn is_authority(text: &str) -> bool {
    let host = text.rsplit_once('@').map_or(text, |(_, host)| host);
    match host.strip_prefix('[') {
        None => characters(text, b"@:"),
        Some(literal) => literal.split_once(']').is_some_and(|(address, port)| {
            let is_port = port.is_empty() || port.starts_with(':');
            is_port && !address.is_empty() && characters(address, b":") && characters(port, b":")
        }),
    }
}

/// Unreserved, sub-delims, well-formed escapes, and these.
fn characters(text: &str, also: &[u8]) -> bool {
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let step = match byte {
            b'%' => {
                let digits = bytes.get(at + 1..at + 3);
                if !digits.is_some_and(|two| two.iter().all(u8::is_ascii_hexdigit)) {
                    return false;
                }
                3
            }
            _ if byte.is_ascii_alphanumeric() => 1,
            _ if b"-._~!$&'()*+,;=".contains(byte) || also.contains(byte) => 1,
            _ => return false,
        };
        at += step;
    }
    true
}

pub(super) fn is_hex(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// `+02:00`; at most 14 hours.
pub(super) fn is_offset(text: &str) -> bool {
    let bytes = text.as_bytes();
    let [b'+' | b'-', h1, h2, b':', m1, m2] = bytes else {
        return false;
    };
    let are_digits = [h1, h2, m1, m2].iter().all(|byte| byte.is_ascii_digit());
    let hours = &text.get(1..3).unwrap_or("99");
    are_digits && ((*hours < "14" && *m1 <= b'5') || (*hours == "14" && &text[4..] == "00"))
}

pub(super) fn unit_of_measure(text: &str) -> bool {
    let is_code = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
    (2..=3).contains(&text.len()) && text.bytes().all(is_code)
}

pub(super) fn is_version(text: &str) -> bool {
    text.split('.')
        .all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uri_has_a_scheme_and_only_characters_of_a_uri() {
        for text in [
            "urn:epc:id:sgtin:0614141.107346.2018",
            "https://id.gs1.org/01/09506000134352/21/a%2Fb?x=1#f",
            "example:myField",
            "repository-x:hash",
            "geo:47.506694,11.104301",
            "http://[::1]:8080/x",
            "ni:///sha-256;00ff?ver=CBV2.0",
            "urn:epc:id:sgln:4012345.00005.0",
        ] {
            assert!(is_uri(text), "{text}");
        }
        for text in [
            "",
            "noscheme",
            "1a:b",
            ":x",
            "urn:a b",
            "http://x/%4",
            "http://x/[",
            "http://[x",
            "http://[]/",
            "http://[::1]x",
            "a:b#c#d",
            "a:ü",
            "http://x/<y>",
        ] {
            assert!(!is_uri(text), "{text}");
        }
    }

    #[test]
    fn an_offset_is_at_most_fourteen_hours() {
        for (text, is_valid) in [
            ("+01:00", true),
            ("-13:59", true),
            ("+14:00", true),
            ("+14:01", false),
            ("+15:00", false),
            ("01:00", false),
            ("+1:00", false),
            ("+01:60", false),
        ] {
            assert_eq!(is_offset(text), is_valid, "{text}");
        }
    }
}
