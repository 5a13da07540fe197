//! What was put into containers, and what came out.

use std::collections::BTreeSet;

use super::{Act, Case, Certainty, Reason, Rule, Suspicion, Tolerance};

/// The pack against its containers.
pub(super) fn aggregated_otherwise(case: &Case<'_>, _: &Tolerance) -> Option<Suspicion> {
    let mut inside: Option<&str> = None;
    let mut worst = None;
    for one in case.seen() {
        let found = match (&one.act, inside) {
            (Act::Packed { container }, Some(before)) if before != container => {
                Some((Certainty::Likely, Reason::SecondContainer))
            }
            (Act::Unpacked { container }, Some(before)) if before != container => {
                Some((Certainty::Likely, Reason::OtherContainer))
            }
            // A container was opened and the read of this pack was lost; it happens every day.
            (Act::Dispensed | Act::Decommissioned | Act::Commissioned, Some(_)) => {
                Some((Certainty::Hint, Reason::StillInside))
            }
            _ => None,
        };
        let surer =
            |(sure, _): &&(Certainty, Reason)| worst.as_ref().is_none_or(|(worst, _)| sure > worst);
        if let Some(found) = found.as_ref().filter(surer) {
            worst = Some(found.clone());
        }
        match &one.act {
            Act::Packed { container } => inside = Some(container),
            Act::Unpacked { .. } => inside = None,
            _ => {}
        }
    }
    let (certainty, reason) = worst?;
    Some(Suspicion::new(Rule::Aggregation, certainty, reason))
}

/// Of a hundred reads so many get lost in a bad hour.
const LOST_PERCENT: usize = 5;

/// A container that was opened: what was declared, and what was read of it.
pub fn contents(declared: &BTreeSet<String>, seen: &BTreeSet<String>) -> Option<Suspicion> {
    let missing = declared.difference(seen).count();
    let extra = seen.difference(declared).count();
    if missing + extra == 0 {
        return None;
    }
    let lost_max = (declared.len() * LOST_PERCENT).div_ceil(100).max(1);
    let certainty = match (missing, extra) {
        (missing, 0) if missing <= lost_max => Certainty::Hint,
        // Nothing puts a pack into a closed container.
        (missing, extra) if extra > 0 && missing > lost_max => Certainty::Sure,
        _ => Certainty::Likely,
    };
    let reason = Reason::Contents {
        declared: declared.len(),
        missing,
        extra,
    };
    Some(Suspicion::new(Rule::Aggregation, certainty, reason))
}
