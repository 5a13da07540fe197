//! What is done with a pack that has left the trade, and packs that were marked.

use super::{Act, Case, Certainty, MINUTE_MS, Reason, Rule, Suspicion, Tolerance};
use crate::acts::{Finding, Status};

/// An act after the pack was dispensed or decommissioned.
pub(super) fn after_the_end(case: &Case<'_>, tolerance: &Tolerance) -> Option<Suspicion> {
    let known = case.ledger?;
    if known.status == Status::Active || matches!(case.now.act, Act::Undone | Act::Decommissioned) {
        return None;
    }
    // Before the end, but told after it: documents come late.
    let after_ms = case.now.time_ms.checked_sub(known.since_ms)?;
    let by_the_same = match &known.ended_by {
        Some(organisation) => *organisation == case.now.organisation,
        // The ledger hides who holds a pack, but not from its holder.
        None => known.in_hand == Some(true),
    };
    let certainty = match (&case.now.act, by_the_same) {
        // Who has it in hand may look at it as often as they like, and scans twice.
        (Act::Verified, true) => return None,
        (_, true) if after_ms <= tolerance.repeat_ms => Certainty::Hint,
        // Clocks differ, so that the last act of the one before may seem later.
        (_, false) if after_ms <= tolerance.clock_ms && case.now.act != Act::Dispensed => {
            Certainty::Hint
        }
        (Act::Dispensed, _) => Certainty::Sure,
        _ => Certainty::Likely,
    };
    let reason = Reason::Ended {
        organisation: case.now.organisation.clone(),
        status: known.status,
        minutes: after_ms / MINUTE_MS,
    };
    Some(Suspicion::new(Rule::AfterTheEnd, certainty, reason))
}

/// The maker, a regulator or a holder marked it.
pub(super) fn marked(case: &Case<'_>, _: &Tolerance) -> Option<Suspicion> {
    let finding = case.ledger?.finding;
    let certainty = match finding {
        Finding::Clear => return None,
        Finding::Suspect => Certainty::Likely,
        Finding::Illegitimate => Certainty::Sure,
    };
    Some(Suspicion::new(
        Rule::Marked,
        certainty,
        Reason::Marked(finding),
    ))
}
