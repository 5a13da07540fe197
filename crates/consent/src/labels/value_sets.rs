//! Value sets: which codes in a record mark it as touching a sensitive subject.
//!
//! A text of lines, so that an organisation can keep its own under review
//! (`docs/reference/consent.md`): `SUBJECT system code code* ...`, `#` begins a comment line.

use std::sync::LazyLock;

use thiserror::Error;

use super::{Subject, Subjects};
use crate::coding::Coding;

/// Entries at most, over all subjects.
const ENTRIES_MAX: usize = 200_000;
/// Bytes of a text at most.
const TEXT_BYTES_MAX: usize = 8 << 20;

/// Short names of systems in a text; any other system is given by its URI.
const SHORT: &[(&str, &str)] = &[
    ("loinc", "http://loinc.org"),
    ("snomed", "http://snomed.info/sct"),
    ("rxnorm", "http://www.nlm.nih.gov/research/umls/rxnorm"),
    ("icd-10-cm", "http://hl7.org/fhir/sid/icd-10-cm"),
    ("icd-10", "http://hl7.org/fhir/sid/icd-10"),
    ("cvx", "http://hl7.org/fhir/sid/cvx"),
    ("cpt", "http://www.ama-assn.org/go/cpt"),
    ("atc", "http://www.whocc.no/atc"),
];

static BUILT_IN: LazyLock<ValueSets> = LazyLock::new(|| {
    // A defect of the text would leave records unlabelled; the tests of `labels` read it.
    ValueSets::parse(include_str!("sensitive.labels")).unwrap_or_default()
});

/// Why a text holds no value sets.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[error("line {line}: {why}")]
pub struct LabelsError {
    /// The line, from 1; 0 for the text as a whole.
    pub line: usize,
    /// What is wrong and what to do.
    pub why: String,
}

/// Codes and prefixes of codes with the subjects that they mark.
#[derive(Clone, Debug, Default)]
pub struct ValueSets {
    /// Sorted by system, then code.
    exact: Vec<(String, String, Subjects)>,
    /// Prefixes, sorted by system, then prefix; looked up from the longest to the shortest.
    prefixes: Vec<(String, String, Subjects)>,
}

impl ValueSets {
    /// Those that an organisation has which brings none of its own.
    pub fn built_in() -> &'static Self {
        &BUILT_IN
    }

    /// Reads a text of value sets.
    pub fn parse(text: &str) -> Result<Self, LabelsError> {
        if text.len() > TEXT_BYTES_MAX {
            let why = format!("the text is longer than {TEXT_BYTES_MAX} bytes: split the lists");
            return Err(LabelsError { line: 0, why });
        }
        let mut sets = Self::default();
        for (at, line) in text.lines().enumerate() {
            let line_number = at + 1;
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            sets.line(line).map_err(|why| LabelsError {
                line: line_number,
                why,
            })?;
        }
        merge(&mut sets.exact);
        merge(&mut sets.prefixes);
        Ok(sets)
    }

    fn line(&mut self, line: &str) -> Result<(), String> {
        let mut words = line.split_whitespace();
        let code = words.next().unwrap_or_default();
        let subject = Subject::of(code)
            .ok_or_else(|| format!("`{code}` is no sensitivity that Salus knows"))?;
        let system = words
            .next()
            .ok_or("a system and codes must follow the sensitivity")?;
        let short = SHORT.iter().find(|(short, _)| *short == system);
        let system = match short {
            Some((_, long)) => *long,
            None if system.contains(':') => system,
            None => return Err(format!("`{system}` is neither a short name nor a URI")),
        };
        let before = self.exact.len() + self.prefixes.len();
        for word in words {
            let (code, list) = match word.strip_suffix('*') {
                Some(prefix) => (prefix, &mut self.prefixes),
                None => (word, &mut self.exact),
            };
            if code.contains('*') || Coding::new(system, code).is_none() {
                return Err(format!(
                    "`{word}` is neither a code nor a beginning of codes with `*`"
                ));
            }
            list.push((
                system.to_owned(),
                code.to_owned(),
                Subjects::NONE.with(subject),
            ));
        }
        let count = self.exact.len() + self.prefixes.len();
        match count {
            _ if count == before => Err("codes must follow the system".to_owned()),
            _ if count > ENTRIES_MAX => Err(format!("more than {ENTRIES_MAX} codes in the text")),
            _ => Ok(()),
        }
    }

    /// The subjects that a code marks.
    pub fn subjects(&self, coding: &Coding) -> Subjects {
        let (system, code) = (coding.system(), coding.code());
        let mut found = lookup(&self.exact, system, code);
        for (end, _) in code.char_indices().skip(1) {
            found = found.union(lookup(&self.prefixes, system, &code[..end]));
        }
        found.union(lookup(&self.prefixes, system, code))
    }
}

fn lookup(list: &[(String, String, Subjects)], system: &str, code: &str) -> Subjects {
    let found = list.binary_search_by(|(s, c, _)| (&**s, &**c).cmp(&(system, code)));
    found.map_or(Subjects::NONE, |at| list[at].2)
}

/// Sorts, and makes one entry of equal codes.
fn merge(list: &mut Vec<(String, String, Subjects)>) {
    list.sort();
    list.dedup_by(|later, kept| {
        let equal = later.0 == kept.0 && later.1 == kept.1;
        if equal {
            kept.2 = kept.2.union(later.2);
        }
        equal
    });
}
