//! The decision on one record: refusal over permission over default, the unknown never permits.
//!
//! A rule permits what it surely matches and refuses what it may match. Every doubt is thereby
//! resolved against the reader, and the answer is the one that holds however it were resolved
//! (`docs/reference/consent.md`, "The decision").

mod asking;
mod matching;
mod reasons;

pub use asking::Asking;
pub use matching::{Dimension, Truth};
pub use reasons::{Because, Decision, Obligation, Place, Reason, Source};

use crate::facts::Facts;
use crate::terms::{Effect, Provision, Scope, Standing, Terms};
use matching::Matched;

/// What holds where no consent says anything: the rule of the organisation's jurisdiction.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Fallback {
    /// Implied consent.
    Permit,
    /// Express consent.
    Deny,
}

/// What one rule, or several together, say of a record.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Verdict {
    /// Surely or possibly refused.
    Refused,
    /// Nothing.
    Silent,
    /// Surely permitted.
    Permitted,
}

impl Verdict {
    /// Of several rules side by side: a refusal over a permission over silence.
    fn beside(self, other: Self) -> Self {
        match (self, other) {
            (Self::Refused, _) | (_, Self::Refused) => Self::Refused,
            (Self::Silent, said) | (said, Self::Silent) => said,
            _ => Self::Permitted,
        }
    }
}

/// The consents of one patient, the newest version of each grant, made ready for many decisions.
#[derive(Clone, Debug, Default)]
pub struct Rules<'t> {
    terms: Vec<&'t Terms>,
}

impl<'t> Rules<'t> {
    /// Takes the newest version of each grant; equal versions that differ count both.
    pub fn new(terms: impl IntoIterator<Item = &'t Terms>) -> Self {
        let mut sorted: Vec<&Terms> = terms.into_iter().collect();
        let age = |terms: &Terms| (terms.version, terms.updated_us);
        sorted.sort_by(|one, other| one.id.cmp(&other.id).then(age(other).cmp(&age(one))));
        let mut newest: Vec<&Terms> = Vec::with_capacity(sorted.len());
        for terms in sorted {
            let kept = newest.last().filter(|kept| kept.id == terms.id);
            if kept.is_none_or(|kept| age(kept) == age(terms)) {
                newest.push(terms);
            }
        }
        // What has ended, and what is about something else, says nothing.
        newest.retain(|terms| terms.standing != Standing::Silent && terms.scope != Scope::Other);
        Self { terms: newest }
    }

    /// Decides on one record.
    pub fn decide(&self, default: Fallback, asking: &Asking<'_>, facts: &Facts) -> Decision {
        let mut all = Verdict::Silent;
        let mut by = None;
        for terms in &self.terms {
            let verdict = judge(terms, asking, facts);
            if verdict == Verdict::Permitted && by.is_none() {
                by = Some(Source {
                    consent: terms.id.clone(),
                    version: terms.version,
                });
            }
            all = all.beside(verdict);
            if all == Verdict::Refused {
                break;
            }
        }
        match (all, default) {
            (Verdict::Permitted, _) | (Verdict::Silent, Fallback::Permit) => {
                let obligations = reasons::obligations(&self.terms, asking, facts);
                Decision::Permit { by, obligations }
            }
            _ => Decision::Deny {
                reasons: reasons::explain(&self.terms, asking, facts),
            },
        }
    }

    /// Whether the record is permitted, without the reasons.
    pub fn permits(&self, default: Fallback, asking: &Asking<'_>, facts: &Facts) -> bool {
        let mut all = Verdict::Silent;
        for terms in &self.terms {
            all = all.beside(judge(terms, asking, facts));
            if all == Verdict::Refused {
                return false;
            }
        }
        all == Verdict::Permitted || (all == Verdict::Silent && default == Fallback::Permit)
    }
}

/// Decides on one record by the consents of its patient.
pub fn decide(terms: &[Terms], default: Fallback, asking: &Asking<'_>, facts: &Facts) -> Decision {
    Rules::new(terms).decide(default, asking, facts)
}

/// What one consent says.
pub(crate) fn judge(terms: &Terms, asking: &Asking<'_>, facts: &Facts) -> Verdict {
    let whole = Matched::everything();
    let root = terms
        .root
        .as_ref()
        .map(|root| weigh(root, &whole, asking, facts));
    let verdict = match root.unwrap_or(Verdict::Silent) {
        Verdict::Silent => terms
            .base
            .map_or(Verdict::Silent, |base| said(base, Truth::True)),
        said => said,
    };
    let sure = terms.standing == Standing::Active && terms.scope == Scope::Privacy;
    if sure {
        verdict
    } else {
        verdict.min(Verdict::Silent)
    }
}

/// What a provision says: its exceptions first, then itself.
pub(crate) fn weigh<'t>(
    provision: &'t Provision,
    above: &Matched<'t>,
    asking: &Asking<'_>,
    facts: &Facts,
) -> Verdict {
    let here = above.with(&provision.criteria, asking, facts);
    let mut exceptions = Verdict::Silent;
    // No deeper than `terms::DEPTH_MAX`, which the reader holds.
    for exception in &provision.exceptions {
        exceptions = exceptions.beside(weigh(exception, &here, asking, facts));
        if exceptions == Verdict::Refused {
            return Verdict::Refused;
        }
    }
    match exceptions {
        Verdict::Silent => said(provision.effect, here.truth()),
        decided => decided,
    }
}

/// A permission needs a sure match; a refusal needs a possible one.
pub(crate) fn said(effect: Effect, matched: Truth) -> Verdict {
    match (effect, matched) {
        (Effect::Permit, Truth::True) => Verdict::Permitted,
        (Effect::Refuse | Effect::Unclear, Truth::True | Truth::Unknown) | (Effect::Opaque, _) => {
            Verdict::Refused
        }
        _ => Verdict::Silent,
    }
}

#[cfg(test)]
mod tests;
