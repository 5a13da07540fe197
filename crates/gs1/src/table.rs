//! The table of application identifiers, loaded once from the generated text.

use std::fmt;
use std::sync::OnceLock;

use crate::error::Charset;
use crate::linter::Linter;

const GENERATED: &str = include_str!("generated/identifiers.txt");

/// One application identifier (AI) of GS1's syntax dictionary.
#[derive(PartialEq, Eq)]
pub struct Ai {
    /// Two to four digits.
    pub code: &'static str,
    /// The title that stands beside it on a label; empty where GS1 gives none.
    pub title: &'static str,
    /// Its length is known from its first two digits: no separator follows.
    pub predefined: bool,
    /// It may stand in the query of a Digital Link.
    pub attribute: bool,
    pub(crate) components: Vec<Component>,
    /// Each rule: one of the groups must be there whole.
    pub(crate) requires: Vec<Vec<Vec<&'static str>>>,
    pub(crate) excludes: Vec<&'static str>,
    /// `Some` for a primary key of Digital Links: the sequences of qualifiers that may follow.
    pub(crate) qualifiers: Option<Vec<Vec<&'static str>>>,
}

/// A part of a value, checked by itself.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Component {
    pub(crate) charset: Charset,
    pub(crate) min: usize,
    pub(crate) max: usize,
    pub(crate) optional: bool,
    pub(crate) linters: Vec<Linter>,
}

impl Ai {
    /// The shortest value.
    pub fn min(&self) -> usize {
        let needed = self.components.iter().filter(|one| !one.optional);
        needed.map(|one| one.min).sum()
    }

    /// The longest value.
    pub fn max(&self) -> usize {
        self.components.iter().map(|one| one.max).sum()
    }

    /// A primary key of Digital Links.
    pub fn is_key(&self) -> bool {
        self.qualifiers.is_some()
    }
}

impl fmt::Debug for Ai {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({})", self.code)
    }
}

struct Table {
    identifiers: Vec<Ai>,
    /// By the first four digits of a message; what is shorter covers all its continuations, since
    /// no identifier is the beginning of another.
    slots: Vec<Option<u16>>,
}

/// All identifiers, in the order of the dictionary.
pub fn identifiers() -> &'static [Ai] {
    &table().identifiers
}

/// The identifier with exactly this code.
pub(crate) fn named(code: &str) -> Option<&'static Ai> {
    beginning(code.as_bytes()).filter(|ai| ai.code == code)
}

/// The identifier with which the text begins.
pub(crate) fn beginning(text: &[u8]) -> Option<&'static Ai> {
    let mut slot = 0;
    let mut digits = 0;
    for at in 0..4 {
        let digit = text.get(at).filter(|byte| byte.is_ascii_digit());
        slot = slot * 10 + digit.map_or(0, |byte| usize::from(byte - b'0'));
        digits += usize::from(digit.is_some() && digits == at);
    }
    let table = table();
    let ai = table
        .identifiers
        .get(usize::from((*table.slots.get(slot)?)?))?;
    (ai.code.len() <= digits).then_some(ai)
}

/// Whether a pattern of the dictionary, like `31nn`, means this code.
pub(crate) fn matches(pattern: &str, code: &str) -> bool {
    let fits = |(p, c): (u8, u8)| p == b'n' || p == c;
    pattern.len() == code.len() && pattern.bytes().zip(code.bytes()).all(fits)
}

fn table() -> &'static Table {
    static TABLE: OnceLock<Table> = OnceLock::new();
    TABLE.get_or_init(load)
}

/// A line that is not understood is left out; `every_line_of_the_table_is_understood` sees it.
fn load() -> Table {
    let identifiers: Vec<Ai> = GENERATED.lines().filter_map(read).collect();
    let mut slots = vec![None; 10_000];
    for (number, ai) in (0_u16..).zip(&identifiers) {
        let width = 10_usize.pow(4_u32.saturating_sub(u32::try_from(ai.code.len()).unwrap_or(4)));
        let first = ai.code.parse::<usize>().unwrap_or(0) * width;
        if let Some(covered) = slots.get_mut(first..first + width) {
            covered.fill(Some(number));
        }
    }
    Table { identifiers, slots }
}

fn read(line: &'static str) -> Option<Ai> {
    let mut columns = line.split('\t');
    let (code, flags) = (columns.next()?, columns.next()?);
    let components = columns
        .next()?
        .split(' ')
        .map(component)
        .collect::<Option<_>>()?;
    let mut ai = Ai {
        code,
        title: "",
        predefined: flags.contains('*'),
        attribute: flags.contains('?'),
        components,
        requires: Vec::new(),
        excludes: Vec::new(),
        qualifiers: None,
    };
    for attribute in columns.next()?.split(' ').filter(|word| !word.is_empty()) {
        let (key, value) = attribute.split_once('=').unwrap_or((attribute, ""));
        let groups = || {
            value
                .split(',')
                .map(|group| group.split('+').collect())
                .collect()
        };
        match key {
            "req" => ai.requires.push(groups()),
            "ex" => ai.excludes.extend(value.split(',')),
            "dlpkey" if value.is_empty() => ai.qualifiers = Some(vec![Vec::new()]),
            "dlpkey" => {
                let sequences = value.split('|').map(|one| one.split(',').collect());
                ai.qualifiers = Some(sequences.collect());
            }
            _ => return None,
        }
    }
    ai.title = columns.next()?;
    Some(ai)
}

/// `[X..9],linter`: an optional component of one to nine characters.
fn component(text: &'static str) -> Option<Component> {
    let mut words = text.split(',');
    let form = words.next()?;
    let inner = form
        .strip_prefix('[')
        .and_then(|form| form.strip_suffix(']'));
    let optional = inner.is_some();
    let form = inner.unwrap_or(form);
    let charset = match form.get(..1)? {
        "N" => Charset::Numeric,
        "X" => Charset::Cset82,
        "Y" => Charset::Cset39,
        "Z" => Charset::Cset64,
        _ => return None,
    };
    let length = form.get(1..)?;
    let (min, max) = match length.strip_prefix("..") {
        Some(max) => (1, max.parse().ok()?),
        None => (length.parse().ok()?, length.parse().ok()?),
    };
    Some(Component {
        charset,
        min,
        max,
        optional,
        linters: words.map(Linter::named).collect::<Option<_>>()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_table_is_understood() {
        assert_eq!(identifiers().len(), GENERATED.lines().count());
        assert!(identifiers().len() > 500, "{}", identifiers().len());
    }

    #[test]
    fn every_identifier_is_found_by_its_code_and_at_the_begin_of_a_message() {
        for ai in identifiers() {
            assert_eq!(named(ai.code), Some(ai));
            for next in ["", "0", "9", "A", "123456"] {
                let message = format!("{}{next}", ai.code);
                assert_eq!(beginning(message.as_bytes()), Some(ai), "{message}");
            }
        }
    }

    #[test]
    fn what_is_no_identifier_is_not_found() {
        for text in ["", "0", "1", "A01", "04", "05", "23", "31", "3100"] {
            assert_eq!(
                named(text).map(|ai| ai.code),
                (text == "3100").then_some(text)
            );
        }
        assert_eq!(beginning(b"310A"), None);
        assert_eq!(
            beginning("01\u{e9}".as_bytes()).map(|ai| ai.code),
            Some("01")
        );
    }

    #[test]
    fn no_identifier_is_the_beginning_of_another() {
        for one in identifiers() {
            let longer = |other: &&Ai| other.code != one.code && other.code.starts_with(one.code);
            assert_eq!(identifiers().iter().find(longer), None, "{}", one.code);
        }
    }

    #[test]
    fn only_the_last_component_varies_in_length() {
        for ai in identifiers() {
            let (_, rest) = ai.components.split_last().unwrap();
            assert!(rest.iter().all(|one| one.min == one.max), "{}", ai.code);
            assert!(!ai.predefined || ai.min() == ai.max(), "{}", ai.code);
        }
    }

    #[test]
    fn a_pattern_means_its_digits() {
        assert!(matches("31nn", "3105") && matches("01", "01"));
        assert!(!matches("31nn", "310") && !matches("31nn", "3205"));
    }
}
