//! Below the line (proof, consent, supply, trial, ledger, fhir, gs1, epcis, dscsa): no await,
//! clock, dice, files, hash order, float.

use super::{Finding, files};

const PURE: &[&str] = &[
    "crates/proof/src/",
    "crates/ledger/src/",
    "crates/consent/src/",
    "crates/supply/src/",
    "crates/trial/src/",
    "crates/fhir/src/",
    "crates/gs1/src/",
    "crates/epcis/src/",
    "crates/dscsa/src/",
];

/// Whole words that the code, not its comments or strings, must not contain.
const WORDS: &[(&str, &str)] = &[
    ("HashMap", "hash order differs between runs: use BTreeMap"),
    ("HashSet", "hash order differs between runs: use BTreeSet"),
    ("SystemTime", "a clock: take the time as an argument"),
    ("f32", "a float: use integers or the lexeme"),
    ("f64", "a float: use integers or the lexeme"),
    ("as_f64", "a float: use integers or the lexeme"),
    ("async", "no await below the line"),
    ("await", "no await below the line"),
    ("rand", "dice: take random bytes as an argument"),
    ("getrandom", "dice: take random bytes as an argument"),
    ("OsRng", "dice: take random bytes as an argument"),
    ("thread_rng", "dice: take random bytes as an argument"),
    ("File", "no files below the line"),
];

const PATHS: &[(&str, &str)] = &[
    ("std::fs", "no files below the line"),
    ("std::net", "no network below the line"),
    ("std::env", "no environment below the line"),
    ("Instant::now", "a clock: take the time as an argument"),
    ("std::time", "a clock: take the time as an argument"),
    ("std::process", "no processes below the line"),
];

/// Checks one tracked file; only the sources of the pure crates, without their tests.
pub(super) fn check(path: &str, text: &str) -> Vec<Finding> {
    let pure = PURE.iter().any(|folder| path.starts_with(folder));
    let is_test = path.ends_with("tests.rs") || path.contains("/tests/");
    if !pure || is_test || !files::is_rust(path) {
        return Vec::new();
    }
    let code = code_only(text);
    let shipped = code
        .find("#[cfg(test)]\nmod tests {")
        .map_or(&code[..], |end| &code[..end]);
    let mut findings = Vec::new();
    for (number, line) in shipped.lines().enumerate() {
        for why in reasons(line) {
            findings.push(Finding::new(format!("{path}:{}", number + 1), why));
        }
    }
    findings
}

fn reasons(line: &str) -> impl Iterator<Item = String> {
    let words = line.split(|c: char| !(c.is_alphanumeric() || c == '_'));
    let named = words.filter_map(|word| WORDS.iter().find(|(bad, _)| *bad == word));
    let paths = PATHS.iter().filter(|(bad, _)| line.contains(bad));
    named
        .chain(paths)
        .map(|(word, why)| format!("`{word}`: {why}"))
}

/// The text with comments and the insides of strings blanked, line numbers kept.
fn code_only(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let (token, tail) = rest.split_at(token_length(rest, first));
        if token.len() == first.len_utf8() {
            out.push_str(token);
        } else {
            out.extend(token.chars().map(|c| if c == '\n' { '\n' } else { ' ' }));
        }
        rest = tail;
    }
    out
}

/// How many bytes to blank at once: a comment, a string, or one character of code.
fn token_length(rest: &str, first: char) -> usize {
    let to = |end: Option<usize>| end.unwrap_or(rest.len());
    if rest.starts_with("//") {
        return to(rest.find('\n'));
    }
    if rest.starts_with("/*") {
        return to(rest.find("*/").map(|end| end + 2));
    }
    if let Some(raw) = rest.strip_prefix("r#\"") {
        return to(raw.find("\"#").map(|end| end + 5));
    }
    if first == '\'' {
        return char_literal(rest);
    }
    if first != '"' {
        return first.len_utf8();
    }
    let mut escaped = false;
    for (index, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return index + 1,
            _ => {}
        }
    }
    rest.len()
}

/// `'"'` must not open a string, and `'a` of a lifetime is code.
fn char_literal(rest: &str) -> usize {
    let mut inner = rest.char_indices().skip(1);
    match (inner.next(), inner.next(), inner.next()) {
        (Some((_, '\\')), _, Some((end, '\''))) | (Some(_), Some((end, '\'')), _) => end + 1,
        _ => 1,
    }
}
