//! Text as it is compared.

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// Longer texts are indexed by their beginning only.
const INDEXED_BYTES_MAX: usize = 1024;

/// The part of a text that is indexed.
pub(crate) fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(INDEXED_BYTES_MAX)]
}

/// Folds case, strips accents and punctuation, joins white space: `Müller-Lüdenscheidt` becomes
/// `muller ludenscheidt`. FHIR R4 3.1.1.4.8.
pub fn normalise(text: &str) -> String {
    let text = cut(text);
    let mut out = String::with_capacity(text.len());
    for found in text.nfd().filter(|found| !is_combining_mark(*found)) {
        match found {
            // `O'Connell` is found by `oconnell`, `St. Mary` by `st mary`.
            '\'' | '’' | '.' => {}
            _ => fold(found, &mut out),
        }
    }
    if out.ends_with(' ') {
        out.pop();
    }
    if out.is_empty() {
        text.to_lowercase()
    } else {
        out
    }
}

fn fold(found: char, out: &mut String) {
    match found {
        // Letters that do not decompose.
        'ß' | 'ẞ' => out.push_str("ss"),
        'Æ' | 'æ' => out.push_str("ae"),
        'Œ' | 'œ' => out.push_str("oe"),
        'Ø' | 'ø' => out.push('o'),
        'Đ' | 'đ' | 'Ð' | 'ð' => out.push('d'),
        'Ł' | 'ł' => out.push('l'),
        'Þ' | 'þ' => out.push_str("th"),
        'ı' => out.push('i'),
        _ if found.is_alphanumeric() => {
            out.extend(found.to_lowercase().filter(|one| !is_combining_mark(*one)));
        }
        _ if !out.is_empty() && !out.ends_with(' ') => out.push(' '),
        _ => {}
    }
}
