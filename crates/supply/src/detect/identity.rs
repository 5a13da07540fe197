//! Whether there is such a pack, once, and with what is printed on it.

use super::{
    Act, Case, Certainty, HOUR_MS, Observation, Reading, Reason, Rule, Suspicion, Tolerance,
};
use crate::acts::Roles;

/// How sure one can be of what was read.
fn sure_of(reading: Reading) -> Certainty {
    match reading {
        Reading::Clean => Certainty::Sure,
        Reading::Repaired => Certainty::Likely,
        Reading::Doubtful => Certainty::Hint,
    }
}

/// The ledger knows no such pack.
pub(super) fn never_commissioned(case: &Case<'_>, tolerance: &Tolerance) -> Option<Suspicion> {
    if case.ledger.is_some() || case.now.act == Act::Commissioned {
        return None;
    }
    // A maker's document may be faster than its transaction.
    let by_maker = |one: &&Observation| one.act == Act::Commissioned && is_maker(case, one);
    if let Some(reported) = case.history.iter().rfind(by_maker) {
        let age_ms = case.now.time_ms.saturating_sub(reported.time_ms);
        if age_ms <= tolerance.settle_ms {
            let reason = Reason::NotYet {
                maker: reported.organisation.clone(),
                hours: age_ms / HOUR_MS,
            };
            return Some(Suspicion::new(
                Rule::NeverCommissioned,
                Certainty::Hint,
                reason,
            ));
        }
    }
    let certainty = sure_of(case.now.reading);
    Some(Suspicion::new(
        Rule::NeverCommissioned,
        certainty,
        Reason::Unknown,
    ))
}

fn is_maker(case: &Case<'_>, one: &Observation) -> bool {
    let roles = case.partners.get(&one.organisation);
    roles.is_some_and(|roles| roles.has_any_of(Roles::MAKER))
}

/// Commissioned by two, or by one at two times. The same document captured twice is one event.
pub(super) fn commissioned_twice(case: &Case<'_>, tolerance: &Tolerance) -> Option<Suspicion> {
    let mut all = case.seen().filter(|one| one.act == Act::Commissioned);
    let first = all.next()?;
    let others: Vec<&Observation> = all.collect();
    let by_another = others
        .iter()
        .find(|one| one.organisation != first.organisation);
    let is_later = |one: &&&Observation| one.time_ms.abs_diff(first.time_ms) > tolerance.repeat_ms;
    let (second, certainty) = match by_another {
        Some(second) => (second, Certainty::Sure),
        None => (others.iter().find(is_later)?, Certainty::Likely),
    };
    let reason = Reason::Twice {
        first: first.organisation.clone(),
        second: second.organisation.clone(),
    };
    Some(Suspicion::new(Rule::CommissionedTwice, certainty, reason))
}

/// Lot or expiry are not those of the maker.
pub(super) fn printed_otherwise(case: &Case<'_>, _: &Tolerance) -> Option<Suspicion> {
    let known = case.ledger?;
    let certainty = sure_of(case.now.reading);
    let suspicion =
        |certainty, reason| Some(Suspicion::new(Rule::PrintedOtherwise, certainty, reason));
    let differs = |read: &Option<String>, made: &Option<String>| {
        read.as_ref()
            .zip(made.as_ref())
            .is_some_and(|(read, made)| read != made)
    };
    if let Some(made) = &known.printed {
        let read = &case.now.printed;
        if differs(&read.lot, &made.lot) {
            let folded = |lot: &Option<String>| lot.as_ref().map(|lot| lot.to_ascii_uppercase());
            let (read, made) = (folded(&read.lot), folded(&made.lot));
            let is_cut = read
                .as_ref()
                .zip(made.as_ref())
                .is_some_and(|(read, made)| made.starts_with(read.as_str()));
            // Caps lock makes another lot of it, a scan that is cut off a shorter one; nobody who
            // prints over a lot would do so.
            let most = if is_cut {
                Certainty::Hint
            } else {
                Certainty::Sure
            };
            return suspicion(certainty.at_most(most), Reason::Lot);
        }
        if differs(&read.expiry, &made.expiry) {
            return suspicion(certainty, Reason::Expiry);
        }
    }
    match known.facts_match {
        Some(false) => suspicion(certainty, Reason::Facts),
        _ => None,
    }
}
