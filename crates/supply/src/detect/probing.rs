//! Whether somebody guesses serial numbers, or collects them.
//!
//! An answer "real" is worth money to a forger. The law wants serial numbers that are guessed with
//! less than one success in ten thousand (Delegated Regulation (EU) 2016/161 art. 4(b)), so that
//! who guesses leaves many unknown ones.

use std::collections::BTreeSet;

use super::{Certainty, Reason, Rule, Suspicion};

/// A question about a pack.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Lookup {
    /// When, in milliseconds since 1970.
    pub time_ms: u64,
    /// The product asked for.
    pub product: String,
    /// The serial number asked for.
    pub serial: String,
    /// Whether there is such a pack.
    pub is_known: bool,
    /// Whether who asks has it, had it, or is being sent it.
    pub is_own: bool,
    /// Whether a fault of the scanner explains it.
    pub is_misread: bool,
}

/// What is too much within the window that was looked at.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Limits {
    /// So many serial numbers in a row.
    pub in_a_row: usize,
    /// So many different unknown ones.
    pub unknown: usize,
    /// So many different ones of others.
    pub foreign: usize,
    /// And at least so many of a hundred.
    pub percent: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            in_a_row: 8,
            unknown: 10,
            foreign: 50,
            percent: 20,
        }
    }
}

/// One organisation's questions of one stretch of time, such as a day.
pub fn probing(organisation: &str, lookups: &[Lookup], limits: &Limits) -> Option<Suspicion> {
    // Whoever has a fake in hand scans it again and again; that is no guess.
    let different = |chosen: fn(&Lookup) -> bool| {
        let chosen = lookups.iter().filter(|one| chosen(one));
        let numbers = chosen.map(|one| (one.product.as_str(), one.serial.as_str()));
        numbers.collect::<BTreeSet<_>>().len()
    };
    let asked = different(|_| true);
    let is_many =
        |count: usize, limit: usize| count >= limit && count * 100 >= asked * limits.percent;
    let organisation = organisation.to_owned();
    let count = longest_row(lookups);
    let (certainty, reason) = if count >= limits.in_a_row {
        (
            Certainty::Sure,
            Reason::Sequence {
                organisation,
                count,
            },
        )
    } else {
        let unknown = different(|one| !one.is_known && !one.is_misread);
        let foreign = different(|one| one.is_known && !one.is_own);
        if is_many(unknown, limits.unknown) {
            (
                Certainty::Likely,
                Reason::Guessing {
                    organisation,
                    unknown,
                    asked,
                },
            )
        } else if is_many(foreign, limits.foreign) {
            (
                Certainty::Likely,
                Reason::Harvesting {
                    organisation,
                    foreign,
                    asked,
                },
            )
        } else {
            return None;
        }
    };
    Some(Suspicion::new(Rule::Probing, certainty, reason))
}

/// How many different serial numbers of one product follow each other, of packs that are not the
/// asker's own: a maker's own packs may well be numbered in a row.
fn longest_row(lookups: &[Lookup]) -> usize {
    let mut numbers: Vec<(&str, usize, u128)> = lookups
        .iter()
        .filter(|one| !one.is_own)
        .filter_map(|one| {
            Some((
                one.product.as_str(),
                one.serial.len(),
                one.serial.parse().ok()?,
            ))
        })
        .collect();
    numbers.sort_unstable();
    numbers.dedup();
    let (mut longest, mut row, mut before) = (0, 0, None);
    for (product, length, number) in numbers {
        let follows = before.is_some_and(|(p, l, n): (&str, usize, u128)| {
            p == product && l == length && n.checked_add(1) == Some(number)
        });
        row = if follows { row + 1 } else { 1 };
        longest = longest.max(row);
        before = Some((product, length, number));
    }
    longest
}
