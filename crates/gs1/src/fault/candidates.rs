//! What may have been meant: faults undone, one after the other, and read.

use super::separators::{self, Budget, REPLACEMENTS, SEPARATOR};
use super::{Fault, Layout, REPAIRS_MAX, Repair, is_complete};
use crate::scan;

/// More faults at once explain everything, and therefore nothing.
pub(super) const FAULTS_MAX: usize = 3;

/// The readings that so many faults explain.
pub(super) struct Level {
    pub(super) repairs: Vec<Repair>,
    /// All were looked at.
    pub(super) is_whole: bool,
}

struct Undone {
    faults: Vec<Fault>,
    text: String,
}

/// Undoes exactly so many faults, in each combination of the order in which they happen to a scan:
/// the last of them first.
pub(super) fn with(layouts: &[Layout], text: &str, faults: usize, budget: &mut Budget) -> Level {
    let mut undone = vec![Undone {
        faults: Vec::new(),
        text: text.to_owned(),
    }];
    for step in [blanks, keyboards, flipped, doubled, symbology, replaced] {
        let further: Vec<Undone> = undone
            .iter()
            .filter(|one| one.faults.len() < faults)
            .flat_map(|one| {
                step(layouts, &one.text).into_iter().map(|(fault, text)| {
                    let mut faults = one.faults.clone();
                    faults.push(fault);
                    Undone { faults, text }
                })
            })
            .collect();
        undone.extend(further);
    }
    let mut level = Level {
        repairs: Vec::new(),
        is_whole: true,
    };
    for one in undone {
        if one.faults.len() == faults {
            add(&mut level, one.faults, one.text);
        } else if one.faults.len() + 1 == faults {
            lost(&mut level, &one, budget);
        }
    }
    level
}

fn add(level: &mut Level, faults: Vec<Fault>, text: String) {
    if let Ok(elements) = scan(&text) {
        level.repairs.push(Repair {
            faults,
            text,
            elements,
        });
    }
}

fn lost(level: &mut Level, one: &Undone, budget: &mut Budget) {
    let (prefix, data) = match one.text.split_at_checked(3) {
        Some((prefix, data)) if scan::symbology(prefix).is_some() => (prefix, data),
        _ => ("", one.text.as_str()),
    };
    let splits = separators::splits(data, REPAIRS_MAX + 1, budget);
    level.is_whole &= splits.is_whole;
    for text in splits.texts {
        let mut faults = one.faults.clone();
        faults.push(Fault::SeparatorLost);
        add(level, faults, format!("{prefix}{text}"));
    }
}

/// The same reading by two ways counts once, by the first; the most plausible first.
pub(super) fn ranked(repairs: Vec<Repair>) -> Vec<Repair> {
    let mut distinct: Vec<Repair> = Vec::new();
    for repair in repairs {
        if !distinct.iter().any(|one| one.elements == repair.elements) {
            distinct.push(repair);
        }
    }
    distinct.sort_by_key(|repair| (repair.faults.len(), implausible(repair)));
    distinct.truncate(REPAIRS_MAX);
    distinct
}

/// What packs carry beside their four identifiers: production date, national numbers, expiry time.
const ON_PACKS: &[&str] = &[
    "01", "10", "11", "17", "21", "240", "710", "711", "712", "713", "714", "715", "716", "717",
    "7003",
];
/// Serial numbers that can be guessed are forbidden (Delegated Regulation (EU) 2016/161 art. 4(b)),
/// so they are not short.
const SERIAL_LIKELY: usize = 6;
const LOT_LIKELY: usize = 3;

fn implausible(repair: &Repair) -> usize {
    let read = &repair.elements;
    let unusual = read
        .iter()
        .filter(|one| !ON_PACKS.contains(&one.ai.code))
        .count();
    let short = |value: Option<&str>, likely: usize| {
        usize::from(value.is_some_and(|value| value.len() < likely))
    };
    let short = short(read.serial(), SERIAL_LIKELY) + short(read.lot(), LOT_LIKELY);
    unusual * 4 + short * 2 + usize::from(!is_complete(read)) * 8
}

fn blanks(_: &[Layout], text: &str) -> Vec<(Fault, String)> {
    let inner = text.trim_matches([' ', '\t', '\r', '\n']);
    if inner == text {
        Vec::new()
    } else {
        vec![(Fault::Blanks, inner.to_owned())]
    }
}

fn keyboards(layouts: &[Layout], text: &str) -> Vec<(Fault, String)> {
    let typed = |layout: &Layout| {
        let meant = layout.meant(text).filter(|meant| meant != text)?;
        Some((Fault::Keyboard(*layout), meant))
    };
    layouts.iter().filter_map(typed).collect()
}

fn flipped(_: &[Layout], text: &str) -> Vec<(Fault, String)> {
    let flipped = flip_case(text);
    if flipped == text {
        Vec::new()
    } else {
        vec![(Fault::CaseFlipped, flipped)]
    }
}

pub(super) fn flip_case(text: &str) -> String {
    let flip = |c: char| {
        if c.is_ascii_lowercase() {
            c.to_ascii_uppercase()
        } else {
            c.to_ascii_lowercase()
        }
    };
    text.chars().map(flip).collect()
}

/// Two halves that are the same, with or without something between them.
fn doubled(_: &[Layout], text: &str) -> Vec<(Fault, String)> {
    for between in ["", "\u{1d}", "\r", "\n", "\r\n", "\t", " "] {
        let Some(length) = text.len().checked_sub(between.len()).map(|both| both / 2) else {
            continue;
        };
        let halves = text.get(..length).zip(text.get(length..));
        let Some((half, rest)) = halves.filter(|(half, _)| !half.is_empty()) else {
            continue;
        };
        if rest.strip_prefix(between) == Some(half) {
            return vec![(Fault::Doubled, half.to_owned())];
        }
    }
    Vec::new()
}

/// Characters that a scanner may put before the symbology identifier.
const PREFIX_MAX: usize = 3;

fn symbology(_: &[Layout], text: &str) -> Vec<(Fault, String)> {
    let fault = |text: String| vec![(Fault::SymbologyAsText, text)];
    for at in 1..=PREFIX_MAX {
        if let Some(rest) = text
            .get(at..)
            .filter(|rest| scan::symbology(rest).is_some())
        {
            return fault(rest.to_owned());
        }
    }
    let with_bracket = format!("]{text}");
    if scan::symbology(&with_bracket).is_some() {
        fault(with_bracket)
    } else {
        Vec::new()
    }
}

fn replaced(_: &[Layout], text: &str) -> Vec<(Fault, String)> {
    let there = REPLACEMENTS.iter().filter(|by| text.contains(**by));
    there
        .map(|by| {
            let text = text.replace(by, &SEPARATOR.to_string());
            (Fault::SeparatorReplaced { by }, text)
        })
        .collect()
}
