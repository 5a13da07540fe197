//! Separators that came as something else, or not at all.

use super::is_complete_pack;
use crate::elements::Elements;
use crate::error::Defect;
use crate::table::{self, Ai};
use crate::{component, separated};

pub(super) const SEPARATOR: char = separated::SEPARATOR;

/// What stands for the separator in what scanners, terminals and test files make of it.
pub const REPLACEMENTS: &[&str] = &[
    "<GS>", "{GS}", "[GS]", "(GS)", "<FNC1>", "{FNC1}", "[FNC1]", "^]", "\\x1d", "\\x1D",
    "\\u001d", "\\u001D", "%1D", "%1d", "\\F", "~1", "|", "~", "^", "@", "#", "$", "\t", " ",
    "\u{1c}", "\u{1e}", "\u{1f}", "\u{f8}", "\u{d8}", "\u{2194}", "\u{241d}", "\u{fffd}",
];

/// The name of the separator, spelled in characters that a value may have too. Nobody numbers a lot
/// like that.
const NAMES: &[&str] = &["<GS>", "(GS)", "<FNC1>"];

/// How many places may still be looked at; a text that needs more is not called clear.
pub(super) struct Budget(u32);

impl Default for Budget {
    fn default() -> Self {
        Self(20_000)
    }
}

/// All readings with separators put back.
pub(super) struct Splits {
    /// The texts, with separators.
    pub(super) texts: Vec<String>,
    /// No place was left out.
    pub(super) is_whole: bool,
}

struct Search<'a> {
    text: &'a str,
    budget: &'a mut Budget,
    limit: usize,
    /// Codes and the ranges of their values, so far.
    path: Vec<(&'static Ai, &'a str)>,
    /// So many separators were put back.
    added: usize,
    found: Vec<String>,
}

/// Every way to put back separators such that all elements are valid, none stands there twice, and
/// the pack has what a pack must have.
pub(super) fn splits(text: &str, limit: usize, budget: &mut Budget) -> Splits {
    let start = usize::from(text.starts_with(SEPARATOR));
    let mut search = Search {
        text,
        budget,
        limit,
        path: Vec::new(),
        added: 0,
        found: Vec::new(),
    };
    search.from(start);
    let is_whole = search.budget.0 > 0 && search.found.len() < limit;
    Splits {
        texts: search.found,
        is_whole,
    }
}

impl<'a> Search<'a> {
    fn from(&mut self, at: usize) {
        self.budget.0 = self.budget.0.saturating_sub(1);
        if self.budget.0 == 0 || self.found.len() >= self.limit {
            return;
        }
        let text: &'a str = self.text;
        let rest = text.get(at..).unwrap_or_default();
        if rest.is_empty() {
            self.arrived();
            return;
        }
        let Some(ai) = table::beginning(rest.as_bytes()) else {
            return;
        };
        if self.path.iter().any(|(earlier, _)| earlier.code == ai.code) {
            return;
        }
        let begin = at + ai.code.len();
        let after = text.get(begin..).unwrap_or_default();
        let run = after.find(SEPARATOR).unwrap_or(after.len());
        let longest = run.min(ai.max());
        for length in ai.min().max(1)..=longest {
            // Where its length is not predefined, it ends at a separator or where one was lost.
            let Some(value) = after.get(..length) else {
                continue;
            };
            let is_named = NAMES.iter().any(|name| value.contains(name));
            if is_named || component::check(ai, value).is_err() {
                continue;
            }
            let is_put_back = !ai.predefined && length < run;
            self.path.push((ai, value));
            self.added += usize::from(is_put_back);
            let next = begin + length;
            let stands_there = text
                .get(next..)
                .is_some_and(|rest| rest.starts_with(SEPARATOR));
            self.from(next + usize::from(stands_there));
            self.added -= usize::from(is_put_back);
            self.path.pop();
        }
    }

    fn arrived(&mut self) {
        let has = |code: &str| self.path.iter().any(|(ai, _)| ai.code == code);
        if self.added == 0 || !is_complete_pack(has) {
            return;
        }
        let pairs = self.path.iter().map(|(ai, value)| (ai.code, *value));
        if let Ok(read) = Elements::new(pairs) {
            self.found.push(read.separated());
        }
    }
}

/// Whether the data ends in the middle of an element, so that more could make it right.
pub(super) fn ends_within_element(data: &str) -> bool {
    let mut at = usize::from(data.starts_with(SEPARATOR));
    while let Some(rest) = data.get(at..).filter(|rest| !rest.is_empty()) {
        let Some(ai) = table::beginning(rest.as_bytes()) else {
            let begins = |ai: &Ai| ai.code.len() > rest.len() && ai.code.starts_with(rest);
            return table::identifiers().iter().any(begins);
        };
        let after = rest.get(ai.code.len()..).unwrap_or_default();
        let mut end = after.find(SEPARATOR).unwrap_or(after.len());
        if ai.predefined {
            end = end.min(ai.max());
        }
        let Some(value) = after.get(..end) else {
            return false;
        };
        if let Err((_, defect)) = component::check(ai, value) {
            let is_short = matches!(defect, Defect::Empty | Defect::TooShort | Defect::Length);
            return is_short && end == after.len();
        }
        at += ai.code.len() + end;
        at += usize::from(
            data.get(at..)
                .is_some_and(|rest| rest.starts_with(SEPARATOR)),
        );
    }
    false
}
