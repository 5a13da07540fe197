//! In whose hands the pack was, one after the other.

use crate::acts::Roles;

use super::{Act, Case, Certainty, Observation, Reading, Reason, Rule, Suspicion, Tolerance};

/// A change of hands as the observations tell it.
struct Change<'a> {
    from: &'a str,
    to: &'a str,
    /// Somebody sent it before it came.
    was_sent: bool,
}

/// Whether who did this has the pack in hand. A maker withdraws a pack that others hold, an undoing
/// is done at a desk, and an inspector looks at what stays where it is.
fn is_in_hand(case: &Case<'_>, one: &Observation) -> bool {
    let inspects = || {
        let roles = case.partners.get(&one.organisation);
        roles.is_some_and(|roles| roles.has_any_of(Roles::REGULATOR))
    };
    match one.act {
        Act::Undone | Act::Decommissioned => false,
        Act::Verified => !inspects(),
        _ => true,
    }
}

/// The changes of hands. Sending does not end custody; it lets the next act of another be a change
/// that was announced.
fn changes<'a>(case: &'a Case<'_>) -> Vec<Change<'a>> {
    let mut changes = Vec::new();
    let mut holder: Option<&str> = None;
    let mut sent_to: Option<Option<&str>> = None;
    for one in case.seen().filter(|one| is_in_hand(case, one)) {
        let actor = one.organisation.as_str();
        if let Some(from) = holder.filter(|holder| *holder != actor) {
            let was_sent = sent_to.is_some_and(|to| to.is_none_or(|to| to == actor));
            changes.push(Change {
                from,
                to: actor,
                was_sent,
            });
            sent_to = None;
        }
        holder = Some(actor);
        if let Act::Shipped { to } = &one.act {
            sent_to = Some(to.as_deref());
        }
    }
    changes
}

/// Somebody acts who is not in the trade, or may not do that, or is sent something without being in
/// it.
pub(super) fn unauthorised(case: &Case<'_>, _: &Tolerance) -> Option<Suspicion> {
    let organisation = case.seen().find_map(|one| {
        let roles = case.partners.get(&one.organisation);
        if !roles.is_some_and(|roles| roles.has_any_of(one.act.roles())) {
            return Some(&one.organisation);
        }
        match &one.act {
            Act::Shipped { to: Some(to) } if !case.partners.contains_key(to) => Some(to),
            _ => None,
        }
    })?;
    let reason = Reason::Partner {
        organisation: organisation.clone(),
    };
    Some(Suspicion::new(Rule::Unauthorised, Certainty::Sure, reason))
}

/// One had it, another had it, and the first has it again, though nothing was sent either way: two
/// packs with one serial number. One lost read on the way there and one back would explain it too.
pub(super) fn two_custodians(case: &Case<'_>, _: &Tolerance) -> Option<Suspicion> {
    let changes = changes(case);
    let unsent = |change: &&Change<'_>| !change.was_sent;
    let (at, back) = changes.iter().enumerate().find(|(at, back)| {
        let before = changes.iter().take(*at);
        !back.was_sent && before.clone().any(|there| there.from == back.to)
    })?;
    let times_back = changes
        .iter()
        .skip(at)
        .filter(unsent)
        .filter(|change| change.to == back.to || change.to == back.from)
        .count();
    let there = changes
        .iter()
        .take(at)
        .rfind(|there| there.from == back.to)?;
    let certainty = match (there.was_sent, times_back) {
        // It was sent there, and one read of the way back is missing.
        (true, 1) => Certainty::Hint,
        // There and back without a document. Where the ledger has it in these hands, both sides of
        // each change have signed; if there is a copy, it is where the ledger has no pack.
        (false, 1) if is_here(case) => Certainty::Hint,
        (false, 1) | (true, _) => Certainty::Likely,
        (false, _) => Certainty::Sure,
    };
    let reason = Reason::Both {
        first: back.to.to_owned(),
        second: back.from.to_owned(),
    };
    Some(Suspicion::new(Rule::TwoCustodians, certainty, reason))
}

/// Whether the ledger has it in the hands of who asks.
fn is_here(case: &Case<'_>) -> bool {
    case.ledger.and_then(|known| known.in_hand) == Some(true)
}

/// So many changes of hands without a word are no accident.
const GAPS_LIKELY: usize = 3;

/// It came into hands to which nobody sent it, or the ledger has it in other hands.
///
/// Once is a lost read: with 2 % of them, one pack in 400 has two such changes in four, and one in
/// 30,000 three. Where the ledger has it elsewhere and somebody moves it on, a read was lost when
/// it went and when it came, and the ledger refuses the move until the two have cleared it up. Who
/// dispenses it all the same has not done so.
pub(super) fn gap(case: &Case<'_>, _: &Tolerance) -> Option<Suspicion> {
    let suspicion = |certainty, reason| Suspicion::new(Rule::CustodyGap, certainty, reason);
    let is_elsewhere = case.ledger.and_then(|known| known.in_hand) == Some(false);
    let elsewhere = || Reason::Elsewhere {
        organisation: case.now.organisation.clone(),
    };
    let is_clean = case.now.reading == Reading::Clean;
    if is_elsewhere && case.now.act == Act::Dispensed && is_clean {
        return Some(suspicion(Certainty::Likely, elsewhere()));
    }
    let changes = changes(case);
    let gaps: Vec<&Change<'_>> = changes.iter().filter(|change| !change.was_sent).collect();
    let moves_on = matches!(case.now.act, Act::Shipped { .. } | Act::Packed { .. });
    let Some(last) = gaps.last() else {
        return (is_elsewhere && moves_on).then(|| suspicion(Certainty::Hint, elsewhere()));
    };
    // Two lost reads in one life of a pack happen; three do not. But where the ledger has it in
    // these hands, both sides of each change have signed, and only documents are missing.
    let certainty = if gaps.len() >= GAPS_LIKELY && !is_here(case) {
        Certainty::Likely
    } else {
        Certainty::Hint
    };
    let reason = Reason::Gap {
        organisation: last.to.to_owned(),
        gaps: gaps.len(),
    };
    Some(suspicion(certainty, reason))
}
