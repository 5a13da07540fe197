//! Digital Links of the standard's first releases: words for identifiers, short GTINs.
//!
//! URI Syntax 1.0 and 1.1 allowed `/gtin/9780345418913/lot/1223`; 1.2 withdrew both. Such links are
//! still printed on packs. They are read only by whoever asks for it, since GS1's engine refuses
//! them.

use crate::elements::Elements;
use crate::error::Error;
use crate::{digital_link, gtin, table};

/// GS1 Digital Link Standard 1.1, sections 4.3 to 4.7, and `exp`, which many links have.
const WORDS: &[(&str, &str)] = &[
    ("cpid", "8010"),
    ("cpsn", "8011"),
    ("cpv", "22"),
    ("exp", "17"),
    ("gcn", "255"),
    ("gdti", "253"),
    ("giai", "8004"),
    ("ginc", "401"),
    ("gln", "414"),
    ("glnx", "254"),
    ("gmn", "8013"),
    ("grai", "8003"),
    ("gsin", "402"),
    ("gsrn", "8018"),
    ("gsrnp", "8017"),
    ("gtin", "01"),
    ("itip", "8006"),
    ("lot", "10"),
    ("party", "417"),
    ("payTo", "415"),
    ("refno", "8020"),
    ("ser", "21"),
    ("srin", "8019"),
    ("sscc", "00"),
];

fn number(word: &str) -> Option<&'static str> {
    let known = WORDS.iter().find(|(known, _)| *known == word)?;
    Some(known.1)
}

/// Reads a Digital Link, with words for identifiers and with GTINs of 8, 12 and 13 digits.
pub fn parse_older(uri: &str) -> Result<Elements, Error> {
    digital_link::read(&with_numbers(uri), |ai, value| {
        if ai.code == "01" {
            gtin::normal(&value).unwrap_or(value)
        } else {
            value
        }
    })
}

/// The same text with numbers for the words. Nothing else of it is touched or checked.
pub fn with_numbers(uri: &str) -> String {
    let (rest, fragment) = uri.split_at(uri.find('#').unwrap_or(uri.len()));
    let (path, query) = rest.split_at(rest.find('?').unwrap_or(rest.len()));
    let mut segments: Vec<&str> = path.split('/').collect();
    // Pairs from the end, as far as they are pairs: a value that is also a word stays.
    let mut at = segments.len();
    while at >= 2 {
        let Some(name) = segments.get_mut(at - 2) else {
            break;
        };
        match number(name) {
            Some(number) => *name = number,
            None if table::named(name).is_some() => {}
            None => break,
        }
        at -= 2;
    }
    let mut out = segments.join("/");
    for (place, parameter) in query
        .strip_prefix('?')
        .into_iter()
        .flat_map(|q| q.split('&').enumerate())
    {
        out.push(if place == 0 { '?' } else { '&' });
        match parameter
            .split_once('=')
            .and_then(|(name, value)| Some((number(name)?, value)))
        {
            Some((number, value)) => {
                out.push_str(number);
                out.push('=');
                out.push_str(value);
            }
            None => out.push_str(parameter),
        }
    }
    out.push_str(fragment);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_become_numbers_and_values_stay() {
        let cases = [
            (
                "https://id.gs1.org/gtin/9/lot/lot",
                "https://id.gs1.org/01/9/10/lot",
            ),
            ("https://lot.org/lot/gtin/9", "https://lot.org/lot/01/9"),
            (
                "https://a.org/gtin/9?exp=1&lot&x=lot#ser",
                "https://a.org/01/9?17=1&lot&x=lot#ser",
            ),
            ("https://a.org?gtin=9", "https://a.org?01=9"),
            ("gtin", "gtin"),
            ("", ""),
            ("?", "?"),
        ];
        for (older, newer) in cases {
            assert_eq!(with_numbers(older), newer);
        }
    }

    #[test]
    fn a_short_gtin_is_read_only_when_asked() {
        let uri = "https://example.org/gtin/9506000134352/ser/A1";
        let read = parse_older(uri).unwrap();
        assert_eq!(read.bracketed(), "(01)09506000134352(21)A1");
        assert!(digital_link::parse(uri).is_err());
        assert!(digital_link::parse("https://example.org/01/9506000134352").is_err());
        assert!(parse_older("https://example.org/gtin/9506000134353").is_err());
    }
}
