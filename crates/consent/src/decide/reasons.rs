//! The answer as a value: which consent, which provision, which dimension; and what goes with a
//! permission.

use std::fmt;

use super::matching::{Matched, Resolved};
use super::{Asking, Dimension, Truth, Verdict, judge, said, weigh};
use crate::facts::Facts;
use crate::labels::Subjects;
use crate::terms::{Effect, Provision, Terms};

/// Reasons of a refusal at most; the first ones are told.
pub(super) const REASONS_MAX: usize = 16;

/// The answer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Decision {
    /// The record may be read.
    Permit {
        /// The consent that permits it; `None` where the default does.
        by: Option<Source>,
        /// What the reader must be held to.
        obligations: Vec<Obligation>,
    },
    /// The record is hidden, as if it did not exist.
    Deny {
        /// Why, never empty.
        reasons: Vec<Reason>,
    },
}

impl Decision {
    /// Whether it permits.
    pub fn permits(&self) -> bool {
        matches!(self, Self::Permit { .. })
    }
}

/// A version of a consent.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Source {
    /// Its logical id.
    pub consent: String,
    /// The version.
    pub version: u64,
}

/// What a permission asks for.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Obligation {
    /// Something else of this patient is withheld from the reader: narrative, which nobody can
    /// label, is dropped.
    Redact,
    /// Substance use: the notice of 42 CFR 2.32 goes with it.
    RedisclosureNotice,
}

/// One reason of a refusal.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Reason {
    /// The consent; `None` where no consent says anything.
    pub source: Option<Source>,
    /// The rule in it.
    pub place: Option<Place>,
    /// What it says.
    pub because: Because,
}

/// What a rule says, or why it says nothing.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Because {
    /// It refuses, and surely matches.
    Refused,
    /// It refuses, and may match: this dimension is not known.
    MayBeRefused(Dimension),
    /// It matches or may match, and nobody knows what it says.
    Unclear,
    /// It permits, but does not match in this dimension.
    NotMatched(Dimension),
    /// It permits, but nobody knows whether it matches in this dimension.
    NotKnown(Dimension),
    /// It permits, but the consent's status or scope is not understood.
    NotInForce,
    /// No consent permits, and the default does not.
    Default,
}

/// Where a rule stands in a consent.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Place {
    /// The places of the exceptions from the root down; `None` is `policyRule`.
    pub path: Option<Vec<usize>>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(path) = &self.path else {
            return f.write_str("policyRule");
        };
        f.write_str("provision")?;
        path.iter().try_for_each(|at| write!(f, ".provision[{at}]"))
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(source) = &self.source {
            write!(f, "Consent/{} ", source.consent)?;
        }
        if let Some(place) = &self.place {
            write!(f, "{place}: ")?;
        }
        match self.because {
            Because::Refused => f.write_str("refuses"),
            Because::MayBeRefused(one) => {
                write!(f, "may refuse, {} is not known", one.element())
            }
            Because::Unclear => f.write_str("may refuse, its effect is not known"),
            Because::NotMatched(one) => write!(f, "does not permit, other {}", one.element()),
            Because::NotKnown(one) => {
                write!(f, "does not permit, {} is not known", one.element())
            }
            Because::NotInForce => f.write_str("does not permit, status or scope is not known"),
            Because::Default => f.write_str("no consent permits it"),
        }
    }
}

/// Why the consents do not permit: what refuses, else what did not come to permit.
pub(super) fn explain(all: &[&Terms], asking: &Asking<'_>, facts: &Facts) -> Vec<Reason> {
    let mut reasons = Vec::new();
    let refusing = all
        .iter()
        .filter(|terms| judge(terms, asking, facts) == Verdict::Refused);
    for terms in refusing {
        Telling {
            terms,
            asking,
            facts,
            reasons: &mut reasons,
            refusals: true,
        }
        .tell();
    }
    if reasons.is_empty() {
        for terms in all {
            Telling {
                terms,
                asking,
                facts,
                reasons: &mut reasons,
                refusals: false,
            }
            .tell();
        }
        let default = Reason {
            source: None,
            place: None,
            because: Because::Default,
        };
        reasons.truncate(REASONS_MAX - 1);
        reasons.push(default);
    }
    reasons.truncate(REASONS_MAX);
    reasons
}

/// Walks the rules of one consent for those that refuse, or for those that did not permit.
struct Telling<'a, 'r> {
    terms: &'a Terms,
    asking: &'a Asking<'a>,
    facts: &'a Facts,
    reasons: &'r mut Vec<Reason>,
    refusals: bool,
}

impl<'a> Telling<'a, '_> {
    fn tell(&mut self) {
        if self.reasons.len() >= REASONS_MAX {
            return;
        }
        let before = self.reasons.len();
        if let Some(root) = &self.terms.root {
            self.provision(root, &Matched::everything(), &mut Vec::new());
        }
        if self.reasons.len() > before {
            return;
        }
        match (self.terms.base, self.refusals) {
            (Some(Effect::Refuse), true) => self.push(None, Because::Refused),
            (Some(Effect::Unclear | Effect::Opaque), true) => self.push(None, Because::Unclear),
            (Some(Effect::Permit), false) => self.push(None, Because::NotInForce),
            _ => {}
        }
    }

    fn push(&mut self, path: Option<Vec<usize>>, because: Because) {
        let (consent, version) = (self.terms.id.clone(), self.terms.version);
        let source = Some(Source { consent, version });
        self.reasons.push(Reason {
            source,
            place: Some(Place { path }),
            because,
        });
    }

    fn provision(&mut self, one: &'a Provision, above: &Matched<'a>, path: &mut Vec<usize>) {
        let here = above.with(&one.criteria, self.asking, self.facts);
        let before = self.reasons.len();
        for (at, exception) in one.exceptions.iter().enumerate() {
            path.push(at);
            // A refusal that an exception of its own lifts again is none.
            let verdict = weigh(exception, &here, self.asking, self.facts);
            if !self.refusals || verdict == Verdict::Refused {
                self.provision(exception, &here, path);
            }
            path.pop();
        }
        if self.refusals && self.reasons.len() > before {
            return;
        }
        let matched = here.truth();
        if self.reasons.len() < REASONS_MAX
            && let Some(because) = self.because(one.effect, matched, &here.rule)
        {
            self.push(Some(path.clone()), because);
        }
    }

    fn because(&self, effect: Effect, matched: Truth, here: &Resolved<'_>) -> Option<Because> {
        let dimension = |truth: Truth| {
            let mut all = Dimension::ALL.into_iter();
            all.find(|one| here.truth(*one, self.asking, self.facts) == truth)
        };
        if self.refusals {
            return match (said(effect, matched), effect) {
                (Verdict::Refused, Effect::Unclear | Effect::Opaque) => Some(Because::Unclear),
                (Verdict::Refused, _) => {
                    let unknown = dimension(Truth::Unknown);
                    Some(unknown.map_or(Because::Refused, Because::MayBeRefused))
                }
                _ => None,
            };
        }
        match (effect, matched) {
            (Effect::Permit, Truth::False) => dimension(Truth::False).map(Because::NotMatched),
            (Effect::Permit, Truth::Unknown) => dimension(Truth::Unknown).map(Because::NotKnown),
            (Effect::Permit, Truth::True) => Some(Because::NotInForce),
            _ => None,
        }
    }
}

/// What goes with a permission.
pub(super) fn obligations(all: &[&Terms], asking: &Asking<'_>, facts: &Facts) -> Vec<Obligation> {
    let mut obligations = Vec::new();
    let whole = Matched::everything();
    let roots = all.iter().filter_map(|terms| terms.root.as_ref());
    if roots
        .into_iter()
        .any(|root| withholds(root, &whole, false, asking, facts))
    {
        obligations.push(Obligation::Redact);
    }
    if !facts.subjects.common(Subjects::substance_use()).is_empty() {
        obligations.push(Obligation::RedisclosureNotice);
    }
    obligations
}

/// Whether a rule that may concern this reader looks at the record, so that it tells records apart.
fn withholds<'t>(
    one: &'t Provision,
    above: &Matched<'t>,
    above_looks: bool,
    asking: &Asking<'_>,
    facts: &Facts,
) -> bool {
    let here = above.with(&one.criteria, asking, facts);
    let looks = above_looks || one.criteria.looks_at_the_record();
    (looks && here.may_concern_the_reader())
        || one
            .exceptions
            .iter()
            .any(|below| withholds(below, &here, looks, asking, facts))
}
