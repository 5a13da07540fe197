//! Escapes of search values: `\,` `\|` `\$` `\\`. FHIR R4 3.1.1.3.4.

/// Splits at each unescaped separator; the pieces keep their escapes.
pub(super) fn split(text: &str, separator: char) -> Vec<&str> {
    let (mut pieces, mut start, mut escaped) = (Vec::new(), 0, false);
    for (at, found) in text.char_indices() {
        if escaped {
            escaped = false;
        } else if found == '\\' {
            escaped = true;
        } else if found == separator {
            pieces.push(&text[start..at]);
            start = at + found.len_utf8();
        }
    }
    pieces.push(&text[start..]);
    pieces
}

/// Resolves the escapes; a backslash before any other character stays.
pub(super) fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(found) = letters.next() {
        let escaped = if found == '\\' {
            letters.next_if(|next| matches!(next, ',' | '|' | '$' | '\\'))
        } else {
            None
        };
        out.push(escaped.unwrap_or(found));
    }
    out
}
