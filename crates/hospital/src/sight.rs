//! What narrows the view of a caller: the scopes of a token, the decision on each record.
//!
//! The decision is asked inside the store's queries, before anything is counted, and once more on
//! the facts of the opened body, so that no row beside it decides what is shown.
//! docs/decisions/0011-decision-inside-the-query.md says what that means for each interaction.

use std::fmt;
use std::sync::Arc;

use fhir::search::{self, Parameter};
use serde_json::Value;
use store::{Sieve, SieveRow};

use crate::record::Record;
use crate::scopes::{Reach, Verb};

/// How much of a version is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shown {
    /// Nothing: it answers as what was never there.
    Hidden,
    /// All of it.
    Whole,
    /// Some of it. The narrative is never shown: it may repeat anything.
    Redacted(Redaction),
}

/// What is left out of a record that is shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Redaction {
    /// Elements, from the root, as `note` or `component.value`; `value` is any `value[x]`.
    pub elements: Vec<String>,
    /// Codings in `meta.security`, as system and code: a label can tell what it protects.
    pub labels: Vec<(String, String)>,
}

/// Decides on single versions. It is asked on the store's threads, for every row that would be
/// answered, counted or followed: quick, without I/O, the same answer for the same row as long as
/// the id is the same.
pub trait Decide: Send + Sync {
    /// Names the view: page tokens are bound to it.
    fn id(&self) -> String;

    /// How much of this version is shown.
    fn view(&self, row: &SieveRow<'_>) -> Shown;
}

/// What a caller sees beyond role and compartment; by default nothing is narrowed.
#[derive(Clone, Default)]
pub struct Sight {
    /// What the scopes of the token reach; `None`: all that the role may do.
    pub reach: Option<Arc<Reach>>,
    /// The decision on each record; `None`: none is asked.
    pub decision: Option<Arc<dyn Decide>>,
}

impl Sight {
    /// What this decision shows.
    pub fn of(decision: Arc<dyn Decide>) -> Self {
        Self {
            reach: None,
            decision: Some(decision),
        }
    }

    /// Whether scopes show this version.
    pub(crate) fn shows(&self, verb: Verb, record: &Record) -> bool {
        self.reach
            .as_ref()
            .is_none_or(|reach| reach.sees(verb, record))
    }

    /// Whether scopes show that a record of these compartments was deleted.
    pub(crate) fn shows_tombstone(&self, verb: Verb, type_: &str, patients: &[String]) -> bool {
        self.reach
            .as_ref()
            .is_none_or(|reach| reach.sees_tombstone(verb, type_, patients))
    }

    /// Whether scopes hide some record of the type.
    pub(crate) fn hides(&self, verb: Verb, type_: Option<&str>) -> bool {
        self.reach
            .as_ref()
            .is_some_and(|reach| !reach.is_open(verb, type_))
    }

    /// The decision as the store asks for it.
    pub(crate) fn sieve(&self) -> Option<Arc<dyn Sieve>> {
        let decision = self.decision.clone()?;
        Some(Arc::new(Through { decision }))
    }
}

impl fmt::Debug for Sight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = self.decision.as_ref().map(|decision| decision.id());
        f.debug_struct("Sight")
            .field("reach", &self.reach)
            .field("decision", &id)
            .finish()
    }
}

/// Two sights are equal when they show the same.
impl PartialEq for Sight {
    fn eq(&self, other: &Self) -> bool {
        let id = |sight: &Self| sight.decision.as_ref().map(|decision| decision.id());
        self.reach == other.reach && id(self) == id(other)
    }
}

impl Eq for Sight {}

struct Through {
    decision: Arc<dyn Decide>,
}

impl Sieve for Through {
    fn id(&self) -> String {
        self.decision.id()
    }

    fn admits(&self, row: &SieveRow<'_>) -> bool {
        self.decision.view(row) != Shown::Hidden
    }

    fn withholds(&self, row: &SieveRow<'_>, parameter: &'static Parameter) -> bool {
        match self.decision.view(row) {
            Shown::Hidden => true,
            Shown::Whole => false,
            Shown::Redacted(redaction) => redaction.withholds(parameter),
        }
    }
}

impl Redaction {
    /// Whether the values of a search parameter come from something that is left out.
    pub fn withholds(&self, parameter: &'static Parameter) -> bool {
        let label = !self.labels.is_empty() && search::reads(parameter, "meta.security");
        label
            || self
                .elements
                .iter()
                .any(|element| search::reads(parameter, element))
    }

    /// A resource without what is left out, tagged as such.
    pub(crate) fn apply(&self, resource: &mut Value) {
        fhir::redact::apply(resource, &self.elements, &self.labels);
    }
}
