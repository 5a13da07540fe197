//! The table of GS1 application identifiers, from GS1's syntax dictionary.
//!
//! The dictionary describes ranges and lines its columns up for people; the table has one line per
//! identifier and one tab between columns: identifier, flags, components, attributes, title.
//! Format of the dictionary: its own introductory comment.

use std::fmt::Write as _;
use std::fs;

use anyhow::{Context, Result, ensure};

use super::root;

/// Where the table stands in `crates/gs1/src/generated`.
pub(crate) const NAME: &str = "identifiers.txt";

const DICTIONARY: &str = "../shared/data/epcis/gs1-syntax-dictionary/gs1-syntax-dictionary.txt";

/// `None`: the dictionary is not here.
pub(crate) fn table() -> Result<Option<String>> {
    let path = root().join(DICTIONARY);
    if !path.is_file() {
        return Ok(None);
    }
    let text = fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
    write(&text).map(Some)
}

fn write(dictionary: &str) -> Result<String> {
    let mut out = String::new();
    for line in dictionary.lines() {
        let (entry, title) = line.split_once('#').unwrap_or((line, ""));
        let mut words = entry.split_whitespace().peekable();
        let Some(identifiers) = words.next() else {
            continue;
        };
        let flags = words.next_if(|word| word.chars().all(|c| c.is_ascii_punctuation()));
        let components = taken(&mut words, |word| {
            word.starts_with(['N', 'X', 'Y', 'Z', '['])
        });
        let attributes = taken(&mut words, is_attribute);
        ensure!(words.next().is_none(), "not understood: {line}");
        for identifier in range(identifiers)? {
            writeln!(
                out,
                "{identifier}\t{}\t{components}\t{attributes}\t{}",
                flags.unwrap_or_default(),
                title.trim()
            )?;
        }
    }
    Ok(out)
}

fn taken<'a>(
    words: &mut std::iter::Peekable<impl Iterator<Item = &'a str>>,
    wanted: impl Fn(&str) -> bool,
) -> String {
    let mut out = Vec::new();
    while let Some(word) = words.next_if(|word| wanted(word)) {
        out.push(word);
    }
    out.join(" ")
}

fn is_attribute(word: &str) -> bool {
    let key = word.split('=').next().unwrap_or_default();
    matches!(key, "req" | "ex" | "dlpkey")
}

/// `3100-3105` is six identifiers.
fn range(text: &str) -> Result<Vec<String>> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    ensure!(
        first.len() == last.len() && (2..=4).contains(&first.len()),
        "not a range of identifiers: {text}"
    );
    let (from, to): (u16, u16) = (first.parse()?, last.parse()?);
    Ok((from..=to)
        .map(|one| format!("{one:0width$}", width = first.len()))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_becomes_a_line_for_each_identifier() {
        let text = "# comment\n\n3100-3101  *?  N6   req=01,02 ex=310n   # NET WEIGHT (kg)\n\
                    8112        ?  X..70,couponposoffer\n";
        let table = write(text).unwrap();
        assert_eq!(
            table,
            "3100\t*?\tN6\treq=01,02 ex=310n\tNET WEIGHT (kg)\n\
             3101\t*?\tN6\treq=01,02 ex=310n\tNET WEIGHT (kg)\n\
             8112\t?\tX..70,couponposoffer\t\t\n"
        );
    }

    #[test]
    fn an_attribute_that_is_not_known_is_not_dropped() {
        assert!(write("01 N14 new=02 ex=37 # GTIN").is_err());
        assert!(write("01 N14 ex=37 new=02 # GTIN").is_err());
    }

    #[test]
    fn the_committed_identifiers_are_those_of_the_dictionary() {
        let Some(table) = table().unwrap() else {
            println!("skipped: {DICTIONARY} is absent");
            return;
        };
        let committed = root().join("crates/gs1/src/generated").join(NAME);
        assert_eq!(
            fs::read_to_string(committed).unwrap(),
            table,
            "run `cargo xtask gen`"
        );
    }
}
