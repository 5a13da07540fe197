//! Putting answers together: the opening, whose lock it is, and who answered wrongly.

use std::collections::BTreeMap;

use thiserror::Error;

use super::{Answer, Share, combine, subsets_of};
use crate::acts::Openers;
use crate::ids::{Lock, Opening};

/// How many combinations of differing shares are tried. One wrong opener of five makes 64.
const COMBINATIONS_MAX: usize = 4_096;

/// Whose lock it is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Opened {
    /// The organisation in the lock.
    pub owner: String,
    /// What opens it.
    pub opening: Opening,
    /// The openers whose answers contradict the others', as far as the answers tell.
    pub wrong: Vec<String>,
}

/// Why a lock was not opened, or a secret not taken.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum NotOpened {
    /// Fewer answered than have to.
    #[error("{given} of the openers answered, and {needed} have to")]
    TooFew {
        /// The threshold.
        needed: usize,
        /// How many different openers answered.
        given: usize,
    },
    /// The organisation is no opener.
    #[error("the organisation is not one of the openers")]
    NoOpener,
    /// What was given is not for the subsets that the opener is in.
    #[error("what was given is not for the subsets that the opener is in")]
    Subsets,
    /// The secret of this subset is not the one that its check value was announced for.
    #[error("the secret of subset {0} is not the one that the partner announced")]
    Secret(u8),
    /// These answers are not for their openers' subsets.
    #[error("the answer of {0} is not for the subsets that it is in")]
    Answer(String),
    /// The answers differ, and none of the combinations opens the lock.
    #[error("the openers answer differently about the same subsets: {}", .0.join(", "))]
    Differ(Vec<String>),
    /// All answers agree, and the lock is nobody's: one opener answers wrongly where nobody else
    /// was asked, or the partner did not use its secrets. With all openers, it is the partner.
    #[error("the answers agree and open nothing: {}", next_step(*.all))]
    Partner {
        /// Whether every opener answered.
        all: bool,
    },
}

/// What to do where all answers agree and nothing opens.
fn next_step(all: bool) -> &'static str {
    if all {
        "every opener answered, so the partner did not use the secrets that it announced"
    } else {
        "ask the openers that did not answer"
    }
}

/// The organisation whose lock this opening opens.
pub fn owner<'a>(
    lock: &Lock,
    opening: &Opening,
    organisations: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let mut organisations = organisations.into_iter();
    organisations.find(|it| opening.lock(it) == *lock)
}

/// Opens a lock with the answers of openers, by name; the owner is looked for among organisations.
pub fn open(
    openers: &Openers,
    answers: &BTreeMap<String, Answer>,
    (lock, organisations): (&Lock, &[&str]),
) -> Result<Opened, NotOpened> {
    let needed = usize::from(openers.threshold());
    if answers.len() < needed {
        let given = answers.len();
        return Err(NotOpened::TooFew { needed, given });
    }
    for (holder, answer) in answers {
        let expected = subsets_of(openers, holder).ok_or(NotOpened::NoOpener)?;
        let given = answer.shares.iter().map(|(number, _)| *number);
        if !given.eq(expected) {
            return Err(NotOpened::Answer(holder.clone()));
        }
    }
    let candidates = candidates(answers);
    let mut choice = vec![0; candidates.len()];
    for _ in 0..COMBINATIONS_MAX {
        let chosen = choice.iter().zip(&candidates);
        let opening = combine(chosen.map(|(place, shares)| shares[*place]));
        if let Some(owner) = owner(lock, &opening, organisations.iter().copied()) {
            return Ok(Opened {
                owner: owner.to_owned(),
                opening,
                wrong: contradicting(answers),
            });
        }
        if !next(&mut choice, &candidates) {
            break;
        }
    }
    let differing = contradicting(answers);
    if differing.is_empty() {
        let all = answers.len() == openers.holders().len();
        return Err(NotOpened::Partner { all });
    }
    Err(NotOpened::Differ(differing))
}

/// The different shares of each subset, those that more openers gave first.
fn candidates(answers: &BTreeMap<String, Answer>) -> Vec<Vec<Share>> {
    let mut counted: BTreeMap<u8, BTreeMap<Share, usize>> = BTreeMap::new();
    for (number, share) in answers.values().flat_map(|it| &it.shares) {
        *counted
            .entry(*number)
            .or_default()
            .entry(*share)
            .or_default() += 1;
    }
    let most_first = |shares: BTreeMap<Share, usize>| {
        let mut shares: Vec<_> = shares.into_iter().collect();
        shares.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        shares.into_iter().map(|(share, _)| share).collect()
    };
    counted.into_values().map(most_first).collect()
}

/// The next choice, as one counts; false after the last.
fn next(choice: &mut [usize], candidates: &[Vec<Share>]) -> bool {
    for (place, shares) in choice.iter_mut().zip(candidates) {
        *place += 1;
        if *place < shares.len() {
            return true;
        }
        *place = 0;
    }
    false
}

/// Who answers wrongly, as far as the answers tell: the fewest openers without whom the others
/// agree. Where several such sets are as small, everybody who contradicts somebody.
///
/// That an opening fits names nobody: somebody who changes two shares by the same bits changes
/// nothing of their exclusive or.
fn contradicting(answers: &BTreeMap<String, Answer>) -> Vec<String> {
    let names: Vec<_> = answers.keys().cloned().collect();
    // At most five openers: 32 sets of them.
    let sets = (0u32..1 << names.len()).map(|bits| {
        let of = names.iter().enumerate();
        let left_out = of.filter(|(place, _)| bits >> place & 1 == 1);
        left_out.map(|(_, name)| name.clone()).collect::<Vec<_>>()
    });
    let mut fewest: Vec<Vec<String>> = Vec::new();
    for set in sets.filter(|set| agree(answers, set)) {
        let known = fewest.first().map_or(usize::MAX, Vec::len);
        if set.len() < known {
            fewest.clear();
        }
        if set.len() <= known {
            fewest.push(set);
        }
    }
    let mut wrong = fewest.concat();
    wrong.sort_unstable();
    wrong.dedup();
    wrong
}

/// Whether all openers but those left out say the same about each subset.
fn agree(answers: &BTreeMap<String, Answer>, left_out: &[String]) -> bool {
    let mut said: BTreeMap<u8, Share> = BTreeMap::new();
    let asked = answers.iter().filter(|(name, _)| !left_out.contains(name));
    let mut shares = asked.flat_map(|(_, answer)| &answer.shares);
    shares.all(|(number, share)| said.entry(*number).or_insert(*share) == share)
}
