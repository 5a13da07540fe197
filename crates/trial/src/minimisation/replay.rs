//! What anybody does at the end: the whole sequence once more, from the first participant on.

use proof::Digest;

use super::Shown;
use super::draw::{Bound, commitment, input};
use super::rule::{Balance, Entered};

/// What stands of one participant, in the order of their numbers.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Told {
    /// Site and levels.
    pub entered: Entered,
    /// To the share; none: nothing was allocated.
    pub commitment: Option<Digest>,
    /// What the allocator showed; none: nothing.
    pub shown: Option<Shown>,
}

/// How a participant's allocation is not what it must be.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Deviation {
    /// A level that no factor has, or a factor without one.
    #[error("these are no levels of the design")]
    Levels,
    /// Nothing was allocated.
    #[error("nothing was allocated")]
    Open,
    /// Nothing was shown.
    #[error("what was allocated is not shown")]
    Hidden,
    /// What is shown is not what was committed to when the participant was enrolled.
    #[error("what is shown is not what was allocated")]
    Commitment,
    /// The proof is not of this number, site and levels under the key that was bound.
    #[error("the random number is not the one of this participant")]
    Proof,
    /// The rule says another share.
    #[error("share {given} was allocated, the rule says {drawn}")]
    Share {
        /// What was allocated.
        given: u16,
        /// What follows from all before and the random number.
        drawn: u16,
    },
}

/// Replays a sequence; all deviations, by the number of the participant.
///
/// After one the sequence goes on with what was really given, so that those who came later and were
/// allocated by the rule are not named for what happened before them.
pub fn replay(bound: &Bound<'_>, told: &[Told]) -> Vec<(u32, Deviation)> {
    let mut balance = Balance::new(bound.design);
    let mut deviations = Vec::new();
    for (number, one) in (0..).zip(told) {
        if let Some(deviation) = deviation(bound, (&balance, number), one) {
            deviations.push((number, deviation));
        }
        if let Some(shown) = &one.shown {
            balance.add(&one.entered, shown.share);
        }
    }
    deviations
}

fn deviation(
    bound: &Bound<'_>,
    (balance, number): (&Balance<'_>, u32),
    one: &Told,
) -> Option<Deviation> {
    if !bound.design.has_levels(&one.entered.levels) {
        return Some(Deviation::Levels);
    }
    let Some(committed) = one.commitment else {
        return Some(Deviation::Open);
    };
    let Some(shown) = &one.shown else {
        return Some(Deviation::Hidden);
    };
    if commitment(bound.trial, number, (shown.share, &shown.nonce)) != committed {
        return Some(Deviation::Commitment);
    }
    let input = input(bound, number, &one.entered);
    let Some(output) = bound.key.verify(&input, &shown.proof) else {
        return Some(Deviation::Proof);
    };
    let (given, drawn) = (shown.share, balance.choose(&one.entered, &output));
    (given != drawn).then_some(Deviation::Share { given, drawn })
}
