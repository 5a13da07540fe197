//! Digital Links of any domain, brought down to the most fine-grained keys.

use super::{HOME, all_digits, reescape};

/// A primary key: application identifier, its short name, the qualifiers that stay (the first one
/// present wins), and the qualifiers that may stand there and go.
struct Key {
    ai: &'static str,
    name: &'static str,
    kept: &'static [&'static str],
    dropped: &'static [&'static str],
}

const fn key(
    ai: &'static str,
    name: &'static str,
    kept: &'static [&'static str],
    dropped: &'static [&'static str],
) -> Key {
    Key {
        ai,
        name,
        kept,
        dropped,
    }
}

/// GS1 Digital Link 1.2, 4.3 and 4.9.
const KEYS: &[Key] = &[
    key("00", "sscc", &[], &[]),
    key("01", "gtin", &["21", "235", "10"], &["22"]),
    key("253", "gdti", &[], &[]),
    key("255", "gcn", &[], &[]),
    key("401", "ginc", &[], &[]),
    key("402", "gsin", &[], &[]),
    key("414", "gln", &["254"], &[]),
    key("417", "party", &[], &["7040"]),
    key("8003", "grai", &[], &[]),
    key("8004", "giai", &[], &["7040"]),
    key("8006", "itip", &["21", "10"], &["22"]),
    key("8010", "cpid", &["8011"], &[]),
    key("8017", "gsrnp", &[], &["8019"]),
    key("8018", "gsrn", &[], &["8019"]),
];

/// Short names of qualifiers; the standard allowed them until version 1.2.
const NAMES: &[(&str, &str)] = &[
    ("cpv", "22"),
    ("lot", "10"),
    ("ser", "21"),
    ("tpx", "235"),
    ("glnx", "254"),
    ("cpsn", "8011"),
    ("srin", "8019"),
];

pub(super) fn canonical(text: &str) -> Option<String> {
    let rest = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"))?;
    let end = rest.find(['?', '#']).unwrap_or(rest.len());
    let mut segments = rest[..end].trim_end_matches('/').split('/');
    segments.next().filter(|domain| !domain.is_empty())?;
    let segments: Vec<&str> = segments.collect();
    // The last place that reads as a key to the end: before it is the path of the domain.
    (0..segments.len().saturating_sub(1))
        .rev()
        .find_map(|at| keys(&segments[at..]))
}

fn keys(segments: &[&str]) -> Option<String> {
    let (name, rest) = segments.split_first()?;
    let (value, qualifiers) = rest.split_first()?;
    let key = KEYS
        .iter()
        .find(|key| key.ai == *name || key.name == *name)?;
    if !qualifiers.len().is_multiple_of(2) || qualifiers.len() > 8 {
        return None;
    }
    let value = primary(key.ai, value)?;
    let mut found = Vec::new();
    for pair in qualifiers.chunks_exact(2) {
        let ai = NAMES
            .iter()
            .find(|(name, _)| *name == pair[0])
            .map_or(pair[0], |(_, ai)| ai);
        if !key.kept.contains(&ai) && !key.dropped.contains(&ai) {
            return None;
        }
        found.push((ai, reescape(pair[1]).filter(|text| !text.is_empty())?));
    }
    let kept = key
        .kept
        .iter()
        .find_map(|ai| found.iter().find(|(found, _)| found == ai));
    Some(match kept {
        Some((ai, qualifier)) => format!("{HOME}{}/{value}/{ai}/{qualifier}", key.ai),
        None => format!("{HOME}{}/{value}", key.ai),
    })
}

/// The value of a primary key, if it has the form of one.
fn primary(ai: &str, value: &str) -> Option<String> {
    let digits = |length: usize| value.len() == length && all_digits(value);
    let leading = |length: usize, more: usize| {
        value.len() >= length && value.len() <= length + more && {
            value.as_bytes()[..length].iter().all(u8::is_ascii_digit)
        }
    };
    let is_valid = match ai {
        "00" | "8006" | "8017" | "8018" => digits(18),
        "01" => [8, 12, 13, 14].into_iter().any(digits),
        "402" => digits(17),
        "414" | "417" => digits(13),
        // The serial number may be escaped: three bytes for each character.
        "253" => leading(13, 51),
        "255" => leading(13, 12),
        "8003" => leading(14, 48),
        _ => (1..=90).contains(&value.len()),
    };
    if !is_valid {
        return None;
    }
    if ai == "01" {
        return Some(format!("{value:0>14}"));
    }
    reescape(value)
}
