//! Packs whose time is over.

use super::{Case, Certainty, DAY_MS, HOUR_MS, Reason, Rule, Suspicion, Tolerance};

/// Past the last day of use.
pub(super) fn expired(case: &Case<'_>, _: &Tolerance) -> Option<Suspicion> {
    // The last day ends when it has ended everywhere: twelve hours after Greenwich.
    let ends_ms = (u64::from(case.last_day?) + 1) * DAY_MS + 12 * HOUR_MS;
    let over_ms = case.now.time_ms.checked_sub(ends_ms)?;
    let days = over_ms / DAY_MS + 1;
    let reason = Reason::Expired { days };
    Some(Suspicion::new(Rule::Expired, Certainty::Sure, reason))
}

/// The lot is recalled.
pub(super) fn recalled(case: &Case<'_>, _: &Tolerance) -> Option<Suspicion> {
    let age_ms = case.now.time_ms.saturating_sub(case.ledger?.recalled_ms?);
    let reason = Reason::Recalled {
        hours: age_ms / HOUR_MS,
    };
    Some(Suspicion::new(Rule::Recalled, Certainty::Sure, reason))
}
