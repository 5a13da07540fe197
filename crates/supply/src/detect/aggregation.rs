//! What was put into containers, and what came out.

use std::collections::BTreeSet;

use super::{Act, Case, Certainty, Reason, Rule, Suspicion, Tolerance};

/// A container that a pack was put into, and hands that it went through since.
struct Inside<'a> {
    container: &'a str,
    packer: &'a str,
    /// Somebody else than the packer who had it then.
    through: Option<&'a str>,
}

impl Inside<'_> {
    /// Comes out of another container. Two reads were lost or exchanged, unless it went through
    /// somebody's hands who opens containers and packs others.
    fn out_of_another(&self, opener: &str) -> Certainty {
        match self.through {
            Some(through) if through != opener => Certainty::Hint,
            _ => Certainty::Likely,
        }
    }
}

/// The pack against its containers.
pub(super) fn aggregated_otherwise(case: &Case<'_>, _: &Tolerance) -> Option<Suspicion> {
    let mut inside: Option<Inside<'_>> = None;
    let mut worst: Option<(Certainty, Reason)> = None;
    for one in case.seen() {
        let actor = one.organisation.as_str();
        let found = match (&one.act, &inside) {
            // The read of its coming out was lost.
            (Act::Packed { container }, Some(before)) if before.container != container => {
                Some((Certainty::Hint, Reason::SecondContainer))
            }
            (Act::Unpacked { container }, Some(before)) if before.container != container => {
                Some((before.out_of_another(actor), Reason::OtherContainer))
            }
            // A container was opened and the read of this pack was lost; it happens every day.
            (Act::Dispensed | Act::Decommissioned | Act::Commissioned, Some(_)) => {
                Some((Certainty::Hint, Reason::StillInside))
            }
            _ => None,
        };
        let surer =
            |(sure, _): &(Certainty, Reason)| worst.as_ref().is_none_or(|(worst, _)| sure > worst);
        worst = found.filter(surer).or(worst);
        match &one.act {
            Act::Packed { container } => {
                inside = Some(Inside {
                    container,
                    packer: actor,
                    through: None,
                });
            }
            Act::Unpacked { .. } => inside = None,
            _ => {
                if let Some(inside) = inside.as_mut().filter(|it| it.packer != actor) {
                    inside.through.get_or_insert(actor);
                }
            }
        }
    }
    let (certainty, reason) = worst?;
    Some(Suspicion::new(Rule::Aggregation, certainty, reason))
}

/// Of a hundred reads two get lost. So many of a hundred, and [`LOST_MORE`] of any number, are
/// passed in fewer than one container of five thousand, whether it holds eight packs or a thousand.
const LOST_PERCENT: usize = 7;
/// See there.
const LOST_MORE: usize = 2;

/// A container that was opened: what was declared, and what was read of it. What is missing was
/// not read now, and what is too much was not read when it was packed, up to a number that is
/// likely for lost reads.
pub fn contents(declared: &BTreeSet<String>, seen: &BTreeSet<String>) -> Option<Suspicion> {
    let missing = declared.difference(seen).count();
    let extra = seen.difference(declared).count();
    if missing + extra == 0 {
        return None;
    }
    let packs = declared.len().max(seen.len());
    let lost_max = (packs * LOST_PERCENT).div_ceil(100) + LOST_MORE;
    let certainty = match (missing > lost_max, extra > lost_max) {
        (false, false) => Certainty::Hint,
        (true, true) => Certainty::Sure,
        _ => Certainty::Likely,
    };
    let reason = Reason::Contents {
        declared: declared.len(),
        missing,
        extra,
    };
    Some(Suspicion::new(Rule::Aggregation, certainty, reason))
}
